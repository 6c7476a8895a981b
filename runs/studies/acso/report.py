"""The study of paper C: its runs once, then claims, tables, figures and a page from them."""

import os
from pathlib import Path

from runs.optimizing.comparison import crew_of
from runs.simulate import Progress
from runs.studies.acso.cases import FULL, FULL_BY_POWER_FLOW, QUICK, QUICK_BY_POWER_FLOW, PaperRuns, Size, paper_runs
from runs.studies.parts import Parts
from runs.studies.study import Asked, Option, Study

PAGE = "paper_c.md"


def size_of(asked: Asked) -> Size:
    """Return how much is run."""
    from dataclasses import replace

    if asked.evaluator == "powerflow":
        size = QUICK_BY_POWER_FLOW if asked.quick else FULL_BY_POWER_FLOW
    else:
        size = QUICK if asked.quick else FULL
    return size if asked.shots is None else replace(size, shots=asked.shots)


def run(folder: Path, asked: Asked, progress: Progress, parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    with crew_of(1 if asked.quick else os.cpu_count() or 1) as crew:
        runs = paper_runs(size_of(asked), asked.evaluator, parts, crew, lambda part: progress(0.97 * part))
    raise RuntimeError("stopped")


STUDY = Study(
    title="Paper C, charging stations and the advanced competitive swarm",
    help="paper C's",
    run=run,
    options={
        "evaluator": Option(("coefficients", "powerflow"), "what searches go by"),
        "shots": Option(range(1, 1001), "draws of users"),
    },
    settings=size_of,
)
