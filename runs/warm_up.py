"""A small run of the same kind before the clock of a run starts: kernels are compiled then, once, or loaded."""

from collections.abc import Callable

from runs.scenario import Scenario

_RUN: set[str] = set()
"""Small scenarios that have been run in this process."""


def warm_up(small: Scenario, run: Callable[[Scenario], object]) -> None:
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
        run(small)
        _RUN.add(text)
