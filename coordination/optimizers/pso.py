r"""Particle swarm optimisation.

Source: J. Kennedy, R. Eberhart, "Particle swarm optimization", ICNN 1995, with the inertia weight of Y. Shi and
R. Eberhart, 1998 [standard]:

.. math:: v \leftarrow w v + c_1 r_1 (p - x) + c_2 r_2 (g - x), \qquad x \leftarrow x + v

with :math:`r_1, r_2` drawn for each dimension, p the best place of the particle and g that of the swarm. Inertia from
0.9 to 0.4 and :math:`c_1 = c_2 = 1.8` as paper C gives them [verbatim]; papers A and B name no values. Velocities begin at
zero and are held to a fifth of the box [default]. A particle on a bound has no velocity across it: otherwise it stays there
for long, and the mean best of shifted functions is up to ten times as large [default, as in pygmo and in SPSO of 2006].
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.optimizers import base
from coordination.optimizers.base import Optimizer
from coordination.optimizers.draws import new_key, uniform
from coordination.optimizers.memory import MemoryState
from environment.compiled import compiled


class Params(base.Params):
    """Settings of a particle swarm."""

    inertia_start: float = Field(default=0.9, ge=0, le=2)
    """Inertia at the first move; it changes linearly over the budget."""

    inertia_end: float = Field(default=0.4, ge=0, le=2)
    """Inertia at the last move."""

    cognitive: float = Field(default=1.8, ge=0, le=4)
    """Pull of a particle's own best place."""

    social: float = Field(default=1.8, ge=0, le=4)
    """Pull of the swarm's best place."""

    velocity_limit: float = Field(default=0.2, gt=0, le=1e6)
    """Largest velocity, as a part of the box."""


@dataclass(eq=False, kw_only=True)
class State(MemoryState):
    """A swarm.

    Attributes
    ----------
    velocity
        Shape ``(n, d)``.
    limit
        Largest velocity, shape ``(d,)``.
    """

    velocity: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    limit: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))


class Pulls(NamedTuple):
    """What moves a particle: its velocity, its own best place, and the swarm's; handed over as a plain tuple."""

    inertia: float
    cognitive: float
    social: float


@compiled
def _fly(
    x: NDArray[np.float64],
    velocity: NDArray[np.float64],
    memory: NDArray[np.float64],
    best: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    limit: NDArray[np.float64],
    pulls: tuple[float, float, float],
    key: np.uint64,
) -> None:
    pulls = Pulls(*pulls)
    n, d = x.shape
    for i in range(n):
        for j in range(d):
            place = 2 * (i * d + j)
            here = x[i, j]
            before = velocity[i, j] if lower[j] < here < upper[j] else 0.0
            v = (
                pulls.inertia * before
                + pulls.cognitive * uniform(key, place) * (memory[i, j] - here)
                + pulls.social * uniform(key, place + 1) * (best[j] - here)
            )
            v = min(max(v, -limit[j]), limit[j])
            velocity[i, j] = v
            x[i, j] = here + v


class PSO(Optimizer[Params, State]):
    """Particle swarm optimisation."""

    title = "PSO"
    params_class = Params
    state_class = State

    def settle(self, state: State) -> None:
        """Let the particles stand still where they are."""
        state.begin_memory()
        state.velocity = np.zeros_like(state.x)
        state.limit = self.params.velocity_limit * (state.upper - state.lower)

    def move(self, state: State) -> NDArray[np.float64]:
        """Let every particle fly on."""
        p = self.params
        inertia = p.inertia_start + (p.inertia_end - p.inertia_start) * state.progress
        _fly(
            state.x,
            state.velocity,
            state.memory,
            state.best_x,
            state.lower,
            state.upper,
            state.limit,
            (inertia, p.cognitive, p.social),
            new_key(state.rng),
        )
        return state.x

    def learn(self, state: State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:  # noqa: ARG002  (every optimiser is told alike)
        """Let every particle remember."""
        state.remember(fitness)
