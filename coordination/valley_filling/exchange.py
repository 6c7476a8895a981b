"""Whole slots: EVs that choose again until none would, and charging passed along chains of EVs until no chain lowers the cost."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.ants import choose_slots
from coordination.valley_filling.problem import Caps, Schedule, ValleyFilling
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH, Book, Stay, Stays, powers_of, stay_of
from environment.compiled import compiled

DUST_KW: Final = 1e-6
"""Differences of power below this are rounding [kW]."""


def settle(problem: ValleyFilling, schedule: Schedule) -> None:
    """Let EVs choose whole slots again, one by one, until none does otherwise; the schedule is changed.

    Parameters
    ----------
    problem
        Base load, limit and needs.
    schedule
        What they hold: nothing, or whole slots at rated power.
    """
    load_kw = problem.base_kw + schedule.load_kw()
    _return_until_settled(problem.order, load_kw, problem.limit_kw, problem.caps(), problem.stays, schedule.book)


@compiled
def _return_until_settled(
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    caps: Caps,
    stays: Stays,
    book: Book,
) -> None:
    """Let the ants choose again, one by one, until none does otherwise or 20 times over: few exchanges are left then."""
    chosen = np.empty(load_kw.size)
    scratch = np.empty(load_kw.size)
    nothing = np.zeros(load_kw.size)
    top_kw = limit_kw.max()
    for _ in range(20):
        moved = False
        for i in rows:
            stay, own = stay_of(stays, i), powers_of(book, i)
            swaps = _swap(load_kw, limit_kw, stay, own)
            if swaps >= 0:
                moved |= swaps > 0
                continue
            for k in range(own.size):
                load_kw[stay.first_slot + k] -= own[k]
            choose_slots(load_kw, limit_kw, top_kw, stay, nothing, chosen[: own.size], scratch)
            gain = 0.0  # what it would pay in the slots it holds, less what in those it would choose
            for k in range(own.size):
                h = stay.first_slot + k
                load = load_kw[h]
                gain += own[k] * (2.0 * load + own[k]) - chosen[k] * (2.0 * load + chosen[k])
                gain += 2.0 * top_kw * (chosen[k] - own[k])
                excess = max(load + own[k] - caps.cap_kw[h], 0.0) - max(load + chosen[k] - caps.cap_kw[h], 0.0)
                gain += caps.price_kw[h] * excess
            if gain > 1e-6:
                moved = True
                for k in range(own.size):
                    own[k] = chosen[k]
            for k in range(own.size):
                load_kw[stay.first_slot + k] += own[k]
        if not moved:
            break


@compiled
def _swap(load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64], stay: Stay, own: NDArray[np.float64]) -> int:
    """Let an EV that has all it needs leave its highest slot for its lowest one with room until none is lower.

    Returns
    -------
    int
        Swaps; -1 for an EV that lacks something, or holds a slot above its limit: it has more to choose.
    """
    swaps = 0
    while True:
        held_kw = 0.0
        high = low = -1
        highest, lowest = -np.inf, np.inf
        above = False
        for k in range(own.size):
            held_kw += own[k]
            h = stay.first_slot + k
            load = load_kw[h]
            if own[k] > 0.0:
                above |= load > limit_kw[h]
                if load > highest:
                    high, highest = k, load
            elif load < lowest and limit_kw[h] - load >= stay.power_kw:
                low, lowest = k, load
        lacks = held_kw * stay.slot_h < stay.need_kwh - ENERGY_TOLERANCE_KWH
        if high < 0 or lacks or above:
            return -1
        if low < 0 or lowest + own[high] >= highest - DUST_KW:
            return swaps
        power, own[low], own[high] = own[high], own[high], 0.0
        load_kw[stay.first_slot + high] -= power
        load_kw[stay.first_slot + low] += power
        swaps += 1


def exchange(problem: ValleyFilling, schedule: Schedule, most: int) -> int:
    """Let charging pass along chains of EVs until no chain lowers the cost; the schedule is changed.

    Parameters
    ----------
    problem
        Base load, limit and needs; EVs of one rated power, whole slots.
    schedule
        What they hold.
    most
        Most chains; negative for as many as there are.

    Returns
    -------
    int
        Chains along which charging was passed.
    """
    power = float(problem.power_kw[problem.order[0]])
    load_kw = problem.base_kw + schedule.load_kw()
    missing = np.rint(problem.need_kwh / (power * problem.slot_h) - schedule.power_sum_kw() / power).astype(np.int64)
    caps = problem.caps()
    return _exchange(
        problem.order, load_kw, problem.top_kw, caps, power, problem.first_slot, schedule.book, missing, most
    )


@compiled
def _exchange(
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    top_kw: float,
    caps: Caps,
    power_kw: float,
    first_slot: NDArray[np.int32],
    book: Book,
    missing: NDArray[np.int64],
    most: int,
) -> int:
    """Pass charging along chains of EVs from high slots to low ones until none lowers the cost; return how often.

    Node ``n_slots`` of the graph stands for what is unserved; `missing` counts each EV's slots there. A unit above a slot's
    cap costs more than one unserved: so no chain ends there, and one that begins there lowers the cost.
    """
    n = load_kw.size
    longest = 1
    for i in rows:
        longest = max(longest, powers_of(book, i).size)
    counts = np.zeros((n, 2 * longest - 1), dtype=np.int64)
    arcs = Arcs(counts, np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64))
    for i in rows:
        _count_arcs(arcs, first_slot[i], powers_of(book, i), missing[i], 1)
    leaving = np.empty(n + 1)
    entering = np.empty(n + 1)
    before = np.empty(n + 1, dtype=np.int64)
    queue = np.empty(n + 1, dtype=np.int64)
    done = 0
    while True:
        for h in range(n):
            leaving[h] = load_kw[h] - power_kw / 2
            entering[h] = load_kw[h] + power_kw / 2
            if load_kw[h] > caps.cap_kw[h] - power_kw / 2:  # the cap is a whole number of units above the base load
                entering[h] += caps.price_kw[h] / 2
            if load_kw[h] > caps.cap_kw[h] + power_kw / 2:
                leaving[h] += caps.price_kw[h] / 2
        leaving[n] = entering[n] = top_kw - power_kw / 2 + 1e-6
        order = np.argsort(-leaving)
        source = target = -1
        before[:] = -1
        for candidate in order:
            source = int(candidate)
            if before[source] < 0:  # else a higher slot leads here, and to nothing that is low enough
                target = _lowest_reachable(arcs, source, leaving, entering, before, queue)
            if target >= 0:
                break
        if target < 0:
            return done
        done += 1
        if done == most:
            return done
        node = target
        while node != source:
            previous = before[node]
            _pass_on(rows, arcs, previous, node, power_kw, first_slot, book, missing)
            node = previous
        if source < n:
            load_kw[source] -= power_kw
        if target < n:
            load_kw[target] += power_kw


class Arcs(NamedTuple):
    """How many EVs can move a slot's charging, from where to where; no stay leads further than the longest is long.

    Parameters
    ----------
    between
        From each slot to those around it, itself in the middle column, shape ``(n_slots, 2 * longest - 1)``.
    given_up, taken_on
        From each slot to what is unserved, and back, shape ``(n_slots,)``.
    """

    between: NDArray[np.int64]
    given_up: NDArray[np.int64]
    taken_on: NDArray[np.int64]


@compiled
def _count_arcs(arcs: Arcs, first: int, own: NDArray[np.float64], missing: int, sign: int) -> None:
    """Add (or take out) one EV's possible moves: from each slot it uses to each slot it does not."""
    middle = arcs.between.shape[1] // 2
    for a in range(own.size):
        if own[a] > 0.0:
            for b in range(own.size):
                if own[b] <= 0.0:
                    arcs.between[first + a, middle + b - a] += sign
            arcs.given_up[first + a] += sign
        elif missing > 0:
            arcs.taken_on[first + a] += sign


@compiled
def _leads(arcs: Arcs, node: int, other: int) -> bool:
    """Return whether some EV can move a slot's charging from a node to another."""
    n = arcs.given_up.size
    if node == n:
        return bool(other < n and arcs.taken_on[other] > 0)
    if other == n:
        return bool(arcs.given_up[node] > 0)
    return bool(arcs.between[node, arcs.between.shape[1] // 2 + other - node] > 0)


@compiled
def _lowest_reachable(
    arcs: Arcs,
    source: int,
    leaving: NDArray[np.float64],
    entering: NDArray[np.float64],
    before: NDArray[np.int64],
    queue: NDArray[np.int64],
) -> int:
    """Search the slots that charging can be passed to, but for those searched `before`; return the lowest if that lowers the
    cost, else -1.
    """  # noqa: D205
    n, reach = arcs.given_up.size, arcs.between.shape[1] // 2
    before[source] = source
    queue[0] = source
    head, tail = 0, 1
    best = -1
    while head < tail:
        node = queue[head]
        head += 1
        first, stop = (0, n) if node == n else (max(node - reach, 0), min(node + reach + 1, n))
        for k in range(first, stop + 1):
            other = k if k < stop else n
            if before[other] < 0 and _leads(arcs, node, other):
                before[other] = node
                queue[tail] = other
                tail += 1
                if entering[other] < leaving[source] - 1e-7 and (best < 0 or entering[other] < entering[best]):
                    best = other
    return best


@compiled
def _pass_on(
    rows: NDArray[np.int64],
    arcs: Arcs,
    source: int,
    target: int,
    power_kw: float,
    first_slot: NDArray[np.int32],
    book: Book,
    missing: NDArray[np.int64],
) -> None:
    """Let the first EV that can move one slot's charging from source to target do so."""
    n = arcs.given_up.size
    for i in rows:
        own = powers_of(book, i)
        a, b = source - first_slot[i], target - first_slot[i]
        from_slot = source < n and 0 <= a < own.size and own[a] > 0.0
        to_slot = target < n and 0 <= b < own.size and own[b] <= 0.0
        if (from_slot or (source == n and missing[i] > 0)) and (to_slot or (target == n and from_slot)):
            _count_arcs(arcs, first_slot[i], own, missing[i], -1)
            if source < n:
                own[a] = 0.0
            else:
                missing[i] -= 1
            if target < n:
                own[b] = power_kw
            else:
                missing[i] += 1
            _count_arcs(arcs, first_slot[i], own, missing[i], 1)
            return
