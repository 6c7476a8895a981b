"""A visitor of a charging station: comes, says what it needs, is asked to wait or charged, and leaves.

A visitor whose need was not heard waits, and asks again at the beginning of the next slot. One that dies, which happens as it asks, leaves
and stays unserved. One that hears that it is shifted says so; only who said so is shifted, and lends.
"""

from typing import Protocol

import mesa

from agents.exchange import Below, Leg
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.messages import Hop
from environment.station_messages import Charged, Need, Receipt, Shift


class Host(Protocol):
    """All that a visitor sees of its station."""

    name: str
    visitor_faults: ChannelFaults | None
    """What can happen to messages between the station and its visitors; None for nothing."""

    def hear_need(self, visitor: "Visitor", need: Need) -> None:
        """Take in what a visitor needs."""

    def lose(self, visitor: "Visitor") -> None:
        """See a visitor leave that has not charged."""


class Visitor(mesa.Agent):  # type: ignore[misc]
    """One EV on one visit; its numbers are a row of the visits.

    Parameters
    ----------
    model
        The Mesa model.
    user
        Name of the user.
    row
        Row of the visit.
    need
        What it is going to say.
    station
        Where it comes to.
    channel
        Carries every message.

    Attributes
    ----------
    is_alive
        False once its controller has died.
    is_answered
        Whether the station has said anything to it.
    is_cut_off
        Whether it once sent its need as often as it may, and heard nothing.
    """

    # On the class, so that a visitor has one of its own only where it differs.
    is_alive = True
    is_answered = False
    is_cut_off = False

    def __init__(self, model: mesa.Model, user: str, row: int, need: Need, station: Host, channel: Channel) -> None:
        super().__init__(model)
        self.name = f"ev:{user}"
        self.row = row
        self.need = need
        self.station = station
        self.channel = channel

    def ask(self) -> None:
        """Tell the station what it needs, until that is confirmed or it has been sent as often as it may."""
        leg = Leg(self, self.station, Hop.SITE, self.station.visitor_faults)
        for _ in range(leg.tries):
            fate = leg.faults.kills() if leg.faults is not None else None
            is_heard = fate != "before" and leg.carries(self.channel, self.need)
            if is_heard:
                self.station.hear_need(self, self.need)
            if fate is not None:
                self._die()
                return
            if is_heard and (leg.faults is None or leg.back.carries(self.channel, Receipt())):
                self.is_answered = True
                return
        self.is_cut_off = True

    def hear_shift(self, shift: Shift) -> Below:  # noqa: ARG002  (who takes part agrees to whatever it says)
        """Agree to charge later, and to lend meanwhile."""
        self.is_answered = True
        return ()

    def hear_charged(self, charged: Charged) -> Below:  # noqa: ARG002  (its own meter says the same)
        """Hear what it got."""
        self.is_answered = True
        return ()

    def _die(self) -> None:
        self.is_alive = False
        self.station.lose(self)
        self.remove()
