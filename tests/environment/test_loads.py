from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads import BdewLoad, BuiltinLoad, CsvLoad, LoadProfile
from environment.loads.builtin import ERCOT_2010_FROM_NOON
from environment.time_series import Fill, on_slots
from tests.support.horizons import horizons
from tests.support.laws import examples


@given(st.sampled_from([5, 15, 60, 120, 240]), st.integers(0, 2**32))
def test_resampling_conserves_energy(slot_min: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    edges = np.concatenate([[0.0], np.sort(rng.uniform(0, 24, 30)), [24.0]])
    load = rng.uniform(0, 100, 31)
    slots = on_slots(edges, load, Horizon(slot_min=slot_min))
    assert np.isclose(slots.sum() * slot_min / 60, (load * np.diff(edges)).sum())


@pytest.mark.parametrize("start", ["2010-07-12T12:00", "2010-07-12T00:00", "2010-07-12T04:30"])
def test_builtin_load_keeps_its_clock_and_peak(start: str) -> None:
    horizon = Horizon(start=start, slot_min=30)
    load = BuiltinLoad(peak_kw=900).forecast(horizon)
    assert load.max() == pytest.approx(900)
    hour = horizon.slot_starts[int(load.argmax())].hour
    assert hour == 16
    assert load.min() / load.max() == pytest.approx(0.566, abs=2e-3)


@pytest.mark.parametrize("name", ["H25", "G25", "L25", "P25", "S25"])
@pytest.mark.parametrize("slot_min", [15, 60])
def test_bdew_profiles_scale_to_the_peak(name: str, slot_min: int) -> None:
    horizon = Horizon(start="2026-01-14T12:00", slot_min=slot_min)
    load = BdewLoad(source="bdew", profile_name=name, peak_kw=250).forecast(horizon)
    assert load.shape == (horizon.n_slots,)
    assert load.max() == pytest.approx(250)
    assert load.min() >= 0


def test_builtin_load_follows_the_wall_clock_through_a_clock_change() -> None:
    horizon = Horizon(start="2026-03-28T12:00", timezone="Europe/Berlin")  # 3 h follows 1 h that night
    wall = [ERCOT_2010_FROM_NOON[(hour - 12) % 24] for hour in horizon.slot_starts.hour]
    np.testing.assert_allclose(BuiltinLoad(peak_kw=1.0).forecast(horizon), wall)


@given(horizons())
@examples(0.3)
def test_a_standard_profile_follows_the_wall_clock_of_any_zone(horizon: Horizon) -> None:
    by_clock = BdewLoad(source="bdew").forecast(Horizon(start=horizon.start, slot_min=15, slots=300))
    quarter = np.rint(4 * horizon.wall_h(horizon.edges_h[:-1])).astype(int)
    found = BdewLoad(source="bdew").forecast(horizon)
    np.testing.assert_allclose(found / found[0], by_clock[quarter] / by_clock[0], rtol=1e-9)


@pytest.mark.parametrize("start", ["2026-01-14T12:00", "2026-01-14T04:30", "2026-01-14T00:00"])
def test_bdew_load_keeps_its_clock(start: str) -> None:
    horizon = Horizon(start=start, slot_min=30, slots=96)
    load = BdewLoad(source="bdew").forecast(horizon)[:48]
    assert horizon.slot_starts[int(load.argmax())].hour == 18  # households in winter
    assert horizon.slot_starts[int(load.argmin())].hour in (2, 3, 4)


def test_no_load_cannot_be_scaled(tmp_path: Path) -> None:
    path = tmp_path / "load.csv"
    path.write_text("hour,load_kw\n0,0\n12,0\n")
    with pytest.raises(FaultyInputError, match="load of at most 0 kW"):
        CsvLoad(source="csv", path=path, peak_kw=5).forecast(Horizon())


def test_bdew_agrees_on_coarse_and_fine_slots() -> None:
    fine = BdewLoad(source="bdew").forecast(Horizon(slot_min=15))
    coarse = BdewLoad(source="bdew").forecast(Horizon(slot_min=60))
    ratio = coarse / fine.reshape(24, 4).mean(axis=1)
    np.testing.assert_allclose(ratio, ratio[0])


def test_fluctuation_is_relative_and_zero_by_default() -> None:
    flat = LoadProfile(np.full(20_000, 100.0), np.full(20_000, 100.0))
    assert flat.with_fluctuation(0, np.random.default_rng(1)) is flat
    strayed = flat.with_fluctuation(0.05, np.random.default_rng(1))
    assert strayed.actual_kw.std() == pytest.approx(5.0, rel=0.03)
    assert strayed.forecast_kw is flat.forecast_kw


def write(folder: Path, text: str) -> CsvLoad:
    path = folder / "load.csv"
    path.write_text(text)
    return CsvLoad(source="csv", path=path)


def test_hours_slots_and_times_say_the_same(tmp_path: Path) -> None:
    horizon = Horizon(start="2026-01-01T00:00", slot_min=360)
    hours = write(tmp_path, "hour,load_kw\n0,10\n6,20\n12,30\n18,40\n").forecast(horizon)
    slots = write(tmp_path, "slot,load_kw\n0,10\n1,20\n2,30\n3,40\n").forecast(horizon)
    rows = "".join(f"2026-01-01T{h:02d}:00,{kw}\n" for h, kw in [(0, 10), (6, 20), (12, 30), (18, 40)])
    times = write(tmp_path, "time,load_kw\n" + rows).forecast(horizon)
    assert hours.tolist() == slots.tolist() == times.tolist() == [10, 20, 30, 40]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("hour,load_kw\n", "at least one row"),
        ("hour,load_kw\n0,5\n", "two rows"),
        ("hour,kw\n0,5\n1,5\n", "column load_kw is missing"),
        ("load_kw\n5\n5\n", "one of hour or slot or time"),
        ("hour,load_kw\n0,5\n1,x\n", "line 3: load_kw is 'x'"),
        ("hour,load_kw\n1,5\n0,5\n", "after that of the row above"),
        ("hour,load_kw\n0,5\n1,5\n", "0 h to 24 h or more"),
        ("time,load_kw\n2026-01-01T00:00,5\nlater,5\n", "ISO 8601"),
    ],
)
def test_faults_of_a_load_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FaultyInputError, match=message):
        write(tmp_path, text).forecast(Horizon())


HOLED = "".join(f"2026-01-01T{hour:02d}:00,{10 * hour}\n" for hour in range(24) if hour not in range(17, 22))
DAY = Horizon(start="2026-01-01T00:00")


def test_missing_steps_are_a_fault_that_counts_them(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError) as caught:
        write(tmp_path, "time,load_kw\n" + HOLED).forecast(DAY)
    (fault,) = caught.value.faults
    assert fault.row == 18
    assert fault.found == "5 steps missing after 2026-01-01T16:00"
    assert "a row every 1 h" in fault.expected


@pytest.mark.parametrize(
    ("fill", "load", "said"),
    [("hold", [160.0] * 5, "held over"), ("interpolate", [170.0, 180.0, 190.0, 200.0, 210.0], "interpolated")],
)
def test_missing_steps_are_filled_where_asked_and_told(
    tmp_path: Path, fill: Fill, load: list[float], said: str
) -> None:
    source = write(tmp_path, "time,load_kw\n" + HOLED).model_copy(update={"fill": fill})
    profile = source.profile(DAY)
    np.testing.assert_allclose(profile.forecast_kw[17:22], load)
    np.testing.assert_allclose(np.delete(profile.forecast_kw, range(17, 22)), 10.0 * np.r_[:17, 22:24])
    assert len(profile.told) == 1
    assert "5 steps missing after 2026-01-01T16:00" in profile.told[0]
    assert said in profile.told[0]
    actual = BuiltinLoad(actual_path=source.path, fill=fill).profile(DAY)
    assert actual.actual_kw.tolist() == profile.forecast_kw.tolist()
    assert actual.told == profile.told


@given(
    slot_min=st.sampled_from([15, 60, 120]),
    step_h=st.sampled_from([0.25, 0.5, 1.0]),
    missing=st.integers(0, 4),
    after=st.integers(2, 10),
    column=st.sampled_from(["hour", "slot"]),
)
def test_a_straight_line_stays_one_where_its_missing_steps_are_interpolated(
    slot_min: int, step_h: float, missing: int, after: int, column: str
) -> None:
    starts = np.arange(0, 24, step_h)
    kept = np.delete(starts, range(after + 1, after + 1 + missing))
    rows = "".join(f"{start / (slot_min / 60 if column == 'slot' else 1)},{start}\n" for start in kept)
    horizon = Horizon(slot_min=slot_min)
    with TemporaryDirectory() as folder:
        source = write(Path(folder), f"{column},load_kw\n{rows}")
        filled = source.model_copy(update={"fill": "interpolate"}).profile(horizon)
        whole = on_slots(np.append(starts, 24.0), starts, horizon)
        np.testing.assert_allclose(filled.forecast_kw, whole)
        assert len(filled.told) == (missing > 0)
        if missing:
            with pytest.raises(FaultyInputError, match=f"{missing} steps? missing after"):
                source.forecast(horizon)


def test_what_is_missing_outside_the_horizon_is_not_missed(tmp_path: Path) -> None:
    hours = [-9, *range(24), 40, 41]
    load = write(tmp_path, "hour,load_kw\n" + "".join(f"{hour},5\n" for hour in hours)).profile(DAY)
    assert load.told == ()


@pytest.mark.parametrize("date", ["2026-03-29", "2026-10-25", "2026-06-01"])
def test_a_day_with_a_clock_change_has_no_hole(tmp_path: Path, date: str) -> None:
    horizon = Horizon(start=f"{date}T00:00", timezone="Europe/Berlin")
    times = horizon.slot_starts
    for shown in (times, times.tz_convert("UTC")):
        rows = "".join(f"{moment.isoformat()},{hour}\n" for hour, moment in enumerate(shown))
        assert write(tmp_path, "time,load_kw\n" + rows).forecast(horizon).tolist() == list(range(24))
    if date != "2026-10-25":  # where an hour comes twice, times without a zone are faults
        rows = "".join(f"{moment.tz_localize(None).isoformat()},{hour}\n" for hour, moment in enumerate(times))
        assert write(tmp_path, "time,load_kw\n" + rows).forecast(horizon).tolist() == list(range(24))


@given(sigma=st.sampled_from([0.05, 0.5, 5.0]), seed=st.integers(0, 2**32))
def test_a_fluctuation_turns_no_load_into_infeed_and_no_infeed_into_load(sigma: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    forecast = rng.choice([-40.0, 0.0, 80.0], 50)
    actual = LoadProfile(forecast, forecast).with_fluctuation(sigma, rng).actual_kw
    assert (actual * np.sign(forecast) >= 0).all()
    assert (actual[forecast == 0] == 0).all()
    assert (actual != forecast).any()
