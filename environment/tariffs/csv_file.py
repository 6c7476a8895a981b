"""Prices from the user's own file."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from environment.horizon import Horizon
from environment.tariffs.tariff import TariffSettings
from environment.time_series import Fill, read_steps


class CsvTariff(TariffSettings):
    """A file with the columns `hour,yuan_per_kwh` (hours that pass from the start on), `slot,yuan_per_kwh` or `time,yuan_per_kwh`."""

    source: Literal["csv"]
    """A CSV file; prices may be negative."""

    path: Path
    """The file; relative to the scenario that names it, in `--set` to the working folder."""

    fill: Fill | None = None
    """What stands in for steps missing in the file: "hold": the row before them; "interpolate": a straight line to the row
    after them; none: they are a fault."""

    def prices(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:
        """Return the file's prices on the horizon's slots; see `TariffSettings.prices`."""
        return read_steps(self.path, horizon, "yuan_per_kwh", fill=self.fill, told=told)
