r"""Golden eagle optimiser: every eagle circles another's prey, and turns from cruising to attack.

Source: A. Mohammadi-Balani, M. Dehghan Nayeri, A. Azar, M. Taghizadeh-Yazdi, "Golden eagle optimizer", Computers &
Industrial Engineering 152, 2021, in the form of the authors' program [standard]; equation numbers are theirs. Prey is a random
one-to-one assignment of the flock's memory.

.. math::
    A_i = p_{f(i)} - x_i \quad (1), \qquad C_{ij} \sim U(-1, 1), \quad
    C_{ik} = -\frac{\sum_{j \ne k} A_{ij} C_{ij}}{A_{ik}} \quad (4, 5), \qquad
    x_i \leftarrow x_i + r_1 p_a A_i + r_2 p_c |A_i| \frac{C_i}{|C_i|} \quad (6, 8)

with k any dimension in which :math:`A_i \ne 0`, so that the cruise C lies across the attack A, and :math:`r_1, r_2` one
number an eagle. The article prints (4) without :math:`C_{ij}` and (6) without :math:`|A_i|`; that form does not work. The
propensities change linearly, :math:`p_a` from 0.5 to 2 and :math:`p_c` from 1 to 0.5 (9).
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.optimizers import base
from coordination.optimizers.base import Optimizer
from coordination.optimizers.draws import new_key, uniform
from coordination.optimizers.memory import MemoryState
from environment.compiled import compiled


class Params(base.Params):
    """Settings of a flock of golden eagles."""

    attack_start: float = Field(default=0.5, ge=0, le=10)
    """Propensity to attack at the first move."""

    attack_end: float = Field(default=2.0, ge=0, le=10)
    """Propensity to attack at the last move."""

    cruise_start: float = Field(default=1.0, ge=0, le=10)
    """Propensity to cruise at the first move."""

    cruise_end: float = Field(default=0.5, ge=0, le=10)
    """Propensity to cruise at the last move."""


@compiled
def dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the sum of products, as four sums that need not wait for each other; their order is the same everywhere."""
    s_0 = s_1 = s_2 = s_3 = 0.0
    whole = a.size // 4 * 4
    for j in range(0, whole, 4):
        s_0 += a[j] * b[j]
        s_1 += a[j + 1] * b[j + 1]
        s_2 += a[j + 2] * b[j + 2]
        s_3 += a[j + 3] * b[j + 3]
    for j in range(whole, a.size):
        s_0 += a[j] * b[j]
    return (s_0 + s_1) + (s_2 + s_3)


@compiled
def cruise(attack: NDArray[np.float64], key: np.uint64, place: int, direction: NDArray[np.float64]) -> None:
    """Draw a cruise across an attack (eqs 4-5).

    Parameters
    ----------
    attack
        Attack vector, not zero, shape ``(d,)``.
    key, place
        Key and first place of the draws; ``d + 1`` places are used.
    direction
        Receives the cruise, shape ``(d,)``.
    """
    d = attack.size
    usable = 0
    for j in range(d):
        usable += attack[j] != 0.0
    k = int(uniform(key, place) * usable)
    if usable < d:
        k = np.flatnonzero(attack)[k]
    for j in range(d):
        direction[j] = 2.0 * uniform(key, place + 1 + j) - 1.0
    direction[k] = 0.0
    direction[k] = -dot(attack, direction) / attack[k]


@compiled
def _hunt(
    x: NDArray[np.float64],
    memory: NDArray[np.float64],
    prey: NDArray[np.int64],
    attack_propensity: float,
    cruise_propensity: float,
    key: np.uint64,
) -> None:
    n, d = x.shape
    attack = np.empty(d)
    direction = np.empty(d)
    for i in range(n):
        here, there = x[i], memory[prey[i]]
        for j in range(d):
            attack[j] = there[j] - here[j]
        square = dot(attack, attack)
        if square == 0.0:
            continue
        place = i * (d + 3)
        cruise(attack, key, place + 2, direction)
        length = dot(direction, direction)
        by_attack = attack_propensity * uniform(key, place)
        by_cruise = cruise_propensity * uniform(key, place + 1) * np.sqrt(square / length) if length > 0.0 else 0.0
        for j in range(d):
            here[j] += by_attack * attack[j] + by_cruise * direction[j]


class Flock[P: Params](Optimizer[P, MemoryState]):
    """Eagles that hunt around each other's best places."""

    state_class = MemoryState

    def settle(self, state: MemoryState) -> None:
        """Let every eagle remember where it is."""
        state.begin_memory()

    def propensities(self, state: MemoryState) -> tuple[float, float]:
        """Return the propensities to attack and to cruise (eq 9)."""
        p = self.params
        return (
            p.attack_start + (p.attack_end - p.attack_start) * state.progress,
            p.cruise_start + (p.cruise_end - p.cruise_start) * state.progress,
        )

    def move(self, state: MemoryState) -> NDArray[np.float64]:
        """Let every eagle move around its prey."""
        prey = state.rng.permutation(state.fitness.size)
        _hunt(state.x, state.memory, prey, *self.propensities(state), new_key(state.rng))
        return state.x

    def learn(self, state: MemoryState, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:  # noqa: ARG002  (every optimiser is told alike)
        """Let every eagle remember."""
        state.remember(fitness)


class GEO(Flock[Params]):
    """Golden eagle optimiser."""

    title = "GEO"
    params_class = Params
