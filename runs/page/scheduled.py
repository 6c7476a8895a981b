"""A run of charging stations that is watched from outside: the model does not know that anyone looks."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from coordination.stations.problem import StationScheduling
from coordination.stations.search import Found
from runs.scenario import Scenario
from runs.stations.grid import after
from runs.stations.model import StationsModel
from runs.stations.result import StationsResult
from runs.stations.simulate import StationsOutcome, carry_out, unscheduled
from runs.stations.world import StationsWorld

PARTS = (0.9, 1.0)
"""Of the whole, told when the slots are scheduled, and when the same is done without a schedule."""


@dataclass(frozen=True, eq=False)
class Scheduled:
    """A finished run, with what stands where.

    Parameters
    ----------
    world
        Feeder, stations, horizon.
    result
        As `runs.stations.result.schedule_stations` gives it.
    """

    world: StationsWorld
    result: StationsResult

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.world.horizon.n_slots


def play(case: Scenario, tell: Callable[[float], None]) -> Scheduled:
    """Play a run to its end, and the same without a schedule.

    Parameters
    ----------
    case
        With a section ``[stations]``.
    tell
        Told the part that is done, also while a slot's schedule is looked for. What it raises ends the run.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names; if a power flow diverges.
    """
    begun = time.perf_counter()
    world = StationsWorld.build(case, np.random.default_rng(case.run.seed))
    model, n = StationsModel(world=world), world.horizon.n_slots

    def find(problem: StationScheduling, slot: int) -> Found:
        return world.find(problem, slot, lambda part: tell(PARTS[0] * (slot + part) / n))

    model.control_center.find = find
    for edge_h in world.horizon.edges_h[1:].tolist():
        model.run_until(edge_h)
        tell(PARTS[0] * model.slot / n)
    outcome = StationsOutcome(model, after(world, model.track), time.perf_counter() - begun)
    rest = PARTS[1] - PARTS[0]
    plain = carry_out(unscheduled(world), lambda part: tell(PARTS[0] + rest * part))
    return Scheduled(world, StationsResult.of(world, outcome, plain))
