"""Photovoltaic systems: the sun's course by hand, energy by pvlib's own minutes, and what files of power and irradiance say."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from environment.horizon import Horizon
from environment.input_faults import FaultyInputError
from environment.loads import PvLoad
from environment.loads.named import LoadsSettings
from environment.loads.pv import clear_sky_w_m2
from tests.support.laws import examples

BERLIN = {"latitude": 52.5, "longitude": 13.4, "tilt_deg": 0.0, "performance": 1.0}


def fed_in(horizon: Horizon, **keys: Any) -> NDArray[np.float64]:
    """What one kilowatt feeds in [kW]."""
    return -PvLoad(source="pv", **{"peak_kw": 1.0, **BERLIN, **keys}).forecast(horizon)


def day(date: str, slot_min: int = 60, timezone: str | None = None) -> Horizon:
    return Horizon(start=f"{date}T00:00", slot_min=slot_min, timezone=timezone)


@pytest.mark.parametrize(
    ("date", "timezone", "noon"),
    [
        # Solar noon: 12 h less the equation of time (-1.8 min on 21 June, +16.4 min on 3 November: the almanac's table).
        ("2026-06-21", None, 12 + 1.8 / 60),
        ("2026-11-03", None, 12 - 16.4 / 60),
        # By the clock it is later by what the place lies west of the zone's meridian, 30 degrees east in summer.
        ("2026-06-21", "Europe/Berlin", 12 + 1.8 / 60 + (30 - 13.4) / 15),
        ("2026-06-21", "+00:00", 12 + 1.8 / 60 - 13.4 / 15),
    ],
)
def test_the_sun_is_highest_at_solar_noon(date: str, timezone: str | None, noon: float) -> None:
    power = fed_in(day(date, 1, timezone))
    middle = (np.flatnonzero(power == power.max()).mean() + 0.5) / 60
    assert middle == pytest.approx(noon, abs=1.5 / 60)


def test_a_clear_day_in_june_gives_what_pvlib_says() -> None:
    """On flat modules at 52.5 N, by the minute, pvlib 0.16.1: 846.5 W/m2 at noon, where the sun stands 61 degrees high, 7.814 kWh/m2."""
    minutes = fed_in(day("2026-06-21", 1))
    assert minutes.max() == pytest.approx(0.8465, rel=2e-3)
    assert minutes.sum() / 60 == pytest.approx(7.814, rel=2e-3)
    above_air_kw = 1.321 * np.cos(np.radians(52.5 - 23.44))
    assert 0.6 * above_air_kw < minutes.max() < 0.8 * above_air_kw
    sunrise_h = np.flatnonzero(minutes > 0)[0] / 60
    half_day_h = np.degrees(np.arccos(-np.tan(np.radians(52.5)) * np.tan(np.radians(23.44)))) / 15
    assert sunrise_h == pytest.approx(12 + 1.8 / 60 - half_day_h, abs=0.15)  # refraction lifts it by some minutes


@pytest.mark.parametrize("slot_min", [15, 60, 240, 1440])
@pytest.mark.parametrize("date", ["2026-06-21", "2026-12-21"])
def test_slots_of_any_length_have_the_energy_of_minutes(slot_min: int, date: str) -> None:
    minutes = fed_in(day(date, 1), tilt_deg=35.0)
    slots = fed_in(day(date, slot_min), tilt_deg=35.0)
    np.testing.assert_allclose(slots, minutes.reshape(-1, slot_min).mean(axis=1), rtol=0.02, atol=1e-3)
    assert slots.sum() * slot_min == pytest.approx(minutes.sum(), rel=1e-3)


@given(
    latitude=st.floats(-90, 90),
    longitude=st.floats(-180, 180),
    tilt=st.floats(0, 90),
    azimuth=st.floats(0, 360),
    date=st.dates(),
    peak_kw=st.floats(0.01, 1e6),
)
@examples(0.3)
def test_no_system_draws_power_or_gives_more_than_its_rating(
    latitude: float, longitude: float, tilt: float, azimuth: float, date: Any, peak_kw: float
) -> None:
    keys = {"latitude": latitude, "longitude": longitude, "tilt_deg": tilt, "azimuth_deg": azimuth, "peak_kw": peak_kw}
    power = fed_in(day(str(date.replace(year=2000 + date.year % 100, day=1))), **keys)
    assert ((power >= 0) & (power <= peak_kw)).all()


def test_modules_that_look_east_have_their_peak_before_those_that_look_south_and_west() -> None:
    peaks = [
        int(fed_in(day("2026-06-21", 15), tilt_deg=60.0, azimuth_deg=azimuth).argmax()) for azimuth in (90, 180, 270)
    ]
    assert peaks == sorted(set(peaks))
    north, south = (fed_in(day("2026-03-20"), tilt_deg=60.0, azimuth_deg=azimuth).sum() for azimuth in (0, 180))
    assert north < 0.5 * south


def test_no_sun_at_night_and_none_in_the_polar_winter() -> None:
    winter = fed_in(day("2026-12-21"))
    assert (winter[[*range(8), *range(17, 24)]] == 0).all()
    assert winter[12] > 0
    assert not fed_in(day("2026-12-21"), latitude=80.0).any()
    assert fed_in(day("2026-06-21"), latitude=80.0).min() > 0
    load = PvLoad(source="pv", peak_kw=1.0, latitude=80.0, longitude=0.0).forecast(day("2026-12-21"))
    assert not np.signbit(load).any()


def test_power_is_that_of_the_irradiance_less_losses() -> None:
    horizon = day("2026-06-21")
    load = PvLoad(source="pv", peak_kw=40.0, latitude=52.5, longitude=13.4, performance=0.8)
    np.testing.assert_allclose(-load.forecast(horizon), 40 * 0.8 * fed_in(horizon, tilt_deg=30.0))
    (told,) = load.profile(horizon).told
    assert told == "horizon.timezone is not set: the sun stands by mean solar time at longitude 13.4"
    assert load.profile(day("2026-06-21", timezone="Europe/Berlin")).told == ()


def write(folder: Path, text: str, **keys: Any) -> PvLoad:
    path = folder / "sun.csv"
    path.write_text(text)
    return PvLoad(source="pv", peak_kw=10.0, path=path, **keys)


HALF = Horizon(start="2026-06-21T00:00", slot_min=720)


def test_files_of_power_and_irradiance_are_read(tmp_path: Path) -> None:
    power = write(tmp_path, "hour,pv_kw\n0,0\n12,7.5\n").profile(HALF)
    assert power.forecast_kw.tolist() == [0.0, -7.5]
    assert power.told == ()
    assert (
        "performance does not count: sun.csv gives pv_kw"
        in write(tmp_path, "hour,pv_kw\n0,0\n12,7.5\n", performance=0.9).profile(HALF).told
    )
    irradiance = write(tmp_path, "slot,irradiance_w_m2\n0,500\n1,1300\n", performance=0.9)
    np.testing.assert_allclose(irradiance.forecast(HALF), [-4.5, -10.0])  # never more than the rating
    assert set(irradiance.idle_keys()) == {"latitude", "longitude", "altitude_m", "tilt_deg", "azimuth_deg"}
    assert set(PvLoad(source="pv", peak_kw=1, **BERLIN).idle_keys()) == {"fill"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hour,pv_kw\n0,-1\n12,7.5\n", "line 2: pv_kw is '-1'; expected at least 0 kW"),
        ("hour,irradiance_w_m2\n0,-1\n12,7.5\n", "irradiance_w_m2 is '-1'; expected at least 0 W/m2"),
        ("hour,pv_kw,irradiance_w_m2\n0,1,1\n12,1,1\n", "expected one of pv_kw or irradiance_w_m2"),
        ("hour,load_kw\n0,1\n12,1\n", "expected one of pv_kw or irradiance_w_m2"),
        ("hour,pv_kw,kw\n0,1,1\n12,1,1\n", "column kw is unknown"),
        ("hour,pv_kw\n0,1\n12,20\n", "load.peak_kw is 10 beside up to 20 kW in sun.csv; expected a rated power of at least that"),
        ("hour,pv_kw\n0,1\n6,1\n", "a span of 0 h to 24 h"),
    ],
)  # fmt: skip
def test_faults_of_a_file_of_the_sun(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FaultyInputError, match=message):
        write(tmp_path, text).forecast(HALF)


def test_a_clear_sky_has_a_place_and_systems_have_a_rating() -> None:
    with pytest.raises(ValidationError, match="longitude = missing"):
        PvLoad(source="pv", peak_kw=1.0, latitude=3.0)
    with pytest.raises(ValidationError, match="peak_kw"):
        PvLoad.model_validate({"source": "pv", **BERLIN})


def test_without_pvlib_a_clear_sky_is_a_fault_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    clear_sky_w_m2.cache_clear()
    monkeypatch.setitem(sys.modules, "pvlib", None)
    loads = LoadsSettings.model_validate({"roofs": {"source": "pv", "peak_kw": 1.0, **BERLIN}})
    with pytest.raises(FaultyInputError) as caught:
        loads.profiles(HALF)
    (fault,) = caught.value.faults
    assert str(fault) == (
        "scenario: loads.roofs.source is 'pv' for a clear sky, and pvlib not installed; "
        "expected the extra 'pv' installed: python -m pip install '.[pv]', or a path"
    )
