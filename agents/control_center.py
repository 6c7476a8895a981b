"""The control centre: sends the day ahead down, and learns what came of it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from agents.aggregator import Aggregator
from agents.regions import Regions
from agents.site import Fed
from coordination.stations.reports import Standing
from environment.channel import Channel
from environment.grid.tree import CONTROL_CENTER
from environment.messages import Forecast, Hop, Report
from environment.tariffs import Tariff
from environment.v2g_messages import Prices, Tracking

if TYPE_CHECKING:
    from coordination.stations.control import Control  # which knows power flows


class ControlCenter(FixedAgent):  # type: ignore[misc]
    """The top of the tree.

    Parameters
    ----------
    model
        The Mesa model.
    channel
        Carries every message.
    children
        What it feeds: substations, and transformers that none is above.
    aggregators
        Who offer it a fleet that also gives power back.
    name
        As in the grid's tree.
    own_kw
        Load at the control centre's own node [kW], shape ``(n_slots,)``; none if left out.
    control
        Rules by which it schedules the stations of the substations below it; None where it schedules none.

    Attributes
    ----------
    summary
        What was reported in the end, the load in each slot and the energy that EVs lack, of the whole grid.
    tracking
        What aggregators reported, slot by slot.
    told
        How stations said that they stood at the end of each slot.
    """

    def __init__(
        self,
        model: mesa.Model,
        channel: Channel,
        children: Sequence[Fed],
        aggregators: list[Aggregator] | None = None,
        *,
        name: str = CONTROL_CENTER,
        own_kw: NDArray[np.float64] | float = 0.0,
        control: "Control | None" = None,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.children = children
        self.own_kw = own_kw
        self.aggregators = aggregators or []
        self.summary: Report | None = None
        self.tracking: list[Tracking] = []
        self.control = control
        self.told: list[Standing] = []
        self._regions = Regions(self, channel, [way for child in children for way in child.ways])

    def announce_day_ahead(self) -> None:
        """Send every transformer's forecast down, by way of the substations above it."""
        for child in self.children:
            for transformer in child.transformers:
                forecast = Forecast(transformer.problem.base_kw)
                child.pass_down(transformer, self.channel.send(forecast, self, child, hop=child.HOP))

    def announce_prices(self, load_kw: NDArray[np.float64], tariff: Tariff) -> None:
        """Send the load without EVs [kW], shape ``(n_slots,)``, and the prices of the day ahead to every aggregator."""
        for aggregator in self.aggregators:
            forecast = self.channel.send(Forecast(load_kw), self, aggregator, hop=Hop.AGGREGATOR)
            prices = Prices(tariff.charge_yuan_per_kwh, tariff.discharge_yuan_per_kwh)
            aggregator.hear_day_ahead(forecast, self.channel.send(prices, self, aggregator))

    def run_slot(self, slot: int) -> None:
        """Let aggregators follow their signals through a slot, and hear what they tracked."""
        for aggregator in self.aggregators:
            self.tracking.append(self.channel.send(aggregator.run_slot(slot), aggregator, self))

    def schedule(self, slot: int) -> None:
        """Hear the stations, schedule them, answer what strikes, and let them charge; the model is told how far searches are."""
        assert self.control is not None
        self.told.append(self.control.run_slot(slot, self._regions, self.model.tell_search))

    def gather(self) -> None:
        """Take the reports from below at the end of the horizon; `summary` is their sum."""
        fed = [child for child in self.children if child.reports]
        reports = [self.channel.send(child.report(), child, self, hop=child.HOP) for child in fed]
        self.summary = Report.sum(reports, self.own_kw)
