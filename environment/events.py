"""What strikes unforeseen: the grid above sags, or supplies less than is drawn (paper C, section 3.2: weather and accidents).

The paper gives neither how often nor how deep; all numbers are ours [default].
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.horizon import HOURS_PER_DAY, Horizon
from environment.settings import Settings


class EventsSettings(Settings):
    """Unforeseen events at the feeder's source."""

    voltage_a_day: float = Field(default=0.5, ge=0, le=100)
    """Voltage sags a day, on average, as far as there are slots: one in each at most."""

    voltage_sag_pu: float = Field(default=0.05, ge=0, lt=0.5)
    """By how much the source's voltage falls."""

    supply_a_day: float = Field(default=0.5, ge=0, le=100)
    """Shortages of supply a day, likewise."""

    supply_part: float = Field(default=0.8, ge=0, le=1)
    """What is left in a shortage, as a part of what would be drawn."""


@dataclass(frozen=True, eq=False)
class Events:
    """What strikes in each slot, for the whole slot.

    Parameters
    ----------
    sag_pu
        By how much the source's voltage falls, shape ``(n_slots,)``; 0 without an event.
    supply_part
        What is left of the supply, shape ``(n_slots,)``; 1 without an event.
    """

    sag_pu: NDArray[np.float64]
    supply_part: NDArray[np.float64]

    @classmethod
    def draw(cls, settings: EventsSettings, horizon: Horizon, rng: np.random.Generator) -> Self:
        """Draw each slot's events, independently of each other."""
        sags, shortages = rng.random((2, horizon.n_slots))
        part = horizon.slot_h / HOURS_PER_DAY
        return cls(
            np.where(sags < settings.voltage_a_day * part, settings.voltage_sag_pu, 0.0),
            np.where(shortages < settings.supply_a_day * part, settings.supply_part, 1.0),
        )
