"""Budgets are exact, the first rule that is met is named, and bad arguments are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.base import State
from coordination.optimizers.cso import CSO
from coordination.optimizers.functions import FunctionProblem
from coordination.optimizers.geo import GEO
from coordination.optimizers.minimize import minimize
from coordination.optimizers.pso import PSO

SPHERE = FUNCTIONS["F1"].problem(4)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


@given(name=st.sampled_from(sorted(OPTIMIZERS)), budget=st.integers(1, 200), population=st.integers(5, 40))
def test_the_budget_in_evaluations_is_exact(name: str, budget: int, population: int) -> None:
    cls = OPTIMIZERS[name]
    result = minimize(SPHERE, cls(cls.params_class(population=population)), max_evaluations=budget, rng=rng())
    assert result.nfev == budget == result.history[-1, 0]
    assert result.message == f"budget of {budget} evaluations used"
    assert result.fun == SPHERE.evaluate(result.x[None])[0] == result.history[-1, 1]


@pytest.mark.parametrize(
    ("name", "each"), [("pso", 30), ("cso", 15), ("acso", 15 + 7 + 7), ("geo", 30), ("ga", 30), ("de", 30)]
)
def test_iterations_take_the_evaluations_that_they_should(name: str, each: int) -> None:
    result = minimize(SPHERE, OPTIMIZERS[name](), max_iterations=10, rng=rng())
    assert result.nit == 10
    assert result.nfev == 30 + 10 * each
    assert result.message == "budget of 10 iterations used"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_search_stops_at_its_target(name: str) -> None:
    result = minimize(SPHERE, OPTIMIZERS[name](), max_evaluations=100_000, target=3000.0, rng=rng())
    assert result.success
    assert result.fun <= 3000.0
    assert result.message == "target 3000 reached"
    assert (result.history[:-1, 1] > 3000.0).all()


def test_a_target_is_reached_when_it_is_met_exactly() -> None:
    step = FUNCTIONS["F6"].problem(4)
    whole = minimize(step, PSO(), max_evaluations=3000, rng=rng())
    aim = whole.history[5, 1]
    found = minimize(step, PSO(), max_evaluations=3000, target=aim, rng=rng())
    assert found.fun == aim
    assert found.message == f"target {aim:g} reached"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_budget_is_used_on_a_plateau_too(name: str) -> None:
    flat = FunctionProblem(FUNCTIONS["F6"], np.array([1000.0]))  # the same everywhere but for a few steps
    result = minimize(flat, OPTIMIZERS[name](), max_evaluations=6000, rng=rng())
    assert result.nfev == 6000


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_a_problem_raises_comes_out_as_it_is(name: str) -> None:
    class Broken(FunctionProblem):
        def evaluate(self, x: np.ndarray) -> np.ndarray:  # noqa: ARG002
            raise LookupError("no such load")

    with pytest.raises(LookupError, match="no such load"):
        minimize(Broken(FUNCTIONS["F1"], np.zeros(2)), OPTIMIZERS[name](), max_iterations=1, rng=rng())


def test_scipys_evolution_takes_its_settings() -> None:
    kind = OPTIMIZERS["de"]
    courses = [
        minimize(SPHERE, kind(kind.params_class(recombination=part)), max_iterations=20, rng=rng())
        .history[:, 1]
        .tolist()
        for part in (0.0, 1.0)
    ]
    assert courses[0] != courses[1]


def test_a_missed_target_is_no_success() -> None:
    result = minimize(SPHERE, PSO(), max_evaluations=60, target=0.0, rng=rng())
    assert not result.success
    assert result.message == "budget of 60 evaluations used"


def test_patience_ends_a_search_that_finds_nothing_better() -> None:
    flat = FunctionProblem(FUNCTIONS["F6"], np.full(3, 1e-9))  # the step is flat around its optimum
    result = minimize(flat, PSO(), max_evaluations=10**6, patience=7, rng=rng())
    assert result.message == "no better fitness in 7 populations"
    assert (result.history[-8:, 1] == result.fun).all()
    assert result.history[-9, 1] > result.fun


def test_the_callback_sees_every_population_and_can_stop() -> None:
    seen = []

    def look(state: State) -> bool:
        seen.append((state.evaluations, state.best_fitness))
        return len(seen) == 4

    result = minimize(SPHERE, CSO(), max_evaluations=1000, callback=look, rng=rng())
    assert result.message == "stopped by the callback"
    assert seen == [tuple(row) for row in result.history.tolist()]


@pytest.mark.parametrize(
    "budget", [{"max_evaluations": 400}, {"max_iterations": 12}, {"max_evaluations": 400, "max_iterations": 50}]
)
@pytest.mark.parametrize("name", ["pso", "cso", "acso", "de"])
def test_progress_rises_from_zero_to_one(name: str, budget: dict[str, int]) -> None:
    told: list[float] = []
    minimize(SPHERE, OPTIMIZERS[name](), **budget, progress=told.append, rng=rng())
    assert told[0] == 0
    assert told[-1] == 1
    assert (np.diff(told) >= 0).all()


@pytest.mark.parametrize("budget", [{"max_iterations": 20}, {"max_evaluations": 30 + 20 * 30}])
def test_coefficients_go_from_their_first_to_their_last_value(budget: dict[str, int]) -> None:
    seen = []

    class Watched(GEO):
        def propensities(self, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            seen.append(super().propensities(state))
            return seen[-1]

    minimize(SPHERE, Watched(), **budget, rng=rng())
    np.testing.assert_allclose(seen, np.transpose([np.linspace(0.5, 2, 20), np.linspace(1, 0.5, 20)]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "no budget; expected max_evaluations or max_iterations"),
        ({"max_evaluations": 0}, "max_evaluations = 0; expected at least 1"),
        ({"max_iterations": -1}, "max_iterations = -1; expected at least 0"),
        ({"max_iterations": 5, "patience": 0}, "patience = 0; expected at least 1"),
    ],
)
def test_bad_budgets_are_refused(arguments: dict[str, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        minimize(SPHERE, PSO(), **arguments, rng=rng())


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        ([0.0, 3.0], [1.0, 2.0], "dimension 1 are 3 and 2"),
        ([0.0], [np.inf], "dimension 0 are 0 and inf"),
        ([0.0], [1.0, 2.0], "shapes"),
        ([], [], "d > 0"),
    ],
)
def test_bad_boxes_are_refused(lower: list[float], upper: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        PSO().start(np.array(lower), np.array(upper), rng())


def test_a_fitness_of_the_wrong_shape_is_refused() -> None:
    class Column(FunctionProblem):
        def evaluate(self, x: np.ndarray) -> np.ndarray:
            return super().evaluate(x)[:, None]

    with pytest.raises(ValueError, match=r"fitness of shape \(30, 1\) for 30 points; expected \(30,\)"):
        minimize(Column(FUNCTIONS["F1"], np.zeros(2)), PSO(), max_iterations=1, rng=rng())


def test_points_that_were_repaired_are_learnt_from_as_they_are() -> None:
    optimizer = PSO()
    state = optimizer.start(SPHERE.lower, SPHERE.upper, rng())
    for _ in range(3):
        repaired = np.round(optimizer.ask(state))
        optimizer.tell(state, repaired, SPHERE.evaluate(repaired))
    assert (state.memory == np.round(state.memory)).all()
    assert (state.best_x == np.round(state.best_x)).all()
    np.testing.assert_array_equal(state.x, repaired)


def test_a_dimension_without_width_stays_where_it_is() -> None:
    class Slice(FunctionProblem):
        @property
        def upper(self) -> np.ndarray:
            return np.array([100.0, -100.0])

    for cls in OPTIMIZERS.values():
        found = minimize(Slice(FUNCTIONS["F1"], np.zeros(2)), cls(), max_evaluations=300, rng=rng())
        assert found.x[1] == -100.0
