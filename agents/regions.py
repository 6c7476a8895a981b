"""The stations below a control centre as its rules reach them: by messages to the substations of their regions."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from agents.exchange import Confirmed, Leg, ask, tell
from agents.site import Region
from coordination.stations.reports import Followed, Orders, Plans, Reports, Standing
from environment.channel import Channel, Party
from environment.messages import Message
from environment.station_messages import (
    Alarm,
    Outlook,
    RegionAlarm,
    RegionOrder,
    RegionOutlook,
    RegionRelease,
    RegionServed,
    Release,
    Served,
    StationReport,
)


class Regions:
    """All regions, m stations in them; see `coordination.stations.control.Below`.

    Parameters
    ----------
    control_center
        Agent that sends and hears.
    channel
        Carries every message.
    ways
        For each region, the substations on the way to it, itself the last.
    """

    def __init__(self, control_center: Party, channel: Channel, ways: Sequence[Sequence[Region]]) -> None:
        self.channel = channel
        self._regions = [way[-1] for way in ways]
        self._ways = [_legs(control_center, way) for way in ways]
        self._rows = [region.rows for region in self._regions]
        self._stations = sum(rows.size for rows in self._rows)
        legs = [leg for way in self._ways for leg in way]
        self.may_lose = any(leg.faults for leg in legs) or any(region.may_lose for region in self._regions)

    def open(self, calmer: NDArray[np.bool_]) -> tuple[Reports, NDArray[np.bool_]]:
        """Let all stations begin a slot; see `Below.open`."""
        heard: list[StationReport | None] = [None] * self._stations
        for region, way, rows in zip(self._regions, self._ways, self._rows, strict=True):
            outlook = RegionOutlook([Outlook(each) for each in calmer[rows].tolist()])
            report = ask(self.channel, way, outlook, region.open)
            if report is not None:
                for row, each in zip(rows.tolist(), report.stations, strict=True):
                    heard[row] = each
        return Reports.of(heard), np.array([each is not None for each in heard])

    def follow(
        self, region: int, orders: Orders, room_kw: NDArray[np.float64], are_meant: NDArray[np.bool_]
    ) -> Followed:
        """Order what a region's stations are to do; see `Below.follow`."""
        plan = None
        if are_meant.any():
            order = RegionOrder(_only(orders.messages(), are_meant), room_kw)
            plan = ask(self.channel, self._ways[region], order, self._regions[region].follow)
        if plan is None:
            return Followed(0.0, Plans.of([None] * are_meant.size), np.zeros(are_meant.size, dtype=np.bool_))
        are_heard = np.array([each is not None for each in plan.stations])
        return Followed(plan.passed_kw, Plans.of(plan.stations), are_heard)

    def warn(self, give_kw: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Warn the stations whose storage is to give more, in regions where there are any; see `Below.warn`."""
        confirm = give_kw <= 0
        for region, way, rows in zip(self._regions, self._ways, self._rows, strict=True):
            are_meant = ~confirm[rows]
            if are_meant.any():
                alarm = RegionAlarm(_only([Alarm(each) for each in give_kw[rows].tolist()], are_meant))
                below = tell(self.channel, way, alarm, region.warn)
                confirm[rows] = ~are_meant if below is None else below
        return confirm

    def release(self, cut_kw: NDArray[np.float64], are_meant: NDArray[np.bool_]) -> None:
        """Release the stations that are meant, in regions where there are any; see `Below.release`."""
        for region, way, rows in zip(self._regions, self._ways, self._rows, strict=True):
            if are_meant[rows].any():
                words = _only([Release(each) for each in cut_kw[rows].tolist()], are_meant[rows])
                tell(self.channel, way, RegionRelease(words), region.release)

    def serve(self) -> Standing:
        """Let all stations charge, and hear what regions say of it; see `Below.serve`."""
        heard: list[Served | None] = [None] * self._stations
        for region, way, rows in zip(self._regions, self._ways, self._rows, strict=True):
            up = [leg.back for leg in reversed(way)]
            tell(self.channel, up, region.serve(), partial(_take, heard, rows))
        return Standing.of(heard)


def _legs(sender: Party, way: Sequence[Region]) -> list[Leg]:
    above = [sender, *way[:-1]]
    return [Leg(each, node, node.faults) for each, node in zip(above, way, strict=True)]


def _only[M: Message](messages: Sequence[M], are_meant: NDArray[np.bool_]) -> list[M | None]:
    """Return the messages of those who are meant, and None of the others."""
    return [each if is_meant else None for each, is_meant in zip(messages, are_meant.tolist(), strict=True)]


def _take(heard: list[Served | None], rows: NDArray[np.int64], served: RegionServed) -> Confirmed:
    """Take what a region says of its stations."""
    for row, each in zip(rows.tolist(), served.stations, strict=True):
        heard[row] = each
    return ()
