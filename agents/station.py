"""A charging station: hears from its visitors and its substation, and keeps its row of the yard by the rules there.

It draws nothing in a slot before it has heard the slot's last word, the release; what its storage is to give, it gives from the order or the
alarm on that asks for it. Without an outlook it shifts nobody and plugs nobody in; without a release it serves nobody.
"""

from typing import ClassVar

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent

from agents.exchange import Confirmed, Leg, tell
from agents.visitor import Visitor
from coordination.stations.reports import Orders
from coordination.stations.yard import Yard
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.messages import Hop
from environment.station_messages import (
    Alarm,
    Charged,
    Need,
    Order,
    Outlook,
    Plan,
    Release,
    Served,
    Shift,
    StationReport,
)


class Station(FixedAgent):  # type: ignore[misc]
    """One station; its numbers are a row of the yard.

    Parameters
    ----------
    model
        The Mesa model.
    name
        Node of the station in the tree.
    row
        Row of the station.
    yard
        All stations as columns, and the rules of the place.
    channel
        Carries every message.
    faults, visitor_faults
        What can happen to messages between the station and its substation, and between it and its visitors; None for nothing.

    Attributes
    ----------
    visitors
        Visitors it has heard of and that have not left, by row.
    slot
        The present slot.
    may_draw
        Whether the last word of the present slot has been heard.
    """

    HOP: ClassVar = Hop.STATION
    SERVES: ClassVar = True

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        row: int,
        yard: Yard,
        channel: Channel,
        faults: ChannelFaults | None = None,
        visitor_faults: ChannelFaults | None = None,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.row = row
        self.yard = yard
        self.channel = channel
        self.faults = faults
        self.visitor_faults = visitor_faults
        self.visitors: dict[int, Visitor] = {}
        self.slot = 0
        self.may_draw = False
        self._at_the_gate: list[int] = []
        self._rows = np.array([row])

    @property
    def power_kw(self) -> float:
        """Power that visitors draw while they charge in the present slot [kW]."""
        return float(self.yard.power_kw[self.row])

    @property
    def n_visitors(self) -> int:
        """Visitors that are there and have not charged."""
        return len(self.visitors)

    def hear_need(self, visitor: Visitor, need: Need) -> None:
        """Take in what a visitor needs; if it is said again, nothing is new."""
        if visitor.row not in self.visitors:
            self.visitors[visitor.row] = visitor
            self.yard.hear_need(visitor.row, need.energy_kwh, need.capacity_kwh, willing=need.willing)
            self._at_the_gate.append(visitor.row)

    def lose(self, visitor: Visitor) -> None:
        """See a visitor leave that has not charged."""
        if self.visitors.pop(visitor.row, None) is None:
            return
        if visitor.row in self._at_the_gate:
            self._at_the_gate.remove(visitor.row)
        else:
            self.yard.let_go(visitor.row)

    def begin(self, slot: int) -> None:
        """Begin a slot: let in who has come."""
        self.slot, self.may_draw = slot, False
        if self._at_the_gate:
            self.yard.let_in(np.array(self._at_the_gate))
            self._at_the_gate.clear()

    def open(self, outlook: Outlook) -> StationReport:
        """Shift visitors who may be, and who agree; plug in the first of the others; say how things stand."""
        if self.visitor_faults is not None:
            for row in self.yard.may_shift(self.row, self.slot, calmer=outlook.calmer):
                self.yard.willing[row] = self._shifts(row)
        reports = self.yard.open(self._rows, self.slot, np.array([outlook.calmer]))
        if self.visitor_faults is None:
            for row in self.yard.put_off_at(self.row):
                self._shifts(row)
        return reports.messages()[0]

    def follow(self, order: Order) -> Plan:
        """Take the slot's schedule, and say what comes of it."""
        return self.yard.follow(self._rows, Orders.of([order])).messages()[0]

    def hear_alarm(self, alarm: Alarm) -> Confirmed:
        """Give more from storage."""
        self.yard.give(self._rows, np.array([alarm.give_kw]))
        return ()

    def hear_release(self, release: Release) -> Confirmed:
        """Draw as planned, less what is cut."""
        self.may_draw = True
        self.yard.cut(self._rows, np.array([release.cut_kw]))
        return ()

    def serve(self) -> Served:
        """Charge those who are plugged in and let them go; use the storage."""
        if not self.may_draw:
            self.yard.withhold(self._rows)
        served = self.yard.serve(self._rows, self.slot).messages()[0]
        time_h = float(self.yard.time_h[self.row])
        for row in self.yard.charged_at(self.row):
            visitor = self.visitors.pop(row)
            charged = Charged(float(self.yard.sessions.served_kwh[row]), time_h)
            tell(self.channel, self._way_to(visitor), charged, visitor.hear_charged)
            visitor.leave()
        return served

    def _shifts(self, row: int) -> bool:
        """Ask a visitor to charge later; return whether it agrees."""
        visitor, shift = self.visitors[row], Shift(self.slot + 1, self.yard.rules.lend_kwh)
        return tell(self.channel, self._way_to(visitor), shift, visitor.hear_shift) is not None

    def _way_to(self, visitor: Visitor) -> tuple[Leg]:
        return (Leg(self, visitor, self.visitor_faults),)
