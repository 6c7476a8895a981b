"""The ants as a coordinator: the first round of paper A (Steps 1-7), and rounds in which they come back."""

import numpy as np

from coordination.valley_filling import rounds
from coordination.valley_filling.ants import forage
from coordination.valley_filling.problem import (
    CoordinationSettings,
    Coordinator,
    Plan,
    Round,
    Schedule,
    ValleyFilling,
    cost_kw2,
)
from environment.board import COPIES, DEPOSITS, ENTRIES, REFUSALS, PheromoneBoard
from environment.channel import BoardCopy, Deposit, Refusal


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:  # noqa: ARG001
    """Return the day-ahead schedule of the colony: each ant chooses once, then all come back in every later round."""
    schedule = Schedule(problem)
    board = PheromoneBoard(problem.base_kw, problem.limit_kw, settings.batch_size)
    return Plan(schedule, plan_ahead(problem, board, schedule, settings.rounds))


def plan_ahead(problem: ValleyFilling, board: PheromoneBoard, schedule: Schedule, most: int) -> tuple[Round, ...]:
    """Fill an empty schedule on a board, in at most so many rounds; return their records."""
    forage(problem, board, schedule)
    first = first_round(problem, board, schedule)
    return (first, *rounds.hold(problem, board, schedule, problem.order, most))


def first_round(problem: ValleyFilling, board: PheromoneBoard, schedule: Schedule) -> Round:
    """Return the record of the round in which every ant has just chosen."""
    return Round(1, problem.order.size, cost_kw2(problem, schedule, board.base_kw), sent_choosing(board))


def sent_choosing(board: PheromoneBoard) -> tuple[tuple[str, int, int], ...]:
    """Return (kind, messages, bytes) of what ants exchanged with a board when they first chose."""
    copies, deposits, entries, refusals = (int(board.tally[k]) for k in (COPIES, DEPOSITS, ENTRIES, REFUSALS))
    return (
        (BoardCopy.kind, copies, copies * BoardCopy(board.copy_kw).wire_bytes),
        (Deposit.kind, deposits, Deposit.bytes_of(deposits, entries)),
        (Refusal.kind, refusals, refusals * Refusal(board.load_kw).wire_bytes),
    )


COORDINATOR = Coordinator("ants", "vehicle", keeps_limit=True, keeps_whole_slots=True, plan=plan)
