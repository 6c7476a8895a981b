"""What particles and eagles remember: the best place that each has been to."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import base
from environment.compiled import compiled


@dataclass(eq=False, kw_only=True)
class MemoryState(base.State):
    """A population that remembers.

    Attributes
    ----------
    memory, memory_fitness
        The best place that each member has been to, shape ``(n, d)``, and its fitness, shape ``(n,)``.
    """

    memory: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    memory_fitness: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def begin_memory(self) -> None:
        """Remember the first population; from then on members move in place."""
        self.memory, self.memory_fitness = self.x.copy(), self.fitness.copy()
        self.trial = self.x

    def remember(self, fitness: NDArray[np.float64]) -> None:
        """Take the fitness of where all members are now."""
        self.fitness = fitness
        _remember(self.x, fitness, self.memory, self.memory_fitness)


@compiled
def _remember(
    x: NDArray[np.float64],
    fitness: NDArray[np.float64],
    memory: NDArray[np.float64],
    memory_fitness: NDArray[np.float64],
) -> None:
    for i in range(fitness.size):
        if fitness[i] < memory_fitness[i]:
            memory_fitness[i] = fitness[i]
            for j in range(x.shape[1]):
                memory[i, j] = x[i, j]
