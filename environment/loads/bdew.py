"""German standard load profiles of 2025 (BDEW), as published with the demandlib package."""

import warnings
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from environment.horizon import Horizon
from environment.loads.profile import LoadSettings, scaled_to_peak
from environment.loads.steps import on_slots


class BdewLoad(LoadSettings):
    """A BDEW standard load profile for the horizon's dates, scaled."""

    source: Literal["bdew"]
    """A BDEW standard load profile (2025 edition)."""

    profile_name: Literal["H25", "G25", "L25", "P25", "S25"] = "H25"
    """H25 households, G25 trade, L25 farms, P25 households with PV, S25 households with PV and battery."""

    peak_kw: float = Field(default=1400.0, gt=0)
    """Largest forecast base load of a transformer [kW]."""

    def forecast(self, horizon: Horizon) -> NDArray[np.float64]:
        """Return the profile on the horizon's dates, scaled to `peak_kw`; see `LoadSettings.forecast`."""
        # demandlib reads the calendar of a fixed quarter-hour grid: take whole days around the horizon's wall clock.
        day = pd.Timestamp(horizon.start).normalize()
        days = int(np.ceil(horizon.hours / 24)) + 1
        quarters = pd.date_range(day, periods=96 * days, freq="15min")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # demandlib 0.2.2 on pandas 3.1
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            from demandlib import bdew  # noqa: PLC0415  (slow to import, seldom needed)

            load = getattr(bdew, self.profile_name)(quarters)
        edges_h = np.arange(quarters.size + 1) / 4 - horizon.start_clock_h
        return scaled_to_peak(on_slots(edges_h, load.to_numpy(dtype=np.float64), horizon), self.peak_kw)
