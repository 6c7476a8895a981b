"""The exact optimum, beside OR-tools' min-cost flow and beside the run whose gap it states."""

from time import process_time

import numpy as np
from ortools.graph.python import min_cost_flow

from benchmarks.measure import best_s
from benchmarks.planning import make_problem
from coordination.valley_filling.optimum import certify, solve
from coordination.valley_filling.problem import ValleyFilling
from runs.scenario import Scenario
from runs.simulate import simulate

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
    units = int(min(np.bincount(head - n, minlength=slots).max(), np.ceil(problem.limit_kw / power)))
    before = problem.base_kw[:, None] + power * np.arange(units)
    convex = np.rint(SCALE * ((before + power) ** 2 - before**2)).astype(np.int64).ravel()
    never = int(SCALE * (2 * power * problem.limit_kw - power**2)) + 1
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
    (500, 60, "exact"),
    (5_000, 15, "exact"),
    (100_000, 60, "exact"),
    (100_000, 60, "whole_slots"),
    (100_000, 15, "exact"),
    (100_000, 15, "whole_slots"),
    (1_000_000, 60, "exact"),
]
"""EVs, minutes of a slot, and how their energy is booked, in the runs whose gap is stated."""


def main(fleets: list[int] = FLEETS, runs: list[tuple[int, int, str]] = RUNS) -> None:
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
            price = (int(SCALE * (2 * power * problem.limit_kw - power**2)) + 1) / SCALE
            cost = float(np.square(problem.base_kw + optimum.schedule.load_kw()).sum()) + units * price
            rounding = problem.need_kwh.sum() / (power * problem.slot_h * SCALE) + 1e-12 * cost
            same = abs(flow_cost(problem) - cost) <= rounding
            print(
                f"{vehicles:>8,} {problem.n_slots:>6} {ours:>11.4f} {proof:>14.4f} {theirs:>11.3f} {theirs / ours:>18.0f} "
                f"{'yes' if same else 'NO':>10}"
            )
    print("\nThe certificate beside the rest of the run, tables included, compiled, processor time, best of 3")
    print(
        f"{'EVs':>10} {'slots':>6} {'energy':>12} {'rest s':>8} {'certificate s':>14} {'certificate/rest':>17} {'bracket':>9}"
    )
    simulate(case_of(200, 60, "exact", optimum=True))
    for vehicles, slot_min, energy in runs:
        rest_s = best_s(lambda: simulate(case_of(vehicles, slot_min, energy, optimum=False)), 3, process_time)
        result = simulate(case_of(vehicles, slot_min, energy, optimum=True))
        whole_s = best_s(lambda: simulate(case_of(vehicles, slot_min, energy, optimum=True)), 3, process_time)
        print(
            f"{vehicles:>10,} {1440 // slot_min:>6} {energy:>12} {rest_s:>8.3f} {whole_s - rest_s:>14.3f} "
            f"{whole_s / rest_s - 1:>17.2f} {result.summary['optimum_bracket']:>9.1e}"
        )


def case_of(vehicles: int, slot_min: int, energy: str, *, optimum: bool) -> Scenario:
    """Return paper A's case for so many EVs; load and limit grow with the fleet."""
    scale = vehicles / 500
    return Scenario().update(
        horizon={"slot_min": slot_min},
        fleet={"vehicles": vehicles},
        load={"peak_kw": 1400 * scale},
        transformer={"limit_kw": 1615 * scale},
        coordination={"energy": energy},
        run={"engine": "compiled", "optimum": optimum},
    )
