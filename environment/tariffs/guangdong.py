"""The time-of-use rule of Guangdong province, China, from October 2021: ratios to a flat price.

Source: the province's notice of September 2021 [standard]: peak 10-12 and 14-19 h, valley 0-8 h, 1.7 : 1 : 0.38; from July to
September a critical peak at 11-12 and 15-17 h, 25 % above the peak. The flat price is ours [default].
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.horizon import Horizon
from environment.tariffs.tariff import TariffSettings, by_hour


class GuangdongTariff(TariffSettings):
    """Guangdong's rule."""

    source: Literal["guangdong"] = "guangdong"
    """Ratios of Guangdong's time-of-use rule."""

    flat_yuan_per_kwh: float = Field(default=0.65, ge=0, le=100)
    """Price of the flat hours [yuan/kWh]."""

    peak_ratio: float = Field(default=1.7, ge=0, le=100)
    """Price of 10-12 and 14-19 h, as a part of the flat one; 1.65 before October 2021."""

    valley_ratio: float = Field(default=0.38, ge=0, le=100)
    """Price of 0-8 h, as a part of the flat one; 0.5 before October 2021."""

    critical_peak: bool = False
    """Whether 11-12 and 15-17 h cost another 25 % (July to September)."""

    def prices(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:  # noqa: ARG002
        """Return the price of each slot; see `TariffSettings.prices`."""
        hour = np.arange(24)
        ratio = np.ones(24)
        ratio[((hour >= 10) & (hour < 12)) | ((hour >= 14) & (hour < 19))] = self.peak_ratio
        ratio[hour < 8] = self.valley_ratio
        if self.critical_peak:
            ratio[(hour == 11) | (hour == 15) | (hour == 16)] *= 1.25
        return by_hour(horizon, self.flat_yuan_per_kwh * ratio)
