"""Test functions F1-F6 of the 23-function set, for whole populations, with the optimum where the set has it or shifted.

Source: X. Yao, Y. Liu, G. Lin, "Evolutionary programming made faster", 1999; boxes as in S. Mirjalili's programs [standard].
Paper B runs F1-F6 (and calls the set CEC2005, which it is not). F6 is printed with a floor, a step function, and is often
programmed without one: both are here. All have their minimum of 0 at a known place.
Their names stand in `coordination.optimizers.FUNCTIONS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

SHIFT: Final = 0.8
"""A shifted optimum is drawn from this middle part of the box."""


def _sphere(x: NDArray[np.float64]) -> NDArray[np.float64]:
    value: NDArray[np.float64] = np.einsum("ij,ij->i", x, x)
    return value


def _schwefel_2_22(x: NDArray[np.float64]) -> NDArray[np.float64]:
    size = np.abs(x)
    with np.errstate(over="ignore"):
        value: NDArray[np.float64] = size.sum(axis=1) + size.prod(axis=1)
    return value


def _schwefel_1_2(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return _sphere(np.cumsum(x, axis=1))


def _schwefel_2_21(x: NDArray[np.float64]) -> NDArray[np.float64]:
    largest: NDArray[np.float64] = np.abs(x).max(axis=1)
    return largest


def _rosenbrock(x: NDArray[np.float64]) -> NDArray[np.float64]:
    here, there = x[:, :-1], x[:, 1:]
    value: NDArray[np.float64] = (100 * (there - here**2) ** 2 + (here - 1) ** 2).sum(axis=1)
    return value


def _step(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return _sphere(np.floor(x + 0.5))


def _smooth_step(x: NDArray[np.float64]) -> NDArray[np.float64]:
    return _sphere(x + 0.5)


@dataclass(frozen=True)
class Function:
    """A test function.

    Parameters
    ----------
    title
        Its usual name.
    of
        Fitness of points, shapes ``(n, d)`` to ``(n,)``.
    limit
        The box is from minus to plus this, in every dimension.
    optimum
        Every coordinate of the place of the minimum.
    """

    title: str
    of: Callable[[NDArray[np.float64]], NDArray[np.float64]]
    limit: float
    optimum: float

    def problem(self, dimension: int, rng: np.random.Generator | None = None) -> "FunctionProblem":
        """Pose the problem of a dimension.

        Parameters
        ----------
        dimension
            Number of coordinates.
        rng
            Draws where the optimum is shifted to; none: it stays where it is.
        """
        shift = np.zeros(dimension)
        if rng is not None:
            shift = rng.uniform(-SHIFT * self.limit, SHIFT * self.limit, dimension) - self.optimum
        return FunctionProblem(self, shift)


@dataclass(frozen=True, eq=False)
class FunctionProblem:
    """A test function in a dimension.

    Parameters
    ----------
    function
        Test function.
    shift
        By how much its optimum is shifted, shape ``(d,)``.
    """

    function: Function
    shift: NDArray[np.float64]

    @property
    def lower(self) -> NDArray[np.float64]:
        """Lower bounds, shape ``(d,)``."""
        return np.full(self.shift.size, -self.function.limit)

    @property
    def upper(self) -> NDArray[np.float64]:
        """Upper bounds, shape ``(d,)``."""
        return np.full(self.shift.size, self.function.limit)

    @cached_property
    def shifted(self) -> bool:
        """Whether the optimum lies elsewhere than the set has it."""
        return bool(self.shift.any())

    @property
    def optimum(self) -> NDArray[np.float64]:
        """Place of the minimum, shape ``(d,)``."""
        return self.function.optimum + self.shift

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fitness of points, shapes ``(n, d)`` to ``(n,)``."""
        return self.function.of(x - self.shift if self.shifted else x)


SPHERE: Final = Function("sphere", _sphere, 100.0, 0.0)
SCHWEFEL_2_22: Final = Function("Schwefel 2.22", _schwefel_2_22, 10.0, 0.0)
SCHWEFEL_1_2: Final = Function("Schwefel 1.2", _schwefel_1_2, 100.0, 0.0)
SCHWEFEL_2_21: Final = Function("Schwefel 2.21", _schwefel_2_21, 100.0, 0.0)
ROSENBROCK: Final = Function("Rosenbrock", _rosenbrock, 30.0, 1.0)
STEP: Final = Function("step", _step, 100.0, 0.0)
SMOOTH_STEP: Final = Function("step without the floor", _smooth_step, 100.0, -0.5)
