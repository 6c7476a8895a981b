import numpy as np
import pytest

from runs.metrics import load_metrics
from runs.scenario import Scenario
from runs.simulate import simulate


def test_load_metrics_of_two_transformers_by_hand() -> None:
    load = np.array([[1.0, 2.0, 3.0], [5.0, 3.0, 1.0]])  # sums 6, 5, 4
    metrics = load_metrics(load, limit_kw=2.5)
    assert metrics == {
        "peak_kw": 6.0,
        "valley_kw": 4.0,
        "peak_valley_difference_kw": 2.0,
        "peak_valley_rate": pytest.approx(1 / 3),
        "load_std_kw": pytest.approx(np.sqrt(2 / 3)),
        "load_sum_of_squares_kw2": 49.0,
        "overload_slots": 3,
    }


def test_the_gap_is_1_for_free_charging_and_0_for_the_optimum() -> None:
    case = Scenario().update(coordination={"energy": "whole_slots"})
    free, ants, optimal = (
        simulate(case.update(coordination={"method": m})).summary for m in ("free", "ants", "optimal")
    )
    assert free["optimality_gap"] == pytest.approx(1.0)
    assert optimal["optimality_gap"] == 0.0
    assert 0 < ants["optimality_gap"] < 0.02
    assert (free["certified"], ants["certified"], optimal["certified"]) == (False, False, True)
    assert {s["optimum_kind"] for s in (free, ants, optimal)} == {"exact"}
    squares = [s["load_sum_of_squares_kw2"] for s in (free, ants, optimal)]
    assert ants["optimality_gap"] == pytest.approx((squares[1] - squares[2]) / (squares[0] - squares[2]))


def test_the_gap_can_be_switched_off() -> None:
    assert "optimality_gap" not in simulate(Scenario().update(run={"optimum": False})).summary


def test_exact_energy_has_a_bracket() -> None:
    summary = simulate(Scenario()).summary
    assert summary["optimum_kind"] == "bound"
    assert summary["optimum_bound_kw2"] <= summary["optimum_kw2"] <= summary["cost_kw2"]
    assert summary["optimum_kw2"] - summary["optimum_bound_kw2"] < 1e-6 * summary["optimum_kw2"]
