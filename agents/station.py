"""A charging station: hears from its users and its substation, and keeps its row of the yard by the rules there."""

import mesa
import numpy as np

from coordination.stations.reports import Orders
from coordination.stations.yard import Yard
from environment.channel import Channel
from environment.messages import Sent
from environment.station_messages import Alarm, Need, Order, Served, Shift, StationReport


class Station(mesa.Agent):  # type: ignore[misc]
    """One station; its numbers are a row of the yard.

    Parameters
    ----------
    model
        The Mesa model.
    name
        Its node in the tree.
    row
        Row of the station.
    yard
        All stations as columns, and the rules of the place.
    channel
        Carries every message.
    """

    def __init__(self, model: mesa.Model, name: str, row: int, yard: Yard, channel: Channel) -> None:
        super().__init__(model)
        self.name = name
        self.row = row
        self.yard = yard
        self.channel = channel
        self._rows = np.array([row])

    def open(self, slot: int, *, calmer: bool) -> StationReport:
        """Let users in, shift those who may be, plug in the first; say how things stand.

        Parameters
        ----------
        slot
            The present one.
        calmer
            Whether less is forecast for one of the slots that users may be shifted to.
        """
        reports = self.yard.open(self._rows, slot, np.array([calmer]))
        arrived, shifted = int(self.yard.arrived[self.row]), int(self.yard.shifted[self.row])
        self.channel.record_all([
            Sent(kind, count, count, count * kind.bytes_each()) for kind, count in ((Need, arrived), (Shift, shifted))
        ])  # fmt: skip
        return reports.messages()[0]

    def follow(self, order: Order) -> None:
        """Take the slot's schedule."""
        self.yard.follow(self._rows, Orders.of([order]))

    def hear(self, alarm: Alarm) -> None:
        """Give more from storage, and draw less for EVs."""
        self.yard.hear(self._rows, np.array([alarm.give_kw]), np.array([alarm.cut_kw]))

    def serve(self, slot: int) -> Served:
        """Charge those who are plugged in and let them go; use the storage."""
        served_kwh = float(self.yard.serve(self._rows, slot)[0])
        return Served(int(self.yard.plugged[self.row]), served_kwh, float(self.yard.wanted_kwh[self.row]))
