"""A run of peak shaving that is watched from outside, slot by slot: the model does not know that anyone looks."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

from coordination.peak_shaving.dispatch import Dispatch, Dispatcher
from runs.scenario import Scenario
from runs.v2g.engine import V2GOutcome
from runs.v2g.model import PeakShavingModel
from runs.v2g.part import V2G
from runs.v2g.result import ShavingResult

STEPS: Final = 40
"""States of charge are counted in so many steps, each around a round value: a floor of 0.2 is not split by rounding."""


class Listener(Dispatcher):
    """A dispatcher that remembers whom it put into which group.

    Attributes
    ----------
    labels
        Group of each EV that was there in the last slot, in the order of their rows, shape ``(n,)``.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.labels = np.zeros(0, dtype=np.int8)

    def dispatch(self, *args: Any) -> Dispatch:
        """Share a signal as any dispatcher does."""
        asked = super().dispatch(*args)
        self.labels = asked.labels
        return asked


class Shaved:
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
        self.world = V2G.build(case, np.random.default_rng(case.run.seed))
        self.model = PeakShavingModel(world=self.world)
        self.model.aggregator.find = partial(self.world.find, progress=tell)
        self.model.aggregator.dispatcher = self._listener = Listener(case.grouping)
        self.groups = self._listener.tactic.groups
        self.counts = np.zeros((self.n_slots, self.groups + 1, STEPS + 1), dtype=np.int64)
        self._begun = time.perf_counter()

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.world.horizon.n_slots

    def advance(self) -> None:
        """Play the next slot."""
        slot, horizon, stays = self.model.slot, self.world.horizon, self.world.participation
        before = self.model.batteries.soc.copy()
        self.model.run_until(
            float(horizon.edges_h[slot : slot + 2].mean())
        )  # at its end the next one would begin as well
        rows = np.flatnonzero(stays.announced[slot])
        rows = rows[stays.hours_of(slot, rows, horizon.slot_h) > 0]
        group = np.full(before.size, self.groups)
        group[rows] = self._listener.labels
        step = np.rint(before * STEPS).astype(np.int64)
        self.counts[slot] = np.bincount(
            group * (STEPS + 1) + step, minlength=self.counts[slot].size
        ).reshape(self.counts[slot].shape)  # fmt: skip

    def result(self) -> ShavingResult:
        """Return the result, once every slot is played; as `runs.v2g.result.shave` gives it."""
        model = self.model
        assert model.aggregator.found is not None
        wall_s = time.perf_counter() - self._begun
        outcome = V2GOutcome(
            model.aggregator.found, model.track, model.batteries, model.departures, model.channel, wall_s
        )
        return ShavingResult.of(self.world, outcome)


def play(case: Scenario, tell: Callable[[float], None]) -> tuple[Shaved, ShavingResult]:
    """Play a run to its end.

    Parameters
    ----------
    case
        With a section ``[peak_shaving]``.
    tell
        Told the part that is done; the search counts as half of it. What it raises ends the run.
    """
    shaved = Shaved(case, lambda part: tell(part / 2))
    for slot in range(shaved.n_slots):
        shaved.advance()
        tell(0.5 + (slot + 1) / shaved.n_slots / 2)
    return shaved, shaved.result()
