"""The study of paper B: its runs once, then claims, tables, figures and a page from them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from coordination.peak_shaving.power_sharing import TACTICS
from environment.ageing import DAYS_PER_YEAR, END_OF_LIFE_PERCENT, EXPONENT, stress
from runs.progress import Progress
from runs.studies import templates
from runs.studies.claim import Claim, claims_table
from runs.studies.output import write_study
from runs.studies.paper_b import BOTH_DAYS
from runs.studies.paper_b.cases import (
    EXACT,
    FOLLOWED,
    FULL,
    NOTHING,
    QUICK,
    SEARCHERS,
    SOC_SAME,
    STAYS,
    PaperRuns,
    paper_runs,
)
from runs.studies.paper_b.claims import NAMES, ONCE, PAPER_YEARS, SAYS, claims
from runs.studies.paper_b.tables import FIGURES, NOTICEABLE, row_of, tables, where
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.studies.templates import Span
from runs.v2g.paper_b import CAPACITY_KWH, PEAK_KW, POWER_KW


def run(folder: Path, options: StudyOptions, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.paper_b.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    days = BOTH_DAYS if options.days is None else (options.days,)
    runs = paper_runs(QUICK if options.quick else FULL, days, lambda part: progress(0.95 * part))
    held, written = claims(runs), tables(runs)
    text = page(runs, held, written)
    return write_study(folder, held, written, figures(runs), options.figures, {"paper_b.md": text})


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
    horizons = runs.horizons.groupby(["days", "stays", "signal"], sort=False)
    return templates.page(
        __name__,
        "page",
        n_seeds=len(seeds),
        first_seed=seeds[0],
        last_seed=seeds[-1],
        peak_kw=PEAK_KW,
        iterations=runs.size.iterations,
        last_charge=_last_charge(runs) if 1 in runs.days else "",
        claims=claims_table(held),
        one_day=_one_day(runs, written) if 1 in runs.days else "",
        horizons=[
            {
                "days": days,
                **_named(stays, signal),
                "before": each.before.mean(),
                "after": Span.of(each.after),
                "after_kw": Span.of(each.after_kw),
            }
            for (days, stays, signal), each in horizons
        ],
        short_kwh=short_kwh,
        long_kwh=long_kwh,
    )


def _kwh_a_day(years: float) -> float:
    """Return the energy into and out of a battery with which it lasts so long at rated power, by the cumulative law."""
    rate = np.array(POWER_KW / CAPACITY_KWH)
    total_kwh = (END_OF_LIFE_PERCENT / float(stress(rate))) ** (1 / EXPONENT)
    return float(total_kwh / (years * DAYS_PER_YEAR))


def _named(stays: Any, signal: Any) -> dict[str, str]:
    return {"says": SAYS[stays], "name": NAMES[signal]}


def _last_charge(runs: PaperRuns) -> str:
    """Return the section on what is left in the batteries at the day's end, and what that is worth."""
    followed = where(runs.tactics, tactic="proposed").drop(columns="tactic").groupby(["stays", "signal"]).mean()
    signals = where(runs.signals, tariff="guangdong", optimizer=EXACT)
    exact = signals.groupby("stays")[["owner_profit_yuan", "buy_back_yuan"]].mean()
    profits = {
        stays: {
            "says": SAYS[stays],
            "profit": exact.owner_profit_yuan[stays],
            "followed": followed.owner_profit_yuan[stays, EXACT],
            "back": exact.buy_back_yuan[stays],
            "left": exact.owner_profit_yuan[stays] - exact.buy_back_yuan[stays],
        }
        for stays in STAYS
    }
    ends = [
        {**_named(stays, signal), **followed.loc[(stays, signal)].to_dict()} for stays in STAYS for signal in FOLLOWED
    ]
    return templates.page(__name__, "last_charge", ends=ends, soc_same=SOC_SAME, **profits)


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
    return templates.page(
        __name__,
        "one_day",
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
            {**_named(stays, name), **{budget: _gap(searches, stays, budget, name) for budget in budgets}}
            for stays in STAYS
            for name in (NOTHING, *SEARCHERS)
        ],
        tactics_soc_start=tactics.soc_start.mean(),
        drained=row_of(
            tactics, stays="daily", signal=EXACT, tactic=TACTICS["proposed"].title, reading="cumulative"
        ),
        tactics=_tactics(tactics),
        peak_kw=PEAK_KW,
        scales=_scales(runs),
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


def _tactics(tactics: pd.DataFrame) -> list[dict[str, Any]]:
    keys = ["stays", "signal", "tactic"]
    slotwise = where(tactics, reading="per_interval").set_index(keys)
    return [
        {
            **row,
            **_named(row["stays"], row["signal"]),
            "once": "" if row["is_repeatable"] else ONCE,
            "slotwise": slotwise.loc[tuple(row[key] for key in keys)],
        }
        for row in where(tactics, reading="cumulative").to_dict("records")
    ]  # type: ignore[misc]


def _scales(runs: PaperRuns) -> list[dict[str, Any]]:
    spans = ("rate", "least_rate", "followed_rate", "followed_peak_kw")
    return [
        {
            "says": SAYS[str(stays)],
            "objective": "F" if objective == "F" else "the difference alone",
            "load_kw": Span.of(each.peak_kw),
            "optimal": each.is_optimal.sum(),
            "reached": each.peak_is_reached.sum(),
            "seeds": len(each),
            **{name: Span.of(each[name]) for name in spans},
        }
        for (stays, objective), each in runs.scales.groupby(["stays", "objective"], sort=False)
    ]
