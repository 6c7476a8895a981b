"""The study of paper A: its runs once, then claims, tables, figures and a page from them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from runs.progress import Progress
from runs.studies.claim import Claim, claims_table
from runs.studies.output import write_study
from runs.studies.paper_a.cases import SEEDS, paper_runs
from runs.studies.paper_a.claims import claims
from runs.studies.paper_a.tables import ants_and_swarms, tables
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.studies.templates import filled

QUICK_SEEDS = SEEDS[:3]


def run(folder: Path, options: StudyOptions, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_a.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    seeds = QUICK_SEEDS if options.quick else SEEDS
    runs = paper_runs(seeds, lambda part: progress(0.95 * part))
    held, drawn = claims(runs), figures(runs)
    shown = [] if options.figures == "none" else drawn
    pictures = "\n".join(f"![{name}](figures/{name}.{options.figures})\n" for name in shown)
    text = page(held, ants_and_swarms(runs), seeds) + filled(__name__, "files.md", pictures=pictures)
    return write_study(folder, held, tables(runs), drawn, options.figures, {"paper_a.md": text}, progress)


def page(held: Iterable[Claim], table5: pd.DataFrame, seeds: Sequence[int] = SEEDS) -> str:
    """Return the reproduction page as Markdown, from claims and Table 5."""
    return filled(
        __name__,
        "page.md",
        n_seeds=len(seeds),
        first_seed=seeds[0],
        last_seed=seeds[-1],
        claims=claims_table(held),
        table5=[
            {"title": title, "counted": iterations or "", **_cells(part.set_index("figure"))}
            for (title, iterations), part in table5.groupby(["title", "iterations"], sort=False)
        ],
    )


def _cells(figures: pd.DataFrame) -> dict[str, str]:
    """Return mean, least and most of each figure of a plan; gaps in per cent."""
    cells = {}
    for name, row in figures[["mean", "min", "max"]].iterrows():
        percent = 100 if name == "optimality_gap" else 1
        mean, least, most = (_short(percent * value) for value in row)
        cells[str(name)] = f"{mean} ({least} to {most})"
    return cells


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.2g}"
