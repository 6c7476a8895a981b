"""A small run of the same kind before the clock of a run starts: kernels are compiled then, once, or loaded."""

import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

_RUN: set[Hashable] = set()
"""What names the small runs that have been carried out in this process."""
_BEGUN_S: list[float] = []
"""When the small runs began that are under way."""


def warm_up(kernels: Hashable, run: Callable[[], object]) -> None:
    """Carry out a small run, once a process.

    Parameters
    ----------
    kernels
        What names the kernels of the run to come: a run named alike before has called for them already.
    run
        Carries it out.
    """
    if kernels not in _RUN:
        with _under_way():
            run()
        _RUN.add(kernels)


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
