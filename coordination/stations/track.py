"""What happened at stations, slot by slot: columns that a run fills in."""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coordination.stations.problem import StationScheduling
from coordination.stations.search import Found
from coordination.stations.yard import Yard


@dataclass(eq=False)
class Track:
    """Columns of a run.

    Parameters
    ----------
    plugged, queued, shifted
        EVs that charged, that waited for a place or for power, and that were shifted, shape ``(n_slots, m)``.
    wanted_kwh, queued_kwh
        Energy that EVs that charged wanted, and that those that waited want, shape ``(n_slots, m)``.
    voltage_v, time_h, capacity_kw
        Voltage that taps were set for, charging time of the schedule, and power granted, shape ``(n_slots, m)``.
    power_kw, storage_kw, lent_kw
        Power that EVs drew while they charged, that storage drew (negative gives), and that shifted EVs lent, shape ``(n_slots, m)``.
    storage_soc
        State of charge of storage at the slot's end, shape ``(n_slots, m)``.
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
    queued_kwh: NDArray[np.float64]
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
            queued_kwh=np.zeros(shape),
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
        self.time_h[slot] = found.decision.time_h[0]
        self.problems.append(problem)
        self.found.append(found)

    def enter_supply(self, slot: int, drawn_kw: float, short_kw: float, given_kw: float, shed_kw: float) -> None:
        """Take what a slot was to draw from the grid above, and what was done where that was too much."""
        self.drawn_kw[slot], self.short_kw[slot] = drawn_kw, short_kw
        self.given_kw[slot], self.shed_kw[slot] = given_kw, shed_kw

    def enter_yard(self, slot: int, yard: Yard) -> None:
        """Take what stations came to in a slot that has been served; who had a place and did not charge waits on."""
        self.plugged[slot], self.shifted[slot] = yard.plugged, yard.shifted
        self.queued[slot] = yard.waiting - yard.shifted
        self.wanted_kwh[slot], self.queued_kwh[slot] = yard.wanted_kwh, yard.queued_kwh
        self.voltage_v[slot] = yard.voltage_v
        self.capacity_kw[slot], self.power_kw[slot], self.cut_kw[slot] = yard.granted_kw, yard.power_kw, yard.cut_kw
        self.storage_kw[slot], self.storage_soc[slot] = yard.storage_kw, yard.storage.soc
        self.lent_kw[slot] = yard.lent_kw
