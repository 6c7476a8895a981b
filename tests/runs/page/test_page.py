"""What the page shows, without a browser: the day it plays, its numbers, its widgets."""

import io
import socket
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
from mesa.visualization.utils import force_update
from solara.widgets import HTML

from coordination.peak_shaving.power_sharing import TACTICS
from coordination.valley_filling import COORDINATORS
from environment.input_faults import FaultyInputError
from runs.page import board, compare_tab, grid, numbers, v2g_charts, vehicle, view
from runs.page.ants_tab import existing
from runs.page.app import Layout, Page, opened
from runs.page.compare_tab import figures, run_both
from runs.page.controls import KEYS, moved, widgets
from runs.page.day import Day
from runs.page.download_tab import packed
from runs.page.palette import DARK, LIGHT
from runs.page.player import Player
from runs.page.run_controls import turn
from runs.page.serve import prepare
from runs.page.tabs import PEAK_SHAVING, TABS, first_tab
from runs.page.v2g_run import play
from runs.page.v2g_tab import Choice, PeakShaving, described
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.v2g.paper_b import paper_b


def _case(**coordination: object) -> Scenario:
    return Scenario().update(
        fleet={"vehicles": 60}, load={"peak_kw": 168, "fluctuation": 0.05}, transformer={"limit_kw": 194},
        coordination=coordination,
    )  # fmt: skip


def _played(case: Scenario) -> Day:
    day = Day(case)
    while not day.over:
        day.advance()
    return day


@pytest.mark.parametrize("method", COORDINATORS)
@pytest.mark.parametrize("batch", [1, 7])
def test_a_played_day_ends_as_the_run_does(method: str, batch: int) -> None:
    # The page seeks its optimum from nothing, a run from what it did: they know the gap to within what is accepted.
    case = _case(method=method, batch_size=batch).update(run={"optimum_within": 1e-10})
    day, summary = _played(case), simulate(case).summary
    assert day.sent.messages == summary["messages"]
    assert day.sent.refused == summary["refused_deposits"]
    assert view.unserved_kwh(day) == pytest.approx(summary["unserved_kwh"])
    assert view.gap(day) == pytest.approx(summary["optimality_gap"], abs=1e-9)
    seen = view.board(day, 0)
    assert max(seen.base_kw + seen.held_kw + seen.flash_kw) == pytest.approx(summary["peak_kw"])


def test_the_gap_begins_at_free_charging_and_falls_as_ants_choose() -> None:
    day = Day(_case())
    gaps = [view.gap(day)]
    while not day.over:
        day.advance()
        gaps.append(view.gap(day))
    assert gaps[0] == pytest.approx(1)
    assert gaps[-1] is not None
    assert gaps[-1] < 0.05


def test_every_ev_is_in_one_state_and_in_the_end_none_waits() -> None:
    day = Day(_case(batch_size=5))
    while not day.over:
        day.advance()
        assert view.state_counts(day).sum() == 60
    counts = view.state_counts(day)[0]
    assert counts[[view.WAITING, view.CHARGING, view.FULL]].sum() == 0
    lacking = simulate(day.case).vehicles.unserved_kwh > 1e-6
    assert counts[view.UNSERVED] == lacking.sum()


def test_what_evs_drew_grows_to_what_they_hold() -> None:
    day = Day(_case())
    before = np.zeros(60)
    while not day.over:
        day.advance()
        drawn = view.drawn_kwh(day, 0)
        assert (drawn >= before - 1e-9).all()
        before = drawn
    assert before == pytest.approx(day.transformers[0].schedule.power_sum_kw() * day.homes.horizon.slot_h)


def test_an_ant_chose_the_strongest_of_the_pheromone_that_it_saw() -> None:
    day = _played(_case(adjust=False))
    for row in day.transformers[0].problem.order.tolist():
        each = view.ev(day, 0, row)
        assert each.seen is not None
        chosen = each.chosen_kw > 0
        if chosen.any() and not chosen.all():  # the ends of a stay may be too short to be of use
            inner = slice(1, -1)
            rest = each.seen[inner][~chosen[inner]]
            assert each.seen[chosen].min() >= rest.max(initial=0) - 1e-12
        assert "read the board" in view.why(day, each)


def test_a_refused_ant_is_shown_with_the_load_that_it_chose_by() -> None:
    case = _case(batch_size=60).update(transformer={"limit_kw": 172}, load={"fluctuation": 0.0})
    day = _played(case)
    assert day.sent.refused > 0
    first_slot = day.transformers[0].problem.first_slot
    seen = {
        (int(first_slot[row]) + k, share)
        for (_, row), (_, shares) in day.witness.seen.items()
        for k, share in enumerate(shares.tolist())
    }
    assert len(seen) > len({slot for slot, _ in seen}), "the batch read one copy, those refused another"


def test_an_ev_that_comes_on_several_days_is_one_dot() -> None:
    day = Day(Scenario().update(fleet={"vehicles": 12}, horizon={"slots": 72}, transformer={"count": 2}))
    while True:
        assert view.state_counts(day).sum() == 12
        for k, transformer in enumerate(day.transformers):
            rows = view.present_rows(day, k)
            stays = transformer.fleet.take(rows)
            assert sorted({*stays.vehicle.tolist()}) == sorted({*transformer.fleet.vehicle.tolist()})
            assert ((stays.plug_in_h <= day.now_h) | (stays.stay == 1)).all()
        series = grid.option(day, 0, DARK)["series"]
        dots = [each["data"] for each in series if each["type"] == "scatter" and each["name"] != "chose just now"]
        assert sum(map(len, dots)) == 12
        if day.over:
            break
        day.advance()


def test_frames_follow_batches_and_slots() -> None:
    by_ten = Day(_case(batch_size=10))
    assert by_ten.frames_h.size == 6 + 24
    assert Day(_case()).frames_h.size == 60 + 24
    assert (np.diff(by_ten.frames_h) > 0).all()


def test_moves_by_round_are_those_on_record() -> None:
    case = _case(rounds=4, information="day_ahead")
    rounds = simulate(case).rounds
    assert view.moves_by_round(_played(case)) == rounds.groupby("round").moves.sum().tolist()


def test_controls_that_do_not_move_leave_the_scenario_as_it_is() -> None:
    case = _case()
    shown = widgets(case)
    assert set(shown) == set(KEYS)
    assert moved(case, {name: widget["value"] for name, widget in shown.items()}) == case
    other = moved(case, {"batch_size": 9, "load": "bdew", "limit_kw": 300.0})
    assert (other.coordination.batch_size, other.load.source, other.transformer.limit_kw) == (9, "bdew", 300.0)


def test_sliders_can_stand_at_any_value_of_a_scenario() -> None:
    odd = Scenario().update(
        fleet={"vehicles": 437}, transformer={"rated_kva": 1234.5}, channel={"loss": 0.123}, run={"seed": 4711}
    )
    for name, widget in widgets(odd).items():
        if "step" in widget:
            assert widget["min"] <= widget["value"] <= widget["max"]
            stands_at = widget["min"] + round((widget["value"] - widget["min"]) / widget["step"]) * widget["step"]
            assert moved(odd, {name: stands_at}) == odd, "a slider stands on one of its steps"
    assert moved(odd, {"limit_kw": 800.0}).transformer.load_limit_kw == 800, "in place of the rating"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("vehicles", 300_000),
        ("vehicles", 9),
        ("limit_kw", float("nan")),
        ("loss", 0.95),
        ("seed", -1),
        ("rounds", "many"),
        ("slot_min", 7),
        ("method", "__import__"),
    ],
)
def test_values_that_no_control_can_take_are_refused(name: str, value: object) -> None:
    with pytest.raises(FaultyInputError, match=f"{KEYS[name]} is {value!r}"):
        moved(_case(), {name: value})


@pytest.mark.parametrize("fleet", [{"vehicles": 10_000_000}, {"vehicles": 210_000}])
def test_a_day_that_is_too_large_for_the_page_is_a_fault_before_it_is_drawn(fleet: dict[str, int]) -> None:
    with pytest.raises(FaultyInputError, match=r"EVs in 24 slots.*at most 5,000,000"):
        Day(Scenario().update(fleet=fleet))


def test_a_visitor_has_one_run_at_a_time() -> None:
    class Task:
        current = True

        def is_current(self) -> bool:
            return self.current

    one, other = Task(), Task()
    with turn(one):
        other.current = False
        with pytest.raises(solara.util.CancelledError), turn(other):
            pytest.fail("the other run began")
    other.current = True
    with turn(other):
        pass


def test_a_scenario_with_its_own_files_has_no_controls_for_what_it_fixes(tree: Path) -> None:
    shown = widgets(Scenario.read(tree / "scenarios/my_fleet.toml"))
    assert "vehicles" not in shown
    assert Player(str(tree / "scenarios/acn_caltech.toml")).day is not None


def test_a_day_that_starts_with_its_fleet_has_a_date(tree: Path, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(
        f'[horizon]\nstart = "fleet"\n[fleet]\nsource = "csv"\npath = "{tree}/scenarios/data/my_fleet.csv"\n'
    )
    day = Player(str(file)).day
    assert day is not None
    assert day.case.horizon.begin_text == day.homes.horizon.begin_text == "2026-01-14T12:00:00"
    assert described(day.case) == "EVs from a file, slots of 60 min from 2026-01-14 12:00 on."


def test_faults_become_texts(tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("[coordination]\nbatch_sise = 5\n")
    for player in (Player(str(bad)), Player(str(tmp_path / "none.toml")), Player(str(tmp_path)), Player(batch_size=0)):
        player.step()
        assert player.day is None
        assert not player.running
        assert player.faults
        assert "Traceback" not in "".join(player.faults)
    assert "batch_size" in Player(str(bad)).faults[0]


def test_more_transformers_than_evs_and_a_smaller_grid_after_reset() -> None:
    day = Player(vehicles=10, transformers=20).day
    assert day is not None
    assert view.state_counts(day).sum() == 10
    k, row = existing(day, (0, 400))
    assert row < day.transformers[k].problem.n_vehicles
    _, context = solara.render(TABS["Watch"](day), handle_error=False)
    context.close()


def test_options_are_small_however_many_evs() -> None:
    day = Player(vehicles=2_000, transformers=3).day
    assert day is not None
    for _ in range(40):
        day.advance()
    assert grid.drawn(day, 0) == []
    assert len(str(grid.option(day, 0, DARK))) < 20_000
    names = view.slot_names(day.homes.horizon)
    assert len(str(board.option(view.board(day, 1), names, LIGHT))) < 20_000
    assert vehicle.option(view.ev(day, 2, 5), names, LIGHT)["series"]
    assert numbers.option(day, names, LIGHT)["series"][0]["data"][0] > 0


def test_days_of_two_and_slots_of_five_minutes_have_names_of_their_own() -> None:
    names = view.slot_names(Scenario().update(horizon={"slot_min": 30, "slots": 96}).horizon)
    assert len(set(names)) == 96
    assert names[24:26] == ["00:00 (day 2)", "00:30 (day 2)"]


def test_slots_and_moments_after_a_clock_change_have_the_new_clocks_time() -> None:
    horizon = Scenario().update(horizon={"start": "2019-11-02T12:00", "timezone": "America/Los_Angeles"}).horizon
    names = view.slot_names(horizon)
    assert names[13:16] == ["01:00", "01:00 (14)", "02:00"]
    assert names[-1] == "10:00"
    assert view.clock(horizon, 17.5) == "04:30"


def test_comparison_sets_two_batch_sizes_beside_each_other() -> None:
    both = run_both(_case(), (("ants", 1), ("ants", 30)))
    rows = {row[0]: row[1:] for row in figures(both)}
    assert float(rows["Gap to the optimum [%]"][0]) < float(rows["Gap to the optimum [%]"][1])


def test_a_click_on_step_plays_a_frame() -> None:
    _, context = solara.render(solara.AppLayout(children=[Page()]), handle_error=False)
    context.find(vw.Btn, children=["Step"]).widget.click()
    said = [each.unsafe_innerHTML for each in context.find(HTML).widgets]
    context.close()
    assert any(text.startswith("Frame 1 of") for text in said)


def test_reset_after_another_file_was_loaded_begins_with_that_file(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[fleet]\nvehicles = 33\n")
    _, context = solara.render(Layout(children=[Page()]), handle_error=False)
    before = opened.value
    opened.set((before[0] + 1, str(other)))
    context.find(vw.Btn, children=["Reset"]).widget.click()
    said = [each.unsafe_innerHTML for each in context.find(HTML).widgets]
    opened.set(before)
    context.close()
    assert any("33 EVs" in text for text in said)


@pytest.mark.parametrize("name", TABS)
def test_every_tab_renders_and_follows_the_day(name: str) -> None:
    day = Day(_case())
    _, context = solara.render(TABS[name](day), handle_error=False)
    day.advance()
    force_update()
    context.close()


def test_a_step_of_ten_thousand_evs_does_not_block() -> None:
    day = Player(vehicles=10_000, transformers=20).day
    assert day is not None
    _, context = solara.render(TABS["Watch"](day), handle_error=False)
    times = []
    for _ in range(12):
        begun = time.perf_counter()
        day.advance()
        force_update()
        times.append(time.perf_counter() - begun)
    context.close()
    assert np.median(times) < 0.3


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runs.page.serve.find_spec", lambda _: None)
    with pytest.raises(FaultyInputError, match="not installed"):
        prepare(8765)


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(FaultyInputError, match="a free port"):
            prepare(taken.getsockname()[1])


def _shaving(**sections: object) -> Scenario:
    return Scenario().update(
        **{
            "fleet": {"vehicles": 40}, "participation": {"leave_early": 0.5}, "peak_shaving": {"iterations": 20},
            "transformer": {"limit_kw": 2000}, **sections,
        }
    )  # fmt: skip


def _quiet(_: float) -> None:
    pass


def _until(comes_true: Callable[[], bool], within_s: float = 30) -> None:
    end = time.monotonic() + within_s
    while not comes_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def _run_to_the_end(context: Any) -> None:
    context.find(vw.Btn, children=["Run"]).widget.click()
    _until(lambda: bool(context.find(vw.Btn, children=["Next slot"]).widgets or _alerts(context)))


def _alerts(context: Any) -> list[str]:
    return [str(each.children[0]) for each in context.find(vw.Alert).widgets]


@pytest.mark.parametrize("tactic", TACTICS)
def test_a_watched_run_of_peak_shaving_is_the_run(tactic: str) -> None:
    case = _shaving(grouping={"tactic": tactic})
    _, seen = play(case, _quiet)
    for engine in ("agents", "compiled"):
        run = simulate(case.update(run={"engine": engine}))
        for name, table in run.tables.items():
            pd.testing.assert_frame_equal(seen.tables[name], table)
        assert {**seen.summary, "wall_s": 0} == {**run.summary, "wall_s": 0}


def test_every_ev_is_counted_once_in_each_slot_and_in_the_group_that_it_was_put_into() -> None:
    played, _ = play(_shaving(), _quiet)
    track, v2g = played.crew.record.track, played.v2g
    assert (played.counts.sum(axis=(1, 2)) == 40).all()
    assert np.array_equal(played.counts[:, :-1].sum(axis=2), track.group_vehicles)
    assert (track.present < v2g.participation.available).any(), "some left early, and count as away"
    share = np.arange(played.counts.shape[2]) / (played.counts.shape[2] - 1)
    for place in range(3):
        counts = played.counts[:, place]
        there = counts.sum(axis=1) > 0
        mean = (counts @ share)[there] / counts.sum(axis=1)[there]
        assert mean == pytest.approx(track.soc_mean[there, place], abs=0.0126), "half a step of the histogram"


def test_charts_of_peak_shaving_end_at_the_slot_that_is_looked_at() -> None:
    played, result = play(_shaving(), _quiet)
    names = view.slot_names(played.v2g.horizon)
    after = v2g_charts.load_option(result, names, 5, LIGHT)["series"][1]["data"]
    assert after[:6] == pytest.approx(result.v2g_slots.total_kw[:6].tolist(), abs=0.01)
    assert after[6:] == [None] * 18
    shown = v2g_charts.histogram_option(played, result, 5, DARK)["series"]
    assert sum(sum(each["data"]) for each in shown) == 40
    response = v2g_charts.signal_option(result, names, 23, DARK)["series"][1]["data"]
    assert response == pytest.approx(result.v2g_slots.response_kw.tolist(), abs=0.01)
    assert len(v2g_charts.groups_option(played, result, names, 23, LIGHT)["series"]) == 9


def test_controls_of_peak_shaving_that_do_not_move_leave_the_scenario_as_it_is() -> None:
    case = _shaving(horizon={"slot_min": 7, "slots": 100})
    assert Choice.of(case).case(case) == case
    paper = paper_b()
    other = Choice("pso", "tactic_3", 7, 3, 9).case(paper)
    assert other.peak_shaving is not None
    assert (other.peak_shaving.optimizer, other.peak_shaving.iterations) == ("pso", 7)
    assert (other.grouping.tactic, other.horizon.n_slots, other.run.seed) == ("tactic_3", 288, 9)
    with pytest.raises(FaultyInputError, match="iterations"):
        Choice("pso", "tactic_3", -7, 3, 9).case(paper)


def test_paper_b_has_its_fleet_and_its_peak_valley_rate() -> None:
    rate = simulate(paper_b().update(peak_shaving={"optimizer": "exact"})).summary["no_evs"]["peak_valley_rate"]
    assert rate == pytest.approx(0.5503)
    assert len(play(paper_b().update(peak_shaving={"iterations": 1}), _quiet)[0].v2g.fleet) == 300


def test_what_is_told_of_a_run_rises_to_its_end_and_can_stop_it() -> None:
    told: list[float] = []
    play(_shaving(), told.append)
    assert told == sorted(told)
    assert told[-1] == 1

    def stop(part: float) -> None:
        if part > 0.25:
            raise SystemExit

    with pytest.raises(SystemExit):
        play(_shaving(), stop)


@pytest.mark.parametrize("has_section", [True, False])
def test_peak_shaving_runs_on_its_tab_and_is_kept_while_another_is_looked_at(*, has_section: bool) -> None:
    case = _shaving() if has_section else _case()
    day = Day(case)
    _, context = solara.render(PeakShaving(day), handle_error=False)
    said = [each.unsafe_innerHTML for each in context.find(HTML).widgets]
    assert any(("The scenario&#x27;s" if has_section else "Paper B&#x27;s case") in text for text in said)
    _run_to_the_end(context)
    context.close()
    _, context = solara.render(PeakShaving(day), handle_error=False)
    before = [each.unsafe_innerHTML for each in context.find(HTML).widgets]
    context.find(vw.Btn, children=["Back"]).widget.click()
    after = [each.unsafe_innerHTML for each in context.find(HTML).widgets]
    assert before != after
    context.close()
    _, context = solara.render(PeakShaving(Day(case)), handle_error=False)
    assert not context.find(vw.Btn, children=["Next slot"]).widgets, "another day begins anew"
    context.close()


@pytest.mark.parametrize("how", ["stopped", "left"])
def test_a_long_search_of_peak_shaving_ends_when_it_is_stopped_or_its_tab_is_left(how: str) -> None:
    threads = set(threading.enumerate())
    _, context = solara.render(PeakShaving(Day(_shaving(peak_shaving={"iterations": 1_000_000}))), handle_error=False)
    context.find(vw.Btn, children=["Run"]).widget.click()
    _until(lambda: 0 < (context.find(vw.ProgressLinear).widget.value or 0) < 50)
    if how == "stopped":
        context.find(vw.Btn, children=["Stop"]).widget.click()
        _until(lambda: not context.find(vw.Btn, children=["Run"]).widget.disabled)
        assert _alerts(context) == []
    context.close()
    _until(lambda: set(threading.enumerate()) <= threads)


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        (_shaving(tariff={"source": "csv", "path": "/none.csv"}), "none.csv"),
        (
            _shaving(peak_shaving={"optimizer": "exact", "ageing_yuan_per_kwh": 0, "carbon_on": "charge"}),
            "expected one of the optimisers, or readings that make the costs convex",
        ),
    ],
)
def test_faults_of_peak_shaving_are_said_on_its_tab(case: Scenario, fault: str) -> None:
    _, context = solara.render(PeakShaving(Day(case)), handle_error=False)
    _run_to_the_end(context)
    said = "".join(_alerts(context))
    context.close()
    assert fault in said
    assert "Traceback" not in said


def test_warnings_of_a_run_are_said_on_its_tab() -> None:
    _, context = solara.render(PeakShaving(Day(_shaving(peak_shaving={"optimizer": "random", "iterations": 0}))))
    _run_to_the_end(context)
    said = _alerts(context)
    context.close()
    assert any("is worse than" in text for text in said)


def test_the_page_opens_on_peak_shaving_where_the_scenario_has_it_and_ants_stay_beside_it() -> None:
    day, plain = Day(_shaving()), Day(_case())
    assert list(TABS)[first_tab(day)] == PEAK_SHAVING
    assert list(TABS)[first_tab(plain)] == "Watch"
    _, context = solara.render(TABS["Watch"](day), handle_error=False)
    said = [each.unsafe_innerHTML for each in context.find(HTML).widgets]
    context.close()
    assert any("Peak shaving has its own tab" in text for text in said)
    while not day.over:
        day.advance()
    ants = day.case.model_copy(update={"peak_shaving": None})
    assert day.sent.messages == simulate(ants).summary["messages"]


def test_downloads_hold_what_was_run(tmp_path: Path) -> None:
    _, result = play(_shaving(), _quiet)
    with zipfile.ZipFile(io.BytesIO(packed(result))) as archive:
        archive.extractall(tmp_path)
    assert {"v2g_groups.parquet", "search.parquet", "figures"} <= {
        each.name for each in (tmp_path / "evswarm").iterdir()
    }
    assert Scenario.read(tmp_path / "evswarm/scenario.toml").peak_shaving is not None


def test_whatever_goes_wrong_in_a_comparison_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise LookupError("the second run has no load")

    monkeypatch.setattr(compare_tab, "run_both", broken)
    _, context = solara.render(TABS["Compare"](Day(_case())), handle_error=False)
    context.find(vw.Btn, children=["Run both"]).widget.click()
    _until(lambda: bool(_alerts(context)))
    said = _alerts(context)
    context.close()
    assert said == ["the second run has no load"]
