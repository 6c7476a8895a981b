"""Clock times of tables: beginnings of slots, and hours from a horizon's start as moments."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.horizon import HOURS_PER_DAY, Horizon

FARTHEST_H: Final = 200 * 365 * HOURS_PER_DAY
"""Hours from the horizon's start beyond which no clock time is told."""


def slot_starts(horizon: Horizon, slot: NDArray[np.int64]) -> pd.Series:
    """Return the clock time at which each of the slots of a table's column begins, shape ``(n,)``."""
    return pd.Series(horizon.slot_starts.take(slot))


def clock_times(horizon: Horizon, hours: NDArray[np.float64]) -> pd.Series:
    """Return moments on the horizon's clock, to the second; missing where no hours are known, or where they are too far away.

    Parameters
    ----------
    horizon
        Slots whose clock it is.
    hours
        Hours from the horizon's start, shape ``(n,)``.
    """
    known = np.abs(hours) < FARTHEST_H  # of NaN it is False
    seconds = np.rint(np.where(known, hours, 0.0) * 3600).astype(np.int64)
    begin = pd.Timestamp(horizon.begin, tz=horizon.timezone)
    moments = pd.Series(pd.DatetimeIndex(begin + pd.to_timedelta(seconds, unit="s")))
    return moments.where(known).astype(horizon.slot_starts.dtype)
