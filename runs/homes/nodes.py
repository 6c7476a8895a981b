"""A run node by node of the grid: load against limit, the EVs below, and how far a transformer is from its optimum."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.grid.tree import NONE, Grid
from runs.homes.judging import Distance, EnergyBooks
from runs.homes.levels import ageing_below
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.metrics import gap_of
from runs.tables.nodes import NodeLoads, finite, load_columns
from runs.tables.schema import held_by, table_of


def nodes_table(
    homes: Homes,
    outcome: HomesOutcome,
    books: EnergyBooks,
    ev_kw: NDArray[np.float64],
    free_kw: NDArray[np.float64],
) -> pd.DataFrame:
    """Return a row for each node of the grid, parents before children: the table ``nodes``.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    outcome
        What the engine handed over.
    books
        What became of each stay's need.
    ev_kw, free_kw
        Load of each transformer's EVs, and with free charging [kW], shape ``(n_transformers, n_slots)``.
    """
    grid = homes.grid
    load_kw, free_load_kw = (homes.node_kw(homes.actual_kw + each_kw) for each_kw in (ev_kw, free_kw))
    columns = {
        "node": list(grid.node),
        "kind": [str(kind) for kind in grid.kind],
        "parent": ["" if row == NONE else grid.node[row] for row in grid.parent.tolist()],
        "feed_in_limit_kw": finite(grid.feed_in_limit_kw),
        **load_columns(load_kw, free_load_kw, grid.limit_kw, homes.horizon),
        **_of_vehicles(homes, outcome, books),
        **_of_ageing(homes, load_kw, ""),
        **_of_ageing(homes, free_load_kw, "free_"),
    }
    return table_of("nodes", columns, held_by(homes.scenario))


def upper_slots(homes: Homes, ev_kw: NDArray[np.float64], free_kw: NDArray[np.float64]) -> pd.DataFrame:
    """Return the load of each node above the transformers, slot by slot; the parameters are those of `nodes_table`."""
    grid = homes.grid
    rows = grid.upper_rows
    loads = NodeLoads(
        node=[grid.node[row] for row in rows.tolist()],
        actual_kw=homes.node_kw(homes.actual_kw)[rows],
        ev_kw=grid.of_transformers(ev_kw)[rows],
        free_kw=grid.of_transformers(free_kw)[rows],
        limit_kw=grid.limit_kw[rows],
    )
    return table_of("upper_slots", loads.upper_slots(homes.horizon), held_by(homes.scenario))


def _of_vehicles(homes: Homes, outcome: HomesOutcome, books: EnergyBooks) -> dict[str, NDArray[np.generic]]:
    """Return what concerns the EVs below each node: how many, what they did not get, how evenly, and the gap."""
    grid, fleet, of = homes.grid, homes.fleet, homes.places.transformer_of
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


def _of_ageing(homes: Homes, load_kw: NDArray[np.float64], prefix: str) -> dict[str, NDArray[np.float64]]:
    """Return hot spots and losses of life of the transformers; missing at nodes that are none."""
    rows = homes.grid.transformer_rows
    hottest, lost = np.full(len(homes.grid), np.nan), np.full(len(homes.grid), np.nan)
    ageing = ageing_below(homes, load_kw[rows])
    hottest[rows], lost[rows] = ageing.hot_spot_c, ageing.life_lost_h
    return {f"{prefix}hot_spot_max_c": hottest, f"{prefix}loss_of_life_h": lost}
