"""Paper B's claims, each held against runs of many seeds; numbered as in part D of the rebuilt equations.

Where the paper's curve of N(t) matters and is lost, both of ours are said: N(t) from the fleet's habits, and all 300 EVs always.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from coordination.peak_shaving.power_sharing import TACTICS
from runs.result import Result
from runs.studies.claim import Claim, claim, graded
from runs.studies.paper_b.cases import (
    BEST_ON,
    EXACT,
    NOTHING,
    PAPERS,
    RATE_AFTER,
    READINGS,
    STAYS,
    PaperRuns,
)
from runs.studies.paper_b.tables import LOSSES, NAMES, NOTICEABLE, ONCE, SAYS, is_repeatable, named, ranked, where
from runs.studies.templates import Span, spans, spans_by
from runs.v2g.paper_b import PEAK_KW, POWER_KW, RATE_BEFORE, VEHICLES

SIGNIFICANT: Final = 0.05
DEVIATION_KW: Final = 12.0
TIED: Final = 1e-3
"""Losses that differ by less, in relation, are the same."""
MOST: Final = 0.75
"""A direction is found where more than this part of the runs has it."""
PAPER_YEARS: Final = (4.8, 10.0)
PAPER_SPREAD: Final = (0.0847, 0.076)


_claim = partial(claim, __name__)


def claims(runs: PaperRuns) -> list[Claim]:
    """Hold every claim against these runs; of one day or three days alone, those that they can tell of."""
    held = []
    if 1 in runs.days:
        proposed = where(runs.tactics, tactic="proposed")
        held += [*_rate(runs), _spread(proposed), *_life(runs, proposed), _deviation(runs, proposed), *_fitness(runs)]
        held += [_functions(runs), _profit(runs)]
    if 3 in runs.days:
        held.append(_three_days(where(runs.horizons, days=3)))
    if 1 in runs.days:
        held.append(_inputs(runs.shown[1, "daily", "igeo"]))
    return held


def _rate(runs: PaperRuns) -> list[Claim]:
    scales = dict(iter(runs.scales.groupby(["stays", "objective"])))
    reaches = [bool((scales[stays, "F"].rate <= RATE_AFTER).mean() > MOST) for stays in STAYS]
    alone = [scales[stays, "difference"] for stays in STAYS]
    can = max(((each.rate <= RATE_AFTER) & each.is_optimal).mean() for each in alone) > 0.5
    at_scale = scales["always", "difference"].peak_is_reached.mean() > 0.5
    at = {f"{stays} {objective}": spans(each) for (stays, objective), each in scales.items()}
    igeo = {stays: Span.of(where(runs.horizons, days=1, stays=stays, signal="igeo").after) for stays in STAYS}
    part = VEHICLES * POWER_KW / scales["daily", "F"].peak_kw.mean()
    rates = {"at": at, "peak_kw": PEAK_KW, "rate_before": RATE_BEFORE, "rate_after": RATE_AFTER}
    return [
        _claim("rate_by_f", graded(all(reaches), any(reaches)), igeo=igeo, **rates),
        _claim("rate_possible", "calibrated" if can else "not found", **rates),
        _claim("rate_at_load", "calibrated" if at_scale else "not found", part=part, **rates),
    ]


def _spread(proposed: pd.DataFrame) -> Claim:
    cases = spans_by(named(proposed), "stays", "signal")
    for case in cases:
        case["change"] = case["soc_std_after"].mean / case["soc_std_before"].mean - 1
    falls = bool((proposed.soc_std_after < proposed.soc_std_before).all())
    lower, never_higher = (proposed.share_lower > 0.95).all(), (proposed.share_not_higher == 1).all()
    before, after = PAPER_SPREAD
    outcome = graded(bool(lower) and falls, bool(never_higher) and falls)
    return _claim("spread", outcome, before=before, after=after, change=after / before - 1, cases=cases)


def _life(runs: PaperRuns, proposed: pd.DataFrame) -> list[Claim]:
    means = runs.tactics.groupby(["stays", "signal", "tactic"], sort=False).mean().drop(columns="seed")
    own = means.xs("proposed", level="tactic")
    others = means.drop("proposed", level="tactic").groupby(["stays", "signal"], sort=False)
    whole = means.groupby(["stays", "signal"], sort=False)
    losses = [f"{reading}_loss_{name}" for reading in READINGS for name in LOSSES]
    is_least = (own < others.min() * (1 - TIED))[losses]
    is_tied = (whole.max() - whole.min() <= TIED * whole.max())[losses]
    wins, wins_in_mean = (
        int(is_least.to_numpy().sum()),
        int(is_least.to_numpy()[:, losses.index("cumulative_loss_mean")].sum()),
    )
    years = [f"{reading}_years_mean" for reading in READINGS]
    gains = own[years] / others[years].min()
    gain, target = gains.cumulative_years_mean, PAPER_YEARS[1] / PAPER_YEARS[0]
    rows = named(means.reset_index())
    once = {case: not is_repeatable(each) for case, each in named(runs.tactics).groupby(["stays", "signal"])}
    lives = [
        {**case, "others": Span.of(each.cumulative_years_mean).ends, "once": ONCE if once[key] else ""}
        for case, (key, each) in zip(
            where(rows, tactic="proposed").to_dict("records"),
            rows[rows.tactic != "proposed"].groupby(["stays", "signal"], sort=False),
            strict=True,
        )
    ]
    tactics = where(rows, stays=SAYS["daily"], signal=NAMES["igeo"]).to_dict("records")
    return [
        _claim(
            "least_loss",
            graded(wins == is_least.size, wins_in_mean == len(own)),
            wins=wins,
            comparisons=is_least.size,
            wins_in_mean=wins_in_mean,
            cases=len(own),
            tied=TIED,
            ties=is_tied.to_numpy().sum(),
            tactics=[{**row, "title": TACTICS[row["tactic"]].title.split(":")[0]} for row in tactics],
        ),
        _claim(
            "service_life",
            graded(gain.min() >= target, gain.max() >= target),
            lives=lives,
            gains=spans(gains),
            years=Span.of(means.per_interval_years_mean).ends,
            target=target,
            drifting=sum(once.values()),
            days=len(lives),
            ends=spans_by(named(proposed), "stays", "signal"),
            floor=Span.of(where(rows, stays=SAYS["daily"], signal=NAMES[EXACT]).floor_share).ends,
        ),
    ]


def _deviation(runs: PaperRuns, proposed: pd.DataFrame) -> Claim:
    within = proposed.assign(within=proposed.deviation_max_kw <= DEVIATION_KW)
    cases = spans_by(named(within), "stays", "signal")
    holds = [case["within"].low for case in cases]
    others = where(runs.tactics, stays="daily", signal="igeo").groupby("tactic").deviation_max_kw.mean()
    return _claim(
        "deviation",
        graded(all(holds), any(holds)),
        cases=[{**case, "limit": DEVIATION_KW} for case in cases],
        limit=DEVIATION_KW,
        others=Span.of(others.drop("proposed")).ends,
        missing=1 - where(proposed, stays="daily", signal=EXACT).delivered_share.mean(),
    )


def _papers(runs: PaperRuns, stays: str) -> pd.DataFrame:
    """Return the searches of the paper's optimisers at its budget."""
    searches = where(runs.signals, tariff="guangdong", budget="iterations", stays=stays)
    return searches[searches.optimizer.isin(PAPERS)]


def _fitness(runs: PaperRuns) -> list[Claim]:
    best, soonest, searched, settled = [], [], [], []
    for stays in STAYS:
        chosen = _papers(runs, stays)
        fitness, sooner = (
            chosen.pivot_table(index="seed", columns="optimizer", values=name, observed=True)
            for name in ("fitness", "settled_evaluations")
        )
        p = {
            name: float(mannwhitneyu(fitness["igeo"], fitness[name], alternative="less").pvalue)
            for name in PAPERS
            if name != "igeo"
        }
        ranks, medians = ranked(fitness), fitness.median()
        best.append(ranks.idxmin() == "igeo" and max(p.values()) < SIGNIFICANT)
        soonest.append(ranked(sooner).idxmin() == "igeo")
        idle = where(runs.signals, tariff="guangdong", stays=stays, optimizer=NOTHING).set_index("seed").fitness
        searched.append({
            "stays": SAYS[stays],
            "medians": _listed((name, f"{medians[str(name)]:.2f} ({rank:.1f})") for name, rank in ranks.sort_values().items()),
            "better": ", ".join(NAMES[name] for name, value in p.items() if value < SIGNIFICANT) or "none",
            "worse": float((fitness["igeo"] - idle > NOTICEABLE).mean()),
        })  # fmt: skip
        soon = sooner.median().sort_values().items()
        settled.append({"stays": SAYS[stays], "settled": _listed((name, f"{value:,.0f}") for name, value in soon)})
    count = runs.size.iterations
    evaluations = runs.size.budgets["evaluations"]["max_evaluations"]
    return [
        _claim("best_fitness", graded(all(best), any(best)), iterations=count, cases=searched),
        _claim("fewest_iterations", graded(all(soonest), any(soonest)), evaluations=evaluations, cases=settled),
    ]


def _listed(figures: Iterable[tuple[Any, str]]) -> str:
    """Return figures of optimisers, one after the other."""
    return ", ".join(f"{NAMES[name]} {figure}" for name, figure in figures)


def _functions(runs: PaperRuns) -> Claim:
    square = runs.functions.assign(square=np.square(runs.functions.fitness))
    rmse = np.sqrt(square.groupby(["function", "optimizer"], sort=False).square.mean())
    best = [rmse[function].idxmin() == "igeo" for function in BEST_ON]
    errors = [
        {"function": name, "listed": _listed((each, f"{value:.2g}") for each, value in rmse[name].sort_values().items())}
        for name in BEST_ON
    ]  # fmt: skip
    return _claim("functions", graded(all(best), any(best)), seeds=len(runs.size.seeds), errors=errors)


def _profit(runs: PaperRuns) -> Claim:
    holds, cases = [], []
    for stays in STAYS:
        chosen = _papers(runs, stays)
        swarm = where(chosen, optimizer="pso")
        means = chosen.groupby("optimizer").owner_profit_yuan.mean().sort_values(ascending=False)
        worse = float((swarm.rate > RATE_BEFORE + 1e-9).mean())
        holds.append((means.index[0] == "pso", worse > MOST))
        profits = _listed((name, f"{round(value):,}") for name, value in means.items())
        cases.append({"stays": SAYS[stays], "profits": profits, "worse": worse, **spans(swarm)})
    outcome = graded(all(map(all, holds)), any(map(any, holds)))
    return _claim("profit", outcome, iterations=runs.size.iterations, cases=cases, sold=cases)


def _three_days(horizons: pd.DataFrame) -> Claim:
    lower = horizons.assign(lower=horizons.after < horizons.before - 1e-9)
    cases = spans_by(named(lower), "stays", "signal")
    shares = [case["lower"].mean for case in cases]
    outcome = graded(min(shares) > MOST, max(shares) > MOST)
    return _claim("three_days", outcome, cases=cases, cost_max_yuan=Span.of(horizons.cost_max_yuan).ends)


def _inputs(result: Result) -> Claim:
    scenario = result.scenario
    s, fleet = scenario.peak_shaving, result.v2g_vehicles
    assert s is not None
    held = {
        "300 EVs": len(fleet) == 300,
        "7.5 kW": bool((fleet.power_kw == 7.5).all()),
        "35 kWh": bool((fleet.capacity_kwh == 35).all()),
        "efficiency 0.9": bool((fleet.efficiency == 0.9).all()),
        "state of charge 0.2 to 0.8": (s.soc_min, s.soc_max) == (0.2, 0.8),
        "0.42 yuan/kWh of ageing": s.ageing_yuan_per_kwh == 0.42,
        "0.299 yuan/kg": s.carbon_yuan_per_kg == 0.299,
        "5 km/kWh": s.km_per_kwh == 5,
        "0.197 kg/km": s.carbon_kg_per_km == 0.197,
        "penalties of 10^8": s.penalty == 1e8,
        "weights 0.5": (s.weight_difference, s.weight_cost) == (0.5, 0.5),
        "96 slots": scenario.horizon.n_slots == 96,
        f"{RATE_BEFORE:.2%} before": abs(result.summary["no_evs"]["peak_valley_rate"] - RATE_BEFORE) < 1e-9,
    }
    missing = [name for name, holds in held.items() if not holds]
    return _claim(
        "inputs",
        graded(not missing, len(missing) < len(held) / 2),
        held=", ".join(name for name in held if name not in missing),
        missing=f"; not {', '.join(missing)}" if missing else "",
    )
