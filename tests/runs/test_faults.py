"""Whatever the network does: the limit holds, energy books close, nothing is unserved in silence, replays are identical."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from environment.network import ChannelSettings
from runs.model import ChargingModel
from runs.result import TABLES, Result
from runs.scenario import Scenario
from runs.simulate import simulate

HOURS = st.floats(0, 23)


@st.composite
def channels(draw: st.DrawFn) -> dict[str, Any]:
    partitions = [
        {"from_h": begin, "to_h": begin + length}
        for begin, length in draw(st.lists(st.tuples(HOURS, st.floats(0.1, 8)), max_size=2))
    ]
    return {
        "loss": draw(st.sampled_from([0.0, 0.05, 0.3, 0.6])),
        "burst": draw(st.sampled_from([1.0, 5.0])),
        "delay_s": draw(st.sampled_from([0.0, 2.0, 60.0, 3000.0])),
        "delay": draw(st.sampled_from(["constant", "uniform", "exponential", "lognormal"])),
        "duplication": draw(st.sampled_from([0.0, 0.3])),
        "reordering": draw(st.sampled_from([0.0, 0.3])),
        "death": draw(st.sampled_from([0.0, 0.0, 0.03, 0.3])),
        "partitions": partitions,
        "restarts": [{"at_h": hour} for hour in draw(st.lists(HOURS, max_size=3))],
        "timeout_s": draw(st.sampled_from([1.0, 10.0, 600.0])),
        "resends": draw(st.sampled_from([0, 1, 3])),
        "fallback": draw(st.sampled_from(["latest_start", "spare_capacity"])),
    }


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    return Scenario().update(
        run={"seed": draw(st.integers(0, 10_000)), "optimum": False},
        fleet={"vehicles": draw(st.integers(1, 60))},
        horizon={"slot_min": draw(st.sampled_from([15, 60]))},
        load={"peak_kw": 100, "fluctuation": draw(st.sampled_from([0.0, 0.1]))},
        transformer={
            "limit_kw": draw(st.sampled_from([70, 95, 101, 130])),  # EVs press against it at most hours
            "count": draw(st.sampled_from([1, 1, 2])),
            "lines": draw(st.sampled_from([0, 0, 1, 4])),
        },
        coordination={
            "batch_size": draw(st.sampled_from([1, 5, 50])),
            "rounds": draw(st.sampled_from([0, 3])),
            "information": draw(st.sampled_from(["online", "day_ahead"])),
            "energy": draw(st.sampled_from(["exact", "whole_slots"])),
        },
        channel=draw(channels()),
    )


def assert_limit_holds(result: Result) -> None:
    limit = result.summary["limit_kw"]
    over = (result.slots.total_kw > limit + 1e-6) & (result.slots.ev_kw > 1e-6)
    assert not over.any(), result.slots[over]


def assert_books_close(result: Result) -> None:
    slot_h = result.scenario.horizon.slot_h
    vehicles = result.vehicles.set_index("vehicle")
    drawn = (result.schedule.groupby("vehicle").power_kw.sum() * slot_h).reindex(vehicles.index, fill_value=0.0)
    np.testing.assert_allclose(drawn, vehicles.booked_kwh, atol=1e-9)
    np.testing.assert_allclose(vehicles.delivered_kwh + vehicles.unserved_kwh, vehicles.energy_kwh, atol=1e-9)
    assert (vehicles.delivered_kwh <= vehicles.booked_kwh * vehicles.efficiency + 1e-9).all()
    assert (vehicles.fallback_kwh <= vehicles.booked_kwh + 1e-9).all()
    np.testing.assert_allclose(result.slots.ev_kw.sum() * slot_h, vehicles.booked_kwh.sum(), atol=1e-6)
    power = vehicles.power_kw[result.schedule.vehicle].to_numpy()
    assert (result.schedule.power_kw.to_numpy() <= power + 1e-9).all()
    begin = result.schedule.slot.to_numpy() * slot_h
    assert (begin + slot_h > vehicles.plug_in_h[result.schedule.vehicle].to_numpy() - 1e-9).all()
    assert (begin < vehicles.plug_out_h[result.schedule.vehicle].to_numpy() + 1e-9).all()


def assert_alike(left: Result, right: Result, *, but: tuple[str, ...] = ()) -> None:
    for name in TABLES:
        assert getattr(left, name).equals(getattr(right, name)), f"{name} differs"
    for name, value in left.summary.items():
        if name not in ("wall_s", "free", *but):
            assert right.summary[name] == value, name


@given(scenario=scenarios())
@settings(max_examples=150)
def test_whatever_goes_wrong_the_limit_holds_and_the_books_close(scenario: Scenario) -> None:
    result = simulate(scenario)
    assert_limit_holds(result)
    assert_books_close(result)


@pytest.mark.parametrize("method", ["free", "odc", "optimal"])
def test_faults_leave_what_is_not_ants_alone_and_say_so(method: str) -> None:
    sound = Scenario().update(fleet={"vehicles": 30}, coordination={"method": method})
    faulty = sound.update(channel={"loss": 0.3, "death": 0.1, "delay_s": 60.0, "restarts": ({"at_h": 9.5},)})
    plain, result = simulate(sound), simulate(faulty)
    assert_alike(plain, result, but=("warnings",))
    assert any("faults act on ants only" in text for text in result.summary["warnings"])


@given(scenario=scenarios())
@settings(max_examples=15)
def test_a_replay_is_identical(scenario: Scenario) -> None:
    assert_alike(simulate(scenario), simulate(scenario))


@given(
    seed=st.integers(0, 1000),
    vehicles=st.integers(1, 60),
    batch=st.sampled_from([1, 7, 50]),
    lines=st.sampled_from([0, 3]),
    rounds=st.sampled_from([0, 3]),
    information=st.sampled_from(["online", "day_ahead"]),
    energy=st.sampled_from(["exact", "whole_slots"]),
    limit=st.sampled_from([1405, 1615]),
)
@settings(max_examples=30)
def test_a_network_without_faults_is_the_plain_channel(
    seed: int, vehicles: int, batch: int, lines: int, rounds: int, information: str, energy: str, limit: int
) -> None:
    scenario = Scenario().update(
        run={"seed": seed},
        fleet={"vehicles": vehicles},
        load={"fluctuation": 0.1},
        transformer={"limit_kw": limit, "lines": lines},
        coordination={"batch_size": batch, "rounds": rounds, "information": information, "energy": energy},
    )
    plain = simulate(scenario)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ChannelSettings, "has_faults", True)
        networked = simulate(scenario)
        assert ChargingModel(scenario).transformers[0].network is not None
    assert_alike(plain, networked)
