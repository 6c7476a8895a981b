"""The grid's tree: control centre -> substations -> transformers (-> lines) -> EVs (paper A, section 4.2.2)."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.feeders.placement import Placement
from environment.fleets.fleet import Fleet
from environment.settings import Settings

if TYPE_CHECKING:
    import networkx as nx

CONTROL_CENTER = "control_center"
MOST_LINES = 1_000_000
"""Of all transformers; each line has a copy of the board."""

MARGIN_KW = 1e-9
"""Room that is kept back, so that the sum of load and EVs is within a limit also after rounding."""


class TransformerSettings(Settings):
    """The transformers and their limit; with none given, paper A's: 2000 kVA x 0.85 x 0.95 = 1615 kW."""

    limit_kw: float | None = Field(default=None, gt=0, le=1e9)
    """Largest load of each transformer [kW]; none: `rated_kva` x `power_factor` x `loading`."""

    feed_in_limit_kw: float | None = Field(default=None, ge=0, le=1e9)
    """Most that each transformer may feed back [kW]; none: as much as it may draw. It counts for a fleet that gives back."""

    rated_kva: float = Field(default=2000.0, gt=0, le=1e9)
    """Rated apparent power [kVA]."""

    power_factor: float = Field(default=0.85, gt=0, le=1)
    """Active power per apparent power."""

    loading: float = Field(default=0.95, gt=0, le=10)
    """Part of the rating that may be used."""

    count: int = Field(default=1, gt=0, le=100_000)
    """Number of transformers; a fleet file with a column `transformer` names them itself."""

    substations: int = Field(default=1, gt=0, le=100_000)
    """Number of substations; transformers are spread over them evenly, in order."""

    lines: int = Field(default=0, ge=0, le=1_000_000)
    """Lines of each transformer, EVs spread over them by draw: the EVs of a line are a subsidiary swarm that tells each other
    what it was promised and so shares a copy of the board; 0: no lines, all EVs hear the transformer only (the paper)."""

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> Self:
        rating = {"rated_kva", "power_factor", "loading"} & self.model_fields_set
        if self.limit_kw is not None and rating:
            raise ValueError(f"both limit_kw and {', '.join(sorted(rating))}; expected one way to state the limit")
        if self.count * self.lines > MOST_LINES:
            raise ValueError(
                f"count = {self.count} with lines = {self.lines}; expected at most {MOST_LINES:,} lines in all"
            )
        return self

    @property
    def load_limit_kw(self) -> float:
        """Largest load of each transformer [kW] (paper A, eq 15 [reconstructed])."""
        return self.rated_kva * self.power_factor * self.loading if self.limit_kw is None else self.limit_kw

    @property
    def all_limits_kw(self) -> tuple[float, float]:
        """Least (feeding back) and largest load of all transformers together [kW]."""
        back = self.load_limit_kw if self.feed_in_limit_kw is None else self.feed_in_limit_kw
        return 0.0 - self.count * back, self.count * self.load_limit_kw

    def room_kw(self, load_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a fleet below all transformers together may do in each slot.

        Parameters
        ----------
        load_kw
            Load of all transformers without the fleet [kW], shape ``(n_slots,)``.

        Returns
        -------
        ndarray
            Least power (at most 0) and most power (at least 0) [kW], shape ``(2, n_slots)``. Where the load alone is beyond a
            limit the fleet may not take it further: it may do nothing, or help.
        """
        least, largest = self.all_limits_kw
        return np.stack([
            np.minimum(least - load_kw + MARGIN_KW, 0.0),
            np.maximum(largest - load_kw - MARGIN_KW, 0.0),
        ])  # fmt: skip


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Who hangs below whom.

    Parameters
    ----------
    substations, transformers
        Nodes of the substations ("substation:1") and names of the transformers ("T1"), in order.
    fed_by
        Index into `substations` of each transformer, shape ``(n_transformers,)``.
    feeder_of
        Index into `transformers` of each stay, shape ``(n_stays,)``.
    limit_kw
        Limit of each transformer.
    lines
        Lines of each transformer, 0 for none.
    line_of
        Line of each stay at its transformer, shape ``(n_stays,)``.
    """

    substations: tuple[str, ...]
    transformers: tuple[str, ...]
    fed_by: NDArray[np.int64]
    feeder_of: NDArray[np.int32]
    limit_kw: float
    lines: int
    line_of: NDArray[np.int32]

    @classmethod
    def build(cls, settings: TransformerSettings, fleet: Fleet, rng: np.random.Generator) -> Self:
        """Lay out the tree and assign EVs: by the fleet's column, or each to a transformer drawn at random, for all its stays.

        Parameters
        ----------
        settings
            Counts and limit.
        fleet
            EVs; its column `transformer`, where given, names the transformers.
        rng
            Draws the assignment; untouched with one transformer or a column.
        """
        if fleet.transformer is not None:
            labels, feeder = np.unique(fleet.transformer, return_inverse=True)
            names = tuple(labels.tolist())
        else:
            names = tuple(f"T{k + 1}" for k in range(settings.count))
            feeder = np.zeros(len(fleet), dtype=np.int64)
            if settings.count > 1:
                feeder = fleet.each_vehicle(lambda n: rng.integers(settings.count, size=n))
        line = np.zeros(len(fleet), dtype=np.int32)
        if settings.lines > 1:
            line = fleet.each_vehicle(lambda n: rng.integers(settings.lines, size=n)).astype(np.int32)
        substations = tuple(f"substation:{s + 1}" for s in range(min(settings.substations, len(names))))
        fed_by = np.arange(len(names)) * len(substations) // len(names)
        limit_kw = settings.load_limit_kw
        return cls(substations, names, fed_by, feeder.astype(np.int32), limit_kw, settings.lines, line)

    @cached_property
    def grid(self) -> "nx.DiGraph[str]":
        """Directed tree from the control centre down to the transformers and their lines; nodes carry their ``kind``."""
        import networkx as nx

        grid: nx.DiGraph[str] = nx.DiGraph()
        grid.add_node(CONTROL_CENTER, kind="control_center")
        for substation in self.substations:
            grid.add_node(substation, kind="substation")
            grid.add_edge(CONTROL_CENTER, substation)
        for name in self.transformers:
            grid.add_node(f"transformer:{name}", kind="transformer")
            grid.add_edge(self.substation_of(name), f"transformer:{name}")
            for number in range(self.lines):
                grid.add_node(f"line:{name}/{number + 1}", kind="line")
                grid.add_edge(f"transformer:{name}", f"line:{name}/{number + 1}")
        return grid

    def part(self, first: int, stop: int, rows: NDArray[np.int64]) -> "Hierarchy":
        """Return the tree of some transformers next to each other.

        Parameters
        ----------
        first, stop
            The first of them, and the one after the last.
        rows
            Their EVs, by rows of the fleet.
        """
        kept, fed_by = np.unique(self.fed_by[first:stop], return_inverse=True)
        return replace(
            self,
            substations=tuple(self.substations[k] for k in kept),
            transformers=self.transformers[first:stop],
            fed_by=fed_by,
            feeder_of=self.feeder_of[rows] - first,
            line_of=self.line_of[rows],
        )

    def substation_of(self, transformer: str) -> str:
        """Return the node of the substation that feeds a transformer."""
        return self.substations[int(self.fed_by[self._row_of[transformer]])]

    @cached_property
    def _row_of(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.transformers)}

    def with_vehicles(self, fleet: Fleet, placement: Placement | None = None) -> "nx.DiGraph[str]":
        """Return the whole tree, EVs included, as a graph of its own (about 1 kB an EV).

        Parameters
        ----------
        fleet
            All EVs.
        placement
            The feeder below each transformer, whose nodes then carry the EVs (and its lines of communication do not).
        """
        tree = self.grid.copy()
        if placement is not None:
            nodes = [placement.hang_below(tree, name) for name in self.transformers]
            for vehicle, k, row in zip(fleet.vehicle.tolist(), self.feeder_of, placement.node_of, strict=True):
                tree.add_node(f"ev:{vehicle}", kind="ev")
                tree.add_edge(nodes[k][row], f"ev:{vehicle}")
            return tree
        places = zip(fleet.vehicle.tolist(), self.feeder_of.tolist(), self.line_of.tolist(), strict=True)
        for vehicle, k, line in places:
            name = self.transformers[k]
            tree.add_node(f"ev:{vehicle}", kind="ev")
            tree.add_edge(f"line:{name}/{line + 1}" if self.lines else f"transformer:{name}", f"ev:{vehicle}")
        return tree
