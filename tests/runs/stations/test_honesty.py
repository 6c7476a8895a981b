"""What a run of stations says of itself: where it is worse than no schedule, whose voltages are told, what a pile cannot give."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs.result import Result
from runs.simulate import simulate
from tests.support.station_cases import SIX, case

AFTERNOON = {"start": datetime(2023, 7, 12, 17), "slot_min": 36, "slots": 3}  # noqa: DTZ001  (a wall clock)
EVENING = {"start": datetime(2023, 7, 12, 21), "slot_min": 36, "slots": 6}  # noqa: DTZ001  (towards calmer hours)
FEW = [("a", "A1", 0.0, 30.0, 60.0, 1), ("b", "B1", 0.0, 20.0, 60.0, 1), ("e", "B1", 0.0, 500.0, 600.0, 1)]


def run(folder: Path, who: list[tuple[Any, ...]] | None = FEW, /, **sections: Any) -> Result:
    return simulate(case(folder, SIX, who, **{"horizon": AFTERNOON, **sections}))


@pytest.mark.parametrize(("pile_kw", "most_kwh"), [(None, 75.0), (50.0, 21.0), (2000.0, 500.0)])
def test_an_ev_gets_at_most_what_a_pile_gives_and_the_rest_is_told(
    tmp_path: Path, pile_kw: float | None, most_kwh: float
) -> None:
    stations = {} if pile_kw is None else {"pile_kw": pile_kw}
    result = run(tmp_path, stations=stations)
    visits = result.visits.set_index("user")
    np.testing.assert_allclose(visits.served_kwh["e"], most_kwh)
    np.testing.assert_allclose(visits.short_kwh["e"], 500.0 - most_kwh)
    np.testing.assert_allclose(result.summary["unserved_kwh"], np.maximum(visits.energy_kwh - most_kwh, 0.0).sum())
    drawn = visits.served_kwh / visits.time_h
    assert (drawn <= most_kwh / 0.42 + 1e-9).all()
    told = [text for text in result.summary["warnings"] if "stations.pile_kw" in text]
    assert len(told) == (most_kwh < 500.0)
    if told:
        short = visits.short_kwh[visits.short_kwh > 1e-6]
        assert f"{short.size} of 3 visits" in told[0]
        assert f"{short.sum():,.1f} kWh stay unserved" in told[0]


def test_what_users_lend_does_not_come_back_faster_than_a_pile_gives(tmp_path: Path) -> None:
    many = [(f"u{i}", "A1", 0.0, 60.0, 600.0, 1) for i in range(6)]
    triggers = {"user": True, "crowded_kw": 100.0, "shift_slots": 2}
    result = run(tmp_path, many, stations={"pile_kw": 120.0}, triggers=triggers, horizon=EVENING)
    assert result.visits.lent_kwh.sum() > 0, "or nothing is tried"
    served = result.visits[result.visits.served_slot >= 0]
    assert (served.served_kwh / served.time_h <= 120.0 + 1e-9).all()


def test_willing_users_of_a_file_are_told_where_none_may_be_shifted(tmp_path: Path) -> None:
    told = "\n".join(run(tmp_path).summary["warnings"])
    assert "willing counts only with triggers.user: 3 of them" in told
    assert "willing" not in "\n".join(run(tmp_path, triggers={"user": True}).summary["warnings"])


def test_lowest_voltages_are_of_stations_and_of_all_nodes_with_their_names(tmp_path: Path) -> None:
    result = run(tmp_path, None, users={"users": 3000, "charging_a_day": 3000})
    summary, nodes = result.summary, result.network
    low = nodes.groupby("node").voltage_min_pu.min()
    assert (summary["node_voltage_min_pu"], summary["node_voltage_min_at"]) == (low.min(), low.idxmin())
    at = result.stations.groupby("station").voltage_min_pu.min()
    assert (summary["voltage_min_pu"], summary["voltage_min_at"]) == (at.min(), at.idxmin())
    before = summary["free"]
    assert before["node_voltage_min_pu"] <= before["voltage_min_pu"]


def test_nodes_without_a_station_that_leave_the_band_are_told(tmp_path: Path) -> None:
    nobody = {"optimizer": "none"}
    low = run(tmp_path, None, scheduling=nobody).summary["node_voltage_min_pu"]
    band = {"source": "builtin", "voltage_min_pu": low + 1e-4}
    summary = run(tmp_path, None, scheduling=nobody, feeder=band).summary
    assert summary["node_outside_slots"] > 0 == summary["voltage_broken_slots"]
    (told,) = (text for text in summary["warnings"] if "nodes without a station" in text)
    assert f"in {summary['node_outside_slots']} of 3 slots" in told
    assert summary["node_voltage_min_at"] in told


def test_a_supply_that_is_held_is_not_told_to_be_exceeded(tmp_path: Path) -> None:
    result = run(tmp_path, None, stations={"supply_kw": 9000.0, "storage_devices": 0})
    centre = result.nodes.iloc[0]
    assert result.summary["shed_kwh"] > 0
    assert (centre.peak_kw, centre.free_peak_kw) == (result.summary["peak_kw"], result.summary["free"]["peak_kw"])
    assert centre.peak_kw == pytest.approx(centre.limit_kw)
    assert centre.overload_slots == centre.free_overload_slots == 0


def test_who_died_has_left_and_waits_no_more_and_what_stays_unserved_is_worse(tmp_path: Path) -> None:
    summary = run(tmp_path, None, channel={"death": 0.3}).summary
    died, waiting = summary["vehicles_died"], summary["waiting_visits"]
    assert died > 0
    assert summary["served_visits"] + waiting + died == summary["visits"]
    assert f"{died} of {summary['visits']} visitors died (channel.death)" in summary["warnings"]
    assert any("still wait" in text for text in summary["warnings"]) == (waiting > 0)
    assert f"{summary['unserved_kwh']:,.1f} kWh stay unserved against" in summary["warnings"][0]
    none = run(tmp_path, None, channel={"death": 1.0}).summary
    assert none["waiting_visits"] == none["wait_max_min"] == none["wait_mean_min"] == 0


@pytest.mark.parametrize(
    ("channel", "told"),
    [
        ({"delay_s": 5.0}, []),
        ({"delay_s": 0.5, "timeout_s": 3000.0}, ["3000 s, is no less than a slot of 2160 s"]),
        ({"delay_s": 4000.0, "timeout_s": 3000.0}, ["not above the mean way of 4000 s"]),
    ],
)
def test_delays_that_do_not_fit_before_a_slot_are_told(
    tmp_path: Path, channel: dict[str, float], told: list[str]
) -> None:
    warnings = [text for text in run(tmp_path, channel=channel).summary["warnings"] if "channel.timeout_s" in text]
    assert len(warnings) == len(told)
    assert all(part in text for part, text in zip(told, warnings, strict=True))


def test_a_run_that_is_worse_than_no_schedule_says_so_first_with_both_figures(tmp_path: Path) -> None:
    heavy = {"users": 4000, "charging_a_day": 4000}
    short = {"iterations": 0, "population": 5, "weight_voltage": 0.0, "weight_cost": 0.0, "weight_spread": 0.0}
    before = run(tmp_path, None, users=heavy, scheduling=short).summary["free"]
    band = {"source": "builtin", "voltage_min_pu": before["node_voltage_min_pu"] - 1e-4}
    summary = run(tmp_path, None, users=heavy, scheduling=short, feeder=band).summary
    assert summary["free"]["feasible_slots"] == 3
    first = summary["warnings"][0]
    assert first.startswith("the run is worse than free charging: F = ")
    assert f"the five limits are broken in {3 - summary['feasible_slots']} of 3 slots against 0" in first
    low = f"{summary['node_voltage_min_pu']:.4f} pu ({summary['node_voltage_min_at']})"
    assert f"{low} against {before['node_voltage_min_pu']:.4f} pu ({before['node_voltage_min_at']})" in first
    idle = run(tmp_path, None, users=heavy, scheduling={"optimizer": "none"}, feeder=band).summary
    assert not any("worse" in text for text in idle["warnings"])
