"""Run optimisers on test functions, many times each; the same rows for any number of workers."""

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.base import Minimizer
from coordination.optimizers.minimize import minimize
from runs.plural import counted
from runs.workers import Crew, as_they_end, here, processes

JOB_RUNS: Final = 5
"""Runs of one optimiser on one function that go to a worker together."""

POINTS: Final = 201
"""Points that are kept of the history of a run."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Which optimisers to run on which functions, how often and how long; one of the two budgets is None.

    Parameters
    ----------
    functions
        Names in `FUNCTIONS`.
    optimizers
        By name: one of `OPTIMIZERS`, and words of your own after it if the settings are not the usual ones.
    runs
        Of each optimiser on each function.
    dimension
        Of the functions.
    iterations
        Of a run, the first population not counted.
    evaluations
        Of a run, exactly.
    shifted
        Whether each run draws a place for the optimum, the same for all optimisers.
    seed
        Seed of all draws.
    """

    functions: tuple[str, ...]
    optimizers: Mapping[str, Minimizer[Any, Any]]
    runs: int = 50
    dimension: int = 30
    iterations: int | None = None
    evaluations: int | None = None
    shifted: bool = False
    seed: int = 1

    @property
    def total(self) -> int:
        """Runs of all optimisers on all functions."""
        return self.runs * len(self.functions) * len(self.optimizers)

    @property
    def equal(self) -> str:
        """What all runs have the same number of."""
        return "iterations" if self.evaluations is None else "evaluations"

    @property
    def title(self) -> str:
        """What is run, in words."""
        sizes = sorted({optimizer.params.population for optimizer in self.optimizers.values()})
        budget = self.iterations if self.evaluations is None else self.evaluations
        assert budget is not None
        return (
            f"{counted(self.dimension, 'dimension')}, population {', '.join(map(str, sizes))}, {counted(self.runs, 'run')} of "
            f"{counted(budget, self.equal.removesuffix('s'))}, optima {'shifted' if self.shifted else 'where the set has them'}"
        )


class Searched(NamedTuple):
    """A run that is finished.

    Parameters
    ----------
    function, optimizer, run
        Whose it is.
    fun
        The best fitness; 0 is the least possible.
    iterations, evaluations
        Iterations and evaluations that the run took.
    cpu_s
        Processor time [s].
    message
        What ended it.
    history
        Evaluations and best fitness, shape ``(k, 2)``, at most `POINTS` of them.
    """

    function: str
    optimizer: str
    run: int
    fun: float
    iterations: int
    evaluations: int
    cpu_s: float
    message: str
    history: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Compared:
    """Finished runs of a comparison.

    Parameters
    ----------
    comparison
        What was to be run.
    searched
        The runs, in any order.
    """

    comparison: Comparison
    searched: tuple[Searched, ...]

    def table(self) -> pd.DataFrame:
        """Return ``function optimizer run fun iterations evaluations cpu_s message``, a row a run, in a fixed order."""
        functions, optimizers = self.comparison.functions, list(self.comparison.optimizers)
        rows = sorted(self.searched, key=lambda s: (functions.index(s.function), optimizers.index(s.optimizer), s.run))
        return pd.DataFrame(rows, columns=list(Searched._fields)).drop(columns="history")

    def described(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table with what was run in front: ``dimension shifted equal seed``."""
        what = {name: getattr(self.comparison, name) for name in ("dimension", "shifted", "equal", "seed")}
        return pd.concat([pd.DataFrame(what, index=table.index), table], axis=1)


def compare_optimizers(comparison: Comparison, *, workers: int = 1) -> Compared:
    """Carry out a comparison.

    Parameters
    ----------
    comparison
        What to run.
    workers
        See `crew_of`.
    """
    with crew_of(workers) as crew:
        return Compared(comparison, tuple(as_they_finish(comparison, crew)))


def crew_of(workers: int) -> AbstractContextManager[Crew]:
    """Return who carries out runs: this process if one is enough, else processes of one thread each.

    More than one needs ``if __name__ == "__main__":`` in scripts.
    """
    return processes(workers, None) if workers > 1 else here(None, None)


def as_they_finish(
    comparison: Comparison, crew: Crew, progress: Callable[[float], None] | None = None
) -> Iterator[Searched]:
    """Yield the runs of a comparison.

    Parameters
    ----------
    comparison
        What to run.
    crew
        Who runs it.
    progress
        Told the part that is done, 0..1.
    """
    jobs = list(_jobs(comparison))
    for done, searched in enumerate(as_they_end(crew, partial(_search, comparison), jobs), 1):
        yield from searched
        if progress is not None:
            progress(done / len(jobs))


def _jobs(comparison: Comparison) -> Iterator[tuple[str, str, range]]:
    """Yield function, optimiser and runs: the first runs of all before the later ones, for those who stop early."""
    for first in range(0, comparison.runs, JOB_RUNS):
        runs = range(first, min(first + JOB_RUNS, comparison.runs))
        for function in comparison.functions:
            for optimizer in comparison.optimizers:
                yield function, optimizer, runs


def _search(comparison: Comparison, job: tuple[str, str, range]) -> list[Searched]:
    """Carry out some runs of one optimiser on one function, one after the other."""
    function, name, runs = job
    optimizer = comparison.optimizers[name]
    _compile(type(optimizer))
    return [_run(comparison, function, name, optimizer, run) for run in runs]


def _run(comparison: Comparison, function: str, name: str, optimizer: Minimizer[Any, Any], run: int) -> Searched:
    place = generator(comparison.seed, run, function) if comparison.shifted else None
    problem = FUNCTIONS[function].problem(comparison.dimension, place)
    rng = generator(comparison.seed, run, function, name)
    begun = time.thread_time()  # of this thread: neither other workers nor the progress bar count
    result = minimize(
        problem, optimizer, max_iterations=comparison.iterations, max_evaluations=comparison.evaluations, rng=rng
    )
    cpu_s = time.thread_time() - begun
    kept = np.unique(np.linspace(0, len(result.history) - 1, POINTS).round().astype(np.int64))
    return Searched(
        function, name, run, result.fun, result.nit, result.nfev, cpu_s, result.message, result.history[kept]
    )


def generator(seed: int, run: int, *names: str) -> np.random.Generator:
    """Return the generator of a run: the same whatever else is run beside it.

    Parameters
    ----------
    seed
        Of the comparison.
    run
        Number of the run.
    names
        Of the function alone: draws the place of the optimum. Of function and optimiser: of the search.
    """
    key = (run, *(zlib.crc32(name.encode()) for name in names))
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


@cache
def _compile(cls: type[Minimizer[Any, Any]]) -> None:
    """Run an optimiser once, so that no run that counts compiles it."""
    minimize(FUNCTIONS["F1"].problem(2), cls(), max_iterations=2, rng=np.random.default_rng(0))


def label(name: str) -> str:
    """Return what to call an optimiser: its title, and the words behind its name."""
    kind, _, rest = name.partition(" ")
    title = OPTIMIZERS[kind].title if kind in OPTIMIZERS else kind
    return f"{title} {rest}".strip()
