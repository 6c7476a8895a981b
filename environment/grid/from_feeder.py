"""A grid that is the feeder's own: its transformers with their ratings, and the loads that they serve."""

from typing import ClassVar, Final, Literal

import numpy as np
from pydantic import Field

from environment.feeders.feeder import Feeder
from environment.feeders.zones import SOURCE, Zones
from environment.grid.nodes import Nodes
from environment.grid.settings import GridSettings, Surroundings
from environment.grid.transformer import TransformerSettings
from environment.grid.tree import CONTROL_CENTER, NONE, Kind
from environment.input_faults import Fault, FaultyInputError
from environment.loads.named import SUM

USUAL_COUNT: Final = 100
"""Transformers of a feeder that nobody has counted yet."""

WITH_TRANSFORMERS: Final = "a feeder with loads below transformers; or grid.source = 'counts', with feeder.at = the transformer above the feeder"

IDLE: Final = "{} of {} transformers of {} are no nodes, such as {}: none of its loads is below"

SIDE_BY_SIDE: Final = "+"
"""Stands between the names of transformers that feed one busbar together."""


class FeederGrid(GridSettings):
    """The feeder's own transformers and loads; those of `[load]` give only the shape, and `[transformer]` only `lines` and `ambient_c`."""

    is_the_feeders: ClassVar[bool] = True

    source: Literal["feeder"]
    """The network of the section [feeder]: each of its transformers with loads right below is a transformer, named as there; those
    above others are substations, and the control centre is at the feeder's source."""

    loading: float = Field(default=1.0, gt=0, le=10)
    """Part of a transformer's rating that may be used; its limit is that times its rating times the power factor of the feeder's own
    loads below it."""

    load: str = "load"
    """Load whose shape the feeder's own loads take, named as in `transformer.load`: where it is largest, they are as the feeder
    states them."""

    @property
    def shape_of(self) -> str:
        """Name of the load whose peak the feeder's own loads replace; a sum needs the sizes of its parts."""
        return "" if SUM in self.load else self.load

    def count(self, transformer: TransformerSettings, named: int) -> int:  # noqa: ARG002
        """Return a guess, see `GridSettings.count`."""
        return max(named, USUAL_COUNT)

    def nodes(self, around: Surroundings) -> Nodes:
        """Return the nodes that the feeder's transformers make, see `GridSettings.nodes`."""
        if around.feeder is None:
            raise _fault("'feeder' without a feeder", "a section [feeder] whose network the grid is")
        if not around.feeder.transformer.size:
            raise _fault(f"'feeder', and {around.feeder.title} has no transformers", WITH_TRANSFORMERS)
        return _nodes(self, around.feeder, around.transformer.lines)


def _nodes(settings: FeederGrid, feeder: Feeder, lines: int) -> Nodes:
    """Return a node for each zone of the feeder that has loads, or loads below it; the control centre is the source's."""
    zones = Zones.build(feeder)
    own_kw, kw, kvar = zones.sums(feeder.own_kw), zones.sums_below(feeder.own_kw), zones.sums_below(feeder.own_kvar)
    kept = np.flatnonzero((kw > 0) | (np.arange(kw.size) == SOURCE))
    if kept.size == 1:
        raise _fault(f"'feeder', and {feeder.title} has no loads below transformers", WITH_TRANSFORMERS)
    power_factor = np.divide(kw, np.hypot(kw, kvar), out=np.ones(kw.size), where=kw > 0)
    rated_kw = np.array([feeder.transformer_va[rows].sum() / 1e3 for rows in zones.fed_by]) * power_factor
    name = [CONTROL_CENTER, *(SIDE_BY_SIDE.join(feeder.transformer[rows].tolist()) for rows in zones.fed_by[1:])]
    has_others_below = np.isin(np.arange(kw.size), zones.above[kept])
    kind = np.where(has_others_below, Kind.SUBSTATION, Kind.TRANSFORMER)[kept].tolist()
    row_of = np.full(kw.size, NONE)
    row_of[kept] = np.arange(kept.size)
    idle = [name[zone] for zone in range(1, kw.size) if row_of[zone] == NONE]
    return Nodes(
        file=feeder.title,
        line=(None,) * kept.size,
        node=tuple(name[zone] for zone in kept.tolist()),
        kind=(Kind.CONTROL_CENTER, *kind[1:]),
        parent=("", *(name[zone] for zone in zones.above[kept[1:]].tolist())),
        limit_kw=np.array([np.inf, *(settings.loading * rated_kw[kept[1:]])]),
        limit_series=("",) * kept.size,
        feed_in_limit_kw=np.full(kept.size, np.inf),
        load=tuple(settings.load if own_kw[zone] > 0 else "" for zone in kept.tolist()),
        lines=np.where(has_others_below[kept], 0, lines),
        feeder_node=tuple(str(feeder.node[row]) for row in zones.head[kept].tolist()),
        rated_kw=np.array([np.nan, *rated_kw[kept[1:]]]),
        peak_kw=np.where(own_kw[kept] > 0, own_kw[kept], np.nan),
        owner=row_of[zones.of],
        told=(IDLE.format(len(idle), kw.size - 1, feeder.title, idle[0]),) if idle else (),
    )


def _fault(found: str, expected: str) -> FaultyInputError:
    return FaultyInputError([Fault("scenario", None, "grid.source", found, expected)])
