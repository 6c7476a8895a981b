import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.horizon import Horizon
from environment.pheromone_board import BoardRecord, PheromoneBoard, pheromone
from tests.support.laws import examples


def board(batch_size: int = 1, limit: float = 20.0) -> PheromoneBoard:
    return PheromoneBoard(np.array([10.0, 6.0, 4.0, 8.0]), limit, batch_size)


def test_pheromone_is_the_share_of_headroom() -> None:
    np.testing.assert_allclose(pheromone(np.array([10.0, 6.0, 20.0, 25.0]), 20.0), [10 / 24, 14 / 24, 0, 0])
    assert pheromone(np.array([30.0, 30.0]), 20.0).tolist() == [0, 0]


def test_where_limits_vary_pheromone_goes_by_the_load_and_a_slots_own_limit_closes_it() -> None:
    load, limit = np.array([10.0, 6.0, 4.0, -5.0]), np.array([20.0, 7.0, 4.0, 0.0])
    np.testing.assert_allclose(pheromone(load, limit), [10 / 49, 14 / 49, 0, 25 / 49])
    both = pheromone(np.array([load, load]), np.array([limit, np.full(4, 20.0)]))
    np.testing.assert_allclose(both, [pheromone(load, limit), pheromone(load, 20.0)])


def test_each_slot_is_held_to_its_own_limit() -> None:
    board = PheromoneBoard(np.array([10.0, 6.0, 4.0, 8.0]), np.array([20.0, 7.0, 9.0, 5.0]), 1)
    assert not board.deposit(0, np.array([10.0, 2.0]))
    assert not board.deposit(2, np.array([0.0, 0.5]))
    assert board.deposit(0, np.array([10.0, 1.0, 5.0]))
    assert board.exchange(3, np.array([-1.0])), "what is above its limit may fall"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(1, 100))
def test_pheromone_sums_to_one_and_falls_with_load(loads: list[float], limit: float) -> None:
    load = np.array(loads)
    tau = pheromone(load, limit)
    assert tau.sum() == pytest.approx(1.0) or (load >= limit).all()
    order = np.argsort(load)
    assert (np.diff(tau[order]) <= 1e-12).all()


def test_a_version_is_due_after_each_batch_and_ants_read_what_was_published() -> None:
    b = board(batch_size=2)
    one = np.array([1.0])
    assert b.deposit(0, one)
    assert not b.due
    assert b.deposit(0, one)
    assert b.due
    assert b.copies_kw[0, 0] == 10
    b.publish()
    assert (b.version, b.due) == (1, False)
    assert b.deposit(0, one)
    assert b.copies_kw[0, 0] == 12


def test_a_deposit_that_does_not_fit_is_refused_whole() -> None:
    b = board()
    assert not b.deposit(0, np.array([5.0, 15.0]))
    assert b.promised_kw.tolist() == [0, 0, 0, 0]
    assert b.deposit(0, np.array([10.0, 14.0]))
    assert b.promised_kw.tolist() == [10, 14, 0, 0]


def test_withdrawal_gives_back_what_was_promised() -> None:
    b = board()
    b.deposit(1, np.array([3.0, 2.0]))
    assert b.exchange(1, np.array([-3.0, -2.0]))
    assert b.promised_kw.tolist() == [0, 0, 0, 0]


def test_the_actual_load_replaces_the_forecast_once() -> None:
    b = board()
    assert b.reveal(2, 7.0) == 3.0
    assert b.reveal(2, 7.0) == 0.0
    assert b.load_kw[2] == 7.0
    assert b.promised_kw[2] == 0.0


@examples(2)
@given(st.integers(1, 200), st.sampled_from([15, 60, 90, 480, 1440, 2000]), st.integers(0, 2**32))
def test_a_record_has_the_day_that_follows_and_all_of_a_day(slots: int, slot_min: int, seed: int) -> None:
    horizon = Horizon(slots=slots, slot_min=slot_min)
    a_day = -(-1440 // slot_min)
    boards_kw = np.random.default_rng(seed).random((2, slots + 1, slots))
    record = BoardRecord.empty(2, horizon)
    for k in range(2):
        for boundary in range(slots + 1):
            record.enter(k, boundary, boards_kw[k, boundary])
    for boundary in range(slots + 1):
        np.testing.assert_array_equal(record.load_kw[:, boundary], boards_kw[:, boundary, record.slot[boundary]])
        assert {*range(boundary, min(boundary + a_day, slots))} <= {*record.slot[boundary].tolist()}
    assert record.load_kw.size <= 2 * (slots + 1) * a_day
    if slots <= a_day:
        np.testing.assert_array_equal(record.load_kw, boards_kw)
    parts = [BoardRecord(record.first_slot, record.load_kw[k : k + 1]) for k in range(2)]
    np.testing.assert_array_equal(BoardRecord.joined(parts).load_kw, record.load_kw)
