"""Paper C's claims, each held against these runs; numbered as in part D of the rebuilt equations.

The rules were fixed before the first full run. Where the paper gives a change in numbers, "found" means a change in its direction
of half to twice its size, "partly found" any other change in its direction, "not found" none. "ACSO" without more is the paper's
whole method, all triggers on; ACSO without triggers, which only changes the search, stands beside it. C-8 counts rivals: "found" if
ACSO ends lower than all four by a Mann-Whitney test, "partly found" if than some.
"""

import calendar
from functools import partial
from typing import Any, Final

import numpy as np

from environment.station_sites import StationsSettings
from environment.users import UsersSettings
from runs.plural import counted
from runs.studies.claim import Claim, Outcome, claim, graded
from runs.studies.paper_c.cases import ALL_MONTHS, BEFORE, PAPERS, RIVALS, SHARE_BEFORE, PaperRuns
from runs.studies.paper_c.tables import (
    BUDGETS,
    convergence,
    months,
    recalculated_share,
    rows_of,
    shares,
    tests,
    voltages,
    years,
)
from runs.studies.paper_c.work import TIME_YUAN_PER_H
from runs.studies.templates import Span

NAMES: Final = {
    BEFORE: "before scheduling", "cso 0.2": "CSO 0.2", "cso 0.2 twice": "CSO 0.2, twice the iterations", "cso": "CSO", "pso": "PSO",
    "apso": "A-PSO", "acso": "ACSO without triggers", PAPERS: "ACSO", "acso overshoot": "ACSO with LMOCSO's step",
    "acso 0.2": "ACSO with the centre, 0.2",
}  # fmt: skip
SEARCHER_NAMES: Final = {**NAMES, "acso": "ACSO"}
"""Names where one slot is searched, which knows no triggers."""
LEAST: Final = 0.5
MOST: Final = 2.0
"""A change that is so many times the paper's is of its size."""
NEAR_PU: Final = 0.005
"""A voltage that is as near as this to the paper's is that."""
PAPER_RANGE_PU: Final = (0.953, 1.050)
PAPER_DEVIATION_POINTS: Final = 1.8
PAPER_SWING_POINTS: Final = 3.5
PAPER_LOSS: Final = -0.0340
PAPER_LOSS_TO_CSO: Final = -0.0283
PAPER_LOSS_MWH: Final = 7320.42
PAPER_NOVEMBER: Final = -0.1663
PAPER_COST: Final = -0.0749
PAPER_COST_PAID: Final = -0.0581
PAPER_COST_YUAN: Final = 65_400.0
PAPER_SHARE_AFTER: Final = 0.20
PAPER_SHOTS: Final = 1000
PAPER_SWARM: Final = 300
PAPER_ITERATIONS: Final = 5000
NOVEMBER: Final = 11


_claim = partial(claim, __name__)


def claims(runs: PaperRuns) -> list[Claim]:
    """Hold every claim against these runs."""
    year = rows_of(years(runs), "variant")
    return [
        _users(runs), _inputs(runs), *_voltages(runs), *_losses(year), *_november(runs), *_costs(year), _time_share(runs, year),
        *(_convergence(runs, equal) for equal in BUDGETS),
    ]  # fmt: skip


def sized(ours: float, papers: float) -> Outcome:
    """Return the outcome of a change: of the paper's direction and size, of its direction, or neither."""
    ratio = ours / papers
    return graded(LEAST <= ratio <= MOST, ratio > 0)


def _users(runs: PaperRuns) -> Claim:
    users, visits = UsersSettings(), Span.of(runs.days[runs.days.variant == BEFORE].visits)
    least, most = users.users / 3, users.users / 2
    inside = visits.mean is not None and least <= visits.mean <= most
    piles = StationsSettings().piles
    return _claim("users", graded(inside, False), least=least, most=most, users=users, visits=visits, piles=piles)


def _inputs(runs: PaperRuns) -> Claim:
    size = runs.size
    swarm = (size.population, size.iterations) == (PAPER_SWARM, PAPER_ITERATIONS)
    return _claim(
        "inputs",
        graded(swarm and size.shots == PAPER_SHOTS, swarm),
        size=size,
        shots=counted(size.shots, "shot"),
        days=counted(len(size.days), "day"),
        months=len(size.months),
    )


def _voltages(runs: PaperRuns) -> list[Claim]:
    table = rows_of(voltages(runs), "variant")
    own = table[BEFORE]["voltage_min_pu"], table[BEFORE]["voltage_max_pu"]
    near = all(abs(ours - papers) <= NEAR_PU for ours, papers in zip(own, PAPER_RANGE_PU, strict=True))
    figures = ("voltage_deviation_max_pu", "voltage_swing_max_pu")
    points = {name: [100 * row[figure] for figure in figures] for name, row in table.items()}
    less = {name: np.subtract(points[BEFORE], points[name]) for name in (PAPERS, "acso", "cso 0.2")}
    papers = (PAPER_DEVIATION_POINTS, PAPER_SWING_POINTS)
    outcomes = {sized(ours, theirs) for ours, theirs in zip(less[PAPERS], papers, strict=True)}
    after = [
        {"name": NAMES[name], "points": points[name], "less": [_more_or_less(change) for change in changes]}
        for name, changes in less.items()
    ]
    outcome = graded(outcomes == {"found"}, less[PAPERS].max() > 0)
    return [
        _claim("range", "calibrated" if near else "not found", low_pu=own[0], high_pu=own[1]),
        _claim("deviation", outcome, before=points[BEFORE], after=after),
    ]


def _more_or_less(points: float) -> str:
    return f"{abs(points):.1f} {'less' if points >= 0 else 'more'}"


def _losses(year: dict[Any, dict[str, Any]]) -> list[Claim]:
    changes = [
        {"name": NAMES[name], "equal": equal, "change": year[name]["losses_kwh"] / year[rival]["losses_kwh"] - 1}
        for name in (PAPERS, "acso")
        for rival, equal in (("cso 0.2", "iterations"), ("cso 0.2 twice", "evaluations"))
    ]
    times = year[BEFORE]["losses_mwh"] / PAPER_LOSS_MWH
    return [
        _claim("loss", sized(year[PAPERS]["losses_kwh_change"], PAPER_LOSS), year=year, times=times),
        _claim("loss_to_cso", sized(changes[0]["change"], PAPER_LOSS_TO_CSO), cso=year["cso 0.2"], changes=changes),
    ]


def _november(runs: PaperRuns) -> list[Claim]:
    losses = {(row["variant"], row["month"]): row["losses_mwh"] for row in months(runs).to_dict("records")}
    saved = {month: losses[BEFORE, month] - losses[PAPERS, month] for month in runs.size.months}
    most = max(saved, key=lambda month: saved[month])
    before, after = losses[BEFORE, NOVEMBER], losses[PAPERS, NOVEMBER]
    parts = Span.of(saved[month] / losses[BEFORE, month] for month in runs.size.months).ends
    others = sum(saved.values()) - saved[NOVEMBER]
    change = after / before - 1
    few = "" if runs.size.months == ALL_MONTHS else f"; months run: {', '.join(map(str, runs.size.months))}"
    figures = {"before": before, "after": after, "change": change, "others": others, "parts": parts}
    found = graded(most == NOVEMBER, False)
    return [
        _claim("november_most", found, most=calendar.month_name[most], saved=saved, saved_most=saved[most], months=few),
        _claim("november", sized(change, PAPER_NOVEMBER), **figures),
    ]


def _costs(year: dict[Any, dict[str, Any]]) -> list[Claim]:
    paid = year[PAPERS]
    outcome = sized(paid["paid_yuan_change"], PAPER_COST_PAID)
    dearer = paid["discount_yuan"] > 0
    times = PAPER_COST_YUAN / year[BEFORE]["cost_yuan"]
    return [
        _claim("cost", sized(paid["cost_yuan_change"], PAPER_COST), at=year, times=times),
        _claim("paid", outcome if dearer or outcome == "not found" else "partly found", row=paid),
    ]


def _time_share(runs: PaperRuns, year: dict[Any, dict[str, Any]]) -> Claim:
    after = recalculated_share(runs, PAPERS)
    outcome = sized(after - SHARE_BEFORE, PAPER_SHARE_AFTER - SHARE_BEFORE)
    return _claim(
        "time_share",
        "calibrated" if outcome == "found" else outcome,
        at=year,
        price=TIME_YUAN_PER_H,
        calibrated=runs.time_yuan_per_h,
        plain=recalculated_share(runs, "acso"),
        own=after,
        days=counted(len(runs.size.some_days), "day"),
        priced=rows_of(shares(runs.priced), "variant"),
    )


def _convergence(runs: PaperRuns, equal: str) -> Claim:
    outcomes = {
        row["other"]: row["outcome"]
        for row in tests(runs).to_dict("records")
        if row["budget"] == f"equal {equal}" and row["optimizer"] == "acso"
    }
    table = convergence(runs)
    ended = rows_of(table[table.equal == equal], "optimizer")
    wins = sum(outcomes[name] == "wins" for name in RIVALS)
    return _claim(
        "convergence",
        graded(wins == len(RIVALS), wins > 0),
        equal=equal,
        median=ended["acso"]["median"],
        against=", ".join(f"{outcomes[name]} against {NAMES[name]} ({ended[name]['median']:.4f})" for name in RIVALS),
        shots=runs.size.shots,
        feasible=", ".join(f"{SEARCHER_NAMES[name]} {ended[name]['feasible']}" for name in ("acso", *RIVALS)),
    )
