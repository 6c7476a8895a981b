"""All stations at once, without agents: the rows of their yard, and the books of what agents would have sent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coordination.stations.passing import Passing
from coordination.stations.reports import Followed, Orders, Reports, Standing
from coordination.stations.yard import Yard
from environment.channel import Channel
from environment.messages import VALUE_BYTES, Message, Sent
from environment.station_messages import (
    Alarm,
    Charged,
    Need,
    Order,
    Outlook,
    Plan,
    RegionAlarm,
    RegionMessage,
    RegionOrder,
    RegionOutlook,
    RegionPlan,
    RegionRelease,
    RegionReport,
    RegionServed,
    Release,
    Served,
    Shift,
    StationReport,
)
from environment.station_sites import Stations


class StationColumns:
    """Stations and their regions as the control centre reaches them where there are no agents; see `Below`.

    Parameters
    ----------
    yard
        The stations' columns.
    stations
        Where they stand.
    passing
        Rules by which the stations of each region pass power on; None where they do not.
    channel
        Takes the books of the messages.

    Attributes
    ----------
    slot
        The present slot.
    """

    may_lose = False

    def __init__(self, yard: Yard, stations: Stations, passing: Sequence[Passing | None], channel: Channel) -> None:
        self.yard = yard
        self.passing = passing
        self.channel = channel
        self.slot = 0
        self._all = np.arange(len(stations))
        self._rows = [stations.rows_of(region) for region in range(len(stations.regions))]
        self._region = stations.region
        self._reports: Reports

    def begin(self, slot: int) -> None:
        """Begin a slot: let in who comes."""
        self.slot = slot
        self.yard.begin()
        coming = self.yard.coming(slot)
        self.yard.let_in(coming)
        self.channel.record_all([_sent(Need, coming.size)])

    def open(self, calmer: NDArray[np.bool_]) -> tuple[Reports, NDArray[np.bool_]]:
        """Let all stations begin a slot; see `Below.open`."""
        self._reports = self.yard.open(self._all, self.slot, calmer)
        self.channel.record_all([_sent(Shift, int(self.yard.shifted.sum()))])
        self._record(RegionOutlook, Outlook, self._all)
        self._record(RegionReport, StationReport, self._all)
        return self._reports, np.ones(self._all.size, dtype=np.bool_)

    def follow(
        self, region: int, orders: Orders, room_kw: NDArray[np.float64], are_meant: NDArray[np.bool_]
    ) -> Followed:
        """Give a region's stations their schedule; see `Below.follow`."""
        rows, passing, passed_kw = self._rows[region], self.passing[region], 0.0
        self._record(RegionOrder, Order, rows, VALUE_BYTES * room_kw.size)
        self._record(RegionPlan, Plan, rows, VALUE_BYTES)
        if passing is not None:
            orders, passed_kw = passing.passed(orders, self._reports.take(rows), room_kw, np.arange(rows.size))
        return Followed(passed_kw, self.yard.follow(rows, orders), are_meant)

    def warn(self, give_kw: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Warn the stations whose storage is to give more; see `Below.warn`."""
        rows = np.flatnonzero(give_kw > 0)
        self._record(RegionAlarm, Alarm, rows)
        self.yard.give(rows, give_kw[rows])
        return np.ones(self._all.size, dtype=np.bool_)

    def release(self, cut_kw: NDArray[np.float64], are_meant: NDArray[np.bool_]) -> None:
        """Release all stations; see `Below.release`."""
        rows = np.flatnonzero(are_meant)
        self._record(RegionRelease, Release, rows)
        self.yard.cut(rows, cut_kw[rows])

    def serve(self) -> Standing:
        """Let all stations charge; see `Below.serve`."""
        served = self.yard.serve(self._all, self.slot)
        self.channel.record_all([_sent(Charged, int(self.yard.plugged.sum()))])
        self._record(RegionServed, Served, self._all)
        return served

    def _record(
        self, region: type[RegionMessage[Message]], station: type[Message], rows: NDArray[np.int64], more_bytes: int = 0
    ) -> None:
        """Enter a message for each of some stations, and for each of their regions one for all of these, somewhat larger or not."""
        regions = np.unique(self._region[rows]).size
        n_bytes = region.bytes_of(regions, rows.size) + regions * more_bytes
        self.channel.record_all([_sent(station, rows.size), Sent(region, regions, regions, n_bytes)])


def _sent(kind: type[Message], count: int) -> Sent:
    """Return the books of so many messages of one size, each to one receiver."""
    return Sent(kind, count, count, count * kind.bytes_each())
