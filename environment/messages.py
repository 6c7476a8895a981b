"""Messages between agents: frozen, each with its size on the wire, the hop that it takes and how it is addressed.

Source: paper A, section 4.2.2 (point-to-point, broadcast and group communication). Wire sizes are ours [default]: a header
of 16 bytes (kind, sender, number, version of the board, length), 8 bytes a load value, 12 bytes an entry of slot and power.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES = 16
VALUE_BYTES = 8
ENTRY_BYTES = 12


class Hop(StrEnum):
    """An edge of the grid's tree, in either direction."""

    UPPER = "control_center-substation"
    LOWER = "substation-transformer"
    FIELD = "transformer-ev"
    LINE = "ev-ev"
    AGGREGATOR = "control_center-aggregator"
    V2G = "aggregator-ev"
    STATION = "substation-station"
    SITE = "station-ev"


class Cast(StrEnum):
    """How a message is addressed (paper A, section 4.2.2)."""

    POINT = "point-to-point"
    GROUP = "group"
    BROADCAST = "broadcast"


class Sent(NamedTuple):
    """What was sent of one kind over one hop.

    Parameters
    ----------
    message
        Class of the message.
    messages
        How many; one to a group counts once.
    receivers
        How many they were meant for, together.
    n_bytes
        Their size on the wire [bytes].
    hop
        If not the usual one of its class.
    """

    message: "type[Message]"
    messages: int
    receivers: int
    n_bytes: int
    hop: Hop | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """What all messages have in common; one without content is a header, others have `VALUES` or say their size themselves."""

    kind: ClassVar[str]
    hop: ClassVar[Hop] = Hop.FIELD
    cast: ClassVar[Cast] = Cast.POINT
    VALUES: ClassVar[int] = 0

    @classmethod
    def bytes_each(cls) -> int:
        """Size on the wire [bytes] of one whose values are always as many."""
        return HEADER_BYTES + VALUE_BYTES * cls.VALUES

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_each()

    @property
    def text(self) -> str:
        """What it says, in a few words."""
        return ""


@dataclass(frozen=True, slots=True, eq=False)
class Receipt(Message):
    """Receiver -> sender, on the hop of the message, where messages may get lost: what was sent has come."""

    kind: ClassVar[str] = "receipt"


@dataclass(frozen=True, slots=True, eq=False)
class Loads(Message):
    """A load for each slot [kW], shape ``(n_slots,)``."""

    load_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, self.load_kw.size)

    @staticmethod
    def bytes_of(messages: int, values: int) -> int:
        """Size on the wire [bytes] of so many messages of so many values each."""
        return messages * (HEADER_BYTES + VALUE_BYTES * values)


@dataclass(frozen=True, slots=True, eq=False)
class Entries(Message):
    """Power in consecutive slots from `first_slot` on [kW]; sent as pairs of slot and power."""

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

    def named(self) -> str:
        """Return the slots named, and their powers [kW]."""
        named = np.flatnonzero(self.power_kw)
        return " ".join(f"{self.first_slot + k}:{self.power_kw[k]:+.2f}" for k in named.tolist())

    @property
    def text(self) -> str:
        """The slots named, and their powers."""
        return self.named()


@dataclass(frozen=True, slots=True, eq=False)
class Forecast(Loads):
    """Control centre -> substation -> transformer, a day ahead: forecast base load."""

    kind: ClassVar[str] = "forecast"
    hop: ClassVar[Hop] = Hop.LOWER


@dataclass(frozen=True, slots=True, eq=False)
class BoardCopy(Loads):
    """Transformer -> the EVs of a line, or all its EVs where it has no lines: a version of the board."""

    kind: ClassVar[str] = "board_copy"
    cast: ClassVar[Cast] = Cast.GROUP
    version: int = 0

    @property
    def text(self) -> str:
        """Its version."""
        return f"version {self.version}"


@dataclass(frozen=True, slots=True, eq=False)
class RoundCopy(Loads):
    """Transformer -> the EVs of a batch that come back: load of each slot and the EVs' part [kW], ``(n_slots,)`` each."""

    kind: ClassVar[str] = "round_copy"
    cast: ClassVar[Cast] = Cast.GROUP
    promised_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, self.load_kw.size + self.promised_kw.size)


@dataclass(frozen=True, slots=True, eq=False)
class Declaration(Message):
    """EV -> planner, a day ahead: plug-in, plug-out, energy and power."""

    kind: ClassVar[str] = "declaration"
    VALUES: ClassVar[int] = 4


@dataclass(frozen=True, slots=True, eq=False)
class Signal(Loads):
    """Transformer -> all its EVs: the signal of an iteration, a value for each slot."""

    kind: ClassVar[str] = "signal"
    cast: ClassVar[Cast] = Cast.BROADCAST


@dataclass(frozen=True, slots=True, eq=False)
class Deposit(Entries):
    """EV -> transformer: all that it means to draw from `first_slot` on; takes the place of what it promised there before.

    Parameters
    ----------
    row
        Who sends it.
    number
        Counts the EV's messages up: what is sent again has its old number, so that it is entered once.
    version
        Version of the board that it read.
    """

    kind: ClassVar[str] = "deposit"
    row: int
    number: int
    version: int

    @property
    def text(self) -> str:
        """What it read, and what it chose."""
        return f"read version {self.version}, chose {self.named() or 'nothing'}"


@dataclass(frozen=True, slots=True, eq=False)
class Exchange(Deposit):
    """EV -> transformer: a change of what it promised [kW]; negative takes back."""

    kind: ClassVar[str] = "exchange"

    @property
    def text(self) -> str:
        """The change."""
        return self.named()


@dataclass(frozen=True, slots=True, eq=False)
class Acceptance(Message):
    """Transformer -> EV: the deposit or exchange of that number is entered; the version of the board that it met."""

    kind: ClassVar[str] = "acceptance"
    number: int
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class Refusal(Loads):
    """Transformer -> EV: the deposit or exchange of that number does not fit; this is the load as it stands."""

    kind: ClassVar[str] = "refusal"
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Share(Entries):
    """EV -> the others on its line: what it was promised.

    Parameters
    ----------
    row, number
        The deposit that was accepted: who sent it, and its number.
    version
        Version of the board that this is not in yet.
    """

    kind: ClassVar[str] = "share"
    hop: ClassVar[Hop] = Hop.LINE
    cast: ClassVar[Cast] = Cast.GROUP
    row: int
    number: int
    version: int


@dataclass(frozen=True, slots=True, eq=False)
class Request(Message):
    """EV -> transformer: it has no copy of the board, please send one."""

    kind: ClassVar[str] = "request"


@dataclass(frozen=True, slots=True, eq=False)
class Recall(Message):
    """Transformer -> EVs: promises are missing on the board, please deposit again what you hold."""

    kind: ClassVar[str] = "recall"
    cast: ClassVar[Cast] = Cast.GROUP


@dataclass(frozen=True, slots=True, eq=False)
class Profile(Entries):
    """EV -> transformer: its schedule in an iteration."""

    kind: ClassVar[str] = "profile"


@dataclass(frozen=True, slots=True, eq=False)
class Deviation(Loads):
    """Transformer -> its plugged-in EVs: what the present slot still strays from plan (paper A, eq 14), and the board.

    Parameters
    ----------
    residual_kw
        What is left to make up for.
    """

    kind: ClassVar[str] = "deviation"
    cast: ClassVar[Cast] = Cast.BROADCAST
    residual_kw: float

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, self.load_kw.size + 1)

    @property
    def text(self) -> str:
        """What is left to make up for."""
        return f"{self.residual_kw:+.1f} kW left"


@dataclass(frozen=True, slots=True, eq=False)
class Cut(Entries):
    """Transformer -> EV: power taken from it in the present slot, because the limit would be broken [kW]."""

    kind: ClassVar[str] = "cut"


@dataclass(frozen=True, slots=True, eq=False)
class Dispatch(Entries):
    """Transformer -> EV: the schedule that a central planner chose for it."""

    kind: ClassVar[str] = "dispatch"


@dataclass(frozen=True, slots=True, eq=False)
class Report(Loads):
    """Transformer -> substation -> control centre, at the end: total load, and the energy that EVs did not get.

    Parameters
    ----------
    unserved_kwh
        Energy that EVs asked of the grid and did not get.
    """

    kind: ClassVar[str] = "report"
    hop: ClassVar[Hop] = Hop.LOWER
    unserved_kwh: float

    @classmethod
    def sum(cls, reports: Sequence["Report"], own_kw: NDArray[np.float64] | float) -> "Report":
        """Return what a node reports that gathered reports and has a load of its own [kW], shape ``(n_slots,)``."""
        load_kw = np.sum([report.load_kw for report in reports], axis=0) + own_kw
        return cls(load_kw, sum(report.unserved_kwh for report in reports))

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, self.load_kw.size + 1)

    @property
    def peak_kw(self) -> float:
        """Largest load [kW]."""
        return float(self.load_kw.max())

    @property
    def valley_kw(self) -> float:
        """Smallest load [kW]."""
        return float(self.load_kw.min())
