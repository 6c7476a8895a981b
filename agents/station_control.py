"""The control centre of charging stations: forecasts, schedules every slot, and answers what strikes.

Source: paper C, section 3: the optimiser's schedule of a short time, and around it the multi-stage trigger mechanism.
"""

from collections.abc import Callable
from typing import Final, Protocol

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.control_center import ControlCenter
from agents.regional_substation import RegionalSubstation
from coordination.stations.problem import Decision, StationScheduling
from coordination.stations.search import Found
from coordination.stations.track import Track
from coordination.stations.triggers import DUST_KW, TriggersSettings, emergency_kw, smoothing_kw
from environment.battery import Limits
from environment.channel import Channel
from environment.messages import Hop
from environment.station_messages import Order, RegionOrder, StationReport

MOST_STEPS: Final = 50
"""Of the search for what is to be taken away in a shortage; some ten are enough where a tenth is lost."""
ALIKE: Final = 1e-9
"""Hours whose forecasts differ by less than this part are as crowded."""


class Grid(Protocol):
    """What the control centre sees of the grid, and who poses a slot's problem."""

    def pose(self, slot: int, reports: list[StationReport], storage_kw: NDArray[np.float64]) -> StationScheduling:
        """Pose the problem of a slot for stations' reports and what storage draws [kW], shape ``(m,)``."""

    def room_kw(self, slot: int, power_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each branch could carry beyond base load and what stations draw, ``(n_branches,)``; infinite if unknown."""

    def measure(
        self, slot: int, voltage_v: NDArray[np.float64], power_kw: NDArray[np.float64], shed_kw: float = 0.0
    ) -> tuple[NDArray[np.float64], float]:
        """Return nodes' voltages [V], ``(m,)``, and what is drawn from above [kW], so much base load left out."""

    def supply_kw(self, slot: int, drawn_kw: float) -> float:
        """Return the most that the grid above supplies in a slot in which so much would be drawn."""

    def base_kw(self, slot: int) -> float:
        """Return the base load of the whole feeder."""


class StationControl(ControlCenter):
    """The top of the tree, with a substation a region below it.

    Parameters
    ----------
    model
        The Mesa model.
    channel
        Carries every message.
    substations
        The regions.
    find
        Finds the schedule of a slot's problem.
    grid
        What it can see of the grid, and who poses a slot's problem.
    expected_kw
        Demand that is forecast, mean over each slot, shape ``(n_slots, m)``.
    slot_h
        Slot length.
    triggers
        Which are on.
    track
        Takes what happens.
    """

    def __init__(
        self,
        model: mesa.Model,
        channel: Channel,
        substations: list[RegionalSubstation],
        find: Callable[[StationScheduling, int], Found],
        grid: Grid,
        expected_kw: NDArray[np.float64],
        slot_h: float,
        triggers: TriggersSettings,
        track: Track,
    ) -> None:
        super().__init__(model, channel, [])
        self.regions = substations
        self.find = find
        self.grid = grid
        self.expected_kw = expected_kw
        self.slot_h = slot_h
        self.triggers = triggers
        self.track = track
        self._stations = [station for region in substations for station in region.stations]
        self._stations.sort(key=lambda station: station.row)

    def run_slot(self, slot: int) -> None:
        """Hear the stations, schedule them, answer what strikes, and let them charge."""
        reports = self._gather(slot)
        lent = np.array([report.lent_kw for report in reports])
        storage = self._storage_ahead(slot, reports)
        problem = self.grid.pose(slot, reports, storage)
        found = self.find(problem, slot)
        self.track.enter_search(slot, problem, found)
        self._order(slot, found.decision, storage, lent)
        self._answer(slot, found.decision.voltage_v[0], lent, problem.limits.voltage_min_v, reports)
        for region in self.regions:
            self.channel.send(region.serve(slot), region, self, hop=Hop.UPPER)
        self._remember(slot, found.decision, lent)

    def _gather(self, slot: int) -> list[StationReport]:
        """Return the reports of all stations, in the order of their rows."""
        ahead = self.expected_kw[slot + 1 : slot + 1 + self.triggers.shift_slots]
        least = ahead.min(axis=0) if len(ahead) else np.full(self.expected_kw.shape[1], np.inf)
        calmer = least < self.expected_kw[slot] * (1 - ALIKE)
        by_row: dict[int, StationReport] = {}
        for region in self.regions:
            report = self.channel.send(region.open(slot, calmer), region, self)
            by_row.update(zip(region.rows.tolist(), report.stations, strict=True))
        shifted = [station.shifted for station in self._stations]
        self.track.shifted[slot] = shifted
        self._note(slot, "user", [float(count) for count in shifted])
        return [by_row[row] for row in range(len(by_row))]

    def _storage_ahead(self, slot: int, reports: list[StationReport]) -> NDArray[np.float64]:
        """Return what storage draws for the forecast's sake [kW]: nothing where the time level is off."""
        if not self.triggers.time:
            return np.zeros(len(reports))
        forecast = self.expected_kw[slot : slot + self.triggers.horizon_slots].copy()
        forecast[0] = [report.wanted_kwh / self.slot_h for report in reports]
        limits = Limits(
            np.array([report.charge_kw for report in reports]), np.array([report.discharge_kw for report in reports])
        )
        storage = smoothing_kw(forecast, limits)
        self._note(slot, "time", storage.tolist())
        return storage

    def _order(self, slot: int, decision: Decision, storage: NDArray[np.float64], lent: NDArray[np.float64]) -> None:
        """Hand the schedule down, region by region; what one has passed on takes room from the next on lines that they share."""
        wanted_kw = self.track.wanted_kwh[slot] / decision.time_h[0]
        drawn = np.minimum(wanted_kw, decision.capacity_kw[0]) + storage - lent
        for number, region in enumerate(self.regions):
            orders = tuple(_order_of(decision, row, storage) for row in region.rows.tolist())
            region.follow(self.channel.send(RegionOrder(orders, self.grid.room_kw(slot, drawn)), self, region))
            drawn[region.rows] = [station.power_kw + station.storage_kw for station in region.stations]
            drawn[region.rows] -= lent[region.rows]
            self.track.passed_kw[slot, number] = region.passed_kw
            if region.passed_kw > DUST_KW:
                self.track.fired.append((slot, "region", region.name, region.passed_kw))

    def _answer(
        self,
        slot: int,
        voltage_v: NDArray[np.float64],
        lent: NDArray[np.float64],
        least_v: float,
        reports: list[StationReport],
    ) -> None:
        """See what the schedule does to the grid; where it is struck, switch storage on.

        What is not supplied is taken away with every trigger off too: storage stops charging, then EVs are cut, then base load.
        """
        power, storage = self._now()
        seen_v, drawn_kw = self.grid.measure(slot, voltage_v, power + storage - lent)
        supply_kw = self.grid.supply_kw(slot, drawn_kw)
        short_kw, under = max(drawn_kw - supply_kw, 0.0), seen_v < least_v
        is_short = short_kw > DUST_KW
        give = np.maximum(storage, 0.0) if is_short else np.zeros_like(power)
        if self.triggers.emergency and (under.any() or is_short):
            spare = np.maximum(np.array([report.discharge_kw for report in reports]) + storage - give, 0.0)
            answer = emergency_kw(short_kw - float(give.sum()), spare, under)
            self._note(slot, "emergency", answer.tolist())
            give = give + answer
        cut, shed_kw = np.zeros_like(power), 0.0
        if is_short:
            part, shed_kw = self._withheld(slot, voltage_v, power, storage - give - lent, supply_kw)
            cut = power * part
        self.track.enter_supply(slot, drawn_kw, short_kw, float(give.sum()), shed_kw)
        if give.any() or cut.any():
            for region in self.regions:
                region.warn(give, cut)

    def _withheld(
        self,
        slot: int,
        voltage_v: NDArray[np.float64],
        power: NDArray[np.float64],
        beside: NDArray[np.float64],
        supply_kw: float,
    ) -> tuple[float, float]:
        """Return which part of the EVs' power is cut, and how much base load is left out [kW], so that the supply is enough.

        Losses fall with what is drawn, so less is taken away than is short.
        """
        evs_kw = float(power.sum())
        most_kw, less_kw = evs_kw + self.grid.base_kw(slot), 0.0
        part = shed_kw = 0.0
        for _ in range(MOST_STEPS):  # each is nearer by the part that is lost of one kW more
            part = min(less_kw / evs_kw, 1.0) if evs_kw > DUST_KW else 0.0
            shed_kw = max(less_kw - evs_kw, 0.0)
            _, drawn_kw = self.grid.measure(slot, voltage_v, power * (1 - part) + beside, shed_kw)
            over_kw = drawn_kw - supply_kw
            before_kw, less_kw = less_kw, min(max(less_kw + over_kw, 0.0), most_kw)
            if abs(less_kw - before_kw) <= DUST_KW:
                break
        return part, shed_kw

    def _now(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        power = np.array([station.power_kw for station in self._stations])
        return power, np.array([station.storage_kw for station in self._stations])

    def _remember(self, slot: int, decision: Decision, lent: NDArray[np.float64]) -> None:
        power, storage = self._now()
        capacity = np.array([station.granted_kw for station in self._stations])
        soc = np.array([station.storage_soc for station in self._stations])
        cut = np.array([station.cut_kw for station in self._stations])
        self.track.enter(slot, decision, capacity, power, storage, lent, soc, cut)
        charged = np.array([len(station.plugged) for station in self._stations])
        self.track.enter_served(slot, charged, np.array([station.wanted_kwh for station in self._stations]))

    def _note(self, slot: int, trigger: str, amounts: list[float]) -> None:
        """Remember at which stations a trigger fired, and how strongly."""
        self.track.fired += [
            (slot, trigger, station.name, amount)
            for station, amount in zip(self._stations, amounts, strict=True)
            if abs(amount) > DUST_KW
        ]


def _order_of(decision: Decision, row: int, storage_kw: NDArray[np.float64]) -> Order:
    voltage_v, time_h, capacity_kw = (float(column[0, row]) for column in decision)
    return Order(voltage_v, time_h, capacity_kw, float(storage_kw[row]))
