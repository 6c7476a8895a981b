"""Battery life: the paper's years, and the two readings of how losses add up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.ageing import EXPONENT, Wear, stress, years_of_service
from environment.battery import Batteries


def used(kwh_a_day: float, days: int, power_kw: float = 7.5, *, by_interval: bool = False) -> Batteries:
    """A battery of 35 kWh without losses, through which so much flows a day, half in and half out."""
    batteries = Batteries.of(
        np.array([0.2]), np.array([35.0]), np.array([power_kw]), np.ones(1), by_interval=by_interval
    )
    for _ in range(days):
        for power in (power_kw, -power_kw):
            batteries.draw(np.array([0]), np.array([power]), np.array([kwh_a_day / 2 / power_kw]))
    return batteries


@pytest.mark.parametrize(("kwh_a_day", "years"), [(13.8, 4.8), (6.6, 10.0)])
def test_the_papers_years_at_the_papers_power(kwh_a_day: float, years: float) -> None:
    loss = used(kwh_a_day, 1).wear.loss_percent()
    assert years_of_service(loss, 1, "cumulative")[0] == pytest.approx(years, abs=0.05)


def test_a_fifth_of_the_capacity_is_gone_at_24_130_kwh() -> None:
    assert stress(np.array([7.5 / 35]))[0] * 24_130**EXPONENT == pytest.approx(20.0, rel=1e-3)


@given(days=st.integers(1, 30), kwh=st.floats(0.5, 20))
def test_years_do_not_depend_on_how_many_days_were_looked_at(days: int, kwh: float) -> None:
    for reading in ("cumulative", "per_interval"):
        one, many = (used(kwh, n, by_interval=True).wear.loss_percent(reading) for n in (1, days))  # type: ignore[arg-type]
        years = [years_of_service(loss, n, reading)[0] for loss, n in ((one, 1), (many, days))]  # type: ignore[arg-type]
        assert years[0] == pytest.approx(years[1])


def test_a_slower_charge_costs_less_life() -> None:
    fast, slow = (used(10.0, 1, power).wear.loss_percent()[0] for power in (7.5, 3.7))
    assert slow < fast


@given(parts=st.integers(2, 50))
def test_the_same_energy_in_more_intervals_costs_more_only_by_the_per_interval_reading(parts: int) -> None:
    whole, split = (
        Batteries.of(np.array([0.2]), np.array([35.0]), np.array([7.5]), np.ones(1), by_interval=True) for _ in range(2)
    )
    whole.draw(np.array([0]), np.array([7.5]), np.array([1.0]))
    for _ in range(parts):
        split.draw(np.array([0]), np.array([7.5]), np.array([1.0 / parts]))
    assert split.wear.loss_percent()[0] == pytest.approx(whole.wear.loss_percent()[0])
    ratio = split.wear.loss_percent("per_interval")[0] / whole.wear.loss_percent("per_interval")[0]
    assert ratio == pytest.approx(parts ** (1 - EXPONENT))
    assert whole.wear.loss_percent("per_interval")[0] == pytest.approx(whole.wear.loss_percent()[0])


def test_a_battery_at_rest_lasts_for_ever() -> None:
    loss = Wear.none(2, by_interval=True).loss_percent()
    assert loss.tolist() == [0.0, 0.0]
    assert np.isinf(years_of_service(loss, 1, "cumulative")).all()


def test_the_loss_of_each_interval_is_there_only_if_it_was_kept() -> None:
    with pytest.raises(ValueError, match="not kept"):
        Wear.none(1, by_interval=False).loss_percent("per_interval")


def test_a_rest_within_the_day_adds_nothing_to_the_per_interval_reading() -> None:
    batteries = used(5.0, 1, by_interval=True)
    before = batteries.wear.loss_percent("per_interval").copy()
    batteries.draw(np.array([0]), np.array([0.0]), np.array([0.25]))
    batteries.draw(np.array([0]), np.array([5.0]), np.array([0.0]))
    assert batteries.wear.loss_percent("per_interval").tolist() == before.tolist()
