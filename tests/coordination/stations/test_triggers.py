"""Rules of the triggers: what they keep, and within which limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coordination.stations.triggers import emergency_kw, passed_on, shifted, smoothing_kw
from environment.battery import Limits

SEEDS = st.integers(0, 2**32)
LEAST, MOST = 1200.0, 3000.0


@given(seed=SEEDS, k=st.integers(1, 8))
def test_smoothing_stays_within_what_storage_can_and_goes_towards_the_mean(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    forecast = rng.uniform(0, 2000, (k, 5))
    limits = Limits(rng.uniform(0, 300, 5), rng.uniform(0, 300, 5) * rng.integers(0, 2, 5))
    drawn = smoothing_kw(forecast, limits)
    assert (drawn <= limits.charge_kw).all()
    assert (drawn >= -limits.discharge_kw).all()
    gap = forecast.mean(axis=0) - forecast[0]
    assert (np.abs(gap - drawn) <= np.abs(gap)).all()
    assert (drawn * gap >= 0).all()
    if k == 1:
        assert not drawn.any()


def region(seed: int, n: int = 5) -> tuple[NDArray[np.float64], ...]:
    """Power granted and asked, spare storage, room of lines, and which of them carry what."""
    rng = np.random.default_rng(seed)
    granted, asked = rng.uniform(LEAST, MOST, n), rng.uniform(0, 4000, n)
    spare = rng.uniform(0, 400, n) * rng.integers(0, 2, n)
    room = np.append(rng.uniform(-200, 2500, 3), np.inf)
    above = rng.random((4, n)) < 0.5
    return granted, asked, spare, room, above


@given(seed=SEEDS)
def test_power_passed_on_is_kept_within_all_limits(seed: int) -> None:
    granted, asked, spare, room, above = region(seed)
    passed = passed_on(granted, asked, spare, least_kw=LEAST, most_kw=MOST, room_kw=room, above=above)
    after, given_kw = passed
    crowded = asked > granted
    assert after.sum() + given_kw.sum() == pytest.approx(granted.sum()), "what one gets another gave, or storage did"
    assert after.min() >= LEAST - 1e-9
    assert after.max() <= MOST + 1e-9
    assert (given_kw <= 0).all()
    assert (-given_kw <= spare + 1e-9).all()
    assert not given_kw[crowded].any(), "storage of stations that need no more"
    assert (after[crowded] >= granted[crowded]).all()
    assert (after[crowded] <= asked[crowded] + 1e-9).all()
    assert (after[~crowded] <= granted[~crowded] + 1e-9).all()
    assert (after[~crowded] >= asked[~crowded] - 1e-9).all(), "no slack station loses what it needs"
    more = np.minimum(asked, after) - np.minimum(asked, granted) + given_kw
    carried = above @ more
    assert (carried <= np.maximum(room, 0.0) + 1e-6).all()


@given(seed=SEEDS)
def test_nothing_is_passed_where_nobody_is_crowded_or_no_line_has_room(seed: int) -> None:
    granted, asked, spare, room, above = region(seed)
    limits = {"least_kw": LEAST, "most_kw": MOST, "above": above}
    calm = passed_on(granted, np.minimum(asked, granted), spare, room_kw=room, **limits)
    full = passed_on(granted, asked, spare, room_kw=np.zeros(4), **{**limits, "above": np.ones((4, 5), dtype=bool)})
    for passed in (calm, full):
        assert passed.capacity_kw.tolist() == granted.tolist()
        assert not passed.storage_kw.any()


@given(seed=SEEDS)
def test_power_passed_on_does_not_hang_on_the_order_of_stations(seed: int) -> None:
    granted, asked, spare, room, above = region(seed)
    order = np.random.default_rng(seed).permutation(5)
    limits = {"least_kw": LEAST, "most_kw": MOST, "room_kw": room}
    one = passed_on(granted, asked, spare, above=above, **limits)
    other = passed_on(granted[order], asked[order], spare[order], above=above[:, order], **limits)
    assert other.capacity_kw == pytest.approx(one.capacity_kw[order])
    assert other.storage_kw == pytest.approx(one.storage_kw[order], abs=1e-9)


@given(seed=SEEDS, n=st.integers(0, 30), places=st.sampled_from([2, 10, 36]))
def test_only_those_who_may_are_shifted_and_no_more_than_it_takes(seed: int, n: int, places: int) -> None:
    rng = np.random.default_rng(seed)
    need, may = rng.uniform(5, 60, n), rng.random(n) < 0.5
    out = shifted(need, may, places=places, crowded_kw=600.0, time_rated_h=0.42)

    def crowded(gone: NDArray[np.bool_]) -> bool:
        stay = need[~gone]
        return stay.size > places or bool(stay[:places].sum() / 0.42 > 600.0)

    assert not (out & ~may).any()
    if out.any():
        first = int(np.flatnonzero(out)[0])
        assert (out | ~may)[first:].all(), "those who came last go first"
        kept = out.copy()
        kept[first] = False
        assert crowded(kept), "without the last one shifted it is still crowded"
    assert not crowded(out) or not (may & ~out).any()


@given(seed=SEEDS, short=st.sampled_from([0.0, 1e-12, 50.0, 400.0, 5000.0]))
def test_an_emergency_takes_no_more_than_storage_can_give(seed: int, short: float) -> None:
    rng = np.random.default_rng(seed)
    spare, under = rng.uniform(0, 200, 6) * rng.integers(0, 2, 6), rng.random(6) < 0.3
    given_kw = emergency_kw(short, spare, under)
    assert (given_kw >= 0).all()
    assert (given_kw <= spare + 1e-9).all()
    assert (given_kw[under] == spare[under]).all()
    total = max(min(short, float(spare.sum())), float(spare[under].sum()))
    assert given_kw.sum() == pytest.approx(total, abs=1e-8)
    if short <= 1e-9 and not under.any():
        assert not given_kw.any()
