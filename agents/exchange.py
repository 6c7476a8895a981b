"""How agents who wait exchange messages over hops that may lose them: sent again until answered, at most `channel.resends` times.

All of it takes place in the moments before a slot. A message that comes twice, or is sent again, is acted on once; what does not come
is missing for this slot.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from environment.channel import Channel, Party
from environment.channel_faults import ChannelFaults
from environment.messages import Hop, Message
from environment.station_messages import Receipt

type Below = tuple[bool, ...]
"""Of each of the stations below that a message was for, whether it confirms its part; empty where none is below."""


class Leg(NamedTuple):
    """One hop of a message's way.

    Parameters
    ----------
    sender, receiver
        The two ends.
    hop
        Edge of the tree.
    faults
        What can happen to messages there, either way; None for nothing.
    """

    sender: Party
    receiver: Party
    hop: Hop
    faults: ChannelFaults | None

    @property
    def tries(self) -> int:
        """How often a message is sent at most."""
        return 1 if self.faults is None else 1 + self.faults.settings.resends

    @property
    def back(self) -> "Leg":
        """The same hop the other way."""
        return self._replace(sender=self.receiver, receiver=self.sender)

    def carries(self, channel: Channel, message: Message) -> bool:
        """Send a message once; return whether it arrives in time."""
        return channel.reaches(self.faults, message, self.sender, self.receiver, hop=self.hop)


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
    leg, is_heard, answer = way[0], False, None
    for _ in range(leg.tries):
        if not leg.carries(channel, question):
            continue
        if not is_heard:
            is_heard, answer = True, ask(channel, way[1:], question, act)
        if answer is not None and leg.back.carries(channel, answer):
            return answer
    return None


def tell[M: Message](channel: Channel, way: Sequence[Leg], message: M, act: Callable[[M], Below]) -> Below | None:
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
    leg, is_heard, below = way[0], False, None
    for _ in range(leg.tries):
        if not leg.carries(channel, message):
            continue
        if not is_heard:
            is_heard, below = True, tell(channel, way[1:], message, act)
        if below is not None and (leg.faults is None or leg.back.carries(channel, Receipt(below))):
            return below
    return None
