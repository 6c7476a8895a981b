"""The ants of paper A: every EV takes the slots of its stay where the pheromone is strongest, and deposits.

Source: paper A, section 4.2.3, Steps 1-7, eqs (9)-(13); the pheromone's form is reconstructed (A6, A7 in the rebuilt
equations). The paper sorts a stay's J slots and takes the first m, O(J log J); picking the strongest m times is
O(J m) and was the faster of the two on stays of 12 to 96 slots.
"""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import (
    ENERGY_TOLERANCE_KWH,
    Book,
    PlainStay,
    Stay,
    Stays,
    lacking_kwh,
    powers_of,
    stay_of,
    usable_kw,
)
from environment.compiled import compiled
from environment.pheromone_board import SINCE_COPY, PheromoneBoard, deposit, headroom_kw, publish


@compiled
def choose_slots(
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    top_kw: float,
    stay: PlainStay,
    held_kw: NDArray[np.float64],
    chosen_kw: NDArray[np.float64],
    depth_kw: NDArray[np.float64],
) -> float:
    """Choose slots for one EV: strongest pheromone first, until the need is met or no slot is left.

    The pheromone of a slot grows with the depth of the valley there, the largest limit less the load (eq 9), so the deepest
    slot is the one of the strongest pheromone; ties go to the earlier slot. A slot without room under its own limit is
    closed (eq 8). Each chosen slot is used as far as the rated power, the part of it that the stay covers and its room
    allow; so the last chosen, least attractive one is used in part. With whole slots a slot is used at rated power or
    not at all.

    Parameters
    ----------
    load_kw
        Load of each slot as the ant reads it [kW], shape ``(n_slots,)``.
    limit_kw, top_kw
        The transformer's limit [kW], shape ``(n_slots,)``, and the largest of it.
    stay
        What is left of the EV's stay, and its need; the three arrays below begin at its first slot, shape ``(n_usable,)``.
    held_kw
        Power that the EV already holds in these slots [kW].
    chosen_kw
        Receives the power chosen in addition [kW].
    depth_kw
        Room for scratch values, at least ``n_usable`` long.

    Returns
    -------
    float
        Need that found no slot [kWh].
    """
    stay = Stay(*stay)
    n = chosen_kw.size
    first_slot, need_kwh = stay.first_slot, stay.need_kwh
    for k in range(n):
        chosen_kw[k] = 0.0
        depth_kw[k] = headroom_kw(load_kw[first_slot + k], limit_kw[first_slot + k], top_kw)
    while need_kwh > ENERGY_TOLERANCE_KWH:
        best = -1
        deepest = 0.0  # a slot that is closed, or taken already
        for k in range(n):
            if depth_kw[k] > deepest:
                deepest = depth_kw[k]
                best = k
        if best < 0:
            break
        depth_kw[best] = 0.0
        room = limit_kw[first_slot + best] - load_kw[first_slot + best]
        if stay.whole:
            if held_kw[best] > 0.0 or room < stay.power_kw:
                continue
            power = stay.power_kw
        else:
            power = stay.power_kw
            if best == 0 or best == n - 1:  # only the ends of a stay cover a slot in part
                power = usable_kw(stay, first_slot + best)
            power = min(power - held_kw[best], room, need_kwh / stay.slot_h)
        if power > 0.0:
            chosen_kw[best] = power
            need_kwh -= power * stay.slot_h
    return max(need_kwh, 0.0)


@compiled
def _forage_all(
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    copies_kw: NDArray[np.float64],
    tally: NDArray[np.int64],
    limit_kw: NDArray[np.float64],
    batch_size: int,
    stays: Stays,
    shares: bool,
    book: Book,
) -> None:
    scratch = np.empty(load_kw.size)
    nothing = np.zeros(load_kw.size)
    top_kw = limit_kw.max()
    for i in rows:
        stay, chosen = stay_of(stays, i), powers_of(book, i)
        copy = copies_kw[stays.line_of[i]]
        choose_slots(copy, limit_kw, top_kw, stay, nothing, chosen, scratch)
        if not deposit(load_kw, limit_kw, tally, stay.first_slot, chosen):
            choose_slots(load_kw, limit_kw, top_kw, stay, nothing, chosen, scratch)
            deposit(load_kw, limit_kw, tally, stay.first_slot, chosen)
        if shares:
            for k in range(chosen.size):
                copy[stay.first_slot + k] += chosen[k]
        if tally[SINCE_COPY] >= batch_size:
            publish(load_kw, copies_kw, tally)


def choose(
    problem: ValleyFilling,
    row: int,
    load_kw: NDArray[np.float64],
    first_slot: int,
    since_h: float,
    held_kw: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the power that one EV means to draw from a slot on [kW]: what it holds, and what it chooses for the rest.

    Parameters
    ----------
    problem
        Holds the EV's stay and need.
    row
        The EV.
    load_kw
        The board as read [kW], shape ``(n_slots,)``.
    first_slot
        First slot that it may still choose.
    since_h
        Time from which on it can draw more than it does, in hours from the horizon's start.
    held_kw
        What it holds in all its usable slots [kW].
    """
    kept = held_kw[first_slot - problem.first_slot[row] :]
    chosen = np.empty(kept.size)
    stay = problem.stay(row, first_slot, lacking_kwh(problem.need_kwh[row], problem.slot_h, held_kw), since_h)
    choose_slots(load_kw, problem.limit_kw, problem.top_kw, stay, kept, chosen, np.empty(kept.size))
    return kept + chosen


def forage(
    problem: ValleyFilling, board: PheromoneBoard, schedule: Schedule, rows: NDArray[np.int64] | None = None
) -> None:
    """Let EVs choose and deposit one after the other, in compiled code (Steps 4-6).

    Parameters
    ----------
    problem
        Stays and needs.
    board
        Their transformer's board; takes the deposits.
    schedule
        Takes the choices.
    rows
        EVs in plug-in order; all of them if left out.
    """
    _forage_all(
        problem.order if rows is None else rows,
        board.load_kw,
        board.copies_kw,
        board.tally,
        board.limit_kw,
        board.batch_size,
        problem.stays,
        problem.lines > 0,
        schedule.book,
    )
