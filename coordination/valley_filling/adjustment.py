r"""The ants' second algorithm: making up for a load that strays from its forecast, slot by slot.

Source: paper A, section 4.2.3, "charging adjustment", Steps 1-9, eq (14); the rule is in the text, the equation is
reconstructed (A8 in the rebuilt equations): :math:`\tau'(h) = (\Delta P_h - \sum_j \delta P_{j,h}) / \sum_k |P^r_k - P^f_k|`,
what is left to make up for as a part of the fluctuation sum. Its sign and its zero steer the ants; so its numerator, the
residual in kW, is what is sent and what they answer, and no schedule depends on which slots the sum runs over. At a slot boundary the actual load of the slot becomes known. If it is above the
forecast, EVs that charge now move to later slots; if below, EVs that lack energy take it and EVs that charge later move to now; in plug-in order, until the
deviation is made up for or nobody can move. Where even that leaves the slot above the transformer's limit, charging
is cut, last plugged in first, and what is cut is unserved.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.ants import choose_slots
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import Book, PlainStay, Stay, Stays, powers_of, rest_of, stay_of, usable_kw
from environment.compiled import compiled
from environment.pheromone_board import LIMIT_TOLERANCE_KW, PheromoneBoard, post

DONE_KW: Final = 1e-6
"""A deviation below this is made up for [kW]."""

DUST_KW: Final = 1e-12
"""Power differences below this are rounding [kW]."""


@compiled
def move(
    now: int,
    residual_kw: float,
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    top_kw: float,
    stay: PlainStay,
    held_kw: NDArray[np.float64],
    change_kw: NDArray[np.float64],
    scratch_kw: NDArray[np.float64],
) -> float:
    """Let one EV answer the present slot's deviation by shifting between now and later.

    Parameters
    ----------
    now
        The present slot.
    residual_kw
        What it still strays from plan; positive asks EVs out of it, negative asks them in.
    load_kw, limit_kw, top_kw
        As in `choose_slots`.
    stay
        The EV's whole stay and need.
    held_kw
        The EV's present schedule in its usable slots [kW].
    change_kw
        Receives the change of that schedule [kW].
    scratch_kw
        Room for scratch values, as long.

    Returns
    -------
    float
        Power moved out of the present slot (negative: into it) [kW].
    """
    stay = Stay(*stay)
    change_kw[:] = 0.0
    whole, power_kw = stay.whole, stay.power_kw
    k = now - stay.first_slot
    later = k + 1
    if whole and abs(residual_kw) < power_kw / 2:
        return 0.0
    if residual_kw > 0.0:
        wanted = held_kw[k] if whole else min(held_kw[k], residual_kw)
        if wanted <= 0.0:
            return 0.0
        rest = rest_of(stay, now + 1, wanted * stay.slot_h)
        left_kwh = choose_slots(load_kw, limit_kw, top_kw, rest, held_kw[later:], change_kw[later:], scratch_kw)
        moved = 0.0
        for j in range(later, change_kw.size):
            moved += change_kw[j]
        if left_kwh <= 0.0:
            moved = wanted
        change_kw[k] = -moved
        return moved
    wanted = usable_kw(stay, now) - held_kw[k]
    room = limit_kw[now] - load_kw[now]
    if whole:
        if held_kw[k] > 0.0 or room < power_kw:
            return 0.0
        wanted = power_kw
    else:
        wanted = min(wanted, room, -residual_kw)
    lacking = stay.need_kwh / stay.slot_h
    for j in range(held_kw.size):
        lacking -= held_kw[j]
    moved = min(max(lacking, 0.0), wanted)  # what it lacks comes before what it has planned for later
    if moved < power_kw - DONE_KW and whole:
        moved = 0.0
    while moved < wanted - DUST_KW:
        worst = -1
        for j in range(later, held_kw.size):  # the least attractive slot of what it holds; ties: the later
            if held_kw[j] + change_kw[j] > 0.0 and (
                worst < 0 or load_kw[stay.first_slot + j] >= load_kw[stay.first_slot + worst]
            ):
                worst = j
        if worst < 0:
            break
        given = min(held_kw[worst] + change_kw[worst], wanted - moved)
        change_kw[worst] -= given
        moved += given
    change_kw[k] = moved
    return -moved


@compiled
def _adjust_all(
    rows: NDArray[np.int64],
    now: int,
    deviation_kw: float,
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    stays: Stays,
    book: Book,
) -> tuple[int, int, int]:
    change = np.empty(load_kw.size)
    scratch = np.empty(load_kw.size)
    top_kw = limit_kw.max()
    moves = 0
    entries = 0
    residual = deviation_kw
    for i in rows:
        over = load_kw[now] - limit_kw[now]
        if abs(residual) <= DONE_KW and over <= LIMIT_TOLERANCE_KW:
            break
        stay, held = stay_of(stays, i), powers_of(book, i)
        wanted = asked(residual, over, stay.power_kw, stay.whole)
        moved = move(now, wanted, load_kw, limit_kw, top_kw, stay, held, change[: held.size], scratch)
        if moved == 0.0:
            continue
        added, named = post(load_kw, limit_kw, stay.first_slot, change[: held.size])
        if added:
            residual -= moved
            moves += 1
            entries += named
            held += change[: held.size]
    cuts = _cut_all(rows[::-1], now, load_kw, limit_kw, stays, book)
    return moves, entries, cuts


@compiled
def _cut_all(
    rows: NDArray[np.int64],
    now: int,
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    stays: Stays,
    book: Book,
) -> int:
    cuts = 0
    for i in rows:
        held, k = powers_of(book, i), now - stays.first_slot[i]
        if 0 <= k < held.size:
            cut = cut_kw(load_kw[now], limit_kw[now], held[k], stays.whole)
            if cut > 0.0:
                held[k] -= cut
                load_kw[now] -= cut
                cuts += 1
    return cuts


@compiled
def asked(residual_kw: float, over_kw: float, power_kw: float, whole: bool) -> float:
    """Return what an EV is asked to move out of the slot [kW]: the deviation left, or more where it is above the limit.

    Parameters
    ----------
    residual_kw
        Deviation left.
    over_kw
        Load above the slot's limit; negative if below.
    power_kw, whole
        The EV's rated power; with `whole`, an excess of any size asks for all of it.
    """
    if over_kw <= LIMIT_TOLERANCE_KW:
        return residual_kw
    return max(residual_kw, power_kw if whole else over_kw)


@compiled
def cut_kw(load_kw: float, limit_kw: float, held_kw: float, whole: bool) -> float:
    """Return how much of an EV's power must go because the slot is above its limit and nobody can move [kW]."""
    over = load_kw - limit_kw
    if over <= LIMIT_TOLERANCE_KW:
        return 0.0
    return held_kw if whole else min(over, held_kw)


def cut_arrivals(
    problem: ValleyFilling, board: PheromoneBoard, schedule: Schedule, rows: NDArray[np.int64], now: int
) -> int:
    """Cut EVs that chose a day ahead and plug in within a slot that is above the limit; return how many were cut.

    Parameters
    ----------
    problem, board, schedule
        As in `adjust`.
    rows
        EVs that plug in within the slot, in plug-in order.
    now
        The slot.
    """
    return int(_cut_all(rows, now, board.load_kw, board.limit_kw, problem.stays, schedule.book))


def adjust(
    problem: ValleyFilling,
    board: PheromoneBoard,
    schedule: Schedule,
    rows: NDArray[np.int64],
    now: int,
    actual_kw: float,
) -> tuple[int, int, int]:
    """Answer one slot's deviation with all its EVs, in compiled code (Steps 2-9).

    Parameters
    ----------
    problem
        Stays and needs.
    board
        Their transformer's board; learns the actual load and takes the exchanges.
    schedule
        Is changed.
    rows
        EVs that plugged in before this slot and may use it, in plug-in order.
    now
        The slot.
    actual_kw
        Actual base load of the slot [kW].

    Returns
    -------
    moves, entries, cuts
        EVs that changed their schedule, slots named in those changes, and EVs whose charging was cut.
    """
    deviation = board.reveal(now, actual_kw)
    if deviation == 0:
        return 0, 0, 0
    answers = _adjust_all(rows, now, deviation, board.load_kw, board.limit_kw, problem.stays, schedule.book)
    board.publish()
    return answers
