"""Means over the replications of a sweep, a row a design point."""

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape

from runs.plural import counted
from runs.printed.fitted import Column, fit_together, print_table
from runs.printed.rows import ROWS, cell
from runs.printed.stations import STATION_ROWS
from runs.printed.v2g import V2G_ROWS
from runs.scenario import PATH_KEYS
from runs.sweep import Sweep
from runs.terminal import err, out

SWEPT = {
    "peak_kw": "{:,.1f}",
    "peak_valley_difference_kw": "{:,.1f}",
    "optimality_gap": "{:.4%}",
    "gap_to_exact": "{:.4f}",
    "messages": "{:,.0f}",
    "unserved_kwh": "{:,.1f}",
    "voltage_min_pu": "{:.4f}",
    "losses_kwh": "{:,.1f}",
    "feasible_slots": "{:,.1f}",
}
"""What is shown of a sweep where its runs have it, and its form."""

MOST_POINTS = 30
"""Design points shown."""

MOST_WARNINGS = 20
"""Warnings shown, those alike but for their numbers as one."""


def print_sweep(swept: Sweep) -> None:
    """Print the runs' warnings, means over replications, a row a design point, and where the files are."""
    n = len(swept.design.points)
    _print_warnings(swept, n * swept.replications)
    means = swept.means(list(SWEPT), MOST_POINTS)
    names = [name for name in SWEPT if (name, "mean") in means]
    shown = range(min(n, MOST_POINTS))
    levels = [swept.design.cells(point) for point in shown]
    keys = [_key_column(key, [str(each[key]) for each in levels]) for key in swept.design.keys]
    labels = {**STATION_ROWS, **V2G_ROWS, **ROWS}
    figures = [
        Column(
            escape(labels[name][0]),
            [_with_confidence(SWEPT[name], *row) for row in means[name][["mean", "half_width"]].to_numpy().tolist()],
        )
        for name in names
    ]
    figures.append(Column("failed", [f"{count:,}" for count in means["failed", "runs"].tolist()]))
    title = (
        f"{counted(n, 'design point')}, {counted(swept.replications, 'run')} each; mean ± 95 % confidence of the mean"
    )
    if fit_together(keys, figures):
        print_table(title, keys, figures)
    else:
        print_table(title, [Column("point", [str(point) for point in shown])], [*keys, *figures])
    if n > MOST_POINTS:
        out.print(f"{n - MOST_POINTS:,} more points in runs.parquet.", highlight=False)
    if swept.failed:
        out.print(
            f"{swept.failed:,} of {n * swept.replications:,} runs failed; the column `error` says why, "
            "--retry-failed runs them again.",
            highlight=False,
        )
    folder = escape(str(swept.folder))
    files = "runs.parquet, scenario.toml, design.json, journal.jsonl"
    pictures = ", figures/" if (swept.folder / "figures").is_dir() else ""
    out.print(f"Written to [bold]{folder}[/]: {files}{pictures}", soft_wrap=True)


def _print_warnings(swept: Sweep, n_runs: int) -> None:
    """Print each warning once, with how many runs have it."""
    for text, runs, is_same in swept.warnings[:MOST_WARNINGS]:
        whose = f"{runs:,} of {counted(n_runs, 'run')}{'' if is_same else '; numbers of the first'}"
        err.print(f"[yellow]warning ({whose}):[/] {escape(text)}", highlight=False)
    if len(swept.warnings) > MOST_WARNINGS:
        more = len(swept.warnings) - MOST_WARNINGS
        err.print(f"[yellow]warning:[/] {more:,} more, in journal.jsonl", highlight=False)


def _key_column(key: str, texts: Sequence[str]) -> Column:
    """Return the levels of a key; paths as short as tells them apart."""
    section, _, name = key.partition(".")
    shown = shortest_paths(texts) if name in PATH_KEYS else texts
    return Column(escape(f"{section}.\n{name}"), [escape(text) for text in shown], is_text=True)


def shortest_paths(texts: Sequence[str]) -> list[str]:
    """Return paths by their last parts: as few as tell different ones apart."""
    paths = [Path(text).parts for text in texts]
    most = max(map(len, paths), default=0)
    for count in range(1, most):
        if len({parts[-count:] for parts in paths}) == len(set(paths)):
            return [str(Path(*parts[-count:])) for parts in paths]
    return list(texts)


def _with_confidence(form: str, mean: float, half_width: float) -> str:
    around = cell(half_width, form)
    return cell(mean, form) + (f" ±{around}" if around else "")
