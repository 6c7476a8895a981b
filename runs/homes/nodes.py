"""A run node by node of the grid: load against limit, the EVs below, and how far a transformer is from its optimum."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.grid.tree import NONE, Grid
from environment.horizon import Horizon
from runs.homes.judging import Distance, EnergyBooks, gap_of
from runs.homes.levels import ageing_below, loading, overload_kw
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes

NODE_DTYPES: Final = {
    **dict.fromkeys(("node", "kind", "parent"), "str"),
    "limit_kw": "float64",
    "feed_in_limit_kw": "float64",
    "vehicles": "int64",
    "peak_kw": "float64",
    "peak_time": "str",
    "feed_in_kw": "float64",
    "free_peak_kw": "float64",
    "loading_max": "float64",
    "free_loading_max": "float64",
    "overload_slots": "int64",
    "overload_kwh": "float64",
    "free_overload_slots": "int64",
    "unserved_kwh": "float64",
    "jain": "float64",
    "gap": "float64",
    "hot_spot_max_c": "float64",
    "free_hot_spot_max_c": "float64",
    "loss_of_life_h": "float64",
    "free_loss_of_life_h": "float64",
}
"""Columns of the table and their types; what a node does not have is missing."""


def nodes_of(
    world: Homes,
    outcome: HomesOutcome,
    books: EnergyBooks,
    ev_kw: NDArray[np.float64],
    free_kw: NDArray[np.float64],
) -> pd.DataFrame:
    """Return a row for each node of the grid, parents before children.

    Parameters
    ----------
    world
        What was there before anyone decided.
    outcome
        What the engine handed over.
    books
        What became of each stay's need.
    ev_kw, free_kw
        Load of each transformer's EVs, and with free charging [kW], shape ``(n_transformers, n_slots)``.

    Returns
    -------
    DataFrame
        ``node kind parent``; ``limit_kw feed_in_limit_kw``, the largest of any slot; ``vehicles`` below; ``peak_kw`` and the
        beginning of its slot, ``peak_time``; ``feed_in_kw``, the most that is fed back; ``loading_max``, load per limit;
        ``overload_slots overload_kwh`` above the limit; ``unserved_kwh`` of the EVs below and ``jain``, how evenly these were
        served; ``gap``, of the transformers below, to the optimum; ``hot_spot_max_c loss_of_life_h`` of transformers
        (`environment.grid.hot_spot`); the same with free charging under ``free_``.
    """
    grid, slot_h = world.grid, world.horizon.slot_h
    load_kw, free_load_kw = (world.node_kw(world.actual_kw + each_kw) for each_kw in (ev_kw, free_kw))
    over_kw = overload_kw(load_kw, grid.limit_kw)
    starts = [start.isoformat() for start in world.horizon.slot_starts]
    columns = {
        "node": list(grid.node),
        "kind": [str(kind) for kind in grid.kind],
        "parent": ["" if row == NONE else grid.node[row] for row in grid.parent.tolist()],
        "limit_kw": _finite(grid.limit_kw.max(axis=1)),
        "feed_in_limit_kw": _finite(grid.feed_in_limit_kw),
        **_of_vehicles(world, outcome, books),
        "peak_kw": load_kw.max(axis=1),
        "peak_time": [starts[slot] for slot in load_kw.argmax(axis=1).tolist()],
        "feed_in_kw": np.maximum(-load_kw.min(axis=1), 0.0),
        "free_peak_kw": free_load_kw.max(axis=1),
        "loading_max": _loading_max(load_kw, grid.limit_kw),
        "free_loading_max": _loading_max(free_load_kw, grid.limit_kw),
        "overload_slots": (over_kw > 0).sum(axis=1),
        "overload_kwh": over_kw.sum(axis=1) * slot_h,
        "free_overload_slots": (overload_kw(free_load_kw, grid.limit_kw) > 0).sum(axis=1),
        **_of_ageing(world, load_kw, ""),
        **_of_ageing(world, free_load_kw, "free_"),
    }
    return pd.DataFrame({name: columns[name] for name in NODE_DTYPES}).astype(NODE_DTYPES)


def upper_slots(world: Homes, ev_kw: NDArray[np.float64], free_kw: NDArray[np.float64]) -> pd.DataFrame:
    """Return the load of each node above the transformers, slot by slot; the parameters are those of `nodes_of`."""
    grid, horizon = world.grid, world.horizon
    rows = grid.upper_rows
    actual_kw = world.node_kw(world.actual_kw)[rows]
    ev_kw, free_kw = (grid.of_transformers(each_kw)[rows] for each_kw in (ev_kw, free_kw))
    return pd.DataFrame({
        "node": np.repeat([grid.node[row] for row in rows.tolist()], horizon.n_slots),
        "slot": np.tile(np.arange(horizon.n_slots), rows.size),
        "start": slot_starts(horizon, rows.size),
        "actual_kw": actual_kw.ravel(),
        "ev_kw": ev_kw.ravel(),
        "total_kw": (actual_kw + ev_kw).ravel(),
        "free_kw": free_kw.ravel(),
        "limit_kw": _finite(grid.limit_kw[rows]).ravel(),
    })  # fmt: skip


def slot_starts(horizon: Horizon, times: int) -> pd.Series:
    """Return the beginnings of all slots, so many times one after the other."""
    starts = horizon.slot_starts
    return pd.Series(starts.append([starts] * (times - 1))).reset_index(drop=True)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values, missing where they stand for none."""
    return np.where(np.isfinite(values), values, np.nan)


def _loading_max(load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the largest load per limit of each node, missing without a limit, infinite for a load where nothing may be."""
    return np.where(np.isinf(limit_kw).all(axis=1), np.nan, loading(load_kw, limit_kw).max(axis=1))


def _of_vehicles(world: Homes, outcome: HomesOutcome, books: EnergyBooks) -> dict[str, NDArray[np.generic]]:
    """Return what concerns the EVs below each node: how many, what they did not get, how evenly, and the gap."""
    grid, fleet, of = world.grid, world.fleet, world.places.transformer_of
    n = grid.transformer_rows.size

    def added_up(of: NDArray[np.integer], values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        return grid.of_transformers(np.bincount(of, values, minlength=n).astype(np.float64))

    share = books.shares(fleet)
    needy = ~np.isnan(share)
    shares, squares, number = (added_up(of[needy], power) for power in (share[needy], share[needy] ** 2, None))
    return {
        "vehicles": added_up(of[fleet.stay == 1]),
        "unserved_kwh": added_up(of, books.unserved_kwh),
        "jain": np.divide(shares**2, number * squares, out=np.full(len(grid), np.nan), where=squares > 0),
        "gap": _gaps(grid, outcome.distances) if outcome.distances else np.full(len(grid), np.nan),
    }


def _gaps(grid: Grid, distances: tuple[Distance, ...]) -> NDArray[np.float64]:
    """Return the gap of the transformers below each node, taken together; missing where there is nothing to gain."""
    figures = [[one.cost_kw2, one.bound_kw2, one.free_kw2] for one in distances]
    gaps = [gap_of(*of_node) for of_node in grid.of_transformers(np.array(figures)).tolist()]
    return np.array([np.nan if gap is None else gap for gap in gaps])


def _of_ageing(world: Homes, load_kw: NDArray[np.float64], prefix: str) -> dict[str, NDArray[np.float64]]:
    """Return hot spots and losses of life of the transformers; missing at nodes that are none."""
    rows = world.grid.transformer_rows
    hottest, lost = np.full(len(world.grid), np.nan), np.full(len(world.grid), np.nan)
    ageing = ageing_below(world, load_kw[rows])
    hottest[rows], lost[rows] = ageing.hot_spot_c, ageing.life_lost_h
    return {f"{prefix}hot_spot_max_c": hottest, f"{prefix}loss_of_life_h": lost}
