"""Stays and schedules as compiled code takes them: columns of all EVs, the numbers of one, and powers stay after stay."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from environment.compiled import compiled

ENERGY_TOLERANCE_KWH: Final = 1e-9
"""Needs below this count as met [kWh]."""


class Stays(NamedTuple):
    """The EVs of one transformer as kernels take them; columns are those of `ValleyFilling`, shape ``(n_vehicles,)``."""

    slot_h: float
    whole: bool
    plug_in_h: NDArray[np.float64]
    plug_out_h: NDArray[np.float64]
    first_slot: NDArray[np.int32]
    stop_slot: NDArray[np.int32]
    power_kw: NDArray[np.float64]
    need_kwh: NDArray[np.float64]
    line_of: NDArray[np.int32]


class Stay(NamedTuple):
    """One EV as kernels take it: what is left of its stay, and what it still needs.

    Numbers, not the columns and a row: handed to `choose_slots`, those made planning slower by a third (100,000 EVs, 24 slots).
    From Python it comes as a plain tuple, and the kernels that are called from there name its parts: numba looks into a named
    tuple anew at each call, which made a day of agents slower by 12 to 24 %.

    Parameters
    ----------
    slot_h
        Slot length.
    whole
        Whether a slot is taken at rated power or not at all.
    plug_in_h, plug_out_h
        The stay; it begins later for an EV that can draw no more than it does before some later time.
    first_slot
        First slot that may be used or changed.
    power_kw
        Rated power.
    need_kwh
        Energy to draw from the grid.
    """

    slot_h: float
    whole: bool
    plug_in_h: float
    plug_out_h: float
    first_slot: int
    power_kw: float
    need_kwh: float


type PlainStay = tuple[float, bool, float, float, int, float, float]
"""A `Stay`, or a plain tuple of its parts."""


class Book(NamedTuple):
    """Power of every EV in its usable slots [kW], stay after stay, and where each begins, shape ``(n_vehicles + 1,)``."""

    start: NDArray[np.int64]
    power_kw: NDArray[np.float64]


@compiled
def usable_kw(stay: Stay, slot: int) -> float:
    """Return the mean power that a stay allows in a slot [kW]: rated power times the part of the slot that it covers."""
    covered_h = min(stay.plug_out_h, (slot + 1) * stay.slot_h) - max(stay.plug_in_h, slot * stay.slot_h)
    return stay.power_kw * min(1.0, max(0.0, covered_h / stay.slot_h))


@compiled
def most_kw(stay: Stay, slot: int) -> float:
    """Return the most power that may be booked in a usable slot [kW]; whole slots lie in the stay, so at rated power."""
    return stay.power_kw if stay.whole else usable_kw(stay, slot)


@compiled
def stay_of(stays: Stays, row: int) -> Stay:
    """Return the whole stay of one EV."""
    return Stay(
        stays.slot_h,
        stays.whole,
        stays.plug_in_h[row],
        stays.plug_out_h[row],
        int(stays.first_slot[row]),
        stays.power_kw[row],
        stays.need_kwh[row],
    )


@compiled
def lacking_kwh(need_kwh: float, slot_h: float, own_kw: NDArray[np.float64]) -> float:
    """Return what an EV still needs beside what it holds [kWh]. Both engines add it up here: NumPy adds in another order."""
    return need_kwh - own_kw.sum() * slot_h


@compiled
def rest_of(stay: Stay, first_slot: int, need_kwh: float) -> Stay:
    """Return a stay of which only the slots from one on are left, and another need."""
    return Stay(stay.slot_h, stay.whole, stay.plug_in_h, stay.plug_out_h, first_slot, stay.power_kw, need_kwh)


@compiled
def powers_of(book: Book, row: int) -> NDArray[np.float64]:
    """Return one EV's power in its usable slots [kW], as a view."""
    return book.power_kw[book.start[row] : book.start[row + 1]]
