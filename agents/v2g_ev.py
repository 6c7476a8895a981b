"""An EV that charges and gives back as its aggregator asks, as far as its battery and its stay allow.

What it says is sent again until it is heard, a bounded number of times. In a slot for which no set-point has come in time it goes by a safe
rule: it draws nothing, or what its need makes it take at the latest moment, as far as the transformers have room as seen at its plug.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Protocol

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from coordination.peak_shaving.needs import Needs, soc_kept
from environment.battery import Batteries, limits_of
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.presence import Participation
from environment.v2g_messages import Condition, Enrolment, LeastSoc, Response, Setpoint


@dataclass(frozen=True, eq=False)
class V2GColumns:
    """Columns of a fleet that gives back, shape ``(n_vehicles,)``; each EV looks at its own row only.

    Parameters
    ----------
    vehicle
        Names.
    batteries
        State of charge, size and books of each battery.
    participation
        Slots in which each EV is at the grid.
    needs
        State of charge that each needs at departures and in the end; minus infinity for none.
    slot_h
        Slot length [h].
    """

    vehicle: NDArray[np.str_]
    batteries: Batteries
    participation: Participation
    needs: Needs
    slot_h: float


class Leading(Protocol):
    """All that an EV sees of its aggregator: the channel to it, what befalls messages there, and who takes them."""

    name: str
    channel: Channel
    channel_faults: ChannelFaults | None

    def hear_enrolment(self, enrolment: Enrolment) -> bool:
        """Take what an EV says of the day."""

    def hear_condition(self, condition: Condition) -> bool:
        """Take what an EV says of a slot."""


class V2GEV(FixedAgent):  # type: ignore[misc]
    """One EV that gives back; its numbers are a row of the fleet's columns.

    Parameters
    ----------
    model
        The Mesa model.
    row
        Row of the EV.
    columns
        The fleet's columns.
    aggregator
        Aggregator that leads the EV.

    Attributes
    ----------
    alive
        False once its controller has died: it draws nothing more and says nothing more.
    was_cut_off
        Whether the EV ever was there in a slot without a set-point.
    hours
        How long the EV is at the grid in the present slot [h].
    power_kw
        Mean power over the present slot; positive charges.
    flow_kw
        Power in the present slot while the EV is there.
    fallback_kw
        Part of `power_kw` that the EV drew by the safe rule.
    """

    def __init__(self, model: mesa.Model, row: int, columns: V2GColumns, aggregator: Leading) -> None:
        super().__init__(model)
        self.name = f"ev:{columns.vehicle[row]}"
        self.row = row
        self.columns = columns
        self.aggregator = aggregator
        self.alive = True
        self.was_cut_off = False
        self.hours = self.power_kw = self.flow_kw = self.fallback_kw = 0.0
        self._told_soc: NDArray[np.float64] | None = None
        self._response: Response | None = None
        self._rows, self._asked_kw, self._hours = np.array([row]), np.empty(1), np.empty(1)

    @property
    def soc(self) -> float:
        """State of charge, 0..1."""
        return float(self.columns.batteries.soc[self.row])

    def enrol(self) -> None:
        """Tell the aggregator, a day ahead, of the battery, the stays and the needs."""
        b, i, needs = self.columns.batteries, self.row, self.columns.needs
        enrolment = Enrolment(
            i, float(b.power_kw[i]), float(b.capacity_kwh[i]), float(b.efficiency[i]), self.soc,
            float(needs.leaving_soc[i]), float(needs.end_soc[i]), self.columns.participation.stays_of(i),
        )  # fmt: skip
        aggregator = self.aggregator
        aggregator.channel.tell(
            aggregator.channel_faults, enrolment, self, aggregator, aggregator.hear_enrolment, dies=self._dies
        )

    def hear_least_soc(self, message: LeastSoc) -> bool:
        """Take the state of charge that it is to have after each slot; return whether it lives."""
        if self.alive:
            self._told_soc = message.least_soc
        return self.alive

    def begin_slot(self, slot: int) -> None:
        """Tell the aggregator how full it is, and what it could take and give, if it is there."""
        self.power_kw = self.flow_kw = self.fallback_kw = 0.0
        self._response = None
        self.hours = self.columns.participation.hours_at(slot, self.row, self.columns.slot_h)
        if self.hours and self.alive:
            aggregator = self.aggregator
            aggregator.channel.tell(
                aggregator.channel_faults, self.condition(slot), self, aggregator, aggregator.hear_condition,
                dies=self._dies,
            )  # fmt: skip

    def condition(self, slot: int) -> Condition:
        """Return how full it is, and what it could take and give over a slot, or must take."""
        b, i = self.columns.batteries, self.row
        charge, discharge = limits_of(
            b.soc[i], b.capacity_kwh[i], b.power_kw[i], b.efficiency[i], b.soc_min, b.soc_max, self.columns.slot_h,
            self.least_soc[slot],
        )  # fmt: skip
        return Condition(i, self.soc, float(b.power_kw[i]), charge, discharge)

    @property
    def least_soc(self) -> NDArray[np.float64]:
        """State of charge that it is to have after each slot: as it was told, or else what it works out alone."""
        return self._own_soc if self._told_soc is None else self._told_soc

    def follow(self, setpoint: Setpoint) -> Response | None:
        """Draw or give what is asked, within its battery's limits and while it is there; return what it was.

        It acts on the first copy of a set-point, and answers every one. The dead answer nothing.
        """
        if not self.alive:
            return None
        if self._response is None:
            self._draw(setpoint.power_kw)
            self._response = Response(self.power_kw)
        return self._response

    def stand_by(self, slot: int, room_kw: float) -> float:
        """Go by the safe rule in a slot for which no set-point has come; return the power that it then draws [kW].

        Parameters
        ----------
        slot
            The present slot.
        room_kw
            What the transformers have left to charge, as seen at the plug.
        """
        if not self.alive or not self.hours or self._response is not None:
            return 0.0
        self.was_cut_off = True
        self._draw(max(min(-self.condition(slot).discharge_kw, room_kw), 0.0))
        self.fallback_kw = self.power_kw
        return self.flow_kw

    def _draw(self, asked_kw: float) -> None:
        self._asked_kw[0], self._hours[0] = asked_kw, self.hours
        moved_kwh = float(self.columns.batteries.draw(self._rows, self._asked_kw, self._hours)[0])
        self.power_kw, self.flow_kw = moved_kwh / self.columns.slot_h, moved_kwh / self.hours

    @cached_property
    def _own_soc(self) -> NDArray[np.float64]:
        """State of charge after each slot by its own needs, as if it stood alone below the transformers, shape ``(n_slots,)``.

        Made before it first draws.
        """
        columns, rows, needs = self.columns, self._rows, self.columns.needs
        announced = np.ascontiguousarray(columns.participation.announced[:, rows])
        own = Needs(needs.leaving_soc[rows], needs.end_soc[rows])
        if np.isneginf([*own.leaving_soc, *own.end_soc]).all():
            return np.full(len(announced), -np.inf)
        b = columns.batteries
        alone = Batteries.of(
            b.soc[rows], b.capacity_kwh[rows], b.power_kw[rows], b.efficiency[rows], b.soc_min, b.soc_max
        )
        return soc_kept(announced, own, alone, np.full(len(announced), np.inf), columns.slot_h)[:, 0]

    def _dies(self) -> Literal["before", "after"] | None:
        faults = self.aggregator.channel_faults
        fate = None if faults is None else faults.kills()
        if fate is not None:
            self.alive = False
        return fate
