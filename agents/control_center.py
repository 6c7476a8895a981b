"""The control centre: sends the day ahead down, and learns what came of it."""

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.aggregator import Aggregator
from agents.substation import Substation
from environment.channel import Channel
from environment.hierarchy import CONTROL_CENTER
from environment.messages import Forecast, Hop, Report
from environment.store_messages import Prices, Tracking
from environment.tariffs import Tariff


class ControlCenter(mesa.Agent):  # type: ignore[misc]
    """The top of the tree.

    Parameters
    ----------
    model
        The Mesa model.
    channel
        Carries every message.
    substations
        What it feeds.
    aggregators
        Who offer it a fleet that also gives power back.

    Attributes
    ----------
    summary
        What the substations reported in the end.
    tracking
        What aggregators reported, slot by slot.
    """

    def __init__(
        self,
        model: mesa.Model,
        channel: Channel,
        substations: list[Substation],
        aggregators: list[Aggregator] | None = None,
    ) -> None:
        super().__init__(model)
        self.name = CONTROL_CENTER
        self.channel = channel
        self.substations = substations
        self.aggregators = aggregators or []
        self.summary: Report | None = None
        self.tracking: list[Tracking] = []

    def announce_day_ahead(self) -> None:
        """Send every transformer's forecast down, by way of its substation."""
        for substation in self.substations:
            for transformer in substation.transformers:
                forecast = Forecast(transformer.problem.base_kw)
                substation.pass_down(transformer, self.channel.send(forecast, self, substation, hop=Hop.UPPER))

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

    def gather(self) -> None:
        """Take the substations' reports at the end of the horizon; `summary` is their sum."""
        reports = [self.channel.send(each.report(), each, self, hop=Hop.UPPER) for each in self.substations]
        load_kw = np.sum([report.load_kw for report in reports], axis=0)
        self.summary = Report(load_kw, sum(report.unserved_kwh for report in reports))
