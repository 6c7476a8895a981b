"""A published triplet of prices for Beijing.

Source: Table 2 of a study in Mathematical Problems in Engineering 2015, article 765362 [standard]: 1.0853 yuan/kWh at 10-15 and
18-21 h, 0.2833 at 23-7 h, 0.6725 otherwise.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from environment.horizon import Horizon
from environment.tariffs.tariff import TariffSettings, by_hour


class BeijingTariff(TariffSettings):
    """Beijing's triplet."""

    source: Literal["beijing"]
    """A published triplet of prices."""

    def prices(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:  # noqa: ARG002
        """Return the price of each slot; see `TariffSettings.prices`."""
        hour = np.arange(24)
        price = np.full(24, 0.6725)
        price[((hour >= 10) & (hour < 15)) | ((hour >= 18) & (hour < 21))] = 1.0853
        price[(hour >= 23) | (hour < 7)] = 0.2833
        return by_hour(horizon, price)
