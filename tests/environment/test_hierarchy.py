import dataclasses

import networkx as nx
import numpy as np
import pytest
from environment.hierarchy import CONTROL_CENTER, Hierarchy, TransformerSettings
from pydantic import ValidationError

from tests.support.worlds import make_fleet

FLEET = make_fleet([(1, 9, 5, 4)] * 200)


def build(rng_seed: int = 1, **settings: object) -> Hierarchy:
    return Hierarchy.build(TransformerSettings.model_validate(settings), FLEET, np.random.default_rng(rng_seed))


def test_the_papers_transformer_carries_1615_kw() -> None:
    assert build().limit_kw == pytest.approx(1615.0, abs=1e-9)
    assert build(limit_kw=500).limit_kw == 500


def test_all_transformers_together_leave_a_fleet_what_the_load_does_not_use() -> None:
    two = TransformerSettings(limit_kw=100.0, count=2)
    assert two.all_limits_kw == (-200.0, 200.0)
    load = np.array([50.0, 200.0, 230.0, -250.0])
    expected = np.array([[-250.0, -400.0, -430.0, 0.0], [150.0, 0.0, 0.0, 450.0]])
    np.testing.assert_allclose(two.room_kw(load), expected, atol=1e-8)
    assert (np.abs(two.room_kw(load)) <= np.abs(expected)).all(), "and no more, whatever is rounded"
    none_back = TransformerSettings(limit_kw=100.0, feed_in_limit_kw=0.0)
    np.testing.assert_allclose(none_back.room_kw(load)[0], [-50.0, -200.0, -230.0, 0.0], atol=1e-8)


@pytest.mark.parametrize("settings", [{"limit_kw": 0}, {"limit_kw": -1}, {"limit_kw": 5, "rated_kva": 5}, {"count": 0}])
def test_impossible_limits_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        TransformerSettings.model_validate(settings)


def test_the_tree_has_four_levels_and_one_way_up() -> None:
    grid = build(count=7, substations=3)
    tree = grid.with_vehicles(FLEET)
    assert nx.is_arborescence(tree)
    assert len(tree) == 1 + 3 + 7 + 200
    depth = nx.shortest_path_length(tree, CONTROL_CENTER)
    kinds = {data["kind"]: depth[node] for node, data in tree.nodes(data=True)}
    assert kinds == {"control_center": 0, "substation": 1, "transformer": 2, "ev": 3}
    fed = [sum(grid.substation_of(t) == s for t in grid.transformers) for s in grid.substations]
    assert sum(fed) == 7
    assert max(fed) - min(fed) <= 1


def test_random_assignment_is_seeded_and_uses_every_transformer() -> None:
    first, again, other = build(1, count=4), build(1, count=4), build(2, count=4)
    assert first.feeder_of.tolist() == again.feeder_of.tolist() != other.feeder_of.tolist()
    assert set(first.feeder_of.tolist()) == {0, 1, 2, 3}


def test_a_column_names_the_transformers() -> None:
    names = np.array(["north", "south"] * 100)
    grid = Hierarchy.build(TransformerSettings(), dataclasses.replace(FLEET, node=names), np.random.default_rng(1))
    assert grid.transformers == ("north", "south")
    odd = np.array(["substation:1", "control_center"] * 100)
    tree = Hierarchy.build(TransformerSettings(), dataclasses.replace(FLEET, node=odd), np.random.default_rng(1))
    assert nx.is_arborescence(tree.with_vehicles(FLEET)), "a name may be anything"
    assert [grid.transformers[k] for k in grid.feeder_of] == names.tolist()


def test_a_transformer_that_a_share_left_without_evs_is_there() -> None:
    there = dataclasses.replace(FLEET, node=np.array(["b", "d"] * 100), nodes_without_evs=("a", "c"))
    grid = Hierarchy.build(TransformerSettings(), there, np.random.default_rng(1))
    assert grid.transformers == ("a", "b", "c", "d")
    assert [grid.transformers[k] for k in grid.feeder_of] == ["b", "d"] * 100
