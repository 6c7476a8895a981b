"""Where EVs hang: by name or by draw, on lines of their own, the same for every order of the file."""

import dataclasses
from pathlib import Path
from tempfile import TemporaryDirectory

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.fleets import Fleet
from environment.grid import Grid, Kind
from environment.grid.places import Places
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from tests.support.grids import HEADER, Line, grid_of, trees, written
from tests.support.worlds import fleets, make_fleet


def placed(grid: Grid, fleet: Fleet, seed: int = 1) -> Places:
    return Places.of(grid, fleet, "fleet.csv", np.random.default_rng(seed))


def named(fleet: Fleet, names: list[str]) -> Fleet:
    return dataclasses.replace(fleet, node=np.array(names))


def read(rows: list[Line], **transformer: object) -> Grid:
    with TemporaryDirectory() as folder:
        return grid_of(written(Path(folder), rows), **transformer)


@given(rows=trees(), fleet=fleets(Horizon()), lines=st.integers(0, 3), data=st.data())
def test_an_ev_hangs_where_its_file_says(rows: list[Line], fleet: Fleet, lines: int, data: st.DataObject) -> None:
    grid = read(rows, lines=lines)
    names = data.draw(st.lists(st.sampled_from(grid.transformers), min_size=len(fleet), max_size=len(fleet)))
    fleet = named(fleet, names)
    places = placed(grid, fleet)
    assert [grid.transformers[k] for k in places.transformer_of] == names
    assert (places.line_of < max(lines, 1)).all()
    tree = places.with_vehicles(grid, fleet)
    assert nx.is_arborescence(tree)
    for vehicle, name in zip(fleet.vehicle, names, strict=True):
        assert f"transformer:{name}" in nx.ancestors(tree, f"ev:{vehicle}")
    assert sum(data["kind"] == "ev" for _, data in tree.nodes(data=True)) == len(fleet)


@given(rows=trees(), fleet=fleets(Horizon()), seed=st.integers(0, 2**32))
def test_a_draw_does_not_go_by_the_order_of_the_file(rows: list[Line], fleet: Fleet, seed: int) -> None:
    grid = read(rows, lines=3)
    order = np.random.default_rng(seed).permutation(len(fleet))
    if np.unique(fleet.plug_in_h).size == len(fleet):  # of ties the file's order decides
        one, other = placed(grid, fleet), placed(grid, fleet.take(order))
        np.testing.assert_array_equal(one.transformer_of[order], other.transformer_of)
        np.testing.assert_array_equal(one.line_of[order], other.line_of)


def test_transformers_may_have_unlike_numbers_of_lines(tmp_path: Path) -> None:
    rows = [
        ("c", "", "control_center", "", "", ""),
        ("A", "c", "transformer", "9", "", "0"),
        ("B", "c", "transformer", "9", "", "4"),
    ]
    grid = grid_of(written(tmp_path, rows, HEADER + ",lines"))
    fleet = named(make_fleet([(1, 9, 5, 4)] * 200), ["A", "B"] * 100)
    places = placed(grid, fleet)
    assert set(places.line_of[::2].tolist()) == {0}
    assert set(places.line_of[1::2].tolist()) == {0, 1, 2, 3}
    parents = nx.ancestors(places.with_vehicles(grid, fleet), "ev:v1")
    assert any(name.startswith("line:B/") for name in parents)


def test_evs_at_nodes_that_serve_none_are_faults_all_at_once(tmp_path: Path) -> None:
    grid = grid_of(written(tmp_path, [
        Line("c", "", Kind.CONTROL_CENTER), Line("S", "c", Kind.SUBSTATION), Line("north", "S", Kind.TRANSFORMER, "9"),
    ]))  # fmt: skip
    fleet = named(make_fleet([(1, 9, 5, 4)] * 9), ["north", "nort", "S", "c", "nort", "north", "x", "S", ""])
    with pytest.raises(FaultyInputError) as caught:
        placed(grid, fleet)
    assert [str(fault) for fault in caught.value.faults] == [
        "fleet.csv: node of 1 of 9 EVs (v8) is ''; expected a transformer: one of north",
        "fleet.csv: node of 2 of 9 EVs (v2, v7) is 'S', a substation that serves no EVs; expected a transformer: one of north",
        "fleet.csv: node of 1 of 9 EVs (v3) is 'c', a control center that serves no EVs; expected a transformer: one of north",
        "fleet.csv: node of 2 of 9 EVs (v1, v4) is 'nort'; expected a transformer: 'north', the nearest known name",
        "fleet.csv: node of 1 of 9 EVs (v6) is 'x'; expected a transformer: one of north",
    ]


def test_a_part_counts_its_transformers_from_its_first(tmp_path: Path) -> None:
    rows = [Line("c", "", Kind.CONTROL_CENTER), *(Line(f"T{k}", "c", Kind.TRANSFORMER, "9") for k in range(4))]
    grid = grid_of(written(tmp_path, rows))
    places = placed(grid, named(make_fleet([(1, 9, 5, 4)] * 4), ["T3", "T1", "T2", "T1"]))
    assert places.take(np.array([1, 2, 3]), 1).transformer_of.tolist() == [0, 1, 0]
