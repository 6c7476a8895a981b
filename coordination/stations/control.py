"""What the control centre of stations does in a slot: forecasts, schedules, and answers what strikes.

Source: paper C, section 3: the optimiser's schedule of a short time, and around it the multi-stage trigger mechanism. How the
centre reaches its stations is not said here: through messages between agents, or right at the stations' columns.

Messages may get lost, so that the supply is held by an order of words. A station draws nothing before it has heard the release, the
last word of its slot; what storage is to give, it gives from the order or the alarm on that asks for it. The centre counts on a give
only where a plan or a receipt confirms it, finds the cut after that, and releases nobody who has not confirmed: whoever then
does not hear draws less than was counted with. Taps of a station that has confirmed no order may stand where any order since
the last confirmed one has put them; the centre counts with the losses of the worse end of that range.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coordination.stations.planner import SlotPlanner
from coordination.stations.problem import Decision
from coordination.stations.reports import Followed, Orders, Plans, Reports, Standing
from coordination.stations.track import Track
from coordination.stations.triggers import DUST_KW, TriggersSettings, emergency_kw, smoothing_kw
from environment.battery import Limits
from environment.grid.state import GridState
from environment.station_sites import Stations

MOST_STEPS: Final = 50
"""Of the search for what is to be taken away in a shortage; some ten are enough where a tenth is lost."""
ALIKE: Final = 1e-9
"""Hours whose forecasts differ by less than this part are as crowded."""


class Below(Protocol):
    """The stations and the substations of their regions, as the control centre reaches them."""

    may_lose: bool
    """Whether messages may get lost."""

    def open(self, calmer: NDArray[np.bool_]) -> tuple[Reports, NDArray[np.bool_]]:
        """Let all stations begin a slot; return their reports, and from whom one came, ``(m,)``; `calmer` as in `Yard.open`."""

    def follow(
        self, region: int, orders: Orders, room_kw: NDArray[np.float64], are_meant: NDArray[np.bool_]
    ) -> Followed:
        """Order what the stations of a region are to do, those who are meant, ``(k,)``; `room_kw` as in `Passing`."""

    def warn(self, give_kw: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Let storage of all stations give more [kW]; return who confirms it or has nothing to give, all of shape ``(m,)``."""

    def release(self, cut_kw: NDArray[np.float64], are_meant: NDArray[np.bool_]) -> None:
        """Release the schedule of the stations that are meant, their EVs' power less a cut [kW], all of shape ``(m,)``."""

    def serve(self) -> Standing:
        """Let all stations charge; return how they say that they stand."""


class Answer(NamedTuple):
    """What is done about a slot's schedule when the grid is seen under it.

    Parameters
    ----------
    drawn_kw, short_kw
        What was to be drawn from the grid above, and what of it is not supplied.
    shed_kw
        Base load that is left out at last.
    emergency_kw
        What the emergency level lets each storage give, shape ``(m,)``.
    give_kw, cut_kw
        What each storage gives in all, and what the EVs of each station are cut by, shape ``(m,)``.
    """

    drawn_kw: float
    short_kw: float
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
    planner
        Poses the problem of a slot, and finds its schedule.
    expected_kw
        Demand that is forecast, mean over each slot, shape ``(n_slots, m)``.
    triggers
        Triggers that are on, and what each goes by.
    track
        Takes what is scheduled and what fires; what stations came to is not the centre's to enter.
    low_v, high_v
        Lowest and highest voltage that the taps of each station may be set for, as far as the centre knows, shape ``(m,)``.
    """

    stations: Stations
    state: GridState
    planner: SlotPlanner
    expected_kw: NDArray[np.float64]
    triggers: TriggersSettings
    track: Track
    low_v: NDArray[np.float64]
    high_v: NDArray[np.float64]

    def run_slot(self, slot: int, below: Below, tell: Callable[[float], None] = lambda _: None) -> Standing:
        """Hear the stations, schedule them, answer what strikes, and let them charge; return what they say of it.

        Parameters
        ----------
        slot
            Number of the slot.
        below
            The stations.
        tell
            Told the part of all the run's searches that is done.
        """
        track, n_slots = self.track, self.state.horizon.n_slots
        reports, are_heard = below.open(self.calmer(slot))
        self._note(slot, "user", reports.shifted)
        stored_kw = self.stored_kw(slot, reports)
        self._note(slot, "time", stored_kw)
        problem = self.planner.pose(slot, reports, stored_kw)
        found = self.planner.find(problem, slot, lambda part: tell((slot + part) / n_slots))
        track.enter_search(slot, problem, found)
        plans, follow = self._order(slot, found.decision, stored_kw, reports, are_heard, below)
        reports = reports._replace(discharge_kw=np.where(follow, reports.discharge_kw, 0.0))
        self._set_taps(found.decision.voltage_v[0], follow)
        answer = self.answer(slot, problem.limits.voltage_min_v, reports, plans)
        self._note(slot, "emergency", answer.emergency_kw)
        if answer.give_kw.any():
            confirm = below.warn(answer.give_kw)
            if not confirm.all():
                follow &= confirm
                answer = self.answer_without(slot, confirm, answer, reports, plans)
        track.enter_supply(slot, answer.drawn_kw, answer.short_kw, float(answer.give_kw.sum()), answer.shed_kw)
        below.release(answer.cut_kw, follow)
        return below.serve()

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
        reports: Reports,
        are_heard: NDArray[np.bool_],
        below: Below,
    ) -> tuple[Plans, NDArray[np.bool_]]:
        """Hand the schedule down, region by region; return what stations plan, and who does, all of shape ``(m,)``.

        What one region has passed on takes room from the next on lines that they share. Of a give that nobody has confirmed yet
        there is no room.
        """
        orders = Orders(decision.voltage_v[0], decision.time_h[0], decision.capacity_kw[0], stored_kw)
        storage_kw = np.maximum(stored_kw, 0.0) if below.may_lose else stored_kw.copy()
        power_kw, follow = np.minimum(reports.wanted_kwh / orders.time_h, orders.capacity_kw), are_heard.copy()
        drawn_kw = power_kw + storage_kw - reports.lent_kw
        for number, name in enumerate(self.stations.region_names):
            rows = self.stations.rows_of(number)
            room_kw = self.state.room_kw(slot, drawn_kw)
            passed_kw, plans, follow[rows] = below.follow(number, orders.take(rows), room_kw, are_heard[rows])
            power_kw[rows], storage_kw[rows] = plans
            drawn_kw[rows] = power_kw[rows] + storage_kw[rows] - reports.lent_kw[rows]
            self.track.passed_kw[slot, number] = passed_kw
            if passed_kw > DUST_KW:
                self.track.fired.append((slot, "region", name, passed_kw))
        return Plans(power_kw, storage_kw), follow

    def _set_taps(self, ordered_v: NDArray[np.float64], follow: NDArray[np.bool_]) -> None:
        """Note where taps stand once orders are out: as ordered where that is confirmed, else there or where they were."""
        self.low_v[:] = np.where(follow, ordered_v, np.minimum(self.low_v, ordered_v))
        self.high_v[:] = np.where(follow, ordered_v, np.maximum(self.high_v, ordered_v))

    def _seen(self, slot: int, site_kw: NDArray[np.float64], shed_kw: float = 0.0) -> tuple[NDArray[np.float64], float]:
        """Return voltages of the stations' nodes, ``(m,)``, and what the feeder draws [kW] where stations draw `site_kw`, ``(m,)``.

        Where taps may stand higher than the lowest voltage, and the feeder then draws more, that counts: of each alone, or of all
        such together where that is more.
        """
        seen_v, least_kw = self.state.measure(slot, self.low_v, site_kw, shed_kw)
        drawn_kw, worse_v = least_kw, self.low_v.copy()
        for row in np.flatnonzero(self.low_v < self.high_v).tolist():
            voltage_v = self.low_v.copy()
            voltage_v[row] = self.high_v[row]
            more_kw = self.state.measure(slot, voltage_v, site_kw, shed_kw)[1] - least_kw
            if more_kw > 0:
                drawn_kw, worse_v[row] = drawn_kw + more_kw, self.high_v[row]
        if drawn_kw > least_kw:
            drawn_kw = max(drawn_kw, self.state.measure(slot, worse_v, site_kw, shed_kw)[1])
        return seen_v, drawn_kw

    def answer(self, slot: int, least_v: float, reports: Reports, plans: Plans) -> Answer:
        """Return what is done about a slot's schedule: where voltage or supply is struck, storage is switched on.

        What is not supplied is taken away with every trigger off too: storage stops charging, then EVs are cut, then base load.

        Parameters
        ----------
        slot
            Number of the slot.
        least_v
            Voltage that each station's node is to have.
        reports, plans
            What all stations reported, and what they plan under the schedule.
        """
        power_kw, storage_kw = plans
        seen_v, drawn_kw = self._seen(slot, power_kw + storage_kw - reports.lent_kw)
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
            part, shed_kw = self._withheld(slot, power_kw, beside_kw, supply_kw)
            cut_kw = power_kw * part
        return Answer(drawn_kw, short_kw, shed_kw, emergency, give_kw, cut_kw)

    def answer_without(
        self, slot: int, confirm: NDArray[np.bool_], answer: Answer, reports: Reports, plans: Plans
    ) -> Answer:
        """Return an answer in which only the gives count that are confirmed, and nobody else draws anything.

        Parameters
        ----------
        slot
            Number of the slot.
        confirm
            Whether each station has confirmed what it is to give, shape ``(m,)``.
        answer
            What was to be done.
        reports, plans
            What all stations reported, and what they plan.
        """
        give_kw, power_kw = np.where(confirm, answer.give_kw, 0.0), np.where(confirm, plans.power_kw, 0.0)
        storage_kw = np.where(confirm, plans.storage_kw - give_kw, np.minimum(plans.storage_kw, 0.0))
        cut_kw, shed_kw = np.zeros_like(power_kw), 0.0
        if answer.short_kw > DUST_KW:
            supply_kw, beside_kw = answer.drawn_kw - answer.short_kw, storage_kw - reports.lent_kw
            part, shed_kw = self._withheld(slot, power_kw, beside_kw, supply_kw)
            cut_kw = power_kw * part
        return answer._replace(give_kw=give_kw, cut_kw=cut_kw, shed_kw=shed_kw)

    def _withheld(
        self,
        slot: int,
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
            _, drawn_kw = self._seen(slot, power * (1 - part) + beside, shed_kw)
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
