"""From the signal to each EV: Table 1's six cases, the two principles of the lower layer, and what sharing does to the spread."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coordination.peak_shaving.grouping import first_centroids
from coordination.peak_shaving.power_sharing import TACTICS, GroupingSettings, balance, cascade, group, share
from environment.battery import Batteries, Limits

SEEDS = st.integers(0, 2**32)
NAMES = sorted(TACTICS)


def table_1(p: float, c: list[float], d: list[float]) -> tuple[float, float, float]:
    """The paper's Table 1, case by case: PCG, RG, PDG."""
    if p == 0:
        return 0.0, 0.0, 0.0
    if 0 < p <= c[0]:
        return p, 0.0, 0.0
    if c[0] < p <= c[0] + c[1]:
        return c[0], p - c[0], 0.0
    if c[0] + c[1] < p:
        return c[0], c[1], min(p - c[0] - c[1], c[2])
    if -d[2] <= p < 0:
        return 0.0, 0.0, p
    if -(d[2] + d[1]) <= p < -d[2]:
        return 0.0, p + d[2], -d[2]
    return max(p + d[2] + d[1], -d[0]), -d[1], -d[2]


KW = st.one_of(st.just(0.0), st.floats(0.01, 1000))


@given(p=st.floats(-4000, 4000), c=st.lists(KW, min_size=3, max_size=3), d=st.lists(KW, min_size=3, max_size=3))
def test_groups_share_as_in_table_1(p: float, c: list[float], d: list[float]) -> None:
    found = cascade(p, Limits(np.array(c), np.array(d)))
    np.testing.assert_allclose(found, table_1(p, c, d), atol=1e-9)


@pytest.mark.parametrize("p", [-31, -30, -29, -21, -20, -19, -11, -10, -9, 0, 9, 10, 11, 19, 20, 21, 29, 30, 31])
def test_groups_share_as_in_table_1_at_its_borders(p: float) -> None:
    found = cascade(float(p), Limits(np.full(3, 10.0), np.full(3, 10.0)))
    assert found.tolist() == pytest.approx(table_1(float(p), [10.0] * 3, [10.0] * 3))


class Case:
    """A fleet in one slot."""

    def __init__(self, seed: int, n: int = 12, power: list[float] | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.batteries = Batteries.of(
            rng.uniform(0.2, 0.8, n), rng.choice([20.0, 35.0, 60.0], n), rng.choice(power or [3.7, 7.5, 11.0], n), np.full(n, 0.9)
        )  # fmt: skip
        self.limits = self.batteries.limits(np.arange(n), 0.25)

    def share(
        self, signal_kw: float, tactic: str, **settings: object
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        chosen = GroupingSettings(tactic=tactic, **settings)  # type: ignore[arg-type]
        soc, rated = self.batteries.soc, self.batteries.power_kw
        self.labels = group(soc, TACTICS[tactic], first_centroids(soc, TACTICS[tactic].groups))
        return share(signal_kw, soc, rated, self.limits, self.labels, chosen)


@pytest.mark.parametrize("tactic", NAMES)
@given(
    seed=SEEDS, part=st.floats(-1.5, 1.5), n=st.sampled_from([0, 1, 2, 3, 40]), k=st.sampled_from([0.0, 10.0, 1000.0]),
    centre=st.sampled_from([0.0, 0.5, 1.0]),
)  # fmt: skip
def test_shares_sum_to_the_signal_within_the_limits(
    tactic: str, seed: int, part: float, n: int, k: float, centre: float
) -> None:
    case = Case(seed, n)
    signal = part * 7.5 * n
    power, groups = case.share(signal, tactic, steepness=k, centre=centre)
    able = min(signal, case.limits.charge_kw.sum()) if signal >= 0 else max(signal, -case.limits.discharge_kw.sum())
    assert groups.sum() == pytest.approx(able, abs=1e-9)
    np.testing.assert_allclose(np.bincount(case.labels, power, groups.size), groups, atol=1e-9)
    assert (power <= case.limits.charge_kw).all()
    assert (power >= -case.limits.discharge_kw).all()
    assert (power * signal >= 0).all(), "no EV gives while another takes"


@given(seed=SEEDS, part=st.floats(-1.0, 1.0))
def test_tactic_1_is_an_equal_split(seed: int, part: float) -> None:
    case = Case(seed)
    signal = part * 7.5 * 12
    most = case.limits.charge_kw if signal >= 0 else case.limits.discharge_kw
    once, _ = case.share(signal, "tactic_1", share_anew=False)
    assert abs(signal) >= most.sum() or once == pytest.approx(np.sign(signal) * np.minimum(abs(signal) / 12, most))
    anew, _ = case.share(signal, "tactic_1")
    below = np.abs(anew) < most - 1e-9
    level = np.abs(anew)[below]
    assert not level.size or np.ptp(level) < 1e-9, "who is not at its limit has the same as all others"
    assert not level.size or (np.abs(anew)[~below] <= level[0] + 1e-9).all()


def test_tactic_1_by_hand() -> None:
    soc, rated = np.array([0.3, 0.5, 0.7]), np.full(3, 7.5)
    limits, labels = Limits(np.array([7.5, 7.5, 1.0]), np.full(3, 7.5)), np.zeros(3, np.int8)
    anew, _ = share(9.0, soc, rated, limits, labels, GroupingSettings(tactic="tactic_1"))
    assert anew.tolist() == [4.0, 4.0, 1.0]
    once, _ = share(9.0, soc, rated, limits, labels, GroupingSettings(tactic="tactic_1", share_anew=False))
    assert once.tolist() == [3.0, 3.0, 1.0]
    back, _ = share(-9.0, soc, rated, limits, labels, GroupingSettings(tactic="tactic_1"))
    assert back.tolist() == [-3.0, -3.0, -3.0]


@pytest.mark.parametrize("signal", [4.0, -4.0])
def test_equations_13_and_14_by_hand(signal: float) -> None:
    soc, rated = np.array([0.4, 0.55, 0.6]), np.array([3.7, 7.5, 11.0])
    limits = Limits(np.full(3, 100.0), np.full(3, 100.0))
    found, _ = share(signal, soc, rated, limits, np.zeros(3, np.int8), GroupingSettings(tactic="tactic_2"))
    sign = 1 if signal > 0 else -1
    f = 1 / (1 + np.exp(sign * 10 * (soc - 0.5)))
    assert found == pytest.approx(signal * rated * f / (rated * f).sum())


@given(soc=st.floats(0, 1), k=st.floats(0, 1000), centre=st.floats(0, 1))
def test_the_functions_are_complements_and_never_vanish(soc: float, k: float, centre: float) -> None:
    up, down = (balance(soc, k, centre, charging) for charging in (True, False))
    assert up + down == pytest.approx(1.0)
    assert 0 < up <= 1
    assert 0 < down <= 1


@pytest.mark.parametrize("charging", [True, False])
def test_the_steepest_function_serves_the_neediest_first(charging: bool) -> None:
    soc = np.array([0.05, 0.5, 0.95])
    limits = Limits(np.full(3, 7.0), np.full(3, 7.0))
    settings = GroupingSettings(tactic="tactic_2", steepness=1000.0, centre=0.5)
    power, _ = share(10.0 if charging else -10.0, soc, np.full(3, 7.5), limits, np.zeros(3, np.int8), settings)
    expected = [20 / 3, 10 / 3, 0.0] if charging else [0.0, -10 / 3, -20 / 3]  # at the centre the function is a half
    assert power.tolist() == pytest.approx(expected, abs=1e-6)
    far = GroupingSettings(tactic="tactic_2", steepness=1000.0, centre=0.0 if charging else 1.0)
    most, _ = share(20.0 if charging else -20.0, soc, np.full(3, 7.5), limits, np.zeros(3, np.int8), far)
    assert np.abs(most).sum() == pytest.approx(20.0), "what is far from the centre still shares"


@given(seed=SEEDS, part=st.floats(-1.2, 1.2), tactic=st.sampled_from(["tactic_2", "tactic_4", "proposed"]))
def test_equal_batteries_come_closer_to_each_other_within_their_group(seed: int, part: float, tactic: str) -> None:
    rng = np.random.default_rng(seed)
    n = 30
    batteries = Batteries.of(rng.uniform(0.2, 0.8, n), np.full(n, 35.0), np.full(n, 7.5), np.full(n, 0.9))
    rows, before = np.arange(n), batteries.soc.copy()
    settings = GroupingSettings(tactic=tactic)
    labels = group(before, TACTICS[tactic], first_centroids(before, TACTICS[tactic].groups))
    limits = batteries.limits(rows, 0.25)
    power, _ = share(part * n * 7.5, before, batteries.power_kw, limits, labels, settings)
    batteries.draw(rows, power, np.full(n, 0.25))
    for g in range(TACTICS[tactic].groups):
        own = labels == g
        if own.any():
            assert batteries.soc[own].std() <= before[own].std() + 1e-12


@pytest.mark.parametrize("tactic", NAMES)
@given(seed=SEEDS, part=st.floats(-1.2, 1.2))
def test_permuting_evs_permutes_their_powers(tactic: str, seed: int, part: float) -> None:
    case, signal = Case(seed, 25), part * 25 * 7.5
    soc, rated = case.batteries.soc, case.batteries.power_kw
    assume(np.unique(soc).size == soc.size)
    power, groups = case.share(signal, tactic)
    order = np.random.default_rng(seed).permutation(25)
    labels = group(soc[order], TACTICS[tactic], first_centroids(soc[order], TACTICS[tactic].groups))
    limits = Limits(case.limits.charge_kw[order], case.limits.discharge_kw[order])
    moved, same = share(signal, soc[order], rated[order], limits, labels, GroupingSettings(tactic=tactic))
    np.testing.assert_allclose(moved, power[order], atol=1e-9)
    np.testing.assert_allclose(same, groups, atol=1e-9)
