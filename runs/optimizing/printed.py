"""What ``evswarm optimize`` prints and writes."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from rich import box
from rich.table import Table

from runs.optimizing.comparison import Compared
from runs.optimizing.tables import SIGNIFICANT, convergence, mann_whitney, ranks, table4, won_lost_tied
from runs.terminal import out

WIDTH: Final = 7
"""Of a number."""

TIGHT: Final[dict[str, Any]] = {"box": box.SIMPLE_HEAD, "padding": 0, "show_edge": False}


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
    for part in _parts(functions, rows):
        out.print(_table(part, rows))
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


def _parts(functions: list[str], rows: dict[str, Rows]) -> list[list[str]]:
    """Return the functions of each table: as few tables as there is room for."""
    beside = max(map(len, rows)) + len(" mean ") + max(len(last) for own in rows.values() for _, _, last in own)
    room = max(1, (out.width - beside) // (WIDTH + 1))
    each = -(-len(functions) // -(-len(functions) // room))
    return [functions[k : k + each] for k in range(0, len(functions), each)]


def _table(functions: list[str], rows: dict[str, Rows]) -> Table:
    table = Table(**TIGHT)
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    for function in functions:
        table.add_column(function.replace("-", "-\n"), justify="right", no_wrap=True, overflow="fold")
    table.add_column("", justify="right", no_wrap=True)
    for name, own in rows.items():
        for figure, cells, last in own:
            first = name if figure == "best" else ""
            table.add_row(first, figure, *(cells[at] for at in functions), last, end_section=figure == "rmse")
    return table


def _print_tests(tests: pd.DataFrame) -> None:
    text = won_lost_tied(tests)
    table = Table(**TIGHT)
    for name in ("", *text.columns):
        table.add_column(name, justify="right" if name else "left", no_wrap=True, overflow="fold")
    for name, cells in zip(text.index, text.to_numpy().tolist(), strict=True):
        table.add_row(str(name), *cells)
    out.print("\nFunctions won-lost-tied, row against column", style="italic", highlight=False)
    out.print(table)
    out.print(f"Mann-Whitney, two-sided; a tie unless p < {SIGNIFICANT:g}.", highlight=False)


def _short(value: float) -> str:
    """Write a number in at most seven characters."""
    for digits in (2, 1, 0):
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
        if len(text) <= WIDTH:
            break
    return text


def write_compared(compared: Compared, folder: Path) -> None:
    """Write every table and the figure into a folder that exists."""
    from runs.drawing import save  # noqa: PLC0415  (matplotlib, as the next)
    from runs.optimizing import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    runs, curves = compared.table(), convergence(compared)
    tables = {
        "runs": runs,
        "table4": table4(runs),
        "ranks": ranks(runs),
        "mann_whitney": mann_whitney(runs),
        "convergence": curves,
    }
    for name, table in tables.items():
        compared.described(table).to_csv(folder / f"{name}.csv", index=False)
    (folder / "figures").mkdir()
    title = f"Convergence, {compared.comparison.title}"
    save(figures.convergence(curves, title), folder / "figures" / "convergence.png")
