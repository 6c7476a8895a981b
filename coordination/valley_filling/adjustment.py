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
from coordination.valley_filling.problem import Schedule, ValleyFilling, usable_kw
from environment.board import LIMIT_TOLERANCE_KW, PheromoneBoard, post
from environment.compiled import compiled

DONE_KW: Final = 1e-6
"""A deviation below this is made up for [kW]."""

DUST_KW: Final = 1e-12
"""Power differences below this are rounding [kW]."""


@compiled
def move(
    now: int,
    residual_kw: float,
    load_kw: NDArray[np.float64],
    limit_kw: float,
    slot_h: float,
    plug_in_h: float,
    plug_out_h: float,
    first_slot: int,
    power_kw: float,
    need_kwh: float,
    whole: bool,
    held_kw: NDArray[np.float64],
    change_kw: NDArray[np.float64],
    headroom_kw: NDArray[np.float64],
) -> float:
    """Let one EV answer the present slot's deviation by shifting between now and later.

    Parameters
    ----------
    now
        The present slot.
    residual_kw
        What it still strays from plan; positive asks EVs out of it, negative asks them in.
    load_kw, limit_kw, slot_h, plug_in_h, plug_out_h, first_slot, power_kw, need_kwh, whole
        As in `choose_slots`.
    held_kw
        The EV's present schedule in its usable slots [kW].
    change_kw
        Receives the change of that schedule [kW].
    headroom_kw
        Room for scratch values, as long.

    Returns
    -------
    float
        Power moved out of the present slot (negative: into it) [kW].
    """
    change_kw[:] = 0.0
    k = now - first_slot
    later = k + 1
    if whole and abs(residual_kw) < power_kw / 2:
        return 0.0
    if residual_kw > 0.0:
        wanted = held_kw[k] if whole else min(held_kw[k], residual_kw)
        if wanted <= 0.0:
            return 0.0
        left_kwh = choose_slots(
            load_kw, limit_kw, slot_h, plug_in_h, plug_out_h, now + 1, power_kw, wanted * slot_h, whole,
            held_kw[later:], change_kw[later:], headroom_kw,
        )  # fmt: skip
        moved = 0.0
        for j in range(later, change_kw.size):
            moved += change_kw[j]
        if left_kwh <= 0.0:
            moved = wanted
        change_kw[k] = -moved
        return moved
    wanted = usable_kw(now, slot_h, plug_in_h, plug_out_h, power_kw) - held_kw[k]
    room = limit_kw - load_kw[now]
    if whole:
        if held_kw[k] > 0.0 or room < power_kw:
            return 0.0
        wanted = power_kw
    else:
        wanted = min(wanted, room, -residual_kw)
    lacking = need_kwh / slot_h
    for j in range(held_kw.size):
        lacking -= held_kw[j]
    moved = min(max(lacking, 0.0), wanted)  # what it lacks comes before what it has planned for later
    if moved < power_kw - DONE_KW and whole:
        moved = 0.0
    while moved < wanted - DUST_KW:
        worst = -1
        for j in range(later, held_kw.size):  # the least attractive slot of what it holds; ties: the later
            if held_kw[j] + change_kw[j] > 0.0 and (
                worst < 0 or load_kw[first_slot + j] >= load_kw[first_slot + worst]
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
    limit_kw: float,
    slot_h: float,
    plug_in_h: NDArray[np.float64],
    plug_out_h: NDArray[np.float64],
    first_slot: NDArray[np.int32],
    power_kw: NDArray[np.float64],
    need_kwh: NDArray[np.float64],
    whole: bool,
    start: NDArray[np.int64],
    schedule_kw: NDArray[np.float64],
) -> tuple[int, int, int]:
    change = np.empty(load_kw.size)
    scratch = np.empty(load_kw.size)
    moves = 0
    entries = 0
    residual = deviation_kw
    for i in rows:
        over = load_kw[now] - limit_kw
        if abs(residual) <= DONE_KW and over <= LIMIT_TOLERANCE_KW:
            break
        held = schedule_kw[start[i] : start[i + 1]]
        moved = move(
            now, asked(residual, over, power_kw[i], whole), load_kw, limit_kw, slot_h, plug_in_h[i], plug_out_h[i],
            first_slot[i], power_kw[i], need_kwh[i], whole, held, change[: held.size], scratch,
        )  # fmt: skip
        if moved == 0.0:
            continue
        added, named = post(load_kw, limit_kw, first_slot[i], change[: held.size])
        if added:
            residual -= moved
            moves += 1
            entries += named
            held += change[: held.size]
    cuts = _cut_all(rows[::-1], now, load_kw, limit_kw, first_slot, whole, start, schedule_kw)
    return moves, entries, cuts


@compiled
def _cut_all(
    rows: NDArray[np.int64],
    now: int,
    load_kw: NDArray[np.float64],
    limit_kw: float,
    first_slot: NDArray[np.int32],
    whole: bool,
    start: NDArray[np.int64],
    schedule_kw: NDArray[np.float64],
) -> int:
    cuts = 0
    for i in rows:
        place = start[i] + now - first_slot[i]
        if start[i] <= place < start[i + 1]:
            cut = cut_kw(load_kw[now], limit_kw, schedule_kw[place], whole)
            if cut > 0.0:
                schedule_kw[place] -= cut
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
        Load above the transformer's limit; negative if below.
    power_kw, whole
        The EV's rated power; with `whole`, an excess of any size asks for all of it.
    """
    if over_kw <= LIMIT_TOLERANCE_KW:
        return residual_kw
    return max(residual_kw, power_kw if whole else over_kw)


@compiled
def cut_kw(load_kw: float, limit_kw: float, held_kw: float, whole: bool) -> float:
    """Return how much of an EV's power must go because the slot is above the limit and nobody can move [kW]."""
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
    return int(
        _cut_all(
            rows,
            now,
            board.load_kw,
            board.limit_kw,
            problem.first_slot,
            problem.whole,
            schedule.start,
            schedule.power_kw,
        )
    )


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
        Its actual base load.

    Returns
    -------
    moves, entries, cuts
        EVs that changed their schedule, slots named in those changes, and EVs whose charging was cut.
    """
    deviation = board.reveal(now, actual_kw)
    if deviation == 0:
        return 0, 0, 0
    answers = _adjust_all(
        rows,
        now,
        deviation,
        board.load_kw,
        board.limit_kw,
        problem.slot_h,
        problem.plug_in_h,
        problem.plug_out_h,
        problem.first_slot,
        problem.power_kw,
        problem.need_kwh,
        problem.whole,
        schedule.start,
        schedule.power_kw,
    )
    board.publish()
    return answers
