"""The rule of thumb: how large a part of the fleet may share a round before the valley is no longer filled."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

UNNOTICED: Final = 0.001
"""A batch costs nothing worth noticing while the gap is at most so much above that of one EV at a time."""

FILLED: Final = 0.01
"""The valley counts as filled while at most so much of what the optimum gains is lost."""

POWER_KW: Final = 4.0
"""Rated power of the study's EVs."""


def rule(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each series the largest part of the fleet that may share a round.

    Parameters
    ----------
    table
        As `cases.means` gives it.

    Returns
    -------
    DataFrame
        ``series vehicles unnoticed_share filled_share ripple_per_batch_kw``: the shares at which the mean gap passes the gap of one
        by one by `UNNOTICED`, and passes `FILLED` (interpolated between batch sizes, linear in the logarithm; NaN if one EV
        at a time is already above); and the ripple beyond that of one by one, per rated power of a batch, at the batch nearest
        to a tenth of the fleet.
    """
    rows = []
    for (series, vehicles), each in table.groupby(["series", "vehicles"], sort=False):
        share, gap = each.share.to_numpy(), each.optimality_gap.to_numpy()
        ripple = each.valley_ripple_kw.to_numpy()
        near = int(np.abs(np.log(share / 0.1)).argmin())
        crowd = (ripple[near] - ripple[0]) / (each.batch_size.to_numpy()[near] * POWER_KW)
        rows.append((series, vehicles, _passes(share, gap, gap[0] + UNNOTICED), _passes(share, gap, FILLED), crowd))
    return pd.DataFrame(rows, columns=["series", "vehicles", "unnoticed_share", "filled_share", "ripple_per_batch_kw"])


def _passes(share: NDArray[np.float64], gap: NDArray[np.float64], level: float) -> float:
    """Return the share at which the gap first passes a level; 1 if it never does, NaN if it is above from the beginning."""
    above = np.flatnonzero(gap > level)
    if not above.size:
        return 1.0
    k = int(above[0])
    if k == 0:
        return float("nan")
    part = (level - gap[k - 1]) / (gap[k] - gap[k - 1])
    return float(np.exp((1 - part) * np.log(share[k - 1]) + part * np.log(share[k])))
