"""Where EVs hang: the transformer and the line of each."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import Feeder
from environment.feeders.placement import NOWHERE, Placement
from environment.fleets.fleet import Fleet
from environment.grid.nodes import Nodes
from environment.grid.tree import NONE, Grid
from environment.input_faults import Fault, nearest, raise_if_any

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, eq=False)
class Places:
    """The places of a fleet in a grid; all stays of an EV have the same.

    Parameters
    ----------
    transformer_of
        Which of the grid's transformers feeds each stay, shape ``(n_stays,)``.
    line_of
        Line of each stay at its transformer, shape ``(n_stays,)``.
    """

    transformer_of: NDArray[np.int32]
    line_of: NDArray[np.int32]

    @classmethod
    def of(cls, grid: Grid, fleet: Fleet, file: str, rng: np.random.Generator) -> Self:
        """Place a fleet: by its column `node`, or each EV at a transformer drawn at random, for all its stays.

        Transformers with a base load of a size of their own (`Grid.peak_kw`) are drawn in proportion to it [default], others evenly.

        Parameters
        ----------
        grid
            The nodes.
        fleet
            EVs.
        file
            Where the fleet comes from, for the faults.
        rng
            Draws the transformers and lines; untouched with one transformer, or a column, and no lines.

        Raises
        ------
        FaultyInputError
            With every EV at a node that the grid does not have, or that serves none.
        """
        n = len(grid.transformers)
        at = np.zeros(len(fleet), dtype=np.int64)
        if fleet.node is not None:
            at = _named(grid, fleet, fleet.node, file)
        elif n > 1:
            peak_kw = grid.peak_kw[grid.transformer_rows]
            part = None if np.isnan(peak_kw).any() else peak_kw / peak_kw.sum()
            at = fleet.each_vehicle(
                lambda count: rng.integers(n, size=count) if part is None else rng.choice(n, count, p=part)
            )
        lines = grid.lines[grid.transformer_rows]
        line = np.zeros(len(fleet), dtype=np.int32)
        if lines.max() > 1:
            order = fleet.plug_in_order
            own = np.maximum(lines, 1)[at[order[fleet.stay[order] == 1]]]  # of each EV, in the order of its draw
            most = int(lines[0]) if (lines == lines[0]).all() else own
            line = fleet.each_vehicle(lambda count: rng.integers(most, size=count)).astype(np.int32)
        return cls(at.astype(np.int32), line)

    def take(self, rows: NDArray[np.int64], first: int) -> "Places":
        """Return the places of some EVs, by rows of the fleet, where a transformer becomes the first."""
        return Places(self.transformer_of[rows] - first, self.line_of[rows])

    def with_vehicles(self, grid: Grid, fleet: Fleet, placement: Placement | None = None) -> "nx.DiGraph[str]":
        """Return the whole tree, EVs included, as a graph of its own (about 1 kB an EV).

        Parameters
        ----------
        grid, fleet
            Nodes and EVs.
        placement
            The feeder, whose nodes then carry the EVs that stand on it (and its lines of communication do not).
        """
        tree = grid.graph.copy()
        nodes = (
            []
            if placement is None
            else placement.hang_in(tree, [grid.address(grid.node.index(name)) for name in placement.copies.at])
        )
        lines = grid.lines[grid.transformer_rows].tolist()
        places = zip(fleet.vehicle.tolist(), self.transformer_of.tolist(), self.line_of.tolist(), strict=True)
        for row, (vehicle, k, line) in enumerate(places):
            name = grid.transformers[k]
            above = f"line:{name}/{line + 1}" if lines[k] else f"transformer:{name}"
            if placement is not None and placement.node_of[row] != NOWHERE:
                above = nodes[placement.copies.of[grid.transformer_rows[k]]][placement.node_of[row]]
            tree.add_node(f"ev:{vehicle}", kind="ev")
            tree.add_edge(above, f"ev:{vehicle}")
        return tree


def with_nodes_above(fleet: Fleet, nodes: Nodes, feeder: Feeder, file: str) -> Fleet:
    """Return a fleet that says where on the feeder it stands, with the nodes of the grid above those places as its column `node`.

    Parameters
    ----------
    fleet
        With a column `feeder_node`.
    nodes
        Of the grid, which the feeder made: each of the feeder's nodes has an owner, or none (-1).
    feeder
        The feeder.
    file
        Where the fleet comes from, for the faults.

    Raises
    ------
    FaultyInputError
        With every EV at a node that the feeder does not have, or that is below no transformer of the grid.
    """
    assert fleet.feeder_node is not None
    assert nodes.owner is not None
    row_of = {name: row for row, name in enumerate(feeder.node.tolist())}
    places = fleet.feeder_node.tolist()
    faults = []
    for vehicle, place in dict(zip(fleet.vehicle.tolist(), places, strict=True)).items():
        field, found = f"feeder_node of EV {vehicle}", repr(place) if place else "empty"
        if place not in row_of:
            faults.append(Fault(file, None, field, found, nearest(place, row_of)))
        elif nodes.owner[row_of[place]] == NONE:
            expected = "a node below a transformer that has loads of the feeder's own"
            faults.append(Fault(file, None, field, found, expected))
    raise_if_any(faults)
    above = [nodes.node[nodes.owner[row_of[place]]] for place in places]
    return replace(fleet, node=np.array(above, dtype=np.str_))


def _named(grid: Grid, fleet: Fleet, node: NDArray[np.str_], file: str) -> NDArray[np.int64]:
    """Return the transformer of each stay by the name that its EV gives."""
    place = {name: k for k, name in enumerate(grid.transformers)}
    names, which = np.unique(node, return_inverse=True)
    known = np.array([place.get(name, -1) for name in names.tolist()], dtype=np.int64)
    kind_of = dict(zip(grid.node, grid.kind, strict=True))
    faults = []
    for number in np.flatnonzero(known < 0).tolist():
        name, rows = str(names[number]), which == number
        found = f"{name!r}, a {kind_of[name].replace('_', ' ')} that serves no EVs" if name in kind_of else repr(name)
        expected = f"a transformer: {nearest(name, place)}"
        faults.append(Fault(file, None, f"node of {fleet.named(rows)}", found, expected))
    raise_if_any(faults)
    return known[which]
