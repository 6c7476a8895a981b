"""Water-filling: the best answer of one EV of continuous power to a load, used by all who look for one."""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.stays import Stay, most_kw
from environment.compiled import compiled


@compiled
def _filled(
    height_kw: NDArray[np.float64], usable: NDArray[np.float64], low_kw: float, level_kw: float
) -> tuple[float, int]:
    """Return what slots hold that are filled to a level above the lowest [kW], and how many of them rise with it."""
    filled = 0.0
    rising = 0
    for k in range(height_kw.size):
        depth = max(level_kw - (height_kw[k] - low_kw), 0.0)
        rising += (depth > 0.0) & (depth < usable[k])
        filled += min(depth, usable[k])
    return filled, rising


@compiled
def _water_level(
    height_kw: NDArray[np.float64],
    usable: NDArray[np.float64],
    low_kw: float,
    limit_kw: float,
    wanted_kw: float,
    guess_kw: float,
) -> float:
    """Return the level to which an EV fills its slots so that it takes what it wants; at most the limit.

    Newton's rule within a bracket. Levels are counted from the lowest slot: under a large transformer an EV's few kW would
    else be lost in the digits of the load.
    """
    lower, upper = 0.0, np.inf
    level = min(max(guess_kw, wanted_kw / height_kw.size), limit_kw)
    for _ in range(200):
        filled, rising = _filled(height_kw, usable, low_kw, level)
        excess = filled - wanted_kw
        if abs(excess) <= 1e-12 * wanted_kw:
            break
        if excess > 0.0:
            upper = level
        elif level >= limit_kw:
            return limit_kw
        else:
            lower = level
        if rising > 0:
            level = min(level - excess / rising, limit_kw)
            if lower < level < upper:
                continue
        if upper == np.inf:  # no slot rises: all that hold something are full
            top = 0.0
            for k in range(height_kw.size):
                top = max(top, height_kw[k] - low_kw + usable[k])
            level = min(top, limit_kw)
            if level <= lower:
                return limit_kw
            continue
        level = 0.5 * (lower + upper)
        if level in (lower, upper):
            break
    return level


@compiled
def water_fill(
    height_kw: NDArray[np.float64],
    wanted_kw: float,
    limit_kw: NDArray[np.float64],
    top_kw: float,
    stay: Stay,
    guess_kw: float,
    usable: NDArray[np.float64],
    filled_kw: NDArray[np.float64],
) -> None:
    """Fill an EV's slots from the lowest up, as far as its stay and rating allow, until it has what it wants.

    Parameters
    ----------
    height_kw
        What is filled up: the load without the EV, or what stands for it [kW], shape ``(n_usable,)``.
    wanted_kw
        Sum of powers wanted.
    limit_kw
        Level that is not passed in each slot [kW], shape ``(n_usable,)``; infinite for none.
    top_kw
        The largest limit, of these slots and all others.
    stay
        The EV's stay and rating; its need is not looked at.
    guess_kw
        Level at which the search for the right one begins; any will do, a near one is faster.
    usable
        Room for scratch values, as long.
    filled_kw
        Receives the powers [kW].
    """
    n = filled_kw.size
    usable[:n] = stay.power_kw
    for k in (0, n - 1):  # only the ends of a stay cover a slot in part
        usable[k] = most_kw(stay, stay.first_slot + k)
    capacity = 0.0
    low = np.inf
    for k in range(n):
        if limit_kw[k] < top_kw:  # other slots are filled to no higher level anyway
            usable[k] = max(min(usable[k], limit_kw[k] - height_kw[k]), 0.0)
        capacity += usable[k]
        low = min(low, height_kw[k])
    level = top_kw - low
    if wanted_kw < capacity:
        level = _water_level(height_kw, usable[:n], low, level, wanted_kw, guess_kw - low)
    for k in range(n):
        filled_kw[k] = min(max(level - (height_kw[k] - low), 0.0), usable[k])
