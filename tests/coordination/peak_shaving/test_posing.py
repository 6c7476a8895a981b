"""From enrolled EVs to the fleet's problem: what is added up, what is kept, and what a fleet of nobody is."""

from dataclasses import replace

import numpy as np
import pytest

from coordination.peak_shaving.needs import Needs
from coordination.peak_shaving.posing import Enrolled, Posing
from coordination.peak_shaving.problem import PeakShavingSettings
from environment.grid import TransformerSettings
from environment.tariffs import Tariff

LOAD_KW = np.array([90.0, 60.0, 60.0, 80.0])
TARIFF = Tariff(np.full(4, 0.65), np.full(4, 0.65))
NOTHING = np.full(2, -np.inf)

TWO = Enrolled(
    power_kw=np.array([4.0, 8.0]),
    capacity_kwh=np.array([20.0, 60.0]),
    efficiency=np.array([0.8, 1.0]),
    soc=np.array([0.6, 0.4]),
    announced=np.array([[True, False], [True, True], [True, True], [False, True]]),
    needs=Needs(NOTHING, NOTHING),
)


def posing(limit_kw: float = 100.0, optimizer: str = "exact") -> Posing:
    return Posing(PeakShavingSettings(optimizer=optimizer), TransformerSettings(limit_kw=limit_kw), 1.0, 7)


def nobody() -> Enrolled:
    none = np.empty(0)
    return Enrolled(none, none, none, none, np.zeros((4, 0), dtype=np.bool_), Needs(none, none))


def test_a_fleet_is_one_battery_of_the_mean_power_and_all_energy() -> None:
    problem = posing().pose(LOAD_KW, TARIFF, TWO, None)
    assert problem.available.tolist() == [1, 2, 2, 1]
    assert problem.power_kw == 6.0
    assert problem.capacity_kwh == 80.0
    assert problem.efficiency == 0.9
    assert problem.soc_start == pytest.approx((0.6 * 20 + 0.4 * 60) / 80)
    np.testing.assert_allclose(problem.room_kw[1], 100.0 - LOAD_KW, atol=1e-6)
    assert not problem.has_needs


def test_who_needs_nothing_keeps_nothing_and_who_leaves_full_charges_as_late_as_it_can() -> None:
    assert posing().soc_kept(LOAD_KW, TWO) is None
    needy = replace(TWO, needs=Needs(np.array([0.8, -np.inf]), NOTHING))
    kept = posing().soc_kept(LOAD_KW, needy)
    assert kept is not None
    a_slot = 4.0 * 0.8 / 20.0
    assert kept[:3, 0] == pytest.approx([0.8 - 2 * a_slot, 0.8 - a_slot, 0.8])
    assert posing().pose(LOAD_KW, TARIFF, needy, kept).has_needs


def test_room_that_is_scarce_has_evs_charge_before() -> None:
    needy = replace(TWO, needs=Needs(np.array([0.8, -np.inf]), NOTHING))
    scarce = posing().soc_kept(np.array([90.0, 60.0, 99.0, 80.0]), needy)
    assert scarce is not None
    assert scarce[1, 0] == pytest.approx(0.8 - 0.8 / 20.0, abs=1e-6), "1 kW is left in the slot before it leaves"


@pytest.mark.parametrize("optimizer", ["exact", "pso"])
def test_a_fleet_of_nobody_is_asked_for_nothing(optimizer: str) -> None:
    rule = posing(optimizer=optimizer)
    assert rule.soc_kept(LOAD_KW, nobody()) is None
    found = rule.find(rule.pose(LOAD_KW, TARIFF, nobody(), None))
    assert not found.signal_kw.any()
    assert np.isfinite(found.fitness)


def test_one_seed_is_one_signal_and_progress_is_told() -> None:
    rule = Posing(PeakShavingSettings(optimizer="pso", iterations=5), TransformerSettings(limit_kw=100.0), 1.0, 7)
    problem, told = rule.pose(LOAD_KW, TARIFF, TWO, None), list[float]()
    one = rule.find(problem, told.append).signal_kw
    np.testing.assert_array_equal(one, rule.find(problem).signal_kw)
    assert told[-1] == 1.0
    assert (replace(rule, search_seed=8).find(problem).signal_kw != one).any()
