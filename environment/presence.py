"""Who is at the grid in which slot, with how full a battery: presence of a fleet that gives back.

Source: paper B, sections 2.1 and 4.1: N(t) of 300 EVs; its shape (Fig 2) and the states of charge are lost [default].
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.fleets.fleet import Fleet
from environment.horizon import HOURS_PER_DAY, Horizon
from environment.input_faults import Fault, FaultyInputError
from environment.settings import Settings
from environment.stays import TOLERANCE_H, Stays
from environment.time_series import read_steps

ROUNDING_KWH = 1e-6
"""Energy below which a battery lacks nothing."""


class ParticipationSettings(Settings):
    """When EVs of a fleet that also gives power back are at the grid, and how full they begin."""

    stays: Literal["daily", "once", "always"] = "daily"
    """"daily": the fleet's stays at the same hours of every day; "once": as they are; "always": all EVs in all slots."""

    available_path: Path | None = None
    """CSV file with the number of EVs at the grid, `hour,vehicles` (or `slot`, `time`); the fleet's first so many are there,
    in place of `stays`."""

    soc_start: Literal["uniform", "fleet"] = "uniform"
    """States of charge at the beginning: drawn evenly between floor and ceiling, or the fleet's own."""

    end: Literal["need", "cyclic", "free"] = "need"
    """What EVs are held to. "need": at every departure before the horizon's end an EV has what its stay asks for (`energy_kwh`
    above its state of charge at the beginning, at most the ceiling), or `soc_need`; the grid, time and rated power permitting.
    An EV that is there when the horizon ends has not left yet. "cyclic": each EV ends at least as full as it began. "free": no
    condition (the paper)."""

    soc_need: float | None = Field(default=None, ge=0, le=1)
    """State of charge that every EV needs at departure; none: what its stay asks for."""

    leave_early: float = Field(default=0.0, ge=0, le=1)
    """Part of the stays of a day that end unannounced at a random moment before their end."""

    @property
    def by_date(self) -> bool:
        """Whether the dates of the fleet's stays count, and not their hours of the day or nothing of them."""
        return self.stays == "once" and self.available_path is None


@dataclass(frozen=True, eq=False)
class Participation:
    """When EVs are at the grid.

    Parameters
    ----------
    announced
        Whether an EV means to be there, for the whole slot, shape ``(n_slots, n_vehicles)``.
    part
        Part of the slot that it then is there, shape ``(n_slots, n_vehicles)``; None: as announced.
    """

    announced: NDArray[np.bool_]
    part: NDArray[np.float32] | None

    def leaving(self, slot: int) -> NDArray[np.bool_]:
        """Return which EVs mean to leave at the end of a slot, shape ``(n_vehicles,)``; nobody after the last."""
        if slot + 1 == len(self.announced):
            return np.zeros(self.announced.shape[1], dtype=np.bool_)
        leaves: NDArray[np.bool_] = self.announced[slot] & ~self.announced[slot + 1]
        return leaves

    def stays_of(self, row: int) -> NDArray[np.int64]:
        """Return the first slot of each announced stay of an EV and the slot after its last, shape ``(n_stays, 2)``."""
        there = np.concatenate([[False], self.announced[:, row], [False]])
        return np.flatnonzero(there[1:] != there[:-1]).reshape(-1, 2)

    @property
    def available(self) -> NDArray[np.float64]:
        """EVs that mean to be there in each slot, N(t), shape ``(n_slots,)``."""
        return self.announced.sum(axis=1).astype(np.float64)

    def hours_of(self, slot: int, rows: NDArray[np.int64], slot_h: float) -> NDArray[np.float64]:
        """Return how long some EVs that announced themselves are there in a slot [h]."""
        if self.part is None:
            return np.full(rows.size, slot_h)
        hours: NDArray[np.float64] = self.part[slot, rows].astype(np.float64) * slot_h  # whole slots stay exact
        return hours

    def hours_at(self, slot: int, row: int, slot_h: float) -> float:
        """Return how long an EV is at the grid in a slot [h]."""
        if not self.announced[slot, row]:
            return 0.0
        return slot_h if self.part is None else float(self.part[slot, row]) * slot_h

    @classmethod
    def draw(
        cls, settings: ParticipationSettings, fleet: Fleet, horizon: Horizon, rng: np.random.Generator
    ) -> "Participation":
        """Work out who is there, and draw who leaves early.

        Raises
        ------
        FaultyInputError
            With every fault of the file of numbers.
        """
        announced = _announced(*announced_stays(settings, fleet, horizon), len(fleet), horizon)
        if settings.leave_early == 0:
            return cls(announced, None)
        return cls(announced, _parts(announced, fleet.plug_in_order, settings.leave_early, rng))


def announced_stays(settings: ParticipationSettings, fleet: Fleet, horizon: Horizon) -> tuple[Stays, NDArray[np.int64]]:
    """Return the stays that EVs announce, and the row in the fleet of each stay's EV, shape ``(n_stays,)``.

    Raises
    ------
    FaultyInputError
        With every fault of the file of numbers.
    """
    rows = np.arange(len(fleet))
    if settings.available_path is not None:
        return _by_number(
            fleet, horizon, read_steps(settings.available_path, horizon, "vehicles", 0.0, "EVs"), settings
        )
    if settings.stays == "once":
        return fleet, rows
    always = np.full(len(fleet), settings.stays == "always")
    plug_in_h = horizon.wall_h(fleet.plug_in_h)  # the same hours of every day are hours on the wall
    length = horizon.wall_h(fleet.plug_out_h) - plug_in_h
    always |= length >= HOURS_PER_DAY - TOLERANCE_H  # day after day without a gap
    days = np.arange(-1, int(np.ceil(horizon.hours / HOURS_PER_DAY)) + 1)[:, None]
    begin_h = plug_in_h % HOURS_PER_DAY + days * HOURS_PER_DAY
    of_day = np.broadcast_to(~always, begin_h.shape)
    row = np.concatenate([rows[always], np.broadcast_to(rows, begin_h.shape)[of_day]])
    begin = np.concatenate([np.zeros(always.sum()), horizon.elapsed_h(begin_h)[of_day]])
    end = np.concatenate([np.full(always.sum(), horizon.hours), horizon.elapsed_h(begin_h + length)[of_day]])
    return _stays_of(fleet, row, begin, end), row


def _by_number(
    fleet: Fleet, horizon: Horizon, number: NDArray[np.float64], settings: ParticipationSettings
) -> tuple[Stays, NDArray[np.int64]]:
    """Return the stays of so many of the fleet's first EVs in each slot."""
    assert settings.available_path is not None
    if number.max() > len(fleet):
        found, expected = f"up to {number.max():g} EVs", f"at most the fleet's {len(fleet)}"
        raise FaultyInputError([Fault(settings.available_path.name, None, "vehicles", found, expected)])
    there = np.arange(len(fleet))[:, None] < np.floor(number + TOLERANCE_H)
    edge = np.diff(there.astype(np.int8), axis=1, prepend=0, append=0)
    row, first = np.nonzero(edge == 1)
    return _stays_of(fleet, row, horizon.edges_h[first], horizon.edges_h[np.nonzero(edge == -1)[1]]), row


def _stays_of(fleet: Fleet, row: NDArray[np.int64], begin_h: NDArray[np.float64], end_h: NDArray[np.float64]) -> Stays:
    return Stays(fleet.vehicle[row], begin_h, end_h, fleet.energy_kwh[row], fleet.capacity_kwh[row])


def _announced(stays: Stays, row: NDArray[np.int64], n_vehicles: int, horizon: Horizon) -> NDArray[np.bool_]:
    """Return which EVs are announced for the whole of which slots, shape ``(n_slots, n_vehicles)``."""
    first, stop = stays.usable_slots(horizon, whole=True)
    edges = np.zeros((horizon.n_slots + 1, n_vehicles), dtype=np.int32)
    np.add.at(edges, (first, row), 1)
    np.add.at(edges, (stop, row), -1)
    there: NDArray[np.bool_] = np.cumsum(edges[:-1], axis=0) > 0
    return there


def _parts(
    announced: NDArray[np.bool_], order: NDArray[np.int64], part: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the part of each slot that each EV is there, some of its stays being cut short."""
    there = announced.astype(np.float32)
    before = np.vstack([np.zeros_like(announced[:1]), announced[:-1]])
    after = np.vstack([announced[1:], np.zeros_like(announced[:1])])
    # Stay by stay, an EV's in the order of time, EVs in plug-in order: so the order of the rows changes nothing.
    place, first = np.nonzero((announced & ~before).T[order])
    row, last = order[place], np.nonzero((announced & ~after).T[order])[1]
    early, when = rng.random((2, first.size))
    for k in np.flatnonzero(early < part).tolist():
        slot = np.arange(first[k], last[k] + 1)
        there[slot, row[k]] = np.clip(when[k] * slot.size - np.arange(slot.size), 0.0, 1.0)
    return there


def first_soc(
    settings: ParticipationSettings, fleet: Fleet, soc_min: float, soc_max: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return the states of charge at the beginning, shape ``(n_vehicles,)``.

    Raises
    ------
    FaultyInputError
        If the fleet does not know its batteries.
    """
    drawn = settings.soc_start == "uniform"
    unknown = np.flatnonzero(np.isnan(fleet.capacity_kwh if drawn else fleet.capacity_kwh * fleet.soc_plug_in))
    if unknown.size:
        what = "capacity_kwh" if drawn else "capacity_kwh and soc_plug_in"
        found = f"unknown for {unknown.size} of {len(fleet)} EVs, {str(fleet.vehicle[unknown[0]])!r} the first"
        raise FaultyInputError([Fault("fleet", None, what, found, "known for every EV that gives power back")])
    if not drawn:
        return fleet.soc_plug_in
    soc = np.empty(len(fleet))
    soc[fleet.plug_in_order] = rng.uniform(
        soc_min, soc_max, len(fleet)
    )  # so that the order of the rows changes nothing
    return soc


def asked_soc(settings: ParticipationSettings, fleet: Fleet, soc_start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the state of charge that each EV asks for when it leaves, at most 1, shape ``(n_vehicles,)``.

    Parameters
    ----------
    settings
        A need that is the same for all, or none.
    fleet
        Energy that each stay asks for.
    soc_start
        State of charge before the first slot, shape ``(n_vehicles,)``. Where stays repeat, every one of an EV asks for the same
        level, for nobody drives.
    """
    if settings.soc_need is not None:
        return np.full(len(fleet), settings.soc_need)
    asked: NDArray[np.float64] = np.minimum(
        soc_start + fleet.energy_kwh / fleet.capacity_kwh, np.maximum(soc_start, 1.0)
    )
    return asked


@dataclass(frozen=True, eq=False)
class Departures:
    """How full EVs come and leave, and what they then lack; columns ``(n_vehicles,)``.

    Parameters
    ----------
    participation
        Slots in which each EV is at the grid.
    asked_soc
        State of charge that each asks for when it leaves.
    soc_max
        Ceiling: nobody is held to more.
    capacity_kwh
        Battery size.
    first, stop
        First slot of the first stay within the horizon, and the slot after its last; both -1 where an EV is never there.
    stays
        Number of stays within the horizon.
    soc_plug_in, soc_plug_out
        State of charge at the beginning and the end of that first stay; NaN where there is none.
    unserved_kwh
        What it lacked of what it asked for, summed over its departures, and the end of the horizon for an EV that is there.
    unserved_at_end_kwh
        The part of that which it lacks at the end of the horizon.
    missed_kwh
        The part of that which it lacked at departures, below the ceiling.
    """

    participation: Participation
    asked_soc: NDArray[np.float64]
    soc_max: float
    capacity_kwh: NDArray[np.float64]
    first: NDArray[np.int64]
    stop: NDArray[np.int64]
    stays: NDArray[np.int64]
    soc_plug_in: NDArray[np.float64]
    soc_plug_out: NDArray[np.float64]
    unserved_kwh: NDArray[np.float64]
    unserved_at_end_kwh: NDArray[np.float64]
    missed_kwh: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        participation: Participation,
        asked_soc: NDArray[np.float64],
        soc_max: float,
        capacity_kwh: NDArray[np.float64],
        soc_start: NDArray[np.float64],
    ) -> "Departures":
        """Return books in which nobody has left yet; an EV that is never there lacks from the beginning."""
        there, n = participation.announced, soc_start.size
        never = ~there.any(axis=0)
        first = np.where(never, -1, there.argmax(axis=0))
        gone = ~there & (np.arange(len(there))[:, None] > first)
        stop = np.where(never, -1, np.where(gone.any(axis=0), gone.argmax(axis=0), len(there)))
        stays = there[0].astype(np.int64) + (there[1:] & ~there[:-1]).sum(axis=0)
        lacks = np.where(never, _above_rounding((asked_soc - soc_start) * capacity_kwh), 0.0)
        nowhere = np.full(n, np.nan)
        return cls(
            participation, asked_soc, soc_max, capacity_kwh, first, stop, stays,
            nowhere, nowhere.copy(), lacks, np.zeros(n), np.zeros(n),
        )  # fmt: skip

    def enter(self, slot: int, before: NDArray[np.float64], after: NDArray[np.float64]) -> None:
        """Enter a slot: the states of charge of all EVs before and after it, shape ``(n_vehicles,)`` each."""
        begins, ends = self.first == slot, self.stop == slot + 1
        self.soc_plug_in[begins] = before[begins]
        self.soc_plug_out[ends] = after[ends]
        there, leaves = self.participation.announced, self.participation.leaving(slot)
        lacks_kwh = _above_rounding((self.asked_soc - after) * self.capacity_kwh)
        missed_kwh = _above_rounding((np.minimum(self.asked_soc, self.soc_max) - after) * self.capacity_kwh)
        self.unserved_kwh[leaves] += lacks_kwh[leaves]
        self.missed_kwh[leaves] += missed_kwh[leaves]
        if slot + 1 == len(there):
            self.unserved_at_end_kwh[there[slot]] = lacks_kwh[there[slot]]
            self.unserved_kwh[there[slot]] += lacks_kwh[there[slot]]


def _above_rounding(kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(kwh > ROUNDING_KWH, kwh, 0.0)
