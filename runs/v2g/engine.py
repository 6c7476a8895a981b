"""A fleet that gives back in compiled code: what its agents do, slot for slot, and the same books of messages."""

import time
from collections.abc import Callable, Hashable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.dispatch import Dispatcher, Track
from environment.battery import Batteries
from environment.channel import Channel
from environment.messages import HEADER_BYTES, VALUE_BYTES, Forecast, Hop, Sent
from environment.presence import Departures
from environment.v2g_messages import Condition, Enrolment, LeastSoc, Prices, Response, Setpoint, Tracking
from runs.progress import Progress
from runs.scenario import Scenario
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import V2G
from runs.v2g.record import V2GStrays

SEARCH: Final = 0.5
"""Part of a run that the search for the signal is taken to be, for progress bars; `searched` in `runs.parts`."""


def samples(scenario: Scenario) -> tuple[Hashable, Callable[[], Iterator[V2G]]]:
    """Return what names the kernels that a scenario calls for, and what gives a small fleet that calls for the same."""
    asked = scenario.peak_shaving
    assert asked is not None
    few = asked.model_copy(update={"iterations": min(asked.iterations, 2), "population": 5})
    grouping, engine, end = scenario.grouping, scenario.run.engine, scenario.participation.end

    def each() -> Iterator[V2G]:
        case = Scenario().update(
            fleet={"vehicles": 20},
            peak_shaving=few.model_dump(),
            grouping=grouping.model_dump(),
            participation={"end": end},
            run={"engine": engine},
        )
        yield V2G.build(case, np.random.default_rng(case.run.seed))

    return ("v2g", few, grouping, engine, end), each


def run(v2g: V2G, channel: Channel, tell: Progress) -> V2GOutcome:
    """Find the fleet's signal, and let its EVs follow it.

    Parameters
    ----------
    v2g
        What exists.
    channel
        Takes the books of what agents would have sent.
    tell
        Told the part that is done: of the search, then of the horizon.
    """
    begun = time.perf_counter()
    found = v2g.posing.find(v2g.problem, lambda part: tell(SEARCH * part))
    track, batteries, departures = follow(v2g, found.signal_kw, lambda part: tell(SEARCH + (1 - SEARCH) * part))
    _count(channel, v2g, int(track.present.sum()))
    strays = V2GStrays.none(len(v2g.fleet), v2g.horizon.n_slots)
    return V2GOutcome(v2g.problem, found, track, batteries, departures, channel, strays, time.perf_counter() - begun)


def judged(_v2g: V2G, outcome: V2GOutcome, _tell: Progress) -> V2GOutcome:
    """Return an outcome as it is: its exact reference came with the signal."""
    return outcome


def follow(
    v2g: V2G, signal_kw: NDArray[np.float64], tell: Progress = lambda _: None
) -> tuple[Track, Batteries, Departures]:
    """Let a fleet follow a signal; return what happened.

    Parameters
    ----------
    v2g
        What exists.
    signal_kw
        Signal of the fleet [kW], shape ``(n_slots,)``.
    tell
        Told the part of the horizon that is done.
    """
    batteries, dispatcher = v2g.new_batteries(), Dispatcher(v2g.scenario.grouping)
    slot_h, n = v2g.horizon.slot_h, v2g.horizon.n_slots
    track, departures = Track.empty(n, dispatcher.tactic.groups, len(v2g.fleet)), v2g.new_departures()
    kept, (least_kw, most_kw) = v2g.soc_kept, v2g.room_kw.tolist()
    for slot, power_kw in enumerate(signal_kw.tolist()):
        rows = np.flatnonzero(v2g.participation.announced[slot])
        hours = v2g.participation.hours_of(slot, rows, slot_h)
        rows, hours = rows[hours > 0], hours[hours > 0]
        all_before = batteries.soc.copy()
        before = all_before[rows]
        limits = batteries.limits(rows, slot_h, None if kept is None else kept[slot, rows])
        room_kw = least_kw[slot], most_kw[slot]
        asked = dispatcher.dispatch(power_kw, before, batteries.power_kw[rows], limits, room_kw)
        moved_kwh = batteries.draw(rows, asked.power_kw, hours)
        track.enter(slot, power_kw, asked, rows, moved_kwh / slot_h, before, batteries.soc[rows])
        departures.enter(slot, all_before, batteries.soc)
        tell((slot + 1) / n)
    return track, batteries, departures


def _count(channel: Channel, v2g: V2G, present: int) -> None:
    """Enter what agents would have sent: the day ahead, and for each EV and slot its condition, setpoint and response."""
    n_slots, n = v2g.horizon.n_slots, len(v2g.fleet)
    stays, told = int(v2g.new_departures().stays.sum()), 0 if v2g.soc_kept is None else n
    channel.record_all([
        Sent(Forecast, 1, 1, Forecast.bytes_of(1, n_slots), Hop.AGGREGATOR),
        Sent(Prices, 1, 1, HEADER_BYTES + 2 * VALUE_BYTES * n_slots),
        Sent(Enrolment, n, n, Enrolment.bytes_of(n, stays)),
        Sent(LeastSoc, told, told, LeastSoc.bytes_of(told, n_slots)),
        *(Sent(kind, present, present, present * kind.bytes_each()) for kind in (Condition, Setpoint, Response)),
        Sent(Tracking, n_slots, n_slots, n_slots * Tracking.bytes_each()),
    ])  # fmt: skip
