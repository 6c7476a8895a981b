"""What a summary says of itself: who got how much, what the limit leaves unserved, and when coordination did harm."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan
from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.loads import LoadProfile
from runs.homes.judging import Distance, EnergyBooks
from runs.homes.part import Homes
from runs.homes.summary import summary_of
from runs.printed.comparison import print_warnings_of
from runs.scenario import Scenario
from runs.simulate import summarize
from tests.support.worlds import make_fleet, run_homes, world_of_one


def world_of(stays: list[tuple[float, float, float, float]], base_kw: NDArray[np.float64], scenario: Scenario) -> Homes:
    """A world of these stays below one transformer."""
    fleet = make_fleet(stays)
    return world_of_one(scenario, fleet, LoadProfile(base_kw, base_kw), np.random.default_rng(1))


def summary(world: Homes) -> dict[str, Any]:
    return summary_of(world, run_homes(world))


@given(share=arrays(np.float64, st.integers(1, 40), elements=st.sampled_from([0.0, 0.1, 0.5, 1.0])))
def test_shares_say_how_evenly_energy_went_to_the_evs(share: NDArray[np.float64]) -> None:
    fleet = make_fleet([(0, 24, 10, 4)] * share.size + [(0, 24, 0, 4)] * 3)  # three need nothing and do not count
    delivered = np.append(10 * share, np.zeros(3))
    figures = EnergyBooks(delivered, delivered, fleet.energy_kwh - delivered).metrics(fleet)
    assert figures["vehicles_with_need"] == share.size
    assert figures["vehicles_served"] == (share == 1).sum()
    assert figures["vehicles_with_nothing"] == (share == 0).sum()
    p05, p50, jain = (figures[f"delivered_share_{name}"] for name in ("p05", "p50", "jain"))
    assert p50 == pytest.approx(np.median(share))
    assert share.min() <= p05 <= p50
    assert (jain is None) == (not share.any())
    if jain is not None:
        assert 1 / share.size - 1e-12 <= jain <= 1 + 1e-12
        assert jain == pytest.approx(share.mean() ** 2 / (share.mean() ** 2 + share.var()))


def test_all_stays_of_an_ev_count_together() -> None:
    fleet = make_fleet([(0, 4, 6, 4), (8, 12, 4, 4), (0, 4, 5, 4)])
    one = dataclasses.replace(fleet, vehicle=np.array(["car", "car", "other"]), stay_number=np.array([1, 2, 1]))
    delivered = np.array([0.0, 4.0, 0.0])
    figures = EnergyBooks(delivered, delivered, one.energy_kwh - delivered).metrics(one)
    assert [figures[f"vehicles_{name}"] for name in ("with_need", "served", "with_nothing")] == [2, 0, 1]
    assert figures["delivered_share_p50"] == pytest.approx(0.2)  # of 0.4 and 0
    assert figures["delivered_share_jain"] == pytest.approx(0.5)


def test_of_a_fleet_without_a_need_there_are_no_shares() -> None:
    fleet = make_fleet([(0, 24, 0, 4)])
    figures = EnergyBooks(np.zeros(1), np.zeros(1), np.zeros(1)).metrics(fleet)
    assert [figures[f"delivered_share_{name}"] for name in ("p05", "p50", "jain")] == [None] * 3


@pytest.mark.parametrize("optimum", [True, False])
def test_a_full_transformer_says_what_it_leaves_unserved(optimum: bool) -> None:
    case = Scenario().update(transformer={"limit_kw": 6}, run={"optimum": optimum})
    found = summary(world_of([(0, 1, 4, 4), (0, 1, 4, 4), (0, 1, 4, 4), (2, 3, 5, 4)], np.full(24, 2.0), case))
    had_to_be = "the optimum leaves 9.0 kWh" if optimum else "with run.optimum the run says how much had to be"
    assert found["warnings"][0] == (
        "9.0 of 17.0 kWh stay unserved, of 4 EVs 2 get nothing and 1 only a part; short stays alone leave 1.0 kWh, "
        + had_to_be
    )
    assert (found["vehicles_served"], found["vehicles_with_nothing"]) == (1, 2)
    assert found["delivered_share_p50"] == pytest.approx(0.4)


def test_what_short_stays_leave_is_no_matter_of_the_transformer() -> None:
    found = summary(world_of([(2, 3, 5, 4)], np.full(24, 2.0), Scenario().update(transformer={"limit_kw": 20})))
    assert found["warnings"] == ["1 of 1 stays are too short for their need; the rest stays unserved"]


def plan_late(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:
    """Every EV charges in the last slot of its stay."""
    del settings, rng
    schedule = Schedule(problem)
    for row in problem.order:
        schedule.of(row)[-1] = problem.power_kw[row]
    return Plan(schedule)


HERD = [(0.5 * (i % 16), 20.0, 4.0, 4.0) for i in range(32)]
DIP = np.where(np.arange(24) == 10, 45.0, 50.0)
"""32 EVs that come two a half hour, and one slot that all of them like best."""


@pytest.mark.parametrize("optimum", [True, False])
@pytest.mark.parametrize("coordination", [{"method": "ants", "batch_size": 32}, {"method": "late"}])
def test_who_does_worse_than_free_charging_says_so_first(
    coordination: dict[str, object], optimum: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = Coordinator("late", "planner", keeps_limit=True, keeps_whole_slots=True, plan=plan_late)
    monkeypatch.setitem(COORDINATORS, "late", entry)
    case = Scenario().update(coordination=coordination, transformer={"limit_kw": 1000}, run={"optimum": optimum})
    found = summary(world_of(HERD, DIP, case))
    assert found["cost_kw2"] > found["free_cost_kw2"]
    told = found["warnings"][0]
    assert told.startswith(f"worse than doing nothing: with {COORDINATORS[case.coordination.method].title} against")
    assert f"cost_kw2: {found['cost_kw2']:,.1f} against {found['free_cost_kw2']:,.1f}" in told
    assert f"the peak is {found['peak_kw']:,.1f} kW against {found['free']['peak_kw']:,.1f} kW" in told
    assert ("coordination.batch_size" in told) == (coordination["method"] == "ants")


@pytest.mark.parametrize("method", ["free", "ants", "odc", "optimal"])
def test_who_does_no_harm_is_not_accused(method: str) -> None:
    found = summary(world_of(HERD, DIP, Scenario().update(coordination={"method": method})))
    assert found["cost_kw2"] <= found["free_cost_kw2"]
    assert found["warnings"] == []


def test_a_comparison_prints_first_what_a_run_says_first(capfd: pytest.CaptureFixture[str]) -> None:
    of_all = "1 of 150 stays end after the horizon"
    runs = [
        {"method": "free", "warnings": [of_all]},
        {"method": "ants", "warnings": ["worse than doing nothing", of_all]},
    ]
    print_warnings_of(*runs)
    assert capfd.readouterr().err.splitlines() == ["warning (ants): worse than doing nothing", f"warning: {of_all}"]


def test_no_gap_is_below_zero_in_silence() -> None:
    dip = np.where(np.arange(24) == 10, 40.0, 50.0)
    world = world_of([(0, 20, 8, 4)], dip, Scenario().update(transformer={"limit_kw": 100}))
    schedule = Schedule(world.problems[0])
    schedule.of(0)[10] = 8.0  # twice the rated power, which the audit would have found
    with pytest.raises(ArithmeticError, match="less than the least possible"):
        Distance.of(world, 0, schedule)


def test_what_a_run_did_is_told_before_what_did_not_count() -> None:
    case = Scenario().update(
        coordination={"method": "free", "iterations": 9}, transformer={"limit_kw": 1500.0}, fleet={"vehicles": 300}
    )
    passed, *_, idle = summarize(case)["warnings"]
    assert "slots pass the limit with EVs charging in them" in passed
    assert idle.startswith("coordination.iterations counts only")


def test_where_evs_died_that_is_told_and_smaller_batches_are_not_said_to_help() -> None:
    dying = Scenario().update(fleet={"vehicles": 40}, coordination={"batch_size": 40}, channel={"death": 0.9})
    found = summarize(dying)
    worse, unserved, died, *_ = found["warnings"]
    assert "batch_size" not in worse
    assert "stay unserved" in unserved
    assert died == f"{found['vehicles_died']} of 40 EVs died (channel.death)"
