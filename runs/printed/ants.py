"""A run of ants beside free charging and no EVs, and methods side by side."""

import pandas as pd
from rich.markup import escape
from rich.table import Table

from coordination.valley_filling import COORDINATORS
from runs.plural import counted
from runs.printed.rows import FAULTS, ROWS
from runs.result import Result
from runs.terminal import err, out


def print_run(result: Result) -> None:
    """Print a run beside free charging and beside no EVs, and its warnings."""
    print_warnings_of(result)
    summary = result.summary
    columns = {"no EVs": summary["no_evs"], COORDINATORS["free"].title: summary["free"]}
    if summary["method"] != "free":
        columns[COORDINATORS[summary["method"]].title] = summary
    _print_columns(result, columns)
    _print_optimum(result)


def _print_optimum(result: Result) -> None:
    summary = result.summary
    if summary.get("optimality_gap") is None:
        return
    known = f"a lower bound; the best schedule known has a gap of {summary['optimum_bracket']:.1e} to it"
    against = "an exact optimum" if summary["optimum_kind"] == "exact" else known
    own = "is proven optimal" if summary["certified"] else "is not proven optimal"
    settled = {True: " In the end no EV would move.", False: " EVs would still move.", None: ""}[summary["converged"]]
    out.print(f"The gap is to {against}. This schedule {own}.{settled}", highlight=False)


def print_comparison(results: list[Result]) -> None:
    """Print runs on the same fleet and load side by side."""
    columns = {"no EVs": results[0].summary["no_evs"]}
    columns |= {COORDINATORS[result.summary["method"]].title: result.summary for result in results}
    _print_columns(results[0], columns)


def _print_columns(result: Result, columns: dict[str, dict[str, float]]) -> None:
    summary = result.summary
    title = f"{counted(summary['vehicles'], 'EV')}, {counted(summary['transformers'], 'transformer')} of {summary['limit_kw']:,.0f} kW"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for key, (label, form) in ROWS.items():
        if any(figures.get(key) if key in FAULTS else key in figures for figures in columns.values()):
            cells = (figures.get(key) for figures in columns.values())
            table.add_row(escape(label), *("" if cell is None else form.format(cell) for cell in cells))
    out.print(table)


def comparison(results: list[Result]) -> pd.DataFrame:
    """Return what is printed of runs side by side, a row a method."""
    rows = {result.summary["method"]: {key: result.summary.get(key) for key in ROWS} for result in results}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def print_warnings_of(*results: Result) -> None:
    """Print the warnings of some runs, each once, with whose they are where not all have them."""
    texts = list(dict.fromkeys(text for result in results for text in result.summary["warnings"]))
    for text in texts:
        titles = [COORDINATORS[r.summary["method"]].title for r in results if text in r.summary["warnings"]]
        whose = "" if len(titles) == len(results) else f" ({', '.join(titles)})"
        err.print(f"[yellow]warning{whose}:[/] {escape(text)}", highlight=False)
