"""Agents and columns are one model of stations: same tables bit for bit, same messages, in whatever small world."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.support.laws import examples
from tests.support.station_cases import BUSY, SIX, STRUCK, case, columns, world_of
from tests.support.worlds import run_park


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stations")


def both(scenario: Scenario) -> tuple[Result, Result]:
    agents, compiled = (simulate(scenario.update(run={"engine": name})) for name in ("agents", "compiled"))
    return agents, compiled


def assert_alike(agents: Result, compiled: Result) -> None:
    for name, table in agents.tables.items():
        pd.testing.assert_frame_equal(table, compiled.tables[name], check_exact=True, obj=name)
    one, other = ({key: value for key, value in each.summary.items() if key != "wall_s"} for each in (agents, compiled))
    assert one == other


STATIONS = st.lists(
    st.tuples(st.sampled_from([row[0] for row in SIX]), st.integers(1, 4), st.integers(0, 2)),
    min_size=1, max_size=6, unique_by=lambda row: row[0],
)  # fmt: skip
"""Some of the six stations in any order, each with its piles and devices."""


@given(
    at=STATIONS,
    start_h=st.integers(0, 20),
    slots=st.integers(1, 8),
    charging=st.sampled_from([0, 60, 600, 2000]),
    willing=st.sampled_from([0.0, 0.4, 1.0]),
    triggers=st.tuples(*[st.booleans()] * 4),
    crowded_kw=st.sampled_from([0.0, 150.0, 400.0]),
    shift_slots=st.integers(0, 3),
    horizon_slots=st.integers(1, 4),
    pile_kw=st.sampled_from([None, 60.0]),
    supply_kw=st.sampled_from([None, None, 11_000.0]),
    events=st.sampled_from([{}, STRUCK, {**STRUCK, "supply_part": 0.0}]),
    search=st.sampled_from([
        {"optimizer": "none"}, {"iterations": 1}, {"optimizer": "pso"}, {"optimizer": "cso", "evaluator": "powerflow"},
    ]),
    seed=st.integers(0, 1000),
)  # fmt: skip
@examples(1)
def test_any_small_world(
    folder: Path, at: list[tuple[str, int, int]], start_h: int, slots: int, charging: int, willing: float, triggers: tuple[bool, ...],
    crowded_kw: float, shift_slots: int, horizon_slots: int, pile_kw: float | None, supply_kw: float | None,
    events: dict[str, float], search: dict[str, Any], seed: int,
) -> None:  # fmt: skip
    place = {row[0]: row for row in SIX}
    rows = [(*place[name], piles, devices) for name, piles, devices in at]
    names = ("time", "region", "user", "emergency")
    stations = {"pile_kw": pile_kw, "supply_kw": supply_kw, "capacity_min_kw": 100.0, "capacity_max_kw": 400.0}
    scenario = case(
        folder, rows,
        horizon={"start": datetime(2023, 7, 12, start_h), "slots": slots},  # noqa: DTZ001  (a wall clock)
        stations={key: value for key, value in stations.items() if value is not None},
        users={"users": 2000, "charging_a_day": charging, "willing": willing},
        triggers={**dict(zip(names, triggers, strict=True)), "crowded_kw": crowded_kw, "shift_slots": shift_slots,
                  "horizon_slots": horizon_slots},
        events=events, scheduling={"population": 6, **search}, run={"seed": seed},
    )  # fmt: skip
    world = world_of(scenario)
    agents, compiled = (
        run_park(replace(world, scenario=scenario.update(run={"engine": name}))) for name in ("agents", "compiled")
    )
    assert columns(agents) == columns(compiled)
    assert agents.channel.books == compiled.channel.books
    for name in ("queue", "waiting", "placed", "put_off", "arrived"):
        assert getattr(agents.yard, name).tolist() == getattr(compiled.yard, name).tolist()


def test_a_busy_day_in_which_everything_happens(tmp_path: Path) -> None:
    agents, compiled = both(case(tmp_path, **{**BUSY, "events": {**STRUCK, "supply_part": 0.9}}))
    assert_alike(agents, compiled)
    summary = agents.summary
    for happened in ("lent_kwh", "cut_kwh", "fired_time", "fired_region", "fired_user", "fired_emergency", "queue_max"):
        assert summary[happened] > 0, happened
    assert set(agents.messages.kind) == {
        "need", "shift", "charged", "outlook", "region_outlook", "station_report", "region_report", "order", "region_order",
        "plan", "region_plan", "alarm", "region_alarm", "release", "region_release", "served", "region_served",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "slots"), [("my_stations", 40), ("paper_c", 8)])
def test_scenarios_of_the_house(name: str, slots: int) -> None:
    few = {"iterations": 1, "population": 6}
    scenario = Scenario.read(f"scenarios/{name}.toml").update(scheduling=few, horizon={"slots": slots})
    assert_alike(*both(scenario))
