r"""Whale optimisation algorithm.

Source: S. Mirjalili, A. Lewis, "The whale optimization algorithm", Advances in Engineering Software 95, 2016, eqs (2.1)-(2.8)
[standard]. With a falling from 2 to 0, and for every whale :math:`A = 2 a r_1 - a`, :math:`C = 2 r_2`, a coin p and
:math:`l \sim U(-1, 1)`:

.. math::
    x \leftarrow \begin{cases}
    x^* - A |C x^* - x| & p < 0.5, |A| < 1 \\ x_r - A |C x_r - x| & p < 0.5, |A| \ge 1 \\
    x^* + |x^* - x| e^{b l} \cos 2 \pi l & p \ge 0.5 \end{cases}

with :math:`x_r` another whale, drawn at random, b = 1. :math:`C x^*` is measured from the origin, so the algorithm is drawn
to it: on functions whose optimum lies elsewhere its lead is gone.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.optimizers import base
from coordination.optimizers.base import Optimizer
from coordination.optimizers.draws import new_key, uniform
from environment.compiled import compiled


class Params(base.Params):
    """Settings of a pod of whales."""

    a_start: float = Field(default=2.0, ge=0, le=10)
    """Coefficient a at the first move; it falls linearly to 0 at the last."""

    spiral: float = Field(default=1.0, ge=0, le=10)
    """Shape b of the spiral."""


@compiled
def _swim(
    x: NDArray[np.float64],
    best: NDArray[np.float64],
    a: float,
    spiral: float,
    key: np.uint64,
    trial: NDArray[np.float64],
) -> None:
    n, d = x.shape
    for i in range(n):
        place = 5 * i
        if uniform(key, place) < 0.5:
            reach = a * (2.0 * uniform(key, place + 1) - 1.0)
            c = 2.0 * uniform(key, place + 2)
            leader = x[int(uniform(key, place + 3) * n)] if abs(reach) >= 1.0 else best
            for j in range(d):
                trial[i, j] = leader[j] - reach * abs(c * leader[j] - x[i, j])
        else:
            turn = 2.0 * uniform(key, place + 4) - 1.0
            factor = np.exp(spiral * turn) * np.cos(2.0 * np.pi * turn)
            for j in range(d):
                trial[i, j] = best[j] + abs(best[j] - x[i, j]) * factor


class WOA(Optimizer[Params, base.State]):
    """Whale optimisation algorithm."""

    title = "WOA"
    params_class = Params

    def move(self, state: base.State) -> NDArray[np.float64]:
        """Let every whale swim on."""
        p = self.params
        a = p.a_start * (1.0 - state.progress)
        _swim(state.x, state.best_x, a, p.spiral, new_key(state.rng), state.trial)
        return state.trial

    def learn(self, state: base.State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:  # noqa: ARG002  (every optimiser is told alike)
        """Go where the whales swam, better or not."""
        state.x, state.trial = state.trial, state.x
        state.fitness = fitness
