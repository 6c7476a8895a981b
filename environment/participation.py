"""Who is at the grid in which slot, with how full a battery: the fleet as a store.

Source: paper B, sections 2.1 and 4.1: N(t) of 300 EVs; its shape (Fig 2) and the states of charge are lost [default].
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.faults import Fault, FaultyInputError
from environment.fleets.fleet import TOLERANCE_H, Fleet
from environment.horizon import Horizon
from environment.settings import Settings
from environment.steps import read_steps

HOURS_PER_DAY = 24.0


class ParticipationSettings(Settings):
    """When EVs of a fleet that also gives power back are at the grid, and how full they begin."""

    stays: Literal["daily", "once", "always"] = "daily"
    """"daily": the fleet's stays at the same hours of every day; "once": as they are; "always": all EVs in all slots."""

    available_path: Path | None = None
    """CSV file with the number of EVs at the grid, `hour,vehicles` (or `slot`, `time`); the fleet's first so many are there,
    in place of `stays`."""

    soc_start: Literal["uniform", "fleet"] = "uniform"
    """States of charge at the beginning: drawn evenly between floor and ceiling, or the fleet's own."""

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
        announced = _announced(settings, fleet, horizon)
        if settings.leave_early == 0:
            return cls(announced, None)
        return cls(announced, _parts(announced, fleet.plug_in_order, settings.leave_early, rng))


def _announced(settings: ParticipationSettings, fleet: Fleet, horizon: Horizon) -> NDArray[np.bool_]:
    n, slots = len(fleet), horizon.n_slots
    if settings.available_path is not None:
        number = read_steps(settings.available_path, horizon, "vehicles", 0.0, "EVs")
        if number.max() > n:
            found = f"up to {number.max():g} EVs"
            raise FaultyInputError([
                Fault(settings.available_path.name, None, "vehicles", found, f"at most the fleet's {n}")
            ])  # fmt: skip
        return np.arange(n) < np.floor(number + TOLERANCE_H)[:, None]
    if settings.stays == "always":
        return np.ones((slots, n), dtype=np.bool_)
    start, end = horizon.edges_h[:-1, None], horizon.edges_h[1:, None]
    if settings.stays == "once":
        return _stay(fleet.plug_in_h, fleet.plug_out_h, start, end)
    length = fleet.plug_out_h - fleet.plug_in_h
    there = np.zeros((slots, n), dtype=np.bool_)
    there |= length >= HOURS_PER_DAY - TOLERANCE_H  # day after day without a gap
    first = fleet.plug_in_h % HOURS_PER_DAY
    for day in range(-1, int(np.ceil(horizon.hours / HOURS_PER_DAY))):
        there |= _stay(first + day * HOURS_PER_DAY, first + day * HOURS_PER_DAY + length, start, end)
    return there


def _stay(
    plug_in_h: NDArray[np.float64],
    plug_out_h: NDArray[np.float64],
    start_h: NDArray[np.float64],
    end_h: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return whether slots lie wholly in stays, shapes ``(n_vehicles,)`` and ``(n_slots, 1)`` to both."""
    within: NDArray[np.bool_] = (plug_in_h - TOLERANCE_H <= start_h) & (end_h <= plug_out_h + TOLERANCE_H)
    return within


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
