"""Particle swarms as coordinators: what their genes stand for, what they search, and the repair."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coordination.optimizers import OPTIMIZERS
from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.coordinator import CoordinationSettings
from coordination.valley_filling.particle_swarm import ByEv, ByType, Starts, apportion
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from environment.horizon import Horizon
from runs.homes.part import Homes
from runs.studies.paper_a.cases import VALLEY, paper_case
from tests.support.schedules import dense, unserved_had_no_room, usable
from tests.support.worlds import make_fleet, problems

SEARCHES = [ByEv, ByType]
METHODS = ["pso1", "pso2"]
FEW = {"iterations": 3, "population": 5}


@pytest.fixture(scope="module")
def paper() -> ValleyFilling:
    return Homes.build(paper_case(1), np.random.default_rng(1)).problems[0]


def roomy(problem: ValleyFilling) -> ValleyFilling:
    """The same EVs under a transformer that has room for all: nothing is repaired."""
    return dataclasses.replace(problem, limit_kw=np.full(problem.n_slots, 1e9))


def genes(search: Starts, seed: int, points: int = 1) -> NDArray[np.float64]:
    """Points of the box, with its corners and faces among them."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-0.3, 1.3, (points, search.dimensions))
    return x.clip(search.lower, search.upper)


def test_the_papers_case_has_a_gene_an_ev_or_84(paper: ValleyFilling) -> None:
    assert ByEv(paper).dimensions == paper.order.size <= 500
    assert ByType(paper).valley.tolist() == list(range(24))[VALLEY]
    assert ByType(paper).dimensions == 7 * 12


@pytest.mark.parametrize("kind", SEARCHES)
@given(problem=problems(), seed=st.integers(0, 2**32))
def test_every_ev_charges_without_a_pause_inside_its_stay(
    kind: type[Starts], problem: ValleyFilling, seed: int
) -> None:
    if not problem.order.size:
        return
    search = kind(roomy(problem))
    table = dense(search.repaired(genes(search, seed)[0]), problem.n_vehicles)
    allowed = usable(problem)
    assert (table <= allowed + 1e-6).all()
    for place, i in enumerate(problem.order.tolist()):
        slots = np.flatnonzero(table[i] > 1e-9)
        assert (np.diff(slots) == 1).all()
        np.testing.assert_allclose(table[i, slots[:-1]], allowed[i, slots[:-1]], err_msg="the last slot alone in part")
        fits = min(problem.need_kwh[i], allowed[i].sum() * problem.slot_h)
        assert table[i].sum() * problem.slot_h == pytest.approx(fits, abs=1e-6), f"EV {place} of the order"


@pytest.mark.parametrize("kind", SEARCHES)
@given(problem=problems(), seed=st.integers(0, 2**32))
def test_the_fitness_is_the_cost_where_there_is_room(kind: type[Starts], problem: ValleyFilling, seed: int) -> None:
    if not problem.order.size:
        return
    search = kind(roomy(problem))
    x = genes(search, seed, points=4)
    loads = np.array([problem.base_kw + search.repaired(point).load_kw() for point in x])
    np.testing.assert_allclose(search.evaluate(x), np.square(loads).sum(axis=1))
    tight = kind(problem)
    over = np.maximum(loads - problem.limit_kw, 0.0).sum(axis=1)
    np.testing.assert_allclose(tight.evaluate(x), np.square(loads).sum(axis=1) + 2 * problem.top_kw * over)


@given(problem=problems(), seed=st.integers(0, 2**32))
def test_a_gene_of_the_first_method_moves_one_ev_from_its_first_start_to_its_last(
    problem: ValleyFilling, seed: int
) -> None:
    if not problem.order.size:
        return
    search = ByEv(problem)
    first, last = search.begins(np.array([search.lower, search.upper]))
    assert (first == 0).all()
    assert (last == search.last).all()
    x = genes(search, seed)[0]
    one = x.copy()
    one[0] = 1.0 - one[0]
    begins = search.begins(np.array([x, one]))
    assert (begins[0, 1:] == begins[1, 1:]).all()


@given(
    weight=st.lists(st.floats(0, 1), min_size=1, max_size=12).map(np.array),
    total=st.integers(0, 60),
)
def test_counts_of_a_type_sum_to_its_evs_and_keep_to_the_weights(weight: NDArray[np.float64], total: int) -> None:
    counts = np.empty(weight.size, dtype=np.int64)
    apportion(weight, total, counts)
    assert counts.sum() == total
    share = total * (weight / weight.sum() if weight.sum() > 0 else np.full(weight.size, 1 / weight.size))
    assert (np.abs(counts - share) < 1 + 1e-9).all()


def test_starts_go_to_the_evs_that_must_start_first() -> None:
    # Two slots of need each; b leaves first, so it takes the first of the two starts although it came last.
    base = np.array([5.0, 5.0, 1.0, 1.0, 1.0, 1.0, 5.0, 5.0])
    fleet = make_fleet([(0, 8, 8, 4), (1, 5, 8, 4)])
    search = ByType(ValleyFilling.of(fleet, Horizon(slots=8), base, 100.0, whole=True))
    assert search.valley.tolist() == [2, 3, 4, 5]
    schedule = search.repaired(np.array([0.5, 0.0, 0.0, 0.5]))
    assert np.flatnonzero(dense(schedule, 2)[1]).tolist() == [2, 3]
    assert np.flatnonzero(dense(schedule, 2)[0]).tolist() == [5, 6]
    late = search.repaired(np.array([0.0, 0.0, 0.0, 1.0]))  # b may not start in slot 5: slot 3 is the nearest
    assert np.flatnonzero(dense(late, 2)[1]).tolist() == [3, 4]


def test_what_has_no_room_goes_to_the_strongest_pheromone_of_the_stay() -> None:
    base = np.array([0.0, 3.0, 2.0, 5.0])
    fleet = make_fleet([(0, 1, 4, 4), (0, 4, 8, 4)])
    whole = ValleyFilling.of(fleet, Horizon(slots=4), base, 7.0, whole=True)
    table = dense(ByEv(whole).repaired(np.zeros(2)), 2)
    assert table.tolist() == [[4, 0, 0, 0], [0, 4, 4, 0]], "the second asked for slots 0 and 1"
    exact = dataclasses.replace(whole, whole=False)
    assert dense(ByEv(exact).repaired(np.zeros(2)), 2).tolist() == [[4, 0, 0, 0], [3, 4, 1, 0]]


@pytest.mark.parametrize("method", METHODS)
@given(problem=problems(), seed=st.integers(0, 2**32))
def test_what_a_swarm_leaves_unserved_had_no_room(method: str, problem: ValleyFilling, seed: int) -> None:
    schedule = planned(method, problem, seed)
    assert unserved_had_no_room(problem, schedule)
    load = problem.base_kw + schedule.load_kw()
    assert (load <= problem.limit_kw + 1e-6)[schedule.load_kw() > 0].all()
    if problem.whole:
        _, _, power = schedule.entries()
        assert np.isin(power, problem.power_kw).all()


def planned(method: str, problem: ValleyFilling, seed: int = 1, **settings: str | int) -> Schedule:
    chosen = CoordinationSettings.model_validate({"method": method, **FEW, **settings})
    return COORDINATORS[method].plan(problem, chosen, np.random.default_rng(seed)).schedule


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_any_optimiser_takes_the_place_of_pso(method: str, optimizer: str, paper: ValleyFilling) -> None:
    first, more = (
        cost_kw2(paper, planned(method, paper, optimizer=optimizer, iterations=count, population=10))
        for count in (0, 30)
    )
    assert more < first, "it searches"


@pytest.mark.parametrize("method", METHODS)
def test_the_generator_decides_and_nothing_else(method: str, paper: ValleyFilling) -> None:
    one, again, other = (planned(method, paper, seed).power_kw.tobytes() for seed in (1, 1, 2))
    assert one == again != other


@pytest.mark.parametrize("method", METHODS)
def test_nobody_to_charge_is_no_fault(method: str) -> None:
    nobody = ValleyFilling.of(make_fleet([(0, 4, 0, 4)]), Horizon(slots=4), np.full(4, 10.0), 100.0)
    assert not planned(method, nobody).power_kw.any()
