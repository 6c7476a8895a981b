"""Users of charging stations: how many come, where and when, and what a file of them says."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from environment.feeders import BuiltinFeeder
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.station_sites import Stations, StationsSettings
from environment.users import Sessions, UsersSettings, Visits, slot_weights
from tests.support.laws import examples
from tests.support.station_cases import written

AT = StationsSettings()
STATIONS = Stations.build(AT, BuiltinFeeder().feeder())
HEADER = ("user", "station", "arrive_h", "energy_kwh", "capacity_kwh", "willing")
MIDNIGHT = datetime(2023, 7, 12)  # noqa: DTZ001  (a wall clock)


def draw(seed: int = 1, at: StationsSettings = AT, slots: int = 40, slot_min: int = 36, start: datetime = MIDNIGHT, **given: Any) -> Visits:  # fmt: skip
    horizon = Horizon(start=start, slot_min=slot_min, slots=slots)
    return Visits.build(UsersSettings(**given), at, STATIONS, horizon, np.random.default_rng(seed))


def within(count: float, mean: float, sigmas: float = 5.0) -> bool:
    """Whether a count of independent events lies about its mean."""
    return abs(count - mean) <= sigmas * np.sqrt(max(mean, 1.0))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("days", [1, 2])
def test_so_many_charge_a_day_and_nobody_twice(seed: int, days: int) -> None:
    visits = draw(seed, slots=40 * days)
    assert within(len(visits), 11_000 * days)
    for day in range(days):
        users = visits.vehicle[visits.slot // 40 == day]
        assert np.unique(users).size == users.size
        assert within(users.size, 11_000)
    if days == 2:
        assert np.unique(visits.vehicle).size < len(visits), "some charge on both"
        home = dict(zip(visits.vehicle.tolist(), visits.station.tolist(), strict=True))
        assert [home[user] for user in visits.vehicle.tolist()] == visits.station.tolist(), "at the same station"


def test_all_users_charge_every_day_where_all_are_to() -> None:
    visits = draw(users=500, charging_a_day=500, slots=80)
    assert np.bincount(visits.slot // 40).tolist() == [500, 500]


def test_a_day_with_a_clock_change_is_one_day() -> None:
    horizon = Horizon(start="2019-11-02T12:00", slots=49, timezone="America/Los_Angeles")  # 25 hours to the next noon
    everyone = UsersSettings(users=500, charging_a_day=500)
    visits = Visits.build(everyone, AT, STATIONS, horizon, np.random.default_rng(1))
    assert np.bincount(visits.slot // 25).tolist() == [500, 500]


@pytest.mark.parametrize("seed", [1, 2])
def test_regions_hours_and_needs_are_as_the_weights_say(seed: int) -> None:
    visits = draw(seed, station_spread=0.0)
    weights = np.array(AT.region_weights)[STATIONS.region]
    for region in range(4):
        share = weights[STATIONS.region == region].sum() / weights.sum()
        assert within((STATIONS.region[visits.station] == region).sum(), 11_000 * share)
    horizon = Horizon(start=MIDNIGHT, slot_min=36)
    weight = slot_weights(AT, horizon)
    for slots in np.array_split(np.arange(40), 8):
        assert within(np.isin(visits.slot, slots).sum(), 11_000 * weight[slots].sum() / weight.sum())
    assert visits.energy_kwh.mean() == pytest.approx(35.0, rel=0.01)
    assert within(visits.willing.sum(), 3300)
    assert (visits.energy_kwh <= 0.9 * visits.capacity_kwh + 1e-9).all()
    assert (np.diff(visits.slot) >= 0).all()


@examples(1 / 3)
@given(seed=st.integers(0, 2**32), start_h=st.integers(0, 23), slots=st.integers(1, 100), slot_min=st.sampled_from([36, 60, 77, 1440, 3000]))  # fmt: skip
def test_what_is_forecast_is_what_comes_whatever_the_horizon(
    seed: int, start_h: int, slots: int, slot_min: int
) -> None:
    start = MIDNIGHT.replace(hour=start_h)
    slots = min(slots, 6000 // slot_min)
    visits = draw(seed, start=start, slots=slots, slot_min=slot_min)
    hours = slots * slot_min / 60
    mean_weight = np.mean(AT.time_weights)
    horizon = Horizon(start=start, slot_min=slot_min, slots=slots)
    expected = 11_000 * (slot_weights(AT, horizon) * horizon.slot_h).sum() / (24 * mean_weight)
    assert within(len(visits), expected, 6.0)
    assert visits.expected_kwh.sum() == pytest.approx(expected * 35.0)
    assert visits.expected_kwh.shape == (slots, 76)
    assert visits.slot.size == 0 or 0 <= visits.slot.min() <= visits.slot.max() < slots
    if hours % 24 == 0:
        assert expected == pytest.approx(11_000 * hours / 24)


def test_an_hour_of_no_weight_has_no_users() -> None:
    quiet = StationsSettings(time_weights=(0.0,) * 6 + (1.0,) * 18)
    visits = draw(at=quiet)
    assert (visits.slot >= 10).all()
    assert within(len(visits), 11_000)
    night = draw(at=quiet, slots=10)
    assert len(night) == 0
    assert not night.expected_kwh.any()


def test_the_evening_alone_is_as_crowded_as_in_the_whole_day() -> None:
    evening = draw(start=MIDNIGHT.replace(hour=17), slots=5, slot_min=60)
    share = 5 * 1.5 / np.sum(AT.time_weights)
    assert within(len(evening), 11_000 * share)


def test_nobody_comes_where_nobody_is_to() -> None:
    visits = draw(charging_a_day=0)
    assert len(visits) == 0
    assert not visits.expected_kwh.any()
    assert Sessions.of(visits).short_kwh.shape == (0,)


def test_the_same_seed_draws_the_same() -> None:
    one, other, third = draw(1), draw(1), draw(2)
    assert one.energy_kwh.tobytes() == other.energy_kwh.tobytes()
    assert one.energy_kwh.tobytes() != third.energy_kwh.tobytes()


def read(folder: Path, rows: list[tuple[object, ...]], at: StationsSettings = AT) -> Visits:
    path = written(folder / "users.csv", HEADER, rows)
    return Visits.build(UsersSettings(path=path), at, STATIONS, Horizon(start=MIDNIGHT, slot_min=36), np.random.default_rng(1))  # fmt: skip


def test_a_file_says_who_comes(tmp_path: Path) -> None:
    visits = read(
        tmp_path, [("u", "S1-02", 0.7, 20, "", ""), ("v", "S1-01", 0.6, 30, 60, 1), ("w", "S1-01", 0, 5, 50, 0)]
    )
    assert visits.vehicle.tolist() == ["w", "v", "u"]
    assert visits.slot.tolist() == [0, 1, 2], "from the beginning of the next slot on"
    assert visits.capacity_kwh.tolist() == [50.0, 60.0, 70.0]
    assert visits.willing.tolist() == [False, True, False]
    assert visits.expected_kwh.sum(axis=0)[:3] == pytest.approx([35.0, 20.0, 0.0])


def test_who_takes_part_is_said_in_numbers_or_in_words(tmp_path: Path) -> None:
    """A table of visits that a run wrote has words."""
    texts = ["1", "True", "yes", "1.0", "0", "False", "no", ""]
    visits = read(tmp_path, [(f"u{k}", "S1-01", 0, 20, 60, text) for k, text in enumerate(texts)])
    assert visits.willing.tolist() == [True] * 4 + [False] * 4


def test_the_order_of_its_rows_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [(f"u{i}", f"S1-0{i % 5 + 1}", hour, 10 + i, 60 + i, i % 2) for i, hour in enumerate(rng.uniform(0, 23, 30).tolist())]  # fmt: skip
    one, other = read(tmp_path, rows), read(tmp_path, [rows[i] for i in rng.permutation(30)])
    for name in ("vehicle", "plug_in_h", "station", "slot", "energy_kwh", "capacity_kwh", "willing", "expected_kwh"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_a_file_within_hours_of_no_weight_is_forecast_evenly(tmp_path: Path) -> None:
    path = written(tmp_path / "users.csv", HEADER, [("u", "S1-01", 0.0, 20, "", "")])
    quiet = StationsSettings(time_weights=(0.0,) * 6 + (1.0,) * 18)
    horizon = Horizon(start=MIDNIGHT, slot_min=36, slots=5)
    visits = Visits.build(UsersSettings(path=path), quiet, STATIONS, horizon, np.random.default_rng(1))
    assert visits.expected_kwh[:, 0] == pytest.approx([4.0] * 5)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (("u", "S9-01", 1, 20, "", ""), "the nearest known name"),
        (("u", "S1-01", -0.1, 20, "", ""), "0 to 23.4 h"),
        (("u", "S1-01", 23.5, 20, "", ""), "0 to 23.4 h"),
        (("u", "S1-01", "noon", 20, "", ""), "a number"),
        (("u", "S1-01", 1, 0, "", ""), "more than 0 kWh"),
        (("u", "S1-01", 1, 80, 70, ""), "at most what the battery holds"),
        (("u", "S1-01", 1, 20, "", 2), "0 or 1"),
    ],
)
def test_faults_of_the_file_are_told(tmp_path: Path, row: tuple[object, ...], fault: str) -> None:
    with pytest.raises(FaultyInputError) as told:
        read(tmp_path, [row])
    assert fault in str(told.value)


def test_more_charges_than_users_are_refused() -> None:
    with pytest.raises(ValidationError, match="charging_a_day = 20 with users = 10"):
        UsersSettings(users=10, charging_a_day=20)
