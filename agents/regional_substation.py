"""The substation of a region with charging stations: gathers their reports, passes power between them, hands orders down."""

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.charging_station import ChargingStation
from agents.substation import Substation
from coordination.stations.triggers import DUST_KW, TriggersSettings, passed_on
from environment.channel import Channel
from environment.station_messages import Alarm, Order, RegionOrder, RegionReport, Served, StationReport
from environment.stations import Stations, StationsSettings


class RegionalSubstation(Substation):
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
        Which are on.

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
        stations: list[ChargingStation],
        columns: Stations,
        settings: StationsSettings,
        triggers: TriggersSettings,
    ) -> None:
        super().__init__(model, name, channel, [])
        self.stations = stations
        self.rows = np.array([station.row for station in stations], dtype=np.int64)
        self.settings = settings
        self.triggers = triggers
        self.passed_kw = 0.0
        self._above = columns.above[:, self.rows]
        self._reports: list[StationReport] = []

    def open(self, slot: int, calmer: NDArray[np.bool_]) -> RegionReport:
        """Let stations begin a slot, and gather what they report; `calmer` of all stations, see `ChargingStation.open`."""
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
        orders = order.orders
        capacity, time_h, storage = (
            np.array([getattr(each, name) for each in orders]) for name in ("capacity_kw", "time_h", "storage_kw")
        )
        wanted = np.array([report.wanted_kwh for report in self._reports])
        discharge = np.array([report.discharge_kw for report in self._reports])
        passed = passed_on(
            capacity,
            wanted / time_h,
            np.maximum(discharge + storage, 0.0),
            least_kw=self.settings.capacity_min_kw,
            most_kw=self.settings.capacity_max_kw,
            room_kw=order.room_kw,
            above=self._above,
        )
        self.passed_kw = float(np.maximum(passed.capacity_kw - capacity, 0.0).sum())
        if self.passed_kw <= DUST_KW:
            return list(orders)
        return [
            Order(each.voltage_v, each.time_h, capacity_kw, each.storage_kw + change)
            for each, capacity_kw, change in zip(
                orders, passed.capacity_kw.tolist(), passed.storage_kw.tolist(), strict=True
            )
        ]

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
