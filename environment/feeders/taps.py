"""Positions of transformers' tap changers: a position beyond its limits is the nearest limit, as in power-grid-model."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Taps:
    """Tap positions of transformers, each column of shape ``(n_transformers,)``.

    Parameters
    ----------
    position
        Where the tap stands, within its limits.
    middle
        Position in which a winding has its rated voltage.
    first, last
        Limits, NaN where there are none; ``last`` may be below ``first``.
    stated
        Where the source has the tap.
    """

    position: NDArray[np.float64]
    middle: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]
    stated: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        stated: NDArray[np.float64],
        middle: NDArray[np.float64],
        first: NDArray[np.float64],
        last: NDArray[np.float64],
    ) -> "Taps":
        """Return the taps within their limits; a position that is NaN is the middle one, a middle that is NaN is 0."""
        middle = np.nan_to_num(middle)
        stated = np.where(np.isnan(stated), middle, stated)
        ends = np.where(np.isnan(first), -np.inf, first), np.where(np.isnan(last), np.inf, last)
        position = np.clip(stated, np.minimum(*ends), np.maximum(*ends))
        return cls(position, middle, first, last, stated)

    def told(self, names: NDArray[np.str_]) -> tuple[str, ...]:
        """Say which transformers have a tap beyond its limits; `names` of shape ``(n_transformers,)``."""
        beyond = np.flatnonzero(self.position != self.stated)
        if not beyond.size:
            return ()
        i = int(beyond[0])
        which = f"{names[i]} at {self.stated[i]:g} counts as {self.position[i]:g}"
        return (f"tap position beyond its limits at {beyond.size} of {names.size} transformers: {which}",)

    def added_v(self, step_v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a tap adds to its winding's rated voltage [V]."""
        direction = np.where(self.last < self.first, -1.0, 1.0)
        return direction * (self.position - self.middle) * np.nan_to_num(step_v)

    def between(
        self, value: NDArray[np.float64], at_first: NDArray[np.float64], at_last: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return a figure at the tap's position, linear from the middle to each limit; NaN at a limit: the middle's."""
        to_last = (np.minimum(self.middle, self.last) <= self.position) & (
            self.position <= np.maximum(self.middle, self.last)
        )
        limit = np.where(to_last, at_last, at_first)
        limit = np.where(np.isnan(limit), value, limit)
        away = np.nan_to_num(np.where(to_last, self.last, self.first) - self.middle)
        part = np.divide(self.position - self.middle, away, out=np.zeros(away.size), where=away != 0)
        return value + part * (limit - value)
