"""Whatever the network does: the limit holds, energy books close, nothing is unserved in silence, replays are identical."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.channel_faults import ChannelSettings
from environment.loads import LoadProfile
from runs.homes.part import Homes
from runs.model import GridModel
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.support.books import assert_books_close
from tests.support.laws import examples
from tests.support.worlds import make_fleet, result_of_homes, world_of_one

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


@st.composite
def pressed_worlds(draw: st.DrawFn) -> Homes:
    """Few EVs with odd stays, few slots, and a limit that is reached in most of them: what a day is too long to meet."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, slots, slot_min = draw(st.integers(1, 8)), draw(st.sampled_from([3, 4, 6])), draw(st.sampled_from([5, 15, 60]))
    hours = slots * slot_min / 60
    start = rng.uniform(-0.2, 1, n) * hours
    if draw(st.booleans()):
        start = np.round(start * 60 / slot_min) * slot_min / 60
    stop = start + rng.choice([0.02, 0.3, 0.7, 1.5], n) * hours
    energy = rng.choice([0, 0.3, 1, 3], n) * rng.choice([1, 4], n) * slot_min / 60
    fleet = make_fleet(list(zip(start, stop, energy, rng.choice([3.3, 4.0, 7.4], n), strict=True)))
    base = rng.choice([-6.0, 2.0, 8.0, 10.0, 12.0], slots)
    actual = base + rng.choice([-3, 0, 0, 3], slots) if draw(st.booleans()) else base
    moments = rng.uniform(0, hours, draw(st.sampled_from([0, 1, 3]))).tolist()
    channel = draw(channels())
    channel |= {
        "delay_s": draw(st.sampled_from([0.0, 0.5, 4.0, 60.0, 600.0])),
        "timeout_s": draw(st.sampled_from([0.001, 1.0, 10.0, 600.0])),
        "restarts": [{"at_h": at_h} for at_h in moments],
        "partitions": [{"from_h": at_h, "to_h": at_h + 0.2 * hours} for at_h in moments[1:2]],
    }
    scenario = Scenario().update(
        run={"seed": 1, "optimum": False},
        horizon={"slots": slots, "slot_min": slot_min},
        transformer={
            "limit_kw": draw(st.sampled_from([9.0, 12.0, 14.0, 20.0])),
            "lines": draw(st.sampled_from([0, 1, 3])),
        },
        coordination={
            "batch_size": draw(st.sampled_from([1, 2, 50])),
            "rounds": draw(st.sampled_from([0, 3])),
            "information": draw(st.sampled_from(["online", "day_ahead"])),
            "energy": draw(st.sampled_from(["exact", "whole_slots"])),
            "adjust": draw(st.sampled_from([True, True, False])),
        },
        channel=channel | {"log": True},
    )
    return world_of_one(scenario, fleet, LoadProfile(base, actual), rng, int(rng.integers(2**32)))


def assert_limit_holds(result: Result) -> None:
    limit, slots = result.summary["limit_kw"], result.slots
    known = slots.actual_kw if result.scenario.coordination.adjust else slots.base_kw  # else it holds as forecast
    over = (known + slots.ev_kw > limit + 1e-6) & (slots.ev_kw > 1e-6)
    assert not over.any(), slots[over]


def assert_messages_are_bounded(result: Result) -> None:
    """Each EV sends at most so many messages in a slot, and the log and the books agree."""
    log, settings = result.log, result.scenario.channel
    sent = log[log.kind.isin(["deposit", "exchange", "request"])]
    slots = (sent.sent_h / result.scenario.horizon.slot_h).astype(int)
    most = sent.groupby([sent.sender, slots]).size().max() if len(sent) else 0
    asks = 12 * (settings.resends + 2)  # asked, refused, recalled, moved: each a few times, and each sent again
    rounds = max(result.scenario.coordination.rounds, 1)
    assert most <= asks * (settings.resends + 1) * (1 + rounds), most
    books = result.messages.groupby("kind")[["messages", "receivers", "bytes", "lost", "late"]].sum()
    noted = log.groupby("kind").agg(
        messages=("kind", "size"), receivers=("receivers", "sum"), bytes=("bytes", "sum"), lost=("lost", "sum"),
        late=("late", "sum"),
    )  # fmt: skip
    assert noted.to_dict() == books.to_dict(), "log and books agree"


def assert_alike(left: Result, right: Result, *, but: tuple[str, ...] = ()) -> None:
    assert left.tables.keys() == right.tables.keys()
    for name, table in left.tables.items():
        assert table.equals(right.tables[name]), f"{name} differs"
    for name, value in left.summary.items():
        if name not in ("wall_s", "free", *but):
            assert right.summary[name] == value, name


@given(scenario=scenarios())
@examples(5 / 2)
def test_whatever_goes_wrong_the_limit_holds_and_the_books_close(scenario: Scenario) -> None:
    result = simulate(scenario)
    assert_limit_holds(result)
    assert_books_close(result.scenario, result.tables)


@given(world=pressed_worlds())
@examples(4)
def test_and_so_in_short_days_under_a_limit_that_presses(world: Homes) -> None:
    result = result_of_homes(world)
    assert_limit_holds(result)
    assert_books_close(result.scenario, result.tables)
    assert_messages_are_bounded(result)


@pytest.mark.parametrize("method", ["free", "odc", "optimal"])
def test_faults_leave_what_is_not_ants_alone_and_say_so(method: str) -> None:
    sound = Scenario().update(fleet={"vehicles": 30}, coordination={"method": method})
    faulty = sound.update(channel={"loss": 0.3, "death": 0.1, "delay_s": 60.0, "restarts": ({"at_h": 9.5},)})
    plain, result = simulate(sound), simulate(faulty)
    assert_alike(plain, result, but=("warnings",))
    assert {text.partition(" only ")[0] for text in result.summary["warnings"] if text.startswith("channel.")} == {
        "channel.loss, channel.delay_s, channel.death count",
        "channel.restarts counts",
    }


def test_a_time_out_that_no_answer_can_meet_is_said() -> None:
    words = "most answers come too late"
    hasty = Scenario().update(fleet={"vehicles": 3}, channel={"delay_s": 30.0, "timeout_s": 20.0})
    assert any(words in text for text in simulate(hasty).summary["warnings"])
    patient = hasty.update(channel={"timeout_s": None})
    assert not any(words in text for text in simulate(patient).summary["warnings"])


@given(scenario=scenarios())
@examples(1 / 4)
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
@examples(1 / 2)
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
        assert GridModel(scenario).transformers[0].channel_faults is not None
    assert_alike(plain, networked)
