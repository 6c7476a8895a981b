"""Means over the replications of a sweep, a row a design point."""

import numpy as np
from rich.markup import escape
from rich.table import Table

from runs.plural import counted
from runs.printed.rows import ROWS
from runs.printed.shaving import STORE_ROWS
from runs.printed.stations import STATION_ROWS
from runs.sweep import Sweep
from runs.terminal import out

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


def print_sweep(swept: Sweep) -> None:
    """Print means over replications, a row a design point, and where the files are."""
    n = len(swept.design.points)
    means = swept.means(list(SWEPT), MOST_POINTS)
    names = [name for name in SWEPT if (name, "mean") in means]
    table = Table(
        title=f"{counted(n, 'design point')}, {counted(swept.replications, 'run')} each; mean ± 95 % confidence of the mean",
        title_justify="left",
    )
    for key in swept.design.keys:
        section, _, name = key.partition(".")
        table.add_column(escape(f"{section}.\n{name}"), min_width=max(len(section) + 1, len(name)))
    for name in names:
        table.add_column(escape({**STATION_ROWS, **STORE_ROWS, **ROWS}[name][0]), justify="right")
    table.add_column("failed", justify="right")
    for point, row in means.iterrows():
        assert isinstance(point, int)
        cells = [f"{cell}" for cell in swept.design.cells(point).values()]
        figures = [_with_confidence(SWEPT[name], row[name, "mean"], row[name, "half_width"]) for name in names]
        table.add_row(*map(escape, cells), *figures, f"{row['failed', 'runs']:,.0f}")
    out.print(table)
    if n > MOST_POINTS:
        out.print(f"{n - MOST_POINTS:,} more points in runs.parquet.", highlight=False)
    if swept.failed:
        out.print(
            f"{swept.failed:,} of {n * swept.replications:,} runs failed; the column `error` says why, "
            "--retry-failed runs them again.",
            highlight=False,
        )
    folder = escape(str(swept.folder))
    out.print(f"Written to [bold]{folder}[/]: runs.parquet, scenario.toml, design.json, journal.jsonl", soft_wrap=True)


def _with_confidence(form: str, mean: float, half_width: float) -> str:
    if np.isnan(mean):
        return ""
    return form.format(mean) + ("" if np.isnan(half_width) else f" ±{form.format(half_width)}")
