"""Below which nodes of a grid the feeder lies, and where on it each of them stands."""

from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import Feeder
from environment.feeders.placement import NOWHERE, Copies
from environment.grid.nodes import Nodes
from environment.grid.tree import Grid, Kind
from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any


def copies_of(at: str | None, feeder: Feeder, nodes: Nodes, grid: Grid) -> Copies:
    """Return the copies of a feeder in a grid: one below each transformer, below one of them, or below a node above several.

    Parameters
    ----------
    at
        ``feeder.at``.
    feeder
        Without faults.
    nodes
        The grid's nodes as their source has them.
    grid
        The same, laid out.

    Raises
    ------
    FaultyInputError
        With every node that has no place on the feeder, or one that the feeder does not have.
    """
    if at is not None and at not in grid.node:
        raise FaultyInputError([Fault("scenario", None, "feeder.at", repr(at), nearest(at, grid.node))])
    if nodes.owner is not None:
        return _of_its_own(at, feeder, nodes, nodes.owner, grid)
    transformers = grid.transformer_rows
    if at is None and not any(grid.feeder_node):
        return Copies.each(grid.transformers, transformers, len(grid), feeder)
    row = 0 if at is None else grid.node.index(at)
    if grid.kind[row] is Kind.TRANSFORMER:
        copies = Copies.each((grid.node[row],), np.array([row]), len(grid), feeder)
        return replace(copies, told=_told(copies, grid, []))
    return _shared(row, feeder, nodes, grid)


def _of_its_own(at: str | None, feeder: Feeder, nodes: Nodes, owner: NDArray[np.int64], grid: Grid) -> Copies:
    """Return the one copy of a feeder of which the grid is made: each node's base load stands where the feeder has it."""
    if at not in (None, grid.node[0]):
        expected = f"no at, or {grid.node[0]!r}: with grid.source = 'feeder' the whole feeder lies below that"
        raise FaultyInputError([Fault("scenario", None, "feeder.at", repr(at), expected)])
    row_of = {name: row for row, name in enumerate(grid.node)}
    place = np.array([*(row_of[name] for name in nodes.node), NOWHERE])  # the last stands for none
    owner = place[owner]
    own_kw = np.zeros((len(grid), len(feeder)))
    own_kw[owner, np.arange(len(feeder))] = np.where(owner == NOWHERE, 0.0, feeder.own_kw)
    sums = own_kw.sum(axis=1)
    share = own_kw / np.where(sums > 0, sums, 1.0)[:, None]
    return Copies((grid.node[0],), np.where(sums > 0, 0, NOWHERE), share, owner)


def _shared(at: int, feeder: Feeder, nodes: Nodes, grid: Grid) -> Copies:
    """Return one copy for all nodes below one, that node included, each at its `feeder_node`."""
    below = np.flatnonzero(grid.below[[at]].toarray()[0])
    line_of = {name: row for row, name in enumerate(nodes.node)}
    row_of = {name: row for row, name in enumerate(feeder.node.tolist())}
    of, share, faults = np.full(len(grid), NOWHERE), np.zeros((len(grid), len(feeder))), list[Fault]()
    for row in below.tolist():
        name = grid.feeder_node[row]
        fault = partial(nodes.fault, line_of[grid.node[row]], "feeder_node")
        if name in row_of:
            of[row], share[row, row_of[name]] = 0, 1.0
        elif name:
            faults.append(fault(repr(name), nearest(name, row_of)))
        elif grid.kind[row] is Kind.TRANSFORMER:
            faults.append(
                fault("empty", f"a node of the feeder below {grid.node[at]}, at which the transformer stands")
            )
    if faults and not any(grid.feeder_node[row] for row in below.tolist()):
        found = f"{grid.node[at]!r}, and no node below that has a feeder_node"
        expected = "a transformer, or a grid.source = 'table' with a column feeder_node"
        raise FaultyInputError([Fault("scenario", None, "feeder.at", found, expected)])
    raise_if_any(faults)
    copies = Copies((grid.node[at],), of, share)
    return replace(copies, told=_told(copies, grid, below.tolist()))


def _told(copies: Copies, grid: Grid, below: list[int]) -> tuple[str, ...]:
    """Say what is not on the feeder; `below` has the rows of the nodes whose `feeder_node` counts."""
    off = [row for row in grid.transformer_rows.tolist() if copies.of[row] == NOWHERE]
    idle = [row for row, name in enumerate(grid.feeder_node) if name and row not in below]
    loose = [row for row in below if grid.load[row] and not grid.feeder_node[row]]
    sentences = (
        (off, "no feeder at {} of {} transformers, such as {}: it lies below {}", grid.transformer_rows.size),
        (idle, "feeder_node not used at {} of {} nodes, such as {}: the feeder lies below {}", len(grid)),
        (
            loose,
            "no feeder_node at {} of {} nodes above transformers, such as {}: the feeder, below {}, does not carry their base load",
            grid.upper_rows.size,
        ),
    )
    return tuple(text.format(len(rows), n, grid.node[rows[0]], copies.at[0]) for rows, text, n in sentences if rows)
