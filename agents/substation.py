"""The substation: passes forecasts down to what it feeds and gathers the reports from there."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

import mesa
import numpy as np
from mesa.discrete_space import FixedAgent
from numpy.typing import NDArray

from agents.transformer import Transformer
from environment.channel import Channel
from environment.messages import Forecast, Hop, Report


class Fed(Protocol):
    """What a node feeds right below it: a transformer, or a substation with all below that."""

    name: str
    HOP: ClassVar[Hop]
    """Edge of the tree from the node above to this one."""

    @property
    def transformers(self) -> list[Transformer]:
        """The transformers there, in the order of the tree."""

    def pass_down(self, transformer: Transformer, forecast: Forecast) -> None:
        """Take one of those transformers' forecast of the day ahead."""

    def report(self) -> Report:
        """Return the load in each slot and the energy that EVs still lack."""


class Substation(FixedAgent):  # type: ignore[misc]
    """One substation, and the transformers and further substations right below it.

    Parameters
    ----------
    model
        The Mesa model.
    name
        As in the grid's tree.
    channel
        Carries every message.
    children
        What it feeds.
    own_kw
        Load at the substation itself [kW], shape ``(n_slots,)``; none if left out.
    """

    HOP: ClassVar = Hop.UPPER

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        children: Sequence[Fed],
        own_kw: NDArray[np.float64] | float = 0.0,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.children = children
        self.own_kw = own_kw
        self._way = {transformer: child for child in children for transformer in child.transformers}

    @property
    def transformers(self) -> list[Transformer]:
        """The transformers below, in the order of the tree."""
        return list(self._way)

    def pass_down(self, transformer: Transformer, forecast: Forecast) -> None:
        """Send a transformer its forecast of the day ahead, on the way to it."""
        child = self._way[transformer]
        child.pass_down(transformer, self.channel.send(forecast, self, child, hop=child.HOP))

    def report(self) -> Report:
        """Gather the reports from below and return their sum, with the substation's own load."""
        reports = [self.channel.send(child.report(), child, self, hop=child.HOP) for child in self.children]
        return Report.sum(reports, self.own_kw)
