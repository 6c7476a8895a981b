"""A grid that is the feeder's own."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from environment.feeders import BuiltinFeeder, CigreLvFeeder, CigreMvFeeder, Feeder, SimbenchFeeder
from environment.grid import FeederGrid, Grid, TransformerSettings
from environment.grid.copies import copies_of
from environment.grid.nodes import laid_out
from environment.grid.places import with_nodes_above
from environment.grid.settings import Surroundings
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads import LoadProfile
from tests.support.feeders import radial, with_transformers
from tests.support.worlds import make_fleet

REFERENCE = Path(__file__).parent.parent.parent / "reference" / "feeders"
RURAL = SimbenchFeeder(source="simbench", path=REFERENCE / "simbench_mv_rural")
SHAPE = LoadProfile(np.linspace(1, 3, 24), np.linspace(1, 3, 24))


def grid_of(feeder: Feeder, **settings: object) -> Grid:
    source = FeederGrid.model_validate({"source": "feeder", **settings})
    return laid_out(source.nodes(Surroundings(TransformerSettings(lines=2), (), feeder)), Horizon(), {"load": SHAPE})


def test_every_transformer_has_its_rating_at_the_power_factor_of_its_own_loads() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    grid = grid_of(feeder, loading=0.8)
    assert grid.node == ("control_center", "R0-R1", "I0-I1", "C0-C1")
    np.testing.assert_allclose(grid.rated_kw[1:], [0.95 * 500, 0.85 * 150, 0.9 * 300], rtol=1e-6)
    np.testing.assert_allclose(grid.limit_kw[1:, 5], 0.8 * grid.rated_kw[1:])
    assert grid.peak_kw[1:].sum() == pytest.approx(feeder.own_kw.sum())
    assert np.isinf(grid.limit_kw[0]).all()
    assert np.isnan(grid.peak_kw[0])
    assert (grid.load[0], grid.lines.tolist()) == ("", [0, 2, 2, 2])


def test_loads_of_the_upper_network_are_those_of_its_substation() -> None:
    feeder = RURAL.feeder()
    grid = grid_of(feeder)
    (middle,) = grid.upper_rows[1:].tolist()
    assert grid.node[middle] == "HV1-MV1.101-Trafo1+HV1-MV1.101-Trafo2"
    assert len(grid.transformers) == 90
    kw, kvar = feeder.own_kw.sum(), feeder.own_kvar.sum()
    assert grid.limit_kw[middle, 0] == pytest.approx(50_000 * kw / np.hypot(kw, kvar))
    upper_kw = feeder.own_kw[feeder.node_v == 20_000].sum()
    assert grid.peak_kw[middle] == pytest.approx(upper_kw)
    assert upper_kw > 0
    assert np.nansum(grid.peak_kw) == pytest.approx(kw)


@pytest.mark.parametrize(
    "feeder",
    [
        CigreMvFeeder(source="cigre_mv").feeder(),
        BuiltinFeeder().feeder(),
        RURAL.feeder(),
        with_transformers([0, 1, 2, 0], [3.0, 0.0, 2.0, 4.0], [0, 2]),
    ],
    ids=["cigre_mv", "builtin", "rural", "loads at the source"],
)
def test_every_base_load_stands_where_the_feeder_has_it(feeder: Feeder) -> None:
    nodes = FeederGrid(source="feeder").nodes(Surroundings(TransformerSettings(), (), feeder))
    grid = laid_out(nodes, Horizon(), {"load": SHAPE})
    copies = copies_of(None, feeder, nodes, grid)
    assert copies.at == ("control_center",)
    on = copies.of == 0
    np.testing.assert_allclose(copies.share[on].sum(axis=1), 1)
    np.testing.assert_allclose((grid.peak_kw[on, None] * copies.share[on]).sum(axis=0), feeder.own_kw, atol=1e-9)
    assert on.tolist() == np.isfinite(grid.peak_kw).tolist()


def test_a_transformer_without_loads_is_no_node_and_told() -> None:
    grid = grid_of(with_transformers([0, 1, 0], [0.0, 2.0, 0.0], [0, 2]))
    assert grid.transformers == ("t1",)
    assert grid.told == ("1 of 2 transformers of feeder test are no nodes, such as t3: none of its loads is below",)


def test_a_feeder_without_loads_below_transformers_makes_no_grid() -> None:
    for feeder in (radial([0, 1], [0.1, 0.1], [1, 2]), with_transformers([0, 0], [1.0, 0.0], [1])):
        with pytest.raises(
            FaultyInputError, match=r"grid.source is 'feeder', and feeder test has no .*source = 'counts'"
        ):
            grid_of(feeder)
    with pytest.raises(FaultyInputError, match=r"'feeder' without a feeder; expected a section \[feeder\]"):
        FeederGrid(source="feeder").nodes(Surroundings(TransformerSettings(), (), None))


def test_a_feeder_of_which_the_grid_is_made_lies_below_all_of_it() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    nodes = FeederGrid(source="feeder").nodes(Surroundings(TransformerSettings(), (), feeder))
    grid = laid_out(nodes, Horizon(), {"load": SHAPE})
    assert copies_of("control_center", feeder, nodes, grid).at == ("control_center",)
    with pytest.raises(FaultyInputError, match=r"feeder.at is 'I0-I1'; expected no at, or 'control_center'"):
        copies_of("I0-I1", feeder, nodes, grid)


def test_evs_that_say_their_place_on_the_feeder_stand_below_the_transformer_above_it() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    nodes = FeederGrid(source="feeder").nodes(Surroundings(TransformerSettings(), (), feeder))
    stays = [(1.0, 9.0, 5.0, 4.0)] * 3
    fleet = dataclasses.replace(make_fleet(stays), feeder_node=np.array(["R11", "C12", "I2"]))
    assert with_nodes_above(fleet, nodes, feeder, "fleet.csv").node.tolist() == ["R0-R1", "C0-C1", "I0-I1"]
    lost = dataclasses.replace(fleet, feeder_node=np.array(["R11", "", "R1l"]))
    with pytest.raises(FaultyInputError) as error:
        with_nodes_above(lost, nodes, feeder, "fleet.csv")
    assert [fault.field for fault in error.value.faults] == ["feeder_node of EV v1", "feeder_node of EV v2"]
