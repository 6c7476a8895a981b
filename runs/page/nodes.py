"""The nodes of the grid as they stand now: load, limit and loading of each, in numbers and in words."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from environment.grid import Grid, Kind
from environment.loads import LoadProfile
from environment.pheromone_board import LIMIT_TOLERANCE_KW
from runs.metrics import loading
from runs.page.day import Day
from runs.plural import counted


@dataclass(frozen=True, eq=False)
class NodesNow:
    """Every node of the grid in the present slot; arrays of shape ``(n_nodes,)``.

    Parameters
    ----------
    load_kw
        Its own load and all that is below it.
    limit_kw
        Its limit in this slot, infinite for none.
    loading
        Load per limit; NaN where there is no limit.
    over
        Whether it is above its limit, or feeds back more than it may.
    transformers, vehicles
        Transformers and EVs below it; itself, if it is one.
    """

    load_kw: NDArray[np.float64]
    limit_kw: NDArray[np.float64]
    loading: NDArray[np.float64]
    over: NDArray[np.bool_]
    transformers: NDArray[np.int64]
    vehicles: NDArray[np.int64]


def known_kw(day: Day, load: LoadProfile) -> NDArray[np.float64]:
    """Return a base load as known now [kW]: actual where the slot has begun, else the forecast; shape ``(n_slots,)``."""
    begun = np.arange(load.actual_kw.size) < day.model.slot
    return np.asarray(np.where(begun, load.actual_kw, load.forecast_kw), dtype=np.float64)


def promised_kw(day: Day) -> NDArray[np.float64]:
    """Return base load and EVs as promised so far of each transformer [kW], shape ``(n_transformers, n_slots)``."""
    both = zip(day.homes.loads, day.transformers, strict=True)
    return np.stack([known_kw(day, load) + transformer.schedule.load_kw() for load, transformer in both])


def nodes_now(day: Day) -> NodesNow:
    """Return the load of every node in the present slot, as promised so far."""
    grid = day.homes.grid
    load_kw = day.homes.node_kw(promised_kw(day))[:, day.slot]
    limit_kw = grid.limit_kw[:, day.slot]
    own = np.array([(1.0, each.fleet.n_vehicles) for each in day.transformers])
    transformers, vehicles = np.rint(grid.of_transformers(own)).astype(np.int64).T
    over_kw = np.maximum(load_kw - limit_kw, -load_kw - grid.feed_in_limit_kw)
    return NodesNow(
        load_kw=load_kw,
        limit_kw=limit_kw,
        loading=np.where(np.isfinite(limit_kw), loading(load_kw, limit_kw), np.nan),
        over=over_kw > LIMIT_TOLERANCE_KW,
        transformers=transformers,
        vehicles=vehicles,
    )


def home(grid: Grid) -> int:
    """Return the node that is shown while none is chosen: the control centre, or the only transformer there is."""
    return int(grid.transformer_rows[0]) if grid.transformer_rows.size == 1 else 0


def percent(loading: float) -> str:
    """Return a loading in per cent of the limit."""
    return f"{100 * loading:.0f} %" if np.isfinite(loading) else "above 0 kW"


def short(now: NodesNow, row: int) -> str:
    """Return a node's loading in per cent, or its load where it has no limit."""
    return f"{now.load_kw[row]:,.0f} kW" if np.isnan(now.loading[row]) else percent(now.loading[row])


def told(day: Day, now: NodesNow, row: int) -> str:
    """Return what is to be said of a node: kind, load, limit, what is below it."""
    grid = day.homes.grid
    load, limit, back = now.load_kw[row], now.limit_kw[row], grid.feed_in_limit_kw[row]
    texts = [grid.kind[row].replace("_", " "), f"{load:,.0f} kW now"]
    if np.isfinite(limit):
        texts.append(f"{short(now, row)} of its limit of {limit:,.0f} kW")
    else:
        texts.append("no limit of its own")
    if now.over[row]:
        texts.append("above its limit" if load > limit else f"feeding back more than its {back:,.0f} kW")
    if grid.kind[row] is not Kind.TRANSFORMER:
        texts.append(counted(int(now.transformers[row]), "transformer"))
    texts.append(counted(int(now.vehicles[row]), "EV"))
    return ", ".join(texts)


def most_loaded(now: NodesNow) -> int | None:
    """Return the row of the node with the most load per limit; None where no node has a limit."""
    limited = ~np.isnan(now.loading)
    return int(np.nanargmax(now.loading)) if limited.any() else None


def rows_below(grid: Grid, row: int) -> NDArray[np.int64]:
    """Return a node's row and those of all nodes below it, in order."""
    return np.asarray(np.sort(grid.below[[row]].indices), dtype=np.int64)


def transformers_below(grid: Grid, row: int) -> NDArray[np.int64]:
    """Return which transformers, by their number in `Grid.transformers`, are below a node or are that node."""
    return np.flatnonzero(np.isin(grid.transformer_rows, rows_below(grid, row)))
