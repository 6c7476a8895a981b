"""What happened at stations, slot by slot: columns that a run fills in."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coordination.stations.problem import Decision, StationScheduling
from coordination.stations.search import Found


@dataclass(eq=False)
class Track:
    """Columns of a run.

    Parameters
    ----------
    plugged, queued, shifted
        EVs that charged, that waited for a place or for power, and that were shifted, shape ``(n_slots, m)``.
    wanted_kwh
        What those that charged wanted.
    voltage_v, time_h, capacity_kw
        The schedule as it was carried out, shape ``(n_slots, m)``.
    power_kw, storage_kw, lent_kw
        What EVs drew while they charged, what storage drew (negative gives), and what shifted EVs lent.
    storage_soc
        State of charge of storage at the slot's end, likewise.
    passed_kw
        Power that was passed on in each region, shape ``(n_slots, n_regions)``.
    cut_kw
        What EVs were cut by for want of supply, shape ``(n_slots, m)``.
    drawn_kw, short_kw, given_kw, shed_kw
        What the schedule was to draw from the grid above, what of it was not supplied, what storage gave for that and for a voltage,
        and the base load that was left out at last, shape ``(n_slots,)``.
    problems, found
        The problem of each slot, and its schedule as it was found.
    fired
        ``(slot, trigger, station or region, amount)``: EVs shifted, else kW, whenever a trigger did something.
    """

    plugged: NDArray[np.int64]
    queued: NDArray[np.int64]
    shifted: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    voltage_v: NDArray[np.float64]
    time_h: NDArray[np.float64]
    capacity_kw: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]
    lent_kw: NDArray[np.float64]
    storage_soc: NDArray[np.float64]
    cut_kw: NDArray[np.float64]
    passed_kw: NDArray[np.float64]
    drawn_kw: NDArray[np.float64]
    short_kw: NDArray[np.float64]
    given_kw: NDArray[np.float64]
    shed_kw: NDArray[np.float64]
    problems: list[StationScheduling] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    fired: list[tuple[int, str, str, float]] = field(default_factory=list)

    @classmethod
    def empty(cls, n_slots: int, stations: int, regions: int) -> Self:
        """Return the columns of a run that has not begun."""
        shape = (n_slots, stations)
        return cls(
            plugged=np.zeros(shape, dtype=np.int64),
            queued=np.zeros(shape, dtype=np.int64),
            shifted=np.zeros(shape, dtype=np.int64),
            wanted_kwh=np.zeros(shape),
            voltage_v=np.zeros(shape),
            time_h=np.zeros(shape),
            capacity_kw=np.zeros(shape),
            power_kw=np.zeros(shape),
            storage_kw=np.zeros(shape),
            lent_kw=np.zeros(shape),
            storage_soc=np.zeros(shape),
            cut_kw=np.zeros(shape),
            passed_kw=np.zeros((n_slots, regions)),
            drawn_kw=np.zeros(n_slots),
            short_kw=np.zeros(n_slots),
            given_kw=np.zeros(n_slots),
            shed_kw=np.zeros(n_slots),
        )

    def enter_search(self, slot: int, problem: StationScheduling, found: Found) -> None:
        """Take a slot's problem and its schedule."""
        self.plugged[slot], self.queued[slot] = problem.plugged, problem.queued
        self.wanted_kwh[slot] = problem.wanted_kwh
        self.problems.append(problem)
        self.found.append(found)

    def enter_supply(self, slot: int, drawn_kw: float, short_kw: float, given_kw: float, shed_kw: float) -> None:
        """Take what a slot was to draw from the grid above, and what was done where that was too much."""
        self.drawn_kw[slot], self.short_kw[slot] = drawn_kw, short_kw
        self.given_kw[slot], self.shed_kw[slot] = given_kw, shed_kw

    def enter(
        self,
        slot: int,
        decision: Decision,
        capacity_kw: NDArray[np.float64],
        power_kw: NDArray[np.float64],
        storage_kw: NDArray[np.float64],
        lent_kw: NDArray[np.float64],
        storage_soc: NDArray[np.float64],
        cut_kw: NDArray[np.float64],
    ) -> None:
        """Take what a slot was in the end, each of shape ``(m,)``."""
        self.voltage_v[slot], self.time_h[slot] = decision.voltage_v[0], decision.time_h[0]
        self.capacity_kw[slot], self.power_kw[slot] = capacity_kw, power_kw
        self.storage_kw[slot], self.lent_kw[slot] = storage_kw, lent_kw
        self.storage_soc[slot], self.cut_kw[slot] = storage_soc, cut_kw

    def enter_served(self, slot: int, charged: NDArray[np.int64], wanted_kwh: NDArray[np.float64]) -> None:
        """Take who charged in the end, and what they wanted, each of shape ``(m,)``; the others with a place wait on."""
        self.queued[slot] += self.plugged[slot] - charged
        self.plugged[slot], self.wanted_kwh[slot] = charged, wanted_kwh
