from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from environment.horizon import Horizon, offset_of
from tests.support.horizons import horizons


def parse(horizon: Horizon, *texts: str) -> tuple[list[float], list[str]]:
    times, faults = horizon.parse_times(
        texts, file="f.csv", rows=range(2, 2 + len(texts)), fields=["time"] * len(texts)
    )
    hours = horizon.hours_from_start(times) if not faults else np.array([])
    return hours.tolist(), [str(fault) for fault in faults]


@pytest.mark.parametrize("slot_min", [1, 5, 10, 15, 20, 30, 60, 90, 120, 1440])
def test_a_day_is_divided_into_equal_slots(slot_min: int) -> None:
    horizon = Horizon(slot_min=slot_min)
    assert horizon.n_slots == 1440 // slot_min
    assert horizon.hours == 24
    assert horizon.edges_h[-1] == 24
    assert horizon.slot_starts.size == horizon.n_slots


@pytest.mark.parametrize(
    "start", ["2026-01-01", "2026-01-01T12:00", "2026-01-01T23:59:59.999999", "2024-02-29T05:17:03.5"]
)
def test_clock_hours_are_those_of_the_clock(start: str) -> None:
    horizon = Horizon(start=start, slots=48)
    clock = horizon.clock("1h")
    hour_of_day, edges_h = horizon.clock_hours()
    assert hour_of_day.tolist() == clock.hour.tolist()
    assert edges_h.tolist() == horizon.edges_of(clock).tolist()


@pytest.mark.parametrize("slot_min", [7, 25, 50, 1000, 0, -60])
def test_a_slot_that_does_not_divide_a_day_is_refused(slot_min: int) -> None:
    with pytest.raises(ValidationError):
        Horizon(slot_min=slot_min)


def test_times_without_zone_count_from_the_start() -> None:
    hours, faults = parse(Horizon(start="2026-01-01T12:00"), "2026-01-01T13:30", "2026-01-02 12:00:00")
    assert (hours, faults) == ([1.5, 24.0], [])


def test_times_with_one_zone_are_its_wall_clock() -> None:
    hours, faults = parse(Horizon(start="2026-01-01T12:00"), "2026-01-01T13:30+05:00", "2026-01-01T14:00+05:00")
    assert (hours, faults) == ([1.5, 2.0], [])


def test_times_in_several_zones_meet_on_the_horizons_clock() -> None:
    horizon = Horizon(start="2026-01-01T12:00", timezone="Europe/Berlin")
    hours, faults = parse(horizon, "2026-01-01T11:30Z", "2026-01-01T12:00+00:00", "2026-01-01T09:00-05:00")
    assert (hours, faults) == ([0.5, 1.0, 3.0], [])


def test_a_clock_change_is_elapsed_time() -> None:
    horizon = Horizon(start="2026-03-28T12:00", timezone="Europe/Berlin")  # the clock jumps from 2 to 3 h that night
    hours, _ = parse(horizon, "2026-03-29T12:00")
    assert hours == [23.0]


def test_faults_of_times_name_line_and_reason() -> None:
    assert "'soon'" in parse(Horizon(), "2026-01-01T12:00", "soon")[1][0]
    mixed = parse(Horizon(), "2026-01-01T12:00Z", "2026-01-01T12:00Z", "2026-01-01T12:00")[1]
    assert len(mixed) == 1
    assert "line 4" in mixed[0]
    offsets = parse(Horizon(), "2026-01-01T12:00+01:00", "2026-01-01T12:00+01:00", "2026-07-01T12:00+02:00")[1]
    assert len(offsets) == 1
    assert "horizon.timezone" in offsets[0]
    twice = parse(Horizon(timezone="Europe/Berlin"), "2026-10-25T02:30")[1]
    assert "exists once" in twice[0]


def test_any_slot_divides_a_horizon_of_so_many_slots() -> None:
    assert Horizon(slot_min=50, slots=24).hours == 20


@pytest.mark.parametrize("zone", ["+01", "+0100", "+01:00"])
def test_zones_come_in_three_spellings(zone: str) -> None:
    horizon = Horizon(start="2026-01-01T12:00", timezone="Europe/Berlin")
    assert parse(horizon, f"2026-01-01T18:00{zone}")[0] == [6.0]
    assert parse(Horizon(start="2026-01-01T12:00"), f"2026-01-01T18:00:00.5{zone}")[0] == [
        pytest.approx(6 + 0.5 / 3600)
    ]


def test_a_date_alone_is_midnight_and_has_no_zone() -> None:
    assert parse(Horizon(start="2026-01-01T12:00"), "2026-01-02")[0] == [12.0]


@pytest.mark.parametrize("start", ["2026-03-29T02:30", "2026-10-25T02:30"])
def test_a_start_that_the_clock_skips_or_repeats_is_refused(start: str) -> None:
    with pytest.raises(ValidationError, match="exists once"):
        Horizon(start=start, timezone="Europe/Berlin")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="IANA"):
        Horizon(timezone="Mars/Olympus")


@given(horizons())
def test_the_wall_clock_and_elapsed_hours_are_each_others_inverse(horizon: Horizon) -> None:
    elapsed = horizon.edges_h[:-1]
    wall = horizon.wall_h(elapsed)
    reading = horizon.slot_starts.tz_localize(None)
    assert wall.tolist() == [(each - horizon.begin) / timedelta(hours=1) for each in reading]
    once = ~reading.duplicated(keep=False)
    assert horizon.elapsed_h(wall)[once].tolist() == elapsed[once].tolist()
    twice = reading.duplicated(keep="last")  # the first of two alike
    assert horizon.elapsed_h(wall)[twice].tolist() == elapsed[twice].tolist()


@given(horizons(), st.lists(st.floats(-72, 72), min_size=2))
def test_a_later_reading_of_the_clock_is_no_earlier_moment(horizon: Horizon, wall: list[float]) -> None:
    elapsed = horizon.elapsed_h(np.sort(wall))
    assert (np.diff(elapsed) >= -1e-9).all()
    assert elapsed.shape == (len(wall),)


@given(st.lists(st.floats(-1e6, 1e6)))
def test_without_a_zone_the_clock_is_elapsed_time(hours: list[float]) -> None:
    horizon = Horizon()
    assert horizon.elapsed_h(np.array(hours)).tolist() == horizon.wall_h(np.array(hours)).tolist() == hours


@given(horizons())
def test_every_moment_has_the_hour_of_the_zones_clock(horizon: Horizon) -> None:
    hour, edges_h = horizon.clock_hours()
    middles = horizon.edges_h[:-1] + 1 / 60
    of = np.searchsorted(edges_h, middles, side="right") - 1
    expected = horizon.slot_starts + pd.Timedelta(minutes=1)
    assert hour[of].tolist() == expected.hour.tolist()


def test_a_midnight_that_the_clock_skips_or_repeats_stops_nothing() -> None:
    for start in ("2019-03-10T12:00", "2019-11-03T12:00"):
        horizon = Horizon(start=start, timezone="America/Havana")
        assert horizon.clock("1h")[0].date() == horizon.begin.date()
        assert len(horizon.clock_hours()[0]) == len(horizon.clock("1h"))


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2024-05-06T00:00Z", "+00:00"), ("2024-05-06T00:00:00-0000", "+00:00"), ("2024-05-06 00:00:00.5 +0530", "+05:30"),
        ("2024-05-06T00:00-08", "-08:00"), ("2024-05-06T00:00", ""), ("2024-05-06", ""),
    ],
)  # fmt: skip
def test_an_offset_has_one_spelling(text: str, offset: str) -> None:
    assert offset_of(text) == offset


def test_one_zone_in_two_spellings_is_one() -> None:
    assert parse(Horizon(start="2026-01-01T12:00"), "2026-01-01T13:00Z", "2026-01-01T14:00+0000") == ([1.0, 2.0], [])


def test_an_offset_is_a_zone() -> None:
    horizon = Horizon(start="2026-01-01T12:00", timezone="+02:00")
    assert parse(horizon, "2026-01-01T12:00Z")[0] == [2.0]
    assert parse(horizon, "2026-01-01T12:00+02:00", "2026-01-01T13:00+0200")[0] == [0.0, 1.0]
    assert "'Europe/Berlin'" in parse(horizon, "2026-01-01T12:00Z", "2026-01-01T12:00+02:00")[1][0]
    assert horizon.begin_text == "2026-01-01T12:00:00+02:00"
    assert Horizon(start="2026-07-01T12:00", timezone="Europe/Berlin").begin_text == "2026-07-01T12:00:00+02:00"
    assert Horizon(start="2026-07-01T12:00").begin_text == "2026-07-01T12:00:00"
    for offset in ("+2", "+25:00", "02:00"):
        with pytest.raises(ValidationError, match="offset such as"):
            Horizon(timezone=offset)


def test_a_horizon_that_waits_for_its_fleet_has_no_begin_yet() -> None:
    with pytest.raises(ValueError, match="not settled"):
        _ = Horizon(start="fleet").begin
    with pytest.raises(ValidationError, match="or 'fleet'"):
        Horizon(start="fleets")


@pytest.mark.parametrize(
    "keys",
    [
        {"start": "0001-01-01"},
        {"start": "9999-12-31T23:00"},
        {"slot_min": 525_600, "slots": 400},
        {"slots": 0, "start": "2250-06-01"},
    ],
)
def test_a_horizon_beyond_the_calendar_is_a_fault(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected a horizon between the years 1700 and 2250"):
        Horizon(**keys)
