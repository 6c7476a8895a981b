"""The levels of the grid: load against limit at transformers, substations and the control centre, and the ageing of transformers."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from environment.grid.hot_spot import Ageing, ageing_of
from environment.grid.tree import Kind
from runs.homes.part import Homes
from runs.metrics import load_metrics, overload_kw
from runs.plural import counted

MOST_TOLD: Final = 3
"""Of more nodes that pass a limit, only the worst are named."""


def grid_metrics(homes: Homes, transformer_kw: NDArray[np.float64]) -> dict[str, float | int]:
    """Return the key figures of a load of all transformers, of their ageing, and of the limits above them where there are any.

    Parameters
    ----------
    homes
        The grid and its base loads.
    transformer_kw
        Load of each transformer [kW], shape ``(n_transformers, n_slots)``.

    Returns
    -------
    dict
        As `load_metrics`; ``overload_kwh``, energy above the limits of all transformers, and ``overload_max_kw``, the most that
        one is above its own; ``overload_slots_substations`` and ``overload_slots_control_center`` where these have limits;
        ``hot_spot_max_c`` and ``loss_of_life_h`` of the transformer that has most of it, where a rating is known.
    """
    grid = homes.grid
    figures = load_metrics(transformer_kw, grid.transformer_limit_kw)
    above_kw = overload_kw(transformer_kw, grid.transformer_limit_kw)
    figures["overload_kwh"] = float(above_kw.sum()) * homes.horizon.slot_h
    figures["overload_max_kw"] = float(above_kw.max())
    limited = np.isfinite(grid.limit_kw).any(axis=1)
    if limited[grid.upper_rows].any():
        over = overload_kw(homes.node_kw(transformer_kw), grid.limit_kw) > 0
        for kind, key in ((Kind.SUBSTATION, "substations"), (Kind.CONTROL_CENTER, "control_center")):
            rows = grid.rows_of(kind)
            if limited[rows].any():
                figures[f"overload_slots_{key}"] = int(over[rows].sum())
    ageing = ageing_below(homes, transformer_kw)
    if not np.isnan(ageing.life_lost_h).all():
        figures["hot_spot_max_c"] = float(np.nanmax(ageing.hot_spot_c))
        figures["loss_of_life_h"] = float(np.nanmax(ageing.life_lost_h))
    return figures


def ageing_below(homes: Homes, transformer_kw: NDArray[np.float64]) -> Ageing:
    """Return heat and ageing of the transformers by their load [kW], shape ``(n_transformers, n_slots)``; NaN without a rating."""
    rated_kw = homes.grid.rated_kw[homes.grid.transformer_rows]
    known = ~np.isnan(rated_kw)
    load_factor = np.where(known[:, None], transformer_kw / rated_kw[:, None], 0.0)
    ageing = ageing_of(load_factor, homes.horizon.slot_h, homes.scenario.transformer.ambient_c)
    return ageing._replace(
        hot_spot_c=np.where(known, ageing.hot_spot_c, np.nan), life_lost_h=np.where(known, ageing.life_lost_h, np.nan)
    )


def measured_limits(homes: Homes, transformer_kw: NDArray[np.float64]) -> list[str]:
    """Say of limits that are measured and not held, those above the transformers and of feeding in, whether they are passed.

    Parameters
    ----------
    homes
        The grid and its base loads.
    transformer_kw
        Load of each transformer [kW], shape ``(n_transformers, n_slots)``.
    """
    grid = homes.grid
    upper = grid.upper_rows[np.isfinite(grid.limit_kw[grid.upper_rows]).any(axis=1)]
    back = np.flatnonzero(np.isfinite(grid.feed_in_limit_kw))
    if not (upper.size or back.size):
        return []
    load_kw = homes.node_kw(transformer_kw)
    found = _passed(homes, "limits above the transformers", upper, overload_kw(load_kw, grid.limit_kw))
    return found + _passed(homes, "feed-in limits", back, overload_kw(-load_kw, grid.feed_in_limit_kw[:, None]))


def _passed(homes: Homes, what: str, rows: NDArray[np.int64], over_kw: NDArray[np.float64]) -> list[str]:
    """Say of the limits of some nodes that they are measured, not held, and which nodes pass them by how much; worst first."""
    if not rows.size:
        return []
    worst = [row for row in rows[np.argsort(-over_kw[rows].max(axis=1), kind="stable")].tolist() if over_kw[row].any()]
    slot_h, slots = homes.horizon.slot_h, counted(homes.horizon.n_slots, "slot")
    each = [
        f"{homes.grid.node[row]} passes its own in {(over_kw[row] > 0).sum()} of {slots}, by up to {over_kw[row].max():,.1f} kW "
        f"and {over_kw[row].sum() * slot_h:,.1f} kWh in all"
        for row in worst[:MOST_TOLD]
    ]
    if len(worst) > MOST_TOLD:
        each.append(f"{len(worst) - MOST_TOLD} more do")
    return [f"{what} are measured, not held: {'; '.join(each) if each else 'none is passed'}"]
