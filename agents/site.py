"""What nodes of the tree offer the node above: load that is reported, or stations that are scheduled. Nodes go by that alone."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from agents.exchange import Confirmed
from agents.transformer import Transformer
from environment.channel_faults import ChannelFaults
from environment.messages import Forecast, Hop, Report
from environment.station_messages import (
    Alarm,
    Order,
    Outlook,
    Plan,
    RegionAlarm,
    RegionOrder,
    RegionOutlook,
    RegionPlan,
    RegionRelease,
    RegionReport,
    RegionServed,
    Release,
    Served,
    StationReport,
)


class Site(Protocol):
    """Any node below another one."""

    name: str
    HOP: ClassVar[Hop]
    """Edge of the tree from the node above to this one."""
    SERVES: ClassVar[bool]
    """Whether visitors come here to charge."""


class Fed(Site, Protocol):
    """What a node feeds right below it: a transformer, or a substation with all below that."""

    @property
    def transformers(self) -> Sequence[Transformer]:
        """The transformers there, in the order of the tree."""

    @property
    def ways(self) -> "Sequence[Sequence[Region]]":
        """For each region there, the substations on the way to it, itself the last."""

    @property
    def reports(self) -> bool:
        """Whether the node reports a load in the end; one that feeds stations alone has told all of it slot by slot."""

    def pass_down(self, transformer: Transformer, forecast: Forecast) -> None:
        """Take one of those transformers' forecast of the day ahead."""

    def report(self) -> Report:
        """Return the load in each slot and the energy that EVs still lack."""


class Serving(Site, Protocol):
    """A station: what its substation asks of it and tells it in a slot."""

    row: int
    """Row of the station."""
    faults: ChannelFaults | None
    """What can happen to messages between the station and the node above; None for nothing."""

    def open(self, outlook: Outlook) -> StationReport:
        """Begin the slot and report."""

    def follow(self, order: Order) -> Plan:
        """Take the slot's schedule, and say what comes of it."""

    def hear_alarm(self, alarm: Alarm) -> Confirmed:
        """Give more from storage."""

    def hear_release(self, release: Release) -> Confirmed:
        """Draw as planned, less what is cut."""

    def serve(self) -> Served:
        """Charge visitors, and say what was done."""


class Region(Site, Protocol):
    """A substation with stations right below: what the control centre asks of it and tells it in a slot."""

    rows: NDArray[np.int64]
    """Rows of its stations."""
    faults: ChannelFaults | None
    """What can happen to messages between the substation and the node above; None for nothing."""

    @property
    def may_lose(self) -> bool:
        """Whether messages to or from its stations may get lost."""

    def open(self, outlook: RegionOutlook) -> RegionReport:
        """Let stations begin the slot, and gather what they report."""

    def follow(self, order: RegionOrder) -> RegionPlan:
        """Hand the schedule down, and gather what stations make of it."""

    def warn(self, alarm: RegionAlarm) -> Confirmed:
        """Hand an alarm down; return who confirms it."""

    def release(self, release: RegionRelease) -> Confirmed:
        """Hand the last word down; return who confirms it."""

    def serve(self) -> RegionServed:
        """Let stations charge, and gather what they say of it."""


def serves(site: Fed | Serving) -> TypeGuard[Serving]:
    """Return whether visitors come to a node to charge."""
    return site.SERVES


def feeds(site: Fed | Serving) -> TypeGuard[Fed]:
    """Return whether a node reports load of what it feeds."""
    return not site.SERVES
