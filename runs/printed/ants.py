"""A run of ants beside free charging and no EVs, and methods side by side."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from runs.best_known import title_of
from runs.plural import counted, counted_evs
from runs.printed.rows import FREE, ONLY_WITH, ROWS, print_cases, shows, since
from runs.scenario import Scenario
from runs.terminal import err, out

if TYPE_CHECKING:
    import pandas as pd


def print_ants(_scenario: Scenario, summary: dict[str, Any]) -> None:
    """Print EVs as ants beside free charging and beside no EVs."""
    columns = {"no EVs": summary["no_evs"], FREE: summary["free"]}
    if summary["method"] != "free":
        columns[title_of(summary)] = summary
    _print_columns(summary, columns)
    if summary.get("optimality_gap") is not None:
        out.print(in_words(summary), highlight=False)


def in_words(summary: dict[str, Any]) -> str:
    """Return what the gap of a run means: what this schedule loses of what could be saved, and how closely that is known."""
    gap, known = (f"{summary[key]:.4%}" for key in ("optimality_gap", "optimum_bracket"))
    saved = "Of all that a schedule can save over free charging"
    if summary["certified"]:
        text = "This schedule is proven optimal: none is better."
    elif summary["optimum_kind"] == "exact" or not shows("optimum_bracket", summary):
        text = f"{saved}, this one loses {gap}."
    elif gap == known:
        text = f"{saved}, this one loses at most {gap}; no better one is known."
    else:
        text = f"{saved}, this one loses at most {gap}, the best one known at most {known}."
    return (
        text + {True: " In the end no EV would move.", False: " EVs would still move.", None: ""}[summary["converged"]]
    )


def print_comparison(summaries: list[dict[str, Any]]) -> None:
    """Print the summaries of runs on the same fleet and load side by side."""
    columns = {"no EVs": summaries[0]["no_evs"]}
    columns |= {title_of(summary): summary for summary in summaries}
    _print_columns(summaries[0], columns)


def _print_columns(summary: dict[str, Any], columns: dict[str, dict[str, Any]]) -> None:
    title = f"{counted_evs(summary['vehicles'], summary['stays'])}, {counted(summary['transformers'], 'transformer')} of {limit_text(summary)}, {since(summary)}"
    shown = {
        key: row
        for key, row in ROWS.items()
        if any(key in figures for figures in columns.values())
        and (key not in ONLY_WITH or any(shows(ONLY_WITH[key], figures) for figures in columns.values()))
    }
    print_cases(title, shown, columns)


def limit_text(summary: dict[str, Any]) -> str:
    """Return the limit of the transformers of a run, from the least to the most where they differ or vary in time."""
    if summary["limit_kw"] is not None:
        return f"{summary['limit_kw']:,.0f} kW"
    return f"{summary['limit_min_kw']:,.0f} to {summary['limit_max_kw']:,.0f} kW"


def comparison(summaries: list[dict[str, Any]]) -> "pd.DataFrame":
    """Return what is printed of runs side by side, a row a method."""
    import pandas as pd  # noqa: PLC0415  (only where a table is written)

    rows = {summary["method"]: {key: summary.get(key) for key in ROWS} for summary in summaries}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def print_warnings_of(*summaries: dict[str, Any], but: Collection[str] = ()) -> None:
    """Print the warnings of some runs, what any begins with first, each once, with whose they are where not all have them.

    Parameters
    ----------
    *summaries
        Summaries of the runs.
    but
        Warnings that are none where the runs stand side by side.
    """
    texts = list(dict.fromkeys(text for summary in summaries for text in summary["warnings"] if text not in but))
    texts.sort(key=lambda text: max(each["warnings"].index(text) for each in summaries if text in each["warnings"]))
    for text in texts:
        titles = [title_of(summary) for summary in summaries if text in summary["warnings"]]
        whose = "" if len(titles) == len(summaries) else f" ({', '.join(titles)})"
        err.print(f"[yellow]warning{whose}:[/] {escape(text)}", highlight=False)
