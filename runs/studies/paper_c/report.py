"""The study of paper C: its runs once, then claims, tables, figures and a page from them."""

import calendar
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from coordination.stations.settings import SchedulingSettings
from environment.station_sites import StationsSettings
from environment.users import UsersSettings
from runs.optimizing.comparison import crew_of
from runs.optimizing.tables import SIGNIFICANT
from runs.plural import counted
from runs.progress import Progress
from runs.stations.paper_c import BASE_KW, SLOT_MIN
from runs.stations.summary import SEARCHED_BY
from runs.studies.claim import Claim, claims_table
from runs.studies.output import write_study
from runs.studies.paper_c.cases import (
    BEFORE,
    EVENTS_A_DAY,
    FULL,
    FULL_BY_POWER_FLOW,
    PAPERS,
    QUICK,
    QUICK_BY_POWER_FLOW,
    READINGS,
    PaperRuns,
    Size,
    paper_runs,
)
from runs.studies.paper_c.claims import NAMES, SEARCHER_NAMES, claims
from runs.studies.paper_c.tables import HOURS_A_YEAR, rows_of, tables
from runs.studies.paper_c.work import SWING
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.studies.templates import Span, filled


def size_of(options: StudyOptions) -> Size:
    """Return how much is run."""
    if options.evaluator == "powerflow":
        size = QUICK_BY_POWER_FLOW if options.quick else FULL_BY_POWER_FLOW
    else:
        size = QUICK if options.quick else FULL
    return size if options.shots is None else replace(size, shots=options.shots)


def run(folder: Path, options: StudyOptions, progress: Progress, parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_c.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    with crew_of(1 if options.quick else os.cpu_count() or 1) as crew:
        runs = paper_runs(size_of(options), options.evaluator, parts, crew, lambda part: progress(0.97 * part))
    held, written = claims(runs), tables(runs)
    text = page(runs, held, written)
    return write_study(folder, held, written, figures(runs), options.figures, {"paper_c.md": text}, progress)


def page(runs: PaperRuns, held: Iterable[Claim], written: Mapping[str, pd.DataFrame]) -> str:
    """Return the reproduction page as Markdown.

    Parameters
    ----------
    runs
        All runs.
    held
        Outcomes of the claims.
    written
        The tables, as `tables` gives them.
    """
    year = rows_of(written["years"], "variant")
    return filled(
        __name__,
        "page.md",
        claims=claims_table(held),
        significant=SIGNIFICANT,
        year=year,
        **_what_was_run(runs),
        **_settings(year),
        **_searches(runs, written),
        **_costs(runs, written, year),
        **_losses(written["months"], year),
        by_trigger=written["triggers"],
        voltages=_named(written["voltages"], "variant"),
        taps=written["taps"].assign(
            searched=[f"{count:,}" if count else "before scheduling" for count in written["taps"].iterations]
        ),
        weights=written["voltage_weight"].assign(
            goes_by=written["voltage_weight"].searched_by.replace("powerflow", "power flow")
        ),
    )


def _what_was_run(runs: PaperRuns) -> dict[str, Any]:
    """Return how much was run, in words."""
    size, calm = runs.size, runs.triggers[runs.triggers.triggers == "none"]
    readings = f", ACSO's other readings for {min(size.reading_shots, size.shots)} of them"
    months = "every month" if len(size.months) == 12 else ", ".join(calendar.month_name[month] for month in size.months)
    return {
        "is_short": not size_is_full(size),
        "size": size,
        "by": SEARCHED_BY[runs.evaluator or "coefficients"],
        "by_coefficients": runs.evaluator != "powerflow",
        "shots": counted(size.shots, "shot"),
        "readings": readings if size.reading_shots else "",
        "months_run": months,
        "days_run": f"{'days' if len(size.days) > 1 else 'day'} {', '.join(map(str, size.days))}",
        "trigger_days": counted(len(size.seeds), "day"),
        "events_a_day": EVENTS_A_DAY,
        "or_power_flow": "" if runs.evaluator else ", and searches by power flow",
        "some_days_run": " and ".join(f"{day} {calendar.month_name[month]}" for month, day in size.some_days),
        "some_days": counted(len(size.some_days), "day"),
        "tap_shots": counted(min(size.tap_shots, size.shots), "shot"),
        "short_searches": ""
        if runs.evaluator
        else " Searches by power flow are short, for each candidate costs far more: they show a direction.",
        "sags": counted(int(calm.sags.sum()), "sag"),
        "shortages": counted(int(calm.short_slots.sum()), "shortage"),
        "slots": int(calm.slots.mean()),
    }


def size_is_full(size: Size) -> bool:
    """Return whether a study's size is one that the page's words are meant for."""
    return any(size == replace(full, shots=max(size.shots, full.shots)) for full in (FULL, FULL_BY_POWER_FLOW))


def _settings(year: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the settings that the page names, and what follows from them."""
    sites = StationsSettings()
    return {
        "sites": sites,
        "users": UsersSettings(),
        "search": SchedulingSettings(),
        "region_weights": ", ".join(f"{weight:g}" for weight in sites.region_weights),
        "slots_a_day": 24 * 60 // SLOT_MIN,
        "slot_min": SLOT_MIN,
        "base_kw": BASE_KW,
        "swing": SWING,
        "missing_kwh": sites.battery_kwh - sites.battery_min_kwh,
        "rated_kw": sites.battery_kwh / 2 / sites.time_rated_h,
        "least_mw": 76 * sites.capacity_min_kw / 1000,
        "need_mw": year[BEFORE]["served_kwh"] / HOURS_A_YEAR / 1000,
    }


def _searches(runs: PaperRuns, written: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return how searches of one slot ended: at equal evaluations only those that are not the same as at equal iterations."""
    ended, pairs = written["convergence"], written["paired"]
    readings = f" Readings of ACSO: {', '.join(NAMES[name] for name in READINGS)}."
    return {
        "acso_readings": readings if runs.size.reading_shots else "",
        "convergence": _named(
            ended[(ended.equal == "iterations") | ended.optimizer.str.startswith("cso")], "optimizer", SEARCHER_NAMES
        ),
        "paired": _named(pairs, "other", SEARCHER_NAMES),
    }


def _losses(months: pd.DataFrame, year: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """Return the losses month by month and of the year."""
    at = {
        calendar.month_name[int(str(month))]: rows_of(each, "variant")
        for month, each in months.groupby("month", sort=False)
    }
    return {
        "months": [
            {"month": name, "at": rows, "saved_mwh": rows[BEFORE]["losses_mwh"] - rows[PAPERS]["losses_mwh"]}
            for name, rows in {**at, "year": year}.items()
        ],
        "loss_changes": Span.of(row["losses_kwh_change"] for name, row in year.items() if name != BEFORE).ends,
    }


def _costs(
    runs: PaperRuns, written: Mapping[str, pd.DataFrame], year: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Return costs and their shares by way of scheduling."""
    saved = {name: year[BEFORE][name] - year["acso"][name] for name in ("transformer_cost_yuan", "cost_yuan")}
    years = written["years"]
    return {
        "cost_shares": _named(years[years.variant.isin([BEFORE, "cso 0.2", "acso", PAPERS])], "variant"),
        "priced_shares": _named(written["time_cost"], "variant"),
        "time_yuan_per_h": runs.time_yuan_per_h,
        "costs": _named(years, "variant"),
        "transformer_part": saved["transformer_cost_yuan"] / saved["cost_yuan"],
    }


def _named(table: pd.DataFrame, column: str, names: Mapping[str, str] = NAMES) -> pd.DataFrame:
    return table.assign(name=table[column].map(names))
