import gzip
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.fleets import AcnFleet, CsvFleet, Fleet
from environment.fleets.dated import Stays, folded
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads import CsvLoad
from tests.support.horizons import horizons
from tests.support.worlds import make_fleet

RNG = np.random.default_rng(0)
HOUR = pd.Timedelta(hours=1)
ACN = "arrival,departure,delivered_energy (kWh),requested_energy (kWh),session_id\n"
CSV = "vehicle,plug_in,plug_out,energy_kwh,power_kw\n"
LOS_ANGELES = Horizon(start="2019-11-03T00:00", slots=48, timezone="America/Los_Angeles")
"""Its first night has 25 hours to the next."""


def csv(folder: Path, rows: Sequence[tuple[object, object]], **settings: Any) -> CsvFleet:
    path = folder / "fleet.csv"
    path.write_text(CSV + "".join(f"v{i},{begin},{end},1,4\n" for i, (begin, end) in enumerate(rows)))
    return CsvFleet.model_validate({"source": "csv", "path": path, **settings})


def acn(folder: Path, rows: Sequence[tuple[object, object]], **settings: Any) -> AcnFleet:
    path = folder / "sessions.csv"
    path.write_text(ACN + "".join(f"{begin},{end},1,2,s{i}\n" for i, (begin, end) in enumerate(rows)))
    return AcnFleet.model_validate({"source": "acn", "path": path, **settings})


def acn_json(folder: Path, content: object, suffix: str = ".json", **settings: Any) -> AcnFleet:
    path, text = folder / f"sessions{suffix}", json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
    return AcnFleet.model_validate({"source": "acn", "path": path, **settings})


def item(name: str, begin: pd.Timestamp, end: pd.Timestamp, **others: Any) -> dict[str, Any]:
    gmt = (f"{each.tz_convert('UTC'):%a, %d %b %Y %H:%M:%S} GMT" for each in (begin, end))
    return {
        "sessionID": name,
        **dict(zip(("connectionTime", "disconnectTime"), gmt, strict=True)),
        "kWhDelivered": 5,
    } | others


@given(horizons(), st.lists(st.tuples(st.integers(0, 287), st.integers(1, 300)), min_size=1, max_size=8))
def test_hours_between_stays_are_hours_between_moments(horizon: Horizon, quarters: list[tuple[int, int]]) -> None:
    at = horizon.slot_starts
    moments = [(at[begin], at[begin] + length * HOUR / 4) for begin, length in quarters]
    elapsed = np.array([[(moment - at[0]) / HOUR for moment in stay] for stay in moments])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        items = [item(f"s{i}", *stay) for i, stay in enumerate(moments)]
        for source in (csv(folder, moments), acn(folder, moments), acn_json(folder, items)):
            if horizon.timezone is not None:
                fleet = source.build(horizon, RNG)
                np.testing.assert_allclose(np.column_stack([fleet.plug_in_h, fleet.plug_out_h]), elapsed, atol=1e-9)


MAY = Horizon(start="2024-05-06T12:00", slots=7 * 24)
CARS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), min_size=1, max_size=20, unique=True)
SHARES = st.floats(0.01, 1.0)


def of_cars(folder: Path, stays: Sequence[tuple[int, int]], **settings: Any) -> CsvFleet:
    """A file of stays from midnight on, each of a car on a day; the car's number is the feeder's node, too."""
    path = folder / "cars.csv"
    rows = (
        f"car{car},2024-05-{7 + day:02d}T00:00,2024-05-{7 + day:02d}T0{1 + car % 5}:00,1,4,T{car}\n"
        for car, day in stays
    )
    path.write_text("vehicle,plug_in,plug_out,energy_kwh,power_kw,node\n" + "".join(rows))
    return CsvFleet.model_validate({"source": "csv", "path": path, **settings})


def columns_of(fleet: Fleet) -> list[tuple[object, ...]]:
    assert fleet.node is not None
    columns = (fleet.vehicle, fleet.stay, fleet.node, fleet.plug_in_h, fleet.plug_out_h)
    return list(zip(*(column.tolist() for column in columns), strict=True))


@given(CARS, SHARES, SHARES, st.integers(0, 2**32))
def test_shares_are_of_whole_evs_and_nested(stays: list[tuple[int, int]], one: float, other: float, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        whole, *parts = (
            of_cars(Path(name), stays, share=share).build(MAY, np.random.default_rng(seed))
            for share in (1.0, min(one, other), max(one, other))
        )
    rows = columns_of(whole)
    for part, share in zip(parts, sorted((one, other)), strict=True):
        assert part.n_vehicles == max(round(share * whole.n_vehicles), 1)
        kept = set(part.vehicle.tolist())
        assert columns_of(part) == [row for row in rows if row[0] in kept], "all stays of an EV, in their order"
        assert part.node_names.tolist() == whole.node_names.tolist(), "no node goes because its EVs do"
        assert (len(part.told) > len(whole.told)) == (share * whole.n_vehicles <= 0.5)
    assert set(parts[0].vehicle.tolist()) <= set(parts[1].vehicle.tolist())


@given(CARS, SHARES, st.integers(0, 2**32), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_horizon_choose_no_evs(
    stays: list[tuple[int, int]], share: float, seed: int, random: Random
) -> None:
    chosen = []
    for order, horizon in (
        (stays, MAY),
        (random.sample(stays, len(stays)), MAY),
        (stays, Horizon(start="2024-05-01")),
    ):
        with tempfile.TemporaryDirectory() as name:
            fleet = of_cars(Path(name), order, share=share).build(horizon, np.random.default_rng(seed))
        chosen.append(set(fleet.vehicle.tolist()))
    if len({(min(day for car, day in stays if car == each), each % 5) for each, _ in stays}) == len(dict(stays)):
        assert chosen[0] == chosen[1], "EVs that differ in more than their names"
    assert chosen[0] == chosen[2]


def test_a_whole_fleet_draws_nothing(tmp_path: Path) -> None:
    rng, untouched = np.random.default_rng(5), np.random.default_rng(5)
    of_cars(tmp_path, [(1, 0), (2, 0), (3, 1)]).build(MAY, rng)
    acn(tmp_path, [("2024-05-07T08:00", "2024-05-07T09:00")]).build(MAY, rng)
    assert rng.bit_generator.state == untouched.bit_generator.state


@pytest.mark.parametrize("fold", ["none", "weekday", "day"])
def test_a_share_of_sessions_is_one_of_those_that_count(tmp_path: Path, fold: str) -> None:
    """Two of five sessions lie far before the horizon, and are folded onto it or left out."""
    days = ["2023-05-08", "2023-05-09", "2024-05-07", "2024-05-08", "2024-05-09"]
    rows = [(f"{day}T08:00", f"{day}T0{9 if k < 4 else 8}:30") for k, day in enumerate(days)]
    whole = acn(tmp_path, rows, fold=fold).build(MAY, RNG)
    part = acn(tmp_path, rows, fold=fold, share=0.6).build(MAY, np.random.default_rng(1))
    assert (len(whole), len(part)) == ((3, 2) if fold == "none" else (5, 3))
    assert set(part.vehicle.tolist()) < set(whole.vehicle.tolist())
    where = {name: row for row, name in enumerate(whole.vehicle.tolist())}
    rows_of = [where[name] for name in part.vehicle.tolist()]
    assert part.plug_in_h.tolist() == whole.plug_in_h[rows_of].tolist()


@given(CARS, SHARES, st.integers(0, 2**32))
def test_stays_of_a_folded_share_are_of_whole_evs(stays: list[tuple[int, int]], share: float, seed: int) -> None:
    day = Horizon(start="2024-05-06T12:00")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cars = set(of_cars(folder, stays, share=share).build(MAY, np.random.default_rng(seed)).vehicle.tolist())
        fleet = of_cars(folder, stays, share=share, fold="day").build(day, np.random.default_rng(seed))
    names = [name.partition("/")[0] for name in fleet.vehicle.tolist()]
    assert sorted(names) == sorted(f"car{car}" for car, _ in stays if f"car{car}" in cars)


@given(horizons(), st.integers(0, 2**32))
def test_a_load_by_time_lies_where_its_moments_lie(horizon: Horizon, seed: int) -> None:
    kw = np.random.default_rng(seed).uniform(0, 9, horizon.n_slots)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "load.csv"
        rows = (f"{moment.isoformat()},{load}\n" for moment, load in zip(horizon.slot_starts, kw, strict=True))
        path.write_text("time,load_kw\n" + "".join(rows))
        np.testing.assert_allclose(CsvLoad(source="csv", path=path).forecast(horizon), kw, atol=1e-9)


@given(
    horizons(),
    st.sampled_from(["weekday", "day"]),
    st.lists(st.tuples(st.integers(-5000, 5000), st.integers(1, 300)), min_size=1, max_size=20),
)
def test_a_folded_stay_keeps_its_time_of_day_and_its_length(
    horizon: Horizon, fold: Any, quarters: list[tuple[int, int]]
) -> None:
    plug_in = horizon.slot_starts[0] + pd.to_timedelta([15 * begin for begin, _ in quarters], unit="min")
    plug_out = plug_in + pd.to_timedelta([15 * length for _, length in quarters], unit="min")
    hours = [horizon.hours_from_start(moments) for moments in (plug_in, plug_out)]
    fleet = make_fleet([(begin, end, 1.0, 4.0) for begin, end in zip(*hours, strict=True)])
    wall = plug_in.tz_localize(None)
    if fold == "weekday" and not _has_weekday(horizon, wall).any():
        with pytest.raises(FaultyInputError, match="weekdays of the stays"):
            folded(fleet, Stays(plug_in, plug_out), horizon, fold, "f.csv")
        return
    moved, rows = folded(fleet, Stays(plug_in, plug_out), horizon, fold, "f.csv")
    there = moved.take(rows)
    rows = np.array([int(name[1:]) for name in there.vehicle])
    np.testing.assert_allclose(there.plug_out_h - there.plug_in_h, [quarters[row][1] / 4 for row in rows])
    assert ((there.plug_in_h >= 0) & (there.plug_in_h <= horizon.hours + 1)).all()
    assert rows.tolist() == np.flatnonzero(_has_weekday(horizon, wall) | (fold == "day")).tolist()
    reading = (horizon.slot_starts[0] + pd.to_timedelta(there.plug_in_h, unit="h")).tz_localize(None)
    form = "%A %H:%M" if fold == "weekday" else "%H:%M"
    same = reading.strftime(form) == wall[rows].strftime(form)
    assert same[~reading.floor("D").isin(_days_of_changes(horizon))].all()


def _has_weekday(horizon: Horizon, wall: pd.DatetimeIndex) -> NDArray[np.bool_]:
    """Whether a reading of the clock has one within the horizon at the same time of the same weekday."""
    since_h = ((wall - horizon.begin) / HOUR).to_numpy(dtype=np.float64) % 168
    return since_h < horizon.wall_h(np.array([horizon.hours]))[0]


def _days_of_changes(horizon: Horizon) -> pd.DatetimeIndex:
    """Days whose clock skips times: what was to be then comes at the moment of the change."""
    quarters = horizon.slot_starts[0] + pd.to_timedelta(15 * np.arange(-100, 500), unit="min")
    wall = quarters.tz_localize(None)
    return wall[1:][np.diff(wall) != np.timedelta64(15, "m")].floor("D")


@pytest.mark.parametrize("make", [csv, acn])
@pytest.mark.parametrize("fold", ["none", "weekday", "day"])
def test_the_clock_change_in_california_moves_no_session(tmp_path: Path, make: Any, fold: str) -> None:
    rows = [
        ("2019-11-03 05:00:00-08:00", "2019-11-03 06:00:00-08:00"),
        ("2019-11-04 08:00:00-08:00", "2019-11-04 09:00:00-08:00"),
    ]
    fleet = make(tmp_path, rows, fold=fold).build(LOS_ANGELES, RNG)
    assert fleet.told == (), "all dates are the horizon's own"
    assert fleet.plug_in_h.tolist() == [6.0, 33.0]
    assert fleet.plug_out_h.tolist() == [7.0, 34.0]
    first, _ = fleet.usable_slots(LOS_ANGELES, whole=True)
    assert LOS_ANGELES.slot_starts[first].strftime("%H:%M").tolist() == ["05:00", "08:00"]


TERM = [(f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 17:00") for day in pd.date_range("2019-01-07", periods=122)]
WEEK = Horizon(start="2019-07-01", slots=7 * 24)
"""A Monday to a Sunday."""


def days_of(fleet: Fleet) -> list[int]:
    return np.bincount((fleet.plug_in_h // 24).astype(int)).tolist()


@pytest.mark.parametrize("make", [csv, acn])
def test_a_term_folds_onto_a_week_weekday_on_weekday_and_says_so(tmp_path: Path, make: Any) -> None:
    fleet = make(tmp_path, TERM, fold="weekday").build(WEEK, RNG)
    assert days_of(fleet) == [18, 18, 18, 17, 17, 17, 17]  # 122 days from a Monday on
    assert (fleet.plug_in_h % 24 == 9).all()
    assert fleet.told == (
        "122 days folded onto 7: stays of 2019-01-07 .. 2019-05-08 keep their weekday and time of day, not their date",
    )
    wednesdays = make(tmp_path, TERM, fold="weekday").build(Horizon(start="2019-07-03", slots=24), RNG)
    assert len(wednesdays) == 18
    assert "104 of 122 are left out, on weekdays that the horizon lacks" in wednesdays.told[0]
    ten = make(tmp_path, TERM, fold="weekday").build(Horizon(start="2019-07-01", slots=240), RNG)
    assert len(ten) == 122
    assert days_of(ten) == [9, 9, 9, 17, 17, 17, 17, 9, 9, 9]


@pytest.mark.parametrize("make", [csv, acn])
def test_days_that_are_folded_onto_a_day_count_modulo(tmp_path: Path, make: Any) -> None:
    assert days_of(make(tmp_path, TERM, fold="day").build(Horizon(start="2019-07-03", slots=48), RNG)) == [61, 61]


def test_weekdays_that_the_horizon_lacks_altogether_are_a_fault(tmp_path: Path) -> None:
    sunday = csv(tmp_path, [("2019-01-06T09:00", "2019-01-06T17:00")], fold="weekday")
    with pytest.raises(FaultyInputError, match="weekdays of the stays is Sunday"):
        sunday.build(Horizon(start="2019-07-01", slots=24), RNG)


def test_hours_cannot_be_folded(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,2,10,4\n")
    with pytest.raises(FaultyInputError, match=r"fleet\.fold is 'day' on hours without dates"):
        CsvFleet(source="csv", path=path, fold="day").build(Horizon(), RNG)


def test_sessions_of_other_dates_are_left_out_and_told(tmp_path: Path) -> None:
    fleet = acn(tmp_path, TERM).build(Horizon(start="2019-01-07", slots=48), RNG)
    assert fleet.plug_in_h.tolist() == [9.0, 33.0]
    assert "120 of 122 sessions" in fleet.told[0]
    assert "2019-01-07 09:00 .. 2019-05-08 17:00" in fleet.told[0]


def test_a_session_across_an_edge_of_the_horizon_is_kept_with_its_whole_need(tmp_path: Path) -> None:
    rows = [("2019-01-06T20:00", "2019-01-07T02:00"), ("2019-01-07T23:00", "2019-01-08T02:00")]
    fleet = acn(tmp_path, rows).build(Horizon(start="2019-01-07", slots=24), RNG)
    assert fleet.plug_in_h.tolist() == [-4.0, 23.0]
    assert fleet.energy_kwh.tolist() == [1.0, 1.0]
    assert fleet.told == ()


def test_sessions_that_all_lie_elsewhere_are_a_fault_of_both_spans(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError) as caught:
        acn(tmp_path, TERM).build(Horizon(start="2021-01-07", slots=24), RNG)
    for text in (
        "2019-01-07 09:00 .. 2019-05-08 17:00",
        "2021-01-07 00:00 .. 2021-01-08 00:00",
        'horizon.start = "fleet"',
    ):
        assert text in str(caught.value)


def test_the_first_session_is_of_the_days_that_are_kept(tmp_path: Path) -> None:
    assert acn(tmp_path, TERM).first_plug_in(Horizon(start="fleet")) == pd.Timestamp("2019-01-07T09:00")
    later = acn(tmp_path, TERM, first_day="2019-02-01")
    assert later.first_plug_in(Horizon(start="fleet")) == pd.Timestamp("2019-02-01T09:00")


def sessions(**others: Any) -> list[dict[str, Any]]:
    begin = pd.Timestamp("2019-11-03T05:00", tz="America/Los_Angeles")
    return [item(name, begin + k * 24 * HOUR, begin + (k * 24 + 1) * HOUR, **others) for k, name in enumerate("ab")]


@pytest.mark.parametrize("suffix", [".json", ".json.gz"])
@pytest.mark.parametrize("wrap", [lambda items: items, lambda items: {"_meta": {}, "_items": items}])
def test_an_export_is_read_with_or_without_its_frame(tmp_path: Path, wrap: Any, suffix: str) -> None:
    fleet = acn_json(tmp_path, wrap(sessions()), suffix).build(LOS_ANGELES, RNG)
    assert fleet.plug_in_h.tolist() == [6.0, 30.0]
    assert fleet.vehicle.tolist() == ["a", "b"]
    assert fleet.told == ()


def test_an_item_that_is_no_session_is_a_fault_with_its_number(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError) as caught:
        acn_json(tmp_path, [*sessions(), 3, None]).build(LOS_ANGELES, RNG)
    assert [(fault.field, fault.found) for fault in caught.value.faults] == [("item 3", "3"), ("item 4", "null")]
    with pytest.raises(FaultyInputError, match="a list of sessions"):
        acn_json(tmp_path, "sessions").build(LOS_ANGELES, RNG)


@pytest.mark.parametrize("inputs", [None, [], [None], [{}], [{"kWhRequested": None}]])
def test_a_session_that_asks_for_nothing_takes_what_was_delivered(tmp_path: Path, inputs: Any) -> None:
    asking, silent = sessions(userInputs=[{"kWhRequested": 1}, {"kWhRequested": 9.5}])
    source = acn_json(tmp_path, [asking, silent | {"userInputs": inputs}], energy="requested")
    fleet = source.build(LOS_ANGELES, RNG)
    assert fleet.energy_kwh.tolist() == [9.5, 5.0]
    assert fleet.told == ("1 of 2 sessions of sessions.json state no requested energy; what was delivered is taken",)
    assert source.model_copy(update={"energy": "delivered"}).build(LOS_ANGELES, RNG).told == ()


def test_an_empty_cell_of_the_csv_takes_what_was_delivered_too(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(ACN + "2019-11-03T05:00,2019-11-03T06:00,4,,a\n2019-11-03T05:00,2019-11-03T06:00,,,b\n")
    source = AcnFleet(source="acn", path=path, energy="requested")
    with pytest.raises(FaultyInputError, match=r"line 3: requested_energy \(kWh\) is empty"):
        source.build(LOS_ANGELES, RNG)
    path.write_text(ACN + "2019-11-03T05:00,2019-11-03T06:00,4,,a\n2019-11-03T05:00,2019-11-03T06:00,,7,b\n")
    assert source.build(LOS_ANGELES, RNG).energy_kwh.tolist() == [4.0, 7.0]


def test_the_first_session_is_found_beside_departures_that_drivers_expected(tmp_path: Path) -> None:
    stated = sessions(userInputs=[{"requestedDeparture": "Sun, 03 Nov 2019 16:00:00 GMT"}])
    horizon = Horizon(start="fleet", timezone="America/Los_Angeles")
    assert acn_json(tmp_path, stated).first_plug_in(horizon) == pd.Timestamp("2019-11-03T05:00")


def test_departures_that_drivers_expected_are_told(tmp_path: Path) -> None:
    expected = sessions(userInputs=[{"requestedDeparture": "Sun, 03 Nov 2019 16:00:00 GMT"}])  # 8 h in California
    (told,) = acn_json(tmp_path, [*expected[:1], sessions()[1]]).build(LOS_ANGELES, RNG).told
    assert "estimated_departure of 1 of 2 sessions of sessions.json is not used" in told
    assert "differs from it by a median of 2.0 h" in told
    path = tmp_path / "sessions.csv"
    path.write_text(
        "arrival,departure,delivered_energy (kWh),session_id,estimated_departure\n"
        "2019-11-03T05:00,2019-11-03T06:00,4,a,2019-11-03T07:30\n2019-11-03T05:00,2019-11-03T06:00,4,b,\n"
    )
    (told_of_csv,) = AcnFleet(source="acn", path=path).build(LOS_ANGELES, RNG).told
    assert "of 1 of 2 sessions" in told_of_csv
    assert "a median of 1.5 h" in told_of_csv
    path.write_text(path.read_text().replace("T07:30", "T06:00"))
    assert AcnFleet(source="acn", path=path).build(LOS_ANGELES, RNG).told == (), "who left as expected lost nothing"
