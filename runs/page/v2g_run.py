"""A run of peak shaving that is watched from outside, slot by slot: the model does not know that anyone looks."""

import time
from collections.abc import Callable
from typing import Final

import numpy as np

from runs.model import GridModel
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from
from runs.v2g.part import V2G
from runs.world import World

STEPS: Final = 40
"""States of charge are counted in so many steps, each around a round value: a floor of 0.2 is not split by rounding."""


class PlayedV2G:
    """A model of peak shaving and what is remembered of it from slot to slot.

    Parameters
    ----------
    case
        What to run, with a section ``[peak_shaving]``; by agents, whatever its engine.
    tell
        Told the part of the search for the signal that is done.

    Attributes
    ----------
    counts
        EVs by slot, group (the last: those away) and state of charge at the slot's beginning, shape ``(n_slots, groups + 1,
        STEPS + 1)``.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names.
    """

    def __init__(self, case: Scenario, tell: Callable[[float], None] | None = None) -> None:
        self.case = case
        self.v2g = V2G.build(case, np.random.default_rng(case.run.seed))
        self.model = GridModel(world=World.of(v2g=self.v2g))
        self.crew = self.model.v2g
        if tell is not None:
            self.model.on_search(tell)
        self.groups = self.crew.aggregator.dispatcher.tactic.groups
        self.counts = np.zeros((self.n_slots, self.groups + 1, STEPS + 1), dtype=np.int64)
        self._begun = time.perf_counter()

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.v2g.horizon.n_slots

    def advance(self) -> None:
        """Play the next slot."""
        slot, horizon = self.model.slot, self.v2g.horizon
        before = self.crew.batteries.soc.copy()
        self.model.run_until(
            float(horizon.edges_h[slot : slot + 2].mean())
        )  # at its end the next one would begin as well
        led = self.crew.aggregator.led
        assert led is not None
        group = np.full(before.size, self.groups)
        group[led.rows] = led.dispatch.labels
        step = np.rint(before * STEPS).astype(np.int64)
        self.counts[slot] = np.bincount(
            group * (STEPS + 1) + step, minlength=self.counts[slot].size
        ).reshape(self.counts[slot].shape)  # fmt: skip

    def result(self) -> Result:
        """Return the result, once every slot is played; as `runs.simulate.simulate` gives it."""
        return result_from(self.model.world, {"v2g": self.crew.outcome(time.perf_counter() - self._begun)})


def play(case: Scenario, tell: Callable[[float], None]) -> tuple[PlayedV2G, Result]:
    """Play a run to its end.

    Parameters
    ----------
    case
        With a section ``[peak_shaving]``.
    tell
        Told the part that is done; the search counts as half of it. What it raises ends the run.
    """
    played = PlayedV2G(case, lambda part: tell(part / 2))
    for slot in range(played.n_slots):
        played.advance()
        tell(0.5 + (slot + 1) / played.n_slots / 2)
    return played, played.result()
