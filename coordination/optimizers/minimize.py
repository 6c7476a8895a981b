"""Carry out a search: an optimiser, a problem, a budget; the first stopping rule that is met ends it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers.base import NO_BUDGET, Minimizer, State, ranked


class Problem(Protocol):
    """What is minimised: a box, and the fitness of points in it."""

    @property
    def lower(self) -> NDArray[np.float64]:
        """Lower bounds, shape ``(d,)``."""

    @property
    def upper(self) -> NDArray[np.float64]:
        """Upper bounds, shape ``(d,)``."""

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fitness of points, shapes ``(n, d)`` to ``(n,)``; the points are not to be kept or changed."""


@dataclass(frozen=True, eq=False)
class OptimizeResult:
    """What a search found, in SciPy's names.

    Parameters
    ----------
    x, fun
        The best point, shape ``(d,)``, and its fitness.
    nit
        Complete iterations; the first population is none.
    nfev
        Points evaluated.
    success
        Whether the best fitness is finite, and the target, if there was one, is reached; `message` says why it ended.
    message
        Which rule ended the search.
    history
        Evaluations and best fitness after each population, shape ``(k, 2)``.
    """

    x: NDArray[np.float64]
    fun: float
    nit: int
    nfev: int
    success: bool
    message: str
    history: NDArray[np.float64]


def minimize(
    problem: Problem,
    optimizer: Minimizer[Any, Any],
    *,
    max_evaluations: int | None = None,
    max_iterations: int | None = None,
    target: float | None = None,
    patience: int | None = None,
    rng: np.random.Generator,
    callback: Callable[[State], bool | None] | None = None,
    progress: Callable[[float], None] | None = None,
) -> OptimizeResult:
    """Search for the point of least fitness.

    Parameters
    ----------
    problem
        What is minimised.
    optimizer
        Optimiser that searches.
    max_evaluations
        Points to evaluate, exactly: of the last population only as many are as the budget leaves.
    max_iterations
        Iterations after the first population.
    target
        Fitness at which to stop.
    patience
        Populations without a better fitness after which to stop.
    rng
        The search's generator.
    callback
        Shown the state after each population; True stops the search.
    progress
        Told the part of the budget that is used, 0..1.

    Raises
    ------
    ValueError
        If neither budget is given, one is out of range, or the problem returns a fitness of the wrong shape.
    """
    drive = _Drive(problem, max_evaluations, max_iterations, target, patience, callback, progress)
    state = optimizer.start(problem.lower, problem.upper, rng)
    state.budget = NO_BUDGET if max_evaluations is None else max_evaluations
    drive.state = state
    optimizer.search(state, drive.evaluate, drive.running)
    return OptimizeResult(
        x=state.best_x,
        fun=state.best_fitness,
        nit=state.iteration,
        nfev=state.evaluations,
        success=bool(np.isfinite(state.best_fitness) and (target is None or state.best_fitness <= target)),
        message=drive.met() or "the optimiser ended by itself",
        history=np.array(state.history),
    )


@dataclass
class _Drive:
    """Evaluates within the budget and says when to stop."""

    problem: Problem
    max_evaluations: int | None
    max_iterations: int | None
    target: float | None
    patience: int | None
    callback: Callable[[State], bool | None] | None
    progress: Callable[[float], None] | None
    state: State | None = None
    called: bool = False
    size: int = 0
    better_at: int = 0
    best: float = np.inf

    def __post_init__(self) -> None:
        if self.max_evaluations is None and self.max_iterations is None:
            raise ValueError("no budget; expected max_evaluations or max_iterations")
        for name, least in (("max_evaluations", 1), ("max_iterations", 0), ("patience", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise ValueError(f"{name} = {value}; expected at least {least}")

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        assert self.state is not None
        self.size = len(x)
        within = x[: self.state.left]
        fitness = np.asarray(self.problem.evaluate(within), dtype=np.float64)
        if fitness.shape != (len(within),):
            raise ValueError(f"fitness of shape {fitness.shape} for {len(within)} points; expected ({len(within)},)")
        fitness = ranked(fitness)
        missing = len(x) - len(within)
        return np.append(fitness, np.full(missing, np.inf)) if missing else fitness

    def running(self) -> bool:
        assert self.state is not None
        state = self.state
        if state.tells:
            if state.best_fitness < self.best:
                self.best, self.better_at = state.best_fitness, state.tells
            if self.callback is not None and self.callback(state):
                self.called = True
        used, state.progress = self._progress(state)
        if self.progress is not None:
            self.progress(used)
        return self.met() is None

    def _progress(self, state: State) -> tuple[float, float]:
        """Return the part of the budget that is used, and the same with 0 at the first move and 1 at the last."""
        used = moved = 0.0
        if not state.tells:
            return used, moved
        if self.max_iterations is not None:
            used = state.iteration / max(self.max_iterations, 1)
            moved = state.iteration / max(self.max_iterations - 1, 1)
        if self.max_evaluations is not None:
            first = state.history[0][0]
            used = max(used, state.evaluations / self.max_evaluations)
            moved = max(moved, (state.evaluations - first) / max(self.max_evaluations - first - self.size, 1))
        return min(used, 1.0), min(moved, 1.0)

    def met(self) -> str | None:
        """Return the first rule that is met."""
        state = self.state
        assert state is not None
        if self.target is not None and state.tells and state.best_fitness <= self.target:
            return f"target {self.target:g} reached"
        if self.called:
            return "stopped by the callback"
        if self.max_evaluations is not None and state.evaluations >= self.max_evaluations:
            return f"budget of {self.max_evaluations} evaluations used"
        if self.max_iterations is not None and state.tells and state.iteration >= self.max_iterations:
            return f"budget of {self.max_iterations} iterations used"
        if self.patience is not None and state.tells - self.better_at >= self.patience:
            return f"no better fitness in {self.patience} populations"
        return None
