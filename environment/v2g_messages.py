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
class Condition(Message):
    """EV -> aggregator, at a slot's beginning: it is there; its state of charge, and what it could take and give [kW].

    What it must take, to be as full as it needs when it leaves, is a power to give below 0.
    """

    kind: ClassVar[str] = "condition"
    hop: ClassVar[Hop] = Hop.STORE
    VALUES: ClassVar[int] = 3

    soc: float
    charge_kw: float
    discharge_kw: float

    @property
    def text(self) -> str:
        """State of charge and limits."""
        return f"soc {self.soc:.3f}, {-self.discharge_kw:+.2f} to {self.charge_kw:+.2f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Power(Message):
    """A mean power of the present slot; positive charges [kW]."""

    hop: ClassVar[Hop] = Hop.STORE
    VALUES: ClassVar[int] = 1

    power_kw: float

    @property
    def text(self) -> str:
        """The power."""
        return f"{self.power_kw:+.2f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Setpoint(Power):
    """Aggregator -> EV: what it is asked to draw or to give."""

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
