"""The runs that paper A's claims, tables and figures are taken from: each is run once.

Nothing is tuned: the case is the paper's where the text gives it and the stated default where it does not.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from runs.homes.judging import Distance
from runs.homes.part import Homes
from runs.metrics import gap_of, load_metrics
from runs.progress import Course, Progress
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate

SEEDS = range(1, 21)
BATCHES = (1, 10, 20, 50)
FLUCTUATION = 0.05
"""Relative standard deviation of the actual load [default: the paper's scale is lost]."""

NIGHT = slice(11, 19)
"""Slots from 23:00 to 07:00, the middle of the valley."""
VALLEY = slice(10, 22)
"""Slots from 22:00 to 10:00, the paper's valley of 12 segments."""
ITERATIONS = (500, 1500)
"""Iterations of the particle swarms [verbatim]."""
FEWER = (2, 5, 10, 20)
"""Iterations of the second method beside those, to see how soon it is as flat as the ants [default]."""
TIMED_S = 0.05
"""A plan is repeated, always the same, until it has been timed for so long: a thousandth of a second alone is noise."""
SEEN = {"18 h": 6, "24 h": 12, "6 h": 18, "12 h": 24}
"""Moments of Figs 11-14 and the slots that lie before them."""


@dataclass(frozen=True, eq=False)
class PlanRun:
    """A day-ahead plan of one fleet, and how long it took.

    Parameters
    ----------
    wall_s
        Seconds of the plan alone, in compiled code that has run before; of a short one the median over many times.
    total_kw
        Base load and EVs [kW], shape ``(n_slots,)``.
    peak_valley_difference_kw
        Peak less valley of that load, over the whole day.
    optimality_gap
        Distance to the exact optimum, as in a run's summary.
    """

    wall_s: float
    total_kw: NDArray[np.float64]
    peak_valley_difference_kw: float
    optimality_gap: float

    @classmethod
    def of(cls, scenario: Scenario) -> Self:
        """Plan the one transformer of a scenario."""
        homes = Homes.build(scenario, np.random.default_rng(scenario.run.seed))
        (problem,) = homes.problems
        walls: list[float] = []
        while sum(walls) < TIMED_S:
            begun = time.perf_counter()
            schedule = homes.plan(homes.coordinator, 0).schedule
            walls.append(time.perf_counter() - begun)
        total_kw = problem.base_kw + schedule.load_kw()
        distance = Distance.of(homes, 0, schedule)
        return cls(
            wall_s=float(np.median(walls)),
            total_kw=total_kw,
            peak_valley_difference_kw=load_metrics(total_kw[None], problem.top_kw)["peak_valley_difference_kw"],
            optimality_gap=gap_of(distance.cost_kw2, distance.bound_kw2, distance.free_kw2) or 0.0,
        )

    @property
    def ripple_kw(self) -> float:
        """Largest less smallest load from 22:00 to 10:00 [kW]."""
        return float(np.ptp(self.total_kw[VALLEY]))

    @property
    def std_kw(self) -> float:
        """Standard deviation of the load over the slots from 22:00 to 10:00 [kW]."""
        return float(self.total_kw[VALLEY].std())


@dataclass(frozen=True, eq=False)
class PaperRuns:
    """Paper A's runs; lists hold one run a fleet.

    Parameters
    ----------
    batches
        500 EVs, load as forecast, by batch size.
    thousand
        1000 EVs one by one.
    planned, adjusted
        500 EVs one by one while the load strays from the forecast: EVs keep to their plan, or answer.
    seen
        The first fleet of `adjusted`, by moment of Figs 11-14: the load strays up to it and then comes as forecast.
    plans
        500 EVs, load as forecast, planned by ants, particle swarms and the exact optimum: by method and iterations, 0 where
        there are none.
    iterations
        What stands for the paper's 500 and 1500 in it.
    """

    batches: dict[int, list[Result]]
    thousand: list[Result]
    planned: list[Result]
    adjusted: list[Result]
    seen: dict[str, Result]
    plans: dict[tuple[str, int], list[PlanRun]]
    iterations: tuple[int, int]

    @property
    def one_by_one(self) -> list[Result]:
        """500 EVs, the board refreshed after each."""
        return self.batches[1]


def paper_case(
    seed: int, *, vehicles: int = 500, batch_size: int = 1, fluctuation: float = 0.0, **coordination: str | bool | int
) -> Scenario:
    """Return the paper's case: whole slots at rated power; the load comes as forecast unless it is told to fluctuate."""
    return Scenario().update(
        load={"fluctuation": fluctuation},
        fleet={"vehicles": vehicles},
        coordination={"batch_size": batch_size, "energy": "whole_slots", **coordination},
        run={"seed": seed, "engine": "compiled"},
    )


def paper_runs(
    seeds: Sequence[int], progress: Progress = lambda _: None, iterations: tuple[int, int] = ITERATIONS
) -> PaperRuns:
    """Run the paper's case for every fleet.

    Parameters
    ----------
    seeds
        One a fleet.
    progress
        Told the part of the runs that is done.
    iterations
        Iterations of the particle swarms.
    """
    swarms = [("pso1", count) for count in iterations] + [("pso2", count) for count in (*FEWER, *iterations)]
    planners = [("ants", 0), *swarms, ("optimal", 0)]
    course = Course(progress, len(seeds) * (len(BATCHES) + 3 + len(planners)))

    def every_fleet(**case: Any) -> list[Result]:
        results = []
        for seed in seeds:
            results.append(simulate(paper_case(seed, **case)))
            course.step()
        return results

    def every_plan(method: str, count: int) -> list[PlanRun]:
        PlanRun.of(paper_case(seeds[0], method=method, iterations=1))  # compiles
        plans = []
        for seed in seeds:
            plans.append(PlanRun.of(paper_case(seed, method=method, iterations=count)))
            course.step()
        return plans

    adjusted = every_fleet(fluctuation=FLUCTUATION)
    return PaperRuns(
        batches={batch: every_fleet(batch_size=batch) for batch in BATCHES},
        thousand=every_fleet(vehicles=1000),
        planned=every_fleet(fluctuation=FLUCTUATION, adjust=False),
        adjusted=adjusted,
        seen={moment: _seen_up_to(stop, adjusted[0]) for moment, stop in SEEN.items()},
        plans={planner: every_plan(*planner) for planner in planners},
        iterations=iterations,
    )


def _seen_up_to(stop: int, result: Result) -> Result:
    """Run a fleet again with a load that strays before a slot as in `result` and then comes as forecast."""
    slots = result.slots
    if stop == len(slots):
        return result
    load_kw = np.where(slots.slot < stop, slots.actual_kw, slots.base_kw)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "actual.csv"
        pd.DataFrame({"slot": slots.slot, "load_kw": load_kw}).to_csv(path, index=False)
        return simulate(result.scenario.update(load={"fluctuation": 0.0, "actual_path": path}))


def night_ripple_kw(result: Result) -> float:
    """Return largest less smallest total load between 23:00 and 07:00 [kW]."""
    night = result.slots.total_kw.to_numpy()[NIGHT]
    return float(np.ptp(night))
