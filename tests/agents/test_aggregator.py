"""The aggregator and its EVs: what they say to each other, slot by slot, and what the aggregator sees."""

import numpy as np
import pytest

from agents.v2g_ev import V2GEV
from coordination.peak_shaving.search import Found
from environment.v2g_messages import Setpoint
from runs.scenario import Scenario
from runs.v2g.model import PeakShavingModel

FOUR = {"vehicles": 4, "types": [{"name": "suv", "share": 1.0, "capacity_kwh": 35.0, "power_kw": 7.5}]}


def make(**sections: dict[str, object]) -> PeakShavingModel:
    chosen: dict[str, dict[str, object]] = {
        "fleet": FOUR,
        "participation": {"stays": "always"},
        "load": {"peak_kw": 200.0, "valley_kw": 90.0},
        "peak_shaving": {"optimizer": "exact", "weight_cost": 0.0},
        "channel": {"log": True},
        **sections,
    }
    return PeakShavingModel(Scenario().update(**chosen))


def run(model: PeakShavingModel) -> PeakShavingModel:
    model.run_until(model.world.horizon.hours)
    return model


def test_one_slot_word_for_word() -> None:
    model = make()
    model.aggregator.find = lambda _: Found(np.full(24, 12.0), 0.0, np.empty((0, 2)), None)
    model.run_until(0.5)
    assert model.channel.log is not None
    heard = [f"{row[2]:9}  {row[5]} -> {row[6]}: {row[11]}".rstrip(": ") for row in model.channel.log]
    assert heard == EXPECTED


EXPECTED = [
    "forecast   control_center -> aggregator",
    "prices     control_center -> aggregator",
    "condition  ev:v0 -> aggregator: soc 0.340, -4.41 to +7.50 kW",
    "condition  ev:v1 -> aggregator: soc 0.627, -7.50 to +6.73 kW",
    "condition  ev:v2 -> aggregator: soc 0.453, -7.50 to +7.50 kW",
    "condition  ev:v3 -> aggregator: soc 0.228, -0.89 to +7.50 kW",
    "setpoint   aggregator -> ev:v0: +5.64 kW",
    "response   ev:v0 -> aggregator: +5.64 kW",
    "setpoint   aggregator -> ev:v1: +0.00 kW",
    "response   ev:v1 -> aggregator: +0.00 kW",
    "setpoint   aggregator -> ev:v2: +0.00 kW",
    "response   ev:v2 -> aggregator: +0.00 kW",
    "setpoint   aggregator -> ev:v3: +6.36 kW",
    "response   ev:v3 -> aggregator: +6.36 kW",
    "tracking   aggregator -> control_center: asked +12.00 kW, did +12.00 kW",
]


def test_the_aggregator_hears_of_the_day_once_and_of_evs_in_every_slot() -> None:
    model = run(make())
    books = {row[0]: row[3] for row in model.channel.books}
    assert books == {"forecast": 1, "prices": 1, "condition": 96, "setpoint": 96, "response": 96, "tracking": 24}
    assert len(model.control_center.tracking) == 24


def test_the_control_centre_learns_of_every_deviation() -> None:
    model = run(make(participation={"leave_early": 1.0}))
    told = model.control_center.tracking
    assert [each.signal_kw for each in told] == model.track.signal_kw.tolist()
    assert [each.response_kw for each in told] == model.track.response_kw.tolist()
    strayed = np.abs(model.track.response_kw - model.track.signal_kw)
    assert strayed.max() > 1.0, "EVs that leave early do less than they were asked"
    assert (model.track.response_kw * model.track.signal_kw >= -1e-12).all()


def test_an_ev_does_no_more_than_its_battery_allows_whatever_it_is_asked() -> None:
    model = make()
    ev = next(agent for agent in model.agents if isinstance(agent, V2GEV))
    for asked in (1e6, -1e6, 1e6):
        limits = ev.condition(0)
        did = ev.follow(Setpoint(asked), 0).power_kw
        assert did == pytest.approx(min(limits.charge_kw, asked) if asked > 0 else max(-limits.discharge_kw, asked))
        assert 0.2 <= ev.soc <= 0.8


def test_an_ev_that_has_left_says_nothing_more() -> None:
    model = run(make(participation={"leave_early": 1.0}))
    announced = model.world.participation.available
    assert (model.track.present <= announced).all()
    assert model.track.present[-1] == 0
    assert model.channel.log is not None
    heard = sum(row[2] == "condition" for row in model.channel.log)
    assert heard == model.track.present.sum() == sum(row[2] == "response" for row in model.channel.log)


def test_the_model_says_when_it_is_over() -> None:
    model = make()
    model.step()
    assert model.running
    assert model.now_h() == 1.0
    run(model)
    assert not model.running
    np.testing.assert_allclose(model.total_kw() - model.world.load.actual_kw, model.track.response_kw)
