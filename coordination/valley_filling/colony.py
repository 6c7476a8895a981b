"""The ants as a coordinator: the first round of paper A (Steps 1-7), and rounds in which they come back."""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling import rounds
from coordination.valley_filling.ants import forage
from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan, Round
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from environment.messages import HEADER_BYTES, Acceptance, BoardCopy, Deposit, Refusal, Sent, Share
from environment.pheromone_board import DEPOSITS, ENTRIES, REFUSALS, TAKEN, PheromoneBoard


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:  # noqa: ARG001  (every coordinator is called alike)
    """Return the day-ahead schedule of the colony: each ant chooses once, then all come back in every later round."""
    schedule = Schedule(problem)
    board = PheromoneBoard(problem.base_kw, problem.limit_kw, settings.batch_size, problem.lines)
    return Plan(schedule, plan_ahead(problem, board, schedule, settings.rounds))


def plan_ahead(problem: ValleyFilling, board: PheromoneBoard, schedule: Schedule, most: int) -> tuple[Round, ...]:
    """Fill an empty schedule on a board, in at most so many rounds; return their records."""
    forage(problem, board, schedule)
    first = first_round(problem, board, schedule)
    return (first, *rounds.hold(problem, board, schedule, problem.order, most))


def first_round(problem: ValleyFilling, board: PheromoneBoard, schedule: Schedule) -> Round:
    """Return the record of the round in which every ant has just chosen."""
    return Round(
        1, problem.order.size, cost_kw2(problem, schedule, board.base_kw), sent_choosing(problem, board, problem.order)
    )


def sent_choosing(problem: ValleyFilling, board: PheromoneBoard, rows: NDArray[np.int64]) -> tuple[Sent, ...]:
    """Return what so many ants exchanged with a board, and on their lines, when they first chose.

    Parameters
    ----------
    problem
        Their lines.
    board
        Its tally tells the rest.
    rows
        The ants that have chosen.
    """
    deposits, entries, taken, refusals = (int(board.tally[k]) for k in (DEPOSITS, ENTRIES, TAKEN, REFUSALS))
    accepted, versions, lines = deposits - refusals, board.version + 1, max(problem.lines, 1)
    n = board.load_kw.size
    sent = (
        Sent(
            BoardCopy, versions * lines, versions * int(problem.members.sum()), BoardCopy.bytes_of(versions * lines, n)
        ),
        Sent(Deposit, deposits, deposits, Deposit.bytes_of(deposits, entries)),
        Sent(Acceptance, accepted, accepted, accepted * HEADER_BYTES),
        Sent(Refusal, refusals, refusals, Refusal.bytes_of(refusals, n)),
    )
    if not problem.lines:
        return sent
    others = problem.members[problem.line_of[rows]] - 1
    return (*sent, Sent(Share, accepted, int(others.sum()), Share.bytes_of(accepted, taken)))


COORDINATOR = Coordinator("ants", "vehicle", keeps_limit=True, keeps_whole_slots=True, plan=plan)
