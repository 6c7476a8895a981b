"""Runs of charging stations, from a scenario to their result."""

from typing import Any

from runs.brief import Brief
from runs.progress import Progress
from runs.result import Result
from runs.scenario import Scenario
from runs.stations.engine import StationsOutcome, run_stations
from runs.stations.part import StationPark
from runs.stations.summary import no_evs_flow, summary_of
from runs.stations.tables import loads_of, nodes_of, tables_of


def result_of(world: StationPark, outcome: StationsOutcome, free: StationsOutcome) -> Result:
    """Return the result of a run: its summary and its tables.

    Parameters
    ----------
    world
        What was there before anyone decided.
    outcome
        What the engine handed over.
    free
        What it hands over without a schedule and without triggers.
    """
    no_evs = no_evs_flow(world)
    return Result(world.scenario, summary_of(world, outcome, free, no_evs), tables_of(world, outcome, free, no_evs))


def schedule_stations(scenario: Scenario, progress: Progress | None = None) -> Result:
    """Run a scenario with a section ``[stations]``; see `run_stations`."""
    return result_of(*run_stations(scenario, progress))


def brief(scenario: Scenario, progress: Progress | None = None) -> Brief:
    """Run a scenario with a section ``[stations]`` and return its summary, and its nodes if they are asked for."""
    world, outcome, free = run_stations(scenario, progress)
    return Brief(
        world.scenario,
        summary_of(world, outcome, free),
        lambda: nodes_of(world, outcome, loads_of(world, outcome, free)),
    )


def summarize_stations(scenario: Scenario, progress: Progress | None = None) -> dict[str, Any]:
    """Run a scenario with a section ``[stations]`` and return its summary only."""
    return summary_of(*run_stations(scenario, progress))
