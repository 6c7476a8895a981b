from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from environment.channel import BOOK_COLUMNS, LOG_COLUMNS, Channel
from environment.channel_faults import ChannelFaults, ChannelSettings
from environment.messages import BoardCopy, Deposit, Deviation, Forecast, Hop, Recall, Refusal, Sent


@dataclass
class Named:
    name: str


@dataclass
class Clock:
    """A clock that is turned by hand."""

    at_h: float = 0.0
    calls: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def now_h(self) -> float:
        return self.at_h

    def call_at(self, at_h: float, call: Callable[[], None]) -> None:
        self.calls.append((at_h, call))

    def run(self) -> None:
        while self.calls:
            self.calls.sort(key=lambda entry: entry[0])
            self.at_h, call = self.calls.pop(0)
            call()


T, EV = Named("T1"), Named("ev:a")


def deposit(number: int = 1, powers: tuple[float, ...] = (4.0, 0.0, 4.0)) -> Deposit:
    return Deposit(3, np.array(powers), 0, number, 0)


def book(channel: Channel) -> dict[str, dict[str, object]]:
    rows = [dict(zip(BOOK_COLUMNS, row, strict=True)) for row in channel.books]
    return {str(row["kind"]): row for row in rows}


def test_every_message_is_counted_with_its_size_its_hop_and_its_receivers() -> None:
    channel = Channel()
    heard: list[object] = []
    channel.carry(None, BoardCopy(np.zeros(24), 0), T, Named("EVs of T1"), heard.append, receivers=30)
    channel.carry(None, deposit(), EV, T, heard.append)
    channel.carry(None, deposit(2, (4.0,)), EV, T, heard.append)
    assert channel.cast(None, Deviation(np.zeros(24), 1.0), T, 5, "all").tolist() == [True] * 5
    channel.send(Forecast(np.zeros(24)), Named("control_center"), Named("substation:1"), hop=Hop.UPPER)
    assert len(heard) == 3
    rows = book(channel)
    assert [rows["board_copy"][key] for key in BOOK_COLUMNS[1:6]] == ["transformer-ev", "group", 1, 30, 16 + 24 * 8]
    assert [rows["deposit"][key] for key in BOOK_COLUMNS[1:6]] == ["transformer-ev", "point-to-point", 2, 2, 68]
    assert [rows["deviation"][key] for key in BOOK_COLUMNS[1:6]] == ["transformer-ev", "broadcast", 1, 5, 216]
    assert rows["forecast"]["hop"] == "control_center-substation"
    assert channel.messages == 5
    assert channel.bytes == 208 + 68 + 216 + 208


def test_a_compiled_path_enters_its_messages_in_the_same_books() -> None:
    channel = Channel()
    channel.record_all([Sent(Deposit, 2, 2, Deposit.bytes_of(2, 3)), Sent(Refusal, 0, 0, 0)])
    assert [(row["kind"], row["messages"], row["bytes"]) for row in book(channel).values()] == [("deposit", 2, 68)]


def test_a_delayed_message_arrives_when_it_says() -> None:
    clock = Clock(at_h=1.0)
    channel = Channel(clock, log=[])
    network = ChannelFaults(ChannelSettings(delay_s=36.0), "T1", np.random.default_rng(1))
    arrived: list[float] = []
    channel.carry(network, deposit(), EV, T, lambda _: arrived.append(clock.at_h))
    assert arrived == []
    clock.run()
    assert arrived == [1.01]
    assert channel.log is not None
    (row,) = channel.log
    noted = dict(zip(LOG_COLUMNS, row, strict=True))
    assert (noted["sent_h"], noted["arrives_h"], noted["sender"], noted["receiver"]) == (1.0, 1.01, "ev:a", "T1")
    assert noted["text"] == "read version 0, chose 3:+4.00 5:+4.00"
    assert book(channel)["deposit"]["delay_mean_s"] == pytest.approx(36)


def test_messages_overtake_each_other_and_none_is_lost_or_invented() -> None:
    clock = Clock()
    channel = Channel(clock)
    network = ChannelFaults(
        ChannelSettings(delay_s=30, delay="exponential", duplication=0.2), "T1", np.random.default_rng(1)
    )
    arrived: list[int] = []
    for number in range(200):
        channel.carry(network, deposit(number), EV, T, lambda each: arrived.append(each.number))
    clock.run()
    assert arrived != sorted(arrived)
    assert set(arrived) == set(range(200))
    assert len(arrived) == 200 + int(str(book(channel)["deposit"]["doubled"])) > 200


def test_who_waits_hears_at_once_what_comes_within_the_time_out_and_the_rest_later() -> None:
    clock = Clock()
    channel = Channel(clock)
    settings = ChannelSettings(delay_s=10, delay="uniform", timeout_s=10)
    network = ChannelFaults(settings, "T1", np.random.default_rng(1))
    arrived: list[int] = []
    for number in range(100):
        channel.carry(network, deposit(number), EV, T, lambda each: arrived.append(each.number), paced=True)
    at_once = len(arrived)
    assert 30 < at_once < 70
    clock.run()
    assert sorted(arrived) == list(range(100))


def test_a_message_spread_to_a_group_reaches_each_when_it_does() -> None:
    clock = Clock()
    channel = Channel(clock, log=[])
    network = ChannelFaults(ChannelSettings(loss=0.2, delay_s=20, delay="uniform"), "T1", np.random.default_rng(1))
    heard: list[tuple[float, int]] = []
    delivers = [lambda _, k=k: heard.append((clock.at_h, k)) for k in range(200)]
    channel.spread(network, Recall(), T, delivers, "all")
    assert heard == []
    clock.run()
    times = [at for at, _ in heard]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] <= 40 / 3600
    row = book(channel)["recall"]
    assert (row["messages"], row["receivers"], row["lost"]) == (1, 200, 200 - len(heard))
    assert channel.log is not None
    noted = dict(zip(LOG_COLUMNS, channel.log[0], strict=True))
    assert (noted["arrives_h"], noted["lost"]) == (times[0], row["lost"])


def test_what_comes_after_the_time_out_is_late_not_lost() -> None:
    channel = Channel(Clock(), log=[])
    network = ChannelFaults(ChannelSettings(delay_s=10, delay="uniform", timeout_s=10), "T1", np.random.default_rng(1))
    heard = channel.cast(network, Recall(), T, 400, "all")
    row = book(channel)["recall"]
    assert (row["lost"], row["late"]) == (0, 400 - int(heard.sum()))
    assert channel.log is not None
    noted = dict(zip(LOG_COLUMNS, channel.log[0], strict=True))
    assert (noted["lost"], noted["late"]) == (0, row["late"])


def test_each_of_a_group_hears_or_not_and_the_books_say_how_many_did_not() -> None:
    channel = Channel(Clock())
    network = ChannelFaults(ChannelSettings(loss=0.25), "T1", np.random.default_rng(1))
    heard = channel.cast(network, Recall(), T, 400, "all")
    assert 250 < heard.sum() < 350
    row = book(channel)["recall"]
    assert (row["messages"], row["receivers"], row["lost"]) == (1, 400, 400 - int(heard.sum()))
    assert channel.lost == row["lost"]
