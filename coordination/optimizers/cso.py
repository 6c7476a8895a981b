r"""Competitive swarm optimiser: particles meet in pairs, and only the loser moves.

Source: R. Cheng, Y. Jin, "A competitive swarm optimizer for large scale optimization", IEEE Trans. Cybernetics 45(2),
2015, eqs (6)-(7), and the authors' program for the social factor [standard]:

.. math:: v_l \leftarrow r_1 v_l + r_2 (x_w - x_l) + \varphi r_3 (\bar x - x_l), \qquad x_l \leftarrow x_l + v_l

with all r drawn for each dimension. Losers only are evaluated: n/2 an iteration. A member without a partner sits out.
The inertia :math:`2 - 1.8 r_1 - 1.8 r_2` that paper C gives its CSO is in no form of CSO that we found, and is not used;
its learning rate is ``social = 0.2``.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.optimizers import base
from coordination.optimizers.base import Optimizer
from coordination.optimizers.draws import new_key, uniform
from environment.compiled import compiled

type Pairs = NDArray[np.int64]
"""Members that meet, shape ``(m, 2)``."""


class Params(base.Params):
    """Settings of a competitive swarm."""

    social: float | None = Field(default=None, ge=0, le=1)
    """Pull of the swarm's centre; none: by the dimension, as the authors give it."""

    separable: bool = False
    """Whether the authors' factors for separable functions are taken."""


@dataclass(eq=False, kw_only=True)
class State(base.State):
    """A competitive swarm.

    Attributes
    ----------
    velocity
        Shape ``(n, d)``; that of a winner stays as it is.
    losers, winners
        Rows of the losers and winners that met, shape ``(m,)``.
    """

    velocity: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    losers: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    winners: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def social_factor(dimension: int, *, separable: bool) -> float:
    """Return the authors' pull of the centre for a dimension."""
    steps = (0.0, 0.1, 0.15, 0.2) if separable else (0.0, 0.05, 0.1, 0.2)
    return steps[int(np.searchsorted([500, 1000, 2000], dimension, side="right"))]


@compiled
def _follow(
    x: NDArray[np.float64],
    velocity: NDArray[np.float64],
    losers: NDArray[np.int64],
    winners: NDArray[np.int64],
    social: float,
    overshoot: bool,
    key: np.uint64,
    trial: NDArray[np.float64],
) -> None:
    n, d = x.shape
    centre = np.zeros(d)
    if social > 0.0:
        for i in range(n):
            for j in range(d):
                centre[j] += x[i, j]
        for j in range(d):
            centre[j] /= n
    for k in range(losers.size):
        loser, winner = losers[k], winners[k]
        for j in range(d):
            place = 3 * (k * d + j)
            before = velocity[loser, j]
            r_0 = uniform(key, place)
            v = r_0 * before + uniform(key, place + 1) * (x[winner, j] - x[loser, j])
            if social > 0.0:
                v += social * uniform(key, place + 2) * (centre[j] - x[loser, j])
            velocity[loser, j] = v
            trial[k, j] = x[loser, j] + v
            if overshoot:
                trial[k, j] += r_0 * (v - before)


@compiled
def _replace(
    x: NDArray[np.float64],
    fitness: NDArray[np.float64],
    losers: NDArray[np.int64],
    trial: NDArray[np.float64],
    trial_fitness: NDArray[np.float64],
) -> None:
    for k in range(losers.size):
        fitness[losers[k]] = trial_fitness[k]
        for j in range(x.shape[1]):
            x[losers[k], j] = trial[k, j]


def paired(members: NDArray[np.int64], rng: np.random.Generator) -> Pairs:
    """Let members meet at random; of an odd number one sits out."""
    return rng.permutation(members)[: members.size // 2 * 2].reshape(-1, 2)


class Competition[P: Params](Optimizer[P, State]):
    """Losers of pairs learn from winners; who meets is for subclasses to say."""

    state_class = State
    overshoots = False

    def settle(self, state: State) -> None:
        """Let the members stand still where they are."""
        state.velocity = np.zeros_like(state.x)

    def meet(self, state: State) -> Pairs:
        """Return the pairs that meet."""
        return paired(np.arange(state.fitness.size), state.rng)

    def move(self, state: State) -> NDArray[np.float64]:
        """Let the pairs meet, and every loser follow its winner."""
        pairs = self.meet(state)
        first_wins = state.fitness[pairs[:, 0]] <= state.fitness[pairs[:, 1]]
        state.winners, state.losers = np.where(first_wins, pairs.T, pairs.T[::-1])
        p = self.params
        social = social_factor(state.lower.size, separable=p.separable) if p.social is None else p.social
        _follow(
            state.x,
            state.velocity,
            state.losers,
            state.winners,
            social,
            self.overshoots,
            new_key(state.rng),
            state.trial,
        )
        return state.trial[: len(pairs)]

    def learn(self, state: State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:
        """Put the losers where they moved."""
        _replace(state.x, state.fitness, state.losers, x, fitness)


class CSO(Competition[Params]):
    """Competitive swarm optimiser."""

    title = "CSO"
    params_class = Params
