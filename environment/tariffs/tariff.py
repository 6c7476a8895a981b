"""What a kilowatt-hour costs in each slot, drawn from the grid or given back to it.

Source: paper B, section 2.1: a time-of-use price, and a compensation for discharging "obtained based on" it. Its Table 2 is lost.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.horizon import Horizon
from environment.settings import Settings
from environment.time_series import on_slots


@dataclass(frozen=True, eq=False)
class Tariff:
    """Prices of each slot [yuan/kWh].

    Parameters
    ----------
    charge_yuan_per_kwh, discharge_yuan_per_kwh
        Paid for charging, and received for discharging, shape ``(n_slots,)``.
    told
        What the source filled or doubts, in sentences for the run's warnings.
    """

    charge_yuan_per_kwh: NDArray[np.float64]
    discharge_yuan_per_kwh: NDArray[np.float64]
    told: tuple[str, ...] = ()


class TariffSettings(Settings):
    """What every source of prices has in common."""

    discharge_ratio: float = Field(default=1.0, ge=0, le=10)
    """Compensation for discharging as a part of the price of charging in the same slot [default]."""

    @abstractmethod
    def prices(self, horizon: Horizon, told: list[str] | None = None) -> NDArray[np.float64]:
        """Return the price of charging in each slot [yuan/kWh], shape ``(n_slots,)``; `told` receives what was filled."""

    def tariff(self, horizon: Horizon) -> Tariff:
        """Return both prices.

        Raises
        ------
        FaultyInputError
            With every fault of the files read.
        """
        told = list[str]()
        price = self.prices(horizon, told)
        return Tariff(price, self.discharge_ratio * price, tuple(told))


def by_hour(horizon: Horizon, yuan_per_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return prices by hour of the day, shape ``(24,)``, on the slots: the mean over each slot."""
    hour, edges_h = horizon.clock_hours()
    return on_slots(edges_h, yuan_per_kwh[hour], horizon)
