"""The grid's tree as columns of nodes: control centre -> substations -> transformers (-> lines) (paper A, section 4.2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import networkx as nx
    from scipy.sparse import csr_array

CONTROL_CENTER: Final = "control_center"
"""Name of the control centre where nothing else names it."""

NONE: Final = -1
"""Row of the node above the control centre."""


class Kind(StrEnum):
    """What a node is."""

    CONTROL_CENTER = "control_center"
    SUBSTATION = "substation"
    TRANSFORMER = "transformer"


@dataclass(frozen=True, eq=False)
class Grid:
    """The nodes of a grid, parents before children, row 0 the control centre; EVs hang below transformers only.

    Parameters
    ----------
    node
        Names.
    kind
        What each is.
    parent
        Row of the node above, -1 for the control centre, shape ``(n_nodes,)``.
    limit_kw
        Largest load in each slot [kW], infinite for none, shape ``(n_nodes, n_slots)``.
    feed_in_limit_kw
        Most that a node may feed back [kW], infinite for none, shape ``(n_nodes,)``.
    load
        Base load of each node: names of loads joined by "+", "" for none.
    lines
        Lines of communication of each transformer, 0 for none, shape ``(n_nodes,)``.
    feeder_node
        Node of the feeder at which each stands, "" for none.
    rated_kw
        What each is built for [kW], by which its ageing goes; NaN where unknown, shape ``(n_nodes,)``.
    peak_kw
        Largest base load of each, to which that of `load` is scaled [kW]; NaN for as it is, shape ``(n_nodes,)``.
    told
        What the source read past, or states and does not count, in sentences for the run's warnings.
    """

    node: tuple[str, ...]
    kind: tuple[Kind, ...]
    parent: NDArray[np.int64]
    limit_kw: NDArray[np.float64]
    feed_in_limit_kw: NDArray[np.float64]
    load: tuple[str, ...]
    lines: NDArray[np.int64]
    feeder_node: tuple[str, ...]
    rated_kw: NDArray[np.float64]
    peak_kw: NDArray[np.float64]
    told: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.node)

    def rows_of(self, kind: Kind) -> NDArray[np.int64]:
        """Return the rows of the nodes of a kind, in order."""
        return np.array([row for row, own in enumerate(self.kind) if own is kind], dtype=np.int64)

    @cached_property
    def transformer_rows(self) -> NDArray[np.int64]:
        """Rows of the transformers, shape ``(n_transformers,)``: the order of all that stands transformer by transformer."""
        return self.rows_of(Kind.TRANSFORMER)

    @cached_property
    def upper_rows(self) -> NDArray[np.int64]:
        """Rows of the control centre and the substations, shape ``(n_upper,)``."""
        return np.setdiff1d(np.arange(len(self)), self.transformer_rows)

    @cached_property
    def transformers(self) -> tuple[str, ...]:
        """Names of the transformers, in order."""
        return tuple(self.node[row] for row in self.transformer_rows)

    @cached_property
    def transformer_limit_kw(self) -> NDArray[np.float64]:
        """Limit of each transformer in each slot [kW], shape ``(n_transformers, n_slots)``."""
        return self.limit_kw[self.transformer_rows]

    @cached_property
    def equal_limit_kw(self) -> float | None:
        """The limit that all transformers have in all slots [kW]; None where they differ."""
        limits = self.transformer_limit_kw
        first = float(limits.flat[0])
        return first if bool((limits == first).all()) else None

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """Rows of the nodes right below each."""
        below: list[list[int]] = [[] for _ in self.node]
        for row, parent in enumerate(self.parent.tolist()):
            if parent != NONE:
                below[parent].append(row)
        return tuple(map(tuple, below))

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """How many steps each node is below the control centre, shape ``(n_nodes,)``."""
        depth = np.zeros(len(self), dtype=np.int64)
        for row in range(1, len(self)):
            depth[row] = depth[self.parent[row]] + 1
        return depth

    @cached_property
    def below(self) -> "csr_array":
        """1 where a column's node is below a row's node or is that node, else 0, shape ``(n_nodes, n_nodes)``.

        With the power of each node itself, all limits of the tree are ``below @ site_kw <= limit_kw``.
        """
        from scipy.sparse import csr_array

        above, under = [], []
        for row in range(len(self)):
            at = row
            while at != NONE:
                above.append(at)
                under.append(row)
                at = int(self.parent[at])
        return csr_array((np.ones(len(above)), (above, under)), shape=(len(self), len(self)))

    def added_up(self, site: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``below @ site``, the sum of each node and all below it, without the matrix; shapes ``(n_nodes, ...)``."""
        sums = site.copy()
        for row in range(len(self) - 1, 0, -1):
            sums[self.parent[row]] += sums[row]
        return sums

    def of_transformers(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return, for every node, the sum of values of the transformers below it; shapes ``(n_transformers, ...)``, ``(n_nodes, ...)``."""
        site = np.zeros((len(self), *values.shape[1:]))
        site[self.transformer_rows] = values
        return self.added_up(site)

    def address(self, row: int) -> str:
        """Return what a node is called in messages and in the graph: a transformer's name may be anything."""
        return f"transformer:{self.node[row]}" if self.kind[row] is Kind.TRANSFORMER else self.node[row]

    @cached_property
    def graph(self) -> "nx.DiGraph[str]":
        """Directed tree from the control centre down to the transformers and their lines; nodes carry their ``kind``."""
        import networkx as nx

        graph: nx.DiGraph[str] = nx.DiGraph()
        for row, parent in enumerate(self.parent.tolist()):
            graph.add_node(self.address(row), kind=str(self.kind[row]))
            if parent != NONE:
                graph.add_edge(self.address(parent), self.address(row))
        for row in self.transformer_rows.tolist():
            for number in range(self.lines[row]):
                line = f"line:{self.node[row]}/{number + 1}"
                graph.add_node(line, kind="line")
                graph.add_edge(self.address(row), line)
        return graph

    def part(self, first: int, stop: int) -> "Grid":
        """Return the grid of some transformers next to each other, and of the nodes above them.

        Parameters
        ----------
        first, stop
            The first of the transformers, and the one after the last.
        """
        kept = np.zeros(len(self), dtype=np.bool_)
        for transformer in self.transformer_rows[first:stop].tolist():
            at = transformer
            while at != NONE and not kept[at]:
                kept[at] = True
                at = int(self.parent[at])
        return self.take(np.flatnonzero(kept))

    def take(self, rows: NDArray[np.int64]) -> "Grid":
        """Return the grid of some nodes, with every node also those above it."""
        place = np.full(len(self) + 1, NONE)  # the last entry stands for what is above the control centre
        place[rows] = np.arange(rows.size)
        return replace(
            self,
            node=_taken(self.node, rows),
            kind=_taken(self.kind, rows),
            parent=place[self.parent[rows]],
            limit_kw=self.limit_kw[rows],
            feed_in_limit_kw=self.feed_in_limit_kw[rows],
            load=_taken(self.load, rows),
            lines=self.lines[rows],
            feeder_node=_taken(self.feeder_node, rows),
            rated_kw=self.rated_kw[rows],
            peak_kw=self.peak_kw[rows],
        )


def _taken[T](column: tuple[T, ...], rows: Iterable[int]) -> tuple[T, ...]:
    return tuple(column[row] for row in rows)
