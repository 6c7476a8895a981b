"""Messages between charging stations, their users, and the centres above them (paper C); wire sizes as in `environment.messages`."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from environment.messages import HEADER_BYTES, VALUE_BYTES, Hop, Message


@dataclass(frozen=True, slots=True, eq=False)
class Need(Message):
    """EV -> station, on arrival: the energy that it wants, its battery, and whether it takes part in the scheduling."""

    kind: ClassVar[str] = "need"
    hop: ClassVar[Hop] = Hop.SITE
    VALUES: ClassVar[int] = 3


@dataclass(frozen=True, slots=True, eq=False)
class Shift(Message):
    """Station -> EV: please charge a slot later, at a lower price, and lend so much meanwhile."""

    kind: ClassVar[str] = "shift"
    hop: ClassVar[Hop] = Hop.SITE
    VALUES: ClassVar[int] = 2


@dataclass(frozen=True, slots=True, eq=False)
class StationReport(Message):
    """Station -> substation, at a slot's beginning: who is plugged in and who waits, what they want, what storage can do.

    Parameters
    ----------
    plugged, queued
        EVs with and without a place.
    wanted_kwh, queued_kwh
        What they want.
    lent_kw
        What shifted EVs lend in the slot.
    charge_kw, discharge_kw
        What storage could take and give in the slot.
    """

    kind: ClassVar[str] = "station_report"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 7

    plugged: int
    queued: int
    wanted_kwh: float
    queued_kwh: float
    lent_kw: float
    charge_kw: float
    discharge_kw: float

    @property
    def text(self) -> str:
        """Who is there, and what they want."""
        return f"{self.plugged} plugged in, {self.queued} waiting, {self.wanted_kwh:.0f} kWh wanted"


@dataclass(frozen=True, slots=True, eq=False)
class RegionReport(Message):
    """Substation -> control centre: the reports of its stations, in their order."""

    kind: ClassVar[str] = "region_report"
    hop: ClassVar[Hop] = Hop.UPPER

    stations: tuple[StationReport, ...]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, len(self.stations))

    @staticmethod
    def bytes_of(messages: int, stations: int) -> int:
        """Size on the wire [bytes] of so many messages that hold the reports of so many stations together."""
        return messages * HEADER_BYTES + stations * StationReport.VALUES * VALUE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class Order(Message):
    """Substation -> station: its schedule of the slot.

    Parameters
    ----------
    voltage_v
        Voltage without load, for the taps of its transformer.
    time_h
        For how long EVs charge.
    capacity_kw
        Power granted to them.
    storage_kw
        What storage is to draw; negative gives.
    """

    kind: ClassVar[str] = "order"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 4

    voltage_v: float
    time_h: float
    capacity_kw: float
    storage_kw: float

    @property
    def text(self) -> str:
        """What is granted."""
        return (
            f"{self.voltage_v:.1f} V, {self.time_h:.3f} h, {self.capacity_kw:.0f} kW, storage {self.storage_kw:+.1f} kW"
        )


@dataclass(frozen=True, slots=True, eq=False)
class RegionOrder(Message):
    """Control centre -> substation: the orders of its stations, in their order, and the room of each line and transformer [kW]."""

    kind: ClassVar[str] = "region_order"
    hop: ClassVar[Hop] = Hop.UPPER

    orders: tuple[Order, ...]
    room_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(len(self.orders), self.room_kw.size)

    @staticmethod
    def bytes_of(stations: int, branches: int) -> int:
        """Size on the wire [bytes] of a message to so many stations, with the room of so many branches."""
        return HEADER_BYTES + VALUE_BYTES * (Order.VALUES * stations + branches)


@dataclass(frozen=True, slots=True, eq=False)
class Alarm(Message):
    """Control centre -> substation -> station, when voltage or supply is struck: give so much more from storage, draw so much less.

    Parameters
    ----------
    give_kw
        More from storage.
    cut_kw
        Less for EVs.
    """

    kind: ClassVar[str] = "alarm"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 2
    give_kw: float
    cut_kw: float

    @property
    def text(self) -> str:
        """Both powers."""
        return f"give {self.give_kw:.1f} kW, cut {self.cut_kw:.1f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Served(Message):
    """Station -> substation, at a slot's end: EVs that left, what they got, and what they wanted."""

    kind: ClassVar[str] = "served"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 3

    vehicles: int
    served_kwh: float
    wanted_kwh: float

    @property
    def text(self) -> str:
        """How many, and how much."""
        return f"{self.vehicles} EVs got {self.served_kwh:.1f} of {self.wanted_kwh:.1f} kWh"
