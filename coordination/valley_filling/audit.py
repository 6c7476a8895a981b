"""What a schedule has to keep whoever made it: stays, rated powers, needs, whole slots and the limit; and where it does not."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.exchange import DUST_KW
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import Book, Stays, most_kw, powers_of, stay_of
from environment.compiled import compiled
from environment.input_faults import Fault
from environment.pheromone_board import LIMIT_TOLERANCE_KW

SLACK: Final = 1e-9
"""Part of a need, or of the limit, that rounding may add to it."""


KEPT, OUTSIDE_STAY, NO_NUMBER, BELOW_ZERO, ABOVE_RATED, ABOVE_COVERED, IN_PART, ABOVE_NEED, ABOVE_LIMIT = range(9)
"""What an EV's power in a slot can break; `KEPT`: nothing."""

EXPECTED: Final = {
    OUTSIDE_STAY: "no power, as a schedule stands for the usable slots of each stay and no others",
    NO_NUMBER: "a number of at most {allowed}",
    BELOW_ZERO: "at least {allowed}",
    ABOVE_RATED: "at most {allowed}, its rated power",
    ABOVE_COVERED: "at most {allowed}, as its stay covers only a part of the slot",
    IN_PART: "0 kW or {allowed}, as slots are taken whole",
    ABOVE_NEED: "at most {allowed}, the rest of its need",
    ABOVE_LIMIT: "at most {allowed}, the room that the base load and the EVs before it leave under the slot's limit",
}
"""What should stand where a rule is broken."""


class Breach(NamedTuple):
    """The first power of a schedule that breaks a rule.

    Parameters
    ----------
    rule
        The rule, such as `ABOVE_RATED`.
    row, slot
        EV and slot.
    found_kw, allowed_kw
        The power, and the most of it that keeps the rule (for `BELOW_ZERO` the least).
    more
        How many other powers break a rule.
    """

    rule: int
    row: int
    slot: int
    found_kw: float
    allowed_kw: float
    more: int


def breach_of(
    problem: ValleyFilling,
    schedule: Schedule,
    *,
    in_whole_slots: NDArray[np.bool_] | None = None,
    base_kw: NDArray[np.float64] | None = None,
) -> Breach | None:
    """Return the first power of a schedule that breaks a rule, EV by EV and slot by slot; None if all rules are kept.

    Parameters
    ----------
    problem
        Stays, ratings, needs and limit.
    schedule
        Schedule of the same EVs.
    in_whole_slots
        EVs that take slots at rated power or not at all, shape ``(n_vehicles,)``; all or none, as posed, if left out.
    base_kw
        Base load with which the limit is to be kept [kW], shape ``(n_slots,)``; the limit is not looked at if left out.
    """
    if not _is_laid_out(problem, schedule):
        return _outside(problem, schedule)
    active = np.zeros(problem.n_vehicles, dtype=np.bool_)
    active[problem.order] = True
    if in_whole_slots is None:
        in_whole_slots = np.full(active.size, problem.whole)
    no_limit = np.full(problem.n_slots, np.inf)
    load_kw, limit_kw = (problem.base_kw, no_limit) if base_kw is None else (base_kw, problem.limit_kw)
    rule, row, slot, found_kw, allowed_kw, breaches = _audit(
        active, in_whole_slots, load_kw.copy(), limit_kw, problem.stays, schedule.book
    )
    return None if rule == KEPT else Breach(rule, row, slot, found_kw, allowed_kw, more=breaches - 1)


def fault_of(breach: Breach, name: NDArray[np.str_], whose: str) -> Fault:
    """Return a breach as a fault that names the EV, the slot, the power found and the power allowed.

    Parameters
    ----------
    breach
        What was found.
    name
        Names of the EVs, or of their stays, shape ``(n_vehicles,)``.
    whose
        Schedule that was looked at, in words.
    """
    ev = name[breach.row] if breach.row < name.size else f"number {breach.row + 1}"
    expected = EXPECTED[breach.rule].format(allowed=f"{breach.allowed_kw:.9g} kW")
    more = f" ({breach.more:,} other powers of the schedule are wrong too)" if breach.more else ""
    return Fault(whose, None, f"power of EV {ev} in slot {breach.slot}", f"{breach.found_kw:.9g} kW", expected + more)


def _is_laid_out(problem: ValleyFilling, schedule: Schedule) -> bool:
    """Whether a schedule's powers stand for the usable slots of the problem's own stays."""
    return (
        schedule.n_slots == problem.n_slots
        and np.array_equal(schedule.first_slot, problem.first_slot)
        and np.array_equal(np.diff(schedule.start), problem.stop_slot - problem.first_slot)
        and schedule.power_kw.shape == (schedule.start[-1],)
    )


def _outside(problem: ValleyFilling, schedule: Schedule) -> Breach:
    """Return the first power of a schedule of other stays that lies outside the problem's own; if none does, its first."""
    counts = np.diff(schedule.start)
    row = np.repeat(np.arange(counts.size), counts)
    slot = np.arange(row.size) - np.repeat(schedule.start[:-1] - schedule.first_slot, counts)
    power_kw = np.resize(schedule.power_kw, row.size)
    first, stop = (np.append(edge, 0)[np.minimum(row, edge.size)] for edge in (problem.first_slot, problem.stop_slot))
    outside = np.flatnonzero(((slot < first) | (slot >= stop)) & (power_kw != 0.0))
    if row.size == 0:
        return Breach(OUTSIDE_STAY, 0, 0, 0.0, 0.0, more=0)
    k = outside[0] if outside.size else 0
    return Breach(OUTSIDE_STAY, int(row[k]), int(slot[k]), float(power_kw[k]), 0.0, more=max(outside.size - 1, 0))


@compiled
def _audit(
    active: NDArray[np.bool_],
    in_whole_slots: NDArray[np.bool_],
    load_kw: NDArray[np.float64],
    limit_kw: NDArray[np.float64],
    stays: Stays,
    book: Book,
) -> tuple[int, int, int, float, float, int]:
    """Return the parts of the first `Breach` and how many there are; the EVs are added to the load one by one."""
    first = (KEPT, 0, 0, 0.0, 0.0)
    breaches = 0
    for i in range(active.size):
        stay, own = stay_of(stays, i), powers_of(book, i)
        left_kw = stay.need_kwh / stay.slot_h if active[i] else 0.0
        slack = DUST_KW + SLACK * left_kw
        for k in range(own.size):
            power = own[k]
            if power == 0.0:  # as in most slots, and nothing is broken by it
                continue
            h = stay.first_slot + k
            most, room = most_kw(stay, h), limit_kw[h] - load_kw[h]
            limit_slack = 2.0 * LIMIT_TOLERANCE_KW + (SLACK * limit_kw[h] if limit_kw[h] < np.inf else 0.0)
            rule, allowed = KEPT, most
            if not np.isfinite(power):
                rule = NO_NUMBER
            elif power < -slack:
                rule, allowed = BELOW_ZERO, 0.0
            elif power > most + slack:
                rule = ABOVE_RATED if most >= stay.power_kw else ABOVE_COVERED
            elif in_whole_slots[i] and 0.0 < power < stay.power_kw - slack:
                rule = IN_PART
            elif power > left_kw + slack:
                rule, allowed = ABOVE_NEED, max(left_kw, 0.0)
            elif power > limit_slack and power > room + limit_slack:
                rule, allowed = ABOVE_LIMIT, max(room, 0.0)
            if rule != NO_NUMBER:
                left_kw -= power
                load_kw[h] += power
            if rule == KEPT:
                continue
            if breaches == 0:
                first = (rule, i, h, power, allowed)
            breaches += 1
    return first[0], first[1], first[2], first[3], first[4], breaches
