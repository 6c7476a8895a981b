"""Run a scenario of peak shaving; the two engines do the same, slot for slot, and send the same messages."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.dispatch import Dispatcher, Track
from coordination.peak_shaving.search import Found
from environment.battery import Batteries
from environment.channel import Channel
from environment.messages import HEADER_BYTES, VALUE_BYTES, Forecast, Hop, Sent
from environment.presence import Departures
from environment.v2g_messages import Condition, Enrolment, LeastSoc, Prices, Response, Setpoint, Tracking
from runs.progress import Progress
from runs.scenario import Scenario
from runs.v2g.part import V2G
from runs.v2g.record import V2GStrays
from runs.warm_up import warm_up

if TYPE_CHECKING:
    from runs.v2g.model import PeakShavingModel

SEARCH: Final = 0.5
"""Part of a run that the search for the signal is taken to be, for progress bars."""


@dataclass(frozen=True, eq=False)
class V2GOutcome:
    """What an engine hands over.

    Parameters
    ----------
    found
        The fleet's signal.
    track
        What happened in each slot.
    batteries
        The EVs' batteries in the end.
    departures
        How full EVs came and left, and what they lacked.
    channel
        Channel with its books of messages.
    strays
        What became of EVs whose messages did not come through.
    wall_s
        Time that it took.
    """

    found: Found
    track: Track
    batteries: Batteries
    departures: Departures
    channel: Channel
    strays: V2GStrays
    wall_s: float

    @property
    def messages_lost(self) -> int:
        """Receivers that a message did not reach."""
        return self.channel.lost

    @property
    def vehicles_cut_off(self) -> int:
        """EVs that ever were at the grid in a slot without a set-point."""
        return int(self.strays.cut_off.sum())

    @property
    def vehicles_died(self) -> int:
        """EVs whose controller died."""
        return int(self.strays.died.sum())

    def fallback_kwh(self, slot_h: float) -> float:
        """Return the energy that EVs without a set-point drew [kWh], for a slot length [h]."""
        return float(self.strays.fallback_kw.sum()) * slot_h


def ready(scenario: Scenario) -> None:
    """Compile or load the kernels that a scenario calls for: what it takes is no part of any run's seconds."""
    asked = scenario.peak_shaving
    assert asked is not None
    few = asked.model_copy(update={"iterations": min(asked.iterations, 2), "population": 5})
    grouping, engine, end = scenario.grouping, scenario.run.engine, scenario.participation.end

    def small() -> Scenario:
        return Scenario().update(
            fleet={"vehicles": 20},
            peak_shaving=few.model_dump(),
            grouping=grouping.model_dump(),
            participation={"end": end},
            run={"engine": engine},
        )

    warm_up(("peak_shaving", few, grouping, engine, end), lambda: _try(small()))


def _try(small: Scenario) -> None:
    _run(V2G.build(small, np.random.default_rng(small.run.seed)), lambda _: None)


def run_shaving(scenario: Scenario, progress: Progress | None = None) -> tuple[V2G, V2GOutcome]:
    """Build a scenario's world and run it with the engine that it names.

    Parameters
    ----------
    scenario
        With a section ``[peak_shaving]``.
    progress
        Told the part of the run that is done: of the search, then of the horizon.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names.
    """
    world = V2G.build(scenario, np.random.default_rng(scenario.run.seed))
    ready(scenario)
    return world, _run(world, progress or (lambda _: None))


def _run(world: V2G, tell: Progress) -> V2GOutcome:
    return (_run_agents if world.scenario.run.engine == "agents" else _run_compiled)(world, tell)


def _run_agents(world: V2G, tell: Progress) -> V2GOutcome:
    from runs.v2g.model import PeakShavingModel  # noqa: PLC0415  (Mesa only where agents run)

    model = PeakShavingModel(world=world)
    n = world.horizon.n_slots
    model.on_search(lambda part: tell(SEARCH * part))
    model.on_slot(lambda slot: tell(SEARCH + (1 - SEARCH) * (slot + 1) / n))
    begun = time.perf_counter()
    model.run_until(world.horizon.hours)
    return outcome_of(model, time.perf_counter() - begun)


def outcome_of(model: "PeakShavingModel", wall_s: float) -> V2GOutcome:
    """Return what a model that has run to the horizon's end hands over.

    Parameters
    ----------
    model
        With agents of any classes.
    wall_s
        Time that it took.
    """
    found, record = model.aggregator.found, model.record
    assert found is not None
    return V2GOutcome(found, record.track, model.batteries, record.departures, model.channel, record.strays, wall_s)


def _run_compiled(world: V2G, tell: Progress) -> V2GOutcome:
    begun = time.perf_counter()
    found = world.posing.find(world.problem, lambda part: tell(SEARCH * part))
    track, batteries, departures = follow(world, found.signal_kw, lambda part: tell(SEARCH + (1 - SEARCH) * part))
    channel = Channel()
    _count(channel, world, int(track.present.sum()))
    strays = V2GStrays.none(len(world.fleet), world.horizon.n_slots)
    return V2GOutcome(found, track, batteries, departures, channel, strays, time.perf_counter() - begun)


def follow(
    world: V2G, signal_kw: NDArray[np.float64], tell: Progress = lambda _: None
) -> tuple[Track, Batteries, Departures]:
    """Let a fleet follow a signal; return what happened.

    Parameters
    ----------
    world
        What exists.
    signal_kw
        Signal of the fleet [kW], shape ``(n_slots,)``.
    tell
        Told the part of the horizon that is done.
    """
    batteries, dispatcher = world.new_batteries(), Dispatcher(world.scenario.grouping)
    slot_h, n = world.horizon.slot_h, world.horizon.n_slots
    track, departures = Track.empty(n, dispatcher.tactic.groups), world.new_departures()
    kept, (least_kw, most_kw) = world.soc_kept, world.room_kw.tolist()
    for slot, power_kw in enumerate(signal_kw.tolist()):
        rows = np.flatnonzero(world.participation.announced[slot])
        hours = world.participation.hours_of(slot, rows, slot_h)
        rows, hours = rows[hours > 0], hours[hours > 0]
        all_before = batteries.soc.copy()
        before = all_before[rows]
        limits = batteries.limits(rows, slot_h, None if kept is None else kept[slot, rows])
        room_kw = least_kw[slot], most_kw[slot]
        asked = dispatcher.dispatch(power_kw, before, batteries.power_kw[rows], limits, room_kw)
        moved_kwh = batteries.draw(rows, asked.power_kw, hours)
        track.enter(slot, power_kw, asked, moved_kwh / slot_h, before, batteries.soc[rows])
        departures.enter(slot, all_before, batteries.soc)
        tell((slot + 1) / n)
    return track, batteries, departures


def _count(channel: Channel, world: V2G, present: int) -> None:
    """Enter what agents would have sent: the day ahead, and for each EV and slot its condition, setpoint and response."""
    n_slots, n = world.horizon.n_slots, len(world.fleet)
    stays, told = int(world.new_departures().stays.sum()), 0 if world.soc_kept is None else n
    channel.record_all([
        Sent(Forecast, 1, 1, Forecast.bytes_of(1, n_slots), Hop.AGGREGATOR),
        Sent(Prices, 1, 1, HEADER_BYTES + 2 * VALUE_BYTES * n_slots),
        Sent(Enrolment, n, n, Enrolment.bytes_of(n, stays)),
        Sent(LeastSoc, told, told, LeastSoc.bytes_of(told, n_slots)),
        *(Sent(kind, present, present, present * kind.bytes_each()) for kind in (Condition, Setpoint, Response)),
        Sent(Tracking, n_slots, n_slots, n_slots * Tracking.bytes_each()),
    ])  # fmt: skip
