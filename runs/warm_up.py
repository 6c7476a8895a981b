"""A small run of the same kind before the clock of a run starts: kernels are compiled then, once, or loaded."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runs.scenario import Scenario

_RUN: set[str] = set()
"""Small scenarios that have been run in this process."""
_BEGUN_S: list[float] = []
"""When the small runs began that are under way."""


def warm_up(small: "Scenario", run: "Callable[[Scenario], object]") -> None:
    """Run a small scenario, once a process.

    Parameters
    ----------
    small
        A scenario that calls for the kernels of the run to come.
    run
        Runs it.
    """
    text = small.to_toml()
    if text not in _RUN:
        with _under_way():
            run(small)
        _RUN.add(text)


@contextmanager
def _under_way() -> Iterator[None]:
    _BEGUN_S.append(time.monotonic())
    try:
        yield
    finally:
        _BEGUN_S.pop()


def under_way_s() -> float:
    """Return how long a small run has been under way [s]; 0 if none is."""
    return time.monotonic() - _BEGUN_S[0] if _BEGUN_S else 0.0
