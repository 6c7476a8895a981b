"""What the channel costs: a day of agents that call each other, beside the same day over the channel and over a network."""

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

import runs.model
from environment.channel import Channel
from environment.channel_faults import ChannelSettings
from environment.messages import Message
from runs.scenario import Scenario

VEHICLES = 100_000
KINDS: dict[str, dict[str, Any]] = {
    "calls, no channel": {},
    "channel": {},
    "network without faults": {},
    "1 % lost, 1 s delay": {"loss": 0.01, "delay_s": 1.0, "delay": "exponential"},
}


class Calls(Channel):
    """No channel at all: whoever sends calls the receiver, nothing is booked."""

    def send[M: Message](self, message: M, *_: Any, **__: Any) -> M:
        """Hand the message over."""
        return message

    def carry[M: Message](
        self, _network: object, message: M, _sender: object, _receiver: object, deliver: Callable[[M], None], **_: Any
    ) -> None:
        """Call the receiver."""
        deliver(message)

    def cast(
        self, _network: object, _message: Message, _sender: object, receivers: int, _group: str
    ) -> NDArray[np.bool_]:
        """Have everybody hear it."""
        return np.ones(receivers, dtype=np.bool_)


def day_s(vehicles: int, kind: str) -> tuple[float, int]:
    """Return the seconds of a day of agents, without making them, and its messages."""
    scenario = Scenario().update(
        fleet={"vehicles": vehicles},
        load={"peak_kw": 2.8 * vehicles},
        transformer={"limit_kw": 3.23 * vehicles},
        coordination={"batch_size": 10},
        channel=KINDS[kind],
    )
    if kind == "calls, no channel":
        runs.model.Channel = Calls  # type: ignore[misc]
    if kind == "network without faults":
        ChannelSettings.has_faults = True  # type: ignore[method-assign, assignment]
    warm = runs.model.GridModel(scenario.update(fleet={"vehicles": 50}))
    warm.run_model()
    model = runs.model.GridModel(scenario)
    begun = time.perf_counter()
    model.run_model()
    return time.perf_counter() - begun, model.channel.messages


def main(vehicles: int = VEHICLES, repeats: int = 3) -> None:
    """Print the table."""
    print(f"\nA day of {vehicles:,} agents in batches of 10, best of {repeats}: what the channel costs")
    print(f"{'':>24} {'day s':>8} {'messages':>10} {'to calls':>9}")
    times: dict[str, list[tuple[float, int]]] = {kind: [] for kind in KINDS}
    for _ in range(repeats):  # in turn, so that a busy moment hits all of them
        for kind in KINDS:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
                times[kind].append(process.submit(day_s, vehicles, kind).result())
    plain = min(times["calls, no channel"])[0]
    for kind, each in times.items():
        seconds, messages = min(each)
        print(f"{kind:>24} {seconds:>8.2f} {messages or '':>10} {seconds / plain:>9.2f}")
