"""The runs of a sweep as jobs: what each changes in the scenario, and the record of what became of it."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypedDict

import numpy as np

from environment.registry import OnDemand
from runs.idle import idle
from runs.scenario import Scenario

READY: Final = OnDemand("runs.simulate:ready")
SUMMARIZE: Final = OnDemand("runs.simulate:summarize")
NO_FIGURES = ("wall_s", "warnings")
"""Of a summary: differ from run to run, or are texts for people."""


class Job(NamedTuple):
    """One run to be carried out.

    Parameters
    ----------
    run
        Number of the run in the sweep.
    changes
        What it changes in the scenario, by dotted name; the seed among it.
    """

    run: int
    changes: dict[str, Any]


class Record(TypedDict):
    """What became of a run.

    `wall_s` is its time in seconds, `figures` are the scalars of its summary by dotted name, `warnings` its warnings but those of
    keys that do not count, which a sweep tells of all its points together.
    """

    run: int
    status: str
    error: str | None
    wall_s: float
    figures: dict[str, Any]
    warnings: list[str]


def work(scenario: Scenario, jobs: Sequence[Job]) -> list[Record]:
    """Carry out some runs, one after the other; what a run raises is its record.

    Parameters
    ----------
    scenario
        What every run starts from.
    jobs
        What each changes.
    """
    return [_run(scenario, job) for job in jobs]


def _run(scenario: Scenario, job: Job) -> Record:
    begun = time.perf_counter()
    try:
        case = scenario.varied(job.changes)
        READY(case)
        begun = time.perf_counter()
        summary = SUMMARIZE(case)
        figures, unread = dict(_figures(summary)), set(idle(case))
        warnings = [text for text in summary["warnings"] if text not in unread]
    except Exception as error:  # noqa: BLE001  (whatever a run raises is what became of it)
        return failure(job.run, error, time.perf_counter() - begun)
    wall_s = time.perf_counter() - begun
    return Record(run=job.run, status="ok", error=None, wall_s=wall_s, figures=figures, warnings=warnings)


def failure(run: int, error: BaseException, wall_s: float = 0.0) -> Record:
    """Return the record of a run that failed."""
    told = f"{type(error).__name__}: {error}"
    return Record(run=run, status="failed", error=told, wall_s=wall_s, figures={}, warnings=[])


def _figures(summary: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in summary.items():
        if key in NO_FIGURES:
            continue
        if isinstance(value, Mapping):
            yield from _figures(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value.item() if isinstance(value, np.generic) else value
