"""Paper B's claims, each held against runs of many seeds; numbered as in part D of the rebuilt equations.

Where the paper's curve of N(t) matters and is lost, both of ours are said: N(t) from the fleet's habits, and all 300 EVs always.
"""

from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import mannwhitneyu

from coordination.peak_shaving.power_sharing import TACTICS
from runs.result import Result
from runs.studies.claim import Claim, Outcome
from runs.studies.paper_b.cases import (
    BEST_ON,
    EXACT,
    FOLLOWED,
    NOTHING,
    PAPERS,
    POPULATION,
    RATE_AFTER,
    READINGS,
    STAYS,
    PaperRuns,
)
from runs.studies.paper_b.tables import LOSSES, NOTICEABLE, is_repeatable, ranked, where
from runs.v2g.paper_b import PEAK_KW, POWER_KW, RATE_BEFORE, VEHICLES

SAYS: Final = {"daily": "N(t) from habits", "always": "300 always"}
NAMES: Final = {
    "igeo": "IGEO", "geo": "GEO", "pso": "PSO", "woa": "WOA", "ga": "GA", "cso": "CSO", "acso": "ACSO",
    EXACT: "exact optimum", NOTHING: "doing nothing", "difference": "exact optimum, difference alone",
}  # fmt: skip
SIGNIFICANT: Final = 0.05
DEVIATION_KW: Final = 12.0
TIED: Final = 1e-3
"""Losses that differ by less, in relation, are the same."""
MOST: Final = 0.75
"""A direction is found where more than this part of the runs has it."""
ONCE: Final = " (not repeatable)"
"""Marks years of a day that cannot follow itself."""
PAPER_YEARS: Final = (4.8, 10.0)
PAPER_SPREAD: Final = (0.0847, 0.076)


def claims(runs: PaperRuns) -> list[Claim]:
    """Hold every claim against these runs; of one day or three days alone, those that they can tell of."""
    held = []
    if 1 in runs.days:
        held += [*_rate(runs), _spread(runs), *_life(runs), _deviation(runs), *_fitness(runs)]
        held += [_functions(runs), _profit(runs)]
    if 3 in runs.days:
        held.append(_three_days(runs))
    if 1 in runs.days:
        held.append(_inputs(runs.shown[1, "daily", "igeo"]))
    return held


def graded(found: bool, partly: bool) -> Outcome:
    """Return the outcome of a claim that is true, or true in part."""
    return "found" if found else "partly found" if partly else "not found"


def _rate(runs: PaperRuns) -> list[Claim]:
    text = f"peak shaving takes the peak-valley rate from {RATE_BEFORE:.2%} to {RATE_AFTER:.2%}"
    own = {stays: _scales(runs, stays, "F") for stays in STAYS}
    alone = {stays: _scales(runs, stays, "difference") for stays in STAYS}
    igeo = {stays: where(runs.horizons, days=1, stays=stays, signal="igeo").after for stays in STAYS}
    reaches = {stays: bool((own[stays].rate <= RATE_AFTER).mean() > MOST) for stays in STAYS}
    by_f = "; ".join(
        f"{SAYS[stays]}: {_percent(own[stays].rate)} by the exact optimum of F, {_percent(igeo[stays])} with EVs that follow IGEO"
        for stays in STAYS
    )
    by_difference = "; ".join(
        f"{SAYS[stays]}: {_percent(alone[stays].rate)} by the signal of least difference (which breaks nothing for "
        f"{int(alone[stays].is_optimal.sum())} of {len(alone[stays])} seeds), {_percent(alone[stays].followed_rate)} with the EVs that follow it; no signal gets "
        f"below {_percent(alone[stays].least_rate)}"
        for stays in STAYS
    )
    at = {
        (stays, name): f"{_span(scales.peak_kw / 1000, 1)} MW"
        for name, each in (("F", own), ("difference", alone))
        for stays, scales in each.items()
    }
    can = {stays: ((each.rate <= RATE_AFTER) & each.is_optimal).mean() for stays, each in alone.items()}
    at_scale = alone["always"].peak_is_reached
    there = {
        (stays, name): f"{int(scales.peak_is_reached.sum())} of {len(scales)}"
        for name, each in (("F", own), ("difference", alone))
        for stays, scales in each.items()
    }
    yuan_kw = {
        stays: f"{each.yuan_kw.mean():.0f} kW ({_span(each.yuan_kw)}) with {SAYS[stays]}" for stays, each in own.items()
    }
    followed = {stays: f"{_span(each.followed_peak_kw / 1000, 1)} MW" for stays, each in alone.items()}
    part = VEHICLES * POWER_KW / own["daily"].peak_kw.mean()
    return [
        Claim("B-1", f"{text}, by the paper's own F", graded(all(reaches.values()), any(reaches.values())),
              f"at a peak of {PEAK_KW / 1000:g} MW, {by_f}. F lets the cost decide: for both weights 0.5 a yuan saved weighs as "
              f"much as {' and '.join(yuan_kw.values())} of difference, mean (least to most) over seeds"),
        Claim("B-1", f"{text}: whether 300 EVs can", "calibrated" if max(can.values()) > 0.5 else "not found",
              f"at {PEAK_KW / 1000:g} MW, a load that was chosen so that they just can, and with the difference alone in F, "
              f"{by_difference}"),
        Claim("B-1", f"{text}: at which load", "calibrated" if at_scale.mean() > 0.5 else "not found",
              f"the paper gives no load; the exact optimum passes {RATE_AFTER:.2%} at a peak of {at['always', 'difference']} "
              f"with 300 always and the difference alone (a signal that breaks nothing does so for {there['always', 'difference']} "
              f"seeds), of {at['daily', 'difference']} with N(t) from habits ({there['daily', 'difference']} seeds). With EVs that follow that signal it is "
              f"{followed['always']} with 300 always and {followed['daily']} from habits. With the paper's F it is "
              f"{at['daily', 'F']} from habits (a signal that breaks nothing has that rate there for {there['daily', 'F']} seeds) and "
              f"{at['always', 'F']} with 300 always ({there['always', 'F']} seeds), where 300 EVs have about {part:.0%} of the "
              f"load's peak. All other numbers here are at {PEAK_KW / 1000:g} MW"),
    ]  # fmt: skip


def _scales(runs: PaperRuns, stays: str, objective: str) -> pd.DataFrame:
    return where(runs.scales, stays=stays, objective=objective)


def _proposed(runs: PaperRuns, stays: str, signal: str) -> pd.DataFrame:
    return where(runs.tactics, tactic="proposed", stays=stays, signal=signal)


def _spread(runs: PaperRuns) -> Claim:
    cases = [(stays, signal) for stays in STAYS for signal in FOLLOWED]
    each = {case: _proposed(runs, *case) for case in cases}
    never_higher = all(bool((table.share_not_higher == 1).all()) for table in each.values())
    falls = all(bool((table.soc_std_after < table.soc_std_before).all()) for table in each.values())
    lower = all(bool((table.share_lower > 0.95).all()) for table in each.values())
    said = "; ".join(
        f"{NAMES[signal]}, {SAYS[stays]}: {table.soc_std_before.mean():.4f} to {table.soc_std_after.mean():.4f} "
        f"({table.soc_std_after.mean() / table.soc_std_before.mean() - 1:.1%}), lower in {table.share_lower.mean():.0%} and not "
        f"higher in {table.share_not_higher.mean():.0%} of slots and groups"
        for (stays, signal), table in each.items()
    )
    before, after = PAPER_SPREAD
    return Claim(
        "B-2",
        f"each group's spread of the state of charge falls in every slot, from {before} to {after} on average "
        f"({after / before - 1:.1%})",
        graded(lower and falls, never_higher and falls),
        f"{said}. A group that has nothing to do in a slot keeps its spread",
    )


def _life(runs: PaperRuns) -> list[Claim]:
    cases = [(stays, signal) for stays in STAYS for signal in FOLLOWED]
    order = {case: _by_tactic(runs, *case) for case in cases}
    least: dict[str, int] = {}
    ties = 0
    for reading in READINGS:
        for name in LOSSES:
            columns = [means[f"{reading}_loss_{name}"] for means in order.values()]
            least[f"{reading} {name}"] = sum(
                bool(c["proposed"] < c.drop("proposed").min() * (1 - TIED)) for c in columns
            )
            ties += sum(bool(np.ptp(c) <= TIED * c.max()) for c in columns)
    wins = sum(least.values())
    main = order["daily", "igeo"]
    listed = "; ".join(
        f"{TACTICS[str(tactic)].title.split(':')[0]} {row.cumulative_loss_mean:.3f} / {row.cumulative_loss_p95:.3f} / "
        f"{row.cumulative_loss_max:.3f} and {row.per_interval_loss_mean:.2f}"
        for tactic, row in main.iterrows()
    )
    years = {case: means.cumulative_years_mean for case, means in order.items()}
    per = {case: means.per_interval_years_mean for case, means in order.items()}
    gain = {case: float(value["proposed"] / value.drop("proposed").min()) for case, value in years.items()}
    gain_per = {case: float(value["proposed"] / value.drop("proposed").min()) for case, value in per.items()}
    target = PAPER_YEARS[1] / PAPER_YEARS[0]
    once = {case: not is_repeatable(where(runs.tactics, stays=case[0], signal=case[1])) for case in cases}
    ends = "; ".join(f"{NAMES[signal]}, {SAYS[stays]}: {_ends(runs, stays, signal)}" for stays, signal in cases)
    floor = order["daily", EXACT]
    said = "; ".join(
        f"{NAMES[signal]}, {SAYS[stays]}: {value['proposed']:.1f} years{ONCE if once[stays, signal] else ''}, {_span(value.drop('proposed'), 1)} under the "
        f"others, {main_kwh:.1f} kWh a day and EV"
        for (stays, signal), value in years.items()
        for main_kwh in (order[stays, signal].kwh_a_day["proposed"],)
    )
    return [
        Claim("B-3", "the proposed tactic has the least loss of life of the six (Table 5)",
              graded(wins == len(cases) * len(least), least["cumulative mean"] == len(cases)),
              f"least in {wins} of {len(cases) * len(least)} comparisons (two signals, two N(t), cumulative and per interval, mean, "
              f"95th percentile and maximum over EVs); {least['cumulative mean']} of {len(cases)} in the cumulative mean; all six within {TIED:.1%} in {ties}. IGEO, N(t) "
              f"from habits, loss a day in % (cumulative mean / 95th percentile / maximum, and mean per interval): {listed}"),
        Claim("B-3", f"it takes the service life from {PAPER_YEARS[0]:g} to {PAPER_YEARS[1]:g} years",
              graded(min(gain.values()) >= target, max(gain.values()) >= target),
              f"years at the mean loss, cumulative: {said}. So against the worst other tactic the years are {_times(gain)} as "
              f"many, read per interval {_times(gain_per)}, but {_span(pd.concat(per.values()), 2)} years in all; the paper's are {target:.2f} "
              "times as many. All tactics move the same energy, so the cumulative law hardly parts their means; what is left comes from "
              "energy that a tactic fails to move, and from the power 0.55, which favours uneven use. Years are of a day that comes again "
              f"and again, and {sum(once.values())} of these {len(cases)} days cannot: F does not ask where the state of "
              f"charge ends. It goes, in the mean, {ends}. Under the exact optimum from habits {_span(100 * floor.floor_share)}% of EVs end, by "
              "tactic, at the floor: those six are ways to drain a fleet"),
    ]  # fmt: skip


def _ends(runs: PaperRuns, stays: str, signal: str) -> str:
    each = _proposed(runs, stays, signal)
    return f"{each.soc_start.mean():.2f} to {each.soc_end.mean():.2f}"


def _by_tactic(runs: PaperRuns, stays: str, signal: str) -> pd.DataFrame:
    chosen = where(runs.tactics, stays=stays, signal=signal)
    return chosen.drop(columns=["stays", "signal", "seed"]).groupby("tactic", sort=False).mean()


def _deviation(runs: PaperRuns) -> Claim:
    cases = [(stays, signal) for stays in STAYS for signal in FOLLOWED]
    worst = {case: _proposed(runs, *case).deviation_max_kw for case in cases}
    within = {case: int((values <= DEVIATION_KW).sum()) for case, values in worst.items()}
    said = "; ".join(
        f"{NAMES[signal]}, {SAYS[stays]}: {values.mean():.0f} kW ({_span(values)}), within {DEVIATION_KW:g} kW for "
        f"{within[stays, signal]} of {values.size} seeds, {_proposed(runs, stays, signal).delivered_share.mean():.0%} of the signal's "
        "energy delivered"
        for (stays, signal), values in worst.items()
    )
    others = _by_tactic(runs, "daily", "igeo").deviation_max_kw
    short = _proposed(runs, "daily", EXACT)
    return Claim(
        "B-4",
        f"the EVs stray from the signal by at most {DEVIATION_KW:g} kW",
        graded(
            all(within[case] == worst[case].size for case in cases),
            any(within[case] == worst[case].size for case in cases),
        ),
        f"largest of the day: {said}. Under the other tactics with IGEO's signal and N(t) from habits: "
        f"{_span(others.drop('proposed'))} kW. The problem counts the fleet's mean state of charge as one number; where EVs come "
        "and go, the batteries that are there may be full or empty while the mean is not. So under the exact "
        f"optimum from habits the deviation is no single peak: {1 - short.delivered_share.mean():.0%} of the energy is missing",
    )


def _fitness(runs: PaperRuns) -> list[Claim]:
    searches = where(runs.signals, tariff="guangdong", budget="iterations")
    papers = searches[searches.optimizer.isin(PAPERS)]
    best, soonest, said, said_soon = {}, {}, [], []
    for stays in STAYS:
        chosen = papers[papers.stays == stays]
        fitness = chosen.pivot_table(index="seed", columns="optimizer", values="fitness", observed=True)
        sooner = chosen.pivot_table(index="seed", columns="optimizer", values="settled_evaluations", observed=True)
        p = {
            name: float(mannwhitneyu(fitness["igeo"], fitness[name], alternative="less").pvalue)
            for name in PAPERS
            if name != "igeo"
        }
        ranks, ranks_soon = ranked(fitness), ranked(sooner)
        best[stays] = ranks.idxmin() == "igeo" and max(p.values()) < SIGNIFICANT
        soonest[stays] = ranks_soon.idxmin() == "igeo"
        idle = where(runs.signals, tariff="guangdong", stays=stays, optimizer=NOTHING).set_index("seed").fitness
        worse = float((fitness["igeo"] - idle > NOTICEABLE).mean())
        medians = fitness.median()
        said.append(
            f"{SAYS[stays]}: median F (mean rank of five) "
            + ", ".join(f"{NAMES[name]} {medians[name]:.2f} ({ranks[name]:.1f})" for name in ranks.sort_values().index)
            + "; better than " + (", ".join(NAMES[name] for name, value in p.items() if value < SIGNIFICANT) or "none")
            + f" at p < {SIGNIFICANT:g} (Mann-Whitney); worse than doing nothing for {worse:.0%} of seeds"
        )  # fmt: skip
        said_soon.append(
            f"{SAYS[stays]}: "
            + ", ".join(f"{NAMES[str(name)]} {value:,.0f}" for name, value in sooner.median().sort_values().items())
        )
    iterations = runs.size.iterations
    return [
        Claim("B-5", "IGEO reaches the best F of five (Fig 4)", graded(all(best.values()), any(best.values())),
              f"at {iterations} iterations, {'; '.join(said)}"),
        Claim("B-5", "IGEO needs the fewest iterations", graded(all(soonest.values()), any(soonest.values())),
              f"median evaluations of {POPULATION * (iterations + 1):,} until F is within 1 % of its last value, "
              f"{'; '.join(said_soon)}. Who is soon there has stopped looking: hardly any other has settled when the budget ends"),
    ]  # fmt: skip


def _functions(runs: PaperRuns) -> Claim:
    square = runs.functions.assign(square=np.square(runs.functions.fitness))
    rmse = np.sqrt(square.groupby(["function", "optimizer"], sort=False).square.mean())
    best = [rmse[function].idxmin() == "igeo" for function in BEST_ON]
    said = "; ".join(
        f"{function} "
        + ", ".join(f"{NAMES[str(name)]} {value:.2g}" for name, value in rmse[function].sort_values().items())
        for function in BEST_ON
    )
    return Claim(
        "B-6",
        "IGEO is best on test functions F1, F2 and F5 (Table 4)",
        graded(all(best), any(best)),
        f"root mean square over {len(runs.size.seeds)} seeds: {said}; more on [the optimisers' page](optimizers.md)",
    )


def _profit(runs: PaperRuns) -> Claim:
    searches = where(runs.signals, tariff="guangdong", budget="iterations")
    searches = searches[searches.optimizer.isin(PAPERS)]
    highest, worse, said, sold = {}, {}, [], []
    for stays in STAYS:
        chosen = searches[searches.stays == stays]
        swarm = where(chosen, optimizer="pso")[["owner_profit_yuan", "soc_start", "soc_end", "buy_back_yuan"]].mean()
        sold.append(
            f"{SAYS[stays]}: PSO's signal takes the mean state of charge from {swarm.soc_start:.2f} to {swarm.soc_end:.2f}, and buying that "
            f"back at the day's least price would cost {round(swarm.buy_back_yuan):,} yuan against a profit of {round(swarm.owner_profit_yuan):,}"
        )
        means = chosen.groupby("optimizer").owner_profit_yuan.mean().sort_values(ascending=False)
        pso = chosen[chosen.optimizer == "pso"].rate
        highest[stays], worse[stays] = means.index[0] == "pso", float((pso > RATE_BEFORE + 1e-9).mean())
        said.append(
            f"{SAYS[stays]}: profit "
            + ", ".join(f"{NAMES[str(name)]} {round(value):,}" for name, value in means.items())
            + f" yuan; PSO's rate {_percent(pso)}, above {RATE_BEFORE:.2%} for {worse[stays]:.0%} of seeds"
        )
    both = {stays: highest[stays] and worse[stays] > MOST for stays in STAYS}
    some = any(highest[stays] or worse[stays] > MOST for stays in STAYS)
    return Claim(
        "B-7",
        "PSO has the highest owner profit, but a worse peak-valley rate than without EVs (Table 3)",
        graded(all(both.values()), some),
        f"at {runs.size.iterations} iterations, {'; '.join(said)}. The profit is the signal's, not the EVs', and holds what is sold once of "
        f"the energy that EVs began with. {'; '.join(sold)}",
    )


def _three_days(runs: PaperRuns) -> Claim:
    three = runs.horizons[runs.horizons.days == 3]
    lower = {
        case: float((each.after < each.before - 1e-9).mean())
        for case, each in three.groupby(["stays", "signal"], sort=False)
    }
    said = "; ".join(
        f"{NAMES[str(signal)]}, {SAYS[str(stays)]}: {each.before.mean():.2%} to {_percent(each.after)}, lower for "
        f"{lower[stays, signal]:.0%} of seeds"
        for (stays, signal), each in three.groupby(["stays", "signal"], sort=False)
    )
    return Claim(
        "B-8",
        "peak shaving works over three days (288 slots) as over one",
        graded(min(lower.values()) > MOST, max(lower.values()) > MOST),
        f"peak-valley rate of three days by the EVs' response: {said}. F divides the cost by f2max, one full charge "
        f"({_span(three.cost_max_yuan)} yuan) whatever the number of days: over three days the cost, a sum, weighs more against the difference "
        "than over one. With an f2max that grew with the days both would weigh as over one",
    )


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
    return Claim(
        "B-9",
        "the paper's inputs",
        graded(not missing, len(missing) < len(held) / 2),
        f"the scenario holds {', '.join(name for name in held if name not in missing)}"
        + (f"; not {', '.join(missing)}" if missing else ""),
    )


def _percent(values: "pd.Series[float]") -> str:
    low, high = f"{values.min():.2%}", f"{values.max():.2%}"
    return low if low == high else f"{values.mean():.2%} ({low} to {high})"


def _span(values: "pd.Series[float]", digits: int = 0) -> str:
    low, high = f"{values.min():,.{digits}f}", f"{values.max():,.{digits}f}"
    return low if low == high else f"{low} to {high}"


def _times(gain: dict[tuple[str, str], float]) -> str:
    low, high = f"{min(gain.values()):.2f}", f"{max(gain.values()):.2f}"
    return f"{low} times" if low == high else f"{low} to {high} times"
