r"""Genetic algorithm of real numbers: tournaments, simulated binary crossover, polynomial mutation, best n of 2n survive.

Source: K. Deb, R. B. Agrawal, "Simulated binary crossover for continuous search space", Complex Systems 9, 1995; K. Deb,
M. Goyal, polynomial mutation, 1996 [standard]. Paper B names no form of its GA; this is the usual one [default]. A pair
exchanges genes: each that is crossed goes to either child. Without that, children stay in the line between their parents.
Every member meets two others in tournaments, as in Deb's programs; opponents drawn with replacement do measurably worse.

.. math::
    c_{1,2} = \frac{p_1 + p_2 \mp \beta |p_1 - p_2|}{2}, \qquad
    \beta = \begin{cases} (2u)^{1/(\eta+1)} & u \le 0.5 \\ (2(1-u))^{-1/(\eta+1)} & u > 0.5 \end{cases}
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.optimizers import base
from coordination.optimizers.base import Optimizer
from coordination.optimizers.draws import new_key, uniform
from environment.compiled import compiled


class Params(base.Params):
    """Settings of a genetic algorithm."""

    crossover: float = Field(default=0.9, ge=0, le=1)
    """Part of the pairs that cross; each gene of theirs does with probability one half."""

    crossover_eta: float = Field(default=15.0, gt=0, le=1000)
    """Distribution index of the crossover: the larger, the nearer are children to parents."""

    mutation: float | None = Field(default=None, ge=0, le=1)
    """Part of the genes that mutate; none: one in each child, on average."""

    mutation_eta: float = Field(default=20.0, gt=0, le=1000)
    """Distribution index of the mutation."""

    survivors: Literal["best", "children"] = "best"
    """"best" of parents and children, or the "children" and the one best parent."""


class Rates(NamedTuple):
    """The settings as the kernel takes them, handed over as a plain tuple (see `environment.compiled`)."""

    crossover: float
    crossover_eta: float
    mutation: float
    mutation_eta: float


@compiled
def _breed(
    x: NDArray[np.float64],
    fitness: NDArray[np.float64],
    meet: NDArray[np.int64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    rates: tuple[float, float, float, float],
    key: np.uint64,
    children: NDArray[np.float64],
) -> None:
    rates = Rates(*rates)
    n, d = x.shape
    for first in range(0, n, 2):
        second = min(first + 1, n - 1)  # of an odd number the last child has no twin
        place = first * (4 * d + 8)
        mother = fitter(fitness, meet, first)
        father = fitter(fitness, meet, (first + 1) % n)
        crosses = uniform(key, place + 4) < rates.crossover
        for j in range(d):
            at = place + 8 + 4 * j
            one, other = x[mother, j], x[father, j]
            toss = uniform(key, at)
            if crosses and toss < 0.5 and one != other:
                u = uniform(key, at + 1)
                low = 2.0 * u if u <= 0.5 else 1.0 / (2.0 * (1.0 - u))
                spread = low ** (1.0 / (rates.crossover_eta + 1.0)) * (one - other)
                if toss < 0.25:  # the child of one side may go to either
                    spread = -spread
                middle = one + other
                one, other = 0.5 * (middle + spread), 0.5 * (middle - spread)
            rate, eta = rates.mutation, rates.mutation_eta
            children[second, j] = mutated(other, lower[j], upper[j], rate, eta, key, at + 3)
            children[first, j] = mutated(one, lower[j], upper[j], rate, eta, key, at + 2)


@compiled
def fitter(fitness: NDArray[np.float64], meet: NDArray[np.int64], contest: int) -> int:
    """Return the better of the two members that meet in a contest."""
    one, other = int(meet[2 * contest]), int(meet[2 * contest + 1])
    return one if fitness[one] <= fitness[other] else other


@compiled
def mutated(gene: float, lower: float, upper: float, rate: float, eta: float, key: np.uint64, place: int) -> float:
    """Return a gene after polynomial mutation, which strikes a part of all genes."""
    u = uniform(key, place)
    if u >= rate:
        return gene
    u /= rate
    step: float = (2.0 * u) ** (1.0 / (eta + 1.0)) - 1.0 if u < 0.5 else 1.0 - (2.0 * (1.0 - u)) ** (1.0 / (eta + 1.0))
    return gene + step * (upper - lower)


class GA(Optimizer[Params, base.State]):
    """Genetic algorithm."""

    title = "GA"
    params_class = Params

    def move(self, state: base.State) -> NDArray[np.float64]:
        """Return as many children as there are members."""
        p = self.params
        n = state.fitness.size
        meet = np.concatenate([state.rng.permutation(n), state.rng.permutation(n)])
        rate = 1.0 / state.lower.size if p.mutation is None else p.mutation
        rates = (p.crossover, p.crossover_eta, rate, p.mutation_eta)
        _breed(state.x, state.fitness, meet, state.lower, state.upper, rates, new_key(state.rng), state.trial)
        return state.trial

    def learn(self, state: base.State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:
        """Put the children that survive where members do not."""
        n = state.fitness.size
        if self.params.survivors == "best":
            kept = np.argsort(np.concatenate([state.fitness, fitness]), kind="stable")[:n]
        else:
            kept = np.append(n + np.argsort(fitness, kind="stable")[: n - 1], np.argmin(state.fitness))
        dies = np.ones(n, dtype=np.bool_)
        dies[kept[kept < n]] = False
        born = kept[kept >= n] - n
        state.x[dies] = x[born]
        state.fitness[dies] = fitness[born]
