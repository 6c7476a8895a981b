"""Repair: a schedule of continuous powers that passes caps of slots by a little is brought below them, and serves what it can.

What an EV loses by it, it may lack only because another EV, which could go elsewhere, has the slot that it needs. So power is
passed on along chains: the EV takes a slot, who was there takes another, and so on to a slot with room.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import Book, Stays, most_kw, powers_of, stay_of
from environment.compiled import compiled

LACKING_KW: Final = 1e-9
"""Powers below this are not worth a chain [kW]."""

NOT_REACHED: Final = -2
LEADS_NOWHERE: Final = -3
"""Instead of the slot from which a slot was reached: for a slot that was not, or from which none with room can be."""


def repair(problem: ValleyFilling, schedule: Schedule) -> None:
    """Bring a schedule below the caps of slots, and serve what EVs lack as far as any chain can; it is changed.

    Parameters
    ----------
    problem
        Base load, limits and needs.
    schedule
        Schedule of these EVs, of continuous powers.
    """
    cap_kw = problem.caps().cap_kw
    load_kw = problem.base_kw + schedule.load_kw()
    _cut(problem.order[::-1].copy(), load_kw, cap_kw, problem.first_slot, schedule.book)
    while _serve(problem.order, load_kw, cap_kw, problem.stays, schedule.book):
        pass  # what was passed on may have opened a way that was closed before


@compiled
def _cut(
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    cap_kw: NDArray[np.float64],
    first_slot: NDArray[np.int32],
    book: Book,
) -> None:
    """Take off what is above the caps, EV by EV, so that few of them lack anything."""
    for i in rows:
        own = powers_of(book, i)
        for k in range(own.size):
            h = first_slot[i] + k
            if own[k] > 0.0 and load_kw[h] > cap_kw[h]:
                cut = min(own[k], load_kw[h] - cap_kw[h])
                own[k] -= cut
                load_kw[h] -= cut


@compiled
def _serve(
    rows: NDArray[np.int64], load_kw: NDArray[np.float64], cap_kw: NDArray[np.float64], stays: Stays, book: Book
) -> bool:
    """Serve what EVs lack, as far as chains are found; return whether one was."""
    n = load_kw.size
    before = np.empty(n, dtype=np.int64)  # slot from which a slot was reached: who is there moves on to it
    mover = np.empty(n, dtype=np.int64)  # EV that would move there
    queue = np.empty(n, dtype=np.int64)
    served = False
    before[:] = NOT_REACHED
    for i in rows:
        stay, own = stay_of(stays, i), powers_of(book, i)
        lacking = stay.need_kwh / stay.slot_h - own.sum()
        while lacking > LACKING_KW:
            target = _lowest_with_room(rows, i, load_kw, cap_kw, stays, book, before, mover, queue)
            if target < 0:
                before[before != NOT_REACHED] = LEADS_NOWHERE
                break
            served = True
            passed = min(lacking, cap_kw[target] - load_kw[target])
            slot = target
            while slot >= 0:
                passed = min(passed, _room_kw(stays, book, mover[slot], slot))
                if before[slot] >= 0:
                    passed = min(passed, _held_kw(stays, book, mover[slot], before[slot]))
                slot = before[slot]
            slot = target
            while slot >= 0:
                ev = mover[slot]
                powers_of(book, ev)[slot - stays.first_slot[ev]] += passed
                if before[slot] >= 0:
                    powers_of(book, ev)[before[slot] - stays.first_slot[ev]] -= passed
                slot = before[slot]
            load_kw[target] += passed
            lacking -= passed
    return served


@compiled
def _held_kw(stays: Stays, book: Book, row: int, slot: int) -> float:
    """Return what an EV draws in a slot of its stay [kW]."""
    return float(powers_of(book, row)[slot - stays.first_slot[row]])


@compiled
def _room_kw(stays: Stays, book: Book, row: int, slot: int) -> float:
    """Return what an EV could draw in addition in a slot of its stay [kW]."""
    return most_kw(stay_of(stays, row), slot) - _held_kw(stays, book, row, slot)


@compiled
def _lowest_with_room(
    rows: NDArray[np.int64],
    row: int,
    load_kw: NDArray[np.float64],
    cap_kw: NDArray[np.float64],
    stays: Stays,
    book: Book,
    before: NDArray[np.int64],
    mover: NDArray[np.int64],
    queue: NDArray[np.int64],
) -> int:
    """Search the slots that an EV's power can be passed on to; return the lowest that has room, or -1."""
    before[before != LEADS_NOWHERE] = NOT_REACHED
    asked = np.zeros(stays.first_slot.size, dtype=np.bool_)
    best = -1
    asked[row] = True
    tail = _reach(row, -1, 0, stays, book, before, mover, queue)
    head = 0
    while head < tail:
        slot = queue[head]
        head += 1
        if cap_kw[slot] - load_kw[slot] > LACKING_KW and (best < 0 or load_kw[slot] < load_kw[best]):
            best = slot
        for i in rows:
            if asked[i] or not stays.first_slot[i] <= slot < stays.stop_slot[i]:
                continue
            if _held_kw(stays, book, i, slot) > LACKING_KW:
                asked[i] = True
                tail = _reach(i, slot, tail, stays, book, before, mover, queue)
    return int(best)


@compiled
def _reach(
    row: int,
    slot: int,
    tail: int,
    stays: Stays,
    book: Book,
    before: NDArray[np.int64],
    mover: NDArray[np.int64],
    queue: NDArray[np.int64],
) -> int:
    """Enter all slots that an EV can move to from a slot (-1: from what it lacks); return the queue's new end."""
    for h in range(stays.first_slot[row], stays.stop_slot[row]):
        if before[h] == NOT_REACHED and _room_kw(stays, book, row, h) > LACKING_KW:
            before[h] = slot
            mover[h] = row
            queue[tail] = h
            tail += 1
    return tail
