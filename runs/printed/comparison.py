"""Runs side by side that differ in who decides: printed, and as a table to be written."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape

from environment.registry import OnDemand
from runs.best_known import title_of
from runs.parts import parts_of
from runs.printed.rows import SideBySide
from runs.scenario import Scenario
from runs.terminal import err

if TYPE_CHECKING:
    import pandas as pd

SHOWN: Final[dict[str, Callable[[Scenario, Sequence[dict[str, Any]]], SideBySide]]] = {
    "homes": OnDemand("runs.printed.homes:side_by_side"),
    "v2g": OnDemand("runs.printed.v2g:side_by_side"),
    "stations": OnDemand("runs.printed.stations:side_by_side"),
}
"""What is shown of several runs, by the part of the world that they are of."""


def print_comparison(scenario: Scenario, summaries: Sequence[dict[str, Any]]) -> None:
    """Print the summaries of runs on the same world side by side."""
    for name in parts_of(scenario):
        SHOWN[name](scenario, summaries).show()


def comparison(scenario: Scenario, names: Sequence[str], summaries: Sequence[dict[str, Any]]) -> "pd.DataFrame":
    """Return what may be printed of runs side by side: a row for each name of who decides, a column for each figure."""
    import pandas as pd  # noqa: PLC0415  (only where a table is written)

    keys = [key for name in parts_of(scenario) for key in SHOWN[name](scenario, summaries).rows]
    rows = {name: {key: summary.get(key) for key in keys} for name, summary in zip(names, summaries, strict=True)}
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
