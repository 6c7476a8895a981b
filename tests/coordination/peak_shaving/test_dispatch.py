"""Slot after slot: groups are kept up, permuting EVs permutes all, and the record says what happened."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.peak_shaving.dispatch import Dispatcher, Track
from coordination.peak_shaving.power_sharing import TACTICS, GroupingSettings
from environment.battery import Batteries, Limits
from tests.support.laws import examples


def run(tactic: str, seed: int, order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Track, Batteries]:
    """A day of 96 slots in which EVs come and go and a signal swings."""
    rng = np.random.default_rng(seed)
    n = order.size
    soc, capacity, power = rng.uniform(0.2, 0.8, n), rng.choice([20.0, 35.0, 60.0], n), rng.choice([3.7, 7.5], n)
    there = rng.random((96, n)) < np.where(rng.random((96, 1)) < 0.1, 0.0, 0.6)
    signal = n * 6.0 * np.sin(np.arange(96) / 96 * 4 * np.pi)
    batteries = Batteries.of(soc[order], capacity[order], power[order], np.full(n, 0.9))
    dispatcher = Dispatcher(GroupingSettings(tactic=tactic))
    track = Track.empty(96, TACTICS[tactic].groups, n)
    for t in range(96):
        rows = np.flatnonzero(there[t, order])
        before = batteries.soc[rows]
        asked = dispatcher.dispatch(signal[t], before, batteries.power_kw[rows], batteries.limits(rows, 0.25))
        moved = batteries.draw(rows, asked.power_kw, np.full(rows.size, 0.25))
        track.enter(t, signal[t], asked, rows, moved / 0.25, before, batteries.soc[rows])
    return track, batteries


@pytest.mark.parametrize(
    "tactic", ["tactic_1", "tactic_2", "proposed"]
)  # equal numbers take EVs that tie in their order
@given(seed=st.integers(0, 2**32))
@examples(1 / 6)
def test_permuting_evs_permutes_the_day(tactic: str, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(20)
    (one, batteries), (two, moved) = (run(tactic, seed, rows) for rows in (np.arange(20), order))
    np.testing.assert_allclose(moved.soc, batteries.soc[order], atol=1e-9)
    np.testing.assert_allclose(two.response_kw, one.response_kw, atol=1e-9)
    np.testing.assert_allclose(two.group_kw, one.group_kw, atol=1e-9)
    np.testing.assert_allclose(two.vehicle_kw, one.vehicle_kw[:, order], atol=1e-9)
    np.testing.assert_allclose(two.soc_std_after, one.soc_std_after, atol=1e-9)


@pytest.mark.parametrize("tactic", sorted(TACTICS))
def test_the_record_adds_up(tactic: str) -> None:
    track, batteries = run(tactic, 3, np.arange(40))
    np.testing.assert_allclose(track.group_response_kw.sum(axis=1), track.response_kw, atol=1e-9)
    np.testing.assert_allclose(track.vehicle_kw.sum(axis=1), track.response_kw, atol=1e-9)
    assert (track.group_vehicles.sum(axis=1) == track.present).all()
    assert (track.present == 0).any(), "there were slots with nobody"
    assert not track.response_kw[track.present == 0].any()
    assert np.isnan(track.soc_mean[track.group_vehicles == 0]).all()
    assert not np.isnan(track.soc_mean[track.group_vehicles > 0]).any()
    assert (track.response_kw.sum() * 0.25) == pytest.approx((batteries.charged_kwh - batteries.discharged_kwh).sum())
    np.testing.assert_allclose(track.response_kw, track.group_kw.sum(axis=1), atol=1e-9)
    if tactic == "proposed":
        assert (np.diff(track.soc_mean[(track.group_vehicles > 0).all(axis=1)], axis=1) > 0).all()


@pytest.mark.parametrize("tactic", sorted(TACTICS))
def test_a_slot_with_nobody_before_any_other(tactic: str) -> None:
    dispatcher = Dispatcher(GroupingSettings(tactic=tactic))
    none = np.empty(0)
    for signal in (5.0, -5.0, 0.0):
        asked = dispatcher.dispatch(signal, none, none, Limits(none, none))
        assert asked.power_kw.size == 0
        assert not asked.group_kw.any()
    one = np.array([0.5])
    asked = dispatcher.dispatch(5.0, one, np.array([7.5]), Limits(np.array([7.5]), np.array([7.5])))
    assert asked.power_kw.tolist() == [5.0]


def test_groups_come_back_after_few_were_there() -> None:
    dispatcher = Dispatcher(GroupingSettings())
    few, many = np.array([0.3, 0.31]), np.linspace(0.2, 0.8, 30)
    for soc in (few, np.full(4, 0.3), many):
        limits = Limits(np.full(soc.size, 7.5), np.full(soc.size, 7.5))
        asked = dispatcher.dispatch(1.0, soc, limits.charge_kw, limits)
    assert np.bincount(asked.labels, minlength=3).min() >= 8
