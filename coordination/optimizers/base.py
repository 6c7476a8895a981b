"""What every optimiser is: settings, a state, and populations that are asked for and told their fitness.

A new optimiser is one file with a subclass of `Optimizer` and one line in `OPTIMIZERS`; `check_optimizer` tells whether it
keeps the contract.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.optimizers.box import BoundsRule, confine
from environment.settings import Settings

type Evaluate = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Takes points, shape ``(n, d)``, and returns their fitness, shape ``(n,)``; less is better."""


class Params(Settings):
    """What all optimisers can be told."""

    population: int = Field(default=30, ge=2, le=1_000_000)
    """Members of the population."""

    bounds: BoundsRule = "clip"
    """What becomes of a coordinate that leaves the box."""


NO_BUDGET: Final = 2**62
"""Evaluations that no search uses up."""


def _none() -> NDArray[np.float64]:
    return np.empty(0)


@dataclass(eq=False, kw_only=True)
class State:
    """A search under way; optimisers add columns of their own.

    Parameters
    ----------
    lower, upper
        The box, shape ``(d,)``.
    rng
        The search's generator.

    Attributes
    ----------
    x, fitness
        The population, shape ``(n, d)``, and its fitness, shape ``(n,)``.
    trial
        Receives the points that are asked for, shape ``(n, d)``.
    progress
        Part of the budget that is used, 0 at the first move and 1 at the last: whoever drives the search sets it, and
        coefficients that change over a search follow it.
    tells
        Populations that were told.
    iteration
        Iterations that are complete; the first population is none.
    evaluations
        Points that were evaluated.
    budget
        Points that may be evaluated at most; what is told beyond it does not count.
    best_x, best_fitness
        The best of them.
    history
        Evaluations and best fitness after each population that was told.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    rng: np.random.Generator
    x: NDArray[np.float64] = field(default_factory=_none)
    fitness: NDArray[np.float64] = field(default_factory=_none)
    trial: NDArray[np.float64] = field(default_factory=_none)
    progress: float = 0.0
    tells: int = 0
    iteration: int = 0
    evaluations: int = 0
    budget: int = NO_BUDGET
    best_x: NDArray[np.float64] = field(default_factory=_none)
    best_fitness: float = np.inf
    history: list[tuple[int, float]] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Points that may still be evaluated."""
        return self.budget - self.evaluations

    def enter(self, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:
        """Count points, as far as the budget goes, and keep the best of them.

        Parameters
        ----------
        x, fitness
            Points, shape ``(n, d)``, and their fitness, shape ``(n,)``, no NaN.
        """
        best = int(fitness.argmin())
        if fitness[best] < self.best_fitness or not self.best_x.size:
            self.best_fitness = float(fitness[best])
            self.best_x = x[best].copy()
        self.evaluations += min(fitness.size, self.left)
        self.history.append((self.evaluations, self.best_fitness))
        self.tells += 1


def ranked(fitness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a copy of a fitness in which what is not a number is infinite, so that it ranks worst."""
    fitness = np.array(fitness, dtype=np.float64)
    if fitness.size and np.isnan(fitness[fitness.argmin()]):  # the least of numbers and a NaN is the NaN
        fitness[np.isnan(fitness)] = np.inf
    return fitness


class Minimizer[P: Params, S: State](ABC):
    """Whatever `minimize` can carry out.

    Parameters
    ----------
    params
        Its settings; the defaults if left out.
    """

    title: ClassVar[str]
    params_class: ClassVar[type[Params]] = Params
    state_class: ClassVar[type[State]] = State

    def __init__(self, params: P | None = None) -> None:
        self.params: P = self.params_class() if params is None else params  # type: ignore[assignment]

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """Return one with settings by name; the defaults for those left out."""
        return cls(cls.params_class.model_validate(settings))  # type: ignore[arg-type]

    def start(self, lower: NDArray[np.float64], upper: NDArray[np.float64], rng: np.random.Generator) -> S:
        """Return the state of a new search.

        Parameters
        ----------
        lower, upper
            The box, shape ``(d,)``.
        rng
            Its generator.

        Raises
        ------
        ValueError
            If the bounds have different shapes, are not finite, or are the wrong way round.
        """
        lower, upper = np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)
        if lower.ndim != 1 or lower.shape != upper.shape or not lower.size:
            raise ValueError(f"bounds of shapes {lower.shape} and {upper.shape}; expected one (d,) for both, d > 0")
        bad = np.flatnonzero(~(np.isfinite(lower) & np.isfinite(upper) & (lower <= upper)))
        if bad.size:
            j = int(bad[0])
            raise ValueError(
                f"bounds of dimension {j} are {lower[j]:g} and {upper[j]:g}; expected finite lower <= upper"
            )
        return self.state_class(lower=lower, upper=upper, rng=rng)  # type: ignore[return-value]

    def first(self, state: S) -> NDArray[np.float64]:
        """Return the first population: uniform in the box, shape ``(n, d)``."""
        x = state.rng.random((self.params.population, state.lower.size))
        x *= state.upper - state.lower  # in place: half the time of `Generator.uniform`, the same numbers
        x += state.lower
        return x

    @abstractmethod
    def search(self, state: S, evaluate: Evaluate, running: Callable[[], bool]) -> None:
        """Search until told to stop.

        Parameters
        ----------
        state
            A new one.
        evaluate
            Evaluates points, shapes ``(n, d)`` to ``(n,)``; those beyond the budget are infinite.
        running
            Whether to go on; to be asked before every population. It sets the state's `progress`.
        """


class Optimizer[P: Params, S: State](Minimizer[P, S]):
    """An optimiser that is asked for a population and told its fitness.

    Subclasses write `move` and `learn`, and `settle` where they keep columns of their own.
    """

    asks_per_iteration: ClassVar[int] = 1

    def ask(self, state: S) -> NDArray[np.float64]:
        """Return points to be evaluated, all in the box, shape ``(m, d)``; the first time the first population.

        They stand in a buffer of the state. Each is to be told once before the next are asked for: members may have moved.
        """
        if not state.tells:
            state.trial = np.ascontiguousarray(self.first(state))
            x = state.trial
        else:
            x = self.move(state)
        confine(x, state.lower, state.upper, self.params.bounds)
        return x

    def tell(self, state: S, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> S:
        """Take the fitness of the points that were asked for; return the state, changed in place.

        Parameters
        ----------
        state
            State of the search.
        x
            The points, shape ``(m, d)``; other ones than were asked for (repaired, say) are learnt from as they are.
        fitness
            Shape ``(m,)``; NaN ranks worst.
        """
        fitness = ranked(fitness)
        first = not state.tells
        state.enter(x, fitness)
        own = state.trial[: fitness.size]
        if not np.may_share_memory(x, own):
            own[:] = x
        if first:
            state.x, state.fitness = state.trial, fitness.copy()
            state.trial = np.empty_like(state.x)
            self.settle(state)
        else:
            self.learn(state, own, fitness)
            state.iteration = (state.tells - 1) // self.asks_per_iteration
        return state

    def search(self, state: S, evaluate: Evaluate, running: Callable[[], bool]) -> None:
        """Ask, evaluate and tell until told to stop."""
        while running():
            x = self.ask(state)
            self.tell(state, x, evaluate(x))

    def settle(self, state: S) -> None:
        """Set up the state's own columns, once the first population is in it."""

    @abstractmethod
    def move(self, state: S) -> NDArray[np.float64]:
        """Return the next points to evaluate, written into `state.trial`; they may lie outside the box."""

    @abstractmethod
    def learn(self, state: S, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:
        """Take what `move` returned, confined, and its fitness into the state."""
