"""The runs that paper B's claims, tables and figures are taken from.

The case is the paper's where its text gives it; else a stated default. One value is calibrated, the load's scale, once
(B11 in the rebuilt equations): with a peak of 45 MW 300 EVs can just about do what the paper reports.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.minimize import minimize
from coordination.peak_shaving.exact import Exact, solve
from coordination.peak_shaving.power_sharing import TACTICS
from coordination.peak_shaving.problem import PeakShaving
from environment.ageing import years_of_service
from runs.progress import Course, Progress
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import run, simulate
from runs.studies.paper_b import BOTH_DAYS
from runs.v2g.outcome import V2GOutcome
from runs.v2g.paper_b import PEAK_KW, paper_b
from runs.v2g.part import V2G
from runs.v2g.summary import summary_of

RATE_AFTER: Final = 0.4804
"""Peak-valley rate after peak shaving [verbatim]."""

PAPERS: Final = ("igeo", "geo", "pso", "woa", "ga")
"""Optimisers of the paper's Table 3."""
SEARCHERS: Final = (*PAPERS, "cso", "acso")
NOTHING: Final = "nothing"
EXACT: Final = "exact"
FOLLOWED: Final = ("igeo", EXACT)
"""Whose signals EVs follow."""
STAYS: Final = ("daily", "always")
"""N(t) from the fleet's habits, and all 300 in every slot: the paper's Fig 2 is lost."""
READINGS: Final = ("cumulative", "per_interval")

BEST_ON: Final = ("F1", "F2", "F5")
DIMENSION: Final = 30
"""Test functions on which the paper has IGEO best [verbatim], and their dimension (B11)."""

RATE_ROUNDING: Final = 5e-5
"""The paper gives rates to a hundredth of a per cent."""
SCALES: Final = (0.05, 2.0)
"""Load scales, as parts of the stated one, between which the paper's rate is looked for."""

POPULATION: Final = 30
"""Members of a population [default: what the paper's test functions have]."""
SOC_SAME: Final = 0.01
"""A day can follow itself where the mean state of charge ends as near as this to where it began."""
SETTLED: Final = 0.01
"""A search has settled when its best F is within this part of where it ends."""


@dataclass(frozen=True)
class Size:
    """How much is run.

    Parameters
    ----------
    seeds
        One a fleet with its habits and states of charge, and one a search.
    iterations
        Of a population of 30 [default: what the paper's test functions have].
    large
        The same for the larger budget.
    scale_steps
        Steps in which a load scale is looked for, at most.
    """

    seeds: Sequence[int]
    iterations: int = 100
    large: int = 1000
    scale_steps: int = 30

    @property
    def budgets(self) -> dict[str, dict[str, int]]:
        """Budgets by name, as arguments of `minimize`: the paper's, and equal evaluations for all."""
        return {
            "iterations": {"max_iterations": self.iterations},
            "evaluations": {"max_evaluations": POPULATION * (self.iterations + 1)},
            "large": {"max_evaluations": POPULATION * (self.large + 1)},
        }


FULL: Final = Size(range(1, 21))
QUICK: Final = Size(range(1, 4))


def paper_case(
    seed: int, *, stays: str = "daily", days: int = 1, tactic: str = "proposed", tariff: str = "guangdong",
    peak_kw: float = PEAK_KW, engine: str = "compiled", **peak_shaving: Any,
) -> Scenario:  # fmt: skip
    """Return the paper's case: 300 EVs, 96 slots a day from midnight, a load whose peak-valley rate is 55.03 %."""
    return paper_b(days, peak_kw).update(
        peak_shaving={"population": POPULATION, **peak_shaving},
        grouping={"tactic": tactic},
        participation={"stays": stays},
        tariff={"source": tariff},
        run={"seed": seed, "engine": engine},
    )


def v2g_of(scenario: Scenario) -> V2G:
    """Return what a scenario describes, as its run would have it."""
    return V2G.build(scenario, np.random.default_rng(scenario.run.seed))


@dataclass(frozen=True, eq=False)
class PaperRuns:
    """Paper B's runs.

    Parameters
    ----------
    size
        How much was run.
    days
        Which lengths.
    signals
        ``tariff stays budget optimizer seed fitness gap rate difference_kw owner_profit_yuan soc_start soc_end buy_back_yuan
        is_feasible is_optimal evaluations settled_evaluations``: a row a search; the budget is empty for doing nothing and for the
        linear programme. States of charge are the fleet's mean if the signal is followed in full, and buying back is the least that
        f2 gains until the fleet is where it began. Of one day.
    histories
        Evaluations and best F after each population of each search with Guangdong's prices, by stays, budget and
        optimiser; shape ``(seeds, k, 2)``.
    tactics
        ``stays signal tactic seed deviation_max_kw soc_std_before soc_std_after share_not_higher share_lower soc_start soc_end
        floor_share signal_charged_kwh signal_discharged_kwh charged_kwh discharged_kwh delivered_share owner_profit_yuan kwh_a_day
        <reading>_<loss|years>_<mean|p95|max>``: a row a run in which EVs follow a signal; spread is the mean over slots and groups,
        shares lower and not higher are of slots and groups, the state of charge is the mean over EVs, the floor's share that of EVs that
        end there, the share delivered that of the signal's energy (either way), and the profit the EVs'. Of one day.
    scales
        ``stays objective seed yuan_kw rate least_rate is_optimal peak_kw peak_is_reached followed_rate followed_peak_kw``: the
        difference [kW] that weighs as much in F as a yuan, both weights equal; the rate of the
        exact optimum of F ("F"), and of the difference alone ("difference"; no signal is below its least rate), at the stated
        scale; the peak at which it passes the paper's rate, with whether a signal that breaks nothing has that rate there; and
        rate and peak of EVs that follow the signal (that peak for the difference alone).
    functions
        ``function optimizer seed fitness``: a row a search on the test functions of which the paper says that IGEO is best on them.
    horizons
        ``days stays signal seed before after before_kw after_kw cost_max_yuan``: peak-valley rate and difference, from the EVs'
        response, and by what F divides the cost.
    shown
        Runs of the first seed that figures show, by days, stays and signal: of `FOLLOWED`, and "difference".
    """

    size: Size
    days: Sequence[int]
    signals: pd.DataFrame
    histories: dict[tuple[str, str, str], NDArray[np.float64]]
    tactics: pd.DataFrame
    scales: pd.DataFrame
    functions: pd.DataFrame
    horizons: pd.DataFrame
    shown: dict[tuple[int, str, str], Result]


def paper_runs(size: Size = FULL, days: Sequence[int] = BOTH_DAYS, progress: Progress = lambda _: None) -> PaperRuns:
    """Run the paper's case for every seed.

    Parameters
    ----------
    size
        How much to run.
    days
        Which lengths: 1, 3 or both.
    progress
        Told the part of the runs that is done.
    """
    seeds = len(size.seeds)
    one_day = 3 * len(SEARCHERS) * 3 + 2 * len(TACTICS) * 2 + 2 * size.scale_steps + len(BEST_ON) * len(PAPERS)
    course = Course(progress, seeds * (one_day * (1 in days) + 4 * len(days)))
    signals, histories = pd.DataFrame(), dict[tuple[str, str, str], NDArray[np.float64]]()
    tactics = scales = functions = pd.DataFrame()
    if 1 in days:
        signals, histories = _search_all(size, course)
        tactics = pd.DataFrame(_follow_all(size, course))
        scales = pd.DataFrame(_scale_all(size, course))
        functions = pd.DataFrame(_functions(size, course))
    horizons = pd.DataFrame(_horizons(size, days, course))
    return PaperRuns(size, days, signals, histories, tactics, scales, functions, horizons, _shown(size, days))


def iterating(signal: str, size: Size) -> dict[str, Any]:
    """Return the keys of ``[peak_shaving]`` that a signal stands for."""
    if signal == "difference":
        return {"optimizer": EXACT, "weight_difference": 1.0, "weight_cost": 0.0}
    return {"optimizer": signal, "iterations": size.iterations}


def _search_all(size: Size, course: Course) -> tuple[pd.DataFrame, dict[tuple[str, str, str], NDArray[np.float64]]]:
    rows: list[dict[str, Any]] = []
    gathered: dict[tuple[str, str, str], list[NDArray[np.float64]]] = {}
    cases = (("guangdong", "daily"), ("guangdong", "always"), ("beijing", "daily"))
    for (tariff, stays), seed in product(cases, size.seeds):
        v2g = v2g_of(paper_case(seed, stays=stays, tariff=tariff))
        problem, exact = v2g.problem, solve(v2g.problem)
        assert exact is not None
        common = {"tariff": tariff, "stays": stays, "seed": seed}
        for name, signal in ((NOTHING, np.zeros(v2g.horizon.n_slots)), (EXACT, exact.signal_kw)):
            figures = _figures(problem, signal, exact.bound, np.empty((0, 2)))
            rows.append({**common, "budget": "", "optimizer": name, **figures})
        for (budget, limits), name in product(size.budgets.items(), SEARCHERS):
            course.step()
            if tariff == "beijing" and budget != "iterations":
                continue
            optimizer, rng = OPTIMIZERS[name].of(population=POPULATION), np.random.default_rng(v2g.search_seed)
            result = minimize(problem, optimizer, **limits, rng=rng)  # type: ignore[arg-type]
            figures = _figures(problem, result.x, exact.bound, result.history)
            rows.append({**common, "budget": budget, "optimizer": name, **figures})
            if tariff == "guangdong":
                gathered.setdefault((stays, budget, name), []).append(result.history)
    return pd.DataFrame(rows), {key: np.stack(histories) for key, histories in gathered.items()}


def _figures(
    problem: PeakShaving, signal_kw: NDArray[np.float64], bound: float, history: NDArray[np.float64]
) -> dict[str, Any]:
    found = problem.objectives(signal_kw[None])
    fitness = float(problem.evaluate(signal_kw[None])[0])
    total_kw = problem.load_kw + signal_kw
    soc_end = float(problem.soc(signal_kw[None])[0, -1])
    missing_kwh = max(problem.soc_start - soc_end, 0.0) * problem.capacity_kwh / problem.efficiency
    return {
        "fitness": fitness,
        "gap": fitness - bound,
        "rate": rate_of(total_kw),
        "difference_kw": float(np.ptp(total_kw)),
        "owner_profit_yuan": -float(found.cost_yuan[0]),
        "soc_start": problem.soc_start,
        "soc_end": soc_end,
        "buy_back_yuan": missing_kwh * float(problem.up_yuan_per_kwh.min()),
        "is_feasible": not bool((found.power_broken | found.soc_broken | found.number_broken)[0]),
        "is_optimal": bool(fitness - bound <= 1e-6),
        "evaluations": int(history[-1, 0]) if history.size else 0,
        "settled_evaluations": settled(history),
    }


def settled(history: NDArray[np.float64]) -> int:
    """Return the evaluations after which the best F is within 1 % of where the search ends; 0 without a search."""
    if not history.size:
        return 0
    last = history[-1, 1]
    return int(history[np.flatnonzero(history[:, 1] <= last + SETTLED * abs(last))[0], 0])


def rate_of(load_kw: NDArray[np.float64]) -> float:
    """Return the peak-valley rate, (peak - valley) / peak."""
    return float(np.ptp(load_kw) / load_kw.max())


def _follow_all(size: Size, course: Course) -> Iterator[dict[str, Any]]:
    for stays, signal, tactic, seed in product(STAYS, FOLLOWED, TACTICS, size.seeds):
        keys = {"ageing_reading": "per_interval", **iterating(signal, size)}
        v2g, outcome = _ran(paper_case(seed, stays=stays, tactic=tactic, **keys))
        case = {"stays": stays, "signal": signal, "tactic": tactic, "seed": seed}
        yield {**case, **_spread(outcome), **_energy(v2g, outcome), **_ageing(v2g, outcome)}
        course.step()


def _ran(case: Scenario) -> tuple[V2G, V2GOutcome]:
    """Run a case; return its fleet, and what the run came to."""
    world, outcome = run(case)
    assert world.v2g is not None
    return world.v2g, outcome["v2g"]


def _spread(outcome: V2GOutcome) -> dict[str, float]:
    track = outcome.track
    known = ~np.isnan(track.soc_std_before)
    before, after = track.soc_std_before[known], track.soc_std_after[known]
    return {
        "deviation_max_kw": float(np.abs(track.response_kw - track.signal_kw).max()),
        "soc_std_before": float(before.mean()),
        "soc_std_after": float(after.mean()),
        "share_not_higher": float(np.mean(after <= before + 1e-12)),
        "share_lower": float(np.mean(after < before - 1e-12)),
    }


def _energy(v2g: V2G, outcome: V2GOutcome) -> dict[str, float]:
    batteries, slot_h = outcome.batteries, v2g.horizon.slot_h
    signal_kw, response_kw = outcome.track.signal_kw, outcome.track.response_kw
    asked_kw = float(np.abs(signal_kw).sum())
    return {
        "soc_start": float(v2g.soc_start.mean()),
        "soc_end": float(batteries.soc.mean()),
        "floor_share": float(np.mean(batteries.soc <= v2g.settings.soc_min + SOC_SAME)),
        "signal_charged_kwh": float(np.maximum(signal_kw, 0.0).sum() * slot_h),
        "signal_discharged_kwh": float(np.maximum(-signal_kw, 0.0).sum() * slot_h),
        "charged_kwh": float(batteries.charged_kwh.sum()),
        "discharged_kwh": float(batteries.discharged_kwh.sum()),
        "delivered_share": float(np.abs(response_kw).sum() / asked_kw) if asked_kw else 1.0,
        "owner_profit_yuan": -float(v2g.problem.objectives(response_kw[None]).cost_yuan[0]),
    }


def _ageing(v2g: V2G, outcome: V2GOutcome) -> dict[str, float]:
    wear = outcome.batteries.wear
    figures = {"kwh_a_day": float(wear.throughput_kwh.mean() / v2g.days)}
    for reading in READINGS:
        loss = wear.loss_percent(reading)
        for name, value in (("mean", loss.mean()), ("p95", np.quantile(loss, 0.95)), ("max", loss.max())):
            figures[f"{reading}_loss_{name}"] = float(value)
            figures[f"{reading}_years_{name}"] = float(years_of_service(np.array(value), v2g.days, reading))
    return figures


def _scale_all(size: Size, course: Course) -> Iterator[dict[str, Any]]:
    objectives = {"F": EXACT, "difference": "difference"}
    for stays, objective, seed in product(STAYS, objectives, size.seeds):
        figures = _scaled(seed, stays, objectives[objective], size)
        yield {"stays": stays, "objective": objective, "seed": seed, **figures}
        course.step(size.scale_steps / 2)


def _scaled(seed: int, stays: str, signal: str, size: Size) -> dict[str, Any]:
    alone = signal == "difference"

    def case(scale: float) -> Scenario:
        return paper_case(seed, stays=stays, peak_kw=scale * PEAK_KW, **iterating(signal, size))

    v2g = v2g_of(case(1.0))
    load_kw = v2g.load.forecast_kw

    def optimum(scale: float) -> NDArray[np.float64]:
        return scale * load_kw + _optimum(v2g, scale * load_kw).signal_kw

    def followed(scale: float) -> NDArray[np.float64]:
        return run_load_kw(case(scale))

    exact = _optimum(v2g, load_kw)
    scale = _passing(optimum, load_kw, size.scale_steps)
    there = _optimum(v2g, scale * load_kw)
    return {
        "yuan_kw": v2g.problem.difference_max_kw / v2g.problem.cost_max_yuan,
        "rate": rate_of(optimum(1.0)),
        "least_rate": _least_rate(v2g, exact) if alone else np.nan,
        "is_optimal": exact.is_optimal,
        "peak_kw": scale * PEAK_KW,
        "peak_is_reached": there.is_optimal and abs(rate_of(optimum(scale)) - RATE_AFTER) < RATE_ROUNDING,
        "followed_rate": rate_of(followed(1.0)),
        "followed_peak_kw": _passing(followed, load_kw, size.scale_steps) * PEAK_KW if alone else np.nan,
    }


def run_load_kw(scenario: Scenario) -> NDArray[np.float64]:
    """Return the load of a run [kW], with EVs that follow their signal as far as they can, shape ``(n_slots,)``."""
    v2g, outcome = _ran(scenario)
    load_kw: NDArray[np.float64] = v2g.load.actual_kw + outcome.track.response_kw
    return load_kw


def _optimum(v2g: V2G, load_kw: NDArray[np.float64]) -> Exact:
    exact = solve(v2g.pose(load_kw, v2g.tariff))
    assert exact is not None
    return exact


def _least_rate(v2g: V2G, exact: Exact) -> float:
    """Return a rate below which no signal can be, from the least difference D.

    The signal of least difference need not have the least rate. But with a peak of at most L, the load's own, no rate is below
    D / L, and with a higher peak none is below 1 - (valley + all EVs' power) / L.
    """
    load_kw, most_kw = v2g.load.forecast_kw, float(v2g.problem.upper.max())
    peak_kw, valley_kw = float(load_kw.max()), float(load_kw.min())
    difference_kw = exact.bound * v2g.problem.difference_max_kw
    return min(difference_kw / peak_kw, 1 - (valley_kw + most_kw) / peak_kw)


def _passing(after: Callable[[float], NDArray[np.float64]], load_kw: NDArray[np.float64], most: int) -> float:
    """Return the largest load scale at which the rate is the paper's, r.

    With what EVs take off the peak (a) and put onto the valley (b) at a scale, the rate is r at the scale
    ``((1 - r) a + b) / ((1 - r) peak - valley)``; from a scale that is too large that one is smaller, and so on down to the
    first at which both agree. Below it the rate may rise again, where the best signal is one that batteries cannot follow.

    Parameters
    ----------
    after
        Load with EVs at a scale [kW].
    load_kw
        Load without them at scale 1 [kW].
    most
        Steps at most.
    """
    peak, valley = float(load_kw.max()), float(load_kw.min())
    scale = SCALES[1]
    for _ in range(most):
        with_evs = after(scale)
        off = scale * peak - float(with_evs.max())
        onto = float(with_evs.min()) - scale * valley
        before, scale = scale, ((1 - RATE_AFTER) * off + onto) / ((1 - RATE_AFTER) * peak - valley)
        scale = float(np.clip(scale, *SCALES))
        if abs(scale - before) < 1e-7:
            break
    return scale


def _functions(size: Size, course: Course) -> Iterator[dict[str, Any]]:
    for function, name, seed in product(BEST_ON, PAPERS, size.seeds):
        problem, optimizer = FUNCTIONS[function].problem(DIMENSION), OPTIMIZERS[name].of(population=POPULATION)
        result = minimize(problem, optimizer, max_iterations=size.iterations, rng=np.random.default_rng(seed))
        yield {"function": function, "optimizer": name, "seed": seed, "fitness": result.fun}
        course.step()


def _horizons(size: Size, days: Sequence[int], course: Course) -> Iterator[dict[str, Any]]:
    for length, stays, signal, seed in product(days, STAYS, FOLLOWED, size.seeds):
        v2g, outcome = _ran(paper_case(seed, stays=stays, days=length, **iterating(signal, size)))
        summary = summary_of(v2g, outcome)
        figures = {"before": summary["no_evs"], "after": summary}
        yield {
            "days": length, "stays": stays, "signal": signal, "seed": seed,
            **{when: each["peak_valley_rate"] for when, each in figures.items()},
            **{f"{when}_kw": each["peak_valley_difference_kw"] for when, each in figures.items()},
            "cost_max_yuan": v2g.problem.cost_max_yuan,
        }  # fmt: skip
        course.step()


def _shown(size: Size, days: Sequence[int]) -> dict[tuple[int, str, str], Result]:
    """Run the first seed with agents where IGEO's signal is followed for a day, as the paper has it; else compiled."""
    shown = {}
    for key in product(days, STAYS, (*FOLLOWED, "difference")):
        length, stays, signal = key
        engine = "agents" if key == (1, "daily", "igeo") else "compiled"
        case = paper_case(size.seeds[0], stays=stays, days=length, engine=engine, **iterating(signal, size))
        shown[key] = simulate(case)
    return shown
