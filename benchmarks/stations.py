"""Paper C's stations: fitness of 300 schedules of 228 genes beside mealpy's loop, and a day of 11,000 EVs from end to end.

mealpy evaluates one solution at a time and is given what one would write for it: the fitness of one schedule in NumPy, station
by station vectorised. Both sides minimise the same busiest slot of the same day.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.minimize import minimize
from coordination.stations.problem import StationScheduling
from environment.channel import Channel
from runs.scenario import Scenario
from runs.simulate import run as simulate
from runs.stations.engine import charging_freely, run
from runs.stations.paper_c import paper_c
from runs.stations.part import StationPark

POPULATION = 300
ITERATIONS = 10


def busiest(case: Scenario) -> StationScheduling:
    """Return the problem of the slot in which most is wanted, as it is without schedule and triggers."""
    park = charging_freely(StationPark.build(case, np.random.default_rng(1)))
    track = run(park, Channel(), lambda _: None).track
    return track.problems[int(track.wanted_kwh.sum(axis=1).argmax())]


class Point:
    """The fitness of one schedule by coefficients, in NumPy, as one writes it for a library that asks for one."""

    def __init__(self, problem: StationScheduling) -> None:
        self.p = problem
        self.f0 = (1.0, 1.0, 1.0)
        before = problem.free
        *self.f0, _, _ = self.figures(before.voltage_v[0], before.time_h[0], before.capacity_kw[0])

    def figures(
        self, voltage: NDArray[np.float64], hours: NDArray[np.float64], granted: NDArray[np.float64]
    ) -> tuple[float, float, float, float, int]:
        """Return f1 to f4 and the number of broken constraints."""
        p, s, lim = self.p, self.p.settings, self.p.limits
        power = np.minimum(p.wanted_kwh / hours, granted)
        load = p.base_kw + p.storage_kw + power
        node = voltage * (1 - s.drop_coefficient * load / lim.capacity_max_kw)
        current = (p.rated_v / node) ** 2
        crowd = s.loss_coefficient * p.plugged / p.places
        piles = (
            crowd
            * s.pile_coefficient
            * power**2
            / (np.maximum(p.plugged, 1) * lim.capacity_max_kw / p.places)
            * current
        )
        devices = crowd * s.device_coefficient * (1 - p.storage_efficiency) * np.abs(p.storage_kw) * current
        loss = float((piles * hours + devices * p.slot_h).sum())
        cost = (
            s.transformer_coefficient * s.transformer_yuan_per_kwh * granted.sum() * p.slot_h
            + s.storage_coefficient * s.storage_yuan_per_kwh * np.abs(p.storage_kw).sum() * p.slot_h
            + s.line_coefficient * s.line_yuan_per_kwh * (power * hours).sum()
            + s.loss_cost_coefficient * p.price_yuan_per_kwh * loss
            + s.time_yuan_per_h * (p.plugged * hours + p.queued * p.slot_h).sum()
        )
        here = p.plugged + p.queued
        part = (hours - lim.time_rated_h) / (lim.time_max_h - lim.time_rated_h)
        wanted = p.wanted_kwh + p.queued_kwh
        missing = 1 - np.divide(power * hours, wanted, out=np.ones_like(wanted), where=wanted > 0)
        score = np.bincount(p.region, here * (1 - part / 2 - missing / 2), p.region_weights.size)
        counted = np.bincount(p.region, here, p.region_weights.size)
        mark = np.divide(score, counted, out=np.ones_like(score), where=counted > 0)
        broken = (
            bool(((node < lim.voltage_min_v - 1e-6) | (node > lim.voltage_max_v + 1e-6)).any())
            + bool(((hours < lim.time_rated_h - 1e-9) | (hours > lim.time_max_h + 1e-9)).any())
            + bool((p.wanted_kwh - power * hours > lim.short_max_kwh * p.plugged + 1e-6).any())
            + bool(((granted < lim.capacity_min_kw - 1e-6) | (granted > lim.capacity_max_kw + 1e-6)).any())
            + bool((load + piles + devices).sum() > p.supply_kw + 1e-6)
        )
        return loss, float(cost), float(load.std()), p.time_weight * float((p.region_weights * mark).sum()), broken

    def __call__(self, x: NDArray[np.float64]) -> float:
        """Return the fitness of genes, shape ``(3 m,)``."""
        p, s, (voltage, hours, granted) = self.p, self.p.settings, self.p.decode(x[None])
        loss, cost, spread, satisfaction, broken = self.figures(voltage[0], hours[0], granted[0])
        return (
            s.weight_loss * loss / self.f0[0] + s.weight_cost * cost / self.f0[1] + s.weight_spread * spread / self.f0[2]
            - s.weight_satisfaction * satisfaction / (p.time_weight * p.region_weights.sum()) + s.penalty * broken
        )  # fmt: skip


def by_mealpy(problem: StationScheduling, fitness: Callable[[Any], float], iterations: int, population: int) -> None:
    """Let mealpy's particle swarm search."""
    import mealpy  # noqa: PLC0415  (only in the environment of the peers)
    from mealpy.swarm_based.PSO import OriginalPSO  # noqa: PLC0415

    bounds = mealpy.FloatVar(lb=problem.lower.tolist(), ub=problem.upper.tolist())
    swarm = OriginalPSO(epoch=iterations, pop_size=population, c1=2.05, c2=2.05, w=0.4)
    swarm.solve({"obj_func": fitness, "bounds": bounds, "minmax": "min", "log_to": None}, seed=1)


def by_ours(problem: StationScheduling, iterations: int, population: int) -> None:
    """Let ours search."""
    optimizer = OPTIMIZERS["pso"].of(population=population)
    minimize(problem, optimizer, max_iterations=iterations, rng=np.random.default_rng(1))


def rate(call: Callable[[], object], evaluations: int, repeats: int = 5) -> float:
    """Return evaluations in a second of processor time, best of some."""
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        call()
        times.append(time.process_time() - begun)
    return evaluations / max(min(times), 1e-9)


def main(
    population: int = POPULATION, iterations: int = ITERATIONS, case: Scenario | None = None, *, peer: bool = True
) -> None:
    """Print both tables.

    Parameters
    ----------
    population, iterations
        Population and iterations of the searches.
    case
        The day; none: paper C's.
    peer
        Whether mealpy is there.
    """
    case = paper_c() if case is None else case
    problem = busiest(case)
    point = Point(problem)
    x = np.random.default_rng(1).random((population, problem.lower.size))
    same = np.allclose(problem.evaluate(x), [point(row) for row in x], rtol=1e-9)
    flow = busiest(case.update(scheduling={"evaluator": "powerflow"}))
    evaluations = population * (iterations + 1)
    rows: list[tuple[str, Callable[[], object], int]] = [
        ("NumPy, one schedule at a time", lambda: [point(row) for row in x], population),
        ("ours, all at once", lambda: problem.evaluate(x), population),
        ("ours, in our PSO", lambda: by_ours(problem, iterations, population), evaluations),
        ("ours by power flow, all at once", lambda: flow.evaluate(x), population),
    ]
    if peer:
        rows[1:1] = [
            ("NumPy, in mealpy's PSO", lambda: by_mealpy(problem, point, iterations, population), evaluations),
            ("ours one by one, in mealpy's PSO",
             lambda: by_mealpy(problem, lambda one: float(problem.evaluate(one[None])[0]), iterations, population), evaluations),
        ]  # fmt: skip
    print(f"\nFitness of {population} schedules of {problem.lower.size} genes, evaluations a second of CPU, best of 5")
    print(f"{'':<34} {'evaluations/s':>14} {'ratio':>8} {'same fitness':>13}")
    found = {title: rate(call, number) for title, call, number in rows}
    slow = found["NumPy, in mealpy's PSO" if peer else "NumPy, one schedule at a time"]
    for title, per_s in found.items():
        print(f"{title:<34} {per_s:>14,.0f} {per_s / slow:>8.1f} {'yes' if same else 'NO':>13}")
    print("\nA day of charging stations with all triggers, and the same with free charging, from end to end")
    print(f"{'EVs':>8} {'stations':>9} {'slots':>6} {'schedules evaluated':>20} {'wall s':>8}")
    begun = time.perf_counter()
    world, outcomes = simulate(case)
    wall_s = time.perf_counter() - begun
    outcome, world = outcomes["stations"], world.stations
    evaluated = sum(int(each.history[-1, 0]) for each in outcome.track.found)
    print(
        f"{len(world.visits):>8,} {len(world.stations):>9} {world.horizon.n_slots:>6} {evaluated:>20,} {wall_s:>8.1f}"
    )


if __name__ == "__main__":
    main()
