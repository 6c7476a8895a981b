"""Run a scenario of charging stations, and the same without a schedule beside it; both engines do the same and send the same messages."""

import time
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np

from coordination.stations.judgement import Judgement
from coordination.stations.settings import NONE
from coordination.stations.track import Track
from coordination.stations.triggers import TriggersSettings
from coordination.stations.yard import Yard
from environment.battery import Batteries
from environment.channel import Channel
from environment.channel_faults import ChannelSettings
from environment.grid.record import GridRecord
from environment.users import Sessions
from runs.progress import Progress
from runs.scenario import Scenario
from runs.stations.compiled import StationColumns
from runs.stations.part import StationPark
from runs.warm_up import warm_up

OFF: Final = TriggersSettings(time=False, region=False, user=False, emergency=False)
SCHEDULED: Final = 0.9
"""Part of a run that the schedule is taken to be, the rest the same without one, for progress bars."""


@dataclass(frozen=True, eq=False)
class StationsOutcome:
    """What an engine hands over.

    Parameters
    ----------
    yard
        The stations' columns as they ended.
    track
        What happened in each slot.
    channel
        Channel with its books of messages.
    judgement
        What the schedule did to the grid, and how good that was.
    wall_s
        Time that it took.
    visitors_cut_off, visitors_died
        Visitors who once got no answer to their need in a slot, and visitors whose controller died.
    """

    yard: Yard
    track: Track
    channel: Channel
    judgement: Judgement
    wall_s: float
    visitors_cut_off: int = 0
    visitors_died: int = 0

    @property
    def messages_lost(self) -> int:
        """Messages that never reached their receiver."""
        return self.channel.lost

    @property
    def grid(self) -> GridRecord:
        """What the schedule did to the grid."""
        return self.judgement.grid

    @property
    def sessions(self) -> Sessions:
        """What became of the visits."""
        return self.yard.sessions

    @property
    def storage(self) -> Batteries:
        """The stations' storage in the end."""
        return self.yard.storage


def ready(scenario: Scenario) -> None:
    """Compile or load the kernels that a scenario calls for: what it takes is no part of any run's seconds."""
    asked = scenario.scheduling
    few = asked.model_copy(update={"iterations": min(asked.iterations, 1), "population": 5})
    triggers, engine = scenario.triggers, scenario.run.engine

    def small() -> Scenario:
        return Scenario().update(
            horizon={"slot_min": 36, "slots": 2},
            stations={},
            users={"users": 200, "charging_a_day": 100},
            scheduling=few.model_dump(),
            triggers=triggers.model_dump(),
            run={"engine": engine},
        )

    warm_up(("stations", few, triggers, engine), lambda: _try(small()))


def _try(small: Scenario) -> None:
    world = StationPark.build(small, np.random.default_rng(small.run.seed))
    carry_out(world)
    carry_out(unscheduled(world))


def run_stations(
    scenario: Scenario, progress: Progress | None = None
) -> tuple[StationPark, StationsOutcome, StationsOutcome]:
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
    world = StationPark.build(scenario, np.random.default_rng(scenario.run.seed))
    ready(scenario)
    tell = progress or (lambda _: None)
    outcome = carry_out(world, lambda part: tell(SCHEDULED * part))
    return world, outcome, carry_out(unscheduled(world), lambda part: tell(SCHEDULED + (1 - SCHEDULED) * part))


def unscheduled(world: StationPark) -> StationPark:
    """Return the same world in which nobody schedules: rated time, most power, no triggers, and no message gets lost."""
    scenario = world.scenario
    plain = scenario.model_copy(
        update={
            "scheduling": scenario.scheduling.model_copy(update={"optimizer": NONE}),
            "triggers": OFF,
            "channel": ChannelSettings(),
        }
    )
    return replace(world, scenario=plain)


def carry_out(world: StationPark, progress: Progress = lambda _: None) -> StationsOutcome:
    """Run a world that has been built, with the engine that its scenario names; see `run_stations`."""
    begun = time.perf_counter()
    ran = (_run_agents if world.scenario.run.engine == "agents" else _run_compiled)(world, progress)
    judgement = Judgement.of(world.state, ran.track)
    return StationsOutcome(
        ran.yard,
        ran.track,
        ran.channel,
        judgement,
        time.perf_counter() - begun,
        ran.visitors_cut_off,
        ran.visitors_died,
    )


class _Ran(NamedTuple):
    """A run before it is judged; names are those of `StationsOutcome`."""

    yard: Yard
    track: Track
    channel: Channel
    visitors_cut_off: int = 0
    visitors_died: int = 0


def _run_agents(world: StationPark, tell: Progress) -> _Ran:
    from runs.stations.model import StationsModel  # noqa: PLC0415  (Mesa only where agents run)

    model = StationsModel(world=world)
    model.on_search(tell)
    for edge_h in world.horizon.edges_h[1:].tolist():
        model.run_until(edge_h)  # at which the next slot has begun, and may have been scheduled
        tell(model.slot / world.horizon.n_slots)
    return _Ran(model.yard, model.track, model.channel, model.visitors_cut_off, model.visitors_died)


def _run_compiled(world: StationPark, tell: Progress) -> _Ran:
    yard, control, channel = world.new_yard(), world.new_control(), Channel()
    passing = [world.passing(region) for region in range(len(world.stations.regions))]
    below = StationColumns(yard, world.stations, passing, channel)
    for slot in range(world.horizon.n_slots):
        below.begin(slot)
        control.run_slot(slot, below, tell)
        control.track.enter_yard(slot, yard)
        tell((slot + 1) / world.horizon.n_slots)
    return _Ran(yard, control.track, channel)
