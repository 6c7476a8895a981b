"""Laws that every coordinator of the registry keeps, and the ants against their plain oracle."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.coordinator import CoordinationSettings
from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.horizon import Horizon
from tests.support.naive_ants import naive_plan
from tests.support.schedules import dense, unserved_had_no_room, usable
from tests.support.worlds import fleets, make_fleet, problems

BATCHES = st.sampled_from([1, 2, 7, 50])
METHODS = sorted(COORDINATORS)


def plan(method: str, problem: ValleyFilling, batch_size: int) -> Schedule:
    settings = CoordinationSettings(method=method, batch_size=batch_size, iterations=3, population=5)
    return COORDINATORS[method].plan(problem, settings, np.random.default_rng(1)).schedule


@pytest.mark.parametrize("method", METHODS)
@given(problem=problems(), batch=BATCHES)
def test_no_ev_charges_outside_its_stay_or_above_its_power(method: str, problem: ValleyFilling, batch: int) -> None:
    table = dense(plan(method, problem, batch), problem.n_vehicles)
    assert (table >= 0).all()
    assert (table <= usable(problem) + 1e-6).all()


@pytest.mark.parametrize("method", METHODS)
@given(problem=problems(), batch=BATCHES)
def test_no_ev_draws_more_than_it_needs(method: str, problem: ValleyFilling, batch: int) -> None:
    drawn = plan(method, problem, batch).power_sum_kw() * problem.slot_h
    assert (drawn <= problem.need_kwh + 1e-6).all()


@pytest.mark.parametrize("method", [name for name in METHODS if COORDINATORS[name].keeps_limit])
@given(problem=problems(), batch=BATCHES)
def test_no_slot_exceeds_the_transformers_limit(method: str, problem: ValleyFilling, batch: int) -> None:
    ev = plan(method, problem, batch).load_kw()
    assert (problem.base_kw + ev <= problem.limit_kw + 1e-5)[ev > 0].all()


@given(problem=problems(), batch=BATCHES)
def test_what_the_ants_leave_unserved_had_no_room(problem: ValleyFilling, batch: int) -> None:
    assert unserved_had_no_room(problem, plan("ants", problem, batch))


@given(problem=problems())
def test_free_charging_begins_at_plug_in_and_does_not_pause(problem: ValleyFilling) -> None:
    table = dense(plan("free", problem, 1), problem.n_vehicles)
    for i in range(problem.n_vehicles):
        slots = np.flatnonzero(table[i] > 0)
        if slots.size:
            assert slots[0] == problem.first_slot[i]
            assert (np.diff(slots) == 1).all()
            np.testing.assert_allclose(table[i, slots[:-1]], usable(problem)[i, slots[:-1]])


@given(problem=problems(), batch=BATCHES)
def test_compiled_ants_are_the_plain_ants(problem: ValleyFilling, batch: int) -> None:
    compiled = dense(plan("ants", problem, batch), problem.n_vehicles)
    np.testing.assert_allclose(compiled, naive_plan(problem, batch), atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), batch=BATCHES)
def test_order_of_rows_changes_no_load(method: str, data: st.DataObject, batch: int) -> None:
    horizon = Horizon(slot_min=30)
    fleet = data.draw(fleets(horizon))
    shuffled = fleet.take(np.random.default_rng(data.draw(st.integers(0, 99))).permutation(len(fleet)))
    base = np.random.default_rng(5).uniform(0, 60, horizon.n_slots)
    loads = [plan(method, ValleyFilling.of(f, horizon, base, 90.0), batch).load_kw() for f in (fleet, shuffled)]
    np.testing.assert_allclose(loads[0], loads[1], atol=1e-9)


def test_ties_go_to_the_earlier_slot() -> None:
    problem = ValleyFilling.of(make_fleet([(0, 24, 8, 4)]), Horizon(), np.full(24, 10.0), 100.0)
    _, slot, _ = plan("ants", problem, 1).entries()
    assert slot.tolist() == [0, 1]


def test_the_least_attractive_slot_is_used_in_part() -> None:
    base = np.full(24, 50.0)
    base[[3, 7, 5]] = [10.0, 20.0, 30.0]
    problem = ValleyFilling.of(make_fleet([(0, 24, 10, 4)]), Horizon(), base, 100.0)
    _, slot, power = plan("ants", problem, 1).entries()
    assert dict(zip(slot.tolist(), power.tolist(), strict=True)) == {3: 4.0, 7: 4.0, 5: 2.0}
    whole = dataclasses.replace(problem, whole=True, need_kwh=np.array([12.0]))
    _, slot, power = plan("ants", whole, 1).entries()
    assert dict(zip(slot.tolist(), power.tolist(), strict=True)) == {3: 4.0, 7: 4.0, 5: 4.0}


def test_a_batch_shares_one_copy_and_herds() -> None:
    base = np.full(24, 50.0)
    base[4] = 45.0
    fleet = make_fleet([(0, 24, 4, 4)] * 10)
    problem = ValleyFilling.of(fleet, Horizon(), base, 1000.0)
    assert plan("ants", problem, 1).load_kw().max() == 8.0  # the dip takes two, then the ants spread
    assert plan("ants", problem, 10).load_kw()[4] == 40.0  # all see the dip and take it


def test_a_stale_copy_never_breaks_the_limit() -> None:
    fleet = make_fleet([(0, 24, 4, 4)] * 10)
    base = np.full(24, 95.0)
    base[4] = 85.0
    problem = ValleyFilling.of(fleet, Horizon(), base, 100.0)
    ev = plan("ants", problem, 10).load_kw()
    assert (base + ev).max() <= 100.0 + 1e-6
    assert ev.sum() == pytest.approx(40.0)
