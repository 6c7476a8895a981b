"""Whatever a schedule breaks is found, at the EV and the slot where it does; what the coordinators plan breaks nothing."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.audit import (
    ABOVE_COVERED,
    ABOVE_LIMIT,
    ABOVE_NEED,
    ABOVE_RATED,
    BELOW_ZERO,
    IN_PART,
    NO_NUMBER,
    OUTSIDE_STAY,
    breach_of,
    fault_of,
)
from coordination.valley_filling.coordinator import CoordinationSettings
from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.horizon import Horizon
from tests.support.schedules import usable
from tests.support.worlds import make_fleet, problems


def plan(method: str, problem: ValleyFilling) -> Schedule:
    settings = CoordinationSettings(method=method, iterations=3, population=5, rounds=3)
    return COORDINATORS[method].plan(problem, settings, np.random.default_rng(1)).schedule


@st.composite
def planned(draw: st.DrawFn, *, whole: bool | None = None) -> tuple[ValleyFilling, Schedule, int, int]:
    """A problem, a good plan of it, and an EV and a place in its stay, to spoil."""
    problem = draw(problems(whole=whole))
    assume(problem.order.size)
    row = int(draw(st.sampled_from(problem.order.tolist())))
    schedule = plan("ants", problem)
    return problem, schedule, row, draw(st.integers(0, schedule.of(row).size - 1))


@pytest.mark.parametrize("method", sorted(COORDINATORS))
@given(problem=problems())
def test_what_the_coordinators_plan_breaks_nothing(method: str, problem: ValleyFilling) -> None:
    entry = COORDINATORS[method]
    whole = np.full(problem.n_vehicles, problem.whole and entry.keeps_whole_slots)
    base_kw = problem.base_kw if entry.keeps_limit else None
    assert breach_of(problem, plan(method, problem), in_whole_slots=whole, base_kw=base_kw) is None


@given(case=planned(), bad=st.sampled_from([np.nan, np.inf, -np.inf]))
def test_what_is_no_number_is_found(case: tuple[ValleyFilling, Schedule, int, int], bad: float) -> None:
    problem, schedule, row, k = case
    schedule.of(row)[k] = bad
    breach = breach_of(problem, schedule, base_kw=problem.base_kw)
    assert breach is not None
    assert breach[:3] == (NO_NUMBER, row, problem.first_slot[row] + k)


@given(case=planned(), by_kw=st.floats(1e-3, 50))
def test_negative_power_is_found(case: tuple[ValleyFilling, Schedule, int, int], by_kw: float) -> None:
    problem, schedule, row, k = case
    schedule.of(row)[k] = -by_kw
    assert breach_of(problem, schedule) == (BELOW_ZERO, row, problem.first_slot[row] + k, -by_kw, 0.0, 0)


@given(case=planned(), by_kw=st.floats(1e-3, 50))
def test_power_above_what_rating_and_stay_allow_is_found(
    case: tuple[ValleyFilling, Schedule, int, int], by_kw: float
) -> None:
    problem, schedule, row, k = case
    slot = int(problem.first_slot[row]) + k
    most_kw = usable(problem)[row, slot]
    schedule.of(row)[k] = most_kw + by_kw
    breach = breach_of(problem, schedule)
    assert breach is not None
    assert breach[1:4] == (row, slot, most_kw + by_kw)
    assert breach.allowed_kw == pytest.approx(most_kw)
    assert breach.rule == (ABOVE_COVERED if most_kw < problem.power_kw[row] * (1 - 1e-12) else ABOVE_RATED)


@given(case=planned(whole=True), part=st.floats(0.01, 0.99))
def test_a_part_of_a_whole_slot_is_found(case: tuple[ValleyFilling, Schedule, int, int], part: float) -> None:
    problem, schedule, row, k = case
    schedule.of(row)[k] = part * problem.power_kw[row]
    breach = breach_of(problem, schedule)
    assert breach is not None
    assert breach[:3] == (IN_PART, row, problem.first_slot[row] + k)
    some_split = np.ones(problem.n_vehicles, dtype=np.bool_)
    some_split[row] = False
    in_parts = breach_of(problem, schedule, in_whole_slots=some_split)
    assert in_parts is None or in_parts.rule == ABOVE_NEED, "this EV may split its slots"


@given(case=planned())
def test_energy_above_the_need_is_found_where_the_need_is_passed(
    case: tuple[ValleyFilling, Schedule, int, int],
) -> None:
    problem, schedule, row, _ = case
    own = schedule.of(row)
    own[:] = usable(problem)[row, problem.first_slot[row] : problem.stop_slot[row]]
    need_kw = problem.need_kwh[row] / problem.slot_h
    passed = np.flatnonzero(np.cumsum(own) > need_kw + 1e-3)
    assume(passed.size)
    k = int(passed[0])
    breach = breach_of(problem, schedule)
    assert breach is not None
    assert breach[:4] == (ABOVE_NEED, row, problem.first_slot[row] + k, own[k])
    assert breach.allowed_kw == pytest.approx(max(need_kw - own[:k].sum(), 0.0), abs=1e-6)
    assert breach.more == own.size - k - 1


@given(case=planned())
def test_the_ev_that_passes_the_limit_is_found(case: tuple[ValleyFilling, Schedule, int, int]) -> None:
    problem, schedule, row, k = case
    power_kw, slot = schedule.of(row)[k], int(problem.first_slot[row]) + k
    assume(power_kw > 1e-3)
    before_kw = np.zeros(problem.n_slots)
    schedule.add_to(before_kw, np.arange(row))
    base_kw = problem.base_kw.copy()
    base_kw[slot] = problem.limit_kw[slot] - before_kw[slot] - power_kw / 2
    breach = breach_of(problem, schedule, base_kw=base_kw)
    assert breach is not None
    assert breach[:4] == (ABOVE_LIMIT, row, slot, power_kw)
    assert breach.allowed_kw == pytest.approx(power_kw / 2)
    assert breach_of(problem, schedule) is None, "whose coordinator does not keep it is not held to it"


@given(case=planned(), later=st.integers(1, 5), data=st.data())
def test_power_outside_the_stay_is_found(
    case: tuple[ValleyFilling, Schedule, int, int], later: int, data: st.DataObject
) -> None:
    problem, _, row, _ = case
    stop = problem.stop_slot.copy()
    stop[row] = min(stop[row] + later, problem.n_slots)
    assume(stop[row] > problem.stop_slot[row])
    schedule = Schedule(dataclasses.replace(problem, stop_slot=stop))
    slot = data.draw(st.integers(int(problem.stop_slot[row]), int(stop[row]) - 1))
    schedule.of(row)[slot - problem.first_slot[row]] = 2.0
    assert breach_of(problem, schedule) == (OUTSIDE_STAY, row, slot, 2.0, 0.0, 0)


def text_of(powers_kw: list[float]) -> str:
    fleet = make_fleet([(0.5, 4, 8, 4), (1, 4, 8, 4)])
    problem = ValleyFilling.of(fleet, Horizon(), np.full(24, 10.0), 100.0)
    schedule = Schedule(problem)
    schedule.power_kw[:] = powers_kw
    breach = breach_of(problem, schedule)
    assert breach is not None
    return str(fault_of(breach, fleet.vehicle, "schedule by late below T1"))


def test_a_fault_names_ev_slot_found_and_allowed() -> None:
    assert text_of([3.0, 0, 0, 0, 0, 0, 0]) == (
        "schedule by late below T1: power of EV v0 in slot 0 is 3 kW; "
        "expected at most 2 kW, as its stay covers only a part of the slot"
    )
    assert text_of([0.0, 0, 0, 0, 5, 5, 4]) == (
        "schedule by late below T1: power of EV v1 in slot 1 is 5 kW; expected at most 4 kW, its rated power "
        "(2 other powers of the schedule are wrong too)"
    )


def test_a_schedule_of_other_evs_is_a_fault() -> None:
    three, two = (ValleyFilling.of(make_fleet([(0, 4, 8, 4)] * n), Horizon(), np.full(24, 10.0), 100.0) for n in (3, 2))
    breach = breach_of(two, plan("ants", three))
    assert breach is not None
    assert breach[:3] == (OUTSIDE_STAY, 2, 0)
    assert "EV number 3" in str(fault_of(breach, np.array(["a", "b"]), "schedule"))
