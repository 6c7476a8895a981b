"""The substation of a region with charging stations: gathers their reports, passes power between them, hands orders down."""

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.station import Station
from coordination.stations.control import pass_orders
from coordination.stations.reports import Orders, Reports
from coordination.stations.triggers import TriggersSettings
from environment.channel import Channel
from environment.station_messages import Alarm, Order, RegionOrder, RegionReport, Served, StationReport
from environment.station_sites import Stations, StationsSettings


class RegionalSubstation(mesa.Agent):  # type: ignore[misc]
    """One region and its stations.

    Parameters
    ----------
    model
        The Mesa model.
    name
        Its node in the tree.
    channel
        Carries every message.
    stations
        What it feeds, in the order of their rows.
    columns
        All stations' columns.
    settings
        Limits of the power granted.
    triggers
        Triggers that are on, and what each goes by.

    Attributes
    ----------
    rows
        Rows of its stations.
    passed_kw
        Power that stations passed on in the present slot.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        stations: list[Station],
        columns: Stations,
        settings: StationsSettings,
        triggers: TriggersSettings,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.stations = stations
        self.rows = np.array([station.row for station in stations], dtype=np.int64)
        self.settings = settings
        self.triggers = triggers
        self.passed_kw = 0.0
        self._above = columns.above[:, self.rows]
        self._reports: list[StationReport] = []

    def open(self, slot: int, calmer: NDArray[np.bool_]) -> RegionReport:
        """Let stations begin a slot, and gather what they report; `calmer` of all stations, see `Station.open`."""
        self._reports = [
            self.channel.send(station.open(slot, calmer=bool(calmer[station.row])), station, self)
            for station in self.stations
        ]
        return RegionReport(tuple(self._reports))

    def follow(self, order: RegionOrder) -> None:
        """Pass power between the stations, where that trigger is on, and hand their orders down."""
        orders = self._passed(order) if self.triggers.region else list(order.orders)
        for station, each in zip(self.stations, orders, strict=True):
            station.follow(self.channel.send(each, self, station))

    def _passed(self, order: RegionOrder) -> list[Order]:
        reports = Reports.of(self._reports)
        orders, self.passed_kw = pass_orders(
            Orders.of(order.orders), reports, order.room_kw, self._above, self.settings
        )
        return orders.messages()

    def warn(self, give_kw: NDArray[np.float64], cut_kw: NDArray[np.float64]) -> None:
        """Hand an alarm down: what storage of all stations gives and what their EVs are cut by, shape ``(n_stations,)``."""
        for station in self.stations:
            give, cut = float(give_kw[station.row]), float(cut_kw[station.row])
            if give > 0 or cut > 0:
                station.hear(self.channel.send(Alarm(give, cut), self, station))

    def serve(self, slot: int) -> Served:
        """Let stations charge, and return the sum of what they report."""
        served = [self.channel.send(station.serve(slot), station, self) for station in self.stations]
        return Served(
            sum(each.vehicles for each in served),
            sum(each.served_kwh for each in served),
            sum(each.wanted_kwh for each in served),
        )
