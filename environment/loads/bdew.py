"""German standard load profiles of 2025 (BDEW), as published with the demandlib package."""

import warnings
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.horizon import Horizon
from environment.loads.profile import LoadSettings, scaled_to_peak
from environment.time_series import on_slots


class BdewLoad(LoadSettings):
    """A BDEW standard load profile for the horizon's dates, scaled."""

    source: Literal["bdew"]
    """A BDEW standard load profile (2025 edition)."""

    profile_name: Literal["H25", "G25", "L25", "P25", "S25"] = "H25"
    """H25 households, G25 trade, L25 farms, P25 households with PV, S25 households with PV and battery."""

    peak_kw: float = Field(default=1400.0, gt=0, le=1e9)
    """Largest forecast base load of a transformer [kW]."""

    def forecast(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:  # noqa: ARG002
        """Return the profile on the horizon's dates, scaled to `peak_kw`; see `LoadSettings.forecast`."""
        return scaled_to_peak(_shape(self.profile_name, horizon), self.peak_kw)


@lru_cache(maxsize=16)  # a sweep asks for the same days thousands of times
def _shape(profile_name: str, horizon: Horizon) -> NDArray[np.float64]:
    quarters = horizon.clock("15min")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # demandlib 0.2.2 on pandas 3.1
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        from demandlib import bdew  # noqa: PLC0415  (slow to import, seldom needed)

        profile = getattr(bdew, profile_name)(quarters)
    load = on_slots(horizon.edges_of(quarters), profile.to_numpy(dtype=np.float64), horizon)
    load.setflags(write=False)
    return load
