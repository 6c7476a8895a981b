"""The protocol between ants and their board: answered, sent again, entered once; and what happens where nothing gets through."""

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from agents.transformer import Transformer
from environment.messages import Deposit, Exchange
from runs.model import GridModel
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.timeline import QUIET, timeline

ALL_DAY = ({"from_h": 0.0, "to_h": 24.0},)


def case(vehicles: int = 40, *, coordination: dict[str, Any] | None = None, **channel: Any) -> Scenario:
    """A small fleet; the limit leaves little room in the evening."""
    return Scenario().update(
        fleet={"vehicles": vehicles}, transformer={"limit_kw": 1420}, coordination=coordination or {}, channel=channel
    )


def kinds(result: Result) -> dict[str, int]:
    return dict(zip(result.messages.kind, result.messages.messages, strict=True))


def test_ten_evs_line_by_line(tree: Path) -> None:
    folder = tree / "tests/reference/ten_evs_timeline"
    result = simulate(Scenario.read(folder / "scenario.toml"))
    assert timeline(result.log, result.scenario.horizon) == (folder / "timeline.txt").read_text()


def test_the_timeline_reads_the_clock_of_the_zone() -> None:
    changed = case(5, log=True, delay_s=1.0).update(
        horizon={"start": "2019-11-02T12:00", "timezone": "America/Los_Angeles"}
    )
    result = simulate(changed)
    sent = result.slots.start[0] + pd.to_timedelta(result.log[~result.log.kind.isin(QUIET)].sent_h, unit="h")
    lines = timeline(result.log, changed.horizon).splitlines()[1:]
    assert [line[:5] for line in lines] == sent.dt.strftime("%H:%M").tolist()


def test_every_deposit_is_answered_and_the_answers_are_counted() -> None:
    sent = kinds(simulate(case()))
    assert sent["deposit"] == sent["acceptance"] + sent.get("refusal", 0)


def test_a_lost_deposit_is_sent_again_and_the_load_is_as_if_it_had_not_been_lost() -> None:
    plain, lossy = simulate(case()), simulate(case(loss=0.2, resends=20))
    sent, lost = kinds(lossy), lossy.messages.set_index("kind").lost
    assert sent["deposit"] > 40
    assert lost["deposit"] > 0
    assert lost["acceptance"] > 0
    assert lossy.summary["vehicles_cut_off"] == 0
    assert lossy.summary["unserved_kwh"] == pytest.approx(plain.summary["unserved_kwh"])
    assert lossy.slots.ev_kw.sum() == pytest.approx(plain.slots.ev_kw.sum())


def test_it_is_sent_again_within_a_bound() -> None:
    result = simulate(case(1, partitions=ALL_DAY, resends=3, log=True))
    deposits = result.log[(result.log.kind == "request")]
    first_hour = deposits[deposits.sent_h < np.ceil(deposits.sent_h.iloc[0])]
    assert len(first_hour) == 1 + 3
    np.testing.assert_allclose(np.diff(first_hour.sent_h) * 3600, 10.0)


def networked(**channel: Any) -> GridModel:
    model = GridModel(case(5, **{"duplication": 0.0, "delay_s": 1e-6, **channel}))
    model.run_until(0.01)
    return model


def test_a_deposit_that_comes_twice_is_entered_once_and_one_that_was_overtaken_not_at_all() -> None:
    transformer = networked().transformers[0]
    row = int(transformer.problem.order[0])
    later = int(transformer.problem.first_slot[row]) + 5
    old, new = (Deposit(later, np.array([power]), row, number, 0) for number, power in ((1, 2.0), (2, 3.0)))
    transformer.receive(old)
    transformer.receive(old)
    assert transformer.board.promised_kw[later] == pytest.approx(2)
    transformer.receive(new)
    transformer.receive(old)
    assert transformer.board.promised_kw[later] == pytest.approx(3)
    transformer.receive(new)
    assert transformer.board.promised_kw[later] == pytest.approx(3)
    assert transformer.ledger.of(row)[5] == 3


def test_nothing_is_taken_off_a_slot_that_has_begun_as_the_ev_may_draw_on() -> None:
    model = networked()
    model.run_until(6.5)
    transformer = model.transformers[0]
    row = int(transformer.problem.order[-1])
    now = int(transformer.problem.first_slot[row])
    model.run_until(now + 0.99)
    transformer.receive(Deposit(now, np.array([3.0, 0.0, 0.0]), row, 90, 0))
    before = transformer.board.promised_kw
    transformer.receive(Exchange(now, np.array([-3.0, 0.0, 3.0]), row, 91, 0))
    change = transformer.board.promised_kw - before
    assert change[now] == pytest.approx(0)
    assert change[now + 2] == pytest.approx(3)


@pytest.mark.parametrize("energy", ["exact", "whole_slots"])
def test_cut_off_all_day_evs_start_as_late_as_still_meets_their_need(energy: str) -> None:
    scenario = case(partitions=ALL_DAY, fallback="latest_start", coordination={"energy": energy})
    kind = {"name": "odd", "capacity_kwh": 24.0, "power_kw": 3.3}  # three of its slots are 9.899999999999999
    scenario = scenario.update(transformer={"limit_kw": 5000}, fleet={"types": (kind,)})
    result, plain = simulate(scenario), simulate(scenario.update(channel={"partitions": ()}))
    assert result.summary["vehicles_cut_off"] == np.count_nonzero(plain.vehicles.booked_kwh)
    assert result.summary["fallback_kwh"] == pytest.approx(result.vehicles.booked_kwh.sum())
    joined = result.schedule.merge(result.vehicles, on="vehicle", suffixes=("", "_rated"))
    for _, rows in joined.groupby("vehicle"):
        stop = int(np.floor(rows.plug_out_h.iloc[0]) if energy == "whole_slots" else np.ceil(rows.plug_out_h.iloc[0]))
        assert sorted(rows.slot) == list(range(min(stop, 24) - len(rows), min(stop, 24))), "the last slots of the stay"
    slow = plain.vehicles.unserved_kwh + result.vehicles.unserved_kwh
    assert (slow < 3.3 + 1e-6).all(), "who plugs in within a slot cannot use that slot without a board"


def test_cut_off_evs_that_use_spare_capacity_keep_away_from_the_limit() -> None:
    result = simulate(case(300, partitions=ALL_DAY, fallback="spare_capacity", spare_below=0.7))
    charging = result.slots[result.slots.ev_kw > 1e-9]
    assert charging.total_kw.max() <= 0.7 * 1420 + 1e-6
    assert result.summary["fallback_kwh"] > 0
    assert result.summary["unserved_kwh"] == pytest.approx(
        result.summary["energy_requested_kwh"] - result.summary["energy_delivered_kwh"]
    )


def test_evs_come_back_when_the_partition_ends() -> None:
    result = simulate(case(partitions=({"from_h": 0.0, "to_h": 12.0},)))
    early = result.vehicles[(result.vehicles.plug_in_h < 11) & (result.vehicles.plug_out_h > 20)]
    assert early.cut_off.all()
    assert early.unserved_kwh.max() < 1e-6
    assert kinds(result)["acceptance"] >= len(result.vehicles)


def test_a_dead_ev_loses_its_promise_and_others_can_use_it() -> None:
    model = networked()
    transformer = model.transformers[0]
    model.run_until(12)
    ev = next(ev for ev in transformer.plugged_in if transformer.ledger.of(ev.row).any())
    held = transformer.ledger.of(ev.row).copy()
    slots = ev.first_slot + np.flatnonzero(held)
    assert slots.min() > 12
    before = transformer.board.promised_kw.copy()
    ev._die()
    model.run_until(float(slots[0]))
    np.testing.assert_allclose(before[slots] - transformer.board.promised_kw[slots], held[held > 0])
    assert not transformer.ledger.of(ev.row)[slots[0] - ev.first_slot :].any()


def test_a_promise_that_was_struck_off_is_entered_again_when_it_is_repeated() -> None:
    model = networked()
    model.run_until(8.5)
    transformer = model.transformers[0]
    ev = next(ev for ev in transformer.plugged_in if ev.first_slot + ev.schedule_kw.size > 12)
    ev.schedule_kw[:] = 0.0
    deposit = Deposit(9, np.array([3.0, 3.0, 3.0]), ev.row, 90, 0)
    transformer.receive(deposit)  # the EV knows nothing of it, and draws nothing
    model.run_until(9.5)
    ahead = slice(9 - ev.first_slot + 1, None)
    assert not transformer.ledger.of(ev.row)[ahead].any()
    transformer.receive(deposit)
    assert transformer.ledger.of(ev.row)[ahead][:2].tolist() == [3.0, 3.0]
    transformer.receive(Exchange(10, np.array([-9.0, 1.0]), ev.row, 91, 0))
    assert transformer.ledger.of(ev.row)[ahead][:2].tolist() == [0.0, 4.0], "no more is taken off than is there"


def test_senders_die_on_either_side_of_sending_and_draw_nothing() -> None:
    result = simulate(case(40, death=1.0))
    assert result.summary["vehicles_died"] == np.count_nonzero(result.vehicles.energy_kwh)
    assert 0.25 * 40 < kinds(result)["deposit"] < 0.75 * 40
    assert result.vehicles.booked_kwh.sum() == 0


def test_after_a_restart_evs_deposit_again_what_they_hold() -> None:
    restarted = simulate(case(restarts=({"at_h": 9.7},), log=True))
    plain = simulate(case())
    assert kinds(restarted)["recall"] == 1
    again = restarted.log[(restarted.log.kind == "deposit") & (restarted.log.sent_h == 9.7)]
    assert len(again) == ((plain.vehicles.plug_in_h < 9.7) & (plain.vehicles.energy_kwh > 0)).sum()
    model = GridModel(restarted.scenario)
    model.run_until(9.9)
    transformer = model.transformers[0]
    np.testing.assert_allclose(transformer.ledger.power_kw, transformer.schedule.power_kw)
    later = slice(10, None)
    np.testing.assert_allclose(transformer.board.promised_kw[later], transformer.schedule.load_kw()[later], atol=1e-9)


SECOND_H = 1 / 3600


def tight(folder: Path, stays: list[tuple[float, float]], **sections: dict[str, Any]) -> Scenario:
    """EVs that all want 4 kW in the second of three slots, where there is room for one."""
    rows = "".join(f"{name},{begin:.9f},{end},4,4\n" for name, (begin, end) in zip("abcdef", stays, strict=False))
    (folder / "fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n" + rows)
    (folder / "load.csv").write_text("slot,load_kw\n0,12\n1,8\n2,12\n")
    base: dict[str, dict[str, Any]] = {
        "horizon": {"slots": 3},
        "fleet": {"source": "csv", "path": folder / "fleet.csv"},
        "load": {"source": "csv", "path": folder / "load.csv"},
        "transformer": {"limit_kw": 12.0},
    }
    return Scenario().update(**{name: {**base.get(name, {}), **sections.get(name, {})} for name in {*base, *sections}})


def test_what_nobody_drew_as_the_slot_began_is_given_to_others_and_a_late_answer_is_no_leave_to_draw(
    tmp_path: Path,
) -> None:
    """a's answer crosses the slot's beginning; b asks in between and gets the room."""
    stays = [(1 - 6 * SECOND_H, 3.0), (1 + SECOND_H, 3.0)]
    result = simulate(tight(tmp_path, stays, channel={"delay_s": 4.0, "timeout_s": 60}))
    assert result.slots.total_kw.max() <= 12 + 1e-6
    assert result.vehicles.booked_kwh.tolist() == pytest.approx([0.0, 4.0], abs=0.02)


def test_a_cut_is_not_undone_by_an_answer_that_was_on_its_way(tmp_path: Path) -> None:
    """Recalled just before plug-in, cut at plug-in, accepted just after."""
    (tmp_path / "actual.csv").write_text("slot,load_kw\n0,12\n1,11\n2,12\n")
    result = simulate(
        tight(
            tmp_path,
            [(1.5, 3.0)],
            load={"actual_path": tmp_path / "actual.csv"},
            coordination={"information": "day_ahead"},
            channel={"delay_s": 4.0, "timeout_s": 60, "restarts": ({"at_h": 1.5 - 10 * SECOND_H},)},
        )
    )
    assert result.slots.total_kw.max() <= 12 + 1e-6


def test_a_refused_ev_does_not_ask_on_and_on(tmp_path: Path) -> None:
    """Its acceptance is under way when the board forgets it: what it draws is refused for the rest of the slot."""
    channel = {"delay_s": 0.01, "timeout_s": 60, "restarts": ({"at_h": 1.1 + 0.015 * SECOND_H},)}
    result = simulate(tight(tmp_path, [(1.1, 3.0)], channel=channel))
    assert kinds(result)["deposit"] < 10
    assert not result.vehicles.cut_off.any()
    assert result.vehicles.booked_kwh.tolist() == pytest.approx([3.6], abs=0.01)


def test_an_ev_that_is_refused_whatever_it_asks_waits_for_the_next_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Transformer, "_enter", lambda _self, _deposit: False)
    scenario = case(1, resends=2, delay_s=1e-6, log=True)
    result = simulate(scenario)
    deposits = result.log[result.log.kind == "deposit"]
    assert deposits.groupby(deposits.sent_h.astype(int)).size().max() == 1 + 2 + 1
    assert result.summary["fallback_kwh"] == pytest.approx(result.vehicles.booked_kwh.sum())


def test_a_refused_ev_gives_up_for_later_what_others_have_by_now() -> None:
    model = networked()
    model.run_until(12)
    transformer = model.transformers[0]
    ev = next(ev for ev in transformer.plugged_in if ev.schedule_kw.any())
    held = int(np.flatnonzero(ev.schedule_kw)[0])
    transformer.ledger.of(ev.row)[:] = 0.0  # the board has forgotten it, and others have the slot
    transformer.board.load_kw[ev.first_slot + held] = transformer.board.limit_kw[ev.first_slot + held]
    ev.forage(paced=True)
    assert ev.schedule_kw[held] == 0
    assert ev.schedule_kw.sum() == pytest.approx(transformer.problem.need_kwh[ev.row])
    assert not ev.was_cut_off


def test_who_waits_for_an_answer_beyond_a_slot_goes_by_the_safe_rule(tmp_path: Path) -> None:
    channel = {"partitions": ALL_DAY, "timeout_s": 86_400.0, "fallback": "latest_start"}
    result = simulate(tight(tmp_path, [(0.5, 2.0)], channel=channel))
    assert result.vehicles.fallback_kwh.tolist() == pytest.approx([4.0])
    assert result.vehicles.cut_off.all()


def test_what_was_drawn_while_waiting_is_not_drawn_again_when_the_answer_comes(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,6,8,4\n")
    (tmp_path / "load.csv").write_text("slot,load_kw\n0,9\n1,9\n2,9\n3,9\n4,1\n5,1\n")
    result = simulate(
        Scenario().update(
            horizon={"slots": 6},
            fleet={"source": "csv", "path": tmp_path / "fleet.csv"},
            load={"source": "csv", "path": tmp_path / "load.csv"},
            transformer={"limit_kw": 20.0},
            channel={"delay_s": 3000.0, "timeout_s": 20_000.0, "fallback": "spare_capacity"},
        )
    )
    assert result.vehicles.fallback_kwh.tolist() == pytest.approx([4.0])
    assert result.vehicles.booked_kwh.tolist() == pytest.approx([8.0])


def test_only_evs_that_are_still_there_are_recalled() -> None:
    scenario = case(coordination={"information": "day_ahead"}, restarts=({"at_h": 23.5},), log=True)
    result = simulate(scenario)
    there = result.vehicles[(result.vehicles.plug_out_h > 23.5)]
    again = result.log[(result.log.kind == "deposit") & (result.log.sent_h == 23.5)]
    assert set(again.sender) <= {f"ev:{name}" for name in there.vehicle}


def test_a_late_answer_leaves_only_the_rest_of_the_slot(tmp_path: Path) -> None:
    """Half an hour on the way there and back: of four kWh at 4 kW two are left to draw."""
    result = simulate(tight(tmp_path, [(1.0, 3.0)], channel={"delay_s": 900.0, "timeout_s": 3600}))
    assert result.vehicles.booked_kwh.tolist() == pytest.approx([2.0])


def test_after_a_restart_the_slot_takes_no_more_promises_as_a_forgotten_one_may_be_on_its_way(tmp_path: Path) -> None:
    """a's acceptance is under way while the board forgets it; b asks just then."""
    stays = [(1.1, 3.0), (1.1 + 7 * SECOND_H, 3.0)]
    channel = {"delay_s": 4.0, "timeout_s": 60, "restarts": ({"at_h": 1.1 + 6 * SECOND_H},)}
    result = simulate(tight(tmp_path, stays, channel=channel))
    assert result.slots.total_kw.max() <= 12 + 1e-6
    assert result.vehicles.booked_kwh.tolist() == pytest.approx([3.6, 0.0], abs=0.02)


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_who_planned_a_day_ahead_and_plugs_into_a_slot_that_is_full_by_then_is_cut(tmp_path: Path, engine: str) -> None:
    (tmp_path / "actual.csv").write_text("slot,load_kw\n0,12\n1,11\n2,12\n")
    result = simulate(
        tight(
            tmp_path,
            [(1.5, 3.0)],
            load={"actual_path": tmp_path / "actual.csv"},
            coordination={"information": "day_ahead"},
            run={"engine": engine},
        )
    )
    assert result.slots.total_kw.max() == pytest.approx(12)
    assert result.vehicles.booked_kwh.tolist() == pytest.approx([1.0])
    assert kinds(result)["cut"] == 1


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_on_one_line_ants_tell_each_other_so_a_batch_of_all_is_as_good_as_one_by_one(engine: str) -> None:
    scenario = Scenario().update(run={"engine": engine}, coordination={"energy": "whole_slots"})
    one_by_one = simulate(scenario)
    together = simulate(scenario.update(coordination={"batch_size": 500}, transformer={"lines": 1}))
    deaf = simulate(scenario.update(coordination={"batch_size": 500}))
    assert together.schedule.equals(one_by_one.schedule)
    assert not deaf.schedule.equals(one_by_one.schedule)
    assert kinds(together)["share"] == kinds(together)["acceptance"]


@pytest.mark.parametrize("lines", [0, 3])
def test_messages_go_along_the_grids_tree(lines: int) -> None:
    grid = {"count": 3, "substations": 2, "lines": lines, "limit_kw": 1420}
    scenario = case(30, log=True).update(transformer=grid, load={"fluctuation": 0.1})
    result = simulate(scenario)
    world = GridModel(scenario).world.homes
    assert world is not None
    tree = world.places.with_vehicles(world.grid, world.fleet)
    names = {f"T{k}": f"transformer:T{k}" for k in (1, 2, 3)}
    groups = {"EVs of T1": "T1", "EVs of T2": "T2", "EVs of T3": "T3"}
    for row in result.log.to_dict("records"):
        sender, receiver = (names.get(each, each) for each in (row["sender"], row["receiver"]))
        if "plugged-in" in receiver or receiver in groups:  # a transformer speaks to all below it
            assert row["cast"] != "point-to-point"
            assert receiver.endswith(row["sender"])
        elif row["hop"] == "ev-ev":
            assert tree.has_edge(receiver, sender), "an EV speaks to its line"
        elif row["hop"] == "transformer-ev":
            assert nx.has_path(tree, sender, receiver) or nx.has_path(tree, receiver, sender)
        else:
            assert tree.has_edge(sender, receiver) or tree.has_edge(receiver, sender)
    assert set(result.log.hop) == set(result.messages.hop)
