"""The objectives of whole populations are those of a plain loop over the formulas, whatever the reading."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from coordination.peak_shaving.exact import solve
from coordination.peak_shaving.problem import PeakShaving, PeakShavingSettings
from tests.support.small_peak_shaving import READINGS, day_problem, make_problem


def literal(problem: PeakShaving, prices: list[float], ratio: float, signal: list[float]) -> tuple[float, float, int]:
    """f1, f2 and the kinds of constraints broken (B1, B2), in plain Python from the prices."""
    s = problem.settings
    total = [load + power for load, power in zip(problem.load_kw.tolist(), signal, strict=True)]
    cost, soc, broken = 0.0, problem.soc_start, [False] * 3
    for price, power, number in zip(prices, signal, problem.available.tolist(), strict=True):
        energy = power * problem.slot_h
        charged, discharged = max(energy, 0.0), max(-energy, 0.0)
        cost += price * charged - ratio * price * discharged
        cost += s.ageing_yuan_per_kwh * (discharged + (charged if s.ageing_on == "both" else 0.0))
        driven = {"signed": energy, "charge": charged, "absolute": abs(energy)}[s.carbon_on]
        cost -= s.carbon_yuan_per_kg * s.carbon_kg_per_km * s.km_per_kwh * driven
        soc += (charged * problem.efficiency - discharged / problem.efficiency) / problem.capacity_kwh
        broken[0] |= abs(power) > number * problem.power_kw + 1e-6
        broken[1] |= not 0.2 - 1e-6 <= soc <= 0.8 + 1e-6
        broken[2] |= math.ceil(abs(power) / problem.power_kw - 1e-6) > number
    return max(total) - min(total), cost, sum(broken)


@pytest.mark.parametrize(
    "reading",
    [
        {"ageing_on": a, "carbon_on": c}
        for a, c in itertools.product(["both", "discharge"], ["signed", "charge", "absolute"])
    ],
)
@given(seed=st.integers(0, 2**32), ratio=st.sampled_from([0.8, 1.0, 1.5]), size=st.sampled_from([5.0, 60.0, 200.0]))
def test_a_population_is_evaluated_as_the_formulas_say(
    reading: dict[str, str], seed: int, ratio: float, size: float
) -> None:
    problem = day_problem(seed, discharge_ratio=ratio, slot_h=0.25, **reading)
    prices = np.random.default_rng(seed)
    prices.uniform(200, 600, 24), prices.integers(0, 11, 24)
    price = prices.choice([0.247, 0.65, 1.105], 24).tolist()
    x = np.random.default_rng(seed + 1).normal(0, size, (6, 24))
    found, fitness = problem.objectives(x), problem.evaluate(x)
    for i, signal in enumerate(x.tolist()):
        difference, cost, broken = literal(problem, price, ratio, signal)
        assert found.difference_kw[i] == pytest.approx(difference, abs=1e-9)
        assert found.cost_yuan[i] == pytest.approx(cost, abs=1e-9)
        kinds = int(found.power_broken[i]) + int(found.soc_broken[i]) + int(found.number_broken[i])
        assert kinds == broken
        parts = 0.5 * difference / problem.difference_max_kw + 0.5 * cost / problem.cost_max_yuan
        assert fitness[i] == pytest.approx(parts + 1e8 * broken)


def test_each_kind_of_constraint_costs_a_penalty() -> None:
    problem = make_problem([100.0, 200.0], vehicles=[2.5, 10.0])
    signals = np.array([
        [0.0, 0.0],
        [18.0, 0.0],  # two and a half EVs have the power, but three would be needed
        [0.0, 76.0],  # more than ten EVs
        [0.0, 5000.0],  # and more than their batteries hold
    ])  # fmt: skip
    assert (problem.evaluate(signals) // 1e8).tolist() == [0, 1, 2, 3]
    found = problem.objectives(signals)
    assert found.power_broken.tolist() == [False, False, True, True]
    assert found.number_broken.tolist() == [False, True, True, True]
    assert found.soc_broken.tolist() == [False, False, False, True]


def test_doing_nothing_costs_the_weight_of_the_difference() -> None:
    assert make_problem([100.0, 300.0]).evaluate(np.zeros((1, 2))).tolist() == [0.5]


def test_the_cost_is_measured_by_charging_at_full_power_to_the_ceiling() -> None:
    problem = make_problem([100.0, 300.0, 200.0], prices=[1.0, 2.0, 5.0])
    room_kwh = 0.3 * 350 / 0.9  # 116.67: a slot of 75 kWh, and 41.67 kWh in the next
    extra = 0.42 - 0.299 * 5 * 0.197
    assert problem.cost_max_yuan == pytest.approx(75 * (1 + extra) + (room_kwh - 75) * (2 + extra))
    assert problem.difference_max_kw == 200


def test_a_fleet_that_is_full_is_measured_from_the_floor() -> None:
    full, above, floor = (make_problem([100.0, 300.0], soc_start=soc).cost_max_yuan for soc in (0.8, 0.95, 0.2))
    assert full == above == floor


def test_a_flat_load_and_an_empty_grid_are_no_division_by_zero() -> None:
    flat = make_problem([100.0] * 4)
    assert flat.evaluate(np.zeros((1, 4))).tolist() == [0.0]
    nobody = make_problem([100.0, 300.0], vehicles=0.0)
    assert nobody.evaluate(np.zeros((1, 2))).tolist() == [0.5]
    assert nobody.evaluate(np.ones((1, 2)))[0] > 1e8


def test_a_charge_that_begins_beyond_a_bound_may_come_back() -> None:
    high = make_problem([100.0, 300.0], soc_start=0.9)
    assert high.objectives(np.array([[-5.0, -5.0], [0.0, 0.0], [5.0, 0.0]])).soc_broken.tolist() == [False, False, True]
    low = make_problem([100.0, 300.0], soc_start=0.1)
    assert low.objectives(np.array([[5.0, 5.0], [0.0, 0.0], [-5.0, 0.0]])).soc_broken.tolist() == [False, False, True]


@given(seed=st.integers(0, 999))
def test_the_order_of_a_population_does_not_matter(seed: int) -> None:
    problem, rng = day_problem(seed), np.random.default_rng(seed)
    x = rng.normal(0, 40, (9, 24))
    order = rng.permutation(9)
    assert problem.evaluate(x)[order].tolist() == problem.evaluate(x[order]).tolist()
    assert problem.soc(x)[3].tolist() == problem.soc(x[3:4])[0].tolist()


@pytest.mark.parametrize("reading", READINGS)
def test_these_readings_are_convex(reading: dict[str, object]) -> None:
    problem = day_problem(3, **reading)
    assert problem.is_convex
    rng = np.random.default_rng(0)
    a, b = (rng.normal(0, 30, (200, 24)) for _ in range(2))
    free = make_problem(problem.load_kw, vehicles=1e6, capacity_kwh=1e9, **reading)  # type: ignore[arg-type]
    middle = free.evaluate((a + b) / 2)
    assert (middle <= (free.evaluate(a) + free.evaluate(b)) / 2 + 1e-9).all()


def test_a_compensation_far_above_the_price_is_not_convex_unless_costs_do_not_count() -> None:
    assert not make_problem([1.0, 2.0], prices=1.0, discharge_ratio=2.0).is_convex
    assert make_problem([1.0, 2.0], prices=1.0, discharge_ratio=1.5).is_convex, "ageing both ways makes up for it"
    assert make_problem([1.0, 2.0], prices=1.0, discharge_ratio=2.0, weight_cost=0.0).is_convex


def test_the_floor_is_below_the_ceiling() -> None:
    with pytest.raises(ValidationError, match="a floor below the ceiling"):
        PeakShavingSettings(soc_min=0.8, soc_max=0.8)


@given(seed=st.integers(0, 2**32), shift_kw=st.sampled_from([-2000.0, -400.0, 300.0]))
def test_only_differences_of_the_load_count_so_it_may_be_negative(seed: int, shift_kw: float) -> None:
    problem = day_problem(seed, slots=6)
    shifted = dataclasses.replace(problem, load_kw=problem.load_kw + shift_kw)
    x = np.random.default_rng(seed).uniform(problem.lower, problem.upper, (20, 6))
    np.testing.assert_allclose(shifted.evaluate(x), problem.evaluate(x), rtol=1e-9)
    ours, moved = solve(problem), solve(shifted)
    assert ours is not None
    assert moved is not None
    assert moved.bound == pytest.approx(ours.bound, rel=1e-6, abs=1e-8)


def test_a_transformer_bounds_the_fleet_and_counts_as_power() -> None:
    problem = make_problem([100.0, 300.0, 400.0]).within(np.array([[-75.0, -10.0, -75.0], [75.0, 5.0, 0.0]]))
    assert problem.lower.tolist() == [-75.0, -10.0, -75.0]
    assert problem.upper.tolist() == [75.0, 5.0, 0.0]
    signals = np.array([[0.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, -11.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, -20.0]])
    assert problem.objectives(signals).power_broken.tolist() == [False, True, True, True, False], "help is allowed"
    assert problem.objectives(problem.held(signals)).broken.tolist() == [False] * 5


@given(seed=st.integers(0, 9999))
def test_a_held_signal_breaks_nothing_and_one_that_breaks_nothing_is_held(seed: int) -> None:
    rng = np.random.default_rng(seed)
    room = np.stack([-rng.uniform(0, 60, 24), rng.uniform(0, 60, 24)])
    problem = day_problem(seed).within(room).keeping(rng.uniform(0.2, 0.8, 24))
    held = problem.held(rng.normal(0, 60, (20, 24)))
    assert not problem.objectives(held).broken.any()
    np.testing.assert_allclose(problem.held(held), held, atol=1e-9)


def test_needs_out_of_reach_are_kept_as_far_as_the_fleet_can() -> None:
    problem = make_problem([100.0] * 3, vehicles=[1.0, 0.0, 1.0]).keeping(np.array([0.2, 0.2, 0.8]))
    reached = 0.5 + np.array([1, 1, 2]) * 7.5 * 0.9 / 350
    assert problem.soc_kept == pytest.approx(reached)
    assert problem.idle_kw.tolist() == pytest.approx([7.5, 0.0, 7.5])
    assert not make_problem([100.0] * 3).idle_kw.any()
