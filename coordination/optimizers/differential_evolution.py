"""Differential evolution as SciPy has it, behind the same call: a second opinion by other hands.

Source: R. Storn, K. Price, "Differential evolution", J. Global Optimization 11, 1997; `scipy.optimize`, best1bin, whole
populations at a time, no final polish [standard].
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.optimize import Bounds, differential_evolution

from coordination.optimizers import base
from coordination.optimizers.base import Evaluate, Minimizer, State


class Params(base.Params):
    """Settings of SciPy's differential evolution; its strategy clips by drawing anew, so `bounds` is not looked at."""

    population: int = Field(default=30, ge=5, le=1_000_000)
    """Members of the population."""

    recombination: float = Field(default=0.7, ge=0, le=1)
    """Part of the genes that a trial takes from the mutant."""


class _EndedError(Exception):
    """Ends SciPy's loop; carries what the problem raised, which SciPy would put into words of its own."""

    def __init__(self, cause: Exception | None = None) -> None:
        super().__init__()
        self.cause = cause


class DifferentialEvolution(Minimizer[Params, State]):
    """SciPy's differential evolution."""

    title = "DE (SciPy)"
    params_class = Params

    def search(self, state: State, evaluate: Evaluate, running: Callable[[], bool]) -> None:
        """Let SciPy search until told to stop."""

        def told(columns: NDArray[np.float64]) -> NDArray[np.float64]:
            if not running():
                raise _EndedError
            x = np.clip(columns.T, state.lower, state.upper)  # SciPy scales from the unit cube: rounding may lead out
            try:
                fitness = evaluate(x)
            except Exception as error:
                raise _EndedError(error) from error
            state.enter(x, fitness)
            state.iteration = state.tells - 1
            return fitness

        try:
            differential_evolution(
                told,
                Bounds(state.lower, state.upper),
                init=self.first(state),
                maxiter=2**31,
                tol=0,
                atol=-1,
                recombination=self.params.recombination,
                polish=False,
                vectorized=True,
                updating="deferred",
                rng=state.rng,
            )
        except _EndedError as ended:
            if ended.cause is not None:
                raise ended.cause from None
