"""The batch-size study: one sweep, then tables, figures and a page from it."""

import shutil
from pathlib import Path

import pandas as pd

from runs.progress import Progress
from runs.studies.batch import FLEETS, QUICK_FLEETS
from runs.studies.batch.cases import FILLED, UNNOTICED, all_series, design, means, rule, scenario
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.studies.templates import filled, spans
from runs.sweep import sweep


def run(folder: Path, options: StudyOptions, progress: Progress, parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.drawing import save_figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)
    from runs.studies.batch.figures import figures  # noqa: PLC0415

    series = all_series()
    fleets = QUICK_FLEETS if options.quick else FLEETS
    done = sweep(
        scenario(),
        design(series),
        replications=fleets,
        folder=parts.folder("sweep"),
        progress=lambda runs, of: progress(0.95 * runs / of),
    )
    shutil.copytree(done.folder, folder / "sweep")
    runs = pd.read_parquet(folder / "sweep" / "runs.parquet")
    table = means(series, runs)
    rules = rule(table)
    table.to_csv(folder / "batch_sizes.csv", index=False, float_format="%.6g")
    rules.to_csv(folder / "rule_of_thumb.csv", index=False, float_format="%.4g")
    save_figures(figures(table, rules), folder / "figures", options.figures)
    (folder / "batch.md").write_text(page(table, rules, done.failed), encoding="utf-8")
    progress(1.0)
    return _answer(rules)


def page(table: pd.DataFrame, rules: pd.DataFrame, failed: int) -> str:
    """Return the study's page as Markdown."""
    disturbed = table.family.isin(["ideal", "losses", "delays"]) & table.batch_size.isin([1, 20, 100])
    return filled(
        __name__,
        "page.md",
        answer=_answer(rules),
        fleets=int(table.fleets.max()),
        failed=failed,
        ideal=table[table.family == "ideal"],
        unnoticed=UNNOTICED,
        filled=FILLED,
        rules=rules,
        disturbed=table[disturbed],
    )


def _answer(rules: pd.DataFrame) -> str:
    """Return the rule of thumb in words."""
    sound = rules[rules.series.str.endswith(" EVs") | rules.series.str.startswith("one round")]
    return filled(
        __name__,
        "answer.md",
        unnoticed_median=sound.unnoticed_share.median(),
        filled_median=sound.filled_share.median(),
        ripple_median=sound.ripple_per_batch_kw.median(),
        **spans(sound),
    ).rstrip()
