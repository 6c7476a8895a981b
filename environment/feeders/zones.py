"""The zones of a feeder: what its transformers part it into."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import UNKNOWN, Feeder

SOURCE = 0
"""Zone of the source."""


@dataclass(frozen=True, eq=False)
class Zones:
    """The zones of a feeder, the source's first; each other one lies right below one or more transformers.

    Where a feeder is meshed, a node belongs to the transformer on its shortest way to the source (`Feeder.ways`).

    Parameters
    ----------
    of
        Zone of each node, shape ``(n_nodes,)``.
    above
        Zone above each, -1 for the source's, shape ``(n_zones,)``.
    fed_by
        Rows of the transformers that feed each side by side: onto one busbar, or onto some that closed switches join.
    head
        Row of a node right below the first of these; of the source's zone that is the source, shape ``(n_zones,)``.
    """

    of: NDArray[np.int64]
    above: NDArray[np.int64]
    fed_by: tuple[NDArray[np.int64], ...]
    head: NDArray[np.int64]

    @classmethod
    def build(cls, feeder: Feeder) -> Self:
        """Find the zones of a feeder without faults."""
        upper, lower = _ends(feeder)
        first = feeder.transformer_above(lower)  # itself, if anything is fed over it; else the one that feeds that node
        groups = _side_by_side(feeder, lower, first)
        zone_of = np.zeros(feeder.transformer.size + 1, dtype=np.int64)  # the last entry stands for no transformer
        for zone, rows in enumerate(groups, start=1):
            zone_of[rows] = zone
        of = zone_of[feeder.transformer_above(np.arange(len(feeder)))]
        above, head = [UNKNOWN], [feeder.source_node]
        for zone, rows in enumerate(groups, start=1):
            feeding = rows[(first[rows] == rows) & (of[upper[rows]] != zone)]
            above.append(int(of[upper[feeding[0]]]) if feeding.size else SOURCE)
            head.append(int(lower[rows[0]]))
        return cls(of, np.array(above), (np.zeros(0, dtype=np.int64), *groups), np.array(head))

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of nodes' values in each zone, shape ``(n_zones,)``."""
        return np.bincount(self.of, values, minlength=self.above.size)

    def sums_below(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of nodes' values in each zone and all zones below it, shape ``(n_zones,)``."""
        own = self.sums(values)
        below = own.copy()
        for zone, value in enumerate(own.tolist()):
            at = int(self.above[zone])
            while at != UNKNOWN:
                below[at] += value
                at = int(self.above[at])
        return below


def _ends(feeder: Feeder) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nodes of each transformer nearer to the source and further from it, both ``(n_transformers,)``."""
    up = feeder.steps_up
    ends = feeder.transformer_hv, feeder.transformer_lv
    return np.where(up, ends[1], ends[0]), np.where(up, ends[0], ends[1])


def _side_by_side(feeder: Feeder, lower: NDArray[np.int64], first: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
    """Return rows of transformers that feed one zone together, zone by zone; not those that feed back to the source's."""
    import networkx as nx

    switched: nx.Graph[int] = nx.Graph()
    switched.add_nodes_from(range(len(feeder)))
    switched.add_edges_from(zip(feeder.link_from.tolist(), feeder.link_to.tolist(), strict=True))
    busbar = np.zeros(len(feeder), dtype=np.int64)
    for number, nodes in enumerate(nx.connected_components(switched)):
        busbar[list(nodes)] = number
    rows = np.flatnonzero(first != UNKNOWN)
    together: nx.Graph[int] = nx.Graph()
    together.add_edges_from((row, int(first[row])) for row in rows.tolist())
    by_busbar = rows[np.argsort(busbar[lower[rows]], kind="stable")].tolist()
    together.add_edges_from((a, b) for a, b in pairwise(by_busbar) if busbar[lower[a]] == busbar[lower[b]])
    groups = sorted(sorted(group) for group in nx.connected_components(together))
    return tuple(np.array(group, dtype=np.int64) for group in groups)
