"""Zones of a feeder: what its transformers part it into."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.feeders import BuiltinFeeder, CigreLvFeeder, Feeder, SimbenchFeeder
from environment.feeders.feeder import UNKNOWN
from environment.feeders.zones import SOURCE, Zones
from tests.support.feeders import permuted, with_transformers
from tests.support.laws import examples

REFERENCE = Path(__file__).parent.parent / "reference" / "feeders"


@st.composite
def feeders(draw: st.DrawFn) -> Feeder:
    """A radial feeder, some of whose branches are transformers, its nodes in any order."""
    parents = [draw(st.integers(0, i)) for i in range(draw(st.integers(1, 14)))]
    kw = [draw(st.sampled_from([0.0, 1.0, 2.5, 7.0])) for _ in parents]
    units = draw(st.lists(st.sampled_from(range(len(parents))), unique=True))
    feeder = with_transformers(parents, kw, units)
    return permuted(feeder, np.array(draw(st.permutations(range(len(feeder))))))


@examples(3)
@given(feeders())
def test_a_node_belongs_to_the_first_transformer_on_its_way(feeder: Feeder) -> None:
    zones = Zones.build(feeder)
    first = feeder.transformer_above(np.arange(len(feeder)))
    for node, transformer in enumerate(first.tolist()):
        feeding = zones.fed_by[zones.of[node]].tolist()
        assert feeding == ([] if transformer == UNKNOWN else [transformer])
    assert zones.above.size == 1 + feeder.transformer.size
    for zone in range(1, zones.above.size):
        transformer = zones.fed_by[zone][0]
        assert zones.head[zone] == feeder.transformer_lv[transformer]
        assert zones.above[zone] == zones.of[feeder.transformer_hv[transformer]]


@examples(3)
@given(feeders())
def test_sums_below_are_those_of_the_branches(feeder: Feeder) -> None:
    zones = Zones.build(feeder)
    assert zones.sums(feeder.own_kw).sum() == pytest.approx(feeder.own_kw.sum())
    below = zones.sums_below(feeder.own_kw)
    assert below[SOURCE] == pytest.approx(feeder.own_kw.sum())
    units = feeder.branches_above(np.arange(len(feeder)))[feeder.line.size :]
    for zone, rows in enumerate(zones.fed_by[1:], start=1):
        assert below[zone] == pytest.approx((units[rows[0]] * feeder.own_kw).sum())


def test_transformers_side_by_side_feed_one_zone() -> None:
    feeder = with_transformers([0, 1, 1], [1.0, 2.0, 3.0], [0])
    names = [name for name in feeder.__dataclass_fields__ if name.startswith("transformer")]
    doubled = replace(feeder, **{name: np.repeat(getattr(feeder, name), 2) for name in names})
    zones = Zones.build(replace(doubled, transformer=np.array(["a", "b"])))
    assert [rows.tolist() for rows in zones.fed_by] == [[], [0, 1]]
    assert zones.of.tolist() == [0, 1, 1, 1]


def test_busbars_that_a_closed_switch_joins_are_one_zone() -> None:
    zones = Zones.build(SimbenchFeeder(source="simbench", path=REFERENCE / "simbench_mv_rural").feeder())
    assert sorted(map(len, zones.fed_by)) == [0, *[1] * 90, 2]
    (middle,) = (zone for zone, rows in enumerate(zones.fed_by) if rows.size == 2)
    assert zones.above[middle] == SOURCE
    assert set(np.delete(zones.above, [SOURCE, middle]).tolist()) == {middle}


def test_the_feeders_that_come_along_have_a_zone_a_transformer() -> None:
    for settings, units in ((BuiltinFeeder(), 76), (CigreLvFeeder(source="cigre_lv"), 3)):
        zones = Zones.build(settings.feeder())
        assert zones.above.tolist() == [UNKNOWN, *[SOURCE] * units]


def test_a_transformer_that_feeds_its_upper_winding_is_one_all_the_same() -> None:
    feeder = with_transformers([0, 1], [1.0, 2.0], [0])
    turned = replace(feeder, transformer_hv=feeder.transformer_lv, transformer_lv=feeder.transformer_hv)
    assert turned.steps_up.tolist() == [True]
    assert Zones.build(turned).of.tolist() == [0, 1, 1]
    assert Zones.build(turned).head.tolist() == [0, 1]
