"""The substation: passes forecasts down to its transformers and gathers their reports."""

import mesa
import numpy as np

from agents.transformer import Transformer
from environment.channel import Channel
from environment.messages import Forecast, Report


class Substation(mesa.Agent):  # type: ignore[misc]
    """One substation and its transformers.

    Parameters
    ----------
    model
        The Mesa model.
    name
        As in the grid's tree.
    channel
        Carries every message.
    transformers
        What it feeds.
    """

    def __init__(self, model: mesa.Model, name: str, channel: Channel, transformers: list[Transformer]) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.transformers = transformers

    def pass_down(self, transformer: Transformer, forecast: Forecast) -> None:
        """Send a transformer its forecast of the day ahead."""
        transformer.hear(self.channel.send(forecast, self, transformer))

    def report(self) -> Report:
        """Gather the transformers' reports and return their sum."""
        reports = [self.channel.send(each.report(), each, self) for each in self.transformers]
        load_kw = np.sum([report.load_kw for report in reports], axis=0)
        return Report(load_kw, sum(report.unserved_kwh for report in reports))
