"""What ``evswarm optimize`` prints and writes."""

from pathlib import Path
from typing import Any, Final

import pandas as pd
from rich import box
from rich.table import Table

from runs.optimizing.comparison import Compared
from runs.optimizing.tables import SIGNIFICANT, convergence, mann_whitney, ranks, table4, won_lost_tied
from runs.printed import out

WIDTH: Final = 7

TIGHT: Final[dict[str, Any]] = {
    "box": box.SIMPLE_HEAD,
    "padding": (0, 1, 0, 0),
    "pad_edge": False,
}


def print_compared(compared: Compared) -> None:
    """Print Table 4 with the ranks, and who wins against whom."""
    runs = compared.table()
    summary = table4(runs)
    rank = ranks(runs).set_index("optimizer").average
    lowest = summary.groupby("function")[["best", "mean", "rmse"]].min()
    table = Table(**TIGHT)
    table.add_column("")
    table.add_column("")
    for function in summary.function.unique():
        table.add_column(function.replace("-", "-\n"), justify="right")
    table.add_column("", justify="right", no_wrap=True)
    for name, own in summary.groupby("optimizer", sort=False):
        beside = {
            "best": f"rank {rank[name]:.1f}",
            "mean": f"{1e3 * own.cpu_s.mean():.1f} ms",
            "rmse": f"{own.evaluations.mean():,.0f} ev",
        }
        for figure, last in beside.items():
            least = lowest[figure].loc[own.function].to_numpy()
            cells = [
                f"[bold]{_short(value)}[/]" if value == low else _short(value)
                for value, low in zip(own[figure], least, strict=True)
            ]
            table.add_row(str(name) if figure == "best" else "", figure, *cells, last, end_section=figure == "rmse")
    out.print(compared.comparison.title, style="italic", highlight=False, soft_wrap=True)
    out.print(table)
    out.print(
        "Best, mean and root mean square distance to the optimum, which is 0, over runs. Rank: average of the ranks of "
        "medians. Of a run: ms of processor time, ev points evaluated.",
        highlight=False,
    )
    if len(rank) > 1:
        _print_tests(mann_whitney(runs))


def _print_tests(tests: pd.DataFrame) -> None:
    text = won_lost_tied(tests)
    table = Table(**TIGHT)
    for name in ("", *text.columns):
        table.add_column(name, justify="right" if name else "left")
    for name, cells in zip(text.index, text.to_numpy().tolist(), strict=True):
        table.add_row(str(name), *cells)
    out.print("\nFunctions won-lost-tied, row against column", style="italic", highlight=False)
    out.print(table)
    out.print(f"Mann-Whitney, two-sided; a tie unless p < {SIGNIFICANT:g}.", highlight=False)


def _short(value: float) -> str:
    """Write a number in at most seven characters."""
    for digits in (2, 1):
        mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
        text = f"{mantissa}e{int(exponent)}" if exponent else mantissa
        if len(text) <= WIDTH:
            break
    return text


def write_compared(compared: Compared, folder: Path) -> None:
    """Write every table and the figure into a folder that exists."""
    from runs.optimizing import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)
    from runs.plots import save  # noqa: PLC0415

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
