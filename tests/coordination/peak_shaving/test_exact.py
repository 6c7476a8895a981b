"""The linear programme is exact where it says so, a bound where it does not, and nobody beats it."""

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from coordination.optimizers import OPTIMIZERS
from coordination.peak_shaving.exact import solve
from coordination.peak_shaving.problem import PeakShaving
from coordination.peak_shaving.search import find
from tests.support.best_signal import least_fitness
from tests.support.laws import examples
from tests.support.small_peak_shaving import READINGS, day_problem, make_problem


def grid_minimum(problem: PeakShaving, points: int) -> float:
    axes = [np.linspace(low, high, points) for low, high in zip(problem.lower, problem.upper, strict=True)]
    return float(problem.evaluate(np.array(list(itertools.product(*axes)))).min())


@pytest.mark.parametrize("reading", READINGS)
@given(seed=st.integers(0, 10_000))
@examples(1 / 8)
def test_it_is_what_trying_every_signal_of_three_slots_finds(reading: dict[str, Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    problem = make_problem(
        rng.uniform(50, 200, 3), vehicles=rng.integers(1, 11, 3).astype(float).tolist(), prices=rng.uniform(0.2, 1.2, 3),
        soc_start=float(rng.uniform(0.2, 0.8)), **reading,
    )  # fmt: skip
    exact = solve(problem)
    assert exact is not None
    tried = grid_minimum(problem, 31)
    assert exact.bound <= tried + 1e-9
    # Between two points of the grid F changes by no more than its slope over half a step in every slot.
    step = 2 * problem.upper / 30
    slope = problem.settings.weight_difference / problem.difference_max_kw
    price = np.maximum(np.abs(problem.up_yuan_per_kwh), np.abs(problem.down_yuan_per_kwh))
    coarse = (step * (slope * 2 + problem.settings.weight_cost * price / problem.cost_max_yuan)).sum()
    assert exact.bound >= tried - coarse or not exact.is_optimal
    own = problem.evaluate(exact.signal_kw[None])[0]
    assert exact.is_optimal == (own <= exact.bound + 1e-6), "whether it is optimal is told truthfully"
    assert own < 1e8, "its signal keeps all constraints in any case"


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("reading", READINGS)
def test_no_optimiser_beats_it(name: str, reading: dict[str, Any]) -> None:
    for seed in range(2):
        problem = day_problem(seed, 8, optimizer=name, population=12, iterations=30, **reading)
        found = find(problem, np.random.default_rng(seed))
        assert found.exact is not None
        assert found.gap is not None
        assert found.gap >= -1e-6
        assert found.fitness == problem.evaluate(found.signal_kw[None])[0]


def of_size(seed: int, vehicles: int) -> PeakShaving:
    """A day in which costs count little; load and fleet grow together."""
    rng = np.random.default_rng(seed)
    load, price = rng.uniform(20, 60, 24), rng.choice([0.247, 0.65, 1.105], 24)
    return make_problem(
        load * vehicles, vehicles=float(vehicles), capacity_kwh=35.0 * vehicles, prices=price, weight_cost=0.01
    )


@given(seed=st.integers(0, 10_000), vehicles=st.sampled_from([1, 10, 300, 30_000, 1_000_000]))
@example(seed=406, vehicles=1)  # from here: full batteries in a valley, where burning energy pays
@example(seed=448, vehicles=1)
@example(seed=488, vehicles=1)
@example(seed=504, vehicles=1)
@example(seed=532, vehicles=1)
@example(seed=592, vehicles=1)
@examples(1 / 2)
def test_it_does_not_depend_on_the_size_of_fleet_and_load(seed: int, vehicles: int) -> None:
    ten, other = (solve(of_size(seed, n)) for n in (10, vehicles))
    assert ten is not None
    assert other is not None
    assert other.bound == pytest.approx(ten.bound, abs=1e-6)
    assert other.is_optimal == ten.is_optimal


@given(seed=st.integers(0, 10_000), small=st.booleans(), reading=st.sampled_from(READINGS))
@example(seed=406, small=False, reading={})
@example(seed=448, small=False, reading={})
@example(seed=488, small=False, reading={})
@example(seed=504, small=False, reading={})
@example(seed=532, small=False, reading={})
@example(seed=592, small=False, reading={})
def test_it_is_optimal_exactly_where_some_signal_reaches_the_bound(
    seed: int, small: bool, reading: dict[str, Any]
) -> None:
    problem = day_problem(seed, 12, **reading) if small else of_size(seed, 1)
    exact = solve(problem)
    assert exact is not None
    close = 1e-6 * max(1.0, abs(exact.bound))
    least = least_fitness(problem)
    assert least >= exact.bound - close
    assert exact.is_optimal == (least <= exact.bound + close), "where it is not, no signal is"


def constrained(seed: int, **settings: Any) -> PeakShaving:
    """A day of 12 slots below transformers that leave little, the load beyond their limits in some, and a fleet with needs."""
    rng = np.random.default_rng(seed)
    free = day_problem(seed, 12, **settings)
    room = np.stack([-rng.uniform(0, 60, 12), rng.uniform(0, 60, 12)]) * (rng.random((2, 12)) < 0.8)
    needs = np.where(rng.random(12) < 0.3, rng.uniform(0.3, 0.8, 12), 0.2)
    return free.within(room).keeping(needs)


@given(seed=st.integers(0, 10_000), reading=st.sampled_from(READINGS))
def test_within_limits_and_with_needs_it_is_what_a_programme_of_whole_numbers_finds(
    seed: int, reading: dict[str, Any]
) -> None:
    problem = constrained(seed, **reading)
    exact = solve(problem)
    assert exact is not None, "there is always an answer: needs are kept as far as the fleet can"
    close = 1e-6 * max(1.0, abs(exact.bound))
    least = least_fitness(problem)
    assert least >= exact.bound - close
    assert exact.is_optimal == (least <= exact.bound + close)
    assert not problem.objectives(exact.signal_kw[None]).broken[0]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimiser_keeps_limits_and_needs(name: str) -> None:
    for seed, needs in enumerate((True, True, False)):
        problem = constrained(seed, optimizer=name, population=8, iterations=3)
        problem = problem if needs else problem.keeping(np.zeros(12))
        assert problem.has_needs == needs
        found = find(problem, np.random.default_rng(seed))
        assert not problem.objectives(found.signal_kw[None]).broken[0]
        assert found.fitness == problem.evaluate(found.signal_kw[None])[0]
        assert found.gap is not None
        assert found.gap >= -1e-6


def test_its_signal_is_found_by_asking_for_it() -> None:
    problem = day_problem(1, optimizer="exact")
    found = find(problem, np.random.default_rng(1))
    assert found.gap == pytest.approx(0.0, abs=1e-6)
    assert found.history.shape == (0, 2)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("slots", [96, 288])
def test_it_is_optimal_by_default_for_a_day_and_for_three(reading: dict[str, Any], slots: int) -> None:
    exact = solve(day_problem(5, slots, slot_h=0.25, **reading))
    assert exact is not None
    assert exact.is_optimal


def test_there_is_none_where_f2_is_not_convex() -> None:
    problem = make_problem([100.0, 200.0], prices=2.0, discharge_ratio=2.0, optimizer="exact")
    assert solve(problem) is None
    with pytest.raises(ValueError, match="not convex"):
        find(problem, np.random.default_rng(1))


def test_where_burning_energy_pays_it_is_a_bound_and_says_so() -> None:
    readings: dict[str, Any] = {"ageing_yuan_per_kwh": 0.0, "carbon_yuan_per_kg": 0.0, "soc_start": 0.8}
    paid = make_problem([100.0, 200.0], prices=[-2.0, -1.0], **readings)
    full = make_problem([100.0, 200.0], weight_cost=0.0, soc_start=0.8)  # the valley comes first, and there is no room
    for problem in (paid, full):
        exact = solve(problem)
        assert exact is not None
        assert not exact.is_optimal
        assert exact.bound < grid_minimum(problem, 201) - 1e-3
        assert problem.evaluate(exact.signal_kw[None])[0] < 1e8
    turned = solve(make_problem([200.0, 100.0], weight_cost=0.0, soc_start=0.8))
    assert turned is not None
    assert turned.is_optimal, "after the peak there is room for the valley"


def test_charging_and_discharging_at_once_for_nothing_is_undone() -> None:
    problem = day_problem(2, 96, slot_h=0.25, weight_cost=0.0, efficiency=1.0)
    exact = solve(problem)
    assert exact is not None
    assert exact.is_optimal
    nothing = solve(day_problem(2, 96, weight_cost=0.0, weight_difference=0.0))
    assert nothing is not None
    assert nothing.is_optimal
    assert nothing.bound == 0.0


@pytest.mark.parametrize("soc_start", [0.0, 0.1, 0.2, 0.8, 0.9, 1.0])
def test_a_fleet_that_begins_beyond_its_bounds_has_an_answer(soc_start: float) -> None:
    problem = make_problem(np.linspace(100, 300, 24), soc_start=soc_start)
    exact = solve(problem)
    assert exact is not None
    assert exact.is_optimal


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize(
    "odd",
    [
        {"vehicles": 0.0},
        {"vehicles": [0.0, 10.0] * 6},
        {"load_kw": [100.0] * 12},
        {"weight_cost": 0.0, "weight_difference": 0.0},
        {"efficiency": 1.0, "soc_start": 0.2},
        {"penalty": 0.0},
        {"vehicles": 1.0, "capacity_kwh": 35.0},
    ],
)
def test_odd_cases_end_in_a_signal(name: str, odd: dict[str, Any]) -> None:
    case = {"load_kw": np.linspace(100, 300, 12), "optimizer": name, "population": 6, "iterations": 5, **odd}
    problem = make_problem(**case)
    found = find(problem, np.random.default_rng(1))
    assert np.isfinite(found.signal_kw).all()
    assert np.isfinite(found.fitness)
    assert found.gap is not None
    assert found.gap >= -1e-6 or odd == {"penalty": 0.0}, "without a penalty limits may be broken"


def feasible_signals(problem: PeakShaving, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw signals that keep power and state of charge, slot after slot."""
    slots = problem.load_kw.size
    x = np.zeros((number, slots))
    soc = np.full(number, problem.soc_start)
    low = min(problem.settings.soc_min, problem.soc_start)
    high = max(problem.settings.soc_max, problem.soc_start)
    to_soc = problem.slot_h / problem.capacity_kwh
    for t in range(slots):
        most = problem.available[t] * problem.power_kw
        up = np.minimum(most, (high - soc) / (problem.efficiency * to_soc))
        down = np.minimum(most, (soc - low) * problem.efficiency / to_soc)
        x[:, t] = np.clip(rng.uniform(-most, most, number) * rng.integers(0, 2, number), -down, up)
        soc += np.where(x[:, t] >= 0, x[:, t] * problem.efficiency, x[:, t] / problem.efficiency) * to_soc
    return x


@given(seed=st.integers(0, 10_000))
def test_no_feasible_signal_is_below_the_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slots = int(rng.integers(2, 9))
    problem = make_problem(
        rng.uniform(50, 200, slots), vehicles=rng.integers(0, 11, slots).astype(float).tolist(),
        prices=rng.uniform(-0.5, 1.2, slots), soc_start=float(rng.uniform(0.05, 0.98)),
        weight_cost=float(rng.choice([0.0, 0.3, 1.0])),
    )  # fmt: skip
    exact = solve(problem)
    if exact is None:
        return
    found = problem.evaluate(feasible_signals(problem, 300, rng))
    assert (found < 1e8).all()
    assert (found >= exact.bound - 1e-7).all()
    own = problem.evaluate(exact.signal_kw[None])[0]
    assert own < 1e8
    if exact.is_optimal:
        assert own == pytest.approx(exact.bound, abs=1e-6)


def test_one_slot_in_which_selling_pays_more_than_buying_costs_is_enough_to_lose_it() -> None:
    prices = np.array([0.5, 0.5, 0.5])
    problem = make_problem(np.array([100.0, 80.0, 60.0]), prices=prices, soc_start=0.5)
    assert problem.is_convex
    down = problem.down_yuan_per_kwh.copy()
    down[1] = problem.up_yuan_per_kwh[1] + 0.1
    mixed = dataclasses.replace(problem, down_yuan_per_kwh=down)
    assert not mixed.is_convex
    assert solve(mixed) is None
