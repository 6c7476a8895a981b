"""The test functions against their printed sums, point by point."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.optimizers import FUNCTIONS


def printed(name: str, x: list[float]) -> float:
    """The sums as the set prints them."""
    d = len(x)
    return {
        "F1": lambda: sum(v**2 for v in x),
        "F2": lambda: sum(abs(v) for v in x) + np.prod([abs(v) for v in x]),
        "F3": lambda: sum(sum(x[: i + 1]) ** 2 for i in range(d)),
        "F4": lambda: max(abs(v) for v in x),
        "F5": lambda: sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (x[i] - 1) ** 2 for i in range(d - 1)),
        "F6": lambda: sum(np.floor(v + 0.5) ** 2 for v in x),
        "F6-smooth": lambda: sum((v + 0.5) ** 2 for v in x),
    }[name]()


@pytest.mark.parametrize("name", FUNCTIONS)
@given(points=st.lists(st.lists(st.floats(-10, 10), min_size=3, max_size=3), min_size=1, max_size=4))
def test_a_population_has_the_printed_fitness(name: str, points: list[list[float]]) -> None:
    found = FUNCTIONS[name].problem(3).evaluate(np.array(points))
    np.testing.assert_allclose(found, [printed(name, point) for point in points], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("shifted", [False, True])
def test_the_minimum_is_zero_and_where_it_is_said_to_be(name: str, shifted: bool) -> None:
    problem = FUNCTIONS[name].problem(30, np.random.default_rng(2) if shifted else None)
    assert problem.evaluate(problem.optimum[None])[0] == pytest.approx(0, abs=1e-12)
    assert ((problem.optimum >= problem.lower) & (problem.optimum <= problem.upper)).all()
    near = problem.optimum + np.random.default_rng(3).normal(scale=0.7, size=(200, 30))
    assert (problem.evaluate(near) > 0).all()
    if shifted:
        assert np.abs(problem.optimum).min() > 0
        assert np.abs(problem.optimum).mean() > 0.2 * FUNCTIONS[name].limit


def test_what_is_shifted_is_the_same_function_elsewhere() -> None:
    for function in FUNCTIONS.values():
        plain, shifted = function.problem(8), function.problem(8, np.random.default_rng(4))
        x = np.random.default_rng(5).uniform(-5, 5, (6, 8))
        np.testing.assert_allclose(shifted.evaluate(x + shifted.shift), plain.evaluate(x), rtol=1e-9, atol=1e-9)
