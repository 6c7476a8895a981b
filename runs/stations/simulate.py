"""Run a scenario of charging stations, and the same without a schedule beside it."""

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from coordination.stations.search import NONE
from coordination.stations.triggers import TriggersSettings
from runs.scenario import Scenario
from runs.simulate import Progress
from runs.stations.grid import After, after
from runs.stations.world import StationsWorld

if TYPE_CHECKING:
    from runs.stations.model import StationsModel

OFF = TriggersSettings(time=False, region=False, user=False, emergency=False)


@dataclass(frozen=True, eq=False)
class StationsOutcome:
    """What a run hands over.

    Parameters
    ----------
    model
        As it ended.
    after
        What its schedule did to the grid.
    wall_s
        Time that it took.
    """

    model: "StationsModel"
    after: After
    wall_s: float


def run_stations(
    scenario: Scenario, progress: Progress | None = None
) -> tuple[StationsWorld, StationsOutcome, StationsOutcome]:
    """Build a scenario's world and run it; the second outcome is that without a schedule and without triggers.

    Parameters
    ----------
    scenario
        With a section ``[stations]``.
    progress
        Told the part of the run that is done.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names; if a power flow diverges.
    """
    world = StationsWorld.build(scenario, np.random.default_rng(scenario.run.seed))
    return world, carry_out(world, progress), carry_out(unscheduled(world))


def unscheduled(world: StationsWorld) -> StationsWorld:
    """Return the same world in which nobody schedules: rated time, most power, no triggers."""
    scenario = world.scenario
    plain = scenario.model_copy(
        update={"scheduling": scenario.scheduling.model_copy(update={"optimizer": NONE}), "triggers": OFF}
    )
    return replace(world, scenario=plain)


def carry_out(world: StationsWorld, progress: Progress | None = None) -> StationsOutcome:
    """Run a world that has been built."""
    from runs.stations.model import StationsModel  # noqa: PLC0415  (Mesa only where stations run)

    begun = time.perf_counter()
    model = StationsModel(world=world)
    n = world.horizon.n_slots
    for slot, edge_h in enumerate(world.horizon.edges_h[1:].tolist()):
        model.run_until(edge_h)
        if progress is not None:
            progress((slot + 1) / n)
    return StationsOutcome(model, after(world, model.track), time.perf_counter() - begun)
