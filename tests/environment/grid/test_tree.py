"""The tree's columns, for any grid: parents first, one way up, sums below each node, and parts."""

from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from environment.grid import Grid, Kind
from environment.grid.tree import NONE
from tests.support.grids import Line, grid_of, trees, written


def read(rows: list[Line], **transformer: object) -> Grid:
    with TemporaryDirectory() as folder:
        return grid_of(written(Path(folder), rows), **transformer)


@given(lines=trees())
def test_parents_come_first_and_else_the_files_order_stays(lines: list[Line]) -> None:
    grid = read(lines)
    place = {line.node: number for number, line in enumerate(lines)}
    assert sorted(grid.node) == sorted(place)
    assert grid.parent[0] == NONE
    assert grid.kind[0] is Kind.CONTROL_CENTER
    assert (grid.parent[1:] < np.arange(1, len(grid))).all()
    named = {line.node: line for line in lines}
    for row, name in enumerate(grid.node):
        line = named[name]
        assert (line.parent or None) == (grid.node[grid.parent[row]] if row else None)
        assert line.kind == grid.kind[row]
        np.testing.assert_array_equal(grid.limit_kw[row], float(line.limit_kw or "inf"))
    waiting = list(range(1, len(grid)))  # of the nodes whose parent stands, the first of the file comes next
    for row in range(1, len(grid)):
        ready = [other for other in waiting if grid.parent[other] < row]
        assert place[grid.node[row]] == min(place[grid.node[other]] for other in ready)
        waiting.remove(row)


@given(lines=trees(), seed=st.integers(0, 2**32))
def test_an_order_of_lines_changes_only_the_order_of_rows(lines: list[Line], seed: int) -> None:
    one, other = read(lines), read([lines[k] for k in np.random.default_rng(seed).permutation(len(lines))])
    rows = np.array([other.node.index(name) for name in one.node])
    np.testing.assert_array_equal(one.limit_kw, other.limit_kw[rows])
    np.testing.assert_array_equal(one.below.toarray(), other.below.toarray()[np.ix_(rows, rows)])
    assert nx.utils.graphs_equal(one.graph, other.graph)


@given(lines=trees(), seed=st.integers(0, 2**32))
def test_below_adds_up_what_a_walk_up_the_tree_adds_up(lines: list[Line], seed: int) -> None:
    grid = read(lines)
    site_kw = np.random.default_rng(seed).integers(-50, 50, (len(grid), 3)).astype(float)
    summed = site_kw.copy()
    for row in range(len(grid) - 1, 0, -1):
        summed[grid.parent[row]] += summed[row]
    np.testing.assert_array_equal(grid.below @ site_kw, summed)
    np.testing.assert_array_equal(grid.added_up(site_kw), summed)
    depth = nx.shortest_path_length(grid.graph, grid.node[0])
    assert [depth[grid.address(row)] for row in range(len(grid))] == grid.depth.tolist()
    assert nx.is_arborescence(grid.graph)


@given(lines=trees(), data=st.data())
def test_a_part_is_the_grid_of_some_transformers_and_of_what_is_above_them(
    lines: list[Line], data: st.DataObject
) -> None:
    grid = read(lines)
    n = len(grid.transformers)
    first = data.draw(st.integers(0, n - 1))
    stop = data.draw(st.integers(first + 1, n))
    part = grid.part(first, stop)
    assert part.transformers == grid.transformers[first:stop]
    above = {
        grid.node[row]
        for k in range(first, stop)
        for row in np.flatnonzero(grid.below.toarray()[:, grid.transformer_rows[k]])
    }
    assert set(part.node) == above
    assert [part.node[row] for row in part.parent[1:]] == [
        grid.node[grid.parent[grid.node.index(name)]] for name in part.node[1:]
    ]
    assert part.parent[0] == NONE
    np.testing.assert_array_equal(part.transformer_limit_kw, grid.transformer_limit_kw[first:stop])


@given(lines=trees(limits_kw=("40", "90")))
def test_the_limit_that_all_share_is_none_where_two_differ(lines: list[Line]) -> None:
    limits = {float(line.limit_kw) for line in lines if line.kind == Kind.TRANSFORMER}
    assert read(lines).equal_limit_kw == (limits.pop() if len(limits) == 1 else None)


@given(lines=trees(), own=st.integers(0, 3))
def test_lines_hang_below_transformers(lines: list[Line], own: int) -> None:
    grid = read(lines, lines=own)
    assert sum(data["kind"] == "line" for _, data in grid.graph.nodes(data=True)) == own * len(grid.transformers)
    assert nx.is_arborescence(grid.graph)
