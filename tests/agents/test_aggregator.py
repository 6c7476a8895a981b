"""The aggregator and its EVs: what they say to each other, slot by slot, and what the aggregator sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from agents.aggregator import Aggregator
from agents.v2g_ev import V2GEV
from coordination.peak_shaving.dispatch import Dispatch
from coordination.peak_shaving.posing import Enrolled
from coordination.peak_shaving.problem import PeakShaving
from coordination.peak_shaving.search import Found
from environment.v2g_messages import Condition, Setpoint
from runs.model import GridModel
from runs.scenario import Scenario

FOUR = {"vehicles": 4, "types": [{"name": "suv", "share": 1.0, "capacity_kwh": 35.0, "power_kw": 7.5}]}


class Steady(Aggregator):
    """An aggregator that wants 12 kW in every slot."""

    def find(self, problem: PeakShaving) -> Found:
        return Found(np.full(problem.load_kw.size, 12.0), 0.0, np.empty((0, 2)), None)


def make(
    aggregator: type[Aggregator] = Aggregator, ev: type[V2GEV] = V2GEV, **sections: dict[str, object]
) -> GridModel:
    chosen: dict[str, dict[str, object]] = {
        "fleet": FOUR,
        "participation": {"stays": "always"},
        "load": {"peak_kw": 200.0, "valley_kw": 90.0},
        "peak_shaving": {"optimizer": "exact", "weight_cost": 0.0},
        "channel": {"log": True},
        **sections,
    }
    return GridModel(Scenario().update(**chosen), aggregator=aggregator, v2g_ev=ev)


def run(model: GridModel) -> GridModel:
    model.run_until(model.world.horizon.hours)
    return model


def test_one_slot_word_for_word() -> None:
    model = make(Steady)
    model.run_until(0.5)
    assert model.channel.log is not None
    heard = [f"{row[2]:9}  {row[5]} -> {row[6]}: {row[11]}".rstrip(": ") for row in model.channel.log]
    assert heard == EXPECTED


EXPECTED = [
    "forecast   control_center -> aggregator",
    "prices     control_center -> aggregator",
    "enrolment  ev:v0 -> aggregator: 7.5 kW, 35 kWh, soc 0.340, slots 0-24",
    "enrolment  ev:v1 -> aggregator: 7.5 kW, 35 kWh, soc 0.627, slots 0-24",
    "enrolment  ev:v2 -> aggregator: 7.5 kW, 35 kWh, soc 0.453, slots 0-24",
    "enrolment  ev:v3 -> aggregator: 7.5 kW, 35 kWh, soc 0.228, slots 0-24",
    "least_soc  aggregator -> ev:v0",
    "least_soc  aggregator -> ev:v1",
    "least_soc  aggregator -> ev:v2",
    "least_soc  aggregator -> ev:v3",
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
    once_a_slot = {"condition": 96, "setpoint": 96, "response": 96, "tracking": 24}
    assert books == {"forecast": 1, "prices": 1, "enrolment": 4, "least_soc": 4, **once_a_slot}
    assert len(model.control_center.tracking) == 24


def test_every_message_has_the_size_of_what_it_says() -> None:
    model = run(make())
    sizes = {row[0]: row[5] for row in model.channel.books}
    header, value = 16, 8
    assert sizes["enrolment"] == 4 * (header + (6 + 1) * value), "six values and one stay"
    assert sizes["least_soc"] == 4 * (header + 24 * value)
    assert sizes["condition"] == 96 * (header + 4 * value)
    assert sizes["setpoint"] == sizes["response"] == 96 * (header + value)


class Sealed(Aggregator):
    """An aggregator who, when it decides, has only what it was told: its EVs' columns read as nothing then."""

    def find(self, problem: PeakShaving) -> Found:
        with hidden(self):
            return super().find(problem)

    def _dispatch(self, signal_kw: float, slot: int) -> Dispatch:
        with hidden(self):
            return super()._dispatch(signal_kw, slot)

    def _enrolled(self, n_slots: int) -> Enrolled:
        with hidden(self):
            return super()._enrolled(n_slots)


@contextmanager
def hidden(aggregator: Aggregator) -> Iterator[None]:
    """Take an aggregator's EVs away for a while."""
    evs, aggregator.evs = aggregator.evs, []
    yield
    aggregator.evs = evs


def test_the_aggregator_decides_without_a_look_at_its_evs() -> None:
    sealed, plain = (run(make(each)).v2g.record.track.response_kw for each in (Sealed, Aggregator))
    np.testing.assert_array_equal(sealed, plain)
    assert plain.any()


class Untruthful(V2GEV):
    """An EV that says that it has half of its rated power."""

    def condition(self, slot: int) -> Condition:
        true = super().condition(slot)
        return replace(true, rated_kw=true.rated_kw / 2, charge_kw=min(true.charge_kw, true.rated_kw / 2))


def test_the_aggregator_goes_by_what_an_ev_says_of_itself() -> None:
    assert max(power_of(run(make(ev=Untruthful)))) <= 3.75
    assert max(power_of(run(make()))) > 3.75


def power_of(model: GridModel) -> list[float]:
    assert model.channel.log is not None
    return [float(row[11].split()[0]) for row in model.channel.log if row[2] == "setpoint"]


def test_the_control_centre_learns_of_every_deviation() -> None:
    model = run(make(participation={"leave_early": 1.0}))
    told = model.control_center.tracking
    assert [each.signal_kw for each in told] == model.v2g.record.track.signal_kw.tolist()
    assert [each.response_kw for each in told] == model.v2g.record.track.response_kw.tolist()
    strayed = np.abs(model.v2g.record.track.response_kw - model.v2g.record.track.signal_kw)
    assert strayed.max() > 1.0, "EVs that leave early do less than they were asked"
    assert (model.v2g.record.track.response_kw * model.v2g.record.track.signal_kw >= -1e-12).all()


def test_an_ev_does_no_more_than_its_battery_allows_whatever_it_is_asked() -> None:
    model = make()
    ev = next(agent for agent in model.agents if isinstance(agent, V2GEV))
    for asked in (1e6, -1e6, 1e6):
        ev.begin_slot(0)
        limits = ev.condition(0)
        response = ev.follow(Setpoint(asked))
        assert response is not None
        did = response.power_kw
        assert did == pytest.approx(min(limits.charge_kw, asked) if asked > 0 else max(-limits.discharge_kw, asked))
        assert 0.2 <= ev.soc <= 0.8


def test_an_ev_that_has_left_says_nothing_more() -> None:
    model = run(make(participation={"leave_early": 1.0}))
    announced = model.world.v2g.participation.available
    assert (model.v2g.record.track.present <= announced).all()
    assert model.v2g.record.track.present[-1] == 0
    assert model.channel.log is not None
    heard = sum(row[2] == "condition" for row in model.channel.log)
    assert heard == model.v2g.record.track.present.sum() == sum(row[2] == "response" for row in model.channel.log)


def test_the_model_says_when_it_is_over() -> None:
    model = make()
    model.step()
    assert model.running
    assert model.now_h() == 1.0
    run(model)
    assert not model.running
    np.testing.assert_allclose(
        (model.world.v2g.load.actual_kw + model.v2g.record.track.response_kw) - model.world.v2g.load.actual_kw,
        model.v2g.record.track.response_kw,
    )


def test_whoever_subscribes_hears_of_every_slot_and_of_the_search() -> None:
    model = make(peak_shaving={"optimizer": "pso", "iterations": 5})
    slots, parts = list[int](), list[float]()
    model.on_slot(slots.append)
    model.on_search(parts.append)
    run(model)
    assert slots == list(range(24))
    assert parts == sorted(parts)
    assert len(parts) >= 5
    assert parts[-1] == 1.0
