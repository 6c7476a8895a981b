"""A base load from the user's own file."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.horizon import Horizon
from environment.loads.profile import LoadSettings, scaled_to_peak
from environment.time_series import read_steps


class CsvLoad(LoadSettings):
    """A load file with the columns `hour,load_kw` (hours that pass from the start on), `slot,load_kw` or `time,load_kw`; a load below zero is fed in."""

    source: Literal["csv"]
    """A CSV file."""

    path: Path
    """The file; relative to the scenario that names it, in `--set` to the working folder."""

    peak_kw: float | None = Field(default=None, gt=0, le=1e9)
    """Scale so that the largest forecast slot has this load [kW]; none: as it is."""

    def forecast(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:
        """Return the file's load on the horizon's slots; see `LoadSettings.forecast`."""
        return scaled_to_peak(read_steps(self.path, horizon, fill=self.fill, told=told), self.peak_kw)

    def idle_keys(self) -> dict[str, str]:
        """Return no key: every one counts with a file; see `LoadSettings.idle_keys`."""
        return {}
