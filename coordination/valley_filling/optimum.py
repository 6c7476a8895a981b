r"""The provable optimum of valley filling, and the certificate that any schedule can be held against.

The cost of a schedule is the sum of squared loads of the transformer's slots, a price c for every kW of a slot's worth of
energy that stays unserved, and a price p for every kW above a slot's own limit where that is not the largest:

.. math:: V = \sum_h L_h^2 + c\,u + \sum_h p_h e_h, \qquad L_h = P^{base}_h + \sum_i x_{ih}

The price c is what the last kW under the largest limit would cost (`ValleyFilling.unserved_price_kw`), and with its price p a
kW above any slot's own limit costs as much (`Caps`). So no optimal schedule passes the limit of a slot (leaving the energy out
would be cheaper) and none leaves out what some chain of exchanges could still serve: the limit of each slot (eq 8) and "first
the smallest unserved energy, then the flattest load" are both in this one separable convex cost. Where two schedules keep the
limits and leave the same energy unserved, the prices cancel and V compares their sums of squares.

Where power can be split, or comes in slots of one rated power, the optimum also has the smallest possible peak. Among all
schedules that keep the limits and serve the same energy the loads form the bases of a polymatroid, and its member of least sum
of squares is majorised by every other (Federgruen and Groenevelt 1986; Frank and Murota, "Decreasing minimization"): no other
has a smaller largest load.

Three cases:

- whole slots and one rated power: slots and EVs form a flow network with unit arcs. A schedule is optimal if and only if
  no chain of EVs can pass one slot's charging from a slot to another whose load is lower by more than that power, or
  from above a slot's limit to where there is room (no negative cycle). Chains are searched in the graph of slots, which is
  small however many EVs there are. The optimum is exact.
- exact energy: mean powers between nothing and what the stay allows. EVs water-fill in turn, which descends to the optimum of
  this convex cost, and the load vector reached prices a lower bound by duality. In a valley all slots have one price in the
  end; so slots whose loads are nearly equal are given one, which closes the bracket some sweeps before the loads are level.
  The true optimum lies between that bound and the schedule's cost. On long chains of short stays water-filling is slow and
  the bracket stays open; its width is stated. Where limits vary by slot, EVs fill by load and toll (`tolls`): loads and tolls
  price the bound, and what then passes a limit by a little is repaired (`repair`), so that the schedule found keeps them all.
- whole slots of mixed powers: the bound is that of continuous powers; the schedule is the best known, where ants that come
  back one by one settle, from nothing or from the start. It is not proven optimal, nor is its peak.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling import colony
from coordination.valley_filling.audit import breach_of
from coordination.valley_filling.bounds import bound_near_kw2
from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan
from coordination.valley_filling.exchange import exchange, settle
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from coordination.valley_filling.repair import repair
from coordination.valley_filling.stays import Book, Stays, powers_of, stay_of
from coordination.valley_filling.tolls import Tolls, fill_by_tolls
from coordination.valley_filling.water import water_fill
from environment.compiled import compiled

MOST_SWEEPS: Final = 400
"""Sweeps of water-filling before the bracket is taken as it is."""

MOST_TURNS: Final = 50_000
"""Turns of EVs that fill by tolls, if those are more sweeps: few EVs in thin chains may need thousands, which cost little."""

CLOSED: Final = 1e-9
"""A bracket narrower than this part of the cost counts as closed."""

ROUNDING: Final = 1e-13
"""Costs that differ by less than this part are equal."""

SOON: Final = 100.0
"""How many times what is accepted the last sweep may have gained for the next bracket to be worth its price: sweeps gain some
fifty times less than the one before."""

MOST_WAIT: Final = 8
"""Most sweeps between two bounds where sweeps gain little."""

NEAR: Final = 1e-3
"""Part of the largest load within which two loads are taken for one price at first; less from sweep to sweep."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """The optimum, or the bracket that holds it.

    Parameters
    ----------
    kind
        "exact": `cost_kw2` is the optimum. "bound": the optimum lies between `bound_kw2` and `cost_kw2`.
    cost_kw2
        Cost of `schedule`.
    bound_kw2
        No schedule costs less.
    schedule
        The best schedule found; with exact energy its powers may be anything up to what the stay allows.
    ev_kw
        Load of that schedule [kW], shape ``(n_slots,)``.
    """

    kind: Literal["exact", "bound"]
    cost_kw2: float
    bound_kw2: float
    schedule: Schedule
    ev_kw: NDArray[np.float64]


def solve(
    problem: ValleyFilling, start: Schedule | None = None, *, within: float = CLOSED, free_kw2: float | None = None
) -> Optimum:
    """Return the optimum of whole slots at one rated power, or the bracket that holds it in the other cases.

    Parameters
    ----------
    problem
        What to solve.
    start
        A schedule of these EVs to begin from; it is not changed. The nearer to the optimum, the sooner it is found.
    within
        Widest bracket that is accepted: a part of the cost or, with `free_kw2`, of what is saved.
    free_kw2
        Cost of free charging.
    """
    if start is not None and not is_feasible(problem, start):
        start = None
    if problem.has_unit_slots:
        schedule = _copy(problem, start)
        settle(problem, schedule)
        if problem.order.size:
            exchange(problem, schedule, -1)
        ev_kw = schedule.load_kw()
        cost = cost_kw2(problem, schedule, ev_kw=ev_kw)
        return Optimum("exact", cost, cost, schedule, ev_kw)
    fill = _water_filled if problem.has_one_limit else _toll_filled
    schedule, bound = fill(problem, start, within, free_kw2)
    if problem.whole:
        schedule = _best_settled(problem, start)
    ev_kw = schedule.load_kw()
    cost = cost_kw2(problem, schedule, ev_kw=ev_kw)
    return Optimum("bound", cost, min(bound, cost), schedule, ev_kw)


def _best_settled(problem: ValleyFilling, start: Schedule | None) -> Schedule:
    """Return the cheaper of the schedules where EVs settle that begin from nothing, and from a start that keeps the limit."""
    found = [Schedule(problem)]
    if start is not None and breach_of(problem, start, base_kw=problem.base_kw) is None:  # who is above it might stay
        found.append(_copy(problem, start))
    for schedule in found:
        settle(problem, schedule)
    return min(found, key=lambda schedule: cost_kw2(problem, schedule))


def certify(problem: ValleyFilling, schedule: Schedule, optimum: Optimum | None = None) -> bool:
    """Whether a schedule is proven optimal.

    It must be a schedule of these needs and stays. With whole slots at one rated power: no chain of exchanges lowers its
    cost. Else: its cost meets the lower bound that its own loads price, or where limits vary by slot, which a search from
    there finds: loads do not tell what a full slot is worth.

    Parameters
    ----------
    problem
        Base load, limit and needs.
    schedule
        Any schedule of these EVs; it is not changed.
    optimum
        What `solve` gave, where that is known already.
    """
    cost = cost_kw2(problem, schedule)
    if not is_feasible(problem, schedule):
        return False
    if optimum is not None and cost - optimum.bound_kw2 <= (ROUNDING if optimum.kind == "exact" else CLOSED) * cost:
        return True
    if not problem.has_unit_slots:
        if not problem.has_one_limit:
            return cost - _toll_filled(problem, schedule, CLOSED, None)[1] <= CLOSED * cost
        load_kw = problem.base_kw + schedule.load_kw()
        parts = (*(NEAR / 10**digits for digits in range(6)), 0.0)
        return any(cost - bound_near_kw2(problem, load_kw, part) <= CLOSED * cost for part in parts)
    if not problem.order.size:
        return True
    return exchange(problem, _copy(problem, schedule), 1) == 0


def is_feasible(problem: ValleyFilling, schedule: Schedule) -> bool:
    """Whether powers and energies are ones that the EVs' stays, ratings and needs allow; limits are a matter of cost.

    Parameters
    ----------
    problem
        Stays and needs.
    schedule
        Schedule of the same EVs.
    """
    return breach_of(problem, schedule) is None


def _water_filled(
    problem: ValleyFilling, start: Schedule | None, within: float, free_kw2: float | None
) -> tuple[Schedule, float]:
    schedule = _copy(problem, start)
    load_kw = problem.base_kw + schedule.load_kw()
    backward = problem.order[::-1].copy()  # an array of the same layout: one signature is compiled
    need_kw = problem.base_kw.sum() + problem.need_kwh.sum() / problem.slot_h
    cost = best_bound = -np.inf
    near = NEAR
    next_bound = wait = 1
    for sweep in range(MOST_SWEEPS):
        before = cost if sweep else np.inf
        rows = problem.order if sweep % 2 else backward
        _water_fill_all(rows, load_kw, problem.limit_kw, problem.stays, schedule.book)
        # As `cost_kw2`, for a schedule in which no EV takes more than it needs.
        cost = float(np.square(load_kw).sum() + problem.unserved_price_kw * (need_kw - load_kw.sum()))
        accepted = max(within * (cost if free_kw2 is None else free_kw2 - cost), ROUNDING * cost)
        ends = before - cost <= ROUNDING * cost or sweep == MOST_SWEEPS - 1
        if not ends and (before - cost > SOON * accepted or sweep < next_bound):
            continue  # a bound would be too loose, or was a short time ago
        load_kw = problem.base_kw + schedule.load_kw()  # without the rounding of all that was added and taken away
        for part in (near, near / 10) if not ends else (*(near / 10**digits for digits in range(8)), 0.0):
            bound = bound_near_kw2(problem, load_kw, part)
            if bound >= best_bound:
                best_bound, near = bound, part
            if cost - best_bound <= accepted:
                return schedule, best_bound
        if ends:
            break
        wait = min(2 * wait, MOST_WAIT)
        next_bound = sweep + wait
    return schedule, best_bound


def _toll_filled(
    problem: ValleyFilling, start: Schedule | None, within: float, free_kw2: float | None
) -> tuple[Schedule, float]:
    schedule = _copy(problem, start)
    load_kw = problem.base_kw + schedule.load_kw()
    backward = problem.order[::-1].copy()
    tolls = Tolls.of(problem)
    best, best_cost, best_bound = schedule, np.inf, -np.inf
    near = NEAR
    most_sweeps = max(MOST_SWEEPS, MOST_TURNS // max(problem.order.size, 1))
    for sweep in range(0, most_sweeps, 2):
        for rows in (problem.order, backward):
            fill_by_tolls(rows, load_kw, problem.top_kw, tolls, problem.stays, schedule.book)
        ends = sweep + 2 >= most_sweeps
        load_kw = problem.base_kw + schedule.load_kw()  # without the rounding of all that was added and taken away
        tolls = tolls.after(load_kw)
        if sweep % 4 and not ends:
            continue
        for part in (near, near / 10) if not ends else (*(NEAR / 10**digits for digits in range(8)), 0.0):
            bound = bound_near_kw2(problem, load_kw + tolls.toll_kw, part)
            if bound >= best_bound:
                best_bound, near = bound, part
        cost = cost_kw2(problem, schedule)
        accepted = max(within * (cost if free_kw2 is None else free_kw2 - cost), ROUNDING * cost)
        if cost - best_bound <= accepted or ends:
            repaired = _copy(problem, schedule)
            repair(problem, repaired)
            cost = cost_kw2(problem, repaired)
            if cost < best_cost:
                best, best_cost = repaired, cost
            if best_cost - best_bound <= accepted:
                break
    return best, best_bound


@compiled
def _water_fill_all(
    rows: NDArray[np.int64], load_kw: NDArray[np.float64], limit_kw: NDArray[np.float64], stays: Stays, book: Book
) -> None:
    usable = np.empty(load_kw.size)
    top_kw = limit_kw.max()
    for i in rows:
        stay, own = stay_of(stays, i), powers_of(book, i)
        window = slice(stay.first_slot, stay.first_slot + own.size)
        height = load_kw[window]
        level = -np.inf  # near the end, what it fills now is filled to the level that it will have
        for k in range(own.size):
            if own[k] > 0.0:
                level = max(level, height[k])
            height[k] -= own[k]
        water_fill(height, stay.need_kwh / stay.slot_h, limit_kw[window], top_kw, stay, level, usable, own)
        for k in range(own.size):
            height[k] += own[k]


def _copy(problem: ValleyFilling, schedule: Schedule | None) -> Schedule:
    copy = Schedule(problem)
    if schedule is not None:
        copy.power_kw[:] = schedule.power_kw
    return copy


def plan(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:
    """Return the optimal schedule, or the best found where only a bound is known: the ants' own is one to begin from."""
    mixed = problem.whole and not problem.has_unit_slots
    start = colony.plan(problem, settings, rng).schedule if mixed else None
    return Plan(solve(problem, start).schedule)


COORDINATOR = Coordinator(
    "optimum", "planner", keeps_limit=True, keeps_whole_slots=True, plan=plan, claims_optimum=True
)
