"""The nodes of a grid as its source states them, in any order; `laid_out` finds what is wrong or makes the grid of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Final

import numpy as np
from numpy.typing import NDArray

from environment.grid.transformer import MOST_LINES
from environment.grid.tree import NONE, Grid, Kind
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, collecting, nearest, raise_if_any
from environment.loads.named import UNNAMED, limit_of, load_of, names_of
from environment.loads.profile import LoadProfile

MOST_TOLD: Final = 3
"""Loads that a warning names before it counts the others."""

ADDRESSES: Final = ("transformer:", "line:", "ev:")
"""Beginnings of names that the tree gives to what is below the substations."""

UNUSED: Final = "[load] does not count: no node's load or limit names it"
"""What is told where the section stands for nothing; of a section that nobody set it need not be."""


@dataclass(frozen=True, eq=False)
class Nodes:
    """Columns of nodes, of shape ``(n_nodes,)``.

    Parameters
    ----------
    file
        Where they stand, for the faults.
    line
        Line of each in that file, or None where there are no lines.
    node, kind, parent
        Names, what each is, and the name of the node above, "" for none.
    limit_kw
        Largest load [kW], infinite for none.
    limit_series
        Name of the series that gives the limit by slot, "" where `limit_kw` does.
    feed_in_limit_kw
        Most that it may feed back [kW], infinite for none.
    load
        Names of base loads joined by "+", "" for none.
    lines
        Lines of communication.
    feeder_node
        Node of the feeder at which it stands, "" for none.
    rated_kw
        What it is built for [kW], NaN where that is its largest limit.
    peak_kw
        Largest base load, to which that of `load` is scaled [kW], NaN for as it is; None: NaN for all.
    owner
        Row of the node to which each node of the feeder belongs, -1 for none, shape ``(n_feeder_nodes,)``; None where the nodes
        are not the feeder's own.
    told
        What the source read past, in sentences for the run's warnings.
    faults
        What is wrong with the source's cells.
    """

    file: str
    line: tuple[int | None, ...]
    node: tuple[str, ...]
    kind: tuple[str, ...]
    parent: tuple[str, ...]
    limit_kw: NDArray[np.float64]
    limit_series: tuple[str, ...]
    feed_in_limit_kw: NDArray[np.float64]
    load: tuple[str, ...]
    lines: NDArray[np.int64]
    feeder_node: tuple[str, ...]
    rated_kw: NDArray[np.float64]
    peak_kw: NDArray[np.float64] | None = None
    owner: NDArray[np.int64] | None = None
    told: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    def field(self, column: str, row: int) -> str:
        """Return what to call a node's cell in faults."""
        return f"{column} of {self.node[row]}"

    def fault(self, row: int, column: str, found: str, expected: str) -> Fault:
        """Return a fault of a node."""
        return Fault(self.file, self.line[row], self.field(column, row), found, expected)


def laid_out(nodes: Nodes, horizon: Horizon, loads: Mapping[str, LoadProfile] | None) -> Grid:
    """Return the grid of some nodes, parents first and else in their order.

    Parameters
    ----------
    nodes
        In any order.
    horizon
        The slots.
    loads
        Loads by name, of which nodes' loads and limits may name some; None where they could not be read: no name is looked up then.

    Raises
    ------
    FaultyInputError
        With all that is wrong with them.
    """
    faults = [*nodes.faults, *_faults_of_names(nodes), *_faults_of_parents(nodes), *_faults_of_limits(nodes)]
    faults += _faults_of_lines(nodes)
    limits = {
        row: collecting(faults, partial(_limit, nodes, row, horizon, loads))
        for row, name in enumerate(nodes.limit_series)
        if name and loads is not None
    }
    for row, text in enumerate(nodes.load):
        if text and loads is not None:
            own = partial(load_of, text, loads, file=nodes.file, row=nodes.line[row], field=nodes.field("load", row))
            load = collecting(faults, own)
            peak_kw = np.nan if nodes.peak_kw is None else float(nodes.peak_kw[row])
            if not np.isnan(peak_kw) and load is not None and load.forecast_kw.max() <= 0:
                expected = f"a load that can be scaled to a peak of {peak_kw:g} kW"
                faults.append(nodes.fault(row, "load", f"{text!r}, which is never above 0 kW", expected))
    order, circles = _parents_first(nodes)
    told = {(fault.row, fault.field) for fault in faults}
    for circle in circles:
        if not told & {(nodes.line[row], nodes.field("parent", row)) for row in circle}:
            names = " -> ".join([*(nodes.node[row] for row in circle), nodes.node[circle[0]]])
            faults.append(nodes.fault(circle[0], "parent", f"below itself ({names})", "a way up to the control centre"))
    raise_if_any(faults)
    row_of = {nodes.node[row]: place for place, row in enumerate(order)}
    limit_kw = np.broadcast_to(nodes.limit_kw[order, None], (len(order), horizon.n_slots))
    if limits:
        limit_kw = np.stack([limits.get(row, limit_kw[place]) for place, row in enumerate(order)])
    most_kw = limit_kw.max(axis=1)
    rated_kw = np.where(np.isnan(nodes.rated_kw[order]) & np.isfinite(most_kw), most_kw, nodes.rated_kw[order])
    return Grid(
        node=tuple(nodes.node[row] for row in order),
        kind=tuple(Kind(nodes.kind[row]) for row in order),
        parent=np.array([row_of.get(nodes.parent[row], NONE) for row in order], dtype=np.int64),
        limit_kw=limit_kw,
        feed_in_limit_kw=nodes.feed_in_limit_kw[order],
        load=tuple(nodes.load[row] for row in order),
        lines=nodes.lines[order],
        feeder_node=tuple(nodes.feeder_node[row] for row in order),
        rated_kw=np.where(rated_kw > 0, rated_kw, np.nan),
        peak_kw=np.full(len(order), np.nan) if nodes.peak_kw is None else nodes.peak_kw[order],
        told=(*nodes.told, *_told(nodes, loads or {}), *_told_of_limits(nodes, loads or {})),
    )


def _told(nodes: Nodes, loads: Mapping[str, LoadProfile]) -> Iterator[str]:
    """Say which loads with a name of their own stand at no node and limit none."""
    used = {name for text in (*nodes.load, *nodes.limit_series) for name in names_of(text)}
    unused = [name for name in loads if name not in used and name != UNNAMED]
    if unused:
        more = ["..."] * (len(unused) > MOST_TOLD)
        names = ", ".join([*unused[:MOST_TOLD], *more])
        yield f"{len(unused)} of [loads] ({names}) do not count: no node's load or limit names them"
    if UNNAMED in loads and UNNAMED not in used:
        yield UNUSED


def _told_of_limits(nodes: Nodes, loads: Mapping[str, LoadProfile]) -> Iterator[str]:
    """Say what was read past in loads that are limits, and that a limit is the forecast."""
    stands = {name for text in nodes.load for name in names_of(text)}
    for name in dict.fromkeys(name for text in nodes.limit_series if text for name in names_of(text)):
        load = loads[name]
        yield from load.told
        if name not in stands and (load.fluctuation > 0 or load.actual_kw is not load.forecast_kw):
            yield f"what {name} strays does not count: a limit is as it is forecast"


def _faults_of_names(nodes: Nodes) -> Iterator[Fault]:
    seen: set[str] = set()
    for row, name in enumerate(nodes.node):
        if not name:
            yield Fault(nodes.file, nodes.line[row], "node", "empty", "a name")
        elif name in seen:
            yield Fault(nodes.file, nodes.line[row], "node", repr(name), "a name that no other node has")
        elif name.startswith(ADDRESSES) and nodes.kind[row] != Kind.TRANSFORMER:
            expected = f"no beginning {' or '.join(map(repr, ADDRESSES))} above the transformers"
            yield Fault(nodes.file, nodes.line[row], "node", repr(name), expected)
        seen.add(name)
        if nodes.kind[row] not in tuple(Kind):
            found = repr(nodes.kind[row]) if nodes.kind[row] else "empty"
            yield nodes.fault(row, "kind", found, nearest(nodes.kind[row], tuple(Kind)))
    if Kind.TRANSFORMER not in nodes.kind:
        yield Fault(
            nodes.file, None, "kind", "of no node 'transformer'", "at least one transformer: EVs hang below those"
        )


def _faults_of_parents(nodes: Nodes) -> Iterator[Fault]:
    roots = [row for row, parent in enumerate(nodes.parent) if not parent]
    roots.sort(key=lambda row: nodes.kind[row] != Kind.CONTROL_CENTER)  # what else has no parent lacks one
    centers = [row for row, kind in enumerate(nodes.kind) if kind == Kind.CONTROL_CENTER]
    if not roots:
        yield Fault(nodes.file, None, "parent", "there for every node", "one node without, the control centre")
    for row in roots[1:]:
        expected = f"the node above; {nodes.node[roots[0]]} has none, and one node is the control centre"
        yield nodes.fault(row, "parent", "empty", expected)
    for row in roots[:1]:
        if nodes.kind[row] in (Kind.SUBSTATION, Kind.TRANSFORMER):
            yield nodes.fault(row, "kind", repr(nodes.kind[row]), f"'{Kind.CONTROL_CENTER}': it has no parent")
    for row in centers:
        if nodes.parent[row]:
            yield nodes.fault(row, "parent", repr(nodes.parent[row]), "none: the control centre is above all")
    kind_of = dict(zip(nodes.node, nodes.kind, strict=True))
    upper = [name for name, kind in kind_of.items() if name and kind != Kind.TRANSFORMER]
    for row, parent in enumerate(nodes.parent):
        if parent and parent not in kind_of:
            yield nodes.fault(row, "parent", repr(parent), nearest(parent, upper))
        elif parent and kind_of[parent] == Kind.TRANSFORMER:
            yield nodes.fault(row, "parent", f"transformer {parent!r}", "a substation or the control centre")


def _limit(nodes: Nodes, row: int, horizon: Horizon, loads: Mapping[str, LoadProfile]) -> NDArray[np.float64]:
    """Return the limits that a node's series gives [kW], shape ``(n_slots,)``."""
    place = nodes.file, nodes.line[row], nodes.field("limit_kw", row)
    name = nodes.limit_series[row]
    if all(part not in loads for part in names_of(name)):  # no load's name, and perhaps a number gone wrong
        raise FaultyInputError(
            [Fault(*place, repr(name), f"a number of kW, or the name of a load: {nearest(name, loads)}")]
        )
    return limit_of(name, loads, horizon, file=place[0], row=place[1], field=place[2])


def _faults_of_limits(nodes: Nodes) -> Iterator[Fault]:
    for row in np.flatnonzero(np.isposinf(nodes.limit_kw)).tolist():
        if nodes.kind[row] == Kind.TRANSFORMER:
            yield nodes.fault(row, "limit_kw", "empty", "a limit: EVs hang below it")
    for row in np.flatnonzero(nodes.limit_kw < 0).tolist():
        yield nodes.fault(row, "limit_kw", f"{nodes.limit_kw[row]:g}", "at least 0 kW")
    for row in np.flatnonzero(nodes.feed_in_limit_kw < 0).tolist():
        yield nodes.fault(row, "feed_in_limit_kw", f"{nodes.feed_in_limit_kw[row]:g}", "at least 0 kW")


def _faults_of_lines(nodes: Nodes) -> Iterator[Fault]:
    for row in np.flatnonzero(nodes.lines > 0).tolist():
        if nodes.kind[row] in (Kind.CONTROL_CENTER, Kind.SUBSTATION):
            yield nodes.fault(row, "lines", str(nodes.lines[row]), "none: only transformers have lines")
    if nodes.lines.sum() > MOST_LINES:
        found = f"{nodes.lines.sum():,} in all"
        yield Fault(nodes.file, None, "lines", found, f"at most {MOST_LINES:,}")


def _parents_first(nodes: Nodes) -> tuple[list[int], list[list[int]]]:
    """Return rows with parents before their children, and circles: rows each below the next, the last below the first."""
    row_of = {name: row for row, name in enumerate(nodes.node) if name}
    above = [row_of.get(parent, NONE) for parent in nodes.parent]
    children: dict[int, list[int]] = {}
    for row, parent in enumerate(above):
        children.setdefault(parent, []).append(row)
    ready = children.get(NONE, [])
    heapify(ready)
    order: list[int] = []
    while ready:
        row = heappop(ready)
        order.append(row)
        for child in children.get(row, ()):
            heappush(ready, child)
    left = dict.fromkeys(sorted(set(range(len(above))) - set(order)))
    circles = []
    while left:  # all of them are in a circle or below one
        row, way = next(iter(left)), dict[int, None]()
        while row in left:
            way[row] = left.pop(row)
            row = above[row]
        if row in way:
            circles.append(list(way)[list(way).index(row) :])
    return order, circles
