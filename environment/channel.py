"""Messages between agents and the channel that carries and counts them.

Source: paper A, section 4.2.2. The channel is lossless: what is sent arrives at once. A message to a group counts once.
Wire sizes are ours [default]: a header of 16 bytes (kind, sender, version,
length), 8 bytes a load value, 12 bytes an entry of slot and power.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 16
VALUE_BYTES = 8
ENTRY_BYTES = 12


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """Control centre -> substation -> transformer, a day ahead: forecast base load [kW], shape ``(n_slots,)``."""

    kind: ClassVar[str] = "forecast"
    load_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * self.load_kw.size


@dataclass(frozen=True, slots=True, eq=False)
class BoardCopy:
    """Transformer -> the EVs of a batch: the load of each slot [kW], shape ``(n_slots,)``."""

    kind: ClassVar[str] = "board_copy"
    load_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * self.load_kw.size


@dataclass(frozen=True, slots=True, eq=False)
class RoundCopy:
    """Transformer -> the EVs of a batch that come back: load of each slot and the EVs' part [kW], ``(n_slots,)`` each."""

    kind: ClassVar[str] = "round_copy"
    load_kw: NDArray[np.float64]
    promised_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * (self.load_kw.size + self.promised_kw.size)


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """EV -> planner, a day ahead: plug-in, plug-out, energy and power."""

    kind: ClassVar[str] = "declaration"

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + 4 * VALUE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class Signal(BoardCopy):
    """Transformer -> all its EVs: the signal of an iteration, a value for each slot, shape ``(n_slots,)``."""

    kind: ClassVar[str] = "signal"


@dataclass(frozen=True, slots=True, eq=False)
class Refusal(BoardCopy):
    """Transformer -> EV: the deposit does not fit; this is the load as it stands."""

    kind: ClassVar[str] = "refusal"


@dataclass(frozen=True, slots=True, eq=False)
class Deposit:
    """EV -> transformer: power promised in consecutive slots from `first_slot` on [kW]; sent as slot and power pairs."""

    kind: ClassVar[str] = "deposit"
    first_slot: int
    power_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, int(np.count_nonzero(self.power_kw)))

    @staticmethod
    def bytes_of(messages: int, entries: int) -> int:
        """Size on the wire [bytes] of so many messages that name so many slots together."""
        return HEADER_BYTES * messages + ENTRY_BYTES * entries


@dataclass(frozen=True, slots=True, eq=False)
class Exchange(Deposit):
    """EV -> transformer: a change of earlier promises [kW]; negative takes back."""

    kind: ClassVar[str] = "exchange"


@dataclass(frozen=True, slots=True, eq=False)
class Profile(Deposit):
    """EV -> transformer: its schedule in an iteration, slot and power pairs [kW]."""

    kind: ClassVar[str] = "profile"


@dataclass(frozen=True, slots=True, eq=False)
class Deviation:
    """Transformer -> its plugged-in EVs: what the present slot still strays from plan (paper A, eq 14), and the board.

    Parameters
    ----------
    residual_kw
        What is left to make up for.
    load_kw
        Load of each slot [kW], shape ``(n_slots,)``, for EVs to see where they can go.
    """

    kind: ClassVar[str] = "deviation"
    residual_kw: float
    load_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * (1 + self.load_kw.size)


@dataclass(frozen=True, slots=True, eq=False)
class Cut(Deposit):
    """Transformer -> EV: power taken from it in the present slot, because the limit would be broken [kW]."""

    kind: ClassVar[str] = "cut"


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch(Deposit):
    """Transformer -> EV: the schedule that a central planner chose for it."""

    kind: ClassVar[str] = "dispatch"


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Transformer -> substation -> control centre, at the end: total load [kW], shape ``(n_slots,)``, and what is lacking.

    Parameters
    ----------
    load_kw
        Actual base load plus EVs.
    unserved_kwh
        Energy that EVs asked of the grid and did not get.
    """

    kind: ClassVar[str] = "report"
    load_kw: NDArray[np.float64]
    unserved_kwh: float

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * (self.load_kw.size + 1)

    @property
    def peak_kw(self) -> float:
        """Largest load [kW]."""
        return float(self.load_kw.max())

    @property
    def valley_kw(self) -> float:
        """Smallest load [kW]."""
        return float(self.load_kw.min())


type Message = Forecast | BoardCopy | RoundCopy | Declaration | Deposit | Deviation | Report


class Channel:
    """Carries every message and counts messages and bytes by kind."""

    def __init__(self) -> None:
        self._books: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])

    def send[M: Message](self, message: M) -> M:
        """Carry one message; it arrives unchanged."""
        self.record(message.kind, 1, message.wire_bytes)
        return message

    def record(self, kind: str, messages: int, n_bytes: int) -> None:
        """Enter messages of one kind that a compiled path exchanged within itself."""
        if messages:
            book = self._books[kind]
            book[0] += messages
            book[1] += n_bytes

    def record_all(self, sent: Iterable[tuple[str, int, int]]) -> None:
        """Enter (kind, messages, bytes) of several kinds."""
        for kind, messages, n_bytes in sent:
            self.record(kind, messages, n_bytes)

    @property
    def books(self) -> list[tuple[str, int, int]]:
        """(kind, messages, bytes) of every kind sent, by name."""
        return [(kind, book[0], book[1]) for kind, book in sorted(self._books.items())]

    @property
    def messages(self) -> int:
        """All messages sent."""
        return sum(book[0] for book in self._books.values())

    @property
    def bytes(self) -> int:
        """All bytes sent."""
        return sum(book[1] for book in self._books.values())
