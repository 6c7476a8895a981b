"""The channel between agents: carries messages over the hops of the grid's tree, and keeps the books of what was sent.

Source: paper A, section 4.2.2: point-to-point, group and broadcast communication. A message to a group counts once, and
each of its receivers hears it or not. Where nothing can happen to messages, what is sent arrives at once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from environment.channel_faults import ChannelFaults
from environment.messages import Hop, Message, Receipt, Sent

NS_PER_HOUR = 3.6e12

BELOW = (Hop.FIELD, Hop.LINE)
"""Hops below the transformers."""

BOOK_COLUMNS = (
    "kind", "hop", "cast", "messages", "receivers", "bytes", "lost", "late", "doubled", "delay_mean_s", "delay_max_s",
)  # fmt: skip
"""Of the books, a row a kind and hop. Lost: receivers that it never reached; late: that it reached when the sender had stopped
waiting; doubled: that it reached twice."""

LOG_COLUMNS = (
    "sent_h", "arrives_h", "kind", "hop", "cast", "sender", "receiver", "receivers", "bytes", "lost", "late", "text",
)  # fmt: skip
"""Of the log, a row a message; `arrives_h` is the first arrival, NaN if nobody is reached."""


class Clock(Protocol):
    """What a channel with delays needs of the model."""

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""

    def call_at(self, at_h: float, call: Callable[[], None]) -> None:
        """Call a bound method at a moment."""


class Party(Protocol):
    """A sender or receiver of messages."""

    @property
    def name(self) -> str:
        """Node of the party in the grid's tree."""


@dataclass(frozen=True, slots=True)
class Group:
    """Several receivers, by what to call them."""

    name: str


@dataclass(slots=True)
class Book:
    """What was sent of one kind over one hop.

    Delays are summed in whole nanoseconds, so that their sum does not depend on the order of sending.
    """

    messages: int = 0
    receivers: int = 0
    n_bytes: int = 0
    lost: int = 0
    late: int = 0
    doubled: int = 0
    delay_ns: int = 0
    delay_max_ns: int = 0

    def count(self, delays_h: list[float], receivers: int, timeout_h: float) -> None:
        """Count what became of the message for some receivers who share one fate."""
        in_ns = [round(delay * NS_PER_HOUR) for delay in delays_h]
        self.lost += 0 if in_ns else receivers
        self.late += receivers if in_ns and min(delays_h) > timeout_h else 0
        self.doubled += receivers if len(in_ns) > 1 else 0
        self.delay_ns += receivers * sum(in_ns)
        self.delay_max_ns = max(self.delay_max_ns, *in_ns, 0)


@dataclass(frozen=True, slots=True, order=True)
class UnderWay:
    """A message that has not arrived yet; the first to arrive comes first, of equal ones the first sent."""

    arrives_h: float
    number: int
    deliver: Callable[[Any], None] = field(compare=False)
    message: Message = field(compare=False)


class Channel:
    """Carries every message of a run and books it by kind and hop.

    Parameters
    ----------
    clock
        Needed for delays and for the log.
    log
        Receives a row (`LOG_COLUMNS`) for every message, or None.
    """

    def __init__(self, clock: Clock | None = None, log: list[tuple[Any, ...]] | None = None) -> None:
        self.clock = clock
        self.log = log
        self._books: defaultdict[tuple[type[Message], Hop], Book] = defaultdict(Book)
        self._under_way: list[UnderWay] = []
        self._number = 0

    def send[M: Message](self, message: M, sender: Party, receiver: Party, *, hop: Hop | None = None) -> M:
        """Carry a message over a sound hop; it arrives at once."""
        self._enter(message, hop or message.hop, 1)
        self._note(message, sender, receiver, 1, [[0.0]], hop=hop)
        return message

    def carry[M: Message](
        self,
        faults: ChannelFaults | None,
        message: M,
        sender: Party,
        receiver: Party,
        deliver: Callable[[M], None],
        *,
        receivers: int = 1,
        paced: bool = False,
    ) -> None:
        """Carry a message to one receiver, or to a group that hears it as one.

        Parameters
        ----------
        faults
            What can happen to it; None for nothing.
        message, sender, receiver
            What, from whom, to whom.
        deliver
            Called with the message when it arrives: within this call, or later.
        receivers
            How many hear it.
        paced
            The sender waits for the answer: what arrives within the time-out is delivered within this call.
        """
        book = self._enter(message, message.hop, receivers)
        if faults is None:
            if self.log is not None:
                self._note(message, sender, receiver, receivers, [[0.0]])
            deliver(message)
            return
        delays, waits_h = faults.delays_h(self._now_h()), faults.settings.timeout_h if paced else np.inf
        book.count(delays, receivers, waits_h)
        self._note(message, sender, receiver, receivers, [delays], waits_h)
        self._hand_over(delays, deliver, message, waits_h if paced else 0.0)

    def cast(
        self, faults: ChannelFaults | None, message: Message, sender: Party, receivers: int, group: str
    ) -> NDArray[np.bool_]:
        """Carry a message of a sender who waits to each of a group; return who hears it in time, shape ``(receivers,)``.

        To those whom it reaches later it says nothing any more.

        Parameters
        ----------
        faults
            What can happen to it; None for nothing.
        message, sender
            What, from whom.
        receivers
            How many it is meant for.
        group
            What to call them.
        """
        book = self._enter(message, message.hop, receivers)
        if faults is None:
            self._note(message, sender, Group(group), receivers, [[0.0]])
            return np.ones(receivers, dtype=np.bool_)
        now_h, waits_h = self._now_h(), faults.settings.timeout_h
        arrivals = [faults.delays_h(now_h) for _ in range(receivers)]
        for delays in arrivals:
            book.count(delays, 1, waits_h)
        self._note(message, sender, Group(group), receivers, arrivals, waits_h)
        return np.array([any(delay <= waits_h for delay in delays) for delays in arrivals], dtype=np.bool_)

    def reach(
        self, faults: ChannelFaults | None, message: Message, sender: Party, receiver: Party, *, hop: Hop | None = None
    ) -> int:
        """Carry a message of a sender who waits; return how many copies arrive in time. What comes later says nothing any more.

        Parameters
        ----------
        faults
            What can happen to the message; None for nothing.
        message, sender, receiver
            What, from whom, to whom.
        hop
            If not the usual one of the message's class.
        """
        book = self._enter(message, hop or message.hop, 1)
        delays, waits_h = [0.0], np.inf
        if faults is not None:
            delays, waits_h = faults.delays_h(self._now_h()), faults.settings.timeout_h
            book.count(delays, 1, waits_h)
        self._note(message, sender, receiver, 1, [delays], waits_h, hop)
        return sum(delay <= waits_h for delay in delays)

    def ask[M: Message, A: Message](
        self,
        faults: ChannelFaults | None,
        message: M,
        sender: Party,
        receiver: Party,
        answer: Callable[[M], A | None],
        *,
        dies: Callable[[], Literal["before", "after"] | None] | None = None,
    ) -> A | None:
        """Carry a message and its answer; send what is not answered in time again; return the answer, None if none came.

        Parameters
        ----------
        faults
            What can happen to messages either way, and how often one is sent again; None for nothing.
        message, sender, receiver
            What, from whom, to whom.
        answer
            Called with each copy that reaches the receiver in time: returns what it answers, None for nothing. It must act once on
            several copies.
        dies
            Called before each sending: whether the sender dies of it, and on which side (`ChannelFaults.kills`); None: never.
        """
        if faults is None:
            only = answer(self.send(message, sender, receiver))
            return None if only is None else self.send(only, receiver, sender, hop=message.hop)
        for _ in range(1 + faults.settings.resends):
            fate = dies() if dies is not None else None
            if fate == "before":
                return None
            answers = [answer(message) for _ in range(self.reach(faults, message, sender, receiver))]
            heard = [each for each in answers if each and self.reach(faults, each, receiver, sender, hop=message.hop)]
            if fate is not None:
                return None
            if heard:
                return heard[0]
        return None

    def tell[M: Message](
        self,
        faults: ChannelFaults | None,
        message: M,
        sender: Party,
        receiver: Party,
        hear: Callable[[M], bool],
        *,
        dies: Callable[[], Literal["before", "after"] | None] | None = None,
    ) -> bool:
        """Carry a message that needs no answer; where it may get lost, send it until a receipt comes; return whether one came.

        Parameters
        ----------
        faults, message, sender, receiver, dies
            As in `ask`.
        hear
            Called with each copy that reaches the receiver in time; returns whether somebody is there to say so.
        """
        if faults is None:
            return hear(self.send(message, sender, receiver))

        def answer(heard: M) -> Receipt | None:
            return Receipt() if hear(heard) else None

        return self.ask(faults, message, sender, receiver, answer, dies=dies) is not None

    def spread[M: Message](
        self,
        faults: ChannelFaults | None,
        message: M,
        sender: Party,
        delivers: Sequence[Callable[[M], None]],
        group: str,
    ) -> None:
        """Carry a message to each of a group, who hear it one by one: within this call, or later.

        Parameters
        ----------
        faults
            What can happen to it; None for nothing.
        message, sender
            What, from whom.
        delivers
            Called with the message, each when it arrives there.
        group
            What to call them.
        """
        book = self._enter(message, message.hop, len(delivers))
        arrivals = [[0.0] if faults is None else faults.delays_h(self._now_h()) for _ in delivers]
        for delays in arrivals:
            book.count(delays, 1, np.inf)
        self._note(message, sender, Group(group), len(delivers), arrivals)
        for deliver, delays in zip(delivers, arrivals, strict=True):
            self._hand_over(delays, deliver, message, 0.0)

    def record_all(self, sent: Iterable[Sent]) -> None:
        """Enter what a compiled path exchanged within itself."""
        for each in sent:
            if each.messages:
                book = self._books[each.message, each.hop or each.message.hop]
                book.messages += each.messages
                book.receivers += each.receivers
                book.n_bytes += each.n_bytes

    def absorb(self, other: "Channel") -> None:
        """Enter what was sent below the transformers in another channel: of other transformers, in another process."""
        for (message, hop), theirs in other._books.items():  # noqa: SLF001
            if hop in BELOW:
                ours = self._books[message, hop]
                ours.messages += theirs.messages
                ours.receivers += theirs.receivers
                ours.n_bytes += theirs.n_bytes
                ours.lost += theirs.lost
                ours.late += theirs.late
                ours.doubled += theirs.doubled
                ours.delay_ns += theirs.delay_ns
                ours.delay_max_ns = max(ours.delay_max_ns, theirs.delay_max_ns)
        if self.log is not None and other.log is not None:
            self.log = sorted(self.log + [row for row in other.log if row[3] in BELOW], key=lambda row: row[0])

    def sent_since(self, earlier: dict[tuple[type[Message], Hop], tuple[int, int, int]]) -> tuple[Sent, ...]:
        """Return what was sent since an earlier `totals`."""
        sent = []
        for (kind, hop), (messages, receivers, n_bytes) in self.totals().items():
            then = earlier.get((kind, hop), (0, 0, 0))
            if messages > then[0]:
                sent.append(Sent(kind, messages - then[0], receivers - then[1], n_bytes - then[2], hop))
        return tuple(sent)

    def totals(self) -> dict[tuple[type[Message], Hop], tuple[int, int, int]]:
        """Return messages, receivers and bytes so far, by kind and hop."""
        return {key: (book.messages, book.receivers, book.n_bytes) for key, book in self._books.items()}

    @property
    def books(self) -> list[tuple[Any, ...]]:
        """A row (`BOOK_COLUMNS`) for every kind and hop, by name."""
        rows = []
        for (message, hop), book in self._books.items():
            arrived = book.receivers - book.lost + book.doubled
            rows.append((
                message.kind, str(hop), str(message.cast), book.messages, book.receivers, book.n_bytes, book.lost,
                book.late, book.doubled, book.delay_ns / 1e9 / max(arrived, 1), book.delay_max_ns / 1e9,
            ))  # fmt: skip
        return sorted(rows)

    @property
    def messages(self) -> int:
        """All messages sent."""
        return sum(book.messages for book in self._books.values())

    @property
    def bytes(self) -> int:
        """All bytes sent."""
        return sum(book.n_bytes for book in self._books.values())

    @property
    def lost(self) -> int:
        """Receivers that a message did not reach."""
        return sum(book.lost for book in self._books.values())

    def _enter(self, message: Message, hop: Hop, receivers: int) -> Book:
        book = self._books[type(message), hop]
        book.messages += 1
        book.receivers += receivers
        book.n_bytes += message.wire_bytes
        return book

    def _note(
        self,
        message: Message,
        sender: Party,
        receiver: "Party | Group",
        receivers: int,
        arrivals: list[list[float]],
        waits_h: float = np.inf,
        hop: Hop | None = None,
    ) -> None:
        """Write a message into the log; receivers without an arrival of their own share the first one's."""
        if self.log is None:
            return
        now_h, share = self._now_h(), receivers if len(arrivals) == 1 else 1
        first = [min(delays) for delays in arrivals if delays]
        self.log.append((
            now_h, now_h + min(first) if first else np.nan, message.kind, str(hop or message.hop), str(message.cast),
            sender.name, receiver.name, receivers, message.wire_bytes, share * (len(arrivals) - len(first)),
            share * sum(delay > waits_h for delay in first), message.text,
        ))  # fmt: skip

    def _now_h(self) -> float:
        assert self.clock is not None
        return self.clock.now_h()

    def _hand_over(
        self, delays_h: list[float], deliver: Callable[[Any], None], message: Message, waits_h: float
    ) -> None:
        """Deliver each copy that arrives while the sender waits within this call, the others when they arrive."""
        for delay in delays_h:
            if delay <= waits_h:
                deliver(message)
                continue
            assert self.clock is not None
            arrives_h = self.clock.now_h() + delay
            self._number += 1
            heappush(self._under_way, UnderWay(arrives_h, self._number, deliver, message))
            self.clock.call_at(arrives_h, self._deliver_due)

    def _deliver_due(self) -> None:
        now_h = self._now_h()
        while self._under_way and self._under_way[0].arrives_h <= now_h:
            arrived = heappop(self._under_way)
            arrived.deliver(arrived.message)
