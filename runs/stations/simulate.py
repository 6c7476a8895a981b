"""Run a scenario of charging stations, and the same without a schedule beside it."""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from coordination.stations.judgement import Judgement
from coordination.stations.problem import StationScheduling
from coordination.stations.search import Found
from coordination.stations.settings import NONE
from coordination.stations.triggers import TriggersSettings
from environment.grid.record import GridRecord
from runs.progress import Progress
from runs.scenario import Scenario
from runs.stations.world import StationsWorld
from runs.warm_up import warm_up

if TYPE_CHECKING:
    from runs.stations.model import StationsModel

OFF: Final = TriggersSettings(time=False, region=False, user=False, emergency=False)
SCHEDULED: Final = 0.9
"""Part of a run that the schedule is taken to be, the rest the same without one, for progress bars."""


@dataclass(frozen=True, eq=False)
class StationsOutcome:
    """What a run hands over.

    Parameters
    ----------
    model
        As it ended.
    judgement
        What its schedule did to the grid, and how good that was.
    wall_s
        Time that it took.
    """

    model: "StationsModel"
    judgement: Judgement
    wall_s: float

    @property
    def grid(self) -> GridRecord:
        """What its schedule did to the grid."""
        return self.judgement.grid


def ready(scenario: Scenario) -> None:
    """Compile or load the kernels that a scenario calls for: what it takes is no part of any run's seconds."""
    asked = scenario.scheduling
    few = asked.model_copy(update={"iterations": min(asked.iterations, 1), "population": 5})
    triggers = scenario.triggers

    def small() -> Scenario:
        return Scenario().update(
            horizon={"slot_min": 36, "slots": 2},
            stations={},
            users={"users": 200, "charging_a_day": 100},
            scheduling=few.model_dump(),
            triggers=triggers.model_dump(),
        )

    warm_up(("stations", few, triggers), lambda: _try(small()))


def _try(small: Scenario) -> None:
    world = StationsWorld.build(small, np.random.default_rng(small.run.seed))
    carry_out(world)
    carry_out(unscheduled(world))


def run_stations(
    scenario: Scenario, progress: Progress | None = None
) -> tuple[StationsWorld, StationsOutcome, StationsOutcome]:
    """Build a scenario's world and run it; the second outcome is that without a schedule and without triggers.

    Parameters
    ----------
    scenario
        With a section ``[stations]``.
    progress
        Told the part that is done, also while a slot's schedule is looked for. What it raises ends the run.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names; if a power flow diverges.
    """
    world = StationsWorld.build(scenario, np.random.default_rng(scenario.run.seed))
    ready(scenario)
    tell = progress or (lambda _: None)
    outcome = carry_out(world, lambda part: tell(SCHEDULED * part))
    return world, outcome, carry_out(unscheduled(world), lambda part: tell(SCHEDULED + (1 - SCHEDULED) * part))


def unscheduled(world: StationsWorld) -> StationsWorld:
    """Return the same world in which nobody schedules: rated time, most power, no triggers."""
    scenario = world.scenario
    plain = scenario.model_copy(
        update={"scheduling": scenario.scheduling.model_copy(update={"optimizer": NONE}), "triggers": OFF}
    )
    return replace(world, scenario=plain)


def carry_out(world: StationsWorld, progress: Progress = lambda _: None) -> StationsOutcome:
    """Run a world that has been built; see `run_stations`."""
    from runs.stations.model import StationsModel  # noqa: PLC0415  (Mesa only where stations run)

    begun = time.perf_counter()
    model = StationsModel(world=world)
    n = world.horizon.n_slots

    def find(problem: StationScheduling, slot: int) -> Found:
        return world.find(problem, slot, lambda part: progress((slot + part) / n))

    model.control_center.find = find
    for edge_h in world.horizon.edges_h[1:].tolist():
        model.run_until(edge_h)
        progress(model.slot / n)
    return StationsOutcome(model, Judgement.of(world.state, model.track), time.perf_counter() - begun)
