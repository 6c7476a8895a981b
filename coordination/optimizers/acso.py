r"""Advanced competitive swarm optimiser of paper C: after the round of CSO, winners and losers meet among themselves.

Source: paper C, section 3.2, eq (12) [reconstructed: the equation names the winner's place, the loser's velocity and
place, and :math:`r_0, r_1`, and no centre]: :math:`v_l \leftarrow r_0 v_l + r_1 (x_w - x_l)`,
:math:`x_l \leftarrow x_l + v_l`. The same letters stand in LMOCSO (Y. Tian et al., 2020), whose place also adds
:math:`r_0 (v_l' - v_l)`: ``overshoot``. The r are drawn for each dimension [default].

A public stage (random pairs: n/2 move) and an advanced stage (pairs of winners, pairs of losers: n/4 each) make one iteration
of n evaluations, twice CSO's.
"""

import numpy as np
from pydantic import Field

from coordination.optimizers import cso
from coordination.optimizers.cso import Competition, Pairs, State, paired


class Params(cso.Params):
    """Settings of the advanced competitive swarm."""

    population: int = Field(default=30, ge=4, le=1_000_000)
    """Members of the population: two winners, and two losers, to meet among themselves."""

    social: float | None = Field(default=0.0, ge=0, le=1)
    """Pull of the swarm's centre; 0: none, as in the paper's equation."""

    overshoot: bool = False
    """Whether places move on by the change of velocity, as in LMOCSO."""


class ACSO(Competition[Params]):
    """Advanced competitive swarm optimiser."""

    title = "ACSO"
    params_class = Params
    asks_per_iteration = 2

    @property
    def overshoots(self) -> bool:  # type: ignore[override]
        """Whether places move on by the change of velocity."""
        return self.params.overshoot

    def meet(self, state: State) -> Pairs:
        """Return random pairs, and the next time pairs of the winners and pairs of the losers."""
        if state.tells % 2:
            return super().meet(state)
        return np.concatenate([paired(state.winners, state.rng), paired(state.losers, state.rng)])
