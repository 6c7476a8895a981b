"""What photovoltaic systems feed in: below a clear sky, worked out by pvlib (an extra), or from a file of irradiance or power.

A system gives its rated power at an irradiance of 1000 W/m2 on its plane (standard test conditions), less its losses.
"""

import warnings
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.csv_table import CsvTable
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError
from environment.loads.profile import LoadSettings
from environment.time_series import read_steps

TEST_W_M2: Final = 1000.0
"""Irradiance at which the rated power is stated."""

SAMPLE_MIN: Final = 5.0
"""The sun is looked at so often at least, in the middle of each step [min]; against 1 min a day's energy is within 0.1 %."""

MOST_SAMPLES: Final = 100_000
"""So many are worked out at a time: pvlib keeps some hundred numbers of each."""

DEGREES_PER_HOUR: Final = 15.0
"""The earth turns so far."""

POWER, IRRADIANCE = "pv_kw", "irradiance_w_m2"


class PvLoad(LoadSettings):
    """Photovoltaic systems: what they feed in is a load below zero. Below a clear sky, which needs the extra "pv", or from a file."""

    source: Literal["pv"]
    """Photovoltaic systems."""

    peak_kw: float = Field(gt=0, le=1e9)
    """Rated power [kW], at 1000 W/m2; they never feed in more."""

    path: Path | None = None
    """A file with `hour`, `slot` or `time`, as in a load file, and `irradiance_w_m2` (W/m2 on the plane of the modules) or `pv_kw` (kW
    fed in, above zero); none: a clear sky."""

    latitude: float | None = Field(default=None, ge=-90, le=90)
    """Degrees north, for a clear sky."""

    longitude: float | None = Field(default=None, ge=-180, le=180)
    """Degrees east, for a clear sky. Without a time zone (`horizon.timezone`) the clock shows this place's mean solar time."""

    altitude_m: float = Field(default=0.0, ge=-500, le=9000)
    """Height above the sea [m]; the sky is clearer above."""

    tilt_deg: float = Field(default=30.0, ge=0, le=90)
    """Slope of the modules: 0 lies flat, 90 stands upright [degrees]."""

    azimuth_deg: float = Field(default=180.0, ge=0, le=360)
    """Where they look: 90 is east, 180 south, 270 west [degrees]."""

    performance: float = Field(default=0.86, gt=0, le=1)
    """Part of the power that is left after all losses; 0.86 are the 14 % that PVWatts takes (version 5; Dobos, 2014)."""

    @model_validator(mode="after")
    def _place_or_path(self) -> Self:
        missing = [key for key in ("latitude", "longitude") if getattr(self, key) is None]
        if missing and self.path is None:
            raise ValueError("\n".join(f"{key} = missing; expected a value in degrees, or a path" for key in missing))
        return self

    def idle_keys(self) -> dict[str, str]:
        """Return what only a clear sky needs beside a file; see `LoadSettings.idle_keys`."""
        if self.path is None:
            return super().idle_keys()
        sky = ("latitude", "longitude", "altitude_m", "tilt_deg", "azimuth_deg")
        return dict.fromkeys(sky, "without a path, for a clear sky")

    def forecast(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:
        """Return what is fed in, as loads of at most zero; see `LoadSettings.forecast`."""
        if self.path is not None:
            power_kw = self._from_file(self.path, horizon, told)
        else:
            assert self.latitude is not None
            assert self.longitude is not None
            sky = Sky(self.latitude, self.longitude, self.altitude_m, self.tilt_deg, self.azimuth_deg)
            if horizon.timezone is None and told is not None:
                told.append(
                    f"horizon.timezone is not set: the sun stands by mean solar time at longitude {self.longitude:g}"
                )
            power_kw = self._power_kw(clear_sky_w_m2(sky, horizon))
        return 0.0 - power_kw

    def _power_kw(self, irradiance_w_m2: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(self.peak_kw * self.performance * irradiance_w_m2 / TEST_W_M2, self.peak_kw)

    def _from_file(self, path: Path, horizon: Horizon, told: list[str] | None) -> NDArray[np.float64]:
        header = CsvTable(path, [], ignore_others=True, most_rows=2).columns
        given = [name for name in (POWER, IRRADIANCE) if name in header]
        if len(given) != 1:
            raise FaultyInputError([
                Fault(path.name, 1, "header", ",".join(header), f"one of {POWER} or {IRRADIANCE}")
            ])  # fmt: skip
        if given == [IRRADIANCE]:
            return self._power_kw(read_steps(path, horizon, IRRADIANCE, 0.0, "W/m2", fill=self.fill, told=told))
        power_kw = read_steps(path, horizon, POWER, 0.0, fill=self.fill, told=told)
        if power_kw.max() > self.peak_kw:
            found = f"{self.peak_kw:g} beside up to {power_kw.max():g} kW in {path.name}"
            raise FaultyInputError([Fault("scenario", None, "load.peak_kw", found, "a rated power of at least that")])
        if told is not None and self.performance != type(self).model_fields["performance"].default:
            told.append(f"performance does not count: {path.name} gives {POWER}")
        return power_kw


class Sky(NamedTuple):
    """Modules below a clear sky.

    Parameters
    ----------
    latitude, longitude
        Degrees north and east.
    altitude_m
        Height above the sea [m].
    tilt_deg, azimuth_deg
        Slope, and where they look: 180 is south [degrees].
    """

    latitude: float
    longitude: float
    altitude_m: float
    tilt_deg: float
    azimuth_deg: float


@lru_cache(maxsize=64)  # a sweep asks for the same days thousands of times
def clear_sky_w_m2(sky: Sky, horizon: Horizon) -> NDArray[np.float64]:
    """Return the irradiance on modules below a clear sky, mean of each slot [W/m2], shape ``(n_slots,)``.

    Parameters
    ----------
    sky
        The modules.
    horizon
        The slots; without a time zone its clock shows the place's mean solar time.

    Raises
    ------
    FaultyInputError
        If pvlib is not installed.
    """
    require_pvlib()
    per_slot = int(np.ceil(horizon.slot_min / SAMPLE_MIN))
    at_h = np.asarray((np.arange(horizon.n_slots * per_slot) + 0.5) * horizon.slot_h / per_slot, dtype=np.float64)
    parts = [_sampled(at_h[first : first + MOST_SAMPLES], sky, horizon) for first in range(0, at_h.size, MOST_SAMPLES)]
    irradiance: NDArray[np.float64] = np.concatenate(parts).reshape(horizon.n_slots, per_slot).mean(axis=1)
    irradiance.setflags(write=False)
    return irradiance


def _sampled(at_h: NDArray[np.float64], sky: Sky, horizon: Horizon) -> NDArray[np.float64]:
    """Return the irradiance at moments in hours from the horizon's start [W/m2], same shape."""
    import pandas as pd
    from pvlib.irradiance import get_extra_radiation, get_total_irradiance
    from pvlib.location import Location

    start = pd.Timestamp(horizon.begin, tz=horizon.timezone or "UTC")
    ahead_h = 0.0 if horizon.timezone else sky.longitude / DEGREES_PER_HOUR
    times = pd.DatetimeIndex(start.tz_convert("UTC") + pd.to_timedelta(at_h - ahead_h, unit="h"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pvlib 0.16.1 on pandas 3.1
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        place = Location(sky.latitude, sky.longitude, altitude=sky.altitude_m)
        sun = place.get_solarposition(times)
        clear = place.get_clearsky(times, model="ineichen", solar_position=sun)
        on_plane = get_total_irradiance(
            sky.tilt_deg,
            sky.azimuth_deg,
            sun["apparent_zenith"],
            sun["azimuth"],
            clear["dni"],
            clear["ghi"],
            clear["dhi"],
            dni_extra=get_extra_radiation(times),
            model="haydavies",
        )
    irradiance: NDArray[np.float64] = np.maximum(on_plane["poa_global"].to_numpy(dtype=np.float64), 0.0)
    return irradiance


def require_pvlib() -> None:
    """Raise a fault if pvlib is not installed."""
    try:
        import pvlib  # noqa: F401
    except ImportError:
        expected = "the extra 'pv' installed: python -m pip install '.[pv]', or a path"
        raise FaultyInputError([
            Fault("scenario", None, "load.source", "'pv' for a clear sky, and pvlib not installed", expected)
        ]) from None  # fmt: skip
