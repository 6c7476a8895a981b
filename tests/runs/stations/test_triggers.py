"""Triggers of charging stations in runs: what each does alone, and what it leaves alone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs.stations.engine import StationsOutcome
from tests.support.feeders import changed
from tests.support.station_cases import BUSY, CALM, OFF, STRUCK, case, columns, world_of
from tests.support.worlds import run_park


def alone(tmp_path: Path, trigger: str, **sections: Any) -> tuple[StationsOutcome, StationsOutcome]:
    """Run a case with one trigger, and without any."""
    on, off = (
        run_park(world_of(case(tmp_path, **{**sections, "triggers": {**sections.get("triggers", {}), **OFF, **also}})))
        for also in ({trigger: True}, {})
    )
    assert {name for _, name, _, _ in on.track.fired} <= {trigger}
    return on, off


BUSY_CALM = {**BUSY, "events": CALM, "scheduling": {"iterations": 0}}


@pytest.mark.parametrize("trigger", sorted(OFF))
def test_each_trigger_alone_changes_something_where_it_has_a_cause(tmp_path: Path, trigger: str) -> None:
    sections = {**BUSY_CALM, "events": {**STRUCK, "supply_part": 0.95}} if trigger == "emergency" else BUSY_CALM
    on, off = alone(tmp_path, trigger, **sections)
    assert on.track.fired
    assert columns(on) != columns(off)
    track, plain = on.track, off.track
    if trigger == "time":
        assert (track.storage_kw > 0).any()
        assert (track.storage_kw < 0).any()
    elif trigger == "region":
        assert track.passed_kw.any()
        assert on.sessions.short_kwh.sum() < off.sessions.short_kwh.sum()
    elif trigger == "user":
        assert track.shifted.any()
        assert track.lent_kw.any()
        assert plain.queued.sum() > track.queued.sum()
    else:
        assert track.given_kw.any()
        assert on.sessions.short_kwh.sum() < off.sessions.short_kwh.sum()


CAUSELESS: dict[str, dict[str, Any]] = {
    "time": {**BUSY_CALM, "stations": {**BUSY["stations"], "storage_devices": 0}},
    "region": {**BUSY_CALM, "stations": {"piles": 3}},
    "user": {**BUSY_CALM, "users": {**BUSY["users"], "willing": 0.0}},
    "emergency": {**BUSY_CALM, "feeder": {"source": "builtin", "voltage_min_pu": 0.8}},
}


@pytest.mark.parametrize("trigger", sorted(OFF))
def test_no_trigger_does_anything_without_a_cause(tmp_path: Path, trigger: str) -> None:
    on, off = alone(tmp_path, trigger, **CAUSELESS[trigger])
    assert columns(on) == columns(off)


def test_nobody_is_shifted_towards_as_crowded_hours(tmp_path: Path) -> None:
    on, off = alone(tmp_path, "user", **{**BUSY_CALM, "stations": {**BUSY["stations"], "time_weights": (1.0,) * 24}})
    assert columns(on) == columns(off)


def test_what_is_not_supplied_is_cut_with_the_emergency_off_too(tmp_path: Path) -> None:
    on, off = alone(tmp_path, "emergency", **{**BUSY, "events": {**STRUCK, "supply_part": 0.95}})
    assert not off.track.given_kw.any()
    assert off.track.cut_kw.sum() > on.track.cut_kw.sum()
    assert not off.track.storage_kw.any()


def test_regions_on_one_cable_share_its_room(tmp_path: Path) -> None:
    """Both regions pass power to their crowded stations; the line above all of them must not count its room twice."""
    cable = [(f"{region}{i}", f"S1-0{i}", region) for i, region in enumerate("ABABA", 1)]
    users = [(f"{name}{k}", name, 0.0, 55.0) for name in ("A3", "B4", "A5") for k in range(36)]
    users += [(f"{name}{k}", name, 0.0, 20.0) for name in ("A1", "B2") for k in range(6)]
    scenario = case(
        tmp_path, cable, users, stations={"piles": 18, "storage_devices": 0, "capacity_min_kw": 100.0},
        scheduling={"iterations": 0}, horizon={"slots": 1}, load={"peak_kw": 1000.0},
    )  # fmt: skip
    plain = world_of(scenario)
    above, base = plain.stations.above, plain.state.base_carried[0][0]
    without = base + above @ run_park(plain).track.power_kw[0]
    first = plain.feeder.line.tolist().index("L1-01")
    with_all = run_park(world_of(scenario.update(triggers={"region": True}))).track
    wished = base + above @ with_all.power_kw[0]
    assert wished[first] > without[first] + 300, "with room for all they pass on more than that"
    amps = (without[first] + 150.0) / (np.sqrt(3) * 10)
    world = world_of(scenario.update(triggers={"region": True}))
    feeder = changed(world.feeder, line_rated_a={first: amps})
    narrow = replace(world, placement=replace(world.placement, feeder=feeder))
    track = run_park(narrow).track
    carried = (base + above @ track.power_kw[0])[first]
    assert without[first] < carried <= without[first] + 150.0 + 1e-6


@pytest.mark.parametrize("power_factor", [1.0, 0.9])
def test_a_crowded_station_gets_no_more_than_its_transformer_is_rated_for(tmp_path: Path, power_factor: float) -> None:
    users = [(f"A1{k}", "A1", 0.0, 55.0) for k in range(36)] + [(f"A2{k}", "A2", 0.0, 20.0) for k in range(4)]
    scenario = case(
        tmp_path, [("A1", "S1-01", "A"), ("A2", "S1-06", "A")], users, horizon={"slots": 1}, load={"peak_kw": 1000.0},
        stations={"piles": 18, "storage_devices": 0, "capacity_min_kw": 100.0}, scheduling={"iterations": 0},
        triggers={"region": True}, feeder={"source": "builtin", "ev_power_factor": power_factor},
    )  # fmt: skip
    world = world_of(scenario)
    granted = run_park(world_of(scenario.update(triggers={"region": False}))).track.power_kw[0, 0]
    base_kw, base_kvar = (load[0, world.stations.node[0]] for load in world.state.base)
    unlimited = run_park(world).track.power_kw[0, 0]
    assert unlimited > granted + 200
    kvar_per_kw = np.tan(np.arccos(power_factor))
    rated_kva = np.hypot(granted + 100 + base_kw, base_kvar + (granted + 100) * kvar_per_kw)
    feeder = changed(world.feeder, transformer_va={int(world.stations.transformer[0]): rated_kva * 1e3})
    narrow = replace(world, placement=replace(world.placement, feeder=feeder))
    assert run_park(narrow).track.power_kw[0, 0] == pytest.approx(granted + 100)


def test_who_lends_twice_has_in_the_battery_what_was_not_lent(tmp_path: Path) -> None:
    """Losses of giving leave the battery; those of filling up again do not."""
    users = [(f"u{k}", "one", 0.0, 30.0, 60.0, 1) for k in range(3)] + [("last", "one", 3 * 0.6, 30.0, 60.0, 0)]
    weights = tuple([1.5] * 2 + [0.5] * 22)
    world = world_of(case(
        tmp_path, [("one", "S1-01", "A", 9, 1)], users, horizon={"slots": 6},
        stations={"region_weights": (1.0,), "time_weights": weights, "storage_efficiency": 0.8},
        triggers={**OFF, "user": True, "crowded_kw": 0.0, "lend_kwh": 8.0},
    ))  # fmt: skip
    outcome = run_park(world)
    lent = outcome.sessions.lent_kwh
    # Half a battery of 60 kWh down to 12 kWh is 18 kWh in it, 14.4 at the grid.
    assert outcome.sessions.shifted_slots.max() >= 2
    assert lent[:3] == pytest.approx([14.4] * 3)
    assert outcome.sessions.need_kwh[:3] == pytest.approx([30.0 + 14.4 / 0.64] * 3)
