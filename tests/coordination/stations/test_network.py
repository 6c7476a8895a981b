"""What schedules do to the grid: coefficients and power flow, which agree in direction, and schedules that none carries."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.stations.network import Coefficients
from coordination.stations.problem import Decision, Evaluator, StationScheduling
from environment.feeders.power_flow import PowerFlow
from tests.support.laws import examples
from tests.support.small_stations import (
    ALL,
    FEEDER,
    LIMITS,
    SETTINGS,
    any_decision,
    by_power_flow,
    heavy,
    literal_network,
    make_problem,
    on_feeder,
)

SEEDS = st.integers(0, 2**32)
EVALUATORS = [Coefficients(), by_power_flow()]


@given(seed=SEEDS)
def test_coefficients_are_the_plain_loop(seed: int) -> None:
    problem = make_problem(seed)
    decision = any_decision(problem, seed)
    found = Coefficients().network(problem, decision, problem.power_kw(decision))
    plain = literal_network(problem, decision)
    for name in ("voltage_v", "loss_kwh", "drawn_kw"):
        assert getattr(found, name) == pytest.approx(getattr(plain, name))


def test_a_full_station_at_rated_power_loses_its_coefficient() -> None:
    places = np.full(6, 36)
    problem = make_problem(
        1, plugged=places, places=places, wanted_kwh=np.full(6, 3000 * 0.42), storage_kw=np.zeros(6), rated_v=np.full(6, 400.0), idle_v=np.full(6, 400.0),
        scheduling={"drop_coefficient": 0.0},
    )  # fmt: skip
    assert problem.free_objectives.loss_kwh[0] == pytest.approx(6 * 0.05 * 3000 * 0.42)


def test_what_stands_elsewhere_on_the_feeder_is_drawn_too() -> None:
    problem = make_problem(1)
    decision = problem.free
    power = problem.power_kw(decision)
    own, all_of_it = (Coefficients(kw).network(problem, decision, power).drawn_kw[0] for kw in (0.0, 700.0))
    assert all_of_it == pytest.approx(own + 700.0)


def test_a_voltage_that_has_collapsed_is_no_solution() -> None:
    base = np.full(6, 100.0)
    base[1] = 70_000.0
    problem = make_problem(1, base_kw=base)
    found = Coefficients().network(problem, problem.free, problem.power_kw(problem.free))
    assert np.isnan(found.voltage_v).all()
    assert np.isinf([found.loss_kwh[0], found.drawn_kw[0]]).all()
    assert np.isinf(problem.evaluate(np.random.default_rng(1).random((3, 18)))).all()


@pytest.mark.parametrize("evaluator", EVALUATORS, ids=["coefficients", "powerflow"])
@examples(1 / 4)
@given(seed=SEEDS, station=st.integers(0, 75))
def test_more_load_is_less_voltage_and_more_loss_and_a_higher_tap_more_voltage(
    evaluator: Evaluator, seed: int, station: int
) -> None:
    problem = on_feeder(seed, evaluator=evaluator, plugged=np.full(76, 20), storage_kw=np.zeros(76))
    decision = problem.decode(np.full((1, 228), 0.5))
    power = problem.power_kw(decision)
    more = power.copy()
    more[0, station] += 200.0
    higher = Decision(decision.voltage_v.copy(), decision.time_h, decision.capacity_kw)
    higher.voltage_v[0, station] += 2 * SETTINGS.tap_step * 400
    now, loaded = (evaluator.network(problem, decision, each) for each in (power, more))
    raised = evaluator.network(problem, higher, power)
    assert loaded.voltage_v[0, station] < now.voltage_v[0, station] < raised.voltage_v[0, station]
    assert loaded.loss_kwh[0] > now.loss_kwh[0]
    assert loaded.drawn_kw[0] > now.drawn_kw[0] + 200.0
    assert raised.loss_kwh[0] < now.loss_kwh[0] or station_is_light(problem, station)


def station_is_light(problem: StationScheduling, station: int) -> bool:
    """With little load, the no-load loss of a transformer counts more than its current's."""
    return float(problem.base_kw[station] + problem.wanted_kwh[station] / 0.42) < 1500.0


@examples(1 / 8)
@given(seed=SEEDS)
def test_what_power_flow_calls_feasible_is_within_every_limit(seed: int) -> None:
    """Voltages and the draw by Newton-Raphson, one schedule at a time, with the transformers' own windings moved."""
    problem = on_feeder(seed, ev_kw=900.0, supply_kw=45_000.0)
    x = np.random.default_rng(seed).uniform(0, 1, (12, 228))
    x[:, :76] = np.random.default_rng(seed).uniform(0.55, 0.95, (12, 76))
    decision = problem.decode(x)
    found, power, grid = problem.judge(decision), problem.power_kw(decision), by_power_flow().grid
    assert found.feasible.any()
    taps = grid.taps(decision.voltage_v)
    for i in np.flatnonzero(found.feasible).tolist():
        moved = replace(FEEDER, transformer_tap_v=taps[i] * SETTINGS.tap_step * FEEDER.transformer_hv_v)
        load_kw, load_kvar = (load[0].copy() for load in grid.base)
        load_kw[ALL.node] += power[i] + problem.storage_kw - problem.lent_kw
        flow = PowerFlow(moved).solve(load_kw[None], load_kvar[None])
        volts = flow.voltage_pu[0, ALL.node] * 380.0
        assert volts.min() >= LIMITS.voltage_min_v - 1e-4
        assert volts.max() <= LIMITS.voltage_max_v + 1e-4
        assert flow.source_kw[0] <= problem.supply_kw + 1e-3
        assert ((decision.time_h[i] >= 0.42) & (decision.time_h[i] <= 0.6)).all()
        assert ((decision.capacity_kw[i] >= 1200) & (decision.capacity_kw[i] <= 3000)).all()
        assert (power[i] <= decision.capacity_kw[i]).all()
        short = problem.wanted_kwh - power[i] * decision.time_h[i]
        assert (short <= 5.0 * problem.plugged + 1e-6).all()
        assert (short >= -1e-6).all()


def test_taps_bring_the_idle_voltage_next_to_what_is_asked() -> None:
    for source_pu in (0.97, 1.0, 1.04):
        grid = by_power_flow(base_kw=1e-3, source_pu=source_pu).grid
        asked = np.linspace(354.0, 406.0, 76)[None]
        flow = grid.solve(0, np.zeros((1, 76)), asked)
        assert np.abs(flow.voltage_pu[0, ALL.node] * 380.0 - asked[0]).max() < 0.6 * SETTINGS.tap_step * 420


def test_taps_end_where_the_changer_ends() -> None:
    grid = by_power_flow(base_kw=0.0, tap_step=5.0 / 10_000).grid
    taps = grid.taps(np.vstack([np.full(76, 353.4), np.full(76, 450.0)]))
    assert taps[:, 0].tolist() == [127, -127]
    assert grid.solve(0, np.zeros((1, 76)), np.full((1, 76), 353.4)).solved.all()


@pytest.mark.parametrize("weights", [{}, {"weight_loss": 0.0, "weight_cost": 0.0, "weight_spread": 0.0}])
def test_diverging_schedules_are_infinite_alone_and_beside_sound_ones(weights: dict[str, float]) -> None:
    problem = heavy(scheduling=weights)
    x = np.full((5, 228), 0.5)
    x[:, 152:] = np.array([0.0, 1.0, 0.05, 1.0, 0.1])[:, None]
    together = problem.evaluate(x)
    assert np.isfinite(together).tolist() == [True, False, True, False, True]
    assert together.tolist() == [float(problem.evaluate(row[None])[0]) for row in x]
    found = problem.judge(problem.decode(x))
    assert found.broken[1, 0]
    assert np.isinf(problem.free_objectives.loss_kwh).all()
