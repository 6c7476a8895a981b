"""Hot spot and ageing of transformers: the standard's worked examples, and laws that hold under any load."""

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.grid.hot_spot import ONAN, Ageing, Heat, Thermal, after, ageing_of, steady

REFERENCE = Path(__file__).parent.parent / "reference" / "hot_spot_iec"
SEEDS = st.integers(0, 2**32)
OF_A_FAN = Thermal(
    6.0, 0.8, 1.3, 2.5, 7 / 60, 0.5, 2.0, 2.0, 52.0, 26.0
)  # the hot spot overshoots where k21 is above 1
EVERY = st.sampled_from([ONAN, OF_A_FAN])
HALF_UNIT = 0.05


def constants(example: str) -> Thermal:
    """Return the constants of a worked example; the file has minutes, as the standard has."""
    of = tomllib.loads((REFERENCE / "constants.toml").read_text())[example]
    return Thermal(oil_h=of.pop("oil_min") / 60, winding_h=of.pop("winding_min") / 60, **of)


def rows(example: str) -> list[dict[str, float]]:
    with (REFERENCE / f"{example}.csv").open() as file:
        return [{name: float(text) for name, text in row.items()} for row in csv.DictReader(file)]


def loads(seed: int, n: int = 5, n_slots: int = 40) -> NDArray[np.float64]:
    """Return loads with jumps, calm hours and reverse power, from rest to twice the rating."""
    rng = np.random.default_rng(seed)
    return np.repeat(rng.uniform(-0.8, 2.0, (n, n_slots // 4)), 4, axis=1) * rng.choice([1.0, 0.9], (n, n_slots))


def close(one: Ageing, other: Ageing, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(one.hot_spot_c, other.hot_spot_c, rtol=0, atol=tolerance)
    np.testing.assert_allclose(one.life_lost_h, other.life_lost_h, rtol=tolerance)


def test_the_example_in_steps_meets_the_published_temperatures() -> None:
    thermal, ambient_c = constants("steps"), 25.6
    heat, begun_min, per_min = Heat(ambient_c + 12.7, 0.0, 0.0), 0, 20
    for row in rows("steps"):
        end = steady(row["load_factor"], ambient_c, thermal)
        for _ in range((int(row["until_min"]) - begun_min) * per_min):
            heat = after(heat, end, 1 / 60 / per_min, thermal)
        begun_min = int(row["until_min"])
        assert heat.oil_c == pytest.approx(row["top_oil_c"], abs=row["tolerance_k"])
        assert heat.oil_c + heat.winding_k - heat.lag_k == pytest.approx(row["hot_spot_c"], abs=row["tolerance_k"])


def test_the_example_of_three_minutes_begins_as_published() -> None:
    first = rows("three_minutes")[0]
    heat = steady(first["load_factor"], first["ambient_c"], constants("three_minutes"))
    assert heat.oil_c == pytest.approx(63.9, abs=HALF_UNIT)
    assert heat.winding_k == pytest.approx(53.2, abs=HALF_UNIT)
    assert heat.lag_k == pytest.approx(26.6, abs=HALF_UNIT)


def test_the_example_of_three_minutes_follows_the_difference_equations_written_out() -> None:
    table = rows("three_minutes")
    load, air = ([row[name] for row in table] for name in ("load_factor", "ambient_c"))
    rise = [((1 + k * k * 8) / 9) ** 0.8 * 45 for k in load]
    oil, fast, slow = rise[0] + air[0], 2 * 35 * load[0] ** 1.3, 35 * load[0] ** 1.3
    spots = []
    for n in range(len(table)):
        oil += 3 / (0.5 * 150) * (rise[n] - (oil - air[n]))
        fast += 3 / (2 * 7) * (2 * 35 * load[n] ** 1.3 - fast)
        slow += 3 / (150 / 2) * (35 * load[n] ** 1.3 - slow)
        spots.append(oil + fast - slow)
    lost_h = sum(2 ** ((spot - 98) / 6) * 0.05 for spot in spots)
    got = ageing_of(np.array([load]), 0.05, np.array(air), constants("three_minutes"))
    close(got, Ageing(np.array([max(spots)]), np.array([spots.index(max(spots))]), np.array([lost_h])))
    assert got.hot_spot_slot[0] == spots.index(max(spots))


def test_rated_load_at_20_degrees_ages_a_day_in_a_day() -> None:
    got = ageing_of(np.full((2, 96), 1.0), 0.25, 20.0)
    np.testing.assert_array_equal(got.hot_spot_c, 98.0)
    np.testing.assert_array_equal(got.hot_spot_slot, 0)
    np.testing.assert_allclose(got.life_lost_h, 24.0, rtol=1e-12)


def test_six_degrees_more_age_twice_as_fast() -> None:
    cool, warm = (ageing_of(np.full((1, 24), 0.7), 1.0, ambient_c) for ambient_c in (20.0, 26.0))
    np.testing.assert_allclose(warm.life_lost_h, 2 * cool.life_lost_h, rtol=1e-12)


@given(seed=SEEDS, thermal=EVERY)
def test_more_load_never_cools_nor_saves_life(seed: int, thermal: Thermal) -> None:
    less = np.abs(loads(seed))
    more = less + 0.3 * np.random.default_rng(seed).random(less.shape) ** 4
    one, other = ageing_of(less, 0.25, thermal=thermal), ageing_of(more, 0.25, thermal=thermal)
    assert (other.hot_spot_c >= one.hot_spot_c - 1e-9).all()
    assert (other.life_lost_h >= one.life_lost_h * (1 - 1e-12)).all()


@given(seed=SEEDS, thermal=EVERY)
def test_reverse_power_ages_as_much(seed: int, thermal: Thermal) -> None:
    load = loads(seed)
    close(ageing_of(load, 0.25, thermal=thermal), ageing_of(np.abs(load), 0.25, thermal=thermal), 0.0)


@given(seed=SEEDS, thermal=EVERY)
def test_transformers_do_not_heat_each_other(seed: int, thermal: Thermal) -> None:
    load, order = loads(seed), np.random.default_rng(seed).permutation(5)
    whole, turned = ageing_of(load, 0.25, thermal=thermal), ageing_of(load[order], 0.25, thermal=thermal)
    for column, other in zip(whole, turned, strict=True):
        np.testing.assert_array_equal(column[order], other)


@given(seed=SEEDS, thermal=EVERY, slot_h=st.sampled_from([0.25, 1 / 3, 0.5, 1.0]))
def test_a_slot_in_two_halves_changes_nothing(seed: int, thermal: Thermal, slot_h: float) -> None:
    load = loads(seed)
    air_c = np.random.default_rng(seed).uniform(-10, 35, load.shape[1])
    whole = ageing_of(load, slot_h, air_c, thermal)
    halves = ageing_of(np.repeat(load, 2, axis=1), slot_h / 2, np.repeat(air_c, 2), thermal)
    close(whole, halves)
    np.testing.assert_array_equal(halves.hot_spot_slot // 2, whole.hot_spot_slot)


@given(seed=SEEDS, thermal=EVERY)
def test_shorter_steps_converge(seed: int, thermal: Thermal) -> None:
    load = loads(seed)
    steps_h = [1 / 64, 1 / 128, 1 / 256, 1 / 512]
    lost_h = np.array([ageing_of(load, 0.25, thermal=thermal, longest_step_h=step_h).life_lost_h for step_h in steps_h])
    moved = np.abs(np.diff(lost_h, axis=0))
    assert (moved[1:] <= 0.7 * moved[:-1] + 1e-3 * lost_h[-1]).all()
    assert (moved[-1] <= 0.05 * lost_h[-1]).all()


def test_a_step_is_never_longer_than_half_the_smallest_time_constant() -> None:
    load = loads(1)
    default, asked = (ageing_of(load, 1.0, longest_step_h=step_h) for step_h in (np.inf, ONAN.winding_h / 2))
    close(default, asked, 0.0)
    assert (default.life_lost_h != ageing_of(load, 1.0, longest_step_h=ONAN.winding_h / 4).life_lost_h).all()


def test_air_of_another_number_of_slots_is_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        ageing_of(loads(1), 0.25, np.full(7, 20.0))
