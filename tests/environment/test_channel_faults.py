"""The faults are what they say: rates, bursts, delays, intervals; and each kind leaves the others as they are."""

import itertools
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from environment.channel_faults import ChannelFaults, ChannelSettings

MANY = 40_000


def delays(n: int = MANY, seed: int = 1, **settings: Any) -> list[list[float]]:
    network = ChannelFaults(ChannelSettings(**settings), "T1", np.random.default_rng(seed))
    return [network.delays_h(0.0) for _ in range(n)]


def test_the_time_out_leaves_room_for_an_answer_unless_it_is_set() -> None:
    assert ChannelSettings().timeout_h * 3600 == pytest.approx(10)
    assert ChannelSettings(delay_s=60).timeout_h * 3600 == pytest.approx(360)
    assert ChannelSettings(delay_s=60, timeout_s=5).timeout_h * 3600 == pytest.approx(5)


def test_nothing_goes_wrong_by_default() -> None:
    assert not ChannelSettings().has_faults
    assert set(map(tuple, delays(100))) == {(0.0,)}


@pytest.mark.parametrize("settings", [{}, {"burst": 20}, {"burst": 8, "loss_in_burst": 0.5}])
def test_the_part_that_is_lost_is_the_part_asked_for(settings: dict[str, float]) -> None:
    lost = np.array([not each for each in delays(loss=0.1, **settings)])
    assert lost.mean() == pytest.approx(0.1, abs=0.02)


def test_bursts_are_as_long_as_asked_for() -> None:
    lost = [not each for each in delays(loss=0.1, burst=20)]
    lengths = [len(list(run)) for is_lost, run in itertools.groupby(lost) if is_lost]
    assert np.mean(lengths) == pytest.approx(20, rel=0.15)
    alone = [len(list(run)) for is_lost, run in itertools.groupby(not each for each in delays(loss=0.1)) if is_lost]
    assert np.mean(alone) == pytest.approx(1 / 0.9, rel=0.05)


@pytest.mark.parametrize(
    ("kind", "spread"), [("constant", 0.0), ("uniform", 1 / np.sqrt(3)), ("exponential", 1.0), ("lognormal", 0.533)]
)
def test_delays_have_their_mean_and_spread(kind: str, spread: float) -> None:
    times_s = 3600 * np.array(delays(delay_s=30, delay=kind, delay_spread=0.5)).ravel()
    assert times_s.mean() == pytest.approx(30, rel=0.02)
    assert times_s.std() / 30 == pytest.approx(spread, abs=0.03)


def test_duplicates_arrive_twice_and_held_up_messages_late() -> None:
    assert np.mean([len(each) for each in delays(duplication=0.3)]) == pytest.approx(1.3, abs=0.02)
    late = np.array(delays(reordering=0.3, timeout_s=36)).ravel()
    assert (late > 0).mean() == pytest.approx(0.3, abs=0.02)
    assert late.max() <= 0.01


def test_nothing_passes_in_a_partition_sent_or_still_under_way() -> None:
    cut = {"transformer": "T1", "from_h": 1.0, "to_h": 2.0}
    network = ChannelFaults(ChannelSettings(partitions=(cut,), delay_s=360), "T1", np.random.default_rng(1))
    assert [bool(network.delays_h(at)) for at in (0.85, 0.95, 1.5, 1.95, 2.0)] == [True, False, False, False, True]
    elsewhere = ChannelFaults(ChannelSettings(partitions=(cut,)), "T2", np.random.default_rng(1))
    assert elsewhere.delays_h(1.5) == [0.0]


def test_senders_die_at_the_rate_asked_for_on_both_sides_of_sending() -> None:
    network = ChannelFaults(ChannelSettings(death=0.2), "T1", np.random.default_rng(1))
    fates = [network.kills() for _ in range(MANY)]
    for side in ("before", "after"):
        assert fates.count(side) / MANY == pytest.approx(0.1, abs=0.01)


def test_losses_leave_delays_as_they_are() -> None:
    without = delays(200, delay_s=5, delay="exponential")
    with_doubles = delays(200, delay_s=5, delay="exponential", loss=0.0, death=0.5)
    assert without == with_doubles
    lost_a = [not each for each in delays(200, loss=0.3)]
    lost_b = [not each for each in delays(200, loss=0.3, delay_s=5, delay="exponential")]
    assert lost_a == lost_b


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loss": 1.5}, "less than 1"),
        ({"loss": 0.9, "burst": 2}, "smaller loss or longer bursts"),
        ({"partitions": ({"from_h": 3, "to_h": 2},)}, "an end after the beginning"),
    ],
)
def test_impossible_faults_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        ChannelSettings(**settings)
