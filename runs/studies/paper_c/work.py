"""The work of paper C's study, both kinds short: a search for the schedule of one slot (the paper's Fig 3), and a day of all stations.

The case is `runs.stations.paper_c`; what is added here: the base load follows the month, 15 % above its mean in July and below it in
January [default: the paper's data of 2023 are lost]; users are alike in all months, and drawn anew for each day.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.minimize import OptimizeResult, minimize
from coordination.stations.network import ByPowerFlow
from coordination.stations.problem import StationScheduling
from coordination.stations.settings import NONE, SchedulingSettings
from environment.channel import Channel
from runs.scenario import Scenario
from runs.stations.engine import charging_freely, run
from runs.stations.paper_c import BASE_KW, paper_c
from runs.stations.part import StationPark
from runs.stations.summary import LEVELS, figures, unstruck

SWING: Final = 0.15
WARMEST: Final = 7
"""Of the base load over the year, and the month of its peak [default]."""

SEARCHERS: Final[Mapping[str, dict[str, Any]]] = {
    "acso": {}, "cso 0.2": {"social": 0.2}, "cso": {}, "pso": {}, "apso": {},
    "acso overshoot": {"overshoot": True}, "acso 0.2": {"social": 0.2},
}  # fmt: skip
"""Optimisers of one slot, the first word one of `OPTIMIZERS`, with their settings; "cso" has its authors' factor."""
POINTS: Final = 201
"""Of a search's course that are kept."""

TIME_YUAN_PER_H: Final = SchedulingSettings().time_yuan_per_h


@dataclass(frozen=True)
class Search:
    """A search for the schedule of the busiest slot of a day.

    Parameters
    ----------
    optimizer
        Name in `SEARCHERS`.
    shot
        Seed of the users and of the search.
    population, iterations
        Of an optimiser that evaluates its population once an iteration; all evaluate as many points.
    evaluator
        See `SchedulingSettings`.
    """

    optimizer: str
    shot: int
    population: int
    iterations: int
    evaluator: str


@dataclass(frozen=True)
class Day:
    """A day of all stations.

    Parameters
    ----------
    month, day, seed
        When, and the seed of users, events and searches.
    optimizer, population, iterations, evaluator
        See `SchedulingSettings`.
    triggers
        Name in `TRIGGERS`.
    events_a_day
        Of each kind.
    weight_voltage, time_yuan_per_h
        See `SchedulingSettings`.
    is_shown
        Whether voltages of each station are kept.
    """

    month: int
    day: int
    seed: int
    optimizer: str
    population: int
    iterations: int
    evaluator: str
    triggers: str = "none"
    events_a_day: float = 0.0
    weight_voltage: float = 0.0
    time_yuan_per_h: float = TIME_YUAN_PER_H
    is_shown: bool = False


def month_factor(month: int) -> float:
    """Return the base load of a month as a part of the mean."""
    return 1 + SWING * math.cos(2 * math.pi * (month - WARMEST) / 12)


def scenario_of(day: Day) -> Scenario:
    """Return the scenario of a day."""
    on = LEVELS if day.triggers == "all" else (day.triggers,)
    return paper_c(
        day.month, day.day, base_kw=BASE_KW * month_factor(day.month),
        scheduling={
            "optimizer": day.optimizer, "population": day.population, "iterations": day.iterations,
            "evaluator": day.evaluator, "weight_voltage": day.weight_voltage, "time_yuan_per_h": day.time_yuan_per_h,
        },
        triggers={level: level in on for level in LEVELS},
        events={"voltage_a_day": day.events_a_day, "supply_a_day": day.events_a_day},
        run={"seed": day.seed},
    )  # fmt: skip


def run_day(day: Day) -> dict[str, Any]:
    """Carry out a day and return its figures."""
    scenario = scenario_of(day)
    world = StationPark.build(scenario, np.random.default_rng(day.seed))
    park = charging_freely(world) if day.optimizer == NONE else world
    outcome = run(park, Channel(), lambda _: None)
    grid, band = outcome.grid, world.feeder_settings
    low, high = grid.low_pu.min(axis=1), grid.high_pu.max(axis=1)
    found = {
        **figures(world, outcome),
        "visits": len(world.visits),
        "slots": world.horizon.n_slots,
        "sags": int((world.events.sag_pu > 0).sum()),
        "emergency_unstruck_slots": len(unstruck(world, outcome)),
        "believed_slots": int(sum(found.objectives.feasible[0] for found in outcome.track.found)),
        "outside_pu": float(max((band.voltage_min_pu - low).max(), (high - band.voltage_max_pu).max(), 0.0)),
    }
    if day.is_shown:
        found["shown"] = {
            "drawn_kw": grid.drawn_kw, "low_pu": grid.low_pu, "high_pu": grid.high_pu, "loss_kwh": grid.loss_kwh,
            "edges_h": world.horizon.edges_h,
        }  # fmt: skip
    return found


def busiest(shot: int, evaluator: str) -> tuple[StationScheduling, ByPowerFlow]:
    """Return the problem of the slot of a day in July in which most energy is wanted, before scheduling, and its grid."""
    scenario = scenario_of(Day(WARMEST, 15, shot, "acso", 300, 0, evaluator))
    world = charging_freely(StationPark.build(scenario, np.random.default_rng(shot)))
    slot = int(np.bincount(world.visits.slot, world.visits.energy_kwh, world.horizon.n_slots).argmax())
    return run(world, Channel(), lambda _: None).track.problems[slot], ByPowerFlow(world.state, slot)


def run_search(search: Search) -> dict[str, Any]:
    """Carry out a search and return its course.

    A schedule that breaks a limit has at least the penalty less the weight of the satisfaction; one that does not has far less.
    """
    problem, _ = busiest(search.shot, search.evaluator)
    found = _found(search, problem)
    steps, best = found.history.T
    per_iteration = search.population // (2 if search.optimizer.startswith("cso") else 1)

    def at(evaluated: Any) -> Any:
        return best[np.maximum(np.searchsorted(steps, evaluated, side="right") - 1, 0)]

    fun_iterations = at(search.population + per_iteration * search.iterations)
    limit = problem.settings.penalty - problem.settings.weight_satisfaction
    return {
        "fun_iterations": fun_iterations,
        "fun": found.fun,
        "feasible_iterations": bool(fun_iterations < limit),
        "feasible": bool(found.fun < limit),
        "evaluations": found.nfev,
        "curve": at(kept_at(search.population, search.population * (search.iterations + 1))),
    }


def _found(search: Search, problem: StationScheduling) -> OptimizeResult:
    cls = OPTIMIZERS[search.optimizer.partition(" ")[0]]
    optimizer = cls.of(population=search.population, **SEARCHERS[search.optimizer])
    evaluations = search.population * (search.iterations + 1)
    return minimize(problem, optimizer, max_evaluations=evaluations, rng=np.random.default_rng([search.shot, 1]))


def run_taps(search: Search) -> dict[str, Any]:
    """Carry out a search and return what its schedule's voltages are by power flow; 0 iterations: before scheduling."""
    problem, by_power_flow = busiest(search.shot, search.evaluator)
    decision, fitness = problem.free, float(problem.value(problem.free_objectives)[0])
    if search.iterations:
        found = _found(search, problem)
        decision, fitness = problem.decode(found.x[None]), found.fun
    grid, site_kw = by_power_flow.grid, problem.power_kw(decision) + problem.storage_kw
    flow = grid.solve(by_power_flow.slot, site_kw, decision.voltage_v, struck=False)
    voltage_pu = flow.voltage_pu[0, grid.sites.node]
    return {
        "fitness": fitness,
        "set_mean_v": decision.voltage_v.mean(),
        "set_std_v": decision.voltage_v.std(),
        "believed_pu": problem.judge(decision).deviation_pu[0],
        "low_pu": voltage_pu.min(),
        "high_pu": voltage_pu.max(),
        "deviation_pu": np.abs(voltage_pu - 1).max(),
        "loss_kw": flow.loss_kw[0],
    }


def kept_at(first: int, last: int) -> NDArray[np.int64]:
    """Return the numbers of evaluations at which a search's course is kept."""
    return np.linspace(first, last, POINTS).round().astype(np.int64)
