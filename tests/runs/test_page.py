"""What the page shows, without a browser: the day it plays, its numbers, its widgets."""

import socket
import time
from pathlib import Path

import ipyvuetify as vw
import numpy as np
import pytest
import solara
from mesa.visualization.utils import force_update
from solara.widgets import HTML

from coordination.valley_filling import COORDINATORS
from environment.board import pheromone
from environment.faults import FaultyInputError
from runs.page import board, grid, numbers, vehicle, view
from runs.page.app import Layout, Page, opened
from runs.page.compare import figures, run_both
from runs.page.controls import KEYS, moved, widgets
from runs.page.day import Day
from runs.page.palette import DARK, LIGHT
from runs.page.player import Player
from runs.page.serve import prepare
from runs.page.tabs import TABS
from runs.page.watch import existing
from runs.scenario import Scenario
from runs.simulate import simulate


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
    case = _case(method=method, batch_size=batch)
    day, summary = _played(case), simulate(case).summary
    assert day.sent.messages == summary["messages"]
    assert day.sent.refused == summary["refused_deposits"]
    assert view.unserved_kwh(day) == pytest.approx(summary["unserved_kwh"])
    assert view.gap(day) == pytest.approx(summary["optimality_gap"], abs=1e-9)
    seen = view.board(day, None)
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
    assert before == pytest.approx(day.transformers[0].schedule.power_sum_kw() * day.world.horizon.slot_h)


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
    boards = [read for _, read in day.witness.seen_kw.values()]
    assert any(not np.array_equal(read, boards[0]) for read in boards), "the batch read one copy, those refused another"
    assert pheromone(boards[0], 172).sum() == pytest.approx(1)


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


def test_a_scenario_with_its_own_files_has_no_controls_for_what_it_fixes(tree: Path) -> None:
    shown = widgets(Scenario.read(tree / "scenarios/my_fleet.toml"))
    assert "vehicles" not in shown
    assert Player(str(tree / "scenarios/acn_caltech.toml")).day is not None


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
    assert grid.drawn(day, None) == []
    assert len(str(grid.option(day, None, DARK))) < 20_000
    names = view.slot_names(day.world.horizon)
    assert len(str(board.option(view.board(day, 1), names, LIGHT))) < 20_000
    assert vehicle.option(view.ev(day, 2, 5), names, LIGHT)["series"]
    assert numbers.option(day, names, LIGHT)["series"][0]["data"][0] > 0


def test_days_of_two_and_slots_of_five_minutes_have_names_of_their_own() -> None:
    names = view.slot_names(Scenario().update(horizon={"slot_min": 30, "slots": 96}).horizon)
    assert len(set(names)) == 96
    assert names[24:26] == ["00:00 (day 2)", "00:30 (day 2)"]


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
