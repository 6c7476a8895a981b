"""The substation: passes forecasts down to what it feeds and gathers the reports from there; of stations it leads the region."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from agents.exchange import Confirmed, Leg, ask, tell
from agents.site import Fed, Region, Serving, feeds, serves
from agents.transformer import Transformer
from coordination.stations.passing import Passing, may_follow
from coordination.stations.reports import Orders, Reports
from environment.channel import Channel
from environment.channel_faults import ChannelFaults
from environment.messages import Forecast, Hop, Message, Report
from environment.station_messages import (
    Plan,
    RegionAlarm,
    RegionOrder,
    RegionOutlook,
    RegionPlan,
    RegionRelease,
    RegionReport,
    RegionServed,
    Served,
    StationReport,
)


class Substation(FixedAgent):  # type: ignore[misc]
    """One substation, and the transformers, stations and further substations right below it.

    Parameters
    ----------
    model
        The Mesa model.
    name
        As in the grid's tree.
    channel
        Carries every message.
    children
        Transformers, stations and further substations that it feeds.
    own_kw
        Load at the substation itself [kW], shape ``(n_slots,)``; none if left out.
    passing
        Rules by which its stations pass power on; None where they do not.
    faults
        What can happen to messages between the substation and the node above; None for nothing.

    Attributes
    ----------
    stations
        Stations right below it.
    rows
        Rows of these stations.
    """

    HOP: ClassVar = Hop.UPPER
    SERVES: ClassVar = False

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        children: Sequence[Fed | Serving],
        own_kw: NDArray[np.float64] | float = 0.0,
        *,
        passing: Passing | None = None,
        faults: ChannelFaults | None = None,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.children = children
        self.own_kw = own_kw
        self.passing = passing
        self.faults = faults
        self.stations: list[Serving] = [child for child in children if serves(child)]
        self.rows = np.array([station.row for station in self.stations], dtype=np.int64)
        self._fed: list[Fed] = [child for child in children if feeds(child)]
        self._way = {transformer: child for child in self._fed for transformer in child.transformers}
        self._reports: list[StationReport | None] = []

    @property
    def transformers(self) -> list[Transformer]:
        """The transformers below, in the order of the tree."""
        return list(self._way)

    @property
    def reports(self) -> bool:
        """Whether it reports a load in the end: not where stations are all that it feeds."""
        return bool(self._fed) or not self.stations

    @property
    def ways(self) -> list[list[Region]]:
        """For each region below, the substations on the way to it, this one first; it is a region itself if it has stations."""
        own: list[list[Region]] = [[self]] if self.stations else []
        return own + [[self, *way] for child in self._fed for way in child.ways]

    @property
    def may_lose(self) -> bool:
        """Whether messages to or from its stations may get lost."""
        return any(station.faults is not None for station in self.stations)

    def pass_down(self, transformer: Transformer, forecast: Forecast) -> None:
        """Send a transformer its forecast of the day ahead, on the way to it."""
        child = self._way[transformer]
        child.pass_down(transformer, self.channel.send(forecast, self, child, hop=child.HOP))

    def report(self) -> Report:
        """Gather the reports from below and return their sum, with the substation's own load."""
        reports = [
            self.channel.send(child.report(), child, self, hop=child.HOP) for child in self._fed if child.reports
        ]
        return Report.sum(reports, self.own_kw)

    def open(self, outlook: RegionOutlook) -> RegionReport:
        """Let stations begin a slot, and gather what they report."""
        self._reports = [
            None if each is None else ask(self.channel, self._way_to(station), each, station.open)
            for station, each in zip(self.stations, outlook.stations, strict=True)
        ]
        return RegionReport(self._reports)

    def follow(self, order: RegionOrder) -> RegionPlan:
        """Pass power between the stations, where that trigger is on, hand their orders down, and gather their plans.

        Who has no order, or whose report was not heard, stays out of it.
        """
        plans: list[Plan | None] = [None] * len(self.stations)
        pairs = zip(order.stations, self._reports, strict=True)
        there = {k: pair for k, pair in enumerate(pairs) if None not in pair}
        orders = handed = Orders.of([each for each, _ in there.values() if each is not None])
        passed_kw = 0.0
        if self.passing is not None and there:
            reports = Reports.of([report for _, report in there.values()])
            handed, passed_kw = self.passing.passed(orders, reports, order.room_kw, np.array(list(there)))
        for k, each in zip(there, handed.messages(), strict=True):
            plans[k] = ask(self.channel, self._way_to(self.stations[k]), each, self.stations[k].follow)
        follow = may_follow(orders, handed, np.array([plans[k] is not None for k in there], dtype=np.bool_))
        for k in np.array(list(there), dtype=np.int64)[~follow].tolist():
            plans[k] = None
        return RegionPlan(plans, passed_kw)

    def warn(self, alarm: RegionAlarm) -> Confirmed:
        """Hand an alarm down to the stations that it is for; return who confirms it."""
        return self._hand_down(alarm.stations, [station.hear_alarm for station in self.stations])

    def release(self, release: RegionRelease) -> Confirmed:
        """Hand the last word down to the stations that it is for; return who confirms it."""
        return self._hand_down(release.stations, [station.hear_release for station in self.stations])

    def serve(self) -> RegionServed:
        """Let all stations charge, whatever they have heard, and gather what they say of it: that is a matter of their clocks."""
        heard: list[Served | None] = [None] * len(self.stations)
        for number, station in enumerate(self.stations):
            (leg,) = self._way_to(station)
            tell(self.channel, (leg.back,), station.serve(), partial(_take, heard, number))
        return RegionServed(heard)

    def _hand_down[M: Message](
        self, messages: Sequence[M | None], hear: Sequence[Callable[[M], Confirmed]]
    ) -> Confirmed:
        """Tell each station its message; return who confirms it, or has none."""
        return tuple(
            each is None or tell(self.channel, self._way_to(station), each, listener) is not None
            for station, each, listener in zip(self.stations, messages, hear, strict=True)
        )

    def _way_to(self, station: Serving) -> tuple[Leg]:
        return (Leg(self, station, station.faults),)


def _take(heard: list[Served | None], number: int, served: Served) -> Confirmed:
    """Take what a station says."""
    heard[number] = served
    return ()
