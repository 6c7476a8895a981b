"""The aggregator: finds the fleet's signal a day ahead, shares it slot by slot among its EVs, and hears what they did of it.

All that it decides by has come in a message, or stands at the transformers' meters. It keeps the limits of the transformers above it, all
of them together, and lets EVs that must charge for their needs do so first.

Messages between it and its EVs may get lost. Limits hold all the same: what it lets EVs charge in a slot fits into the transformers' room
without what it has others give back, and the other way round (`coordination.peak_shaving.dispatch`), so that whoever misses a set-point
takes nobody beyond a limit; and who goes by the safe rule takes only what is left.

Source: paper B, Fig 1 and section 3: dynamic grouping, power shared in two layers.
"""

from typing import NamedTuple

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from agents.v2g_ev import V2GEV, V2GColumns
from coordination.peak_shaving.dispatch import Dispatch, Dispatcher
from coordination.peak_shaving.needs import Needs
from coordination.peak_shaving.posing import Enrolled, Posing
from coordination.peak_shaving.power_sharing import GroupingSettings
from coordination.peak_shaving.problem import PeakShaving
from coordination.peak_shaving.search import Found
from environment.battery import Limits
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.messages import Forecast
from environment.tariffs import Tariff
from environment.v2g_messages import Condition, Enrolment, LeastSoc, Prices, Setpoint, Tracking


class Led(NamedTuple):
    """How the fleet was led in a slot.

    Parameters
    ----------
    signal_kw
        Signal of the fleet [kW].
    rows
        Rows of the EVs that were heard in time, shape ``(n,)``.
    dispatch
        What each of them was asked to do, and its group.
    answered
        Whether each answered its set-point in time, shape ``(n,)``.
    """

    signal_kw: float
    rows: NDArray[np.int64]
    dispatch: Dispatch
    answered: NDArray[np.bool_]


class Aggregator(FixedAgent):  # type: ignore[misc]
    """One aggregator and its EVs.

    Parameters
    ----------
    model
        The Mesa model; it is told how far the search for the signal is.
    name
        Node of the aggregator.
    channel, channel_faults
        What carries every message, and what can happen to those between the aggregator and its EVs; None: nothing.
    columns
        Columns of its EVs.
    posing
        How the fleet's problem is posed and solved.
    grouping
        How the signal is shared among groups and EVs.
    room_kw
        Least and most power that the transformers leave the fleet in each slot, for the load as it comes [kW], shape
        ``(2, n_slots)``: read at their meters when the slot begins.
    ev
        Class of its EVs.

    Attributes
    ----------
    evs
        Its EVs, in the order of their rows.
    problem, found
        The problem of the EVs that enrolled, and their signal, once it is found.
    led
        How the fleet was led in the last slot; None before the first.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        channel_faults: ChannelFaults | None,
        columns: V2GColumns,
        posing: Posing,
        grouping: GroupingSettings,
        room_kw: NDArray[np.float64],
        ev: type[V2GEV] = V2GEV,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.channel_faults = channel_faults
        self.posing = posing
        self.dispatcher = Dispatcher(grouping)
        self.room_kw = room_kw
        self.evs = [ev(model, row, columns, self) for row in range(columns.vehicle.size)]
        self.problem: PeakShaving | None = None
        self.found: Found | None = None
        self.led: Led | None = None
        self._enrolments: dict[int, Enrolment] = {}
        self._conditions: dict[int, Condition] = {}

    def hear_day_ahead(self, forecast: Forecast, prices: Prices) -> None:
        """Take load and prices of the day ahead, let EVs enrol, tell them what to keep, and find the fleet's signal."""
        for ev in self.evs:
            ev.enrol()
        fleet = self._enrolled(forecast.load_kw.size)
        kept = self.posing.soc_kept(forecast.load_kw, fleet)
        if kept is not None:
            for row, least_soc in zip(self._enrolments, kept.T, strict=True):
                ev = self.evs[row]
                self.channel.tell(self.channel_faults, LeastSoc(least_soc), self, ev, ev.hear_least_soc)
        tariff = Tariff(prices.charge_yuan_per_kwh, prices.discharge_yuan_per_kwh)
        self.problem = self.posing.pose(forecast.load_kw, tariff, fleet, kept)
        self.found = self.find(self.problem)

    def find(self, problem: PeakShaving) -> Found:
        """Ask the optimiser for the signal of the fleet's problem; an aggregator with another will has another `find`."""
        return self.posing.find(problem, self.model.tell_search)

    def hear_enrolment(self, enrolment: Enrolment) -> bool:
        """Take what an EV says of the day; one that says it twice counts once."""
        self._enrolments[enrolment.row] = enrolment
        return True

    def hear_condition(self, condition: Condition) -> bool:
        """Take what an EV says of the slot; one that says it twice counts once."""
        self._conditions[condition.row] = condition
        return True

    def run_slot(self, slot: int) -> Tracking:
        """Hear who is there, share the signal, and hear what they did; return both for the control centre."""
        assert self.found is not None
        signal_kw = float(self.found.signal_kw[slot])
        self._conditions.clear()
        for ev in self.evs:
            ev.begin_slot(slot)
        dispatch = self._dispatch(signal_kw, slot)
        rows = list(self._conditions)
        did_kw = [
            self._lead(self.evs[row], power_kw) for row, power_kw in zip(rows, dispatch.power_kw.tolist(), strict=True)
        ]
        if self.channel_faults is not None:
            self._stand_by(slot)
        answered = np.array([each is not None for each in did_kw], dtype=np.bool_)
        self.led = Led(signal_kw, np.array(rows, dtype=np.int64), dispatch, answered)
        return Tracking(signal_kw, float(np.array([0.0 if each is None else each for each in did_kw]).sum()))

    def _enrolled(self, n_slots: int) -> Enrolled:
        """Return the columns of those who enrolled."""
        said = list(self._enrolments.values())
        rated_kw, capacity_kwh, efficiency, soc, leaving_soc, end_soc = (
            np.array([
                (each.rated_kw, each.capacity_kwh, each.efficiency, each.soc, each.leaving_soc, each.end_soc)
                for each in said
            ])
            .reshape(-1, 6)
            .T.copy()
        )  # fmt: skip
        announced = np.zeros((n_slots, len(said)), dtype=np.bool_)
        for k, each in enumerate(said):
            for first, stop in each.stays.tolist():
                announced[first:stop, k] = True
        return Enrolled(rated_kw, capacity_kwh, efficiency, soc, announced, Needs(leaving_soc, end_soc))

    def _dispatch(self, signal_kw: float, slot: int) -> Dispatch:
        """Share the signal among those whose condition was heard."""
        soc, rated_kw, charge_kw, discharge_kw = (
            np.array([
                (each.soc, each.rated_kw, each.charge_kw, each.discharge_kw) for each in self._conditions.values()
            ])
            .reshape(-1, 4)
            .T.copy()
        )  # fmt: skip
        least_kw, most_kw = self.room_kw[:, slot].tolist()
        return self.dispatcher.dispatch(signal_kw, soc, rated_kw, Limits(charge_kw, discharge_kw), (least_kw, most_kw))

    def _lead(self, ev: V2GEV, power_kw: float) -> float | None:
        """Send an EV its set-point; return what it says that it did, None where no answer comes."""
        response = self.channel.ask(self.channel_faults, Setpoint(power_kw), self, ev, ev.follow)
        return None if response is None else response.power_kw

    def _stand_by(self, slot: int) -> None:
        """Let EVs without a set-point go by the safe rule, one after the other: each plug shows what charges below the limit by then."""
        room_kw = float(self.room_kw[1, slot]) - sum(max(ev.flow_kw, 0.0) for ev in self.evs)
        for ev in self.evs:
            room_kw -= ev.stand_by(slot, room_kw)
