"""Who finds a slot's schedule: any optimiser of the registry, or nobody."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.minimize import minimize
from coordination.stations.problem import Decision, Objectives, StationScheduling
from coordination.stations.settings import NONE

PAPERS: Final = {"cso": {"social": 0.2}}
"""Settings that paper C gives an optimiser [verbatim] where they are not its authors'."""


@dataclass(frozen=True, eq=False)
class Found:
    """A slot's schedule and how it was found.

    Parameters
    ----------
    decision
        Shape ``(1, m)``.
    fitness
        Fitness of the schedule.
    objectives
        Objectives of the schedule.
    history
        Evaluations and best fitness after each population, shape ``(k, 2)``; empty without a search.
    """

    decision: Decision
    fitness: float
    objectives: Objectives
    history: NDArray[np.float64]


def find(
    problem: StationScheduling, rng: np.random.Generator, progress: Callable[[float], None] | None = None
) -> Found:
    """Look for the schedule of least fitness.

    Parameters
    ----------
    problem
        Its settings name the optimiser, its population and its iterations.
    rng
        The optimiser's generator.
    progress
        Told the part of the iterations that is done.
    """
    settings = problem.settings
    if settings.optimizer == NONE:
        return Found(
            problem.free, float(problem.value(problem.free_objectives)[0]), problem.free_objectives, np.empty((0, 2))
        )
    own = PAPERS.get(settings.optimizer, {})
    optimizer = OPTIMIZERS[settings.optimizer].of(population=settings.population, **own)
    result = minimize(problem, optimizer, max_iterations=settings.iterations, rng=rng, progress=progress)
    decision = problem.decode(result.x[None])
    return Found(decision, result.fun, problem.judge(decision), result.history)
