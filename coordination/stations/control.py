"""What the control centre of stations does in a slot: forecasts, schedules, and answers what strikes.

Source: paper C, section 3: the optimiser's schedule of a short time, and around it the multi-stage trigger mechanism. How the
centre reaches its stations is not said here: through messages between agents, or right at the stations' columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coordination.stations.problem import Decision, StationScheduling
from coordination.stations.reports import Orders, Reports, Standing
from coordination.stations.search import Found
from coordination.stations.track import Track
from coordination.stations.triggers import DUST_KW, TriggersSettings, emergency_kw, passed_on, smoothing_kw
from environment.battery import Limits
from environment.grid.state import GridState
from environment.station_sites import Stations, StationsSettings

MOST_STEPS: Final = 50
"""Of the search for what is to be taken away in a shortage; some ten are enough where a tenth is lost."""
ALIKE: Final = 1e-9
"""Hours whose forecasts differ by less than this part are as crowded."""


class Followed(NamedTuple):
    """What a region's stations draw under their schedule, shape ``(k,)``.

    Parameters
    ----------
    passed_kw
        Power that they passed on among them.
    power_kw, storage_kw
        What EVs of each draw while they charge, and what its storage draws.
    """

    passed_kw: float
    power_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]


class Below(Protocol):
    """The stations and the substations of their regions, as the control centre reaches them."""

    def open(self, slot: int, calmer: NDArray[np.bool_]) -> tuple[Reports, NDArray[np.int64]]:
        """Let all stations begin a slot; return what they report and how many visits they shift, ``(m,)``; `calmer` as in `Yard.open`."""

    def follow(self, region: int, orders: Orders, room_kw: NDArray[np.float64]) -> Followed:
        """Give a region's stations their schedule; `room_kw` is that of each branch, see `pass_orders`."""

    def warn(self, give_kw: NDArray[np.float64], cut_kw: NDArray[np.float64]) -> None:
        """Let storage of all stations give more, and their EVs draw less [kW], both of shape ``(m,)``."""

    def serve(self, slot: int) -> Standing:
        """Let all stations charge; return how they stand after it."""


class Answer(NamedTuple):
    """What is done about a slot's schedule when the grid is seen under it.

    Parameters
    ----------
    drawn_kw, short_kw
        What was to be drawn from the grid above, and what of it is not supplied.
    given_kw
        What storage gives for that.
    shed_kw
        Base load that is left out at last.
    emergency_kw
        What the emergency level lets each storage give, shape ``(m,)``.
    give_kw, cut_kw
        What each storage gives in all, and what the EVs of each station are cut by, shape ``(m,)``.
    """

    drawn_kw: float
    short_kw: float
    given_kw: float
    shed_kw: float
    emergency_kw: NDArray[np.float64]
    give_kw: NDArray[np.float64]
    cut_kw: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Control:
    """The control centre's rules for all stations, m of them.

    Parameters
    ----------
    stations
        Where they are.
    state
        The feeder as it is seen.
    pose
        Poses the problem of a slot for what stations report and what storage draws [kW], shape ``(m,)``.
    find
        Finds the schedule of a slot's problem.
    expected_kw
        Demand that is forecast, mean over each slot, shape ``(n_slots, m)``.
    triggers
        Triggers that are on, and what each goes by.
    track
        Takes what happens.
    """

    stations: Stations
    state: GridState
    pose: Callable[[int, Reports, NDArray[np.float64]], StationScheduling]
    find: Callable[[StationScheduling, int], Found]
    expected_kw: NDArray[np.float64]
    triggers: TriggersSettings
    track: Track

    def run_slot(self, slot: int, below: Below) -> None:
        """Hear the stations, schedule them, answer what strikes, and let them charge."""
        track = self.track
        reports, track.shifted[slot] = below.open(slot, self.calmer(slot))
        self._note(slot, "user", track.shifted[slot])
        stored_kw = self.stored_kw(slot, reports)
        self._note(slot, "time", stored_kw)
        problem = self.pose(slot, reports, stored_kw)
        found = self.find(problem, slot)
        decision, lent_kw = found.decision, reports.lent_kw
        track.enter_search(slot, problem, found)
        power_kw, storage_kw = self._order(slot, decision, stored_kw, lent_kw, below)
        voltage_v, least_v = decision.voltage_v[0], problem.limits.voltage_min_v
        answer = self.answer(slot, voltage_v, least_v, reports, power_kw, storage_kw)
        self._note(slot, "emergency", answer.emergency_kw)
        track.enter_supply(slot, answer.drawn_kw, answer.short_kw, answer.given_kw, answer.shed_kw)
        if answer.give_kw.any() or answer.cut_kw.any():
            below.warn(answer.give_kw, answer.cut_kw)
        now = below.serve(slot)
        track.enter(slot, decision, now.granted_kw, now.power_kw, now.storage_kw, lent_kw, now.storage_soc, now.cut_kw)
        track.enter_served(slot, now.plugged, now.wanted_kwh)

    def calmer(self, slot: int) -> NDArray[np.bool_]:
        """Return where less is forecast for one of the slots that users may be shifted to, shape ``(m,)``."""
        ahead = self.expected_kw[slot + 1 : slot + 1 + self.triggers.shift_slots]
        least = ahead.min(axis=0) if len(ahead) else np.full(self.expected_kw.shape[1], np.inf)
        calmer: NDArray[np.bool_] = least < self.expected_kw[slot] * (1 - ALIKE)
        return calmer

    def stored_kw(self, slot: int, reports: Reports) -> NDArray[np.float64]:
        """Return what storage draws for the forecast's sake, shape ``(m,)``: nothing where the time level is off."""
        if not self.triggers.time:
            return np.zeros(len(self.stations))
        forecast = self.expected_kw[slot : slot + self.triggers.horizon_slots].copy()
        forecast[0] = reports.wanted_kwh / self.state.horizon.slot_h
        return smoothing_kw(forecast, Limits(reports.charge_kw, reports.discharge_kw))

    def _order(
        self,
        slot: int,
        decision: Decision,
        stored_kw: NDArray[np.float64],
        lent_kw: NDArray[np.float64],
        below: Below,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Hand the schedule down, region by region; return what EVs and storage of each station then draw, both ``(m,)``.

        What one region has passed on takes room from the next on lines that they share.
        """
        orders = Orders(decision.voltage_v[0], decision.time_h[0], decision.capacity_kw[0], stored_kw)
        storage_kw = stored_kw.copy()
        power_kw = np.minimum(self.track.wanted_kwh[slot] / orders.time_h, orders.capacity_kw)
        drawn_kw = power_kw + storage_kw - lent_kw
        for number, name in enumerate(self.stations.region_names):
            rows = self.stations.rows_of(number)
            followed = below.follow(number, orders.take(rows), self.state.room_kw(slot, drawn_kw))
            power_kw[rows], storage_kw[rows] = followed.power_kw, followed.storage_kw
            drawn_kw[rows] = power_kw[rows] + storage_kw[rows] - lent_kw[rows]
            self.track.passed_kw[slot, number] = followed.passed_kw
            if followed.passed_kw > DUST_KW:
                self.track.fired.append((slot, "region", name, followed.passed_kw))
        return power_kw, storage_kw

    def answer(
        self,
        slot: int,
        voltage_v: NDArray[np.float64],
        least_v: float,
        reports: Reports,
        power_kw: NDArray[np.float64],
        storage_kw: NDArray[np.float64],
    ) -> Answer:
        """Return what is done about a slot's schedule: where voltage or supply is struck, storage is switched on.

        What is not supplied is taken away with every trigger off too: storage stops charging, then EVs are cut, then base load.

        Parameters
        ----------
        slot
            Number of the slot.
        voltage_v
            What the taps of each station are set for, shape ``(m,)``.
        least_v
            Voltage that each station's node is to have.
        reports
            What all stations reported.
        power_kw, storage_kw
            What EVs and storage of each draw under the schedule, shape ``(m,)``.
        """
        seen_v, drawn_kw = self.state.measure(slot, voltage_v, power_kw + storage_kw - reports.lent_kw)
        supply_kw = self.state.supply_kw(slot, drawn_kw)
        short_kw, under = max(drawn_kw - supply_kw, 0.0), seen_v < least_v
        is_short = short_kw > DUST_KW
        give_kw = np.maximum(storage_kw, 0.0) if is_short else np.zeros_like(power_kw)
        emergency, cut_kw, shed_kw = np.zeros_like(power_kw), np.zeros_like(power_kw), 0.0
        if self.triggers.emergency and (under.any() or is_short):
            spare_kw = np.maximum(reports.discharge_kw + storage_kw - give_kw, 0.0)
            emergency = emergency_kw(short_kw - float(give_kw.sum()), spare_kw, under)
            give_kw = give_kw + emergency
        if is_short:
            beside_kw = storage_kw - give_kw - reports.lent_kw
            part, shed_kw = self._withheld(slot, voltage_v, power_kw, beside_kw, supply_kw)
            cut_kw = power_kw * part
        return Answer(drawn_kw, short_kw, float(give_kw.sum()), shed_kw, emergency, give_kw, cut_kw)

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
        most_kw, less_kw = evs_kw + float(self.state.base_kw[slot]), 0.0
        part = shed_kw = 0.0
        for _ in range(MOST_STEPS):  # each is nearer by the part that is lost of one kW more
            part = min(less_kw / evs_kw, 1.0) if evs_kw > DUST_KW else 0.0
            shed_kw = max(less_kw - evs_kw, 0.0)
            _, drawn_kw = self.state.measure(slot, voltage_v, power * (1 - part) + beside, shed_kw)
            over_kw = drawn_kw - supply_kw
            before_kw, less_kw = less_kw, min(max(less_kw + over_kw, 0.0), most_kw)
            if abs(less_kw - before_kw) <= DUST_KW:
                break
        return part, shed_kw

    def _note(self, slot: int, trigger: str, amounts: NDArray[np.float64] | NDArray[np.int64]) -> None:
        """Remember at which stations a trigger fired, and how strongly."""
        names = self.stations.names
        self.track.fired += [
            (slot, trigger, names[row], float(amounts[row]))
            for row in np.flatnonzero(np.abs(amounts) > DUST_KW).tolist()
        ]


def pass_orders(
    orders: Orders,
    reports: Reports,
    room_kw: NDArray[np.float64],
    above: NDArray[np.bool_],
    settings: StationsSettings,
) -> tuple[Orders, float]:
    """Return the orders of a region's stations once they have passed power on, and how much they did [kW] (region level).

    Parameters
    ----------
    orders, reports
        What they are ordered and what they reported, columns of shape ``(k,)``.
    room_kw, above
        Room of each branch, and whether it feeds a station: see `passed_on`.
    settings
        Limits of the power granted.
    """
    passed = passed_on(
        orders.capacity_kw,
        reports.wanted_kwh / orders.time_h,
        np.maximum(reports.discharge_kw + orders.storage_kw, 0.0),
        least_kw=settings.capacity_min_kw,
        most_kw=settings.capacity_max_kw,
        room_kw=room_kw,
        above=above,
    )
    passed_kw = float(np.maximum(passed.capacity_kw - orders.capacity_kw, 0.0).sum())
    if passed_kw <= DUST_KW:
        return orders, passed_kw
    return orders._replace(capacity_kw=passed.capacity_kw, storage_kw=orders.storage_kw + passed.storage_kw), passed_kw
