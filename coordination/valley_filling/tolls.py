r"""Tolls: what EVs pay, besides the load, in slots whose own limit is below the largest; with them the limits hold themselves.

Where limits vary by slot, EVs that water-fill one by one under them get stuck: one that could go elsewhere keeps a full slot
that another needs, and alone it gains nothing by leaving. So each such slot has a toll, of which half is counted in kW as the
load is; EVs fill slots by load and toll, and no slot is closed. The tolls are the multipliers of an augmented Lagrangian of
the cost in `optimum`: with toll t and cap P (`Caps`), a load L pays

.. math:: \min(\max(t + r (L - P), 0), q)

which is smooth, so that EVs in turn descend to its optimum; then what is paid becomes the toll [standard: the method of
multipliers, Bertsekas 1982; tolls end at q as a kW unserved costs no more]. Loads and tolls are the prices of a lower bound.
"""

from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import ValleyFilling
from coordination.valley_filling.stays import Book, Stays, most_kw, powers_of, stay_of
from environment.compiled import compiled

STIFFNESS: Final = 10.0
"""The r above. At 10 with a sweep there and one back between two changes of tolls, 500 to 20,000 EVs under random limits came
within 1e-8 of their bound in 6 to 50 sweeps; 1 took up to five times as many, 30 sometimes more."""


class Tolls(NamedTuple):
    """The tolls of all slots, as kernels take them; columns have shape ``(n_slots,)``.

    Parameters
    ----------
    toll_kw
        Toll where the load is just the cap.
    most_kw
        The largest toll: with it, a load of the cap costs as much as what is left unserved.
    begins_kw, ends_kw
        Loads from which on more than nothing is paid, and up to which less than the most; infinite where the most is nothing.
    """

    toll_kw: NDArray[np.float64]
    most_kw: NDArray[np.float64]
    begins_kw: NDArray[np.float64]
    ends_kw: NDArray[np.float64]

    @classmethod
    def of(cls, problem: ValleyFilling) -> Self:
        """Return the tolls to begin with: nothing, but the most where there is no room at all."""
        cap_kw, price_kw = problem.caps()
        return cls._at(np.where(cap_kw > problem.base_kw, 0.0, price_kw / 2), price_kw / 2, cap_kw)

    @classmethod
    def _at(cls, toll_kw: NDArray[np.float64], most_kw: NDArray[np.float64], cap_kw: NDArray[np.float64]) -> Self:
        begins_kw = np.where(most_kw > 0.0, cap_kw - toll_kw / STIFFNESS, np.inf)
        return cls(toll_kw, most_kw, begins_kw, begins_kw + most_kw / STIFFNESS)

    def paid_kw(self, load_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what is paid at a load [kW], both of shape ``(n_slots,)``."""
        return np.clip(STIFFNESS * (load_kw - self.begins_kw), 0.0, self.most_kw)

    def after(self, load_kw: NDArray[np.float64]) -> Self:
        """Return the tolls that follow a load [kW], shape ``(n_slots,)``."""
        cap_kw = self.begins_kw + self.toll_kw / STIFFNESS
        return self._at(self.paid_kw(load_kw), self.most_kw, cap_kw)


@compiled
def _price_kw(tolls: Tolls, slot: int, load_kw: float) -> float:
    """Return a slot's load and toll at a load [kW]."""
    return float(load_kw + min(max(STIFFNESS * (load_kw - tolls.begins_kw[slot]), 0.0), tolls.most_kw[slot]))


@compiled
def _load_at(tolls: Tolls, slot: int, price_kw: float) -> tuple[float, float]:
    """Return the load at which a slot has a price [kW], and how much of a rise of the price is a rise of the load."""
    begin, most = tolls.begins_kw[slot], tolls.most_kw[slot]
    if price_kw <= begin:
        return price_kw, 1.0
    if price_kw < tolls.ends_kw[slot] + most:
        return begin + (price_kw - begin) / (1.0 + STIFFNESS), 1.0 / (1.0 + STIFFNESS)
    return price_kw - most, 1.0


@compiled
def _filled(
    tolls: Tolls, first_slot: int, height_kw: NDArray[np.float64], usable_kw: NDArray[np.float64], price_kw: float
) -> tuple[float, float]:
    """Return what slots hold that are filled up to a price [kW], and how much of a rise of the price they would take on."""
    filled = rising = 0.0
    for k in range(height_kw.size):
        load, part = _load_at(tolls, first_slot + k, price_kw)
        depth = load - height_kw[k]
        if depth > 0.0:
            rising += part if depth < usable_kw[k] else 0.0
            filled += min(depth, usable_kw[k])
    return filled, rising


@compiled
def _price_of(
    tolls: Tolls,
    first_slot: int,
    height_kw: NDArray[np.float64],
    usable_kw: NDArray[np.float64],
    wanted_kw: float,
    guess_kw: float,
    top_kw: float,
) -> float:
    """Return the price up to which an EV fills its slots so that it takes what it wants, at most the top [kW].

    Newton's rule within a bracket, as in `water`.
    """
    lower, upper = np.inf, np.inf
    for k in range(height_kw.size):
        lower = min(lower, _price_kw(tolls, first_slot + k, height_kw[k]))
    price = min(max(guess_kw, lower + wanted_kw / height_kw.size), top_kw)
    for _ in range(200):
        filled, rising = _filled(tolls, first_slot, height_kw, usable_kw, price)
        excess = filled - wanted_kw
        if abs(excess) <= 1e-12 * wanted_kw or (excess < 0.0 and price >= top_kw):
            break
        if excess > 0.0:
            upper = price
        else:
            lower = price
        price = price - excess / rising if rising > 0.0 else np.inf
        if not lower < price < upper:
            price = top_kw if upper == np.inf else 0.5 * (lower + upper)
        price = min(price, top_kw)
        if price in (lower, upper):
            break
    return price


@compiled
def fill_by_tolls(
    rows: NDArray[np.int64], load_kw: NDArray[np.float64], top_kw: float, tolls: Tolls, stays: Stays, book: Book
) -> None:
    """Let EVs, one by one, take everything out and fill the slots of their stays by load and toll.

    Parameters
    ----------
    rows
        The EVs, in turn.
    load_kw
        Base load and all schedules [kW], shape ``(n_slots,)``; is changed.
    top_kw
        The largest limit: at this price EVs rather leave energy unserved.
    tolls
        What they pay.
    stays
        Their stays and needs.
    book
        Their schedules; is changed.
    """
    scratch = np.empty(load_kw.size)
    for i in rows:
        stay, own = stay_of(stays, i), powers_of(book, i)
        n, first = own.size, stay.first_slot
        height, usable = load_kw[first : first + n], scratch[:n]
        usable[:] = stay.power_kw
        for k in (0, n - 1):  # only the ends of a stay cover a slot in part
            usable[k] = most_kw(stay, first + k)
        guess = -np.inf
        for k in range(n):
            if own[k] > 0.0:
                guess = max(guess, _price_kw(tolls, first + k, height[k]))
            height[k] -= own[k]
        price = _price_of(tolls, first, height, usable, stay.need_kwh / stay.slot_h, guess, top_kw)
        for k in range(n):
            own[k] = min(max(_load_at(tolls, first + k, price)[0] - height[k], 0.0), usable[k])
            height[k] += own[k]
