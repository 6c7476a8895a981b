"""Runs of charging stations: who is served when, what is kept, and what each trigger does and leaves alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coordination.stations.reports import Reports
from environment.battery import Batteries
from environment.events import Events
from environment.input_faults import FaultyInputError
from environment.station_messages import StationReport
from environment.users import Sessions
from runs.model import GridModel
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark
from runs.stations.summary import figures, warnings
from tests.support.station_cases import BUSY, CALM, OFF, ON, SIX, STRUCK, case, columns, world_of
from tests.support.worlds import run_park, run_stations

CASES: dict[str, dict[str, Any]] = {
    "busy": BUSY,
    "by power flow": {**BUSY, "scheduling": {"evaluator": "powerflow", "optimizer": "cso"}},
    "nobody schedules": {**BUSY, "scheduling": {"optimizer": "none"}},
    "calm": {"triggers": ON},
    "nothing is left": {**BUSY, "events": {**STRUCK, "supply_part": 0.0}},
    "never enough": {**BUSY, "events": CALM, "stations": {**BUSY["stations"], "supply_kw": 11_500.0}},
    "no storage": {**BUSY, "stations": {**BUSY["stations"], "storage_devices": 0}},
    "two days from the evening": {**BUSY, "horizon": {"start": datetime(2023, 7, 12, 18), "slots": 80}},  # noqa: DTZ001
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[StationPark, StationsOutcome, StationsOutcome]]:
    folder = tmp_path_factory.mktemp("stations")
    return {name: run_stations(case(folder, **sections)) for name, sections in CASES.items()}


@pytest.fixture(params=[*CASES, "busy, plain"])
def run(request: pytest.FixtureRequest, runs: dict[str, Any]) -> tuple[StationPark, StationsOutcome]:
    name, _, plain = request.param.partition(", ")
    world, outcome, other = runs[name]
    return world, other if plain else outcome


def test_what_is_supplied_is_what_is_drawn_and_lost(run: tuple[StationPark, StationsOutcome]) -> None:
    world, outcome = run
    track, after, slot_h = outcome.track, outcome.grid, world.horizon.slot_h
    assert after.residual_kw.max() <= 1e-6
    beside = (track.storage_kw - track.lent_kw).sum(axis=1) * slot_h
    base = world.state.base[0].sum(axis=1) - track.shed_kw
    loads = base * slot_h + (track.power_kw * track.time_h).sum(axis=1) + beside
    assert after.drawn_kwh == pytest.approx(loads + after.loss_kwh, abs=1e-5)
    assert (after.loss_kwh > 0).all()


def test_the_books_of_storage_close(run: tuple[StationPark, StationsOutcome]) -> None:
    world, outcome = run
    storage, track, s = outcome.storage, outcome.track, world.settings
    power = world.stations.storage_devices * s.storage_kw
    assert (np.abs(track.storage_kw) <= power + 1e-9).all()
    assert track.storage_soc.min() >= s.storage_soc_min
    assert track.storage_soc.max() <= 1.0
    moved = track.storage_kw.sum(axis=0) * world.horizon.slot_h
    assert moved == pytest.approx(storage.charged_kwh - storage.discharged_kwh, abs=1e-8)
    held = (storage.soc - s.storage_soc_start) * storage.capacity_kwh
    assert moved == pytest.approx(held + storage.lost_kwh, abs=1e-8)


def test_the_energy_of_visits_closes(run: tuple[StationPark, StationsOutcome]) -> None:
    world, outcome = run
    visits, sessions, track = world.visits, outcome.sessions, outcome.track
    served = sessions.served_slot >= 0
    back = sessions.lent_kwh / world.settings.storage_efficiency**2
    assert visits.energy_kwh + back == pytest.approx(sessions.served_kwh + sessions.short_kwh)
    assert (sessions.short_kwh >= -1e-9).all()
    assert not sessions.served_kwh[~served].any()
    assert (sessions.served_slot[served] >= visits.slot[served]).all()
    by_slot = np.zeros_like(track.power_kw)
    np.add.at(by_slot, (sessions.served_slot[served], visits.station[served]), sessions.served_kwh[served])
    assert by_slot == pytest.approx(track.power_kw * track.time_h, abs=1e-8)
    assert sessions.lent_kwh.sum() == pytest.approx(track.lent_kw.sum() * world.horizon.slot_h)
    floor = world.scenario.triggers.lend_soc_min * visits.capacity_kwh
    held = visits.capacity_kwh - visits.energy_kwh - sessions.lent_kwh / world.settings.storage_efficiency
    lent = sessions.lent_kwh > 0
    assert (held[lent] >= floor[lent] - 1e-9).all()


def test_nothing_is_left_out_in_silence(run: tuple[StationPark, StationsOutcome]) -> None:
    world, outcome = run
    track, sessions = outcome.track, outcome.sessions
    told = figures(world, outcome)
    served = (track.power_kw * track.time_h).sum()
    assert told["unserved_kwh"] == pytest.approx(sessions.need_kwh.sum() - served)
    assert told["cut_kwh"] == pytest.approx((track.cut_kw * track.time_h).sum())
    assert told["served_visits"] + told["waiting_visits"] == len(world.visits)
    assert (told["waiting_visits"] > 0) == any("still wait" in text for text in warnings(world, outcome, outcome))
    assert told["shed_kwh"] == pytest.approx(track.shed_kw.sum() * world.horizon.slot_h)
    assert track.shed_kw.any() == any("lacks more" in text for text in warnings(world, outcome, outcome))


def test_what_is_short_is_given_or_cut_and_no_more(run: tuple[StationPark, StationsOutcome]) -> None:
    """In a shortage all that is supplied is drawn, unless storage gives more for a voltage, and nothing above it is."""
    world, outcome = run
    track, after = outcome.track, outcome.grid
    base, short = world.state.base[0].sum(axis=1), track.short_kw > 1e-9
    supplied, cut = track.drawn_kw - track.short_kw, track.cut_kw.sum(axis=1)
    dark = track.shed_kw >= base - 1e-6
    assert (after.drawn_kw[short & ~dark] <= supplied[short & ~dark] + 1e-4).all()
    taken = short & ((cut > 1e-6) | (track.shed_kw > 1e-6)) & ~dark
    assert after.drawn_kw[taken] == pytest.approx(supplied[taken], abs=1e-4)
    assert not cut[~short].any()
    assert not track.shed_kw[~short].any()
    assert (track.power_kw.sum(axis=1)[track.shed_kw > 1e-6] <= 1e-6).all(), "EVs draw while base load is left out"
    assert (track.storage_kw[short] <= 1e-9).all(), "storage charges in a shortage"
    for judged, shed in zip(outcome.judgement.objectives, track.shed_kw, strict=True):
        assert judged.broken[0, 4] == (shed > 1e-4)
    if not world.scenario.triggers.emergency:
        assert (track.given_kw <= 1e-9).all() or world.scenario.triggers.time


def test_places_are_enough_and_none_is_left_free(run: tuple[StationPark, StationsOutcome]) -> None:
    world, outcome = run
    track, places = outcome.track, world.stations.places
    assert (track.plugged <= places).all()
    short = (track.short_kw > 1e-9)[:, None]
    assert ((track.queued == 0) | (track.plugged == places) | short).all()
    lending = np.ceil(track.lent_kw * world.horizon.slot_h / world.scenario.triggers.lend_kwh - 1e-9)
    assert (track.plugged + lending <= places).all()


def test_who_comes_first_is_served_first_unless_shifted(run: tuple[StationPark, StationsOutcome]) -> None:
    world, outcome = run
    visits, sessions, track = world.visits, outcome.sessions, outcome.track
    n = world.horizon.n_slots
    end = np.where(sessions.served_slot < 0, n, sessions.served_slot)
    for station in range(len(world.stations)):
        here = (visits.station == station) & (sessions.shifted_slots == 0)
        assert (np.diff(end[here]) >= 0).all()
    most = world.scenario.triggers.shift_slots
    assert sessions.shifted_slots.max(initial=0) <= most
    assert not sessions.shifted_slots[~visits.willing].any()
    for row in np.flatnonzero(sessions.shifted_slots).tolist():
        first = int(visits.slot[row]) + most
        then, at = slice(first, end[row]), visits.station[row]
        assert (track.queued[then, at] > 0).all(), "back after the most, if there is a place and power"
    assert sessions.shifted_slots.sum() == track.shifted.sum()
    assert track.plugged.sum() == (sessions.served_slot >= 0).sum()


def test_who_gets_nothing_waits_for_the_next_slot(tmp_path: Path) -> None:
    """No supply in the first slot, and storage for none: they charge in the second, and count as served then."""
    who = [("one", "A1", 0.0, 30.0), ("two", "B2", 0.0, 20.0)]
    world = world_of(case(tmp_path, None, who, stations={"storage_devices": 0}, horizon={"slots": 3}))
    part = np.array([0.0, 1.0, 1.0])
    outcome = run_park(replace(world, events=Events(np.zeros(3), part)))
    track, sessions = outcome.track, outcome.sessions
    assert track.plugged.sum(axis=1).tolist() == [0, 2, 0]
    assert track.queued.sum(axis=1).tolist() == [2, 0, 0]
    assert not outcome.judgement.objectives[0].broken[0, 2], "nobody leaves, so no battery is too empty"
    assert track.power_kw.sum(axis=1)[0] == pytest.approx(0.0, abs=1e-9)
    assert sessions.served_slot.tolist() == [1, 1]
    assert sessions.served_kwh == pytest.approx([30.0, 20.0])
    told = figures(world, outcome)
    assert told["unserved_kwh"] == pytest.approx(0.0, abs=1e-9)
    assert told["cut_kwh"] == pytest.approx(50.0)
    assert told["wait_mean_min"] == 36.0
    assert told["short_slots"] == 1
    assert told["charging_time_mean_h"] > 0.4


def test_in_a_shortage_who_came_first_charges_first(tmp_path: Path) -> None:
    """Half of the EVs' power is cut: about half of them charge, in the order in which they came, and the others wait."""
    who = [(f"u{k}", "one", 0.0, 30.0) for k in range(6)]
    sections = {
        "stations": {"storage_devices": 0, "region_weights": (1.0,)},
        "horizon": {"slots": 3},
        "scheduling": {"optimizer": "none"},
    }
    world = world_of(case(tmp_path, [("one", "S1-01", "A")], who, **sections))
    asked = run_park(world).track
    base_alone = world.state.measure(0, world.state.idle_v, np.zeros(1))[1]
    part = (base_alone + 0.55 * (asked.drawn_kw[0] - base_alone)) / asked.drawn_kw[0]
    outcome = run_park(replace(world, events=Events(np.zeros(3), np.array([part, 1.0, 1.0]))))
    track, sessions = outcome.track, outcome.sessions
    assert sessions.served_slot.tolist() == [0, 0, 0, 0, 1, 1]
    assert sessions.served_kwh[[0, 1, 2, 4, 5]] == pytest.approx(30.0)
    assert 0 < sessions.served_kwh[3] < 15.0, "what is left is for the next one, who leaves with it"
    assert (track.plugged[:, 0].tolist(), track.queued[:, 0].tolist()) == ([4, 2, 0], [2, 0, 0])
    assert outcome.grid.drawn_kw[0] == pytest.approx(part * asked.drawn_kw[0], abs=1e-4)
    assert outcome.judgement.objectives[0].feasible[0] == (sessions.short_kwh.sum() <= 5.0 * 4)


def test_no_base_load_is_left_out_where_evs_alone_are_too_much(tmp_path: Path) -> None:
    """The supply carries the base load and its own losses, and nothing else: with the EVs their losses go too."""
    scenario = case(tmp_path, scheduling={"optimizer": "none"}, stations={"storage_devices": 0})
    world = world_of(scenario)
    slot = int(np.argmax(run_park(world).track.power_kw.sum(axis=1)))
    supply = world.state.measure(slot, world.state.idle_v, np.zeros(6))[1] + 1.0
    few = world_of(scenario.update(stations={"supply_kw": supply}))
    track = run_park(few).track
    assert track.short_kw[slot] > 100
    assert track.shed_kw[slot] == 0
    assert 0 < track.power_kw[slot].sum() <= 1.0


def test_storage_does_not_charge_in_a_shortage_whatever_is_off(tmp_path: Path) -> None:
    world = world_of(case(tmp_path, **{**BUSY, "triggers": {**OFF, "time": True}}))
    calm = run_park(replace(world, events=Events(np.zeros(40), np.ones(40)))).track
    struck = run_park(replace(world, events=Events(np.zeros(40), np.full(40, 0.99)))).track
    assert (calm.storage_kw > 0).any()
    assert struck.storage_kw.max() <= 1e-9
    assert struck.cut_kw.any()


def plain_loop(world: StationPark) -> tuple[list[Any], list[np.ndarray[Any, Any]], Sessions]:
    """Play queue, pose and find, and nothing else."""
    visits, m = world.visits, len(world.stations)
    need, sessions = visits.energy_kwh, Sessions.of(visits)
    waiting: list[list[int]] = [[] for _ in range(m)]
    storage = world.stations.new_storage(world.settings).limits(np.arange(m), world.horizon.slot_h)
    decisions, powers = [], []
    for slot in range(world.horizon.n_slots):
        plugged, reports = [], []
        for j in range(m):
            waiting[j] += np.flatnonzero((visits.slot == slot) & (visits.station == j)).tolist()
            here, rest = waiting[j][: world.stations.places[j]], waiting[j][world.stations.places[j] :]
            plugged.append(here)
            waiting[j] = rest
            wanted, queued = (float(need[np.array(rows, dtype=np.int64)].sum()) for rows in (here, rest))
            reports.append(StationReport(len(here), len(rest), 0, wanted, queued, 0.0, storage.charge_kw[j], storage.discharge_kw[j]))  # fmt: skip
        problem = world.planner.pose(slot, Reports.of(reports), np.zeros(m))
        decision = world.planner.find(problem, slot).decision
        power = problem.power_kw(decision)[0]
        for j, rows in enumerate(plugged):
            time_h = decision.time_h[0, j]
            served = min(power[j] * time_h, problem.wanted_kwh[j])
            for row in rows:
                sessions.served_kwh[row] = need[row] * (served / problem.wanted_kwh[j])
                sessions.served_slot[row], sessions.time_h[row] = slot, time_h
        decisions.append(decision)
        powers.append(power)
    return decisions, powers, sessions


@pytest.mark.parametrize("scheduling", [{}, {"optimizer": "none"}, {"evaluator": "powerflow", "optimizer": "pso"}])
def test_with_all_triggers_off_schedules_stand_as_they_were_found(tmp_path: Path, scheduling: dict[str, Any]) -> None:
    world = world_of(case(tmp_path, **{**BUSY, "triggers": OFF, "events": {**STRUCK, "supply_a_day": 0.0}, "scheduling": scheduling}))  # fmt: skip
    outcome = run_park(world)
    decisions, powers, sessions = plain_loop(world)
    for name in ("voltage_v", "time_h", "capacity_kw"):
        assert getattr(outcome.track, name).tobytes() == np.concatenate([getattr(d, name) for d in decisions]).tobytes()
    assert outcome.track.power_kw.tobytes() == np.array(powers).tobytes()
    for name in ("need_kwh", "served_kwh", "served_slot", "shifted_slots", "lent_kwh", "time_h"):
        assert getattr(outcome.sessions, name).tobytes() == getattr(sessions, name).tobytes()
    assert not outcome.track.fired
    assert not outcome.storage.charged_kwh.any()
    assert not outcome.storage.discharged_kwh.any()


def run_with(tmp_path: Path, **sections: Any) -> Result:
    return simulate(case(tmp_path, **sections))


SMALL: dict[str, Callable[[Path], Scenario]] = {
    "no visits": lambda folder: case(folder, users={"charging_a_day": 0}, triggers=ON),
    "one pile": lambda folder: case(folder, stations={"piles": 1}, triggers=ON),
    "no storage": lambda folder: case(folder, [(*row, 1, 0) for row in SIX], triggers=ON),
    "one station": lambda folder: case(folder, [("one", "S4-19", "R")], triggers=ON),
    "one visit": lambda folder: case(folder, SIX, [("u", "A1", 12.0, 30.0)], triggers=ON),
    "one slot": lambda folder: case(folder, horizon={"slots": 1}, triggers=ON),
    "no stretch": lambda folder: case(
        folder, stations={"time_rated_h": 0.6, "capacity_min_kw": 3000.0, "battery_max_kwh": 65.0}, triggers=ON
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_small_cases_are_told_in_finite_figures(tmp_path: Path, name: str) -> None:
    result = simulate(SMALL[name](tmp_path))
    for told in (result.summary, result.summary["free"]):
        numbers = [value for value in told.values() if isinstance(value, (int, float))]
        assert np.isfinite(numbers).all()
    assert result.summary["served_visits"] + result.summary["waiting_visits"] == result.summary["visits"]


def test_the_same_seed_is_the_same_run(tmp_path: Path) -> None:
    scenario = case(tmp_path, **BUSY)
    one, other = (run_park(world_of(scenario)) for _ in range(2))
    assert columns(one) == columns(other)
    third = run_park(world_of(scenario.update(run={"seed": 2})))
    assert columns(one) != columns(third)
    model = GridModel(scenario)
    model.run_until(scenario.horizon.hours)
    assert model.stations.track.power_kw.tobytes() == one.track.power_kw.tobytes()


def test_a_slot_is_searched_alike_whatever_came_before(tmp_path: Path) -> None:
    world = world_of(case(tmp_path, horizon={"slots": 3}))
    problems = run_park(world).track.problems
    last, first = (world.planner.find(problems[slot], slot).decision for slot in (2, 0))
    again = [world.planner.find(problems[slot], slot).decision for slot in (0, 1, 2)]
    for one, other in ((first, again[0]), (last, again[2])):
        assert [column.tobytes() for column in one] == [column.tobytes() for column in other]


def test_the_order_of_rows_of_a_file_of_users_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    users = [(f"u{i}", SIX[i % 6][0], hour, 20 + i % 30, 60, i % 2) for i, hour in enumerate(rng.uniform(15, 20, 300).tolist())]  # fmt: skip
    one, other = (run_park(world_of(case(tmp_path, None, rows, **{**BUSY, "users": {}}))) for rows in (users, [users[i] for i in rng.permutation(300)]))  # fmt: skip
    assert columns(one) == columns(other)
    assert one.track.shifted.any()


def test_a_sag_that_no_storage_answers_is_told(tmp_path: Path) -> None:
    deep = {"voltage_a_day": 100.0, "supply_a_day": 0.0, "voltage_sag_pu": 0.2}
    result = run_with(tmp_path, triggers=ON, events=deep, horizon={"slots": 4})
    assert (result.station_slots["voltage_min_pu"] < 0.93).all()
    assert result.station_slots["broken"].str.contains("voltage").all()
    assert (result.triggers["trigger"] == "emergency").any()
    assert (result.station_slots["given_kw"] > 0).any()


def test_a_sag_under_which_the_feeder_collapses_is_a_fault_that_tells_of_it(tmp_path: Path) -> None:
    deep = {"voltage_a_day": 100.0, "supply_a_day": 0.0, "voltage_sag_pu": 0.49}
    with pytest.raises(FaultyInputError, match=r"source at 0\.51 pu"):
        run_with(tmp_path, events=deep, load={"peak_kw": 60_000.0}, feeder={"source": "builtin", "voltage_min_pu": 0.5})


@pytest.mark.parametrize("name", ["busy", "never enough", "no storage"])
def test_storage_is_never_asked_for_more_than_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whatever the forecast, a region and an emergency ask of it together."""
    draw, asked = Batteries.draw, list[float]()

    def watched(storage: Batteries, rows: Any, power_kw: Any, hours: Any) -> Any:
        moved = draw(storage, rows, power_kw, hours)
        assert moved == pytest.approx(power_kw * hours, abs=1e-8)
        asked.extend(power_kw)
        return moved

    monkeypatch.setattr(Batteries, "draw", watched)
    run_park(world_of(case(tmp_path, **CASES[name])))
    assert any(asked) or name == "no storage"


def test_the_order_of_stations_in_their_file_does_not_matter(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    users = [(f"u{i}", SIX[i % 6][0], hour, 20 + i % 30, 60, i % 2) for i, hour in enumerate(rng.uniform(15, 20, 300).tolist())]  # fmt: skip
    sections = {**BUSY, "users": {}, "scheduling": {"optimizer": "none"}}
    one, other = (run_park(world_of(case(tmp_path, rows, users, **sections))) for rows in (SIX, [SIX[i] for i in (2, 3, 0, 5, 4, 1)]))  # fmt: skip
    assert one.track.given_kw.any()
    for name in ("need_kwh", "served_kwh", "served_slot", "lent_kwh", "shifted_slots"):
        assert getattr(other.sessions, name) == pytest.approx(getattr(one.sessions, name))
    assert other.grid.drawn_kwh == pytest.approx(one.grid.drawn_kwh)


def test_losses_of_a_search_by_power_flow_are_those_of_the_run_where_all_finish_together(tmp_path: Path) -> None:
    scheduling = {"evaluator": "powerflow", "optimizer": "none"}
    outcome = run_park(world_of(case(tmp_path, stations={"piles": 3}, scheduling=scheduling)))
    before = [problem.free_objectives for problem in outcome.track.problems]
    assert outcome.grid.loss_kwh == pytest.approx([judged.loss_kwh[0] for judged in before])
    for judged, was in zip(outcome.judgement.objectives, before, strict=True):
        assert judged.cost_yuan == pytest.approx(was.cost_yuan)
        assert judged.spread_kw == pytest.approx(was.spread_kw)
        assert judged.satisfaction == pytest.approx(was.satisfaction)


def test_coefficients_count_the_load_of_the_whole_feeder(tmp_path: Path) -> None:
    """Six stations of 76: most of the base load stands elsewhere, and the supply has to carry it."""
    world = world_of(case(tmp_path, scheduling={"optimizer": "none"}))
    track = run_park(world).track
    for slot, problem in enumerate(track.problems):
        network = problem.evaluator.network(problem, problem.free, problem.power_kw(problem.free))
        loads = world.state.base[0][slot].sum() + track.power_kw[slot].sum()
        assert loads <= network.drawn_kw[0] <= 1.05 * loads
