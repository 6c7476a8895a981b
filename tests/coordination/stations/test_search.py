"""Any optimiser finds a slot's schedule, the same at every call, also where many candidates have no power flow."""

import numpy as np
import pytest

from coordination.stations.problem import Decision
from coordination.stations.search import find
from coordination.stations.settings import NONE, SCHEDULERS
from tests.support.small_stations import heavy, make_problem


@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("population", [5, 8])
def test_every_optimiser_finds_one_that_is_worth_what_it_says(name: str, population: int) -> None:
    problem = make_problem(4, scheduling={"optimizer": name, "population": population, "iterations": 3})
    one, again = (find(problem, np.random.default_rng(5)) for _ in range(2))
    assert one.fitness == pytest.approx(float(problem.value(problem.judge(one.decision))[0]))
    assert [column.tobytes() for column in one.decision] == [column.tobytes() for column in again.decision]
    assert not one.objectives.broken[0, [1, 3]].any()
    assert one.history.shape == ((0, 2) if name == NONE else (len(one.history), 2))


def test_nobody_schedules_as_it_was_before() -> None:
    problem = make_problem(4, scheduling={"optimizer": NONE})
    found = find(problem, np.random.default_rng(1))
    assert found.decision is problem.free
    assert found.objectives is problem.free_objectives


def test_a_search_among_diverging_candidates_ends_finite() -> None:
    problem = heavy(scheduling={"population": 40, "iterations": 4})
    x = np.random.default_rng(1).random((40, 228))
    x[:, 152:] **= np.linspace(0.3, 9, 40)[:, None]
    fitness = problem.evaluate(x)
    assert 0 < np.isinf(fitness).sum() < 40
    found = find(problem, np.random.default_rng(2))
    assert isinstance(found.decision, Decision)
    narrow = heavy(scheduling={"population": 40, "iterations": 4}, wanted_kwh=np.full(76, 240.0))
    assert np.isfinite(find(narrow, np.random.default_rng(2)).fitness)


def test_a_search_that_finds_no_power_flow_says_so() -> None:
    scheduling = {"population": 5, "iterations": 2}
    problem = heavy(scheduling=scheduling, base_kw=7.6e5)
    found = find(problem, np.random.default_rng(1))
    assert found.fitness == np.inf
    assert not found.objectives.feasible[0]
