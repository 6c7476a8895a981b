"""Who is at the grid when: stays that repeat, numbers from a file, and EVs that leave early."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.fleets import Fleet, NhtsFleet
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.presence import Departures, Participation, ParticipationSettings, asked_soc, first_soc
from tests.support.worlds import make_fleet

DAY = Horizon(start="2010-07-12T00:00")
THREE_DAYS = Horizon(start="2010-07-12T00:00", slot_min=15, slots=288)


def draw(fleet: Fleet, horizon: Horizon = DAY, seed: int = 1, **settings: object) -> Participation:
    chosen = ParticipationSettings(**settings)  # type: ignore[arg-type]
    return Participation.draw(chosen, fleet, horizon, np.random.default_rng(seed))


def hours_there(participation: Participation, vehicle: int = 0) -> list[int]:
    return np.flatnonzero(participation.announced[:, vehicle]).tolist()


@pytest.mark.parametrize("shift", [-48.0, 0.0, 48.0])
def test_daily_stays_are_the_same_hours_of_every_day_whenever_the_fleet_had_them(shift: float) -> None:
    fleet = make_fleet([(20 + shift, 30 + shift, 5, 7)])
    assert hours_there(draw(fleet)) == [*range(6), *range(20, 24)]
    announced = draw(fleet, THREE_DAYS).announced.reshape(3, 96)
    assert (announced == announced[0]).all()


@pytest.mark.parametrize("day", ["2024-10-26", "2024-03-30", "2024-06-01"])
def test_daily_stays_keep_their_hours_on_the_wall_over_a_clock_change(day: str) -> None:
    horizon = Horizon(start=f"{day}T00:00", slots=72, timezone="Europe/Berlin")
    stay = horizon.elapsed_h(np.array([20.0, 30.0]))
    there = draw(make_fleet([(*stay, 5, 7)]), horizon).announced[:, 0]
    hour = horizon.slot_starts.hour.to_numpy()
    assert there.tolist() == ((hour >= 20) | (hour < 6)).tolist()


def test_who_leaves_is_there_before_and_away_after() -> None:
    found = draw(make_fleet([(2, 5, 5, 7), (20, 24, 5, 7), (20, 30, 5, 7), (0, 24, 5, 7)]))
    leaving = np.array([found.leaving(slot) for slot in range(24)])
    assert [np.flatnonzero(column).tolist() for column in leaving.T] == [[4], [], [5], []], "nobody leaves at the end"


def test_what_an_ev_asks_for_is_above_what_it_begins_with_or_the_same_for_all() -> None:
    fleet = make_fleet([(0, 9, 5, 7), (0, 9, 15, 7)], capacity_kwh=np.full(2, 20.0))
    soc = np.array([0.5, 0.5])
    assert asked_soc(ParticipationSettings(), fleet, soc).tolist() == [0.75, 1.0]
    assert asked_soc(ParticipationSettings(soc_need=0.6), fleet, soc).tolist() == [0.6, 0.6]


def test_the_books_of_departures_tell_what_each_lacks() -> None:
    stays = [(2.0, 5.0, 5.0, 7.0), (4.0, 24.0, 5.0, 7.0), (8.2, 8.9, 5.0, 7.0), (20.0, 27.0, 5.0, 7.0)]
    fleet = make_fleet(stays, capacity_kwh=np.full(4, 10.0))
    asked, soc = np.array([0.9, 0.6, 0.7, 0.5]), np.full(4, 0.2)
    books = Departures.of(draw(fleet), asked, 0.8, fleet.capacity_kwh, soc)
    for slot in range(24):
        books.enter(slot, soc + 0.01 * slot, soc + 0.01 * (slot + 1))
    assert books.first.tolist() == [2, 4, -1, 0]
    assert books.stop.tolist() == [5, 24, -1, 3]
    assert books.stays.tolist() == [1, 1, 0, 2]
    np.testing.assert_allclose(books.soc_plug_in, [0.22, 0.24, np.nan, 0.2])
    np.testing.assert_allclose(books.soc_plug_out, [0.25, 0.44, np.nan, 0.23])
    assert books.unserved_kwh == pytest.approx([6.5, 1.6, 5.0, 2.7 + 0.6])
    assert books.unserved_at_end_kwh == pytest.approx([0.0, 1.6, 0.0, 0.6])
    assert books.missed_kwh == pytest.approx([5.5, 0.0, 0.0, 2.7]), "what is above the ceiling is not held"


def test_a_stay_of_a_whole_day_has_no_gap() -> None:
    assert draw(make_fleet([(0.3, 24.3, 5, 7)])).announced.all()


def test_once_is_once_and_always_is_always() -> None:
    fleet = make_fleet([(20, 30, 5, 7)])
    assert hours_there(draw(fleet, stays="once")) == [20, 21, 22, 23]
    assert draw(fleet, THREE_DAYS, stays="once").announced.sum() == 40
    assert draw(fleet, stays="always").announced.all()


def test_only_slots_wholly_in_a_stay_count() -> None:
    assert hours_there(draw(make_fleet([(8.5, 11.5, 5, 7)]))) == [9, 10]
    assert hours_there(draw(make_fleet([(8.2, 8.9, 5, 7)]))) == []


def test_numbers_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("hour,vehicles\n0,3\n8,1\n16,2.5\n")
    found = draw(make_fleet([(0, 1, 5, 7)] * 3), available_path=path)
    assert found.available.tolist() == [3.0] * 8 + [1.0] * 8 + [2.0] * 8
    assert found.announced[10].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hour,vehicles\n0,3\n12,9\n", r"n\.csv: vehicles is up to 9 EVs; expected at most the fleet's 3"),
        ("hour,vehicles\n0,-1\n12,1\n", "at least 0 EVs"),
        ("hour,cars\n0,1\n12,1\n", "column vehicles is missing"),
        ("hour,vehicles\n0,1\n1,1\n4,1\n23,1\n24,1\n", "expected a row every 1 h, as elsewhere$"),
    ],
)
def test_a_bad_file_of_numbers_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "n.csv"
    path.write_text(text)
    with pytest.raises(FaultyInputError, match=message):
        draw(make_fleet([(0, 1, 5, 7)] * 3), available_path=path)


@given(seed=st.integers(0, 999), part=st.sampled_from([0.0, 0.3, 1.0]), slot_min=st.sampled_from([5, 15, 60]))
def test_nobody_is_there_longer_than_announced_and_who_has_left_is_gone(seed: int, part: float, slot_min: int) -> None:
    horizon = Horizon(start="2010-07-12T00:00", slot_min=slot_min)
    fleet = NhtsFleet(vehicles=20).build(horizon, np.random.default_rng(seed))
    found = draw(fleet, horizon, seed, leave_early=part)
    rows = np.arange(20)
    hours = np.array([found.hours_of(t, rows, horizon.slot_h) for t in range(horizon.n_slots)])
    if part == 0:
        assert (hours == horizon.slot_h).all(), "no part is kept where all stay"
        return
    assert (hours <= horizon.slot_h * found.announced).all(), "also where a slot is no power of two of an hour"
    for i in rows:
        for t in range(1, horizon.n_slots):
            if found.announced[t, i] and found.announced[t - 1, i] and hours[t - 1, i] < horizon.slot_h:
                assert hours[t, i] == 0.0
    if part == 1:
        ends = found.announced & ~np.vstack([found.announced[1:], np.zeros((1, 20), bool)])
        assert (hours[ends] < horizon.slot_h).all(), "every stay is cut short"


def test_leaving_early_does_not_change_what_is_announced() -> None:
    fleet = NhtsFleet(vehicles=50).build(DAY, np.random.default_rng(1))
    assert draw(fleet, leave_early=0.5).available.tolist() == draw(fleet).available.tolist()


def test_states_of_charge_are_drawn_between_floor_and_ceiling_or_the_fleets() -> None:
    n = 200
    soc = np.linspace(0.0, 1.0, n)
    fleet = make_fleet([(0, 9, 5, 7)] * n, capacity_kwh=np.full(n, 35.0), soc_plug_in=soc)
    rng = np.random.default_rng(1)
    drawn = first_soc(ParticipationSettings(), fleet, 0.2, 0.8, rng)
    assert drawn.min() >= 0.2
    assert drawn.max() <= 0.8
    assert np.ptp(drawn) > 0.55
    assert first_soc(ParticipationSettings(soc_start="fleet"), fleet, 0.2, 0.8, rng).tolist() == soc.tolist()


def test_a_fleet_without_batteries_cannot_give_back() -> None:
    capacity = np.array([35.0, np.nan])
    fleet = make_fleet([(0, 9, 5, 7)] * 2, capacity_kwh=capacity)
    rng = np.random.default_rng(1)
    with pytest.raises(FaultyInputError, match="capacity_kwh is unknown for 1 of 2 EVs, 'v1' the first"):
        first_soc(ParticipationSettings(), fleet, 0.2, 0.8, rng)
    with pytest.raises(FaultyInputError, match="capacity_kwh and soc_plug_in is unknown for 2 of 2"):
        first_soc(ParticipationSettings(soc_start="fleet"), fleet, 0.2, 0.8, rng)
