"""The agent-based model: a Mesa agent for every EV, transformer, substation and the control centre, driven by events."""

from collections.abc import Callable

import mesa
import numpy as np
from mesa.time import Priority

from agents.control_center import ControlCenter
from agents.ev import EV
from agents.substation import Fed, Substation
from agents.transformer import Transformer
from coordination.valley_filling.problem import Schedule
from environment.board import BoardRecord
from environment.channel import Channel
from runs.scenario import Scenario
from runs.world import World, count_planning


class ChargingModel(mesa.Model):  # type: ignore[misc]
    """Charging over a horizon; `time` is in hours from the horizon's start.

    Plug-ins and slot boundaries are events; at one moment the boundary comes first, then EVs in plug-in order.

    Parameters
    ----------
    settings
        The scenario; the default one if left out.
    world
        What the scenario describes, where it has been built already.
    channel
        Makes the channel; a subclass may watch what it carries.

    Attributes
    ----------
    world
        All that exists: slots, loads, fleet, tree.
    channel
        Carried and counted every message.
    boards
        Boards at each slot boundary.
    datacollector
        Base load, EV load and messages at every slot boundary.
    """

    def __init__(
        self, settings: Scenario | None = None, world: World | None = None, channel: type[Channel] = Channel
    ) -> None:
        settings = world.scenario if world else settings or Scenario()
        super().__init__(rng=settings.run.seed)
        self.world = world or World.build(settings, self.rng)
        self.channel = channel(clock=self, log=[] if settings.channel.log else None)
        self.slot = 0
        self.boards = BoardRecord.empty(len(self.world.loads), self.world.horizon)
        self.transformers = self._make_transformers()
        self.control_center = self._make_upper_nodes()
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "time_h": "time",
                "base_kw": ChargingModel.base_kw_now,
                "ev_kw": ChargingModel.ev_kw_now,
                "messages": ChargingModel.messages_now,
            }
        )
        self._schedule_events()

    def _make_transformers(self) -> list[Transformer]:
        world = self.world
        return [
            Transformer(
                self,
                name,
                world.fleet.take(world.rows[k]),
                self.channel,
                world.network(k),
                world.problems[k],
                world.loads[k].actual_kw,
                world.coordinator,
                world.scenario.coordination,
            )
            for k, name in enumerate(world.grid.transformers)
        ]

    def _make_upper_nodes(self) -> ControlCenter:
        """Make the substations, from the lowest up, and the control centre above them."""
        grid = self.world.grid
        made: dict[int, Fed] = dict(zip(grid.transformer_rows.tolist(), self.transformers, strict=True))
        own_kw = dict(zip(grid.upper_rows.tolist(), self.world.upper_kw, strict=True))
        for row in reversed(grid.upper_rows[1:].tolist()):
            children = [made[child] for child in grid.children[row]]
            made[row] = Substation(self, grid.node[row], self.channel, children, own_kw[row])
        children = [made[child] for child in grid.children[0]]
        return ControlCenter(self, self.channel, children, name=grid.node[0], own_kw=own_kw[0])

    def _schedule_events(self) -> None:
        edges_h = self.world.horizon.edges_h.tolist()
        self.schedule_event(self.begin_day, at=0.0, priority=Priority.HIGH)
        for edge_h in edges_h[:-1]:
            self.schedule_event(self.begin_slot, at=edge_h, priority=Priority.HIGH)
        self.schedule_event(self.end_day, at=edges_h[-1], priority=Priority.LOW)
        for transformer in self.transformers:
            plug_in_h = np.maximum(transformer.problem.plug_in_h, 0.0).tolist()
            for row in transformer.problem.order.tolist():
                self.schedule_event(transformer.evs[row].plug_in, at=plug_in_h[row])
            if transformer.network is not None:
                for restart in self.world.scenario.channel.restarts:
                    if restart.transformer in (None, transformer.name):
                        self.schedule_event(transformer.restart, at=restart.at_h)

    def begin_day(self) -> None:
        """Send the forecasts down, and plan what is planned a day ahead."""
        self.control_center.announce_day_ahead()
        coordinator = self.world.coordinator
        for k, transformer in enumerate(self.transformers):
            if self.world.plans_ahead:
                transformer.plan_ahead()
            elif coordinator.decides == "vehicle":
                transformer.open_board()
            else:
                plan = self.world.plan(coordinator, k)
                count_planning(self.channel, coordinator, plan, transformer.problem.order.size)
                transformer.follow(plan)

    def begin_slot(self) -> None:
        """Begin the next slot: transformers learn its actual load."""
        for k, transformer in enumerate(self.transformers):
            transformer.begin_slot(self.slot)
            self.boards.enter(k, self.slot, transformer.board.load_kw)
        self.datacollector.collect(self)
        self.slot += 1

    def end_day(self) -> None:
        """End the horizon: reports go up."""
        for k, transformer in enumerate(self.transformers):
            self.boards.enter(k, self.slot, transformer.board.load_kw)
        self.control_center.gather()
        self.running = False

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)

    def call_at(self, at_h: float, call: Callable[[], None]) -> None:
        """Call a bound method at a moment."""
        self.schedule_event(call, at=at_h)

    @property
    def evs(self) -> list[EV]:
        """Every EV, transformer by transformer."""
        return [ev for transformer in self.transformers for ev in transformer.evs]

    def base_kw_now(self) -> float:
        """Return the base load of all transformers in the present slot [kW]."""
        return float(sum(transformer.actual_kw[self.slot] for transformer in self.transformers))

    def ev_kw_now(self) -> float:
        """Return the EV load of all transformers in the present slot [kW]."""
        return float(sum(transformer.board.promised_in_kw(self.slot) for transformer in self.transformers))

    def messages_now(self) -> int:
        """Return the messages sent so far."""
        return self.channel.messages

    def schedules(self) -> tuple[Schedule, ...]:
        """Return what the EVs of each transformer hold."""
        return tuple(transformer.schedule for transformer in self.transformers)

    def run_day(self) -> None:
        """Run to the horizon's end."""
        self.run_until(self.world.horizon.hours)
