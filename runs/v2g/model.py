"""The agent-based model of a fleet that gives back: control centre, aggregator, and a Mesa agent for every EV."""

from collections.abc import Callable

import mesa
import numpy as np
from mesa.time import Priority
from numpy.typing import NDArray

from agents.aggregator import Aggregator
from agents.control_center import ControlCenter
from agents.v2g_ev import V2GEV, V2GColumns
from coordination.peak_shaving.dispatch import Track
from environment.channel import Channel
from environment.presence import Departures
from runs.scenario import Scenario
from runs.v2g.part import AGGREGATOR, V2G
from runs.v2g.record import V2GRecord
from runs.watched import Watched


class PeakShavingModel(Watched, mesa.Model):  # type: ignore[misc]
    """Days of peak shaving; `time` is in hours from the horizon's start.

    Parameters
    ----------
    settings
        The scenario, with a section ``[peak_shaving]``.
    world
        What the scenario describes, where it has been built already.
    aggregator, ev
        Classes of the agents, made from those of `agents`.

    Attributes
    ----------
    world
        All that exists.
    batteries
        The EVs' batteries.
    record
        What happened: track, departures, and EVs whose messages did not come through.
    channel
        Carried and counted every message.
    aggregator
        Leads the fleet; its `led` says how it did in the last slot.
    """

    def __init__(
        self,
        settings: Scenario | None = None,
        world: V2G | None = None,
        *,
        aggregator: type[Aggregator] = Aggregator,
        ev: type[V2GEV] = V2GEV,
    ) -> None:
        settings = world.scenario if world else settings or Scenario().update(peak_shaving={})
        super().__init__(rng=settings.run.seed)
        self.world = world = world or V2G.build(settings, self.rng)
        self.channel = Channel(clock=self, log=[] if settings.channel.log else None)
        self.batteries = world.new_batteries()
        columns = V2GColumns(
            world.fleet.vehicle, self.batteries, world.participation, world.needs, world.horizon.slot_h
        )
        self.aggregator = aggregator(
            self, AGGREGATOR, self.channel, world.channel_faults(), columns, world.posing, settings.grouping,
            world.room_kw, ev,
        )  # fmt: skip
        self.record = V2GRecord(world, self.batteries, self.aggregator.dispatcher.tactic.groups)
        self.control_center = ControlCenter(self, self.channel, [], [self.aggregator])
        self.slot = 0
        self.schedule_event(self.begin_day, at=0.0, priority=Priority.HIGH)
        for edge_h in world.horizon.edges_h[:-1].tolist():
            self.schedule_event(self.run_slot, at=edge_h)

    def begin_day(self) -> None:
        """Send load and prices to the aggregator, which finds the signal."""
        self.control_center.announce_prices(self.world.load.forecast_kw, self.world.tariff)

    def run_slot(self) -> None:
        """Let the aggregator follow its signal through the next slot."""
        self.record.begin_slot()
        self.control_center.run_slot(self.slot)
        self.record.end_slot(self.slot, self.aggregator)
        self.slot += 1
        self.running = self.slot < self.world.horizon.n_slots
        self.tell_slot(self.slot - 1)

    @property
    def track(self) -> Track:
        """What happened in each slot."""
        return self.record.track

    @property
    def departures(self) -> Departures:
        """How full EVs came and left, and what they lacked."""
        return self.record.departures

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)

    def call_at(self, at_h: float, call: Callable[[], None]) -> None:
        """Call a bound method at a moment."""
        self.schedule_event(call, at=at_h)

    def total_kw(self) -> NDArray[np.float64]:
        """Return the load with what EVs did so far [kW], shape ``(n_slots,)``."""
        total_kw: NDArray[np.float64] = self.world.load.actual_kw + self.track.response_kw
        return total_kw
