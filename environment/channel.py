"""The channel between agents: carries messages over the hops of the grid's tree, and keeps the books of what was sent.

Source: paper A, section 4.2.2: point-to-point, group and broadcast communication. A message to a group counts once, and
each of its receivers hears it or not. Without a network that has faults, what is sent arrives at once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from environment.messages import Hop, Message, Sent
from environment.network import SECONDS_PER_HOUR, Network

BELOW = (Hop.FIELD, Hop.LINE)
"""Hops below the transformers."""

BOOK_COLUMNS = (
    "kind",
    "hop",
    "cast",
    "messages",
    "receivers",
    "bytes",
    "lost",
    "doubled",
    "delay_mean_s",
    "delay_max_s",
)
LOG_COLUMNS = ("sent_h", "arrives_h", "kind", "hop", "cast", "sender", "receiver", "receivers", "bytes", "lost", "text")


class Clock(Protocol):
    """What a channel with delays needs of the model."""

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""

    def call_at(self, at_h: float, call: Callable[[], None]) -> None:
        """Call a bound method at a moment."""


class Party(Protocol):
    """Who sends or receives."""

    @property
    def name(self) -> str:
        """As in the grid's tree."""


@dataclass(slots=True)
class Book:
    """What was sent of one kind over one hop; `delay_h` is the sum over arrivals, `delay_max_h` the longest."""

    messages: int = 0
    receivers: int = 0
    n_bytes: int = 0
    lost: int = 0
    doubled: int = 0
    delay_h: float = 0.0
    delay_max_h: float = 0.0


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
        self._number = count()

    def send[M: Message](self, message: M, sender: Party, receiver: Party, *, hop: Hop | None = None) -> M:
        """Carry a message over a sound hop; it arrives at once."""
        self._enter(message, hop or message.hop, 1)
        if self.log is not None:
            self._note(message, hop or message.hop, sender, receiver.name, 1, [0.0])
        return message

    def carry[M: Message](
        self,
        network: Network | None,
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
        network
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
        if network is None:
            if self.log is not None:
                self._note(message, message.hop, sender, receiver.name, receivers, [0.0])
            deliver(message)
            return
        assert self.clock is not None
        now_h = self.clock.now_h()
        delays = network.delays_h(now_h)
        self._count_arrivals(book, delays, receivers)
        if self.log is not None:
            self._note(message, message.hop, sender, receiver.name, receivers, delays)
        at_once = network.settings.timeout_h if paced else 0.0
        for delay in delays:
            if delay <= at_once:
                deliver(message)
            else:
                heappush(self._under_way, UnderWay(now_h + delay, next(self._number), deliver, message))
                self.clock.call_at(now_h + delay, self._deliver_due)

    def cast(
        self, network: Network | None, message: Message, sender: Party, receivers: int, group: str
    ) -> NDArray[np.bool_]:
        """Carry a message of a sender who waits to each of a group; return who hears it in time, shape ``(receivers,)``.

        Parameters
        ----------
        network
            What can happen to it; None for nothing.
        message, sender
            What, from whom.
        receivers
            How many it is meant for.
        group
            What to call them.
        """
        book = self._enter(message, message.hop, receivers)
        heard = np.ones(receivers, dtype=np.bool_)
        arrivals: list[list[float]] = []
        if network is not None:
            assert self.clock is not None
            arrivals = [network.delays_h(self.clock.now_h()) for _ in range(receivers)]
            heard[:] = [any(delay <= network.settings.timeout_h for delay in delays) for delays in arrivals]
            for delays in arrivals:
                self._count_arrivals(book, delays, 1)
        if self.log is not None:
            self._note(message, message.hop, sender, group, receivers, [0.0], int(receivers - heard.sum()))
        return heard

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
                ours.doubled += theirs.doubled
                ours.delay_h += theirs.delay_h
                ours.delay_max_h = max(ours.delay_max_h, theirs.delay_max_h)
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
            mean_s = SECONDS_PER_HOUR * book.delay_h / arrived if arrived else 0.0
            rows.append((
                message.kind, str(hop), str(message.cast), book.messages, book.receivers, book.n_bytes, book.lost,
                book.doubled, mean_s, SECONDS_PER_HOUR * book.delay_max_h,
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

    @staticmethod
    def _count_arrivals(book: Book, delays: list[float], receivers: int) -> None:
        book.lost += 0 if delays else receivers
        book.doubled += receivers if len(delays) > 1 else 0
        book.delay_h += receivers * sum(delays)
        book.delay_max_h = max(book.delay_max_h, *delays, 0.0)

    def _note(
        self,
        message: Message,
        hop: Hop,
        sender: Party,
        receiver: str,
        receivers: int,
        delays: list[float],
        lost: int | None = None,
    ) -> None:
        assert self.log is not None
        assert self.clock is not None
        now_h = self.clock.now_h()
        arrives_h = now_h + min(delays) if delays else np.nan
        missed = (0 if delays else receivers) if lost is None else lost
        self.log.append((
            now_h, arrives_h, message.kind, str(hop), str(message.cast), sender.name, receiver, receivers,
            message.wire_bytes, missed, message.text,
        ))  # fmt: skip

    def _deliver_due(self) -> None:
        assert self.clock is not None
        now_h = self.clock.now_h()
        while self._under_way and self._under_way[0].arrives_h <= now_h:
            arrived = heappop(self._under_way)
            arrived.deliver(arrived.message)
