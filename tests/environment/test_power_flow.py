"""Power flow against a second program and a published solution, and the laws that hold on any feeder."""

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.feeders import BuiltinFeeder, CigreLvFeeder, CigreMvFeeder, Feeder, Flow, PowerFlow, SimbenchFeeder
from environment.feeders.tables import read_folder
from tests.feeders import changed, permuted, radial

REFERENCE = Path(__file__).parent.parent / "reference" / "feeders"
SHIPPED = {"cigre_lv": CigreLvFeeder(source="cigre_lv"), "cigre_mv": CigreMvFeeder(source="cigre_mv")}
CASES = sorted(path.parent.name for path in REFERENCE.glob("*/expected.toml"))
EVERY = [BuiltinFeeder(), *SHIPPED.values()]


def feeder_of(case: str) -> Feeder:
    if case in SHIPPED:
        return SHIPPED[case].feeder()
    if (REFERENCE / case / "Node.csv").exists():
        return SimbenchFeeder(source="simbench", path=REFERENCE / case).feeder()
    return read_folder(REFERENCE / case, case)


def own(feeder: Feeder, scale: float = 1.0) -> Flow:
    return PowerFlow(feeder).solve(scale * feeder.own_kw[None], scale * feeder.own_kvar[None])


def test_there_are_reference_cases() -> None:
    assert {"case33bw", "cigre_lv", "cigre_mv", "simbench_small"} <= set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_voltages_and_losses_are_those_of_the_second_program(case: str) -> None:
    expected = tomllib.loads((REFERENCE / case / "expected.toml").read_text())
    feeder = feeder_of(case)
    flow = own(feeder)
    row_of = {name: i for i, name in enumerate(feeder.node.tolist())}
    with (REFERENCE / case / "voltages.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    found = flow.voltage_pu[0, [row_of[row["node"]] for row in rows]]
    np.testing.assert_allclose(found, [float(row["voltage_pu"]) for row in rows], rtol=0, atol=expected["tolerance_pu"])
    assert flow.loss_kw[0] == pytest.approx(expected["loss_kw"]["value"], abs=expected["loss_kw"]["tolerance"])
    lowest = expected["lowest"]
    assert found.min() == pytest.approx(lowest["voltage_pu"], abs=lowest["tolerance"])
    assert found[[row["node"] for row in rows].index(lowest["node"])] == pytest.approx(found.min(), abs=1e-9)


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.source)
@pytest.mark.parametrize("scale", [0.0, 0.3, 1.0])
def test_power_balance_closes(source: BuiltinFeeder, scale: float) -> None:
    feeder = source.feeder()
    flow = own(feeder, scale)
    drawn = scale * feeder.own_kw.sum() + flow.loss_kw[0]
    assert flow.source_kw[0] == pytest.approx(drawn, rel=1e-6, abs=1e-6)


def test_no_load_is_a_flat_voltage() -> None:
    feeder = CigreLvFeeder(source="cigre_lv", source_voltage_pu=1.02).feeder()  # no capacitance, no iron losses
    np.testing.assert_allclose(own(feeder, 0.0).voltage_pu, 1.02, rtol=0, atol=1e-9)


def test_an_idle_station_of_the_built_in_feeder_stands_at_its_transformers_ratio() -> None:
    feeder = BuiltinFeeder().feeder()
    stations = np.char.startswith(feeder.node, "S")
    assert stations.sum() == 76
    np.testing.assert_allclose(own(feeder, 0.0).voltage_pu[0, stations], 400 / 380, atol=1e-3)
    loaded = own(feeder)
    assert loaded.line_loading.max() < 1
    assert 0.93 < loaded.voltage_pu[0, stations].min() < loaded.voltage_pu[0, stations].max() < 1.07


def test_loading_is_per_rated_current_and_power() -> None:
    feeder = radial([0], [0.1], [10.0])
    flow = own(feeder)
    amps = 1e3 * np.hypot(10.0, feeder.load_kvar[0]) / (np.sqrt(3) * 400 * flow.voltage_pu[0, 1])
    assert flow.line_loading[0, 0] == pytest.approx(amps / 100)
    assert flow.line_loss_kw[0, 0] == pytest.approx(3 * amps**2 * 0.1 / 1e3)
    assert np.isnan(own(changed(feeder, line_rated_a={0: np.nan})).line_loading[0, 0])


def test_a_tap_turns_the_voltage() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    ends = feeder.transformer_lv
    for tap_v in (1000.0, -1000.0):
        tapped = changed(feeder, transformer_tap_v=dict.fromkeys(range(3), tap_v))
        np.testing.assert_allclose(own(tapped, 0.0).voltage_pu[0, ends], 20_000 / (20_000 + tap_v), atol=1e-9)


@st.composite
def feeders(draw: st.DrawFn) -> Feeder:
    n = draw(st.integers(1, 7))
    parents = [draw(st.integers(0, i)) for i in range(n)]
    ohms = st.floats(0.002, 0.05)
    return radial(
        parents,
        [draw(ohms) for _ in range(n)],
        [draw(st.floats(0.1, 5.0)) for _ in range(n)],
        x_ohm=[draw(ohms) for _ in range(n)],
    )


@settings(max_examples=60, deadline=None)
@given(feeders(), st.data())
def test_more_load_never_raises_a_voltage(feeder: Feeder, data: st.DataObject) -> None:
    more = feeder.own_kw.copy()
    more[data.draw(st.integers(1, len(feeder) - 1))] += data.draw(st.floats(0.1, 5.0))
    flow = PowerFlow(feeder).solve(np.stack([feeder.own_kw, more]), np.stack([feeder.own_kvar] * 2))
    assert flow.solved.all()
    assert (flow.voltage_pu[1] <= flow.voltage_pu[0] + 1e-9).all()
    assert flow.loss_kw[1] > flow.loss_kw[0]


@settings(max_examples=40, deadline=None)
@given(feeders(), st.data())
def test_the_order_of_nodes_and_lines_changes_nothing(feeder: Feeder, data: st.DataObject) -> None:
    order = np.array(data.draw(st.permutations(range(len(feeder)))))
    turned = permuted(feeder, order)
    assert not turned.faults()
    one, other = own(feeder), own(turned)
    np.testing.assert_allclose(other.voltage_pu[0], one.voltage_pu[0, order], rtol=0, atol=1e-8)
    np.testing.assert_allclose(other.loss_kw, one.loss_kw, rtol=0, atol=1e-6)
    np.testing.assert_allclose(other.line_loading[0], one.line_loading[0, ::-1], rtol=0, atol=1e-7)


def cases(feeder: Feeder, scales: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return scales[:, None] * feeder.own_kw, scales[:, None] * feeder.own_kvar


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.source)
def test_a_batch_is_its_cases_one_by_one(source: BuiltinFeeder) -> None:
    feeder = source.feeder()
    load_kw, load_kvar = cases(feeder, np.linspace(0, 1.2, 7))
    solver = PowerFlow(feeder)
    batch = solver.solve(load_kw, load_kvar)
    two_threads = PowerFlow(feeder, threads=2).solve(load_kw, load_kvar)
    for k in range(7):
        one = solver.solve(load_kw[k : k + 1], load_kvar[k : k + 1])
        np.testing.assert_allclose(one.voltage_pu[0], batch.voltage_pu[k], rtol=0, atol=1e-9)
        np.testing.assert_allclose(one.loss_kw[0], batch.loss_kw[k], rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(two_threads.voltage_pu, batch.voltage_pu)


def test_a_case_that_diverges_is_told_and_leaves_the_others_alone() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    load_kw, load_kvar = cases(feeder, np.array([1.0, 50.0, 0.5]))
    flow = PowerFlow(feeder).solve(load_kw, load_kvar)
    assert flow.solved.tolist() == [True, False, True]
    assert np.isnan(flow.voltage_pu[1]).all()
    assert np.isnan(flow.loss_kw[1])
    np.testing.assert_allclose(flow.voltage_pu[0], own(feeder).voltage_pu[0], rtol=0, atol=1e-9)
    assert np.isfinite(flow.voltage_pu[2]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("column", [0, 1])
def test_a_load_that_is_no_number_is_not_solved(value: float, column: int) -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    loads = cases(feeder, np.array([1.0, 0.7, 0.5]))
    loads[column][1, 5] = value
    flow = PowerFlow(feeder).solve(*loads)
    assert flow.solved.tolist() == [True, False, True]
    assert np.isnan(flow.voltage_pu[1]).all()
    assert np.isnan(flow.loss_kw[1])
    np.testing.assert_allclose(flow.voltage_pu[0], own(feeder).voltage_pu[0], rtol=0, atol=1e-9)
