"""Water-filling: the best answer of one EV of continuous power to a load, used by all who look for one."""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.stays import Stay, most_kw
from environment.compiled import compiled


@compiled
def _water_level(
    load_kw: NDArray[np.float64], usable_kw: NDArray[np.float64], wanted_kw: float, low_kw: float, limit_kw: float
) -> float:
    """Return the level to which an EV fills its slots so that it takes what it wants; at most the limit."""
    top = low_kw
    for k in range(load_kw.size):
        top = max(top, load_kw[k] + usable_kw[k])
    top = min(top, limit_kw)
    low, high = low_kw, top
    if low >= high:
        return high
    level = high
    for _ in range(200):
        filled = 0.0
        rising = 0
        for k in range(load_kw.size):
            depth = level - load_kw[k]
            if depth > 0.0:
                if depth < usable_kw[k]:
                    filled += depth
                    rising += 1
                else:
                    filled += usable_kw[k]
        excess = filled - wanted_kw
        if excess <= 0.0 and level == top:
            return top  # full slots, or the limit, before there is enough
        if abs(excess) <= 1e-12 * wanted_kw:
            break
        if excess > 0.0:
            high = level
        else:
            low = level
        level = level - excess / rising if rising > 0 else 0.5 * (low + high)
        if not low < level < high:
            level = 0.5 * (low + high)
            if level in (low, high):
                break
    return level


@compiled
def water_fill(
    height_kw: NDArray[np.float64],
    wanted_kw: float,
    limit_kw: float,
    stay: Stay,
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
        Level that is not passed; infinite for none.
    stay
        The EV's stay and rating; its need is not looked at.
    usable
        Room for scratch values, as long.
    filled_kw
        Receives the powers [kW].
    """
    low = np.inf
    for k in range(filled_kw.size):
        usable[k] = most_kw(stay, stay.first_slot + k)
        low = min(low, height_kw[k])
    level = _water_level(height_kw, usable[: filled_kw.size], wanted_kw, low, limit_kw)
    for k in range(filled_kw.size):
        filled_kw[k] = min(max(level - height_kw[k], 0.0), usable[k])
