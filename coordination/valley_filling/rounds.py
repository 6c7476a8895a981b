r"""Ants that come back: in later rounds an EV reads the board again and moves slots that others now fill better.

Ours, beyond paper A, in which every ant chooses once. One ant alone that moves whenever this lowers its own share of the
load descends to the optimum. But the EVs of a batch read the same copy, and if all of them move into the same valley they
make a hill of it. The rule below needs no leader and no draw. The copy tells, for each slot, the load :math:`L` and the
part :math:`E` of it that EVs have promised; the batch holds a known part :math:`\beta` of the EVs.

1. The ant finds the level :math:`w` to which its batch could bring its window, if what stands above is movable:
   :math:`\sum_h \min(\beta E_h, (L_h - w)^+) = \sum_h (w - L_h)^+`.
2. Of the batch's promises :math:`\beta E_a` in a slot above the level, :math:`L_a - w` should leave. So each of them leaves
   with the frequency :math:`p_a = (L_a - w) / \beta E_a` (at most 1), and then what is expected to leave is what should.
3. It goes to a slot below, each in proportion to its depth :math:`w - L_b`, so valleys fill evenly; never to one that
   would not be lower than the slot it leaves.

In these rounds a batch is every k-th EV in plug-in order, so that it holds the same part of every slot's promises; EVs that
plug in together want the same slots, and a batch of those alone would hold more. Frequencies come from tickets, the ants'
places in their batch, through an equidistributed sequence, not from dice: of any run of tickets the right part moves. With
one EV a batch, :math:`\beta E` is less than its own power and p is 1: it moves to the deepest slots, and each move lowers
the cost; where power can be split it takes all out and water-fills. With all EVs in one batch p is what a leader would order.
In trials half of these frequencies was slower, and twice overshot for ever.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.ants import choose_slots
from coordination.valley_filling.coordinator import Round
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from coordination.valley_filling.stays import (
    ENERGY_TOLERANCE_KWH,
    Book,
    PlainStay,
    Stay,
    Stays,
    lacking_kwh,
    powers_of,
    rest_of,
    stay_of,
    usable_kw,
)
from coordination.valley_filling.water import water_fill
from environment.compiled import compiled
from environment.messages import HEADER_BYTES, Acceptance, Exchange, Refusal, RoundCopy, Sent
from environment.pheromone_board import PheromoneBoard, post

LEAST_GAIN_KW: Final = 1e-9
"""A slot counts as lower than another from this difference on [kW]."""

LEAST_MOVE: Final = 0.02
"""Part of its rated power below which an EV moves nothing, where slots can be used in part."""

# Steps of additive recurrences: two of the plane (powers of the plastic number), two more to shift rounds and slots.
_STEP_LEAVE: Final = 0.7548776662466927
_STEP_TARGET: Final = 0.5698402909980532
_STEP_ROUND: Final = 0.6180339887498949
_STEP_SLOT: Final = 0.3819660112501051


@compiled
def window_level(
    load_kw: NDArray[np.float64], promised_kw: NDArray[np.float64], part: float, floor_kw: NDArray[np.float64]
) -> float:
    """Return the level to which a batch could bring a window of slots (step 1) [kW].

    Parameters
    ----------
    load_kw
        Load of each slot of the window [kW], shape ``(n_usable,)``.
    promised_kw
        What EVs promised of it [kW], as long.
    part
        Part of the EVs that is in the batch, 0..1.
    floor_kw
        The least that the load may lie below the level, or less [kW], as long: minus the room of a slot that takes no more.
    """
    low = high = float(load_kw[0])
    for k in range(load_kw.size):
        low = min(low, load_kw[k])
        high = max(high, load_kw[k])
    for _ in range(50):
        level = 0.5 * (low + high)
        balance = 0.0
        for k in range(load_kw.size):
            above = load_kw[k] - level
            balance += min(part * promised_kw[k], above) if above > 0.0 else max(above, floor_kw[k])
        if balance > 0.0:
            low = level
        else:
            high = level
    return 0.5 * (low + high)


class Turn(NamedTuple):
    """One EV's turn in a round.

    Parameters
    ----------
    number
        Number of the round.
    part, alone
        Part of all EVs that is in its batch, 0..1, and whether it is alone there.
    ticket
        Place of the EV in its batch.
    """

    number: int
    part: float
    alone: bool
    ticket: int


type PlainTurn = tuple[int, float, bool, int]
"""A `Turn`, or a plain tuple of its parts, which is faster where it comes from Python (see `Stay`)."""


@compiled
def reconsider(
    load_kw: NDArray[np.float64],
    promised_kw: NDArray[np.float64],
    turn: PlainTurn,
    limit_kw: NDArray[np.float64],
    top_kw: float,
    stay: PlainStay,
    held_kw: NDArray[np.float64],
    change_kw: NDArray[np.float64],
    scratch_kw: NDArray[np.float64],
) -> tuple[int, int]:
    """Let one EV move what it holds to better slots.

    Parameters
    ----------
    load_kw, promised_kw
        The copy: load of each slot and the EVs' part of it [kW], shape ``(n_slots,)``.
    turn
        The EV's turn in the round.
    limit_kw, top_kw
        The transformer's limit [kW], shape ``(n_slots,)``, and the largest of it.
    stay
        What is left of its stay, and what it still lacks; the arrays below begin at its first slot, shape ``(n_usable,)``.
    held_kw
        What it holds [kW].
    change_kw
        Receives the change [kW].
    scratch_kw
        Room for scratch values, at least ``3 * n_slots`` long.

    Returns
    -------
    moves, wishes
        Slots that it moved or added, and slots that it would move, were it the turn of all.
    """
    turn, stay = Turn(*turn), Stay(*stay)
    n, first_slot, part = held_kw.size, stay.first_slot, turn.part
    change_kw[:] = 0.0
    if n == 0:
        return 0, 0
    seen_kw, scratch_kw = scratch_kw[: load_kw.size], scratch_kw[load_kw.size :]
    if turn.alone and not stay.whole:
        return _fill_anew(load_kw, limit_kw, top_kw, stay, held_kw, change_kw, seen_kw, scratch_kw)
    window = slice(first_slot, first_slot + n)
    for k in range(n):
        limit = limit_kw[first_slot + k]
        scratch_kw[k] = min(load_kw[first_slot + k] - limit, 0.0) if limit < top_kw else -np.inf
    level = window_level(load_kw[window], promised_kw[window], part, scratch_kw)
    seen_kw[window] = load_kw[window]
    leave = turn.ticket * _STEP_LEAVE + turn.number * _STEP_ROUND
    toward = (turn.ticket * _STEP_TARGET + turn.number * _STEP_ROUND) % 1.0
    moves = 0
    wishes = 0
    last_kw, last = np.inf, -1
    while True:
        a = -1  # the next slot that it holds, from the highest load down; of equal ones the earlier first
        for k in range(n):
            load = load_kw[first_slot + k]
            if held_kw[k] <= 0.0 or load > last_kw or (load == last_kw and k <= last):
                continue
            if a < 0 or load > load_kw[first_slot + a]:
                a = k
        if a < 0:
            break
        last_kw, last = load_kw[first_slot + a], a
        excess = last_kw - level
        if excess <= 0.0:
            break
        b, power = _target(a, seen_kw, level, toward, limit_kw, top_kw, stay, held_kw, change_kw)
        if b < 0:
            continue
        wishes += 1
        if (leave + a * _STEP_SLOT) % 1.0 * part * promised_kw[first_slot + a] < excess:
            change_kw[a] -= power
            change_kw[b] += power
            seen_kw[first_slot + a] -= power
            seen_kw[first_slot + b] += power
            moves += 1
    if stay.need_kwh > ENERGY_TOLERANCE_KWH:
        added = scratch_kw[:n]
        choose_slots(seen_kw, limit_kw, top_kw, stay, held_kw + change_kw, added, scratch_kw[n:])
        for k in range(n):
            if added[k] > 0.0:
                change_kw[k] += added[k]
                moves += 1
                wishes += 1
    return moves, wishes


@compiled
def _fill_anew(
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    top_kw: float,
    stay: Stay,
    held_kw: NDArray[np.float64],
    change_kw: NDArray[np.float64],
    others_kw: NDArray[np.float64],
    usable: NDArray[np.float64],
) -> tuple[int, int]:
    """Let an EV that reads a copy of its own take everything out and water-fill: nothing it could do is better."""
    n = held_kw.size
    wanted = max(stay.need_kwh, 0.0) / stay.slot_h
    highest = -np.inf
    for k in range(n):
        others_kw[k] = load_kw[stay.first_slot + k] - held_kw[k]
        wanted += held_kw[k]
        if held_kw[k] > 0.0:
            highest = max(highest, load_kw[stay.first_slot + k])
    limits = limit_kw[stay.first_slot : stay.first_slot + n]
    water_fill(others_kw[:n], wanted, limits, top_kw, stay, highest, usable, change_kw)
    largest = 0.0
    for k in range(n):
        change_kw[k] -= held_kw[k]
        largest = max(largest, abs(change_kw[k]))
    if largest < LEAST_MOVE * stay.power_kw:
        change_kw[:] = 0.0
        return 0, 0
    return 1, 1


@compiled
def _target(
    a: int,
    seen_kw: NDArray[np.float64],
    level_kw: float,
    toward: float,
    limit_kw: NDArray[np.float64],
    top_kw: float,
    stay: Stay,
    held_kw: NDArray[np.float64],
    change_kw: NDArray[np.float64],
) -> tuple[int, float]:
    """Return where to move what it holds in slot a (step 3), and how much; -1 for nowhere.

    By depth below the level, or to the lowest slot where none is below it. Whole slots move whole, and only if that lowers
    the cost; else as much moves as the other slot can take, at most what makes both equal.
    """
    first_slot = stay.first_slot
    from_kw = seen_kw[first_slot + a]
    total = 0.0
    lowest, lowest_power = -1, 0.0
    for attempt in range(2):
        passed = 0.0
        for k in range(held_kw.size):
            h = first_slot + k
            if k == a or change_kw[k] < 0.0:
                continue
            power = held_kw[a] + change_kw[a]
            if stay.whole:
                if held_kw[k] + change_kw[k] > 0.0 or seen_kw[h] + power >= from_kw - LEAST_GAIN_KW:
                    continue
                if seen_kw[h] + power > limit_kw[h]:
                    continue
            else:
                room = usable_kw(stay, h) - held_kw[k] - change_kw[k]
                power = min(power, room, limit_kw[h] - seen_kw[h], 0.5 * (from_kw - seen_kw[h]))
                if power < LEAST_MOVE * stay.power_kw:
                    continue
            if lowest < 0 or seen_kw[h] < seen_kw[first_slot + lowest]:
                lowest, lowest_power = k, power
            depth = max(level_kw - seen_kw[h], 0.0)
            if limit_kw[h] < top_kw:
                depth = min(depth, limit_kw[h] - seen_kw[h])
            passed += depth
            if attempt == 0:
                total += depth
            elif depth > 0.0 and passed >= toward * total:
                return k, power
        if total <= 0.0:
            break
    return lowest, lowest_power


@compiled
def _round(
    rows: NDArray[np.int64],
    number: int,
    from_slot: int,
    load_kw: NDArray[np.float64],
    base_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    batch_size: int,
    stays: Stays,
    book: Book,
) -> tuple[int, int, int, bool]:
    copy = np.empty(load_kw.size)
    promised = np.empty(load_kw.size)
    change = np.empty(load_kw.size)
    scratch = np.empty(3 * load_kw.size)
    top_kw = limit_kw.max()
    batches = (rows.size + batch_size - 1) // batch_size
    movers = 0
    refused = 0
    entries = 0
    settled = True
    first, stop = load_kw.size, 0  # of all their windows: nothing else of the board is read
    for i in rows:
        first, stop = min(first, int(stays.first_slot[i])), max(stop, int(stays.stop_slot[i]))
    for batch in range(batches):
        copy[first:stop] = load_kw[first:stop]
        promised[first:stop] = copy[first:stop] - base_kw[first:stop]
        members = rows[batch::batches]
        for ticket in range(members.size):
            stay, own = stay_of(stays, members[ticket]), powers_of(book, members[ticket])
            skipped = min(max(from_slot - stay.first_slot, 0), own.size)
            stay = rest_of(stay, stay.first_slot + skipped, lacking_kwh(stay.need_kwh, stay.slot_h, own))
            turn = Turn(number, members.size / rows.size, members.size == 1, ticket)
            moved, wishes = reconsider(
                copy, promised, turn, limit_kw, top_kw, stay, own[skipped:], change[: own.size - skipped], scratch
            )
            settled &= wishes == 0
            if moved == 0:
                continue
            added, named = post(load_kw, limit_kw, stay.first_slot, change[: own.size - skipped])
            entries += named
            if added:
                own[skipped:] += change[: own.size - skipped]
                movers += 1
            else:
                refused += 1
    return movers, refused, entries, settled


def consider(
    problem: ValleyFilling,
    row: int,
    load_kw: NDArray[np.float64],
    promised_kw: NDArray[np.float64],
    turn: PlainTurn,
    from_slot: int,
    own_kw: NDArray[np.float64],
) -> tuple[int, NDArray[np.float64], bool]:
    """Return what one EV changes in a round: the first slot of the change, the change [kW], and whether it is content.

    The change is empty for none; an EV that is not content may have none because it is not its turn.

    Parameters
    ----------
    problem
        Stays and needs of the transformer's EVs.
    row
        The EV.
    load_kw, promised_kw, turn
        As in `reconsider`.
    from_slot
        First slot that may still change.
    own_kw
        What it holds in all its usable slots [kW].
    """
    first = int(problem.first_slot[row])
    skipped = min(max(from_slot - first, 0), own_kw.size)
    change = np.empty(own_kw.size - skipped)
    stay = problem.stay(row, first + skipped, lacking_kwh(problem.need_kwh[row], problem.slot_h, own_kw))
    limit_kw, scratch = problem.limit_kw, np.empty(3 * problem.n_slots)
    moved, wishes = reconsider(
        load_kw, promised_kw, turn, limit_kw, problem.top_kw, stay, own_kw[skipped:], change, scratch
    )
    return first + skipped, change if moved else change[:0], wishes == 0


def hold(
    problem: ValleyFilling,
    board: PheromoneBoard,
    schedule: Schedule,
    rows: NDArray[np.int64],
    rounds: int,
    from_slot: int = 0,
) -> list[Round]:
    """Hold rounds after the first, in compiled code, until one in which no EV would move, were it its turn.

    Parameters
    ----------
    problem
        Stays and needs.
    board
        Takes the exchanges.
    schedule
        Is changed.
    rows
        EVs that come back, in plug-in order.
    rounds
        Most rounds, the first included.
    from_slot
        First slot that may still change.
    """
    held: list[Round] = []
    for number in range(2, rounds + 1 if rows.size else 0):
        held.append(hold_one(problem, board, schedule, rows, number, from_slot))
        if held[-1].settled:
            break
    if held:
        board.publish()
    return held


def hold_one(
    problem: ValleyFilling,
    board: PheromoneBoard,
    schedule: Schedule,
    rows: NDArray[np.int64],
    number: int,
    from_slot: int = 0,
) -> Round:
    """Hold one round; see `hold`."""
    movers, refused, entries, settled = _round(
        rows,
        number,
        from_slot,
        board.load_kw,
        board.base_kw,
        board.limit_kw,
        board.batch_size,
        problem.stays,
        schedule.book,
    )
    batches, n = -(-rows.size // board.batch_size), board.load_kw.size
    sent = (
        Sent(RoundCopy, batches, rows.size, RoundCopy.bytes_of(batches, 2 * n)),
        Sent(Exchange, movers + refused, movers + refused, Exchange.bytes_of(movers + refused, entries)),
        Sent(Acceptance, movers, movers, movers * HEADER_BYTES),
        Sent(Refusal, refused, refused, Refusal.bytes_of(refused, n)),
    )
    return Round(number, movers, cost_kw2(problem, schedule, board.base_kw), sent, settled)
