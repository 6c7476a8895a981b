"""The page's tab of charging stations, without a browser: the run that it watches, its drawing, its widgets."""

import io
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipyvuetify as vw
import numpy as np
import pandas as pd
import pytest
import solara
from solara.widgets import HTML

from environment.feeders.builtin import BuiltinFeeder
from environment.input_faults import FaultyInputError
from environment.station_sites import Stations, StationsSettings
from runs.page import station_charts, station_map, stations_tab, view
from runs.page.day import Day
from runs.page.download_tab import packed
from runs.page.palette import DARK, LIGHT
from runs.page.stations_run import Scheduled, play
from runs.page.stations_tab import ChargingStations, Choice
from runs.page.tabs import STATIONS, TABS, first_tab
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.stations.paper_c import paper_c
from tests.support.feeders import radial

SMALL: dict[str, Any] = {
    "scheduling": {"iterations": 2, "population": 6}, "fleet": {"vehicles": 20}, "horizon": {"slots": 36},
    "events": {"voltage_a_day": 10, "supply_a_day": 10},
}  # fmt: skip


def _case(**sections: dict[str, Any]) -> Scenario:
    return paper_c(**{**SMALL, **sections})


def _quiet(_: float) -> None:
    pass


@pytest.fixture(scope="module")
def run() -> Scheduled:
    return play(_case(), _quiet)


def test_a_watched_run_of_stations_is_the_run(run: Scheduled) -> None:
    alone = simulate(_case())
    for name, table in alone.tables.items():
        pd.testing.assert_frame_equal(run.result.tables[name], table)
    assert {**run.result.summary, "wall_s": 0} == {**alone.summary, "wall_s": 0}


def test_what_is_told_of_a_run_rises_to_its_end_and_can_stop_it_within_a_slot() -> None:
    told: list[float] = []
    play(_case(), told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)

    def stop(part: float) -> None:
        if part > 0.001:
            told.append(part)
            raise SystemExit

    with pytest.raises(SystemExit):
        play(_case(scheduling={"iterations": 100_000, "population": 6}), stop)
    assert told[-1] < 0.002, "long before the first of 40 slots is over"


def test_stations_of_the_builtin_feeder_stand_a_lane_a_cable_by_region_at_their_distance() -> None:
    feeder = BuiltinFeeder().feeder()
    there = Stations.build(StationsSettings(), feeder)
    where = station_map.places(feeder, there)
    assert where.lanes == 16
    assert where.bands == [(0, 3, 0), (4, 7, 1), (8, 11, 2), (12, 15, 3)]
    assert where.x[there.node[:6]] == pytest.approx([4.0, 6.2, 8.4, 10.6, 12.8, 4.0])
    spots = set(zip(where.x[there.node].tolist(), where.lane[there.node].tolist(), strict=True))
    assert len(spots) == len(there), "none covers another"


@pytest.mark.parametrize("lengths", [True, False])
def test_any_tree_has_places_whether_lengths_are_known_or_not(*, lengths: bool) -> None:
    feeder = radial([0, 1, 2, 1, 4, 0], [0.01] * 6, [1.0] * 6)
    if not lengths:
        feeder = type(feeder)(**{**vars(feeder), "line_km": np.zeros(6)})
    ends = np.array([3, 5, 6])
    there = Stations(
        station=np.array(["a", "b", "c"]), node=ends, transformer=np.zeros(3, dtype=np.int64),
        region=np.array([1, 0, 1]), regions=("north", "south"), places=np.full(3, 2), storage_devices=np.zeros(3, dtype=np.int64),
        rated_v=np.full(3, 400.0), above=feeder.branches_above(ends),
    )  # fmt: skip
    where = station_map.places(feeder, there)
    hops = np.array([0, 1, 2, 3, 2, 3, 1])
    assert where.x == pytest.approx(hops * (0.1 if lengths else 1))
    assert where.lanes == 3
    assert where.bands == [(0, 0, 0), (1, 2, 1)], "branches stand in the order of their regions"


def test_the_drawing_shows_a_slot_as_the_tables_have_it(run: Scheduled) -> None:
    where = station_map.places(run.park.feeder, run.park.stations)
    fired = run.result.triggers
    slot = int(fired.slot[fired.trigger == "emergency"].iloc[0])
    rows = run.result.stations[run.result.stations.slot == slot]
    option = station_map.map_option(run, where, slot, "power", LIGHT)
    series = {each["name"]: each for each in option["series"] if "name" in each}
    assert [each["value"][2] for each in series["stations"]["data"]] == rows.ev_kw.round(1).tolist()
    assert option["series"][option["visualMap"]["seriesIndex"]]["name"] == "stations"
    count = {name: len(series[name]["data"]) for name in station_map.MARKS}
    low, high = run.park.feeder_settings.voltage_min_pu, run.park.feeder_settings.voltage_max_pu
    assert count == {
        station_map.WAIT: (rows.queued > 0).sum(),
        station_map.SHIFT: (rows.shifted > 0).sum(),
        station_map.GIVE: (rows.storage_kw < -1).sum(),
        station_map.TAKE: (rows.storage_kw > 1).sum(),
        station_map.ALARM: ((fired.slot == slot) & (fired.trigger == "emergency")).sum(),
        station_map.OUT: ((rows.voltage_min_pu < low) | (rows.voltage_max_pu > high)).sum(),
    }
    taken = station_map.map_option(run, where, slot, "places taken", DARK)["series"][3]["data"]
    assert max(each["value"][2] for each in taken) <= 100
    assert len(str(option)) < 80_000


def test_names_of_a_users_own_stations_are_no_markup(run: Scheduled) -> None:
    rows = station_map.in_slot(run, 0).assign(station="<i>x</i>")
    where = station_map.places(run.park.feeder, run.park.stations)
    assert not any("<i>" in text for text in station_map._told(run, where, rows))


def test_charts_of_stations_end_at_the_slot_that_is_looked_at(run: Scheduled) -> None:
    names, slots = view.slot_names(run.park.horizon), run.result.station_slots
    for option, column in ((station_charts.losses_option, "loss_kwh"), (station_charts.load_option, "drawn_kw")):
        *whole, scheduled = option(run, names, 5, LIGHT)["series"]
        assert scheduled["data"][:6] == pytest.approx(slots[column][:6].tolist(), abs=0.01)
        assert scheduled["data"][6:] == [None] * 30
        assert whole[-1]["data"] == pytest.approx(slots[f"free_{column}"].tolist(), abs=0.01)
    bars = station_charts.triggers_option(run, names, 35, DARK)["series"]
    assert sum(sum(each["data"]) for each in bars) == len(run.result.triggers)
    where = station_map.places(run.park.feeder, run.park.stations)
    inside, outside, others = (
        each["data"] for each in station_charts.profile_option(run, where, 5, LIGHT)["series"] if "name" in each
    )
    assert len(inside) + len(outside) == 76
    assert len(others) == 77
    voltage = run.result.network.set_index(["slot", "node"]).voltage_pu
    for dot in inside:
        assert dot["value"][1] == pytest.approx(voltage[5, dot["name"]], abs=1e-5)


def test_what_triggers_do_in_a_slot_is_said(run: Scheduled) -> None:
    fired, slots = run.result.triggers, run.result.station_slots
    user = fired[fired.trigger == "user"].iloc[0]
    station, number = user["where"].removeprefix("station:"), int(user.amount)
    assert any(
        text == f"{station} shifted {number} EV{'s' if number > 1 else ''}"
        for _, text in station_charts.told(run, int(user.slot))
    )
    sag = int(slots.slot[slots.sag_pu > 0].iloc[0])
    assert ("event", "the source's voltage sags by 0.05 pu") in station_charts.told(run, sag)
    assert any(level == "emergency" for level, _ in station_charts.told(run, sag))


def test_controls_of_stations_that_do_not_move_leave_the_scenario_as_it_is() -> None:
    case = _case(triggers={"user": False})
    assert Choice.of(case).case(case) == case
    other = Choice("pso", "powerflow", 7, 9, True, False, True, False, 4).case(case)
    assert (other.scheduling.optimizer, other.scheduling.evaluator) == ("pso", "powerflow")
    assert (other.scheduling.iterations, other.scheduling.population, other.run.seed) == (7, 9, 4)
    on = other.triggers
    assert (on.time, on.region, on.user, on.emergency) == (True, False, True, False)
    with pytest.raises(FaultyInputError, match="population"):
        Choice("pso", "powerflow", 7, 1, True, False, True, False, 4).case(case)


def _until(comes_true: Callable[[], bool], within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not comes_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _said(context: Any) -> str:
    return " ".join(each.unsafe_innerHTML for each in context.find(HTML).widgets)


def _alerts(context: Any) -> list[str]:
    return [str(each.children[0]) for each in context.find(vw.Alert).widgets]


def _click(context: Any, label: str) -> None:
    context.find(vw.Btn, children=[label]).widget.click()


def _run_to_the_end(context: Any) -> None:
    _click(context, "Run")
    _until(lambda: bool(context.find(vw.Btn, children=["Next slot"]).widgets or _alerts(context)))


def test_stations_run_on_their_tab_play_and_pause_and_are_kept_while_another_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stations_tab, "BEAT_S", 0.3)
    day, threads = Day(_case()), set(threading.enumerate())
    _, context = solara.render(ChargingStations(day), handle_error=False)
    assert "The scenario&#x27;s [stations]." in _said(context)
    _run_to_the_end(context)
    assert "21:00: " in _said(context), "the last slot"
    _click(context, "Play")
    _until(lambda: 2 <= context.find(vw.Slider).widget.v_model < 36)
    _click(context, "Pause")
    _until(lambda: bool(context.find(vw.Btn, children=["Play"]).widgets))
    _until(lambda: set(threading.enumerate()) <= threads)
    paused = _said(context)
    time.sleep(0.5)
    assert _said(context) == paused
    _click(context, "First slot")
    _click(context, "Next slot")
    assert "00:36: " in _said(context)
    _click(context, "Play")
    context.close()
    _until(lambda: set(threading.enumerate()) <= threads)
    _, context = solara.render(ChargingStations(day), handle_error=False)
    assert context.find(vw.Btn, children=["Next slot"]).widgets
    context.close()
    _, context = solara.render(ChargingStations(Day(_case())), handle_error=False)
    assert not context.find(vw.Btn, children=["Next slot"]).widgets, "another day begins anew"
    context.close()


def test_play_ends_at_the_last_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stations_tab, "BEAT_S", 0.01)
    _, context = solara.render(ChargingStations(Day(_case(horizon={"slots": 4}))), handle_error=False)
    _run_to_the_end(context)
    _click(context, "Play")
    _until(lambda: not context.find(vw.Btn, children=["Pause"]).widgets)
    assert "01:48: " in _said(context)
    context.close()


def test_a_long_search_of_stations_ends_when_it_is_stopped() -> None:
    threads = set(threading.enumerate())
    case = _case(scheduling={"iterations": 1_000_000, "population": 6}, horizon={"slots": 2})
    _, context = solara.render(ChargingStations(Day(case)), handle_error=False)
    _click(context, "Run")
    _until(lambda: bool(context.find(vw.Btn, children=["Stop"]).widget.disabled is False))
    _click(context, "Stop")
    _until(lambda: not context.find(vw.Btn, children=["Run"]).widget.disabled)
    assert _alerts(context) == []
    context.close()
    _until(lambda: set(threading.enumerate()) <= threads)


def test_faults_of_stations_are_said_on_their_tab(tmp_path: Path) -> None:
    file = tmp_path / "stations.csv"
    file.write_text("station,node,region\na,nowhere,one\n")
    _, context = solara.render(ChargingStations(Day(_case(stations={"path": file}))), handle_error=False)
    _run_to_the_end(context)
    said = "".join(_alerts(context))
    context.close()
    assert "nowhere" in said
    assert "Traceback" not in said


def test_the_page_opens_on_stations_where_the_scenario_has_them_and_other_tabs_do_with_ants() -> None:
    day = Day(_case())
    assert list(TABS)[first_tab(day)] == STATIONS
    for name in TABS:
        _, context = solara.render(TABS[name](day), handle_error=False)
        said = _said(context)
        context.close()
        assert ("Charging stations have their own tab" in said) == (name == "Watch")
    while not day.over:
        day.advance()


def test_without_stations_the_tab_runs_paper_cs_case_with_a_smaller_search() -> None:
    day = Day(Scenario().update(fleet={"vehicles": 20}))
    assert list(TABS)[first_tab(day)] == "Watch"
    _, context = solara.render(ChargingStations(day), handle_error=False)
    said = _said(context)
    context.close()
    assert "Paper C&#x27;s case" in said
    assert "The search has 100 iterations, where a scenario&#x27;s default is 200" in said


def test_a_download_of_stations_holds_what_was_run(tmp_path: Path, run: Scheduled) -> None:

    with zipfile.ZipFile(io.BytesIO(packed(run.result))) as archive:
        archive.extractall(tmp_path)
    names = {each.name for each in (tmp_path / "evswarm").iterdir()}
    assert {"stations.parquet", "triggers.parquet", "network.parquet", "summary.json", "figures"} <= names
    assert Scenario.read(tmp_path / "evswarm/scenario.toml").stations is not None
