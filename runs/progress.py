"""Who is told how far a run is, and how the parts of a longer course tell it."""

from collections.abc import Callable

type Progress = Callable[[float], None]
"""Told the part that is done, 0..1."""


class Course:
    """Progress of a course of several parts, one after the other.

    Parameters
    ----------
    progress
        Told how far the whole course is.
    whole
        Sum of the sizes of all parts.
    """

    def __init__(self, progress: Progress, whole: float = 1.0) -> None:
        self._progress = progress
        self._whole = whole
        self._begun = 0.0

    def part(self, size: float) -> Progress:
        """Return what is told how far the next part is, of some size."""
        before = self._begun
        self._begun += size
        return lambda done: self._progress(min((before + size * done) / self._whole, 1.0))

    def step(self, size: float = 1.0) -> None:
        """Tell that the next part is done, of some size."""
        self.part(size)(1.0)
