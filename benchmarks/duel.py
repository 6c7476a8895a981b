"""A search that our optimiser and a peer's both carry out, and who is held against whom."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.base import Minimizer
from coordination.optimizers.functions import FunctionProblem

CLERC: Final = (0.7298, 0.7298 * 2.05)
"""Inertia and pulls of a particle swarm with Clerc's constriction factor."""

POINT: Final[dict[str, Callable[[NDArray[np.float64]], Any]]] = {
    "F1": lambda x: x @ x,
    "F2": lambda x: np.abs(x).sum() + np.abs(x).prod(),
    "F3": lambda x: np.square(np.cumsum(x)).sum(),
    "F4": lambda x: np.abs(x).max(),
    "F5": lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (x[:-1] - 1) ** 2).sum(),
}
"""The test functions for one point, as one would write them for a library that asks for one."""


@dataclass(eq=False)
class Task:
    """One search that either side carries out.

    Parameters
    ----------
    name
        Of the test function.
    problem
        It, in its box.
    population, iterations
        Iterations after the first population.
    seed
        Seed of the search.
    counts
        Whether points are counted and the best is kept.

    Attributes
    ----------
    points, best
        Points that were evaluated, and the least fitness of them.
    """

    name: str
    problem: FunctionProblem
    population: int
    iterations: int
    seed: int
    counts: bool = True
    points: int = field(default=0, init=False)
    best: float = field(default=np.inf, init=False)

    def __post_init__(self) -> None:
        self.lower, self.upper = self.problem.lower, self.problem.upper
        self._of, self._shift = POINT[self.name], self.problem.shift

    def point(self, x: NDArray[np.float64]) -> float:
        """Return the fitness of one point, shape ``(d,)``."""
        fitness = float(self._of(x - self._shift))
        if self.counts:
            self.points += 1
            self.best = min(self.best, fitness)
        return fitness

    def batch(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fitness of points, shapes ``(n, d)`` to ``(n,)``."""
        fitness = self.problem.evaluate(x)
        if self.counts:
            self.points += len(x)
            self.best = min(self.best, float(fitness.min()))
        return fitness

    evaluate = batch


@dataclass(frozen=True)
class Duel:
    """A peer's optimiser and ours.

    Parameters
    ----------
    title
        The peer's name.
    theirs
        Carries out a task.
    ours
        Name of our optimiser.
    params
        How ours is set.
    settings
        Said in the table.
    shifted
        Whether the optimum is shifted from where the set has it.
    large
        Whether it is run in many dimensions, too.
    """

    title: str
    theirs: Callable[[Task], None]
    ours: str
    params: dict[str, Any]
    settings: str
    shifted: bool = True
    large: bool = True

    def optimizer(self, population: int) -> Minimizer[Any, Any]:
        """Return ours."""
        return OPTIMIZERS[self.ours].of(population=population, **self.params)


@dataclass(frozen=True)
class Size:
    """How large a search is."""

    dimension: int
    population: int
    iterations: int
    repeats: int

    def task(self, name: str = "F1", seed: int = 0, *, shifted: bool = True, counts: bool = True) -> Task:
        """Return a search; its shift follows from its seed, the same for both sides."""
        rng = np.random.default_rng([seed, 30]) if shifted else None
        problem = FUNCTIONS[name].problem(self.dimension, rng)
        return Task(name, problem, self.population, self.iterations, seed, counts)

    def __str__(self) -> str:
        return f"{self.dimension} dimensions, population {self.population}, {self.iterations} iterations"
