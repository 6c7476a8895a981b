"""Groups of EVs by state of charge, anew in every slot: k-means, or equal numbers.

Source: paper B, section 3.1 [verbatim in words]: three groups, sorted by their centroids into the priority charging group (PCG),
the reserve group (RG) and the priority discharging group (PDG). In one dimension Lloyd's k-means is two boundaries between three
means; it begins from the centroids of the slot before (at first from quantiles) and ends when no EV changes its group.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from environment.compiled import compiled

GROUPS: Final = ("PCG", "RG", "PDG")
"""Priority charging, reserve and priority discharging group, in the order of their states of charge."""

MOST_STEPS: Final = 1000

ALIKE: Final = 1e-9
"""States of charge that differ by less are no reason for another group."""


@compiled
def _group_of(value: float, centroids: NDArray[np.float64]) -> int:
    """Return the group whose centroid is nearest; half-way between two it is the lower one."""
    label = 0
    for g in range(1, centroids.size):
        label += value > 0.5 * (centroids[g - 1] + centroids[g])
    return label


@compiled
def _revive(values: NDArray[np.float64], centroids: NDArray[np.float64], empty: int) -> bool:
    """Put the centroid of an empty group on the value that is farthest from its own; return whether any was away from it."""
    farthest, where = ALIKE, np.nan
    for value in values:
        away = abs(value - centroids[_group_of(value, centroids)])
        if away > farthest:
            farthest, where = away, value
    if farthest == ALIKE:
        return False
    centroids[empty] = where
    centroids.sort()
    return True


@compiled
def _lloyd(values: NDArray[np.float64], centroids: NDArray[np.float64], labels: NDArray[np.int8]) -> None:
    k = centroids.size
    origin = values[0] if values.size else 0.0  # so that the mean of equal values is that value, to the last digit
    total = 0.0
    for value in values:
        total += value - origin
    count = np.empty(k + 1, dtype=np.int64)  # above each border: the first has all above it, the last none
    above = np.empty(k + 1)
    count[0], above[0], count[k], above[k] = values.size, total, 0, 0.0
    for step in range(MOST_STEPS):
        moved = step == 0
        for g in range(1, k):
            border = 0.5 * (centroids[g - 1] + centroids[g])
            over = 0
            high = 0.0
            for value in values:
                over += value > border
                high += value - origin if value > border else 0.0
            moved |= over != count[g]
            count[g], above[g] = over, high
        empty = -1
        for g in range(k):
            number = count[g] - count[g + 1]
            if number > 0:
                centroids[g] = origin + (above[g] - above[g + 1]) / number
            else:
                empty = g
        if not moved and empty >= 0:
            moved = _revive(values, centroids, empty)
        if not moved:
            break
    for i in range(values.size):
        labels[i] = _group_of(values[i], centroids)


def first_centroids(soc: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """Return where k-means begins: the middle quantiles of as many equal parts, shape ``(groups,)``."""
    if not soc.size:
        return np.linspace(0.0, 1.0, groups)
    return np.quantile(soc, (np.arange(groups) + 0.5) / groups)


def by_kmeans(soc: NDArray[np.float64], centroids: NDArray[np.float64]) -> NDArray[np.int8]:
    """Group EVs by k-means on their state of charge.

    Parameters
    ----------
    soc
        State of charge, shape ``(n,)``.
    centroids
        Ascending, shape ``(groups,)``: where to begin; changed in place to where it ends. A group that is empty then
        takes the EV that is farthest from its centroid; where there is none (all EVs of a group are alike) it stays empty.

    Returns
    -------
    ndarray
        Group of each EV, shape ``(n,)``; an EV half-way between two centroids is in the lower one.
    """
    labels = np.zeros(soc.size, dtype=np.int8)
    _lloyd(soc, centroids, labels)
    return labels


def by_rank(soc: NDArray[np.float64], groups: int) -> NDArray[np.int8]:
    """Group EVs into equal numbers by their state of charge, the lowest first, shape ``(n,)``.

    Where the number does not divide, the groups' sizes differ by one. EVs of equal charge are taken in their order.
    """
    labels = np.empty(soc.size, dtype=np.int8)
    labels[np.argsort(soc, kind="stable")] = np.arange(soc.size) * groups // max(soc.size, 1)
    return labels
