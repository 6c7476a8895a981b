"""The type of the functions that are told how far a run is."""

from collections.abc import Callable

type Progress = Callable[[float], None]
"""Told the part that is done, 0..1."""
