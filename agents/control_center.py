"""The control centre: sends the day-ahead forecasts down and learns peak, valley and unserved energy at the end."""

import mesa
import numpy as np

from agents.substation import Substation
from environment.channel import Channel
from environment.hierarchy import CONTROL_CENTER
from environment.messages import Forecast, Hop, Report


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
    """

    def __init__(self, model: mesa.Model, channel: Channel, substations: list[Substation]) -> None:
        super().__init__(model)
        self.name = CONTROL_CENTER
        self.channel = channel
        self.substations = substations
        self.summary: Report | None = None

    def announce_day_ahead(self) -> None:
        """Send every transformer's forecast down, by way of its substation."""
        for substation in self.substations:
            for transformer in substation.transformers:
                forecast = Forecast(transformer.problem.base_kw)
                substation.pass_down(transformer, self.channel.send(forecast, self, substation, hop=Hop.UPPER))

    def gather(self) -> None:
        """Take the substations' reports at the end of the horizon; `summary` is their sum."""
        reports = [self.channel.send(each.report(), each, self, hop=Hop.UPPER) for each in self.substations]
        load_kw = np.sum([report.load_kw for report in reports], axis=0)
        self.summary = Report(load_kw, sum(report.unserved_kwh for report in reports))
