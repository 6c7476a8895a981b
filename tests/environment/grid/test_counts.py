"""Alike transformers by number, or by the names that a fleet gives, spread over substations."""

import dataclasses

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.grid import Grid, TransformerSettings
from environment.grid.places import Places
from environment.grid.tree import CONTROL_CENTER, Kind
from tests.support.worlds import counted_grid, make_fleet

FLEET = make_fleet([(1, 9, 5, 4)] * 200)


def build(rng_seed: int = 1, **settings: object) -> tuple[Grid, Places]:
    return counted_grid(TransformerSettings.model_validate(settings), FLEET, np.random.default_rng(rng_seed))


def test_the_tree_has_four_levels_and_one_way_up() -> None:
    grid, places = build(count=7, substations=3)
    tree = places.with_vehicles(grid, FLEET)
    assert nx.is_arborescence(tree)
    assert len(tree) == 1 + 3 + 7 + 200
    depth = nx.shortest_path_length(tree, CONTROL_CENTER)
    kinds = {data["kind"]: depth[node] for node, data in tree.nodes(data=True)}
    assert kinds == {"control_center": 0, "substation": 1, "transformer": 2, "ev": 3}


@given(count=st.integers(1, 30), substations=st.integers(1, 40))
def test_transformers_are_spread_evenly_and_in_order(count: int, substations: int) -> None:
    grid, _ = build(count=count, substations=substations)
    fed = [len(grid.children[row]) for row in grid.rows_of(Kind.SUBSTATION).tolist()]
    assert len(fed) == min(count, substations)
    assert sum(fed) == count
    assert max(fed) - min(fed) <= 1
    assert (np.diff(grid.parent[grid.transformer_rows]) >= 0).all()
    assert grid.transformers == tuple(f"T{k + 1}" for k in range(count))


def test_each_transformer_has_the_limit_and_none_above() -> None:
    grid, _ = build(count=3, substations=2, limit_kw=70, feed_in_limit_kw=5, lines=2)
    assert grid.equal_limit_kw == 70
    rows = grid.transformer_rows
    assert np.isinf(grid.limit_kw[grid.upper_rows]).all()
    assert np.isinf(grid.feed_in_limit_kw[grid.upper_rows]).all()
    assert grid.feed_in_limit_kw[rows].tolist() == [5.0] * 3
    assert grid.rated_kw[rows].tolist() == [70.0] * 3
    assert grid.lines[rows].tolist() == [2] * 3
    assert build()[0].rated_kw[-1] == pytest.approx(1700.0), "kVA times power factor; the loading is what may be used"


def test_random_places_are_seeded_and_use_every_transformer() -> None:
    first, again, other = (build(seed, count=4)[1].transformer_of.tolist() for seed in (1, 1, 2))
    assert first == again != other
    assert set(first) == {0, 1, 2, 3}


def test_a_column_names_the_transformers() -> None:
    names = np.array(["north", "south"] * 100)
    grid, places = counted_grid(TransformerSettings(), dataclasses.replace(FLEET, node=names), np.random.default_rng(1))
    assert grid.transformers == ("north", "south")
    assert [grid.transformers[k] for k in places.transformer_of] == names.tolist()
    odd = dataclasses.replace(FLEET, node=np.array(["transformer:1", "line:a"] * 100))
    grid, places = counted_grid(TransformerSettings(), odd, np.random.default_rng(1))
    assert nx.is_arborescence(places.with_vehicles(grid, odd)), "a transformer's name may be almost anything"
    taken = dataclasses.replace(FLEET, node=np.array(["substation:1", "b"] * 100))
    with pytest.raises(ValueError, match="a name that no other node has"):
        counted_grid(TransformerSettings(), taken, np.random.default_rng(1))
