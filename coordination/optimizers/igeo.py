r"""Improved golden eagle optimiser of paper B: a chaotic first flock, and propensities that follow other curves.

Source: paper B, section 3.2. Its formulas are lost, and stand nowhere else: known are the Bernoulli map with
:math:`\lambda = 0.5`, and :math:`a_1 = -0.2`, :math:`a_2 = 50`, :math:`a_3 = 0.94` with iteration m [verbatim]. So this is an
interpretation [reconstructed]. `SCHEDULES` holds the readings, `R1` the default:

.. math:: p_a = 0.5 + 1.5 s, \quad p_c = 0.5 + 0.5\, a_3^m, \quad s = \frac{1}{1 + e^{a_1 (m - a_2)}}

At :math:`\lambda = 0.5` the Bernoulli map doubles, :math:`z \leftarrow 2 z \bmod 1`, which in floating point ends at a corner
after some 53 steps. Here z are integers of 53 bits whose lowest bit is drawn anew at every step: the same law, without an end.
Along which axis the chain runs is not said; along the members is the usual form.
"""

from collections.abc import Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import geo
from coordination.optimizers.geo import Flock
from coordination.optimizers.memory import MemoryState

A_1: Final = -0.2
A_2: Final = 50.0
A_3: Final = 0.94

BITS: Final = 53


def _rise(m: int) -> float:
    return float(1.0 / (1.0 + np.exp(A_1 * (m - A_2))))


SCHEDULES: Final[dict[str, Callable[[int], tuple[float, float]]]] = {
    "R1": lambda m: (0.5 + 1.5 * _rise(m), 0.5 + 0.5 * A_3**m),
    "R2": lambda m: (0.5 + 1.5 * _rise(m), 1.0 - 0.5 * _rise(m)),
    "R3": lambda m: (2.0 * _rise(m), A_3**m),
    "R4": lambda m: (A_3 + _rise(m), 1.0 - _rise(m)),
    "R5": lambda m: (0.5 + 1.5 * _rise(m), A_3 * (1.0 - _rise(m))),
    "R6": lambda m: (2.0 - 1.5 * A_3**m, 1.0 - 0.5 * _rise(m)),
}
"""Propensities to attack and to cruise at an iteration, from 1; all are readings of the same three constants."""


class Params(geo.Params):
    """Settings of the improved flock."""

    schedule: Literal["R1", "R2", "R3", "R4", "R5", "R6", "linear"] = "R1"
    """How the propensities change: a reading of paper B, or "linear" as in GEO."""

    chain: Literal["members", "dimensions"] = "members"
    """Along which axis the chaotic chain of the first flock runs."""


def chaos(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return chains of the Bernoulli map with lambda 0.5 in [0, 1), running along the first axis.

    Parameters
    ----------
    shape
        Steps of a chain, and chains.
    rng
        Draws the begins and the lowest bits.
    """
    steps, chains = shape
    z = np.empty(shape, dtype=np.uint64)
    z[0] = rng.integers(2**BITS, size=chains, dtype=np.uint64)
    low = rng.integers(2, size=shape, dtype=np.uint64)
    mask = np.uint64(2**BITS - 1)
    for k in range(1, steps):
        z[k] = ((z[k - 1] << np.uint64(1)) & mask) | low[k]
    return np.ldexp(z.astype(np.float64), -BITS)


class IGEO(Flock[Params]):
    """Improved golden eagle optimiser; an interpretation, see the module."""

    title = "IGEO"
    params_class = Params

    def first(self, state: MemoryState) -> NDArray[np.float64]:
        """Return the chaotic first flock."""
        n, d = self.params.population, state.lower.size
        z = chaos((n, d), state.rng) if self.params.chain == "members" else chaos((d, n), state.rng).T
        return state.lower + z * (state.upper - state.lower)

    def propensities(self, state: MemoryState) -> tuple[float, float]:
        """Return the propensities of the schedule."""
        if self.params.schedule == "linear":
            return super().propensities(state)
        return SCHEDULES[self.params.schedule](state.iteration + 1)
