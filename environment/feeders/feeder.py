"""A feeder as columns: nodes, lines, transformers, closed switches, loads, and the one source that holds the voltage.

Three-phase and balanced. What power-grid-model asks for and a user can know stands here; ids and per-unit values are its
own business (`power_flow`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from environment.input_faults import Fault

if TYPE_CHECKING:
    import networkx as nx

STIFF_VA = 1e15
"""Short-circuit power of a source that holds its voltage whatever is drawn [VA]."""

USUAL_RX = 0.1
"""Resistance per reactance of the grid above a source, where nothing else is known; power-grid-model's default."""

MOST_RATIO_APART = 1.3
"""A transformer winding this many times off its node's rated voltage is a mistake."""

UNKNOWN = -1
"""Index of a node that a table names and the feeder does not have."""


@dataclass(frozen=True, eq=False)
class Feeder:
    """A feeder; node columns have shape ``(n_nodes,)``, line columns ``(n_lines,)`` and so on.

    Parameters
    ----------
    title
        What to call it in faults: the source, or the file.
    node, node_v
        Names, unique, and rated line-to-line voltages [V].
    line, line_from, line_to
        Names, and rows of the nodes at both ends.
    line_r_ohm, line_x_ohm, line_c_f
        Series resistance, series reactance [ohm] and capacitance [F] of the whole line.
    line_rated_a, line_km
        Rated current [A], NaN where unknown, and length [km].
    transformer, transformer_hv, transformer_lv
        Names, and rows of the nodes at the upper and the lower winding.
    transformer_hv_v, transformer_lv_v, transformer_va
        Rated voltages of the windings [V] and apparent power [VA].
    transformer_uk, transformer_pk_w, transformer_i0, transformer_p0_w
        Short-circuit voltage [1], short-circuit loss [W], no-load current [1] and no-load loss [W].
    transformer_tap_v
        What the tap changer adds to the upper winding's rated voltage [V]; 0 in the middle position.
    link_from, link_to
        Rows of nodes that a closed switch joins.
    load_node, load_kw, load_kvar
        Rows of the nodes with loads of the feeder's own, and these [kW], [kvar]: they say how a base load is spread.
    source_node, source_pu, source_va, source_rx
        Row of the node that the grid above feeds, its voltage [1], the short-circuit power there [VA], and resistance per
        reactance of the grid above [1].
    told
        What the source read past, changed or doubts, in sentences for the run's warnings.
    """

    title: str
    node: NDArray[np.str_]
    node_v: NDArray[np.float64]
    line: NDArray[np.str_]
    line_from: NDArray[np.int64]
    line_to: NDArray[np.int64]
    line_r_ohm: NDArray[np.float64]
    line_x_ohm: NDArray[np.float64]
    line_c_f: NDArray[np.float64]
    line_rated_a: NDArray[np.float64]
    line_km: NDArray[np.float64]
    transformer: NDArray[np.str_]
    transformer_hv: NDArray[np.int64]
    transformer_lv: NDArray[np.int64]
    transformer_hv_v: NDArray[np.float64]
    transformer_lv_v: NDArray[np.float64]
    transformer_va: NDArray[np.float64]
    transformer_uk: NDArray[np.float64]
    transformer_pk_w: NDArray[np.float64]
    transformer_i0: NDArray[np.float64]
    transformer_p0_w: NDArray[np.float64]
    transformer_tap_v: NDArray[np.float64]
    link_from: NDArray[np.int64]
    link_to: NDArray[np.int64]
    load_node: NDArray[np.int64]
    load_kw: NDArray[np.float64]
    load_kvar: NDArray[np.float64]
    source_node: int
    source_pu: float
    source_va: float = STIFF_VA
    source_rx: float = USUAL_RX
    told: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.node.size

    def fed_at(self, voltage_pu: float | None) -> "Feeder":
        """Return the feeder with another voltage at its source; None leaves it."""
        return self if voltage_pu is None else replace(self, source_pu=voltage_pu)

    @property
    def unrated(self) -> list[str]:
        """Say of how many lines no rating is known, for a source to tell; empty where all are."""
        unknown = int(np.isnan(self.line_rated_a).sum())
        return [f"no rating known of {unknown} of {self.line.size} lines: their loading is not told"] if unknown else []

    @cached_property
    def graph(self) -> "nx.Graph[int]":
        """Rows of nodes, joined where a line, a transformer or a closed switch joins them, with ``km``."""
        import networkx as nx

        graph: nx.Graph[int] = nx.Graph()
        graph.add_nodes_from(range(len(self)))
        for first, second, km in self._branches():
            if UNKNOWN not in (first, second):
                known = graph.get_edge_data(first, second, {"km": np.inf})["km"]
                graph.add_edge(first, second, km=min(km, known))
        return graph

    def _branches(self) -> Iterator[tuple[int, int, float]]:
        yield from zip(self.line_from.tolist(), self.line_to.tolist(), self.line_km.tolist(), strict=True)
        for first, second in ((self.transformer_hv, self.transformer_lv), (self.link_from, self.link_to)):
            yield from ((a, b, 0.0) for a, b in zip(first.tolist(), second.tolist(), strict=True))

    @cached_property
    def ways(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Length of the shortest way to the source [km], and the next node on it (-1: the source), both ``(n_nodes,)``."""
        import networkx as nx

        before, length = nx.dijkstra_predecessor_and_distance(self.graph, self.source_node, weight="km")
        km = np.array([length[i] for i in range(len(self))])
        # The first is the one that found the node; over branches of no length, more can be listed, even before the source.
        upstream = np.array([UNKNOWN if i == self.source_node else before[i][0] for i in range(len(self))])
        return km, upstream

    @cached_property
    def _branch_up(self) -> NDArray[np.int64]:
        """The branch from each node to the next one on its way to the source, shape ``(n_nodes,)``; -1 at the source.

        A row of lines, transformers and closed switches one after another. Of several side by side it is the shortest, which
        `graph` has, and of those the first.
        """
        _, upstream = self.ways
        taken, shortest_km = np.full(len(self), UNKNOWN), np.full(len(self), np.inf)
        for row, (first, second, km) in enumerate(self._branches()):
            for node, other in ((first, second), (second, first)):
                if upstream[node] == other and km < shortest_km[node]:
                    taken[node], shortest_km[node] = row, km
        return taken

    def transformer_above(self, rows: NDArray[np.integer]) -> NDArray[np.int64]:
        """Return the row of the first transformer on each node's way to the source, -1 where there is none; the ways are `ways`.

        Parameters
        ----------
        rows
            Rows of nodes, shape ``(k,)``.
        """
        found = np.full(rows.size, UNKNOWN)
        for branch in self._way_up(rows):
            transformer = branch - self.line.size
            here = (found == UNKNOWN) & (transformer >= 0) & (transformer < self.transformer.size)
            found[here] = transformer[here]
        return found

    @cached_property
    def steps_down(self) -> NDArray[np.bool_]:
        """Whether the source is on the side of each transformer's upper winding, shape ``(n_transformers,)``."""
        rows = self.line.size + np.arange(self.transformer.size)
        return np.asarray(self._branch_up[self.transformer_lv] == rows)

    @cached_property
    def steps_up(self) -> NDArray[np.bool_]:
        """Whether each transformer feeds its upper winding from the lower one, shape ``(n_transformers,)``."""
        rows = self.line.size + np.arange(self.transformer.size)
        return np.asarray(self._branch_up[self.transformer_hv] == rows)

    def branches_above(self, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return whether each branch is on the way of each node to the source, shape ``(n_lines + n_transformers, k)``.

        Lines, then transformers; the ways are `ways`. On a radial feeder, the matrix times loads at these nodes is what they make
        each branch carry, without losses. Where a feeder is meshed a load comes over several ways, and this tells the shortest.

        Parameters
        ----------
        rows
            Rows of nodes, shape ``(k,)``.
        """
        above = np.zeros((self.branch_rated_kva.size, rows.size), dtype=np.bool_)
        for branch in self._way_up(rows):
            of = np.flatnonzero((branch >= 0) & (branch < len(above)))
            above[branch[of], of] = True
        return above

    @cached_property
    def branch_rated_kva(self) -> NDArray[np.float64]:
        """What each line and each transformer is rated for [kVA], a line at rated voltage; NaN where unknown, rows as in `branches_above`."""
        lines = np.sqrt(3) * self.line_rated_a * self.node_v[self.line_from] / 1e3
        return np.concatenate([lines, self.transformer_va / 1e3])

    def _way_up(self, rows: NDArray[np.integer]) -> Iterator[NDArray[np.int64]]:
        """Give, step by step, the branch that each node's way takes (`_branch_up`), shape ``(k,)``; -1 after it has ended."""
        _, upstream = self.ways
        node = rows.astype(np.int64)
        while (node != UNKNOWN).any():
            on_way = node != UNKNOWN
            yield np.where(on_way, self._branch_up[node], UNKNOWN)
            node = np.where(on_way, upstream[node], UNKNOWN)

    @cached_property
    def own_kw(self) -> NDArray[np.float64]:
        """The feeder's own load at each node [kW], shape ``(n_nodes,)``."""
        return np.bincount(self.load_node, self.load_kw, minlength=len(self))

    @cached_property
    def own_kvar(self) -> NDArray[np.float64]:
        """The feeder's own reactive load at each node [kvar], shape ``(n_nodes,)``."""
        return np.bincount(self.load_node, self.load_kvar, minlength=len(self))

    def faults(self) -> list[Fault]:
        """Return all that keeps a power flow from being worked out, by the names of nodes, lines and transformers."""
        found = [*self._faults_of_nodes(), *self._faults_of_lines(), *self._faults_of_transformers()]
        found += [*self._faults_of_links(), *self._faults_of_loads()]
        return found + (self._islands() if 0 <= self.source_node < len(self) else [])

    def _fault(self, field: str, found: str, expected: str) -> Fault:
        return Fault(self.title, None, field, found, expected)

    def _faults_of_nodes(self) -> Iterator[Fault]:
        names, counts = np.unique(self.node, return_counts=True)
        for name in names[counts > 1].tolist():
            yield self._fault(f"node {name}", "there twice", "each node once")
        for i in np.flatnonzero(~(self.node_v > 0)).tolist():
            yield self._fault(f"node {self.node[i]}: rated voltage", f"{self.node_v[i]:g} V", "more than 0 V")
        if not 0 <= self.source_node < len(self):
            yield self._fault("source", "on no node", "a node that the grid above feeds")
        if not self.source_pu > 0:
            yield self._fault("source: voltage", f"{self.source_pu:g} pu", "more than 0 pu")
        if not self.source_va > 0:
            yield self._fault("source: short-circuit power", f"{self.source_va:g} VA", "more than 0 VA")
        if not self.source_rx >= 0:
            yield self._fault("source: resistance per reactance", f"{self.source_rx:g}", "at least 0")

    def _faults_of_lines(self) -> Iterator[Fault]:
        for j, name in enumerate(self.line.tolist()):
            place, ends = f"line {name}", (int(self.line_from[j]), int(self.line_to[j]))
            if UNKNOWN in ends:
                yield self._fault(place, "on an unknown node", "two nodes of the feeder")
                continue
            if ends[0] == ends[1]:
                yield self._fault(place, f"from {self.node[ends[0]]} to itself", "two nodes")
            r, x = self.line_r_ohm[j], self.line_x_ohm[j]
            if not np.hypot(r, x) > 0:
                yield self._fault(f"{place}: impedance", f"{r:g} + j{x:g} ohm", "more than 0 ohm (a switch is no line)")
            elif r < 0:
                yield self._fault(f"{place}: resistance", f"{r:g} ohm", "at least 0 ohm")
            if self.line_c_f[j] < 0 or np.isnan(self.line_c_f[j]):
                yield self._fault(f"{place}: capacitance", f"{self.line_c_f[j]:g} F", "at least 0 F")
            if self.line_rated_a[j] <= 0:
                yield self._fault(f"{place}: rated current", f"{self.line_rated_a[j]:g} A", "more than 0 A, or none")
            yield from self._two_voltages(place, *ends)

    def _two_voltages(self, place: str, first: int, second: int) -> Iterator[Fault]:
        """Give a fault where a line or a closed switch joins nodes of two rated voltages: a power flow has no such branch."""
        volts = self.node_v[[first, second]]
        if (volts > 0).all() and volts[0] != volts[1]:
            found = f"between {self.node[first]} of {volts[0]:g} V and {self.node[second]} of {volts[1]:g} V"
            yield self._fault(place, found, "a transformer there, or one rated voltage")

    def _faults_of_links(self) -> Iterator[Fault]:
        for j, ends in enumerate(zip(self.link_from.tolist(), self.link_to.tolist(), strict=True)):
            if UNKNOWN in ends:
                known = "".join(f" at {self.node[end]}" for end in ends if end != UNKNOWN)
                yield self._fault(f"closed switch {j + 1}{known}", "on an unknown node", "two nodes of the feeder")
            else:
                yield from self._two_voltages(f"closed switch {j + 1}", *ends)

    def _faults_of_transformers(self) -> Iterator[Fault]:
        for j, name in enumerate(self.transformer.tolist()):
            place, ends = f"transformer {name}", (int(self.transformer_hv[j]), int(self.transformer_lv[j]))
            if UNKNOWN in ends:
                yield self._fault(place, "on an unknown node", "two nodes of the feeder")
                continue
            windings = (self.transformer_hv_v[j] + self.transformer_tap_v[j], self.transformer_lv_v[j])
            for end, volts in zip(ends, windings, strict=True):
                rated = self.node_v[end]
                if not (volts > 0 and rated / MOST_RATIO_APART <= volts <= rated * MOST_RATIO_APART):
                    yield self._fault(
                        f"{place}: winding at {self.node[end]}", f"for {volts:g} V", f"about the node's {rated:g} V"
                    )
            if not self.transformer_va[j] > 0:
                yield self._fault(f"{place}: rating", f"{self.transformer_va[j]:g} VA", "more than 0 VA")
                continue
            uk, pk = self.transformer_uk[j], self.transformer_pk_w[j]
            if not 0 < uk < 1:
                yield self._fault(f"{place}: short-circuit voltage", f"{uk:.4g}", "above 0 (no impedance) and below 1")
            elif not 0 <= pk <= uk * self.transformer_va[j]:
                most = uk * self.transformer_va[j]
                yield self._fault(f"{place}: short-circuit loss", f"{pk:g} W", f"0 W to {most:g} W, of that voltage")
            i0, p0 = self.transformer_i0[j], self.transformer_p0_w[j]
            if not (0 <= i0 < 1 and p0 >= 0):
                yield self._fault(f"{place}: no-load current and loss", f"{i0:g} and {p0:g} W", "0 to 1, at least 0 W")

    def _faults_of_loads(self) -> Iterator[Fault]:
        for i in np.flatnonzero(self.load_node == UNKNOWN).tolist():
            yield self._fault(f"load {i + 1}", "on no node", "a node of the feeder")
        for i in np.flatnonzero(~(self.load_kw >= 0)).tolist():
            node = self.node[self.load_node[i]]
            yield self._fault(f"load {i + 1} at {node}", f"{self.load_kw[i]:g} kW", "at least 0 kW")
        for i in np.flatnonzero(~np.isfinite(self.load_kvar)).tolist():
            node = self.node[self.load_node[i]]
            yield self._fault(f"load {i + 1} at {node}", f"{self.load_kvar[i]:g} kvar", "a number")
        if not np.nansum(self.load_kw) > 0:
            yield self._fault("loads", "0 kW", "a load somewhere: base load and EVs are spread in proportion to it")

    def _islands(self) -> list[Fault]:
        """One fault for each part that nothing joins to the source."""
        import networkx as nx

        source, source_v = str(self.node[self.source_node]), self.node_v[self.source_node]
        found = []
        for part in nx.connected_components(self.graph):
            if self.source_node not in part:
                names = [str(self.node[i]) for i in sorted(part)]
                text = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
                volts = np.unique(self.node_v[sorted(part)])
                at = f"{volts[0]:g} V" if volts.size == 1 else f"{volts[0]:g} to {volts[-1]:g} V"
                expected = f"a line, transformer or closed switch on a way to the source at {source}, {source_v:g} V"
                place = f"node {text}" if len(part) == 1 else f"the part with nodes {text}"
                found.append(self._fault(place, f"an island at {at}", expected))
        return found
