"""A run of ants beside free charging and no EVs, and methods side by side."""

from collections.abc import Sequence
from typing import Any

from runs.best_known import title_of
from runs.plural import counted, counted_evs
from runs.printed.rows import FREE, ONLY_WITH, ROWS, SideBySide, shows, since
from runs.scenario import Scenario
from runs.terminal import out


def print_homes(_scenario: Scenario, summary: dict[str, Any]) -> None:
    """Print a run beside free charging and no EVs, and how far it is from the optimum."""
    cases = {"no EVs": summary["no_evs"], FREE: summary["free"]}
    if summary["method"] != "free":
        cases[title_of(summary)] = summary
    _table(summary, cases).show()
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


def side_by_side(_scenario: Scenario, summaries: Sequence[dict[str, Any]]) -> SideBySide:
    """Return what is shown of runs on the same fleet and load, beside no EVs."""
    cases = {"no EVs": summaries[0]["no_evs"], **{title_of(summary): summary for summary in summaries}}
    return _table(summaries[0], cases)


def _table(first: dict[str, Any], cases: dict[str, dict[str, Any]]) -> SideBySide:
    evs, transformers = counted_evs(first["vehicles"], first["stays"]), counted(first["transformers"], "transformer")
    shown = {
        key: row
        for key, row in ROWS.items()
        if any(key in figures for figures in cases.values())
        and (key not in ONLY_WITH or any(shows(ONLY_WITH[key], figures) for figures in cases.values()))
    }
    return SideBySide(f"{evs}, {transformers} of {limit_text(first)}, {since(first)}", shown, cases)


def limit_text(summary: dict[str, Any]) -> str:
    """Return the limit of the transformers of a run, from the least to the most where they differ or vary in time."""
    if summary["limit_kw"] is not None:
        return f"{summary['limit_kw']:,.0f} kW"
    return f"{summary['limit_min_kw']:,.0f} to {summary['limit_max_kw']:,.0f} kW"
