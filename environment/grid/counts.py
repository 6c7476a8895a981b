"""A grid of alike transformers, so many under so many substations."""

from typing import ClassVar, Literal

import numpy as np

from environment.grid.nodes import Nodes
from environment.grid.settings import GridSettings, Surroundings
from environment.grid.transformer import TransformerSettings
from environment.grid.tree import CONTROL_CENTER, Kind


class CountsGrid(GridSettings):
    """A grid of `transformer.count` alike transformers under `transformer.substations` substations."""

    names_nodes: ClassVar[bool] = False

    source: Literal["counts"] = "counts"
    """As many transformers as [transformer] says, or as the fleet's column `node` names."""

    def count(self, transformer: TransformerSettings, named: int) -> int:
        """Return how many transformers there are; see `GridSettings.count`."""
        return named or transformer.count

    def nodes(self, around: Surroundings) -> Nodes:
        """Return the nodes that [transformer] counts; see `GridSettings.nodes`."""
        settings = around.transformer
        transformers = around.named or tuple(f"T{k + 1}" for k in range(settings.count))
        n = len(transformers)
        substations = tuple(f"substation:{s + 1}" for s in range(min(settings.substations, n)))
        upper = 1 + len(substations)
        fed_by = np.arange(n) * len(substations) // n
        without, below = np.full(upper, np.inf), np.ones(n)
        back = np.inf if settings.feed_in_limit_kw is None else settings.feed_in_limit_kw
        rated_kw = settings.rated_kva * settings.power_factor if settings.limit_kw is None else settings.limit_kw
        return Nodes(
            file="scenario",
            line=(None,) * (upper + n),
            node=(CONTROL_CENTER, *substations, *transformers),
            kind=(Kind.CONTROL_CENTER, *[Kind.SUBSTATION] * len(substations), *[Kind.TRANSFORMER] * n),
            parent=("", *[CONTROL_CENTER] * len(substations), *(substations[k] for k in fed_by.tolist())),
            limit_kw=np.concatenate([without, settings.load_limit_kw * below]),
            limit_series=("",) * (upper + n),
            feed_in_limit_kw=np.concatenate([without, back * below]),
            load=("",) * upper + (settings.load,) * n,
            lines=np.repeat([0, settings.lines], [upper, n]),
            feeder_node=("",) * (upper + n),
            rated_kw=np.concatenate([np.full(upper, np.nan), rated_kw * below]),
        )
