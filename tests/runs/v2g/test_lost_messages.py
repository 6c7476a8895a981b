"""A fleet whose messages get lost, late, doubled, or cut off, and whose EVs die: limits hold, books close, needs are met."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.aggregator import Aggregator
from agents.v2g_ev import V2GEV
from coordination.peak_shaving.problem import PeakShaving
from coordination.peak_shaving.search import Found
from environment.input_faults import FaultyInputError
from environment.v2g_messages import LeastSoc, Response, Setpoint
from runs.model import GridModel
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import V2G
from tests.support.laws import examples
from tests.support.worlds import run_v2g

PAST = {"partitions": [{"from_h": -2.0, "to_h": -1.0}]}
"""Faults that befall nothing: messages are handled as if they could get lost."""

ROUNDING_KW = 1e-9

ALL_DAY = {"partitions": [{"node": "aggregator", "from_h": -1.0, "to_h": 1e6}]}

FAULTS = st.fixed_dictionaries({
    "loss": st.sampled_from([0.0, 0.1, 0.6, 0.95]),
    "burst": st.sampled_from([1.0, 30.0]),
    "delay_s": st.sampled_from([0.0, 2.0, 30.0]),
    "delay": st.sampled_from(["constant", "exponential"]),
    "duplication": st.sampled_from([0.0, 0.5, 1.0]),
    "reordering": st.sampled_from([0.0, 0.5]),
    "death": st.sampled_from([0.0, 0.0, 0.02, 0.3]),
    "timeout_s": st.sampled_from([None, 5.0]),
    "resends": st.integers(0, 3),
    "partitions": st.sampled_from([[], [{"from_h": 3.0, "to_h": 9.0}], [{"node": "aggregator", "from_h": 0.0, "to_h": 2.5}]]),
})  # fmt: skip


def scenario(vehicles: int = 6, **sections: Any) -> Scenario:
    chosen: dict[str, Any] = {
        "fleet": {"vehicles": vehicles},
        "load": {"peak_kw": 50.0 * vehicles, "valley_kw": 22.0 * vehicles},
        "peak_shaving": {"optimizer": "exact"},
        **sections,
    }
    return Scenario().update(**chosen)


def cut_off_all_day(**sections: Any) -> tuple[V2G, V2GOutcome]:
    return run_v2g(scenario(channel=ALL_DAY, **sections))


class Diary:
    """Looks on slot by slot: what EVs and their batteries do."""

    def __init__(self, model: GridModel) -> None:
        self.model = model
        self.soc = model.v2g.batteries.soc.copy()
        self.net_kwh = np.zeros_like(self.soc)
        model.on_slot(self.enter)

    def enter(self, slot: int) -> None:
        batteries, evs, world = self.model.v2g.batteries, self.model.v2g.aggregator.evs, self.model.world.v2g
        net_kwh = batteries.charged_kwh - batteries.discharged_kwh
        power_kw = np.array([ev.power_kw for ev in evs])
        np.testing.assert_allclose(net_kwh - self.net_kwh, power_kw * world.horizon.slot_h, atol=1e-9)
        dead = np.array([not ev.alive for ev in evs])
        assert not power_kw[dead].any()
        np.testing.assert_array_equal(batteries.soc[dead], self.soc[dead])
        rows = np.flatnonzero(power_kw)
        flow_kw = (net_kwh - self.net_kwh)[rows] / world.participation.hours_of(slot, rows, world.horizon.slot_h)
        least_kw, most_kw = world.room_kw[:, slot]
        assert flow_kw[flow_kw > 0].sum() <= most_kw + ROUNDING_KW, "while all are there, and whoever leaves early"
        assert flow_kw[flow_kw < 0].sum() >= least_kw - ROUNDING_KW
        self.soc, self.net_kwh = batteries.soc.copy(), net_kwh


def play(
    case: Scenario, aggregator: type[Aggregator] = Aggregator, ev: type[V2GEV] = V2GEV
) -> tuple[GridModel, V2GOutcome]:
    model = GridModel(case, aggregator=aggregator, v2g_ev=ev)
    Diary(model)
    model.run_until(model.world.horizon.hours)
    return model, model.v2g.outcome(0.0)


@given(
    faults=FAULTS,
    seed=st.integers(0, 10_000),
    vehicles=st.integers(1, 8),
    limit=st.sampled_from([22.5, 25.0, 52.0, 1e6]),
    fluctuation=st.sampled_from([0.0, 0.1]),
    early=st.sampled_from([0.0, 0.5]),
    end=st.sampled_from(["need", "cyclic", "free"]),
    stays=st.sampled_from(["daily", "always"]),
    tactic=st.sampled_from(["proposed", "tactic_4"]),
)
@examples(2)
def test_limits_hold_and_books_close_whatever_gets_lost(
    faults: dict[str, Any], seed: int, vehicles: int, limit: float, fluctuation: float, early: float, end: str, stays: str,
    tactic: str,
) -> None:  # fmt: skip
    if faults["loss"] > 0.9:
        faults = {**faults, "burst": 1.0}
    case = scenario(
        vehicles,
        load={"peak_kw": 50.0 * vehicles, "valley_kw": 22.0 * vehicles, "fluctuation": fluctuation},
        transformer={"limit_kw": limit * vehicles, "feed_in_limit_kw": 0.0},
        participation={"end": end, "leave_early": early, "stays": stays},
        grouping={"tactic": tactic},
        channel=faults,
        run={"seed": seed},
    )
    model, outcome = play(case)
    world, track, strays, batteries = model.world.v2g, outcome.track, outcome.strays, outcome.batteries
    load_kw, total_kw = world.load.actual_kw, world.load.actual_kw + track.response_kw
    least, largest = case.transformer.all_limits_kw
    assert (total_kw <= np.maximum(load_kw, largest)).all(), "no further beyond a limit than without EVs"
    assert (total_kw >= np.minimum(load_kw, least)).all()
    stored_kwh = (batteries.soc - world.soc_start) * batteries.capacity_kwh
    net_kwh = batteries.charged_kwh - batteries.discharged_kwh
    np.testing.assert_allclose(net_kwh, stored_kwh + batteries.lost_kwh, atol=1e-9)
    np.testing.assert_allclose(track.response_kw.sum() * world.horizon.slot_h, net_kwh.sum(), atol=1e-8)
    told_kw = np.array([each.response_kw for each in model.control_center.tracking])
    np.testing.assert_allclose(told_kw + strays.unheard_kw + strays.fallback_kw, track.response_kw, atol=1e-9)
    assert (strays.fallback_kw >= 0).all()
    assert (batteries.soc >= np.minimum(world.soc_start, batteries.soc_min)).all()
    assert (batteries.soc <= np.maximum(world.soc_start, batteries.soc_max)).all()
    assert (track.present <= world.participation.available).all()
    if end == "need" and limit == 1e6 and early == 0 and faults["death"] == 0:
        assert outcome.departures.missed_kwh.max() <= 1e-6, "needs are met though nobody leads"


@given(faults=FAULTS, seed=st.integers(0, 10_000))
@examples(1 / 5)
def test_one_seed_is_one_run(faults: dict[str, Any], seed: int) -> None:
    faults = {**faults, "loss": min(faults["loss"], 0.6), "log": True}
    case = scenario(channel=faults, run={"seed": seed}, participation={"leave_early": 0.3})
    assert_alike(simulate(case), simulate(case))


def assert_alike(one: Result, other: Result, *, but: tuple[str, ...] = ()) -> None:
    assert set(one.tables) == set(other.tables)
    for name in set(one.tables) - set(but):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


@pytest.mark.parametrize("end", ["need", "cyclic", "free"])
def test_a_perfect_channel_is_no_channel_section(end: str) -> None:
    sections = {"participation": {"end": end, "leave_early": 0.3}}
    without = simulate(scenario(**sections))
    rates_of_0 = simulate(scenario(**sections, channel={"timeout_s": 3.0, "resends": 9, "burst": 5.0}))
    assert_alike(rates_of_0, without)
    restarted = simulate(scenario(**sections, channel={"restarts": [{"at_h": 3.0}]}))
    assert_alike(restarted, without)


@pytest.mark.parametrize("end", ["need", "cyclic", "free"])
def test_where_nothing_is_lost_receipts_are_all_that_comes_beside(end: str) -> None:
    sections = {"participation": {"end": end, "leave_early": 0.3}}
    without, past = simulate(scenario(**sections)), simulate(scenario(**sections, channel=PAST))
    assert_alike(past, without, but=("messages",))
    sent = past.messages.set_index("kind").messages
    acknowledged = sent.reindex(["enrolment", "least_soc", "condition"]).sum()
    assert sent["receipt"] == acknowledged
    assert sent.drop("receipt").to_dict() == without.messages.set_index("kind").messages.to_dict()


def test_a_day_without_a_channel_by_hand() -> None:
    stays = {"participation": {"stays": "always"}}
    world, outcome = cut_off_all_day(**stays)
    sent = {row[0]: row[3] for row in outcome.channel.books}
    each = 1 + 3  # and sent again three times
    assert sent == {
        "forecast": 1, "prices": 1, "enrolment": 6 * each, "condition": 6 * 24 * each, "tracking": 24
    }  # fmt: skip
    assert outcome.channel.lost == 6 * each + 6 * 24 * each
    assert outcome.vehicles_cut_off == 6
    assert outcome.vehicles_died == 0
    assert not outcome.problem.available.any(), "nobody has enrolled"
    assert not outcome.track.signal_kw.any()
    assert (outcome.track.present == 6).all()
    assert outcome.fallback_kwh(1.0) == pytest.approx(outcome.track.response_kw.sum())
    assert (outcome.batteries.discharged_kwh == 0).all()
    assert world.horizon.n_slots == 24


def test_an_ev_without_a_set_point_charges_as_late_as_its_need_allows_and_as_the_plug_lets_it() -> None:
    world, outcome = cut_off_all_day(participation={"end": "need"})
    assert outcome.departures.missed_kwh.max() <= 1e-6
    assert outcome.track.response_kw.any()
    limit_kw = 6 * 22.0 + 3.0
    held = cut_off_all_day(participation={"end": "need"}, transformer={"limit_kw": limit_kw})[1].track.response_kw
    assert (held <= np.maximum(limit_kw - world.load.actual_kw, 0.0)).all()
    assert 0 < held.max() < outcome.track.response_kw.max()
    none = cut_off_all_day(participation={"end": "free"})[1]
    assert not none.track.response_kw.any(), "it needs nothing"
    assert none.vehicles_cut_off == outcome.vehicles_cut_off > 0


class Greedy(Aggregator):
    """An aggregator that wants all that there is in every other slot, and has it given back in the others."""

    def find(self, problem: PeakShaving) -> Found:
        return Found(np.resize([-1e6, 1e6], problem.load_kw.size), 0.0, np.empty((0, 2)), None)


class Deaf(V2GEV):
    """An EV of which every other one hears nothing."""

    def hear_least_soc(self, message: LeastSoc) -> bool:
        return not self.row % 2 and super().hear_least_soc(message)

    def follow(self, setpoint: Setpoint) -> Response | None:
        return None if self.row % 2 else super().follow(setpoint)


@pytest.mark.parametrize(("early", "seed"), [(0.0, 1), (0.5, 4)])
def test_who_stands_by_takes_only_what_the_others_leave(early: float, seed: int) -> None:
    vehicles = 40
    case = scenario(
        vehicles,
        participation={"leave_early": early, "soc_need": 0.8},
        transformer={"limit_kw": vehicles * (22.0 + 1.5)},
        channel={**PAST, "resends": 0},
        run={"seed": seed},
    )
    model, outcome = play(case, Greedy, Deaf)
    track, strays = outcome.track, outcome.strays
    assert strays.cut_off[1::2].any()
    assert not strays.cut_off[::2].any()
    both = (strays.fallback_kw > 0) & (track.response_kw > strays.fallback_kw + 1e-6)
    full = np.isclose(track.response_kw, model.world.v2g.room_kw[1])
    assert early or (both & full).any(), "those who are led and those who stand by fill the room together"


def test_evs_that_die_draw_nothing_more_and_are_counted() -> None:
    model, outcome = play(scenario(participation={"stays": "always"}, channel={"death": 1.0}))
    assert outcome.vehicles_died == 6
    assert not outcome.track.response_kw.any()
    assert {row[0] for row in model.channel.books}.isdisjoint({"condition", "setpoint", "response"})
    some = play(scenario(20, channel={"death": 0.02}, participation={"stays": "always"}))[1]
    assert 0 < some.vehicles_died < 20


def test_what_is_never_acknowledged_is_sent_as_often_as_set_and_no_more() -> None:
    for resends in (0, 1, 5):
        outcome = run_v2g(scenario(channel={**ALL_DAY, "resends": resends}))[1]
        sent = {row[0]: row[3] for row in outcome.channel.books}
        assert sent["enrolment"] == 6 * (1 + resends)


def test_who_only_charges_what_it_needs_because_nobody_leads_it_is_not_told_to_be_worse_than_nothing() -> None:
    result = simulate(scenario(participation={"end": "need"}, channel=ALL_DAY))
    assert result.summary["fallback_kwh"] > 0
    assert not any("worse than" in text for text in result.summary["warnings"])


def test_losses_cost_something() -> None:
    case = scenario(20, participation={"stays": "always"}, peak_shaving={"optimizer": "exact", "weight_cost": 0.0})
    rates = [
        simulate(case.update(channel={"loss": loss, "resends": 0})).summary["peak_valley_rate"] for loss in (0.0, 0.8)
    ]
    assert rates[0] < rates[1] - 0.01


def test_partitions_name_the_aggregator_or_nobody() -> None:
    case = scenario(channel={"partitions": [{"node": "agregator", "from_h": 1.0, "to_h": 2.0}]})
    with pytest.raises(FaultyInputError, match=r"partitions.node.*'agregator'.*'aggregator'"):
        run_v2g(case)


def test_the_summary_says_what_became_of_messages_and_evs_and_judges_the_signal_by_those_who_enrolled() -> None:
    lossy = simulate(scenario(20, channel={"loss": 0.5, "resends": 0, "death": 0.05})).summary
    assert lossy["messages_lost"] > 0
    assert lossy["vehicles_cut_off"] > 0
    assert lossy["vehicles_died"] > 0
    assert lossy["fallback_kwh"] > 0
    assert f"{lossy['vehicles_died']} of 20 EVs died (channel.death)" in lossy["warnings"]
    assert lossy["signal_is_feasible"]
    sound = simulate(scenario(20)).summary
    assert [sound[name] for name in ("messages_lost", "vehicles_cut_off", "vehicles_died", "fallback_kwh")] == [
        0,
        0,
        0,
        0,
    ]
