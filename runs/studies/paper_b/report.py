"""The study of paper B: its runs once, then claims, tables, figures and a page from them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coordination.peak_shaving.power_sharing import TACTICS
from environment.ageing import DAYS_PER_YEAR, END_OF_LIFE_PERCENT, EXPONENT, stress
from runs.progress import Progress
from runs.studies.claim import Claim, claims_table
from runs.studies.output import write_study
from runs.studies.paper_b import BOTH_DAYS
from runs.studies.paper_b.cases import (
    EXACT,
    FULL,
    NOTHING,
    QUICK,
    READINGS,
    SEARCHERS,
    SOC_SAME,
    STAYS,
    PaperRuns,
    paper_runs,
)
from runs.studies.paper_b.claims import PAPER_YEARS, claims
from runs.studies.paper_b.tables import FIGURES, NAMES, NOTICEABLE, ONCE, SAYS, named, row_of, tables, where
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.studies.templates import Span, filled, spans, spans_by
from runs.v2g.paper_b import CAPACITY_KWH, PEAK_KW, POWER_KW


def run(folder: Path, options: StudyOptions, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_b.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    days = BOTH_DAYS if options.days is None else (options.days,)
    runs = paper_runs(QUICK if options.quick else FULL, days, lambda part: progress(0.95 * part))
    held, written = claims(runs), tables(runs)
    text = page(runs, held, written)
    return write_study(folder, held, written, figures(runs), options.figures, {"paper_b.md": text}, progress)


def page(runs: PaperRuns, held: Iterable[Claim], written: dict[str, pd.DataFrame]) -> str:
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
    seeds = runs.size.seeds
    short_kwh, long_kwh = map(_kwh_a_day, PAPER_YEARS)
    return filled(
        __name__,
        "page.md",
        n_seeds=len(seeds),
        first_seed=seeds[0],
        last_seed=seeds[-1],
        peak_kw=PEAK_KW,
        iterations=runs.size.iterations,
        last_charge=_last_charge(runs) if 1 in runs.days else "",
        claims=claims_table(held),
        one_day=_one_day(runs, written) if 1 in runs.days else "",
        horizons=spans_by(named(runs.horizons), "days", "stays", "signal"),
        short_kwh=short_kwh,
        long_kwh=long_kwh,
    )


def _kwh_a_day(years: float) -> float:
    """Return the energy into and out of a battery with which it lasts so long at rated power, by the cumulative law."""
    rate = np.array(POWER_KW / CAPACITY_KWH)
    total_kwh = (END_OF_LIFE_PERCENT / float(stress(rate))) ** (1 / EXPONENT)
    return float(total_kwh / (years * DAYS_PER_YEAR))


def _last_charge(runs: PaperRuns) -> str:
    """Return the section on what is left in the batteries at the day's end, and what that is worth."""
    followed = where(runs.tactics, tactic="proposed")
    signals = where(runs.signals, tariff="guangdong", optimizer=EXACT)
    return filled(
        __name__,
        "last_charge.md",
        ends=spans_by(named(followed), "stays", "signal"),
        exact={stays: spans(where(signals, stays=stays)) for stays in STAYS},
        left={stays: (each.owner_profit_yuan - each.buy_back_yuan).mean() for stays, each in signals.groupby("stays")},
        evs={stays: spans(where(followed, stays=stays, signal=EXACT)) for stays in STAYS},
        soc_same=SOC_SAME,
    )


def _one_day(runs: PaperRuns, written: dict[str, pd.DataFrame]) -> str:
    """Return the sections on algorithms, tactics and the load's scale, which are of one day."""
    searches, tactics = written["table3_algorithms"], written["table5_tactics"]
    daily, always = (_algorithms(searches, stays=stays, tariff="guangdong") for stays in STAYS)
    worse = {
        stays: ", ".join(row["name"] for row in rows[1:-1] if row["worse"] > 0.5) or "none"
        for stays, rows in zip(STAYS, (daily, always), strict=True)
    }
    woa = where(runs.signals, tariff="guangdong", budget="iterations", optimizer="woa")
    idle = where(runs.signals, tariff="guangdong", optimizer=NOTHING, stays="daily")
    budgets = runs.size.budgets
    objectives = runs.scales.objective.replace("difference", "the difference alone")
    scales = runs.scales.assign(stays=runs.scales.stays.map(SAYS), objective=objectives)
    return filled(
        __name__,
        "one_day.md",
        size=runs.size,
        worse="; ".join(f"{SAYS[stays]}: {names}" for stays, names in worse.items()),
        woa_still=int((woa.fitness.sub(0.5).abs() < NOTICEABLE).sum()),
        woa_searches=len(woa),
        soc_start=Span.of(idle.soc_start),
        daily=daily,
        always=always,
        beijing=_algorithms(searches, stays="daily", tariff="beijing"),
        evaluations=budgets["evaluations"]["max_evaluations"],
        large=budgets["large"]["max_evaluations"],
        gaps=[
            {
                "stays": SAYS[stays],
                "name": NAMES[name],
                **{budget: _gap(searches, stays, budget, name) for budget in budgets},
            }
            for stays in STAYS
            for name in (NOTHING, *SEARCHERS)
        ],
        tactics_soc_start=tactics.soc_start.mean(),
        drained=row_of(tactics, stays="daily", signal=EXACT, tactic=TACTICS["proposed"].title, reading="cumulative"),
        tactics=_tactics(tactics),
        peak_mw=PEAK_KW / 1000,
        scales=spans_by(scales, "stays", "objective"),
    )


def _algorithms(searches: pd.DataFrame, **of: str) -> list[dict[str, Any]]:
    """Return what each algorithm's signal does, between doing nothing and the exact optimum."""
    rows = []
    for budget, name in (("", NOTHING), *(("iterations", name) for name in SEARCHERS), ("", EXACT)):
        each = where(searches, budget=budget, optimizer=name, **of).set_index("figure")
        shares = {"feasible": each.feasible_share["fitness"], "worse": each.worse_than_nothing_share["fitness"]}
        rows.append({"name": NAMES[name], **shares, **{figure: _span(each.loc[figure]) for figure in FIGURES}})
    return rows


def _gap(searches: pd.DataFrame, stays: str, budget: str, name: str) -> Span:
    of = {"figure": "gap", "stays": stays, "tariff": "guangdong", "optimizer": name}
    return _span(row_of(searches, budget="" if name == NOTHING else budget, **of))


def _span(row: Any) -> Span:
    return Span(float(row["mean"]), float(row["min"]), float(row["max"]))


def _tactics(tactics: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return Table 5, years and losses slot by slot beside those of all energy."""
    cumulative, slotwise = (named(where(tactics, reading=name)).to_dict("records") for name in READINGS)
    return [
        {"once": "" if row["is_repeatable"] else ONCE, "slotwise": other} | row
        for row, other in zip(cumulative, slotwise, strict=True)
    ]
