"""Prices from the user's own file."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from environment.horizon import Horizon
from environment.steps import read_steps
from environment.tariffs.tariff import TariffSettings


class CsvTariff(TariffSettings):
    """A file with the columns `hour,yuan_per_kwh` (hours that pass from the start on), `slot,yuan_per_kwh` or `time,yuan_per_kwh`."""

    source: Literal["csv"]
    """A CSV file; prices may be negative."""

    path: Path
    """The file; relative to the scenario that names it."""

    def prices(self, horizon: Horizon) -> NDArray[np.float64]:
        """Return the file's prices on the horizon's slots; see `TariffSettings.prices`."""
        return read_steps(self.path, horizon, "yuan_per_kwh", -np.inf, "yuan/kWh")
