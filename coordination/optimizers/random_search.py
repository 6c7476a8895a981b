"""Random search: every point uniform in the box. What any optimiser must beat."""

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers.base import Optimizer, Params, State


class RandomSearch(Optimizer[Params, State]):
    """Random search."""

    title = "random search"

    def move(self, state: State) -> NDArray[np.float64]:
        """Draw a population."""
        state.trial[:] = self.first(state)
        return state.trial

    def learn(self, state: State, x: NDArray[np.float64], fitness: NDArray[np.float64]) -> None:
        """Learn nothing."""
