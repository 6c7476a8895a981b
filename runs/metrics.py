"""Key figures of a load, loads against their limits, and lines and transformers against their ratings."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.optimum import CLOSED, ROUNDING
from environment.pheromone_board import LIMIT_TOLERANCE_KW

LOADING_TOLERANCE: Final = 1e-9
"""A loading above 1 by less than this is none."""


def load_metrics(load_kw: NDArray[np.float64], limit_kw: float | NDArray[np.float64]) -> dict[str, float | int]:
    """Return the load's key figures.

    Parameters
    ----------
    load_kw
        Total load of each transformer [kW], shape ``(n_transformers, n_slots)``.
    limit_kw
        Limit of each transformer, or of each in each slot, as `load_kw`.

    Returns
    -------
    dict
        Peak, valley, their difference and rate (difference per peak), standard deviation over slots: of the sum of all
        transformers. Sum of squares and overloaded slots: over each transformer's own slots.
    """
    total = load_kw.sum(axis=0)
    peak, valley = float(total.max()), float(total.min())
    return {
        "peak_kw": peak,
        "valley_kw": valley,
        "peak_valley_difference_kw": peak - valley,
        "peak_valley_rate": (peak - valley) / peak if peak > 0 else 0.0,
        "load_std_kw": float(total.std()),
        "load_sum_of_squares_kw2": float(np.square(load_kw).sum()),
        "overload_slots": int((load_kw > limit_kw + LIMIT_TOLERANCE_KW).sum()),
    }


def overload_kw(load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much loads are above their limits [kW], 0 where they are not; shapes ``(n, n_slots)``."""
    over_kw = load_kw - limit_kw
    return np.where(over_kw > LIMIT_TOLERANCE_KW, over_kw, 0.0)


def loading(load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return load per limit, 0 without a limit and infinite for a load where nothing may be; both of one shape."""
    nothing_may = np.where(load_kw > LIMIT_TOLERANCE_KW, np.inf, 0.0)
    return np.divide(load_kw, limit_kw, out=nothing_may, where=limit_kw > 0)


def gap_of(cost_kw2: float, best_kw2: float, free_kw2: float) -> float | None:
    """Return the part of what an optimum would gain on free charging that is lost; None where there is nothing to gain.

    Parameters
    ----------
    cost_kw2, best_kw2, free_kw2
        Cost of a schedule, least possible cost, and cost of free charging.
    """
    gain, lost = free_kw2 - best_kw2, cost_kw2 - best_kw2
    if gain <= CLOSED * best_kw2:
        return None
    return 0.0 if -CLOSED * best_kw2 <= lost <= ROUNDING * best_kw2 else lost / gain


def above_rating(loading: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which lines or transformers pass their rating, of the shape of their loading; unrated ones do not."""
    over: NDArray[np.bool_] = np.nan_to_num(loading) > 1 + LOADING_TOLERANCE
    return over


def largest_loading(loading: NDArray[np.float64]) -> float | None:
    """Return the largest loading of any line or transformer in any case; None where none has a rating."""
    known = loading[~np.isnan(loading)]
    return float(known.max()) if known.size else None
