"""Valley filling as arrays: the EVs of one transformer, its forecast load and its limit; and the schedule that answers.

Source: paper A, section 4.2.1, eqs (4)-(8), reconstructed (A3, A4 in the rebuilt equations).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH, Book, PlainStay, Stays, powers_of
from environment.compiled import compiled
from environment.fleets.fleet import Fleet
from environment.horizon import Horizon
from environment.pheromone_board import LIMIT_TOLERANCE_KW, by_slot


@dataclass(frozen=True, eq=False)
class ValleyFilling:
    """The stays of one transformer's EVs and what they fill; frozen, rows are this transformer's own.

    Parameters
    ----------
    base_kw
        Forecast base load [kW], shape ``(n_slots,)``.
    limit_kw
        The transformer's limit [kW], shape ``(n_slots,)``.
    slot_h
        Slot length.
    plug_in_h, plug_out_h
        Stays in hours from the horizon's start, shape ``(n_vehicles,)``.
    first_slot, stop_slot
        First usable slot of each stay and the slot after the last, shape ``(n_vehicles,)``.
    power_kw
        Rated power drawn from the grid, shape ``(n_vehicles,)``.
    need_kwh
        Energy to draw from the grid, shape ``(n_vehicles,)``; whole slots' worth if `whole`.
    order
        Rows that have a need and a usable slot, in plug-in order. A million EVs plan fastest if rows are in that order.
    whole
        Whether a slot is taken at rated power or not at all.
    line_of
        Line of each EV, from 0, shape ``(n_vehicles,)``.
    lines
        Lines whose EVs share a copy of the board; 0: none.
    members
        EVs of each line, however many stays each has; without lines, of the transformer, shape ``(max(lines, 1),)``.
    n_active
        EVs with a row in `order`.
    """

    base_kw: NDArray[np.float64]
    limit_kw: NDArray[np.float64]
    slot_h: float
    plug_in_h: NDArray[np.float64]
    plug_out_h: NDArray[np.float64]
    first_slot: NDArray[np.int32]
    stop_slot: NDArray[np.int32]
    power_kw: NDArray[np.float64]
    need_kwh: NDArray[np.float64]
    order: NDArray[np.int64]
    whole: bool
    line_of: NDArray[np.int32]
    lines: int
    members: NDArray[np.int64]
    n_active: int

    @classmethod
    def of(
        cls,
        fleet: Fleet,
        horizon: Horizon,
        base_kw: NDArray[np.float64],
        limit_kw: float | NDArray[np.float64],
        *,
        whole: bool = False,
        line_of: NDArray[np.int32] | None = None,
        lines: int = 0,
    ) -> Self:
        """Pose the problem for the EVs of one transformer.

        Parameters
        ----------
        fleet
            EVs of the transformer.
        horizon
            The slots.
        base_kw
            Forecast base load [kW], shape ``(n_slots,)``.
        limit_kw
            The transformer's limit [kW]: a number, or by slot, shape ``(n_slots,)``.
        whole
            Book whole slots at rated power (the paper) instead of exact energy.
        line_of, lines
            Lines, where there are any.
        """
        first, stop = fleet.usable_slots(horizon, whole=whole)
        need = fleet.grid_energy_kwh
        if whole:
            need = fleet.slots_needed(horizon) * (fleet.power_kw * horizon.slot_h)
        order = fleet.plug_in_order
        active = (stop > first) & (need > ENERGY_TOLERANCE_KWH)
        order = order[active[order]]
        line_of = np.zeros(len(fleet), dtype=np.int32) if line_of is None else line_of
        return cls(
            base_kw=np.asarray(base_kw, dtype=np.float64),
            limit_kw=by_slot(limit_kw, horizon.n_slots),
            slot_h=horizon.slot_h,
            plug_in_h=fleet.plug_in_h,
            plug_out_h=fleet.plug_out_h,
            first_slot=first,
            stop_slot=stop,
            power_kw=fleet.power_kw,
            need_kwh=need,
            order=order,
            whole=whole,
            line_of=line_of,
            lines=lines,
            members=np.bincount(line_of[fleet.stay == 1], minlength=max(lines, 1)),
            n_active=order.size if fleet.stay_number is None else np.unique(fleet.first_row[order]).size,
        )

    @cached_property
    def stays(self) -> Stays:
        """The EVs' columns as kernels take them."""
        return Stays(
            self.slot_h,
            self.whole,
            self.plug_in_h,
            self.plug_out_h,
            self.first_slot,
            self.stop_slot,
            self.power_kw,
            self.need_kwh,
            self.line_of,
        )

    def stay(self, row: int, first_slot: int, need_kwh: float, since_h: float = -np.inf) -> PlainStay:
        """Return what is left of an EV's stay: a `Stay` as a plain tuple.

        Parameters
        ----------
        row
            The EV.
        first_slot
            First slot that may be used or changed.
        need_kwh
            Energy that it still needs.
        since_h
            Time from which on it can draw more than it does, in hours from the horizon's start.
        """
        return (
            self.slot_h,
            self.whole,
            max(self.plug_in_h[row], since_h),
            self.plug_out_h[row],
            first_slot,
            self.power_kw[row],
            need_kwh,
        )

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.base_kw.size

    @property
    def n_vehicles(self) -> int:
        """Number of EVs."""
        return self.power_kw.size

    @cached_property
    def top_kw(self) -> float:
        """The largest limit of any slot: from there down ants measure how deep the valley is."""
        return float(self.limit_kw.max())

    @cached_property
    def has_one_limit(self) -> bool:
        """Whether the limit is the same in all slots."""
        return bool(self.limit_kw.min() == self.top_kw)

    @property
    def has_unit_slots(self) -> bool:
        """Whether slots are taken whole and all EVs that charge have the same rated power: exact optima are known."""
        return self.whole and np.unique(self.power_kw[self.order]).size <= 1

    @property
    def unserved_price_kw(self) -> float:
        """What a kW left unserved for a slot costs, in kW2 per kW: just what the last kW under the limit would cost.

        Twice the largest limit of any slot, where power can be split. Where it comes in units of the rated power, that
        less: a unit then costs more than leaving it out exactly if it would pass that limit.
        """
        unit = float(self.power_kw[self.order[0]]) if self.has_unit_slots and self.order.size else 0.0
        return 2 * self.top_kw - unit

    def caps(self, base_kw: NDArray[np.float64] | None = None) -> "Caps":
        """Return how far EVs may load each slot, and what they pay beyond.

        Parameters
        ----------
        base_kw
            Base load [kW], shape ``(n_slots,)``; the forecast if left out.
        """
        base_kw = self.base_kw if base_kw is None else base_kw
        cap_kw = np.maximum(self.limit_kw, base_kw)
        price_kw = np.maximum(2 * self.top_kw - 2 * cap_kw, 0.0)
        if self.has_unit_slots and self.order.size:
            unit = float(self.power_kw[self.order[0]])
            cap_kw = base_kw + unit * np.floor((cap_kw - base_kw + LIMIT_TOLERANCE_KW) / unit)
        return Caps(cap_kw, price_kw)


class Caps(NamedTuple):
    """How far EVs may load each slot, and what a kW beyond costs besides its square; as kernels take it.

    Where the base load alone is above a slot's limit, no EV may be there. The price makes a kW above the limit of any slot
    cost what one left unserved does: it is nothing where the limit is the largest.

    Parameters
    ----------
    cap_kw
        Load up to which there is room [kW], shape ``(n_slots,)``; of whole units of power, if EVs take those.
    price_kw
        Price of a kW beyond [kW2 per kW], shape ``(n_slots,)``.
    """

    cap_kw: NDArray[np.float64]
    price_kw: NDArray[np.float64]


@compiled
def _add_rows(load_kw: NDArray[np.float64], rows: NDArray[np.int64], first_slot: NDArray[np.int32], book: Book) -> None:
    for i in rows:
        own = powers_of(book, i)
        for k in range(own.size):
            load_kw[first_slot[i] + k] += own[k]


@compiled
def _sum_rows(book: Book, sums_kw: NDArray[np.float64]) -> None:
    for i in range(sums_kw.size):
        for k in range(book.start[i], book.start[i + 1]):
            sums_kw[i] += book.power_kw[k]


@compiled
def _weigh_rows(
    weight: NDArray[np.float64], first_slot: NDArray[np.int32], book: Book, sums: NDArray[np.float64]
) -> None:
    for i in range(sums.size):
        own = powers_of(book, i)
        for k in range(own.size):
            sums[i] += own[k] * weight[first_slot[i] + k]


@compiled
def _count_entries(book: Book, counts: NDArray[np.int64]) -> None:
    for i in range(counts.size):
        for k in range(book.start[i], book.start[i + 1]):
            counts[i] += book.power_kw[k] > 0.0


@compiled
def _write_entries(
    first_slot: NDArray[np.int32],
    book: Book,
    at: NDArray[np.int64],
    slot: NDArray[np.int64],
    used_kw: NDArray[np.float64],
) -> None:
    for i in range(at.size):
        place = at[i]
        own = powers_of(book, i)
        for k in range(own.size):
            if own[k] > 0.0:
                slot[place] = first_slot[i] + k
                used_kw[place] = own[k]
                place += 1


class Schedule:
    """Charging power of every EV in every slot of its stay, stored stay after stay.

    Parameters
    ----------
    problem
        Gives each EV's usable slots; the schedule begins empty.
    """

    def __init__(self, problem: ValleyFilling) -> None:
        self.n_slots = problem.n_slots
        self.first_slot = problem.first_slot
        self.start = np.zeros(problem.n_vehicles + 1, dtype=np.int64)
        np.cumsum(problem.stop_slot - problem.first_slot, out=self.start[1:])
        self.power_kw = np.zeros(self.start[-1])

    @property
    def book(self) -> Book:
        """All powers as kernels take them."""
        return Book(self.start, self.power_kw)

    def of(self, row: int) -> NDArray[np.float64]:
        """Return an EV's power in its usable slots [kW], as a view that can be written."""
        return self.power_kw[self.start[row] : self.start[row + 1]]

    def add_to(self, load_kw: NDArray[np.float64], rows: NDArray[np.int64]) -> None:
        """Add the power of some EVs, one after the other, to a load [kW] of shape ``(n_slots,)``, in place."""
        _add_rows(load_kw, rows, self.first_slot, self.book)

    def entry_counts(self) -> NDArray[np.int64]:
        """Return the number of slots in which each EV charges, shape ``(n_vehicles,)``."""
        counts = np.zeros(self.first_slot.size, dtype=np.int64)
        _count_entries(self.book, counts)
        return counts

    def write_entries(self, at: NDArray[np.int64], slot: NDArray[np.int64], power_kw: NDArray[np.float64]) -> None:
        """Write the slots in which EVs charge, and their power, into two columns.

        Parameters
        ----------
        at
            Where each EV's first slot goes, shape ``(n_vehicles,)``; its others follow.
        slot, power_kw
            Columns that receive slots and powers [kW].
        """
        _write_entries(self.first_slot, self.book, at, slot, power_kw)

    def entries(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return (row, slot, power [kW]) of every charging slot, by row and slot."""
        counts = self.entry_counts()
        slot, power_kw = np.empty(counts.sum(), dtype=np.int64), np.empty(counts.sum())
        self.write_entries(np.cumsum(counts) - counts, slot, power_kw)
        return np.repeat(np.arange(counts.size), counts), slot, power_kw

    def load_kw(self) -> NDArray[np.float64]:
        """Total EV load of each slot [kW], shape ``(n_slots,)``."""
        load_kw = np.zeros(self.n_slots)
        self.add_to(load_kw, np.arange(self.first_slot.size))
        return load_kw

    def power_sum_kw(self) -> NDArray[np.float64]:
        """Sum of an EV's power over slots [kW], shape ``(n_vehicles,)``; times the slot length it is its energy."""
        sums_kw = np.zeros(self.first_slot.size)
        _sum_rows(self.book, sums_kw)
        return sums_kw

    def weighted_sum(self, weight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum of each EV's power times a weight of each slot, shape ``(n_vehicles,)``; weights ``(n_slots,)``."""
        sums = np.zeros(self.first_slot.size)
        _weigh_rows(weight, self.first_slot, self.book, sums)
        return sums


def cost_kw2(
    problem: ValleyFilling,
    schedule: Schedule,
    base_kw: NDArray[np.float64] | None = None,
    ev_kw: NDArray[np.float64] | None = None,
) -> float:
    r"""Return the cost of a schedule [kW2]: squared loads, and the prices of what stays unserved or passes a slot's limit.

    :math:`V = \sum_h L_h^2 + c\,u + \sum_h p_h e_h` with u the power that the unserved energy would have been in one slot,
    c its price `unserved_price_kw`, and e the loads above the `Caps` with their prices p; see `optimum` for their reasons.

    Parameters
    ----------
    problem
        Needs and limits.
    schedule
        Schedule of the same EVs.
    base_kw
        Base load [kW], shape ``(n_slots,)``; the problem's forecast if left out.
    ev_kw
        Load of the schedule [kW], shape ``(n_slots,)``, where it is known already.
    """
    load_kw = (problem.base_kw if base_kw is None else base_kw) + (schedule.load_kw() if ev_kw is None else ev_kw)
    lacking_kw = np.maximum(problem.need_kwh / problem.slot_h - schedule.power_sum_kw(), 0.0)
    cost = np.square(load_kw).sum() + problem.unserved_price_kw * lacking_kw.sum()
    if not problem.has_one_limit:
        caps = problem.caps(base_kw)
        cost += (caps.price_kw * np.maximum(load_kw - caps.cap_kw, 0.0)).sum()
    return float(cost)
