"""Messages that are answered: sent again until the answer comes, acted on by whoever is there, and counted each time."""

from typing import Any, Literal

import numpy as np
import pytest

from environment.channel import Channel
from environment.channel_faults import ChannelFaults, ChannelSettings
from environment.messages import Hop
from environment.v2g_messages import Condition, Response, Setpoint

CONDITION = Condition(0, 0.5, 7.0, 7.0, 7.0)


class Named:
    """A party that counts what it hears."""

    def __init__(self, name: str, *, lives: bool = True) -> None:
        self.name = name
        self.lives = lives
        self.heard = 0

    def hear(self, _condition: Condition) -> bool:
        self.heard += 1
        return self.lives

    def follow(self, setpoint: Setpoint) -> Response | None:
        self.heard += 1
        return Response(setpoint.power_kw) if self.lives else None


class Clock:
    """A clock that stands still."""

    def now_h(self) -> float:
        return 1.0

    def call_at(self, at_h: float, call: Any) -> None:
        raise AssertionError(at_h, call)


def faults(**settings: Any) -> ChannelFaults:
    return ChannelFaults(ChannelSettings(**settings), "aggregator", np.random.default_rng(1))


CUT_OFF = {"partitions": [{"from_h": 0.0, "to_h": 2.0}]}


def counts(channel: Channel) -> dict[str, tuple[int, int]]:
    """Messages and lost ones by kind."""
    return {row[0]: (row[3], row[6]) for row in channel.books}


def test_over_a_sound_hop_a_message_and_its_answer_are_all() -> None:
    channel, ev, aggregator = Channel(), Named("ev"), Named("aggregator")
    assert channel.tell(None, CONDITION, ev, aggregator, aggregator.hear)
    assert channel.ask(None, Setpoint(3.0), aggregator, ev, ev.follow) is not None
    assert counts(channel) == {"condition": (1, 0), "setpoint": (1, 0), "response": (1, 0)}
    assert (ev.heard, aggregator.heard) == (1, 1)


def test_where_nothing_is_lost_a_receipt_says_that_it_came() -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev"), Named("aggregator")
    sound = faults(duplication=0.0)
    assert channel.tell(sound, CONDITION, ev, aggregator, aggregator.hear)
    assert counts(channel) == {"condition": (1, 0), "receipt": (1, 0)}
    assert {row[1] for row in channel.books} == {str(Hop.V2G)}, "both over the hop of the message"


@pytest.mark.parametrize("resends", [0, 3])
def test_what_never_comes_is_sent_so_often_and_given_up(resends: int) -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev"), Named("aggregator")
    assert not channel.tell(faults(**CUT_OFF, resends=resends), CONDITION, ev, aggregator, aggregator.hear)
    assert counts(channel) == {"condition": (1 + resends, 1 + resends)}
    assert aggregator.heard == 0


def test_what_comes_after_the_time_out_says_nothing() -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev"), Named("aggregator")
    late = faults(delay_s=9.0, timeout_s=5.0, resends=1)
    assert channel.ask(late, Setpoint(3.0), aggregator, ev, ev.follow) is None
    assert ev.heard == 0
    assert {row[0]: row[7] for row in channel.books} == {"setpoint": 2}, "late, not lost"


def test_every_copy_is_answered_and_the_first_answer_heard_ends_it() -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev"), Named("aggregator")
    answer = channel.ask(faults(duplication=1.0), Setpoint(3.0), aggregator, ev, ev.follow)
    assert answer is not None
    assert answer.power_kw == 3.0
    assert counts(channel) == {"setpoint": (1, 0), "response": (2, 0)}
    assert ev.heard == 2


def test_losses_are_made_up_for_by_sending_again() -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev"), Named("aggregator")
    lossy = faults(loss=0.5, resends=60)
    assert all(channel.tell(lossy, CONDITION, ev, aggregator, aggregator.hear) for _ in range(50))
    (sent, lost), (receipts, lost_receipts) = counts(channel)["condition"], counts(channel)["receipt"]
    assert sent > 150, "one in four gets through with its receipt"
    assert sent - lost == receipts == aggregator.heard
    assert receipts - lost_receipts == 50


def test_the_dead_answer_nothing() -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev", lives=False), Named("aggregator")
    assert channel.ask(faults(duplication=0.0, resends=1), Setpoint(3.0), aggregator, ev, ev.follow) is None
    assert counts(channel) == {"setpoint": (2, 0)}


@pytest.mark.parametrize("side", ["before", "after"])
def test_who_dies_sending_is_heard_only_if_it_died_after_it(side: Literal["before", "after"]) -> None:
    channel, ev, aggregator = Channel(Clock()), Named("ev"), Named("aggregator")
    came = channel.tell(faults(duplication=0.0), CONDITION, ev, aggregator, aggregator.hear, dies=lambda: side)
    assert not came, "nobody is there to hear the receipt"
    assert aggregator.heard == (side == "after")
    assert counts(channel).get("condition", (0, 0)) == (aggregator.heard, 0)
