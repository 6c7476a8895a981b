"""The agent-based model of peak shaving: control centre, aggregator, and a Mesa agent for every EV."""

import mesa
import numpy as np
from mesa.time import Priority

from agents.aggregator import Aggregator
from agents.control_center import ControlCenter
from agents.v2g_ev import V2GEV
from coordination.peak_shaving.dispatch import Dispatcher, Track
from environment.channel import Channel
from runs.scenario import Scenario
from runs.v2g.part import V2G


class PeakShavingModel(mesa.Model):  # type: ignore[misc]
    """Days of peak shaving; `time` is in hours from the horizon's start.

    Parameters
    ----------
    settings
        The scenario, with a section ``[peak_shaving]``.
    world
        What the scenario describes, where it has been built already.

    Attributes
    ----------
    world
        All that exists.
    batteries
        The EVs' batteries.
    track
        What happened in each slot.
    departures
        How full EVs came and left, and what they lacked.
    channel
        Carried and counted every message.
    """

    def __init__(self, settings: Scenario | None = None, world: V2G | None = None) -> None:
        settings = world.scenario if world else settings or Scenario().update(peak_shaving={})
        super().__init__(rng=settings.run.seed)
        self.world = world or V2G.build(settings, self.rng)
        self.channel = Channel(clock=self, log=[] if settings.channel.log else None)
        self.batteries = self.world.new_batteries()
        dispatcher = Dispatcher(settings.grouping)
        horizon = self.world.horizon
        self.track = Track.empty(horizon.n_slots, dispatcher.tactic.groups)
        kept = self.world.soc_kept
        evs = [
            V2GEV(
                self, f"ev:{name}", row, self.batteries, self.world.participation, horizon.slot_h,
                None if kept is None else kept[:, row],
            )
            for row, name in enumerate(self.world.fleet.vehicle.tolist())
        ]  # fmt: skip
        self.departures = self.world.new_departures()
        self.aggregator = Aggregator(
            self, "aggregator", self.channel, evs, self.world.pose, self.world.find, dispatcher, self.track,
            self.world.room_kw,
        )  # fmt: skip
        self.control_center = ControlCenter(self, self.channel, [], [self.aggregator])
        self.slot = 0
        self.schedule_event(self.begin_day, at=0.0, priority=Priority.HIGH)
        for edge_h in horizon.edges_h[:-1].tolist():
            self.schedule_event(self.run_slot, at=edge_h)

    def begin_day(self) -> None:
        """Send load and prices to the aggregator, which finds the signal."""
        self.control_center.announce_prices(self.world.load.forecast_kw, self.world.tariff)

    def run_slot(self) -> None:
        """Let the aggregator follow its signal through the next slot."""
        before = self.batteries.soc.copy()
        self.control_center.run_slot(self.slot)
        self.departures.enter(self.slot, before, self.batteries.soc)
        self.slot += 1
        self.running = self.slot < self.world.horizon.n_slots

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)

    def total_kw(self) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the load with what EVs did so far [kW], shape ``(n_slots,)``."""
        return self.world.load.actual_kw + self.track.response_kw
