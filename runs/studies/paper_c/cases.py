"""The runs that paper C's claims, tables and figures are taken from: searches of one slot, a year of sampled days, and days of others."""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coordination.stations.settings import NONE
from runs.progress import Course, Progress
from runs.stations.paper_c import YEAR
from runs.stations.summary import LEVELS
from runs.studies.paper_c import SHOTS
from runs.studies.paper_c.work import (
    SEARCHERS,
    TIME_YUAN_PER_H,
    WARMEST,
    Day,
    Search,
    kept_at,
    run_day,
    run_search,
    run_taps,
)
from runs.studies.parts import Parts
from runs.workers import Crew

RIVALS: Final = ("cso 0.2", "cso", "pso", "apso")
READINGS: Final = ("acso overshoot", "acso 0.2")
"""Other readings of ACSO's lost equation."""
BEFORE: Final = "before"
PAPERS: Final = "acso triggers"
"""The paper's whole method."""
VARIANTS: Final = {
    BEFORE: (NONE, "none", 1),
    "cso 0.2": ("cso", "none", 1),
    "cso 0.2 twice": ("cso", "none", 2),
    "pso": ("pso", "none", 1),
    "apso": ("apso", "none", 1),
    "acso": ("acso", "none", 1),
    PAPERS: ("acso", "all", 1),
}
"""Ways to schedule a year: optimiser, triggers, and how many times the iterations."""
TRIGGERS: Final = ("none", *LEVELS, "all")
EVENTS_A_DAY: Final = 2.0
"""Of each kind, on days on which triggers are compared."""
WEIGHTS: Final = (0.0, 0.4, 1.0)
"""Of the voltage; the paper's F has none."""
SHARE_BEFORE: Final = 0.10
"""Of the time cost in all [verbatim]."""


@dataclass(frozen=True)
class Size:
    """How much is run.

    Parameters
    ----------
    shots, reading_shots, tap_shots
        Draws of users for which a slot is searched, for which ACSO's other readings do, and of which voltages are looked at.
    population, iterations
        Population and iterations of these searches.
    months, days
        Months of the year, and days of each month.
    day_population, day_iterations
        Population and iterations of the search of each slot of a day.
    seeds
        Days on which triggers are compared.
    trigger_iterations
        Iterations of the searches of these days.
    some_days
        Month and day: those on which weights and evaluators are compared.
    small_population, small_iterations
        Population and iterations of searches that go by power flow beside others that do not.
    """

    shots: int
    reading_shots: int
    tap_shots: int
    population: int
    iterations: int
    months: tuple[int, ...]
    days: tuple[int, ...]
    day_population: int
    day_iterations: int
    seeds: tuple[int, ...]
    trigger_iterations: int
    some_days: tuple[tuple[int, int], ...]
    small_population: int
    small_iterations: int

    @property
    def evaluations(self) -> int:
        """Evaluations of a slot's search."""
        return self.population * (self.iterations + 1)


ALL_MONTHS: Final = tuple(range(1, 13))
FULL: Final = Size(
    shots=SHOTS, reading_shots=10, tap_shots=5, population=300, iterations=5000, months=ALL_MONTHS, days=(5, 15, 25), day_population=300,
    day_iterations=200, seeds=(1, 2, 3, 4, 5, 6), trigger_iterations=100, some_days=((1, 15), (7, 15)), small_population=60,
    small_iterations=20,
)  # fmt: skip
FULL_BY_POWER_FLOW: Final = replace(
    FULL, shots=5, reading_shots=0, iterations=100, days=(15,), day_population=60, day_iterations=20, seeds=(1, 2, 3),
    trigger_iterations=20,
)  # fmt: skip
QUICK: Final = Size(
    shots=5, reading_shots=5, tap_shots=2, population=60, iterations=100, months=(1, 7, 11), days=(15,), day_population=40,
    day_iterations=5, seeds=(1, 2), trigger_iterations=5, some_days=((7, 15),), small_population=20, small_iterations=2,
)  # fmt: skip
QUICK_BY_POWER_FLOW: Final = replace(QUICK, reading_shots=0, population=20, iterations=10, day_population=20, day_iterations=2,
                                     trigger_iterations=2)  # fmt: skip


@dataclass(frozen=True, eq=False)
class PaperRuns:
    """Paper C's runs.

    Parameters
    ----------
    size, evaluator
        How much was run, and what searches went by; None: coefficients, and a part by power flow.
    searches
        ``optimizer shot fun_iterations fun feasible_iterations feasible evaluations``: a row a search; `fun_iterations` is the best
        fitness after as many iterations as the others have, `fun` that after as many evaluations.
    evaluated, curves
        Numbers of evaluations, and the best fitness there, by optimiser, shape ``(shots, POINTS)``.
    taps
        ``iterations shot fitness set_mean_v set_std_v believed_pu low_pu high_pu deviation_pu loss_kw``: the schedule that ACSO finds
        for a slot in so many iterations, 0: before scheduling; voltages that taps are set for, and a power flow's.
    days
        ``variant month day`` and the key figures: a row a day of the year's sample.
    triggers
        ``triggers seed`` and the key figures.
    some
        ``searched_by iterations population weight month day`` and the key figures.
    priced
        ``variant month day`` and the key figures, with the time cost calibrated.
    time_yuan_per_h
        That price.
    shown
        By variant: what a day of the year was like, slot by slot; voltages of each station, shape ``(n_slots, m)``.
    """

    size: Size
    evaluator: str | None
    searches: pd.DataFrame
    evaluated: NDArray[np.int64]
    curves: dict[str, NDArray[np.float64]]
    taps: pd.DataFrame
    days: pd.DataFrame
    triggers: pd.DataFrame
    some: pd.DataFrame
    priced: pd.DataFrame
    time_yuan_per_h: float
    shown: dict[str, dict[str, NDArray[np.float64]]]


def days_of(month: int) -> int:
    """Return the days of a month of the paper's year."""
    return calendar.monthrange(YEAR, month)[1]


def paper_runs(size: Size, evaluator: str | None, parts: Parts, crew: Crew, progress: Progress) -> PaperRuns:
    """Run everything.

    Parameters
    ----------
    size
        How much.
    evaluator
        What searches go by; None: coefficients, and beside them a small part by power flow.
    parts, crew, progress
        See `Parts.carry_out`.
    """
    by, course = evaluator or "coefficients", Course(progress)
    searches = {
        f"{name}, shot {shot}": Search(name, shot, size.population, size.iterations, by)
        for name in SEARCHERS
        for shot in range(1, 1 + (min(size.reading_shots, size.shots) if name in READINGS else size.shots))
    }
    tapped = {
        f"{iterations} iterations, shot {shot}": Search("acso", shot, size.population, iterations, by)
        for iterations in dict.fromkeys((0, min(size.day_iterations, size.iterations), size.iterations))
        for shot in range(1, 1 + min(size.tap_shots, size.shots))
    }
    days, some = _year(size, by), _some(size, evaluator)
    alone = {
        f"{name}, seed {seed}": Day(
            WARMEST, 12, seed, "acso", size.day_population, size.trigger_iterations, by, name, EVENTS_A_DAY
        )
        for seed in size.seeds
        for name in TRIGGERS
    }
    searched = parts.carry_out("convergence", run_search, searches, crew, course.part(0.33))
    taps = parts.carry_out("taps", run_taps, tapped, crew, course.part(0.02))
    ran = parts.carry_out("year", run_day, days, crew, course.part(0.45))
    fired = parts.carry_out("triggers", run_day, alone, crew, course.part(0.08))
    weighed = parts.carry_out("some days", run_day, some, crew, course.part(0.1))
    table = _table(days, ran, _dated)
    price = calibrated_price(table)
    priced_days = {
        f"{key}, priced": replace(day, time_yuan_per_h=price, is_shown=False)
        for key, day in days.items()
        if (day.month, day.day) in size.some_days and _variant(key) in (BEFORE, "acso", PAPERS)
    }
    priced = parts.carry_out("time cost", run_day, priced_days, crew, course.part(0.02))
    shown = {_variant(key): figures["shown"] for key, figures in ran.items() if "shown" in figures}
    return PaperRuns(
        size=size,
        evaluator=evaluator,
        searches=_table(searches, searched, lambda _, each: {"optimizer": each.optimizer, "shot": each.shot}),
        evaluated=kept_at(size.population, size.evaluations),
        curves={
            name: np.array([searched[key]["curve"] for key, search in searches.items() if search.optimizer == name])
            for name in dict.fromkeys(search.optimizer for search in searches.values())
        },
        taps=_table(tapped, taps, lambda _, each: {"iterations": each.iterations, "shot": each.shot}),
        days=table,
        triggers=_table(alone, fired, lambda _, day: {"triggers": day.triggers, "seed": day.seed}),
        some=_table(some, weighed, _weighed),
        priced=_table(priced_days, priced, _dated),
        time_yuan_per_h=price,
        shown={name: {each: np.array(values) for each, values in one.items()} for name, one in shown.items()},
    )


def _table[T](
    pieces: Mapping[str, T], ran: Mapping[str, Mapping[str, Any]], label: Callable[[str, T], dict[str, Any]]
) -> pd.DataFrame:
    """Return a row a piece of work: what it was, and its figures."""
    rows = []
    for key, piece in pieces.items():
        figures = {name: value for name, value in ran[key].items() if not isinstance(value, (list, dict))}
        rows.append({**label(key, piece), **figures})
    return pd.DataFrame(rows)


def _dated(key: str, day: Day) -> dict[str, Any]:
    return {"variant": _variant(key), "month": day.month, "day": day.day}


def _weighed(_key: str, day: Day) -> dict[str, Any]:
    searched = {"searched_by": day.evaluator, "population": day.population, "iterations": day.iterations}
    return {**searched, "weight": day.weight_voltage, "month": day.month, "day": day.day}


def _year(size: Size, evaluator: str) -> dict[str, Day]:
    """Return the days of the year's sample; those on which weights are compared are days of it too."""
    shown = (11, size.days[len(size.days) // 2])
    return {
        f"{name}: {month}-{day}": Day(
            month, day, 100 * month + day, optimizer, size.day_population, times * size.day_iterations, evaluator, triggers,
            is_shown=(month, day) == shown,
        )
        for month in size.months
        for day in size.days
        for name, (optimizer, triggers, times) in VARIANTS.items()
    }  # fmt: skip


def _variant(key: str) -> str:
    return key.partition(":")[0]


def _some(size: Size, evaluator: str | None) -> dict[str, Day]:
    """Return some days with a weight for the voltage; if nothing else is asked, by coefficients and by power flow."""
    budgets = []
    if evaluator != "powerflow":
        budgets.append(("coefficients", size.day_population, size.day_iterations))
    if evaluator is None:
        budgets.append(("coefficients", size.small_population, size.small_iterations))
    if evaluator != "coefficients":
        budgets.append(("powerflow", size.small_population, size.small_iterations))
    return {
        f"{month}-{day} by {by}, {population} x {iterations}, weight {weight:g}": Day(
            month, day, 100 * month + day, "acso", population, iterations, by, weight_voltage=weight
        )
        for month, day in size.some_days
        for by, population, iterations in budgets
        for weight in WEIGHTS
    }


def calibrated_price(days: pd.DataFrame) -> float:
    """Return the price of time with which it is a tenth of all costs before scheduling, as in the paper's Table 4."""
    before = days[days.variant == BEFORE]
    time = float(before.time_cost_yuan.sum())
    others = float(before.cost_yuan.sum()) - time
    return TIME_YUAN_PER_H * SHARE_BEFORE / (1 - SHARE_BEFORE) * others / time
