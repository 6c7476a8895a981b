"""Laws of batteries: floor and ceiling, power, and books of energy that close."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.battery import Batteries

SEEDS = st.integers(0, 2**32)


def make(rng: np.random.Generator, n: int, low: float = 0.2, high: float = 0.8) -> Batteries:
    return Batteries.of(
        rng.uniform(low, high, n), rng.uniform(10, 80, n), rng.choice([3.7, 7.5, 11.0], n), rng.choice([0.85, 0.9, 1.0], n)
    )  # fmt: skip


def stored_kwh(batteries: Batteries) -> NDArray[np.float64]:
    return batteries.soc * batteries.capacity_kwh


@given(seed=SEEDS, size=st.sampled_from([0.5, 5.0, 1000.0]))
def test_energy_books_close(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    batteries = make(rng, 12)
    begun, moved = stored_kwh(batteries), np.zeros(12)
    for _ in range(96):
        rows = np.flatnonzero(rng.random(12) < 0.7)
        moved[rows] += batteries.draw(rows, rng.normal(0, size, rows.size), np.full(rows.size, 0.25))
    gained = stored_kwh(batteries) - begun
    eff = batteries.efficiency
    np.testing.assert_allclose(gained, batteries.charged_kwh * eff - batteries.discharged_kwh / eff, atol=1e-9)
    np.testing.assert_allclose(moved, batteries.charged_kwh - batteries.discharged_kwh, atol=1e-9)
    np.testing.assert_allclose(moved, gained + batteries.lost_kwh, atol=1e-9)
    through = batteries.charged_kwh * eff + batteries.discharged_kwh / eff
    np.testing.assert_allclose(batteries.wear.throughput_kwh, through, atol=1e-9)


@given(seed=SEEDS, hours=st.sampled_from([1 / 12, 0.25, 1.0, 24.0]))
def test_no_charge_leaves_its_bounds_and_no_power_its_rating(seed: int, hours: float) -> None:
    rng = np.random.default_rng(seed)
    batteries = make(rng, 8)
    rows = np.arange(8)
    for _ in range(30):
        moved = batteries.draw(rows, rng.choice([-1e6, -5.0, 0.0, 5.0, 1e6], 8), np.full(8, hours))
        assert (batteries.soc >= 0.2).all()
        assert (batteries.soc <= 0.8).all()
        assert (np.abs(moved) <= batteries.power_kw * hours + 1e-12).all()


@given(seed=SEEDS)
def test_what_is_within_the_limits_flows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batteries = make(rng, 20)
    rows = np.arange(20)
    limits = batteries.limits(rows, 0.25)
    asked = rng.uniform(-limits.discharge_kw, limits.charge_kw)
    np.testing.assert_allclose(batteries.draw(rows, asked, np.full(20, 0.25)), asked * 0.25, atol=1e-12)


@given(seed=SEEDS)
def test_a_battery_beyond_a_bound_only_moves_towards_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batteries = make(rng, 10, 0.0, 1.0)
    rows = np.arange(10)
    for _ in range(40):
        before = batteries.soc.copy()
        batteries.draw(rows, rng.normal(0, 10, 10), np.full(10, 0.5))
        assert (batteries.soc >= np.minimum(before, 0.2)).all()
        assert (batteries.soc <= np.maximum(before, 0.8)).all()
        assert (batteries.soc[before < 0.2] >= before[before < 0.2]).all()
        assert (batteries.soc[before > 0.8] <= before[before > 0.8]).all()


def test_one_step_by_hand() -> None:
    batteries = Batteries.of(np.array([0.5, 0.5, 0.79]), np.full(3, 35.0), np.full(3, 7.5), np.full(3, 0.9))
    moved = batteries.draw(np.arange(3), np.array([7.5, -7.5, 7.5]), np.full(3, 0.25))
    assert batteries.soc[0] == pytest.approx(0.5 + 7.5 * 0.25 * 0.9 / 35)
    assert batteries.soc[1] == pytest.approx(0.5 - 7.5 * 0.25 / 0.9 / 35)
    assert batteries.soc[2] == 0.8
    assert moved[2] == pytest.approx(0.01 * 35 / 0.9)
    assert batteries.lost_kwh[:2] == pytest.approx([1.875 * 0.1, 1.875 * (1 / 0.9 - 1)])


def test_who_leaves_within_a_slot_gets_its_power_only_while_it_stays() -> None:
    batteries = Batteries.of(np.full(3, 0.5), np.full(3, 35.0), np.full(3, 7.5), np.ones(3))
    moved = batteries.draw(np.arange(3), np.full(3, 6.0), np.array([0.25, 0.1, 0.0]))
    assert moved.tolist() == pytest.approx([1.5, 0.6, 0.0])
    assert batteries.soc[2] == 0.5


def test_batteries_leave_what_they_were_given_alone() -> None:
    given_soc = np.array([0.5, 0.6])
    batteries = Batteries.of(given_soc, np.full(2, 35.0), np.full(2, 7.5), np.ones(2))
    batteries.draw(np.arange(2), np.full(2, 7.5), np.full(2, 1.0))
    assert given_soc.tolist() == [0.5, 0.6]


@given(seed=SEEDS)
def test_books_close_too_where_a_battery_begins_beyond_its_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 10
    capacity, efficiency = rng.uniform(10, 80, n), rng.uniform(0.7, 1.0, n)
    batteries = Batteries.of(rng.uniform(0, 1, n), capacity, np.full(n, 7.5), efficiency)
    begun = batteries.soc.copy()
    for _ in range(20):
        batteries.draw(np.arange(n), rng.normal(0, 8, n), np.full(n, 0.25))
    gained = (batteries.soc - begun) * capacity
    np.testing.assert_allclose(
        gained, batteries.charged_kwh * efficiency - batteries.discharged_kwh / efficiency, atol=1e-9
    )


def test_the_rate_is_that_of_the_battery_not_of_the_grid() -> None:
    one = np.ones(1)
    batteries = Batteries.of(0.5 * one, 35.0 * one, 7.5 * one, 0.8 * one)
    batteries.draw(np.zeros(1, dtype=np.int64), 7.5 * one, 0.25 * one)
    stored = 7.5 * 0.25 * 0.8
    rate = batteries.wear.rate_kwh_per_h / batteries.wear.throughput_kwh
    assert rate[0] == pytest.approx(stored / (0.25 * 35.0))
