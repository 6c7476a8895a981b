"""All stations at once, without agents: the rows of their yard, and the books of what agents would have sent."""

import numpy as np
from numpy.typing import NDArray

from coordination.stations.control import Followed, pass_orders
from coordination.stations.reports import Orders, Reports, Standing
from coordination.stations.triggers import TriggersSettings
from coordination.stations.yard import Yard
from environment.channel import Channel
from environment.messages import Hop, Message, Sent
from environment.station_messages import (
    Alarm,
    Need,
    Order,
    RegionOrder,
    RegionReport,
    Served,
    Shift,
    StationReport,
)
from environment.station_sites import Stations, StationsSettings


class StationColumns:
    """Stations and their regions as the control centre reaches them where there are no agents; see `Below`.

    Parameters
    ----------
    yard
        The stations' columns.
    stations, settings
        Where they stand, and the limits of the power granted.
    triggers
        Triggers that are on, and what each goes by.
    channel
        Takes the books of the messages.
    """

    def __init__(
        self, yard: Yard, stations: Stations, settings: StationsSettings, triggers: TriggersSettings, channel: Channel
    ) -> None:
        self.yard = yard
        self.settings = settings
        self.triggers = triggers
        self.channel = channel
        self._all = np.arange(len(stations))
        self._rows = [stations.rows_of(region) for region in range(len(stations.regions))]
        self._above = [stations.above[:, rows] for rows in self._rows]
        self._reports: Reports

    def open(self, slot: int, calmer: NDArray[np.bool_]) -> tuple[Reports, NDArray[np.int64]]:
        """Let all stations begin a slot; see `Below.open`."""
        self._reports = self.yard.open(self._all, slot, calmer)
        arrived, shifted, regions = int(self.yard.arrived.sum()), int(self.yard.shifted.sum()), len(self._rows)
        self.channel.record_all([
            _sent(Need, arrived),
            _sent(Shift, shifted),
            _sent(StationReport, self._all.size),
            Sent(RegionReport, regions, regions, RegionReport.bytes_of(regions, self._all.size)),
        ])  # fmt: skip
        return self._reports, self.yard.shifted

    def follow(self, region: int, orders: Orders, room_kw: NDArray[np.float64]) -> Followed:
        """Give a region's stations their schedule; see `Below.follow`."""
        rows, passed_kw = self._rows[region], 0.0
        order = Sent(RegionOrder, 1, 1, RegionOrder.bytes_of(rows.size, room_kw.size))
        self.channel.record_all([order, _sent(Order, rows.size)])
        if self.triggers.region:
            reports = self._reports.take(rows)
            orders, passed_kw = pass_orders(orders, reports, room_kw, self._above[region], self.settings)
        self.yard.follow(rows, orders)
        now = self.yard.standing(rows)
        return Followed(passed_kw, now.power_kw, now.storage_kw)

    def warn(self, give_kw: NDArray[np.float64], cut_kw: NDArray[np.float64]) -> None:
        """Warn the stations that are to give or to draw less; see `Below.warn`."""
        rows = np.flatnonzero((give_kw > 0) | (cut_kw > 0))
        self.channel.record_all([_sent(Alarm, rows.size)])
        self.yard.hear(rows, give_kw[rows], cut_kw[rows])

    def serve(self, slot: int) -> Standing:
        """Let all stations charge; see `Below.serve`."""
        self.yard.serve(self._all, slot)
        self.channel.record_all([_sent(Served, self._all.size), _sent(Served, len(self._rows), Hop.UPPER)])
        return self.yard.standing(self._all)


def _sent(kind: type[Message], count: int, hop: Hop | None = None) -> Sent:
    """Return the books of so many messages of one size, each to one receiver."""
    return Sent(kind, count, count, count * kind.bytes_each(), hop)
