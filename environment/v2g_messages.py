"""Messages between an aggregator, its EVs that give back, and the control centre (paper B); wire sizes as in `environment.messages`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from environment.messages import HEADER_BYTES, VALUE_BYTES, Hop, Message


@dataclass(frozen=True, slots=True, eq=False)
class Prices(Message):
    """Control centre -> aggregator, a day ahead: what a kWh costs and brings in each slot, ``(n_slots,)`` each."""

    kind: ClassVar[str] = "prices"
    hop: ClassVar[Hop] = Hop.AGGREGATOR

    charge_yuan_per_kwh: NDArray[np.float64]
    discharge_yuan_per_kwh: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * (self.charge_yuan_per_kwh.size + self.discharge_yuan_per_kwh.size)


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment(Message):
    """EV -> aggregator, a day ahead: battery, announced stays, and what the EV needs. The header names the EV by its `row`.

    Parameters
    ----------
    row
        Row of the EV.
    rated_kw, capacity_kwh, efficiency
        Rated power either way at the grid, battery size, and efficiency each way.
    soc
        State of charge before the first slot.
    leaving_soc, end_soc
        State of charge that it needs at every departure, and at the horizon's end; minus infinity for none.
    stays
        First slot of each stay and the slot after its last, shape ``(n_stays, 2)``.
    """

    kind: ClassVar[str] = "enrolment"
    hop: ClassVar[Hop] = Hop.V2G
    VALUES: ClassVar[int] = 6

    row: int
    rated_kw: float
    capacity_kwh: float
    efficiency: float
    soc: float
    leaving_soc: float
    end_soc: float
    stays: NDArray[np.int64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, len(self.stays))

    @classmethod
    def bytes_of(cls, messages: int, stays: int) -> int:
        """Size on the wire [bytes] of so many messages that name so many stays together; a stay is a value of two slots."""
        return messages * cls.bytes_each() + stays * VALUE_BYTES

    @property
    def text(self) -> str:
        """Battery and stays."""
        stays = " ".join(f"{first}-{stop}" for first, stop in self.stays.tolist())
        return f"{self.rated_kw:g} kW, {self.capacity_kwh:g} kWh, soc {self.soc:.3f}, slots {stays}".rstrip()


@dataclass(frozen=True, slots=True, eq=False)
class LeastSoc(Message):
    """Aggregator -> EV, a day ahead: least state of charge that it is to have after each slot, ``(n_slots,)``, to meet its need."""

    kind: ClassVar[str] = "least_soc"
    hop: ClassVar[Hop] = Hop.V2G

    least_soc: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, self.least_soc.size)

    @staticmethod
    def bytes_of(messages: int, n_slots: int) -> int:
        """Size on the wire [bytes] of so many messages of so many slots each."""
        return messages * (HEADER_BYTES + VALUE_BYTES * n_slots)


@dataclass(frozen=True, slots=True, eq=False)
class Condition(Message):
    """EV -> aggregator, at a slot's beginning: it is there; its state of charge, its rated power, and what it could take and give [kW].

    What it must take, to be as full as it needs when it leaves, is a power to give below 0. The header names the EV by its `row`.
    """

    kind: ClassVar[str] = "condition"
    hop: ClassVar[Hop] = Hop.V2G
    VALUES: ClassVar[int] = 4

    row: int
    soc: float
    rated_kw: float
    charge_kw: float
    discharge_kw: float

    @property
    def text(self) -> str:
        """State of charge and limits."""
        return f"soc {self.soc:.3f}, {-self.discharge_kw:+.2f} to {self.charge_kw:+.2f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Power(Message):
    """A mean power of the present slot; positive charges [kW]."""

    hop: ClassVar[Hop] = Hop.V2G
    VALUES: ClassVar[int] = 1

    power_kw: float

    @property
    def text(self) -> str:
        """The power."""
        return f"{self.power_kw:+.2f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Setpoint(Power):
    """Aggregator -> EV: what it is asked to draw or to give in the slot that begins."""

    kind: ClassVar[str] = "setpoint"


@dataclass(frozen=True, slots=True, eq=False)
class Response(Power):
    """EV -> aggregator, at the slot's end: what it drew or gave."""

    kind: ClassVar[str] = "response"


@dataclass(frozen=True, slots=True, eq=False)
class Tracking(Message):
    """Aggregator -> control centre, at the slot's end: the fleet's signal, and what its EVs did [kW]."""

    kind: ClassVar[str] = "tracking"
    hop: ClassVar[Hop] = Hop.AGGREGATOR
    VALUES: ClassVar[int] = 2

    signal_kw: float
    response_kw: float

    @property
    def text(self) -> str:
        """Both powers."""
        return f"asked {self.signal_kw:+.2f} kW, did {self.response_kw:+.2f} kW"
