"""The batch-size study: one sweep, then tables, figures and a page from it."""

import shutil
from pathlib import Path

import pandas as pd

from runs.progress import Progress
from runs.studies.batch import FLEETS, QUICK_FLEETS
from runs.studies.batch.cases import all_series, design, means, scenario
from runs.studies.batch.rule import FILLED, UNNOTICED, rule
from runs.studies.output import write_figures
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.sweep import sweep


def run(folder: Path, asked: StudyOptions, progress: Progress, parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.batch.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    series = all_series()
    fleets = QUICK_FLEETS if asked.quick else FLEETS
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
    write_figures(folder, figures(table, rules), asked.figures)
    text = page(table, rules, done.failed)
    (folder / "batch.md").write_text(text, encoding="utf-8")
    progress(1.0)
    return _answer(rules)


def page(table: pd.DataFrame, rules: pd.DataFrame, failed: int) -> str:
    """Return the study's page as Markdown."""
    fleets = int(table.fleets.max())
    ideal = table[table.family == "ideal"]
    rows = "\n".join(
        f"| {each.batch_size} | {each.share:.1%} | {_with(each, 'valley_ripple_kw')} | {_with(each, 'peak_kw')} | "
        f"{_with(each, 'optimality_gap', 100, 2)} | {_with(each, 'messages')} |"
        for _, each in ideal.iterrows()
    )
    others = "\n".join(
        f"| {each.series} | {each.vehicles:,} | {_percent(each.unnoticed_share)} | {_percent(each.filled_share)} | "
        f"{each.ripple_per_batch_kw:.2f} |"
        for _, each in rules.iterrows()
    )
    disturbed = "\n".join(
        f"| {each.series} | {each.batch_size} | {_with(each, 'valley_ripple_kw')} | {_with(each, 'optimality_gap', 100, 2)} | "
        f"{_with(each, 'messages')} | {_with(each, 'messages_lost')} | {_with(each, 'unserved_kwh')} |"
        for _, each in table[table.family.isin(["ideal", "losses", "delays"])].iterrows()
        if each.batch_size in (1, 20, 100)
    )
    failures = f"\n{failed} runs failed and are left out.\n" if failed else ""
    return f"""# How many EVs may share one round

{_answer(rules)}

Means over {fleets} fleets, each with its 95 % confidence half-width (Student t), all series on the same fleets. The case is paper A's:
500 EVs of 4 kW in whole slots, 24 x 1 h, load as forecast; other fleet sizes have load and limit in proportion. The ripple
is the largest less the smallest load in the slots that the optimum fills by at least half of its most; the gap is the part
lost of what the optimum gains on free charging.
{failures}
## One round, nothing lost, no delay

| batch | of the fleet | ripple [kW] | peak [kW] | gap [%] | messages |
|---|---|---|---|---|---|
{rows}

## How large a batch may be

"As good as one by one": the gap is at most {100 * UNNOTICED:g} percentage points above that of one EV at a time. "Filled": the gap is
at most {FILLED:.0%}. Both are interpolated between the batch sizes that were run; a dash means that one EV at a time is above
already. The last column is the ripple that a batch of about a tenth of the fleet adds, per kW of rated power in the batch.

| series | EVs | as good as one by one | filled | ripple / batch power |
|---|---|---|---|---|
{others}

## Losses and delays

| series | batch | ripple [kW] | gap [%] | messages | receivers not reached | unserved [kWh] |
|---|---|---|---|---|---|---|
{disturbed}

A lost copy of the board leaves its readers with the one before, so a batch acts like a larger one; a delay lets those who
come meanwhile read an old board too, as if they were of the same batch. In bursts most losses fall on deposits that are sent
again until the burst is over, and copies go out when an acceptance has just got through: so bursts cost messages more than
they cost the valley. Neither losses nor delays of minutes cost energy: what is lost is sent again, and an EV that waits beyond
a slot goes by the safe rule. A copy that is lost counts with all its readers.
"""


def _answer(rules: pd.DataFrame) -> str:
    sound = rules[rules.series.str.endswith(" EVs") | rules.series.str.startswith("one round")]
    unnoticed, filled = sound.unnoticed_share, sound.filled_share
    crowd = sound.ripple_per_batch_kw
    return (
        f"Rule of thumb for paper A's fleet and load (others differ, see the guide): {unnoticed.median():.0%} of the fleet may share one round and lose nothing worth noticing "
        f"({unnoticed.min():.1%} to {unnoticed.max():.1%} over fleets of {sound.vehicles.min():,} to "
        f"{sound.vehicles.max():,} EVs); up to {filled.median():.0%} ({filled.min():.1%} to {filled.max():.1%}) the valley is still "
        f"filled to within 1 % of the optimum. A batch of a tenth of the fleet adds a ripple of {crowd.median():.2f} "
        f"({crowd.min():.2f} to {crowd.max():.2f}) times the batch's rated power."
    )


def _with(row: "pd.Series[float]", name: str, scale: float = 1.0, digits: int = 0) -> str:
    mean, half = scale * float(row[name]), scale * float(row[f"{name}_half_width"])
    return f"{mean:,.{digits}f} ± {half:,.{digits}f}"


def _percent(share: float) -> str:
    return "-" if pd.isna(share) else f"{share:.1%}"
