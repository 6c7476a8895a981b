"""The study of paper C: its runs once, then claims, tables, figures and a page from them."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from runs.optimizing.comparison import crew_of
from runs.progress import Progress
from runs.studies.output import outcomes, write_figures, write_tables
from runs.studies.paper_c.cases import (
    FULL,
    FULL_BY_POWER_FLOW,
    QUICK,
    QUICK_BY_POWER_FLOW,
    Size,
    paper_runs,
)
from runs.studies.paper_c.claims import claims
from runs.studies.paper_c.page import page
from runs.studies.paper_c.tables import tables
from runs.studies.parts import Parts
from runs.studies.study import Asked

PAGE: Final = "paper_c.md"


def size_of(asked: Asked) -> Size:
    """Return how much is run."""
    if asked.evaluator == "powerflow":
        size = QUICK_BY_POWER_FLOW if asked.quick else FULL_BY_POWER_FLOW
    else:
        size = QUICK if asked.quick else FULL
    return size if asked.shots is None else replace(size, shots=asked.shots)


def run(folder: Path, asked: Asked, progress: Progress, parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_c.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    with crew_of(1 if asked.quick else os.cpu_count() or 1) as crew:
        runs = paper_runs(size_of(asked), asked.evaluator, parts, crew, lambda part: progress(0.97 * part))
    held = claims(runs)
    written = tables(runs)
    write_tables(folder, held, written)
    write_figures(folder, figures(runs), asked.figures)
    (folder / PAGE).write_text(page(runs, held, written), encoding="utf-8")
    progress(1.0)
    return outcomes(held)
