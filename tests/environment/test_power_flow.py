"""Power flow against a second program and a published solution, and the laws that hold on any feeder."""

import csv
import multiprocessing
import tomllib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.feeders import BuiltinFeeder, CigreLvFeeder, CigreMvFeeder, Feeder, SimbenchFeeder
from environment.feeders.power_flow import Flow, PowerFlow
from environment.feeders.tables import read_folder
from tests.support.feeders import changed, permuted, radial
from tests.support.laws import examples

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


def idle(feeder: Feeder, n_cases: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.zeros((n_cases, len(feeder))), np.zeros((n_cases, len(feeder)))


def test_an_on_load_step_turns_the_ratio_of_its_own_transformer() -> None:
    feeder = BuiltinFeeder().feeder()
    feeder = replace(
        feeder, line_c_f=np.zeros(feeder.line.size), transformer_i0=np.zeros(76), transformer_p0_w=np.zeros(76)
    )
    tap = np.random.default_rng(1).integers(-127, 128, (9, 76))
    source_pu = np.linspace(0.9, 1.1, 9)
    flow = PowerFlow(feeder, tap_step_v=12.5).solve(*idle(feeder, 9), tap, source_pu)
    expected = source_pu[:, None] * 400 / 380 * 10_000 / (10_000 + 12.5 * tap)
    np.testing.assert_allclose(flow.voltage_pu[:, feeder.transformer_lv], expected, rtol=0, atol=1e-9)


TAP_STEPS: list[float | NDArray[np.float64]] = [130.0, np.array([37.3, 250.0, 411.7])]


@pytest.mark.parametrize("step_v", TAP_STEPS, ids=["one step", "a step each"])
@pytest.mark.parametrize("own_v", [0.0, 733.3, -411.7])
def test_steps_are_feeders_with_another_fixed_tap(step_v: float | NDArray[np.float64], own_v: float) -> None:
    feeder = replace(CigreLvFeeder(source="cigre_lv").feeder(), transformer_tap_v=np.array([own_v, -own_v, own_v / 3]))
    tap = np.array([[0, 0, 0], [4, -3, 0], [-2, 5, 1], [-1, 0, -5]])
    loads = cases(feeder, np.array([1.0, 0.2, 0.7, 1.1]))
    batch = PowerFlow(feeder, tap_step_v=step_v).solve(*loads, tap)
    for k in range(4):
        turned = replace(feeder, transformer_tap_v=feeder.transformer_tap_v + tap[k] * step_v)
        one = PowerFlow(turned).solve(loads[0][k : k + 1], loads[1][k : k + 1])
        for field in fields(Flow):
            found, expected = getattr(batch, field.name)[k], getattr(one, field.name)[0]
            np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8, err_msg=field.name)


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.source)
def test_a_source_voltage_is_a_feeder_fed_at_it(source: BuiltinFeeder) -> None:
    feeder = source.feeder()
    source_pu = np.array([0.95, 1.0, 1.04])
    loads = cases(feeder, np.array([1.0, 0.2, 0.7]))
    batch = PowerFlow(feeder).solve(*loads, source_pu=source_pu)
    for k, voltage_pu in enumerate(source_pu.tolist()):
        one = PowerFlow(feeder.fed_at(voltage_pu)).solve(loads[0][k : k + 1], loads[1][k : k + 1])
        np.testing.assert_allclose(batch.voltage_pu[k], one.voltage_pu[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(batch.loss_kw[k], one.loss_kw[0], rtol=1e-7)


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.source)
def test_no_steps_and_the_usual_source_voltage_change_no_bit(source: BuiltinFeeder) -> None:
    feeder = source.feeder()
    loads = cases(feeder, np.linspace(0, 1.2, 4))
    plain = PowerFlow(feeder).solve(*loads)
    tap = np.zeros((4, feeder.transformer.size), dtype=np.int64)
    for other in (
        PowerFlow(feeder, tap_step_v=25.0).solve(*loads),
        PowerFlow(feeder, tap_step_v=25.0).solve(*loads, tap, np.full(4, feeder.source_pu)),
    ):
        for field in fields(Flow):
            np.testing.assert_array_equal(getattr(other, field.name), getattr(plain, field.name))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.0, -1.0])
def test_a_source_voltage_that_is_none_is_not_solved(value: float) -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    loads = cases(feeder, np.array([1.0, 0.7, 0.5]))
    flow = PowerFlow(feeder).solve(*loads, source_pu=np.array([1.0, value, 1.02]))
    assert flow.solved.tolist() == [True, False, True]
    assert np.isnan(flow.voltage_pu[1]).all()
    np.testing.assert_allclose(flow.voltage_pu[0], own(feeder).voltage_pu[0], rtol=0, atol=1e-9)


def test_a_winding_without_a_voltage_is_not_solved() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    tap = np.array([[0, 0, 0], [0, -100, 0], [0, 0, 1]])
    flow = PowerFlow(feeder, tap_step_v=200.0).solve(*cases(feeder, np.full(3, 0.5)), tap)
    assert flow.solved.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("step_v", "steps", "message"),
    [
        (None, 1, "without on-load tap changers"),
        (25.0, 128, "taps of 0 to 128 steps; expected -127 to 127"),
        (25.0, -128, "taps of -128 to 0 steps"),
    ],
)
def test_steps_that_cannot_be_are_refused(step_v: float | None, steps: int, message: str) -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    tap = np.array([[0, steps, 0]], dtype=np.int16 if steps > 0 else np.int8)
    with pytest.raises(ValueError, match=message):
        PowerFlow(feeder, tap_step_v=step_v).solve(*cases(feeder, np.ones(1)), tap)


def test_a_feeder_without_transformers_takes_no_steps() -> None:
    feeder = radial([0, 1], [0.1, 0.1], [5.0, 5.0])
    flow = PowerFlow(feeder, tap_step_v=25.0).solve(*cases(feeder, np.ones(2)), np.zeros((2, 0), dtype=np.int64))
    np.testing.assert_array_equal(flow.voltage_pu[1], own(feeder).voltage_pu[0])


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.source)
def test_small_loads_flow_over_the_branches_above_them(source: BuiltinFeeder) -> None:
    feeder = source.feeder()
    feeder = replace(feeder, line_c_f=np.zeros(feeder.line.size), line_rated_a=np.full(feeder.line.size, 100.0))
    none = np.zeros(feeder.transformer.size)
    feeder = replace(feeder, transformer_i0=none, transformer_p0_w=none)
    rows = np.flatnonzero(feeder.own_kw)
    load_kw, _ = cases(feeder, np.array([1e-3]))
    flow = PowerFlow(feeder).solve(load_kw, np.zeros_like(load_kw))
    carried_kw = feeder.branches_above(rows) @ load_kw[0, rows]
    line_pu = flow.voltage_pu[0, feeder.line_from]
    loading = np.concatenate([flow.line_loading[0] * line_pu, flow.transformer_loading[0]])
    found_kw = loading * feeder.branch_rated_kva
    np.testing.assert_allclose(found_kw, carried_kw, rtol=1e-3, atol=1e-6 * load_kw.sum())


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


@given(feeders(), st.data())
def test_more_load_never_raises_a_voltage(feeder: Feeder, data: st.DataObject) -> None:
    more = feeder.own_kw.copy()
    more[data.draw(st.integers(1, len(feeder) - 1))] += data.draw(st.floats(0.1, 5.0))
    flow = PowerFlow(feeder).solve(np.stack([feeder.own_kw, more]), np.stack([feeder.own_kvar] * 2))
    assert flow.solved.all()
    assert (flow.voltage_pu[1] <= flow.voltage_pu[0] + 1e-9).all()
    assert flow.loss_kw[1] > flow.loss_kw[0]


@examples(2 / 3)
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


def test_a_power_flow_is_solved_the_same_in_another_process() -> None:
    feeder = BuiltinFeeder().feeder()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        there = pool.submit(PowerFlow(feeder).solve, feeder.own_kw[None], feeder.own_kvar[None]).result()
    np.testing.assert_array_equal(there.voltage_pu, own(feeder).voltage_pu)


def test_a_case_that_diverges_is_told_and_leaves_the_others_alone() -> None:
    feeder = CigreLvFeeder(source="cigre_lv").feeder()
    load_kw, load_kvar = cases(feeder, np.array([1.0, 50.0, 0.5]))
    flow = PowerFlow(feeder).solve(load_kw, load_kvar)
    assert flow.solved.tolist() == [True, False, True]
    assert np.isnan(flow.voltage_pu[1]).all()
    assert np.isnan(flow.loss_kw[1])
    np.testing.assert_allclose(flow.voltage_pu[0], own(feeder).voltage_pu[0], rtol=0, atol=1e-9)
    assert np.isfinite(flow.voltage_pu[2]).all()


@pytest.mark.parametrize("source", EVERY, ids=lambda source: source.source)
def test_iterated_currents_end_where_newton_raphson_does_and_diverge_with_it(source: BuiltinFeeder) -> None:
    feeder = source.feeder()
    rng = np.random.default_rng(1)
    loads = cases(feeder, np.linspace(0, 24 if source.source == "builtin" else 8, 60))
    tap = rng.integers(-3, 4, (60, feeder.transformer.size))
    source_pu = rng.uniform(0.95, 1.05, 60)
    newton, currents = (
        PowerFlow(feeder, tap_step_v=100.0, method=method).solve(*loads, tap, source_pu)
        for method in ("newton_raphson", "iterative_current")
    )
    assert 0 < newton.solved.sum() < 60
    np.testing.assert_array_equal(currents.solved, newton.solved)
    np.testing.assert_allclose(currents.voltage_pu, newton.voltage_pu, rtol=0, atol=1e-8)


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
