"""The control centre of charging stations, with a substation a region below it: what it decides goes there as messages.

Source: paper C, section 3; the rules are `coordination.stations.control`.
"""

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.regional_substation import RegionalSubstation
from coordination.stations.control import Control, Followed
from coordination.stations.reports import Orders, Reports, Standing
from coordination.stations.yard import Yard
from environment.channel import Channel
from environment.grid.tree import CONTROL_CENTER
from environment.messages import Hop
from environment.station_messages import RegionOrder, StationReport


class StationControl(mesa.Agent):  # type: ignore[misc]
    """The top of the tree.

    Parameters
    ----------
    model
        The Mesa model.
    channel
        Carries every message.
    substations
        The regions.
    control
        Rules by which it decides.
    yard
        All stations as columns, of which it reads what no message tells it yet: whom stations shift, and how they stand.
    """

    def __init__(
        self, model: mesa.Model, channel: Channel, substations: list[RegionalSubstation], control: Control, yard: Yard
    ) -> None:
        super().__init__(model)
        self.name = CONTROL_CENTER
        self.channel = channel
        self.regions = substations
        self.control = control
        self.yard = yard

    def run_slot(self, slot: int) -> None:
        """Hear the stations, schedule them, answer what strikes, and let them charge."""
        self.control.run_slot(slot, self)

    def open(self, slot: int, calmer: NDArray[np.bool_]) -> tuple[Reports, NDArray[np.int64]]:
        """Let all stations begin a slot; see `Below.open`."""
        by_row: dict[int, StationReport] = {}
        for region in self.regions:
            report = self.channel.send(region.open(slot, calmer), region, self)
            by_row.update(zip(region.rows.tolist(), report.stations, strict=True))
        return Reports.of([by_row[row] for row in range(len(by_row))]), self.yard.shifted

    def follow(self, region: int, orders: Orders, room_kw: NDArray[np.float64]) -> Followed:
        """Send a region its stations' schedule; see `Below.follow`."""
        substation = self.regions[region]
        order = RegionOrder(tuple(orders.messages()), room_kw)
        substation.follow(self.channel.send(order, self, substation))
        now = self.yard.standing(substation.rows)
        return Followed(substation.passed_kw, now.power_kw, now.storage_kw)

    def warn(self, give_kw: NDArray[np.float64], cut_kw: NDArray[np.float64]) -> None:
        """Have all regions warn their stations; see `Below.warn`."""
        for region in self.regions:
            region.warn(give_kw, cut_kw)

    def serve(self, slot: int) -> Standing:
        """Let all stations charge; see `Below.serve`."""
        for region in self.regions:
            self.channel.send(region.serve(slot), region, self, hop=Hop.UPPER)
        return self.yard.standing(np.arange(len(self.yard)))
