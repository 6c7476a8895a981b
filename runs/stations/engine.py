"""Charging stations in compiled code: what their agents do, slot for slot, and the same books of messages."""

import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

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
from runs.stations.columns import StationColumns
from runs.stations.part import StationPark

OFF: Final = TriggersSettings(time=False, region=False, user=False, emergency=False)


@dataclass(frozen=True, eq=False)
class StationsOutcome:
    """What a run of charging stations comes to.

    Parameters
    ----------
    park
        What was there before anyone decided.
    yard
        The stations' columns as they ended.
    track
        What happened in each slot.
    channel
        Channel with its books of messages.
    wall_s
        Time that the run took.
    visitors_cut_off
        Visitors who once got no answer to their need in a slot.
    """

    park: StationPark
    yard: Yard
    track: Track
    channel: Channel
    wall_s: float
    visitors_cut_off: int = 0

    @cached_property
    def judgement(self) -> Judgement:
        """What the schedule did to the grid, and how good that was."""
        return Judgement.of(self.park.state, self.track)

    @cached_property
    def free(self) -> "StationsOutcome":
        """What free charging comes to; see `charging_freely`."""
        return run(charging_freely(self.park), Channel(), lambda _: None)

    @property
    def visitors_died(self) -> int:
        """Visitors whose controller died."""
        return int(self.sessions.died.sum())

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


def samples(scenario: Scenario) -> tuple[Hashable, Callable[[], Iterator[StationPark]]]:
    """Return what names the kernels that a scenario calls for, and what gives small stations that call for the same."""
    asked = scenario.scheduling
    few = asked.model_copy(update={"iterations": min(asked.iterations, 1), "population": 5})
    triggers, engine = scenario.triggers, scenario.run.engine

    def each() -> Iterator[StationPark]:
        case = Scenario().update(
            horizon={"slot_min": 36, "slots": 2},
            stations={},
            users={"users": 200, "charging_a_day": 100},
            scheduling=few.model_dump(),
            triggers=triggers.model_dump(),
            run={"engine": engine},
        )
        yield StationPark.build(case, np.random.default_rng(case.run.seed))

    return ("stations", few, triggers, engine), each


def run(park: StationPark, channel: Channel, tell: Progress) -> StationsOutcome:
    """Let visitors come, and schedule the stations slot by slot.

    Parameters
    ----------
    park
        What exists.
    channel
        Takes the books of what agents would have sent.
    tell
        Told the part that is done, also while a slot's schedule is looked for. What it raises ends the run.
    """
    begun = time.perf_counter()
    yard, control = park.new_yard(), park.new_control()
    passing = [park.passing(region) for region in range(len(park.stations.regions))]
    below = StationColumns(yard, park.stations, passing, channel)
    for slot in range(park.horizon.n_slots):
        below.begin(slot)
        control.run_slot(slot, below, tell)
        control.track.enter_yard(slot, yard)
        tell((slot + 1) / park.horizon.n_slots)
    return StationsOutcome(park, yard, control.track, channel, time.perf_counter() - begun)


def judged(_park: StationPark, outcome: StationsOutcome, tell: Progress) -> StationsOutcome:
    """Return an outcome that is judged by the power flow, with free charging beside it.

    Raises
    ------
    FaultyInputError
        If a power flow diverges.
    """
    _ = outcome.judgement, outcome.free.judgement
    tell(1.0)
    return outcome


def charging_freely(park: StationPark) -> StationPark:
    """Return the same stations with free charging: rated time, most power, no triggers, and no message gets lost."""
    scenario = park.scenario
    free = scenario.model_copy(
        update={
            "scheduling": scenario.scheduling.model_copy(update={"optimizer": NONE}),
            "triggers": OFF,
            "channel": ChannelSettings(),
        }
    )
    return replace(park, scenario=free)
