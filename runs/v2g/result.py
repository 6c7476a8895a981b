"""Runs of a fleet that gives back, from a scenario to their result."""

from typing import Any

from runs.progress import Progress
from runs.result import Result
from runs.scenario import Scenario
from runs.v2g.engine import V2GOutcome, run_shaving
from runs.v2g.part import V2G
from runs.v2g.summary import free_of, summary_of
from runs.v2g.tables import tables_of


def result_of(world: V2G, outcome: V2GOutcome) -> Result:
    """Return the result of a run: its summary and its tables.

    Parameters
    ----------
    world
        What was there before anyone decided.
    outcome
        What the engine handed over.
    """
    free = free_of(world)
    return Result(world.scenario, summary_of(world, outcome, free), tables_of(world, outcome, free))


def shave(scenario: Scenario, progress: Progress | None = None) -> Result:
    """Run a scenario with a section ``[peak_shaving]``; see `run_shaving`."""
    return result_of(*run_shaving(scenario, progress))


def summarize_shaving(scenario: Scenario, progress: Progress | None = None) -> dict[str, Any]:
    """Run a scenario with a section ``[peak_shaving]`` and return its summary only."""
    return summary_of(*run_shaving(scenario, progress))
