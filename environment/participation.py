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
    """"daily": the fleet's stays on every day; "once": as they are; "always": all EVs in all slots."""

    available_path: Path | None = None
    """CSV file with the number of EVs at the grid, `hour,vehicles` (or `slot`, `time`); the fleet's first so many are there,
    in place of `stays`."""

    soc_start: Literal["uniform", "fleet"] = "uniform"
    """States of charge at the beginning: drawn evenly between floor and ceiling, or the fleet's own."""

    leave_early: float = Field(default=0.0, ge=0, le=1)
    """Part of the stays of a day that end unannounced at a random moment before their end."""


@dataclass(frozen=True, eq=False)
class Participation:
    """When EVs are at the grid.

    Parameters
    ----------
    announced
        Whether an EV means to be there, for the whole slot, shape ``(n_slots, n_vehicles)``.
    hours
        How long it then is there [h], shape ``(n_slots, n_vehicles)``; None: as announced.
    """

    announced: NDArray[np.bool_]
    hours: NDArray[np.float32] | None

    @property
    def available(self) -> NDArray[np.float64]:
        """EVs that mean to be there in each slot, N(t), shape ``(n_slots,)``."""
        return self.announced.sum(axis=1).astype(np.float64)

    def hours_of(self, slot: int, rows: NDArray[np.int64], slot_h: float) -> NDArray[np.float64]:
        """Return how long some EVs that announced themselves are there in a slot [h]."""
        if self.hours is None:
            return np.full(rows.size, slot_h)
        hours: NDArray[np.float64] = self.hours[slot, rows].astype(np.float64)
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
        return cls(announced, _hours(announced, settings.leave_early, horizon, rng))


def _announced(settings: ParticipationSettings, fleet: Fleet, horizon: Horizon) -> NDArray[np.bool_]:
    n, slots = len(fleet), horizon.n_slots
    if settings.available_path is not None:
        number = read_steps(settings.available_path, horizon, "vehicles")
        if number.max() > n:
            found = f"up to {number.max():g} EVs"
            raise FaultyInputError([
                Fault(settings.available_path.name, None, "vehicles", found, f"at most the fleet's {n}")
            ])  # fmt: skip
        return np.arange(n) < np.floor(number + TOLERANCE_H)[:, None]
    if settings.stays == "always":
        return np.ones((slots, n), dtype=np.bool_)
    start, end = horizon.edges_h[:-1, None], horizon.edges_h[1:, None]
    there = np.zeros((slots, n), dtype=np.bool_)
    days = range(-1, int(np.ceil(horizon.hours / HOURS_PER_DAY))) if settings.stays == "daily" else (0,)
    for day in days:
        plug_in = fleet.plug_in_h + day * HOURS_PER_DAY - TOLERANCE_H
        plug_out = fleet.plug_out_h + day * HOURS_PER_DAY + TOLERANCE_H
        there |= (plug_in <= start) & (end <= plug_out)
    return there


def _hours(
    announced: NDArray[np.bool_], part: float, horizon: Horizon, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return how long each EV is there in each slot, some of its stays being cut short [h]."""
    slots = len(announced)
    hours = np.where(announced, np.float32(horizon.slot_h), np.float32(0))
    before = np.vstack([np.zeros_like(announced[:1]), announced[:-1]])
    for first, row in zip(*np.nonzero(announced & ~before), strict=True):
        early, when = rng.random(2)
        if early >= part:
            continue
        gone = np.flatnonzero(~announced[first:, row])
        length = int(gone[0]) if gone.size else slots - int(first)
        spent = np.clip(when * length - np.arange(length), 0.0, 1.0)
        hours[first : first + length, row] = spent * horizon.slot_h
    return hours


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
    return rng.uniform(soc_min, soc_max, len(fleet)) if drawn else fleet.soc_plug_in
