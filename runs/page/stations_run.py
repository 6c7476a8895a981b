"""A finished run of charging stations and what stands where, for the page."""

from collections.abc import Callable
from dataclasses import dataclass

from runs.result import Result
from runs.scenario import Scenario
from runs.stations.engine import run_stations
from runs.stations.part import StationPark
from runs.stations.result import result_of


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

    world: StationPark
    result: Result

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.world.horizon.n_slots


def play(case: Scenario, tell: Callable[[float], None]) -> Scheduled:
    """Play a run to its end, and the same without a schedule; see `run_stations`."""
    world, outcome, plain = run_stations(case, tell)
    return Scheduled(world, result_of(world, outcome, plain))
