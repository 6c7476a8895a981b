"""What a slot's schedules are worth: the formulas, their limits, and what must not matter."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.stations.problem import CONSTRAINTS, Decision, Network, StationScheduling
from tests.support.small_stations import (
    LIMITS,
    any_decision,
    literal_fitness,
    literal_network,
    literal_objectives,
    make_problem,
)

SEEDS = st.integers(0, 2**32)


def agree(problem: StationScheduling, decision: Decision, network: Network) -> None:
    found = problem.judge_on(decision, problem.power_kw(decision), network)
    for i, (loss, costs, spread, satisfaction, deviation, flags) in enumerate(literal_objectives(problem, decision, network)):  # fmt: skip
        assert found.loss_kwh[i] == pytest.approx(loss)
        assert found.costs_yuan[i] == pytest.approx(costs)
        assert found.cost_yuan[i] == pytest.approx(sum(costs))
        assert found.spread_kw[i] == pytest.approx(spread, abs=1e-7)
        assert found.satisfaction[i] == pytest.approx(satisfaction)
        assert found.deviation_pu[i] == pytest.approx(deviation)
        assert found.broken[i].tolist() == flags
        assert found.feasible[i] == (not any(flags))


@given(seed=SEEDS, m=st.sampled_from([1, 2, 6]))
def test_schedules_are_worth_what_the_formulas_say(seed: int, m: int) -> None:
    problem = make_problem(seed, m=m)
    decision = any_decision(problem, seed)
    agree(problem, decision, literal_network(problem, decision))
    before = literal_network(problem, problem.free)
    fitness = problem.value(problem.judge(decision))
    assert fitness == pytest.approx(literal_fitness(problem, decision, literal_network(problem, decision), before))


@given(seed=SEEDS)
def test_they_are_for_any_voltages_and_losses(seed: int) -> None:
    problem = make_problem(seed)
    rng = np.random.default_rng(seed)
    decision = any_decision(problem, seed)
    network = Network(rng.uniform(340, 420, (7, 6)), rng.uniform(0, 500, 7), rng.uniform(0, 3000, 7))
    agree(problem, decision, network)


@given(seed=SEEDS)
def test_a_population_is_evaluated_as_its_members_are(seed: int) -> None:
    problem = make_problem(seed)
    x = np.random.default_rng(seed).random((9, 18))
    assert problem.evaluate(x).tolist() == [float(problem.evaluate(row[None])[0]) for row in x]


@given(seed=SEEDS, ends=st.booleans())
def test_genes_stay_within_the_ranges_of_their_constraints(seed: int, ends: bool) -> None:
    problem = make_problem(seed)
    x = np.random.default_rng(seed).random((9, 18))
    decision = problem.decode(np.rint(x) if ends else x)
    for column, low, high in (
        (decision.voltage_v, LIMITS.voltage_min_v, LIMITS.voltage_max_v),
        (decision.time_h, LIMITS.time_rated_h, LIMITS.time_max_h),
        (decision.capacity_kw, LIMITS.capacity_min_kw, LIMITS.capacity_max_kw),
    ):
        assert column.min() >= low - 1e-12
        assert column.max() <= high + 1e-12
    assert not problem.judge(decision).broken[:, [1, 3]].any()


def calm(**given: Any) -> StationScheduling:
    """A slot that its free charging keeps within all limits."""
    return make_problem(
        1, plugged=np.full(6, 2), wanted_kwh=np.full(6, 60.0), places=np.full(6, 36), storage_kw=np.zeros(6), lent_kw=np.zeros(6),
        supply_kw=np.inf, queued=np.zeros(6, dtype=np.int64), queued_kwh=np.zeros(6), **given,
    )  # fmt: skip


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_each_constraint_can_be_broken_alone(name: str) -> None:
    problem = calm()
    plain = Decision(*(column.copy() for column in problem.free))
    assert problem.judge(plain).feasible.all()
    if name == "voltage":
        plain.voltage_v[0, 2] = 345.0
    elif name == "time":
        plain.time_h[0, 2] = 0.61
    elif name == "battery":
        problem = calm(limits=LIMITS._replace(capacity_min_kw=10.0))
        plain.capacity_kw[0, 2] = 49.0 / 0.42
    elif name == "capacity":
        plain.capacity_kw[0, 2] = 1199.0
    else:
        drawn = problem.evaluator.network(problem, plain, problem.power_kw(plain)).drawn_kw[0]
        problem = replace(problem, supply_kw=drawn - 1.0)
    found = problem.judge(plain)
    assert found.broken[0].tolist() == [each == name for each in CONSTRAINTS]
    better = problem.value(problem.judge(problem.free)) if name != "balance" else problem.value(found) - 10
    assert problem.value(found)[0] > better[0]


@given(seed=SEEDS)
def test_the_order_of_stations_does_not_matter(seed: int) -> None:
    problem = make_problem(seed)
    decision = any_decision(problem, seed)
    order = np.random.default_rng(seed).permutation(6)
    columns = (
        "plugged",
        "wanted_kwh",
        "queued",
        "queued_kwh",
        "base_kw",
        "storage_kw",
        "lent_kw",
        "region",
        "places",
        "rated_v",
        "idle_v",
    )
    turned = replace(problem, **{name: getattr(problem, name)[order] for name in columns})
    moved = Decision(*(column[:, order] for column in decision))
    assert turned.value(turned.judge(moved)) == pytest.approx(problem.value(problem.judge(decision)))


@given(seed=SEEDS, load=st.floats(0.1, 5000), m=st.integers(1, 80))
def test_equal_loads_have_no_spread(seed: int, load: float, m: int) -> None:
    """A spread out of rounding, with free charging, would be what all others are divided by."""
    problem = make_problem(
        seed, m=m, plugged=np.full(m, 2), places=np.full(m, 36), base_kw=np.full(m, load), storage_kw=np.zeros(m),
        lent_kw=np.zeros(m), wanted_kwh=np.full(m, 2000.0),
    )  # fmt: skip
    assert problem.free_objectives.spread_kw[0] <= 1e-9
    longer = problem.free._replace(time_h=np.linspace(0.42, 0.6, m)[None])
    apart = problem.judge(longer)
    assert problem.value(apart)[0] < 1 + apart.spread_kw[0] + 10 * 5 + 10


def test_a_slot_without_any_ev_is_worth_something_finite() -> None:
    none = np.zeros(6, dtype=np.int64)
    problem = make_problem(
        3,
        plugged=none,
        wanted_kwh=np.zeros(6),
        queued=none,
        queued_kwh=np.zeros(6),
        storage_kw=np.zeros(6),
        supply_kw=np.inf,
    )
    assert problem.free_objectives.loss_kwh[0] == 0.0
    assert problem.free_objectives.satisfaction[0] == pytest.approx(problem.time_weight * problem.region_weights.sum())
    fitness = problem.evaluate(np.random.default_rng(1).random((20, 18)))
    assert np.isfinite(fitness).all()
    assert fitness.min() < 5.0


@pytest.mark.parametrize("weights", [{}, {"weight_loss": 0.0}, {"weight_cost": 0.0}])
@pytest.mark.parametrize("price", [-0.3, 0.0, 0.6])
def test_a_schedule_without_a_power_flow_has_infinite_fitness(weights: dict[str, float], price: float) -> None:
    problem = make_problem(1, scheduling=weights, price_yuan_per_kwh=price)
    decision = any_decision(problem, 1, 3)
    network = literal_network(problem, decision)
    sound = problem.value(problem.judge(decision))
    network.voltage_v[1], network.loss_kwh[1], network.drawn_kw[1] = np.nan, np.inf, np.inf
    found = problem.judge_on(decision, problem.power_kw(decision), network)
    assert found.broken[1, 0]
    assert problem.value(found)[1] == np.inf
    assert problem.value(found)[[0, 2]] == pytest.approx(sound[[0, 2]])


def test_more_evs_than_places_are_refused() -> None:
    with pytest.raises(ValueError, match="3 EVs more than places"):
        make_problem(1, plugged=np.array([5, 0, 0, 0, 0, 0]), places=np.full(6, 2))
