"""How agents who wait exchange messages over several hops, each of which may lose them and sends them again (`Channel.ask`).

All of it takes place in the moments before a slot. A message that comes twice, or is sent again, is acted on once; what does not come
is missing for this slot.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from environment.channel import Channel, Party
from environment.channel_faults import ChannelFaults
from environment.messages import Message, Receipt
from environment.station_messages import RegionReceipt

type Confirmed = tuple[bool, ...]
"""Whether each station that a message was for confirms its part; empty where the message was for no station."""


class Leg(NamedTuple):
    """One hop of a message's way.

    Parameters
    ----------
    sender, receiver
        The two ends.
    faults
        What can happen to messages there, either way; None for nothing.
    """

    sender: Party
    receiver: Party
    faults: ChannelFaults | None

    @property
    def back(self) -> "Leg":
        """The same hop the other way."""
        return Leg(self.receiver, self.sender, self.faults)


def ask[Q: Message, A: Message](
    channel: Channel, way: Sequence[Leg], question: Q, act: Callable[[Q], A | None]
) -> A | None:
    """Send a question, and its answer back; return the answer, or None if none has come.

    Parameters
    ----------
    channel
        Carries both.
    way
        Hops from who asks to who answers.
    question
        The question.
    act
        Answers it; called once, when it is heard first.
    """
    if not way:
        return act(question)
    leg = way[0]
    answer = cache(lambda heard: ask(channel, way[1:], heard, act))
    return channel.ask(leg.faults, question, leg.sender, leg.receiver, answer)


def tell[M: Message](
    channel: Channel, way: Sequence[Leg], message: M, act: Callable[[M], Confirmed]
) -> Confirmed | None:
    """Send a message that asks for no answer, and a receipt back where messages may get lost; None if no receipt has come.

    Parameters
    ----------
    channel
        Carries both.
    way
        Hops from who tells to who hears.
    message
        The message.
    act
        Hears it; called once. It returns which stations below confirm their part.
    """
    if not way:
        return act(message)
    leg = way[0]
    hear = cache(lambda heard: tell(channel, way[1:], heard, act))
    if leg.faults is None:
        return hear(channel.send(message, leg.sender, leg.receiver))

    def answer(heard: M) -> Message | None:
        below = hear(heard)
        return None if below is None else RegionReceipt(below) if below else Receipt()

    receipt = channel.ask(leg.faults, message, leg.sender, leg.receiver, answer)
    return None if receipt is None else hear(message)
