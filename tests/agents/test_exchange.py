"""Exchanges of agents who wait: sent again until answered, acted on once, given up in the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from agents.exchange import Leg, ask, tell
from environment.channel import Channel
from environment.channel_faults import ChannelFaults, ChannelSettings
from environment.messages import HEADER_BYTES, VALUE_BYTES
from environment.station_messages import Order, Plan, RegionReceipt, RegionRelease, Release

ORDER, PLAN, RELEASE, WORDS = (
    Order(400.0, 0.5, 100.0, 0.0),
    Plan(90.0, 0.0),
    Release(0.0),
    RegionRelease([Release(0.0)]),
)
ALWAYS = [True] * 20


@dataclass(frozen=True)
class Node:
    name: str


class Clock:
    def now_h(self) -> float:
        return 0.0

    def call_at(self, at_h: float, call: Any) -> None:
        raise AssertionError(at_h, call)


class Scripted(ChannelFaults):
    """Loses what a script says."""

    def __init__(self, arrives: Sequence[bool], resends: int, copies: int = 1) -> None:
        super().__init__(ChannelSettings(loss=0.5, resends=resends), "T", np.random.default_rng(1))
        self.arrives, self.copies = list(arrives), copies

    def delays_h(self, now_h: float) -> list[float]:  # noqa: ARG002  (a script)
        return [0.0] * self.copies if self.arrives.pop(0) else []


def leg(arrives: Sequence[bool] | None, resends: int = 2) -> Leg:
    return Leg(Node("above"), Node("below"), None if arrives is None else Scripted(arrives, resends))


def sent(channel: Channel) -> dict[str, int]:
    return {row[0]: row[3] for row in channel.books}


@pytest.mark.parametrize(
    ("arrives", "is_answered", "acted", "questions", "answers"),
    [
        ([True, True], True, 1, 1, 1),
        ([False, True, True], True, 1, 2, 1),
        ([True, False, True, True], True, 1, 2, 2),
        ([True, False, True, False, True, False], False, 1, 3, 3),
        ([False, False, False], False, 0, 3, 0),
    ],
)
def test_a_question_is_asked_until_answered_and_heard_once(
    arrives: list[bool], is_answered: bool, acted: int, questions: int, answers: int
) -> None:
    channel, heard = Channel(Clock()), list[Order]()

    def act(order: Order) -> Plan:
        heard.append(order)
        return PLAN

    answer = ask(channel, [leg(arrives)], ORDER, act)
    assert (answer is PLAN) == is_answered
    assert len(heard) == acted
    assert sent(channel) == {"order": questions, **({"plan": answers} if answers else {})}


def test_a_question_that_comes_twice_is_acted_on_once() -> None:
    channel, heard = Channel(Clock()), list[Order]()
    twice = Leg(Node("above"), Node("below"), Scripted(ALWAYS, 0, copies=2))
    assert ask(channel, [twice], ORDER, lambda order: heard.append(order) or PLAN) is PLAN
    assert len(heard) == 1
    assert sent(channel) == {"order": 1, "plan": 2}


def test_what_is_told_is_confirmed_only_where_it_may_get_lost() -> None:
    for message, act, receipt in ((RELEASE, (), "receipt"), (WORDS, (True, False), "region_receipt")):
        sound, faulty = Channel(Clock()), Channel(Clock())
        assert tell(sound, [leg(None)], message, lambda _, act=act: act) == act
        assert tell(faulty, [leg(ALWAYS)], message, lambda _, act=act: act) == act
        assert sent(sound) == {message.kind: 1}
        assert sent(faulty) == {message.kind: 1, receipt: 1}


def test_who_hears_no_receipt_does_not_know_that_it_was_heard() -> None:
    channel, heard = Channel(Clock()), list[Release]()
    arrives = [True, False] * 3
    assert tell(channel, [leg(arrives)], RELEASE, lambda each: heard.append(each) or ()) is None
    assert heard == [RELEASE]


def test_a_way_of_two_hops_sends_again_on_the_hop_that_loses() -> None:
    channel = Channel(Clock(), log=[])
    upper = Leg(Node("centre"), Node("middle"), Scripted(ALWAYS, 2))
    assert ask(channel, [upper, leg([False, True, True])], ORDER, lambda _: PLAN) is PLAN
    assert channel.log is not None
    assert [(row[5], row[2]) for row in channel.log] == [
        ("centre", "order"), ("above", "order"), ("above", "order"), ("below", "plan"), ("middle", "plan"),
    ]  # fmt: skip


def test_a_receipt_of_a_region_says_who_confirms_below() -> None:
    assert RegionReceipt((True, False)).wire_bytes == HEADER_BYTES + 2 * VALUE_BYTES
