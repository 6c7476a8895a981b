"""Limits that vary by slot: what equal ones have in common with one number, and the optimum where a slot's own limit binds."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linprog

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.audit import breach_of
from coordination.valley_filling.bounds import lower_bound_kw2
from coordination.valley_filling.coordinator import CoordinationSettings
from coordination.valley_filling.optimum import CLOSED, certify, is_feasible, solve
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from coordination.valley_filling.repair import repair
from environment.horizon import Horizon
from tests.support.laws import examples
from tests.support.schedules import usable
from tests.support.worlds import fleets, make_fleet, problems

METHODS = sorted(COORDINATORS)


def plan(method: str, problem: ValleyFilling, rounds: int = 3) -> Schedule:
    settings = CoordinationSettings(method=method, batch_size=3, rounds=rounds, iterations=3, population=5)
    return COORDINATORS[method].plan(problem, settings, np.random.default_rng(1)).schedule


def by_slot(
    stays: list[tuple[float, float, float, float]], base: list[float], limit: list[float], *, whole: bool = False
) -> ValleyFilling:
    return ValleyFilling.of(
        make_fleet(stays), Horizon(slots=len(base)), np.array(base), np.array(limit, dtype=np.float64), whole=whole
    )


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), whole=st.booleans())
def test_the_same_limit_in_every_slot_is_that_number(method: str, data: st.DataObject, whole: bool) -> None:
    horizon = Horizon(slot_min=30)
    fleet = data.draw(fleets(horizon))
    base = np.random.default_rng(5).uniform(-20, 60, horizon.n_slots)
    one, many = (ValleyFilling.of(fleet, horizon, base, limit, whole=whole) for limit in (80.0, np.full(48, 80.0)))
    assert (plan(method, one).power_kw == plan(method, many).power_kw).all()
    assert solve(one).bound_kw2 == solve(many).bound_kw2


@pytest.mark.parametrize("method", METHODS)
@given(problem=problems(by_slot=False), seed=st.integers(0, 2**32))
def test_limits_that_nobody_can_reach_change_no_schedule(method: str, problem: ValleyFilling, seed: int) -> None:
    rng = np.random.default_rng(seed)
    never = np.maximum(problem.base_kw, 0.0) + problem.power_kw.sum() + 1.0
    limit = never + rng.uniform(0, 500, problem.n_slots)
    limit[rng.integers(problem.n_slots)] = top = float(limit.max()) + 1.0
    high = dataclasses.replace(problem, limit_kw=np.full(problem.n_slots, top))
    varied = dataclasses.replace(problem, limit_kw=limit)
    left, right = plan(method, high), plan(method, varied)
    if method == "optimal" and not problem.has_unit_slots:  # sought in another way: equal as far as both are proven
        left_kw2, right_kw2 = cost_kw2(high, left), cost_kw2(varied, right)
        assert left_kw2 == pytest.approx(right_kw2, rel=1e-6)
    else:
        assert (left.power_kw == right.power_kw).all()


@pytest.mark.parametrize("whole", [False, True])
def test_who_could_go_elsewhere_leaves_a_full_slot_to_who_cannot(whole: bool) -> None:
    """The first EV alone gains nothing by leaving slot 0: it is the lower one. But the second can go nowhere else."""
    problem = by_slot([(0, 2, 4, 4), (0, 1, 4, 4)], [0, 10], [4, 20], whole=whole)
    stuck = Schedule(problem)
    stuck.of(0)[:] = [4, 0]
    price = 2 * 20 - (4 if whole else 0)
    assert cost_kw2(problem, stuck) == 4**2 + 10**2 + 4 * price
    assert not certify(problem, stuck)
    for start in (None, stuck):
        optimum = solve(problem, start)
        assert optimum.schedule.of(0) == pytest.approx([0, 4], abs=1e-8)
        assert optimum.schedule.of(1) == pytest.approx([4], abs=1e-8)
        assert optimum.cost_kw2 == pytest.approx(4**2 + 14**2)
        assert optimum.bound_kw2 == pytest.approx(4**2 + 14**2)
        assert certify(problem, optimum.schedule)


@pytest.mark.parametrize("whole", [False, True])
def test_what_a_low_limit_leaves_no_room_for_is_unserved(whole: bool) -> None:
    problem = by_slot([(0, 1, 4, 4), (1, 2, 4, 4)], [1, 5], [4, 20], whole=whole)
    optimum = solve(problem)
    expected, price = (0.0, 2 * 20 - 4) if whole else (3.0, 2 * 20)
    assert optimum.schedule.of(0) == pytest.approx([expected], abs=1e-9)
    assert optimum.schedule.of(1) == pytest.approx([4])
    assert optimum.cost_kw2 == pytest.approx((1 + expected) ** 2 + 9**2 + (4 - expected) * price)
    assert certify(problem, optimum.schedule)


@pytest.mark.parametrize("whole", [False, True])
def test_nobody_charges_under_a_base_load_above_the_limit_and_all_do_into_a_surplus(whole: bool) -> None:
    """Slot 0 is above its own limit though not the largest; slot 1 feeds 8 kW in and may draw nothing."""
    problem = by_slot([(0, 3, 8, 4), (0, 3, 8, 4), (0, 3, 4, 4)], [6, -8, 2], [5, 0, 12], whole=whole)
    optimum = solve(problem)
    assert problem.base_kw + optimum.ev_kw == pytest.approx([6, 0, 10 if whole else 12], abs=1e-8)
    assert certify(problem, optimum.schedule)
    lacking_kw = problem.need_kwh.sum() - optimum.schedule.power_kw.sum()
    assert lacking_kw == pytest.approx(20 - 8 - (8 if whole else 10), abs=1e-8)


def least_unserved_kw(problem: ValleyFilling) -> float:
    """Linear programming's answer: all needs less the most power that stays and limits allow."""
    most = usable(problem)
    row, slot = np.nonzero(most)
    by_ev = (np.arange(problem.n_vehicles)[:, None] == row).astype(float)
    by_h = (np.arange(problem.n_slots)[:, None] == slot).astype(float)
    room = np.maximum(problem.limit_kw - problem.base_kw, 0.0)
    found = linprog(
        np.full(row.size, -1.0),
        A_ub=np.vstack([by_ev, by_h]),
        b_ub=np.concatenate([problem.need_kwh / problem.slot_h, room]),
        bounds=np.column_stack([np.zeros(row.size), most[row, slot]]),
    )
    return float(problem.need_kwh.sum() / problem.slot_h + found.fun)


@given(problem=problems(whole=False))
def test_the_optimum_leaves_the_least_unserved_that_linear_programming_can(problem: ValleyFilling) -> None:
    assume(problem.order.size and not problem.has_one_limit)
    schedule = solve(problem).schedule
    assert breach_of(problem, schedule, base_kw=problem.base_kw) is None
    lacking = problem.need_kwh / problem.slot_h - schedule.power_sum_kw()
    assert lacking.sum() == pytest.approx(least_unserved_kw(problem), abs=1e-5)


@given(problem=problems(whole=False))
@examples(2)
def test_limits_by_slot_keep_the_bracket_narrow(problem: ValleyFilling) -> None:
    assume(not problem.has_one_limit)
    optimum = solve(problem)
    assert optimum.cost_kw2 == cost_kw2(problem, optimum.schedule)
    assert optimum.bound_kw2 <= optimum.cost_kw2 <= optimum.bound_kw2 + 1e-5 * optimum.cost_kw2


@given(problem=problems(), seed=st.integers(0, 2**32), part=st.sampled_from([0.2, 1.0]))
def test_no_feasible_schedule_costs_less_than_the_bound(problem: ValleyFilling, seed: int, part: float) -> None:
    """Limits may be passed: that has its price."""
    rng = np.random.default_rng(seed)
    most, schedule = usable(problem), Schedule(problem)
    for i in problem.order.tolist():
        left = problem.need_kwh[i] / problem.slot_h
        for k in rng.permutation(schedule.of(i).size):
            power = most[i, problem.first_slot[i] + k]
            power = power * (rng.random() < part) if problem.whole else min(left, power * rng.uniform(0, part))
            if power <= left + 1e-9:
                schedule.of(i)[k] = power
                left -= power
    assert is_feasible(problem, schedule)
    optimum, cost = solve(problem), cost_kw2(problem, schedule)
    assert optimum.bound_kw2 <= cost * (1 + 1e-9)
    assert lower_bound_kw2(problem, problem.base_kw + schedule.load_kw()) <= optimum.cost_kw2 * (1 + 1e-9)
    if cost > optimum.cost_kw2 * (1 + 1e-6):
        assert not certify(problem, schedule)


@given(problem=problems(whole=False), data=st.data())
def test_the_certificate_tells_the_optimum_from_what_is_moved_a_little(
    problem: ValleyFilling, data: st.DataObject
) -> None:
    assume(not problem.has_one_limit)
    optimum = solve(problem)
    assume(optimum.cost_kw2 - optimum.bound_kw2 <= CLOSED * optimum.cost_kw2)
    assert certify(problem, optimum.schedule)
    held = np.flatnonzero(optimum.schedule.power_kw > 0.1)
    assume(held.size)
    worse = Schedule(problem)
    worse.power_kw[:] = optimum.schedule.power_kw
    worse.power_kw[data.draw(st.sampled_from(held.tolist()))] -= 0.1
    assume(cost_kw2(problem, worse) > (1 + 2 * CLOSED) * optimum.cost_kw2)
    assert not certify(problem, worse)


@given(problem=problems(whole=False))
def test_a_repaired_schedule_keeps_the_limits_and_has_no_chain_left(problem: ValleyFilling) -> None:
    schedule = plan("free", problem)
    before = schedule.power_sum_kw()
    repair(problem, schedule)
    assert breach_of(problem, schedule, base_kw=problem.base_kw) is None
    assert (schedule.power_sum_kw() <= before + 1e-6).all()
    lacking = problem.need_kwh / problem.slot_h - schedule.power_sum_kw()
    assert lacking.sum() == pytest.approx(least_unserved_kw(problem) if problem.order.size else lacking.sum(), abs=1e-5)


@given(problem=problems())
def test_a_kw_above_a_limit_costs_as_much_as_one_unserved(problem: ValleyFilling) -> None:
    """At the cap of a slot, the next unit of power is worth just as little as leaving it out."""
    caps, c = problem.caps(), problem.unserved_price_kw
    unit = float(problem.power_kw[problem.order[0]]) if problem.has_unit_slots and problem.order.size else 1e-6
    last_kw = 2 * caps.cap_kw + unit + caps.price_kw  # slope of the first unit above
    assert (last_kw >= c - 1e-5 * (1 + abs(c))).all()
    top = problem.limit_kw == problem.top_kw
    assert (caps.price_kw[top] == 0).all()
    below = 2 * caps.cap_kw - unit  # of the last unit under it
    assert (below[(caps.cap_kw > problem.base_kw) & (problem.limit_kw >= caps.cap_kw)] <= c + 1e-5).all()
