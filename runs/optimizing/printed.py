"""What ``evswarm optimize`` prints and writes."""

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from runs.optimizing.comparison import Compared
from runs.optimizing.tables import SIGNIFICANT, convergence, mann_whitney, ranks, table4, tables, won_lost_tied
from runs.printed.fitted import Column, print_table
from runs.result_folder import FigureFormat
from runs.terminal import out

WIDTH: Final = 7
"""Of a number."""


def print_compared(compared: Compared) -> None:
    """Print Table 4 with the ranks, and who wins against whom; of runs that were stopped, what there is."""
    runs = compared.table()
    summary = table4(runs)
    functions = [name for name in compared.comparison.functions if name in set(summary.function)]
    whole = [name for name in functions if set(summary.optimizer) == set(summary[summary.function == name].optimizer)]
    out.print(compared.comparison.title, style="italic", highlight=False, soft_wrap=True)
    ranked = ranks(runs[runs.function.isin(whole)]) if whole else None
    rank = {} if ranked is None else dict(zip(ranked.optimizer, ranked.average, strict=True))
    rows = {
        str(name): _rows(summary, str(name), functions, f"rank {rank[name]:.1f}" if whole else "")
        for name in compared.comparison.optimizers
        if name in set(summary.optimizer)
    }
    print_table("", *_columns(functions, rows), ends=range(2, 3 * len(rows), 3), tight=True)
    over = "" if whole == functions else f" on {', '.join(whole) or 'no function'}, where all shown have runs"
    out.print(
        "Best, mean and root mean square distance to the optimum, which is 0, over runs. Rank: average of the ranks of "
        f"medians{over}. Of a run: ms of processor time, ev points evaluated.",
        highlight=False,
    )
    tests = mann_whitney(runs)
    if not tests.empty:
        _print_tests(tests)


type Rows = list[tuple[str, dict[str, str], str]]
"""Of an optimiser: what the numbers are, the numbers by function, and what stands behind them."""


def _rows(summary: pd.DataFrame, name: str, functions: list[str], rank: str) -> Rows:
    """Return three rows; where an optimiser has no runs yet the cell is empty."""
    own = summary[summary.optimizer == name].set_index("function").reindex(functions)
    lowest = summary.groupby("function")[["best", "mean", "rmse"]].min()
    beside = {
        "best": rank,
        "mean": f"{1e3 * own.cpu_s.mean():.1f} ms",
        "rmse": f"{own.evaluations.mean():,.0f} ev",
    }
    return [
        (figure, {at: _cell(own[figure][at], lowest[figure][at]) for at in functions}, last)
        for figure, last in beside.items()
    ]


def _cell(value: float, lowest: float) -> str:
    if np.isnan(value):
        return ""
    return f"[bold]{_short(value)}[/]" if value == lowest else _short(value)


def _columns(functions: list[str], rows: dict[str, Rows]) -> tuple[list[Column], list[Column]]:
    """Return what names the rows, and the columns of functions with what stands behind them."""
    lines = [line for own in rows.values() for line in own]
    names = [name if figure == "best" else "" for name, own in rows.items() for figure, _, _ in own]
    lead = [Column("", names, is_text=True), Column("", [figure for figure, _, _ in lines], is_text=True)]
    numbers = [Column(at.replace("-", "-\n"), [cells[at] for _, cells, _ in lines]) for at in functions]
    return lead, [*numbers, Column("", [last for _, _, last in lines])]


def _print_tests(tests: pd.DataFrame) -> None:
    text = won_lost_tied(tests)
    out.print("\nFunctions won-lost-tied, row against column", style="italic", highlight=False)
    names = Column("", [str(name) for name in text.index], is_text=True)
    print_table("", [names], [Column(str(name), text[name].tolist()) for name in text.columns], tight=True)
    out.print(f"Mann-Whitney, two-sided; a tie unless p < {SIGNIFICANT:g}.", highlight=False)


def _short(value: float) -> str:
    """Write a number in at most seven characters."""
    for digits in (2, 1, 0):
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
        if len(text) <= WIDTH:
            break
    return text


def write_compared(compared: Compared, folder: Path, figure_format: FigureFormat) -> None:
    """Write every table and the figure, in its format, into a folder that exists."""
    for name, table in tables(compared).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    if figure_format != "none":
        from runs.drawing import save_figures  # noqa: PLC0415  (matplotlib, as the next)
        from runs.optimizing import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

        drawn = figures.convergence(convergence(compared), f"Convergence, {compared.comparison.title}")
        save_figures({"convergence": drawn}, folder / "figures", figure_format)
