"""Who finds the fleet's signal: any optimiser of the registry, or the linear programme."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.minimize import minimize
from coordination.peak_shaving.problem import EXACT, PeakShaving

if TYPE_CHECKING:
    from coordination.peak_shaving.exact import Exact

ROUNDING: Final = 1e-9


@dataclass(frozen=True, eq=False)
class _Held:
    """A problem whose signals count as far as the fleet can follow them and keeps limits and needs: no point breaks anything.

    The paper's own problem is searched as it is posed, by penalties.
    """

    problem: PeakShaving

    @property
    def lower(self) -> NDArray[np.float64]:
        return self.problem.lower

    @property
    def upper(self) -> NDArray[np.float64]:
        return self.problem.upper

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.problem.evaluate(self.problem.held(x))


@dataclass(frozen=True, eq=False)
class Found:
    """A signal and how it was found.

    Parameters
    ----------
    signal_kw
        Shape ``(n_slots,)``; positive charges.
    fitness
        F of the signal.
    history
        Evaluations and best F after each population, shape ``(k, 2)``; empty for the linear programme.
    exact
        The linear programme's answer; None where there is none.
    """

    signal_kw: NDArray[np.float64]
    fitness: float
    history: NDArray[np.float64]
    exact: "Exact | None"

    @property
    def gap(self) -> float | None:
        """How far F is above the linear programme's bound, 0 where they differ by rounding; None without one."""
        if self.exact is None:
            return None
        gap = self.fitness - self.exact.bound
        return gap if abs(gap) > ROUNDING else 0.0


def find(problem: PeakShaving, rng: np.random.Generator, progress: Callable[[float], None] | None = None) -> Found:
    """Look for the signal of least F.

    Parameters
    ----------
    problem
        Its settings name the optimiser, its population and its iterations.
    rng
        The optimiser's generator.
    progress
        Told the part of the iterations that is done.

    Raises
    ------
    ValueError
        If the linear programme is asked for and has no answer.
    """
    from coordination.peak_shaving.exact import solve  # noqa: PLC0415  (SciPy's programmes only where a signal is looked for)

    settings = problem.settings
    exact = solve(problem)
    if settings.optimizer == EXACT:
        if exact is None:
            raise ValueError("the linear programme has no answer: f2 is not convex with these readings")
        fitness = float(problem.evaluate(exact.signal_kw[None])[0])
        return Found(exact.signal_kw, fitness, np.empty((0, 2)), exact)
    optimizer = OPTIMIZERS[settings.optimizer].of(population=settings.population)
    posed = _Held(problem) if problem.is_bound else problem
    result = minimize(posed, optimizer, max_iterations=settings.iterations, rng=rng, progress=progress)
    signal_kw = problem.held(result.x[None])[0] if problem.is_bound else result.x
    return Found(signal_kw, result.fun, result.history, exact)
