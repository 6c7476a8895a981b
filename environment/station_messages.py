"""Messages between charging stations, their visitors, and the centres above them (paper C); wire sizes as in `environment.messages`.

What goes between a substation and its stations goes between the control centre and the substation as one message for all of them, in
the order in which the substation has them; None stands for a station of which nothing was heard, or to which nothing is said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from environment.messages import HEADER_BYTES, VALUE_BYTES, Hop, Message


@dataclass(frozen=True, slots=True, eq=False)
class Need(Message):
    """EV -> station, on arrival: what it wants and has, and whether it takes part in the scheduling.

    Parameters
    ----------
    energy_kwh
        Energy that the EV wants, at the grid.
    capacity_kwh
        Size of its battery.
    willing
        Whether its charging may be shifted.
    """

    kind: ClassVar[str] = "need"
    hop: ClassVar[Hop] = Hop.SITE
    VALUES: ClassVar[int] = 3

    energy_kwh: float
    capacity_kwh: float
    willing: bool

    @property
    def text(self) -> str:
        """Energy that is wanted."""
        return f"{self.energy_kwh:.1f} kWh wanted"


@dataclass(frozen=True, slots=True, eq=False)
class Shift(Message):
    """Station -> EV: please charge in a later slot, at a lower price, and lend at most so much meanwhile.

    Parameters
    ----------
    slot
        First slot in which the EV may charge.
    lend_kwh
        Most that it is to lend until then.
    """

    kind: ClassVar[str] = "shift"
    hop: ClassVar[Hop] = Hop.SITE
    VALUES: ClassVar[int] = 2

    slot: int
    lend_kwh: float


@dataclass(frozen=True, slots=True, eq=False)
class Charged(Message):
    """Station -> EV, when it has charged: what it got.

    Parameters
    ----------
    served_kwh
        Energy that the EV got, at the grid.
    time_h
        For how long it charged.
    """

    kind: ClassVar[str] = "charged"
    hop: ClassVar[Hop] = Hop.SITE
    VALUES: ClassVar[int] = 2

    served_kwh: float
    time_h: float

    @property
    def text(self) -> str:
        """Energy that was got."""
        return f"{self.served_kwh:.1f} kWh"


@dataclass(frozen=True, slots=True, eq=False)
class Outlook(Message):
    """Substation -> station, at a slot's beginning: please report, and what is forecast of the slots to come.

    Parameters
    ----------
    calmer
        Whether less is forecast for one of the slots that visitors may be shifted to.
    """

    kind: ClassVar[str] = "outlook"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 1

    calmer: bool


@dataclass(frozen=True, slots=True, eq=False)
class StationReport(Message):
    """Station -> substation, at a slot's beginning: who is plugged in and who waits, what they want, what storage can do.

    Parameters
    ----------
    plugged, queued, shifted
        EVs with a place, EVs without one, and EVs that are shifted to a later slot.
    wanted_kwh, queued_kwh
        Energy that EVs with a place and EVs without one want.
    lent_kw
        Power that shifted EVs lend in the slot.
    charge_kw, discharge_kw
        Power that storage could take and give in the slot.
    """

    kind: ClassVar[str] = "station_report"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 8

    plugged: int
    queued: int
    shifted: int
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
class Order(Message):
    """Substation -> station: the schedule of the slot, which waits for its release; storage that is to give does so at once.

    Parameters
    ----------
    voltage_v
        Voltage without load, for the taps of the station's transformer.
    time_h
        For how long EVs charge.
    capacity_kw
        Power granted to EVs.
    storage_kw
        Power that storage is to draw; negative gives.
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
class Plan(Message):
    """Station -> substation, on an order: what it is going to draw.

    Parameters
    ----------
    power_kw
        Power that EVs are going to draw while they charge.
    storage_kw
        Power that storage is going to draw; negative gives.
    """

    kind: ClassVar[str] = "plan"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 2

    power_kw: float
    storage_kw: float

    @property
    def text(self) -> str:
        """Both powers."""
        return f"EVs {self.power_kw:.0f} kW, storage {self.storage_kw:+.1f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Alarm(Message):
    """Substation -> station, when voltage or supply is struck: give so much more from storage, at once.

    Parameters
    ----------
    give_kw
        Power that storage is to give beyond its order, or not to draw.
    """

    kind: ClassVar[str] = "alarm"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 1

    give_kw: float

    @property
    def text(self) -> str:
        """Power to give."""
        return f"give {self.give_kw:.1f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Release(Message):
    """Substation -> station, the last word of a slot's schedule: draw what was planned, less so much.

    Parameters
    ----------
    cut_kw
        Power that EVs are to draw less, because the supply is short.
    """

    kind: ClassVar[str] = "release"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 1

    cut_kw: float

    @property
    def text(self) -> str:
        """Power that is cut."""
        return f"cut {self.cut_kw:.1f} kW"


@dataclass(frozen=True, slots=True, eq=False)
class Served(Message):
    """Station -> substation, at a slot's end: who charged, and what the station drew.

    Parameters
    ----------
    plugged
        EVs that charged and left.
    served_kwh, wanted_kwh
        Energy that they got, and energy that they wanted.
    granted_kw, power_kw, storage_kw, cut_kw
        Power granted to EVs, drawn by them while they charged, drawn by storage, and cut for want of supply.
    storage_soc
        State of charge of the storage.
    """

    kind: ClassVar[str] = "served"
    hop: ClassVar[Hop] = Hop.STATION
    VALUES: ClassVar[int] = 8

    plugged: int
    served_kwh: float
    wanted_kwh: float
    granted_kw: float
    power_kw: float
    storage_kw: float
    cut_kw: float
    storage_soc: float

    @property
    def text(self) -> str:
        """How many charged, and what they got."""
        return f"{self.plugged} EVs got {self.served_kwh:.1f} of {self.wanted_kwh:.1f} kWh"


@dataclass(frozen=True, slots=True, eq=False)
class RegionMessage[M: Message](Message):
    """Control centre <-> substation: one message for each of the stations of a region, in their order.

    Parameters
    ----------
    stations
        The messages; None where there is none for, or of, a station.
    """

    hop: ClassVar[Hop] = Hop.UPPER
    OF: ClassVar[type[Message]]
    """Class of the messages."""

    stations: Sequence[M | None]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, sum(each is not None for each in self.stations))

    @classmethod
    def bytes_of(cls, messages: int, stations: int) -> int:
        """Size on the wire [bytes] of so many messages for so many stations together."""
        return messages * HEADER_BYTES + stations * cls.OF.VALUES * VALUE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class RegionOutlook(RegionMessage[Outlook]):
    """Control centre -> substation: the outlook of its stations."""

    kind: ClassVar[str] = "region_outlook"
    OF: ClassVar[type[Message]] = Outlook


@dataclass(frozen=True, slots=True, eq=False)
class RegionReport(RegionMessage[StationReport]):
    """Substation -> control centre: the reports of its stations."""

    kind: ClassVar[str] = "region_report"
    OF: ClassVar[type[Message]] = StationReport


@dataclass(frozen=True, slots=True, eq=False)
class RegionOrder(RegionMessage[Order]):
    """Control centre -> substation: the orders of its stations, and the room of each line and transformer.

    Parameters
    ----------
    room_kw
        Power that each branch could carry beyond what is drawn, shape ``(n_branches,)``.
    """

    kind: ClassVar[str] = "region_order"
    OF: ClassVar[type[Message]] = Order

    room_kw: NDArray[np.float64]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, sum(each is not None for each in self.stations)) + VALUE_BYTES * self.room_kw.size


@dataclass(frozen=True, slots=True, eq=False)
class RegionPlan(RegionMessage[Plan]):
    """Substation -> control centre: the plans of its stations, and the power that they passed on among them.

    Parameters
    ----------
    passed_kw
        Power that was passed on.
    """

    kind: ClassVar[str] = "region_plan"
    OF: ClassVar[type[Message]] = Plan

    passed_kw: float

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return self.bytes_of(1, sum(each is not None for each in self.stations)) + VALUE_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class RegionAlarm(RegionMessage[Alarm]):
    """Control centre -> substation: the alarms of its stations."""

    kind: ClassVar[str] = "region_alarm"
    OF: ClassVar[type[Message]] = Alarm


@dataclass(frozen=True, slots=True, eq=False)
class RegionRelease(RegionMessage[Release]):
    """Control centre -> substation: the last word to its stations."""

    kind: ClassVar[str] = "region_release"
    OF: ClassVar[type[Message]] = Release


@dataclass(frozen=True, slots=True, eq=False)
class RegionServed(RegionMessage[Served]):
    """Substation -> control centre, at a slot's end: what its stations served."""

    kind: ClassVar[str] = "region_served"
    OF: ClassVar[type[Message]] = Served


@dataclass(frozen=True, slots=True, eq=False)
class RegionReceipt(Message):
    """Substation -> control centre, where messages may get lost: a message for its stations has come.

    Parameters
    ----------
    stations
        Whether each station has confirmed its part, or there was none for it.
    """

    kind: ClassVar[str] = "region_receipt"
    hop: ClassVar[Hop] = Hop.UPPER

    stations: tuple[bool, ...]

    @property
    def wire_bytes(self) -> int:
        """Size on the wire [bytes]."""
        return HEADER_BYTES + VALUE_BYTES * len(self.stations)
