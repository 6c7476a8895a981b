"""Compiled planning of a million EVs, beside a bare loop of its kernel and beside plain Python agents."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import best_s, memory_mb
from benchmarks.plain import plain_plan
from coordination.valley_filling import ants
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import Stays, stay_of
from environment.compiled import compiled
from environment.fleets import NhtsFleet
from environment.horizon import Horizon
from environment.loads import BuiltinLoad
from environment.pheromone_board import PheromoneBoard

VEHICLES = 1_000_000
PLAIN_VEHICLES = 20_000
CASES = [(60, 1), (60, 50), (15, 1), (15, 50)]


def make_problem(vehicles: int, slot_min: int, *, whole: bool = False) -> ValleyFilling:
    """Return paper A's case for so many EVs: load and limit grow with the fleet."""
    horizon = Horizon(slot_min=slot_min)
    fleet = NhtsFleet(vehicles=vehicles).build(horizon, np.random.default_rng(1))
    fleet = fleet.take(fleet.plug_in_order)  # as a run has it
    scale = vehicles / 500
    return ValleyFilling.of(
        fleet, horizon, BuiltinLoad(peak_kw=1400 * scale).forecast(horizon), 1615 * scale, whole=whole
    )


@compiled
def _bare(
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    stays: Stays,
) -> None:
    held = np.zeros(load_kw.size)
    chosen = np.empty(load_kw.size)
    scratch = np.empty(load_kw.size)
    top_kw = limit_kw.max()
    for i in rows:
        slots = stays.stop_slot[i] - stays.first_slot[i]
        ants.choose_slots(load_kw, limit_kw, top_kw, stay_of(stays, i), held, chosen[:slots], scratch)


def bare(problem: ValleyFilling, load_kw: NDArray[np.float64]) -> None:
    """Call the kernel for every EV on a fixed load; nothing is stored or deposited."""
    _bare(problem.order, load_kw, problem.limit_kw, problem.stays)


def plan_once(problem: ValleyFilling, batch_size: int) -> Schedule:
    """Let every ant choose once and deposit (Steps 1-7)."""
    schedule = Schedule(problem)
    ants.forage(problem, PheromoneBoard(problem.base_kw, problem.limit_kw, batch_size), schedule)
    return schedule


def measure(slot_min: int, batch_size: int, vehicles: int) -> tuple[float, float, float, float]:
    """Return seconds of planning, of the bare kernel, microseconds an EV in plain Python, and peak bytes an EV."""
    plain_vehicles = min(PLAIN_VEHICLES, vehicles)
    small = make_problem(plain_vehicles, slot_min)
    plan_once(small, batch_size)
    bare(small, small.base_kw)
    plain_us = 1e6 * best_s(lambda: plain_plan(small, batch_size), repeats=2) / plain_vehicles
    before = memory_mb()
    problem = make_problem(vehicles, slot_min)
    plan = plan_once(problem, batch_size)
    peak_bytes = (memory_mb("VmHWM") - before) * 2**20 / vehicles
    final = problem.base_kw + plan.load_kw()
    del plan
    return (
        best_s(lambda: plan_once(problem, batch_size)),
        best_s(lambda: bare(problem, final)),
        plain_us,
        peak_bytes,
    )


def main(vehicles: int = VEHICLES) -> None:
    """Print the table."""
    print(f"\nPlanning {vehicles:,} EVs in compiled code, one core")
    print(
        f"{'slots':>6} {'batch':>6} {'plan s':>8} {'kernel s':>9} {'plan/kernel':>12} {'plain Python/plan':>18} {'bytes an EV':>12}"
    )
    for slot_min, batch in CASES:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            plan_s, bare_s, plain_us, n_bytes = process.submit(measure, slot_min, batch, vehicles).result()
        ratio = plain_us * vehicles / 1e6 / plan_s
        print(
            f"{1440 // slot_min:>6} {batch:>6} {plan_s:>8.3f} {bare_s:>9.3f} {plan_s / bare_s:>12.2f} {ratio:>18.0f} "
            f"{n_bytes:>12.0f}"
        )
