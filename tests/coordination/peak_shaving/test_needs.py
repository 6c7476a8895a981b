"""Needs are met whatever the fleet is asked, where EVs and transformers can; limits hold in every slot; books of energy close."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from coordination.peak_shaving.dispatch import Dispatcher
from coordination.peak_shaving.needs import Needs, mean_soc_kept, soc_kept
from coordination.peak_shaving.power_sharing import TACTICS, GroupingSettings
from environment.battery import Batteries
from tests.support.laws import examples

SLOTS = 24
SEEDS = st.integers(0, 2**32)


class Case:
    """A fleet of 8 whose EVs come and go, and a signal that asks for anything."""

    def __init__(self, seed: int, *, from_first_slot: bool = False) -> None:
        self.rng = rng = np.random.default_rng(seed)
        n = self.n = 8
        self.soc = rng.uniform(0.2, 0.8, n)
        self.capacity, self.power = rng.choice([20.0, 35.0, 60.0], n), rng.choice([3.7, 7.5, 11.0], n)
        self.need = rng.uniform(0.3, 0.8, n)
        come, go = np.zeros(n, dtype=int) if from_first_slot else rng.integers(0, 18, n), rng.integers(4, 23, n)
        slot = np.arange(SLOTS)[:, None]
        self.announced = (come <= slot) & (slot < np.maximum(go, come + 1))
        self.signal = rng.normal(0, 60, SLOTS)

    def batteries(self) -> Batteries:
        return Batteries.of(self.soc, self.capacity, self.power, np.full(self.n, 0.9))

    @property
    def step(self) -> NDArray[np.float64]:
        return self.power * 0.9 / self.capacity

    def leaving(self) -> Needs:
        return Needs(self.need, np.full(self.n, -np.inf))

    def kept(self, needs: Needs, most_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        return soc_kept(self.announced, needs, self.batteries(), most_kw, 1.0)

    def run(
        self, kept: NDArray[np.float64], least_kw: NDArray[np.float64], most_kw: NDArray[np.float64], tactic: str
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], Batteries]:
        """Return power of the fleet, states of charge after each slot, and the batteries in the end."""
        batteries, dispatcher = self.batteries(), Dispatcher(GroupingSettings(tactic=tactic))
        power, soc = np.zeros(SLOTS), np.zeros((SLOTS, self.n))
        for t in range(SLOTS):
            rows = np.flatnonzero(self.announced[t])
            limits = batteries.limits(rows, 1.0, kept[t, rows])
            room = float(least_kw[t]), float(most_kw[t])
            asked = dispatcher.dispatch(self.signal[t], batteries.soc[rows], batteries.power_kw[rows], limits, room)
            moved = batteries.draw(rows, asked.power_kw, np.ones(rows.size))
            np.testing.assert_allclose(moved, asked.power_kw, atol=1e-9, err_msg="nobody is asked for more than it can")
            assert asked.group_kw.sum() == pytest.approx(moved.sum(), abs=1e-9)
            power[t], soc[t] = moved.sum(), batteries.soc
        return power, soc, batteries

    def at_departure(self, soc: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return who leaves before the end, and how full."""
        rows = np.flatnonzero(~self.announced[-1])
        last = SLOTS - 1 - self.announced[::-1].argmax(axis=0)
        return rows, soc[last[rows], rows]


ANY = np.full(SLOTS, np.inf)


@given(seed=SEEDS, tactic=st.sampled_from(sorted(TACTICS)))
def test_a_need_that_rated_power_can_meet_is_met_whatever_the_signal(seed: int, tactic: str) -> None:
    case = Case(seed)
    _, soc, _ = case.run(case.kept(case.leaving(), ANY), -ANY, ANY, tactic)
    rows, left_with = case.at_departure(soc)
    alone = np.minimum(case.soc + case.step * case.announced.sum(axis=0), 0.8)
    assert (left_with >= np.minimum(case.need, alone)[rows] - 1e-9).all()
    assert ((soc >= 0.2) & (soc <= 0.8)).all()


@given(seed=SEEDS, tactic=st.sampled_from(sorted(TACTICS)))
def test_limits_hold_in_every_slot_whatever_is_needed(seed: int, tactic: str) -> None:
    case = Case(seed)
    least, most = -case.rng.uniform(0, 20, SLOTS), case.rng.uniform(0, 20, SLOTS)
    least[3], most[5] = 0.0, 0.0
    power, _, _ = case.run(case.kept(case.leaving(), most), least, most, tactic)
    assert (power <= most + 1e-9).all()
    assert (power >= least - 1e-9).all()


def can_all_be_served(case: Case, most_kw: NDArray[np.float64]) -> bool:
    """Ask HiGHS whether some charging within rated powers and room gives each EV what it needs."""
    lacks_kwh = np.maximum(case.need - case.soc, 0.0) * case.capacity / 0.9
    leaves = ~case.announced[-1]
    by_slot = np.kron(np.eye(SLOTS), np.ones((1, case.n)))
    by_ev = -np.kron(np.ones((1, SLOTS)), np.eye(case.n))[leaves]
    answer = linprog(
        np.zeros(SLOTS * case.n),
        A_ub=np.vstack([by_slot, by_ev]),
        b_ub=np.concatenate([most_kw, -lacks_kwh[leaves]]),
        bounds=[(0.0, most) for most in (case.announced * case.power).ravel()],
    )
    return bool(answer.status == 0)


@given(seed=SEEDS, share=st.sampled_from([0.15, 0.25, 0.4]))
def test_needs_are_met_within_the_limit_exactly_where_a_linear_programme_can(seed: int, share: float) -> None:
    case = Case(seed, from_first_slot=True)
    most = share * case.power.sum() * case.rng.uniform(0.2, 1.8, SLOTS)
    _, soc, _ = case.run(case.kept(case.leaving(), most), -ANY, most, "proposed")
    rows, left_with = case.at_departure(soc)
    assert bool((left_with >= case.need[rows] - 1e-6).all()) == can_all_be_served(case, most)


@given(seed=SEEDS, tactic=st.sampled_from(sorted(TACTICS)))
@examples(1 / 2)
def test_a_cyclic_fleet_ends_at_least_as_full_as_it_began(seed: int, tactic: str) -> None:
    case = Case(seed)
    case.soc[0] = 0.95  # no charging brings that back
    most = case.rng.uniform(0, 20, SLOTS)
    cyclic = Needs(np.full(case.n, -np.inf), case.soc)
    power, _, batteries = case.run(case.kept(cyclic, most), -ANY, most, tactic)
    assert (batteries.soc >= case.soc - 1e-9).all()
    stored = (batteries.soc - case.soc) * case.capacity
    np.testing.assert_allclose(power.sum(), (stored + batteries.lost_kwh).sum(), atol=1e-9)


@given(seed=SEEDS)
@examples(1 / 2)
def test_the_order_of_evs_does_not_matter(seed: int) -> None:
    case = Case(seed)
    most = case.rng.uniform(0, 20, SLOTS)
    kept, order = case.kept(case.leaving(), most), case.rng.permutation(case.n)
    for name in ("soc", "capacity", "power", "need"):
        setattr(case, name, getattr(case, name)[order])
    case.announced = case.announced[:, order]
    np.testing.assert_allclose(case.kept(case.leaving(), most), kept[:, order], atol=1e-12)


@pytest.mark.parametrize(("stay", "begins"), [((0, 6), 5), ((0, 8), 7), ((2, 6), 5)])
def test_an_ev_is_left_alone_until_it_must_charge(stay: tuple[int, int], begins: int) -> None:
    slot = np.arange(10)[:, None]
    batteries = Batteries.of(np.array([0.5]), np.array([40.0]), np.array([8.0]), np.ones(1))
    needs = Needs(np.array([0.7]), np.array([-np.inf]))
    kept = soc_kept((stay[0] <= slot) & (slot < stay[1]), needs, batteries, np.full(10, 100.0), 1.0)
    must = [batteries.limits(np.array([0]), 1.0, kept[t]).discharge_kw[0] < 0 for t in range(stay[1])]
    assert must.index(True) == begins
    assert kept[stay[1] :].ravel() == pytest.approx(0.7), "what it left with stays in it"
    mean: Any = mean_soc_kept(kept, batteries)
    assert mean[:2] == pytest.approx(0.2)
