"""The exact optimum, beside OR-tools' min-cost flow and beside the run whose gap it states."""

from collections.abc import Callable
from time import process_time

import numpy as np
from ortools.graph.python import min_cost_flow

from benchmarks.measure import best_s
from benchmarks.planning import make_problem
from coordination.valley_filling.optimum import certify, solve
from coordination.valley_filling.problem import ValleyFilling
from runs.scenario import Scenario
from runs.simulate import simulate, summarize

FLEETS = [500, 5_000, 50_000]
SCALE = 10_000
"""Costs of the flow are integers: ten-thousandths of kW2."""


def flow_cost(problem: ValleyFilling) -> float:
    """Return the sum of squared loads that OR-tools finds [kW2]; unserved units cost what the optimum lets them cost."""
    power = float(problem.power_kw[0])
    n, slots = problem.order.size, problem.n_slots
    first, stop = problem.first_slot[problem.order].astype(np.int64), problem.stop_slot[problem.order].astype(np.int64)
    windows = stop - first
    tail = np.repeat(np.arange(n), windows)
    head = n + np.concatenate([np.arange(a, b) for a, b in zip(first, stop, strict=True)])
    sink = n + slots
    need = np.rint(problem.need_kwh[problem.order] / (power * problem.slot_h)).astype(np.int64)
    units = int(min(np.bincount(head - n, minlength=slots).max(), np.ceil(problem.top_kw / power)))
    before = problem.base_kw[:, None] + power * np.arange(units)
    convex = np.rint(SCALE * ((before + power) ** 2 - before**2)).astype(np.int64).ravel()
    never = int(SCALE * (2 * power * problem.top_kw - power**2)) + 1
    solver = min_cost_flow.SimpleMinCostFlow()
    solver.add_arcs_with_capacity_and_unit_cost(tail, head, np.ones(tail.size, np.int64), np.zeros(tail.size, np.int64))
    slot_nodes = np.repeat(np.arange(n, n + slots), units)
    solver.add_arcs_with_capacity_and_unit_cost(
        slot_nodes, np.full(slot_nodes.size, sink), np.ones(slot_nodes.size, np.int64), convex
    )
    solver.add_arcs_with_capacity_and_unit_cost(np.arange(n), np.full(n, sink), need, np.full(n, never))
    solver.set_nodes_supplies(np.arange(n + 1), np.concatenate([need, [0]]))
    solver.set_node_supply(sink, -int(need.sum()))
    if solver.solve() != solver.OPTIMAL:
        raise RuntimeError("min-cost flow found no optimum")
    return solver.optimal_cost() / SCALE + float(np.square(problem.base_kw).sum())


def whole_problem(vehicles: int, slot_min: int) -> ValleyFilling:
    """Return paper A's case for so many EVs, whole slots."""
    return make_problem(vehicles, slot_min, whole=True)


RUNS = [
    (500, 60, "ants", "exact"),
    (5_000, 15, "ants", "exact"),
    (100_000, 60, "ants", "exact"),
    (100_000, 60, "ants", "whole_slots"),
    (100_000, 60, "free", "exact"),
    (100_000, 15, "ants", "exact"),
    (100_000, 15, "ants", "whole_slots"),
    (100_000, 15, "free", "exact"),
    (1_000_000, 60, "ants", "exact"),
]
"""EVs, minutes of a slot, method, and how energy is booked, in the runs whose gap is stated."""


def main(fleets: list[int] = FLEETS, runs: list[tuple[int, int, str, str]] = RUNS) -> None:
    """Print the tables."""
    print("\nThe exact optimum (whole slots, one rated power) beside OR-tools min-cost flow, best of 3")
    print(
        f"{'EVs':>8} {'slots':>6} {'exchange s':>11} {'certificate s':>14} {'OR-tools s':>11} {'OR-tools/exchange':>18} {'same cost':>10}"
    )
    for vehicles in fleets:
        for slot_min in (60, 15):
            problem = whole_problem(vehicles, slot_min)
            optimum = solve(problem)
            ours = best_s(lambda: solve(problem), 3)
            proof = best_s(lambda: certify(problem, optimum.schedule), 3)
            theirs = best_s(lambda: flow_cost(problem), 1 if vehicles > 5000 else 3)
            unserved = problem.need_kwh.sum() / problem.slot_h - optimum.schedule.power_kw.sum()
            # What stays unserved costs the same in both; compare with it taken at the flow's own price.
            power = float(problem.power_kw[0])
            gone = problem.need_kwh.sum() - problem.need_kwh[problem.order].sum()
            units = round((unserved - gone / problem.slot_h) / power)
            price = (int(SCALE * (2 * power * problem.top_kw - power**2)) + 1) / SCALE
            cost = float(np.square(problem.base_kw + optimum.schedule.load_kw()).sum()) + units * price
            rounding = problem.need_kwh.sum() / (power * problem.slot_h * SCALE) + 1e-12 * cost
            same = abs(flow_cost(problem) - cost) <= rounding
            print(
                f"{vehicles:>8,} {problem.n_slots:>6} {ours:>11.4f} {proof:>14.4f} {theirs:>11.3f} {theirs / ours:>18.0f} "
                f"{'yes' if same else 'NO':>10}"
            )
    print("\nThe certificate beside the rest of the run, compiled, processor time, best of 3 in turn")
    print(f"{'':>45} {'with tables':>32} {'summary only':>20}")
    print(
        f"{'EVs':>10} {'slots':>6} {'method':>7} {'energy':>12} {'bracket':>8} "
        f"{'rest s':>12} {'certificate/rest':>19} {'rest s':>10} {'/rest':>9}"
    )
    simulate(case_of(200, 60, "ants", "exact", optimum=True))
    for case in runs:
        bracket = summarize(case_of(*case, optimum=True))["optimum_bracket"]
        cells = [rest_and_ratio(run, case) for run in (simulate, summarize)]
        vehicles, slot_min, method, energy = case
        (rest, part), (bare, bare_part) = cells
        print(
            f"{vehicles:>10,} {1440 // slot_min:>6} {method:>7} {energy:>12} {bracket:>8.1e} "
            f"{rest:>12.3f} {part:>19.2f} {bare:>10.3f} {bare_part:>9.2f}"
        )


def rest_and_ratio(run: Callable[[Scenario], object], case: tuple[int, int, str, str]) -> tuple[float, float]:
    """Return the processor time of a run without its certificate [s], and what the certificate takes as a part of that."""
    rest, whole = zip(
        *(
            [best_s(lambda on=on: run(case_of(*case, optimum=on)), 1, process_time) for on in (False, True)]
            for _ in range(3)
        ),
        strict=True,
    )
    return min(rest), min(whole) / min(rest) - 1


def case_of(vehicles: int, slot_min: int, method: str, energy: str, *, optimum: bool) -> Scenario:
    """Return paper A's case for so many EVs; load and limit grow with the fleet."""
    scale = vehicles / 500
    return Scenario().update(
        horizon={"slot_min": slot_min},
        fleet={"vehicles": vehicles},
        load={"peak_kw": 1400 * scale},
        transformer={"limit_kw": 1615 * scale},
        coordination={"method": method, "energy": energy},
        run={"engine": "compiled", "optimum": optimum},
    )
