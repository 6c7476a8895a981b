"""A visitor of a charging station: comes, says what it needs, is asked to wait or charged, and leaves.

A visitor whose need was not heard waits, and asks again at the beginning of the next slot. One that dies, which happens as it asks, leaves
and stays unserved. One that hears that it is shifted says so; only who said so is shifted, and lends.
"""

from functools import partial
from typing import Literal, Protocol

import mesa

from agents.exchange import Confirmed
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.station_messages import Charged, Need, Shift


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
        Need that the visitor is going to state.
    station
        Station that the visitor comes to.
    channel
        Carries every message.

    Attributes
    ----------
    is_alive
        False once its controller has died.
    is_there
        False once the visitor has left.
    is_answered
        Whether the station has said anything to the visitor.
    is_cut_off
        Whether the visitor once sent its need as often as it may, and heard nothing.
    """

    # On the class, so that a visitor has one of its own only where it differs.
    is_alive = True
    is_there = True
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
        station, faults = self.station, self.station.visitor_faults
        dies = None if faults is None else partial(self._fate, faults)
        is_told = self.channel.tell(faults, self.need, self, station, self._be_heard, dies=dies)
        if not self.is_alive:
            station.lose(self)
            self.leave()
        elif is_told:
            self.is_answered = True
        else:
            self.is_cut_off = True

    def hear_shift(self, shift: Shift) -> Confirmed:  # noqa: ARG002  (who takes part agrees to whatever it says)
        """Agree to charge later, and to lend meanwhile."""
        self.is_answered = True
        return ()

    def hear_charged(self, charged: Charged) -> Confirmed:  # noqa: ARG002  (its own meter says the same)
        """Hear what it got."""
        self.is_answered = True
        return ()

    def leave(self) -> None:
        """Leave: charged, which it sees for itself, or dead."""
        self.is_there = False
        self.remove()

    def _be_heard(self, need: Need) -> bool:
        self.station.hear_need(self, need)
        return True

    def _fate(self, faults: ChannelFaults) -> Literal["before", "after"] | None:
        """Return whether it dies as it asks, and on which side of the sending."""
        fate = faults.kills()
        self.is_alive = fate is None
        return fate
