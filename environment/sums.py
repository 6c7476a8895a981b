"""Sums in compiled code, rounded as NumPy rounds them: a rule that moves into a kernel moves no last bit of its sums."""

import numpy as np
from numpy.typing import NDArray

from environment.compiled import compiled

LANES = 8
"""Partial sums that are added side by side."""
BLOCK = 128
"""Values from which on a sum is that of two halves."""


@compiled
def sum_of(values: NDArray[np.float64]) -> float:
    """Return the sum of some values, bit for bit that of `numpy.ndarray.sum`, shape ``(n,)``.

    NumPy adds every eighth value up, then these eight sums by pairs, and of more than 128 values the sums of both halves.
    """
    n = values.size
    if n < LANES:
        total: float = 0.0
        for i in range(n):
            total += values[i]
        return total
    if n <= BLOCK:
        lane = values[:LANES].copy()
        whole = n - n % LANES
        for i in range(LANES, whole):
            lane[i % LANES] += values[i]
        total = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]))
        for i in range(whole, n):
            total += values[i]
        return total
    half = n // 2
    half -= half % LANES
    return sum_of(values[:half]) + sum_of(values[half:])
