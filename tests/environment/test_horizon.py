import numpy as np
import pytest
from pydantic import ValidationError

from environment.horizon import Horizon


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
