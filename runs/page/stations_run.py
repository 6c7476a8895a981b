"""A finished run of charging stations and what stands where, for the page."""

from collections.abc import Callable
from dataclasses import dataclass

from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, run
from runs.stations.part import StationPark


@dataclass(frozen=True, eq=False)
class Scheduled:
    """A finished run, with what stands where.

    Parameters
    ----------
    park
        Feeder, stations, horizon.
    result
        As `runs.simulate.simulate` gives it.
    """

    park: StationPark
    result: Result

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.park.horizon.n_slots


def play(case: Scenario, tell: Callable[[float], None]) -> Scheduled:
    """Play a run to its end, and free charging beside it; see `runs.simulate.run`."""
    world, outcome = run(case, tell)
    assert world.stations is not None
    return Scheduled(world.stations, result_from(world, outcome))
