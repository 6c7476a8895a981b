"""The second algorithm: what must hold when the load strays from its forecast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.valley_filling import ants
from coordination.valley_filling.adjustment import adjust
from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.horizon import Horizon
from environment.pheromone_board import PheromoneBoard
from tests.support.worlds import make_fleet, problems


def planned(problem: ValleyFilling) -> tuple[PheromoneBoard, Schedule]:
    board = PheromoneBoard(problem.base_kw, problem.limit_kw, 1)
    schedule = Schedule(problem)
    ants.forage(problem, board, schedule)
    return board, schedule


@given(problem=problems(), seed=st.integers(0, 2**32), spread=st.sampled_from([0.05, 0.5]))
def test_a_whole_day_of_adjustment_keeps_every_law(problem: ValleyFilling, seed: int, spread: float) -> None:
    board, schedule = planned(problem)
    before = schedule.power_sum_kw()
    actual = np.maximum(
        problem.base_kw * (1 + spread * np.random.default_rng(seed).standard_normal(problem.n_slots)), 0
    )
    for now in range(problem.n_slots):
        here = problem.order[(problem.first_slot <= now)[problem.order] & (problem.stop_slot > now)[problem.order]]
        past = [schedule.of(int(i))[: now - problem.first_slot[i]].copy() for i in here]
        load = schedule.load_kw()[now]
        adjust(problem, board, schedule, here, now, float(actual[now]))
        for i, done in zip(here, past, strict=True):
            assert (schedule.of(int(i))[: now - problem.first_slot[i]] == done).all(), "the past does not change"
        moved = schedule.load_kw()[now] - load
        deviation = actual[now] - problem.base_kw[now]
        over = actual[now] + load > problem.limit_kw[now] + 1e-6
        assert moved * deviation <= 1e-9 or over, "EVs never move with the deviation"
        if not over:
            slack = problem.power_kw.max() / 2 if problem.whole else 0.0
            assert abs(moved) <= abs(deviation) + slack + 1e-6, "EVs never make up for more than there is"
    ev = schedule.load_kw()
    np.testing.assert_allclose(board.promised_kw, ev, atol=1e-7)
    assert (actual + ev <= problem.limit_kw + 1e-5)[ev > 1e-9].all()
    assert (schedule.power_kw >= -1e-12).all()
    needed = problem.need_kwh / problem.slot_h
    assert (schedule.power_sum_kw() <= np.maximum(before, needed) + 1e-7).all(), "energy is moved, cut or made good"


def one_ev(
    base: list[float], limit: float = 100.0, *, whole: bool = False
) -> tuple[ValleyFilling, PheromoneBoard, Schedule]:
    problem = ValleyFilling.of(make_fleet([(0, 6, 8, 4)]), Horizon(slots=6), np.array(base), limit, whole=whole)
    return (problem, *planned(problem))


def test_more_load_than_forecast_pushes_charging_later() -> None:
    problem, board, schedule = one_ev([10, 11, 20, 20, 15, 20])
    assert schedule.load_kw().tolist() == [4, 4, 0, 0, 0, 0]
    adjust(problem, board, schedule, problem.order, 0, 13.0)
    assert schedule.load_kw().tolist() == [1, 4, 0, 0, 3, 0]


def test_less_load_than_forecast_pulls_charging_in_from_the_least_attractive_slot() -> None:
    problem, board, schedule = one_ev([20, 20, 10, 12, 20, 20])
    assert schedule.load_kw().tolist() == [0, 0, 4, 4, 0, 0]
    adjust(problem, board, schedule, problem.order, 0, 17.0)
    assert schedule.load_kw().tolist() == [3, 0, 4, 1, 0, 0]


@pytest.mark.parametrize(("actual", "expected"), [(11.9, 4.0), (12.1, 0.0)])
def test_whole_slots_move_only_for_half_a_slot_or_more(actual: float, expected: float) -> None:
    problem, board, schedule = one_ev([10, 11, 20, 20, 15, 20], whole=True)
    adjust(problem, board, schedule, problem.order, 0, actual)
    assert schedule.load_kw()[0] == expected
    assert schedule.load_kw().sum() == 8.0


def test_the_limit_cuts_what_nobody_can_move() -> None:
    problem, board, schedule = one_ev([10, 10, 96, 96, 96, 100], limit=100.0)
    assert schedule.load_kw().tolist() == [4, 4, 0, 0, 0, 0]
    for slot, actual in enumerate([98.0, 99.0]):
        adjust(problem, board, schedule, problem.order, slot, actual)
    assert schedule.load_kw().tolist() == [0, 0, 4, 4, 0, 0]
    full, board, schedule = one_ev([10, 10, 100, 100, 100, 100], limit=100.0)
    adjust(full, board, schedule, full.order, 0, 98.0)
    assert schedule.load_kw().tolist() == [2, 4, 0, 0, 0, 0], "two of four kW had nowhere to go and are cut"


def two_evs(base: list[float], limit: float) -> tuple[ValleyFilling, PheromoneBoard, Schedule]:
    """Two EVs, the first before the second in plug-in order; both charge 4 kW in slots 0 and 1 of six."""
    problem = ValleyFilling.of(make_fleet([(0, 6, 8, 4)] * 2), Horizon(slots=6), np.array(base), limit)
    assert problem.order.tolist() == [0, 1]
    return (problem, *planned(problem))


def test_the_ev_that_plugged_in_first_answers_first() -> None:
    problem, board, schedule = two_evs([10, 10, 40, 40, 40, 40], 100.0)
    adjust(problem, board, schedule, problem.order, 0, 14.0)
    assert schedule.of(0)[0] == 0.0, "it makes up for all of it"
    assert schedule.of(1)[0] == 4.0


def test_the_ev_that_plugged_in_last_is_cut_first() -> None:
    problem, board, schedule = two_evs([10, 10, 100, 100, 100, 100], 100.0)
    moves, _, cuts = adjust(problem, board, schedule, problem.order, 0, 96.0)
    assert (moves, cuts) == (0, 1)
    assert schedule.of(0)[0] == 4.0
    assert schedule.of(1)[0] == 0.0


def test_the_copy_is_refreshed_once_a_load_is_known() -> None:
    problem, board, schedule = one_ev([10, 11, 20, 20, 15, 20])
    board.batch_size = 50
    adjust(problem, board, schedule, problem.order, 0, 13.0)
    np.testing.assert_array_equal(board.copies_kw[0], board.load_kw)
    assert board.copies_kw[0, 0] == 14.0


def test_an_ev_that_lacks_energy_takes_it_where_the_load_leaves_room() -> None:
    problem, board, schedule = one_ev([100, 100, 100, 100, 100, 100], limit=100.0)
    assert schedule.load_kw().sum() == 0.0
    for slot in range(6):
        adjust(problem, board, schedule, problem.order, slot, 20.0)
    assert schedule.load_kw().tolist() == [4, 4, 0, 0, 0, 0]


def test_a_slot_that_comes_as_forecast_changes_nothing() -> None:
    problem, board, schedule = one_ev([10, 11, 20, 20, 15, 20])
    assert adjust(problem, board, schedule, problem.order, 0, 10.0) == (0, 0, 0)
