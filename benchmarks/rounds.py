"""Rounds of a million ants that come back."""

import numpy as np

from benchmarks.measure import best_s
from benchmarks.planning import make_problem
from coordination.valley_filling import rounds
from coordination.valley_filling.ants import forage
from coordination.valley_filling.optimum import solve
from coordination.valley_filling.problem import Schedule, cost_kw2
from environment.pheromone_board import PheromoneBoard

VEHICLES = 1_000_000


def main(vehicles: int = VEHICLES) -> None:
    """Print the table."""
    problem = make_problem(vehicles, 60, whole=True)
    small = make_problem(50, 60, whole=True)
    board = PheromoneBoard(small.base_kw, small.limit_kw, 5)
    schedule = Schedule(small)
    forage(small, board, schedule)
    rounds.hold(small, board, schedule, small.order, 2)
    begun = best_s(lambda: solve(problem), 1)
    best = solve(problem).bound_kw2
    print(f"\nRounds of {vehicles:,} EVs x 24 slots, whole slots; the exact optimum takes {begun:.1f} s")
    print(f"{'batch':>8} {'first s':>8} {'a later round s':>16} {'excess cost after 1, 2, 3 rounds':>40}")
    for batch in (1, 50, 1000, vehicles):
        board = PheromoneBoard(problem.base_kw, problem.limit_kw, batch)
        schedule = Schedule(problem)
        first = best_s(lambda board=board, schedule=schedule: forage(problem, board, schedule), 1)
        excess = [cost_kw2(problem, schedule) / best - 1]
        held: list[float] = []
        for number in (2, 3):
            held.append(
                best_s(lambda b=board, s=schedule, n=number: rounds.hold_one(problem, b, s, problem.order, n), 1)
            )
            excess.append(cost_kw2(problem, schedule) / best - 1)
        shown = ", ".join(f"{value:.1e}" for value in excess)
        print(f"{batch:>8} {first:>8.3f} {np.mean(held):>16.3f} {shown:>40}")
