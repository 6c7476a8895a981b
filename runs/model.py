"""The agent-based model: a Mesa agent for every EV, transformer, substation and the control centre, driven by events."""

import copy
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import mesa
import numpy as np
from mesa.discrete_space import Network
from mesa.time import Event, Priority

from agents.control_center import ControlCenter
from agents.ev import EV
from agents.substation import Fed, Substation
from agents.transformer import Transformer
from coordination.valley_filling.problem import Schedule
from environment.channel import Channel
from environment.input_faults import Fault, FaultyInputError, raise_if_any
from environment.pheromone_board import BoardRecord
from runs.departures import Departures
from runs.homes.part import Homes, count_planning
from runs.parameters import FILE, SEED, with_parameters
from runs.reporters import of_model
from runs.scenario import Scenario
from runs.space import space_of

type Rng = int | np.integer[Any] | Sequence[int] | np.random.SeedSequence | np.random.Generator | np.random.BitGenerator
"""What Mesa takes as ``rng``."""


class GridModel(mesa.Model):  # type: ignore[misc]
    """Charging over a horizon by agents, whatever the scenario's engine; `time` is in hours from the horizon's start.

    Plug-ins and slot boundaries are events; at one moment the boundary comes first, then EVs in plug-in order. A step is a
    slot, or what is left of the present one; `running` is true until the horizon's end, where `run_model` stops.

    Parameters
    ----------
    scenario
        The scenario, or the path of its file; the default one if left out.
    rng
        Seed of all draws, as any model of Mesa takes it; a generator is drawn from. The scenario's `run.seed` if left out.
    world
        What a scenario describes, where it has been built already, in place of a scenario, a seed and parameters.
    channel
        Makes the channel; a subclass may watch what it carries.
    ev, transformer, substation, control_center
        Classes of the agents, made from those of `agents`.
    datacollector
        Makes the collector (`runs.reporters`), or is one; it collects at the end of every slot.
    **parameters
        Keys of the scenario by name, such as ``batch_size`` or ``coordination__batch_size`` (`runs.parameters`).

    Attributes
    ----------
    world
        All that exists: slots, loads, fleet, tree; `world.scenario` is the scenario. (`scenario` would be Mesa's own kind, which
        there is none of.)
    steps
        Slots that are over.
    slot
        Slots that have begun.
    channel
        Carried and counted every message.
    boards
        Boards at each slot boundary.
    nodes
        The agent at each node of the grid, by its row there.
    base_kw, ev_kw
        Base load and EV load of all transformers in the slot that ended last [kW].
    peak_kw
        Largest load of a slot so far [kW].

    Raises
    ------
    FaultyInputError
        With every fault of the parameters; else with every fault of the files that the scenario names.
    """

    def __init__(
        self,
        scenario: Scenario | str | Path | None = None,
        *,
        rng: Rng | None = None,
        world: Homes | None = None,
        channel: type[Channel] = Channel,
        ev: type[EV] = EV,
        transformer: type[Transformer] = Transformer,
        substation: type[Substation] = Substation,
        control_center: type[ControlCenter] = ControlCenter,
        datacollector: mesa.DataCollector | Callable[[], mesa.DataCollector] = of_model,
        **parameters: Any,
    ) -> None:
        if world is None:
            settings = _scenario_of(scenario, rng, parameters)
        else:
            raise_if_any(_beside_a_world(scenario, rng, parameters))
            settings = world.scenario
        super().__init__(rng=_own(rng, settings.run.seed))
        self._take_steps_by_slot()
        self.world = world or Homes.build(settings, self.rng)
        self.channel = channel(clock=self, log=[] if settings.channel.log else None)
        self.slot = 0
        self.base_kw = self.ev_kw = self.peak_kw = 0.0
        self.boards = BoardRecord.empty(len(self.world.loads), self.world.horizon)
        self.transformers = self._make_transformers(transformer, ev)
        self.nodes: dict[int, Fed | ControlCenter] = {}
        self.control_center = self._make_upper_nodes(substation, control_center)
        self.datacollector = datacollector() if callable(datacollector) else datacollector
        self._schedule_events()

    def _take_steps_by_slot(self) -> None:
        """Take back what Mesa has set up: an event an hour, which would step a model whose step is an hour."""
        self._default_schedule.stop()
        del self.step

    def _make_transformers(self, transformer: type[Transformer], ev: type[EV]) -> list[Transformer]:
        world = self.world
        return [
            transformer(
                self,
                name,
                world.fleet.take(world.rows[k]),
                self.channel,
                world.channel_faults(k),
                world.problems[k],
                world.loads[k].actual_kw,
                world.scenario.coordination,
                ev,
            )
            for k, name in enumerate(world.grid.transformers)
        ]

    def _make_upper_nodes(self, substation: type[Substation], control_center: type[ControlCenter]) -> ControlCenter:
        """Make the substations, from the lowest up, and the control centre above them."""
        grid = self.world.grid
        made: dict[int, Fed] = dict(zip(grid.transformer_rows.tolist(), self.transformers, strict=True))
        own_kw = dict(zip(grid.upper_rows.tolist(), self.world.upper_kw, strict=True))
        for row in reversed(grid.upper_rows[1:].tolist()):
            children = [made[child] for child in grid.children[row]]
            made[row] = substation(self, grid.node[row], self.channel, children, own_kw[row])
        children = [made[child] for child in grid.children[0]]
        top = control_center(self, self.channel, children, name=grid.node[0], own_kw=own_kw[0])
        self.nodes = {0: top, **made}
        return top

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
            if transformer.channel_faults is not None:
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
        """End the slot before and begin the next: transformers learn its actual load."""
        if self.slot:
            self._end_slot()
        for k, transformer in enumerate(self.transformers):
            transformer.begin_slot(self.slot)
            self.boards.enter(k, self.slot, transformer.board.load_kw)
        self.slot += 1

    def end_day(self) -> None:
        """End the horizon: reports go up."""
        for k, transformer in enumerate(self.transformers):
            self.boards.enter(k, self.slot, transformer.board.load_kw)
        self.control_center.gather()
        self.running = False
        self._end_slot()

    def _end_slot(self) -> None:
        """Count a slot as over, and collect what it was like."""
        now = self.slot - 1
        self.base_kw = float(sum(transformer.actual_kw[now] for transformer in self.transformers))
        self.ev_kw = float(sum(transformer.board.promised_in_kw(now) for transformer in self.transformers))
        self.peak_kw = max(self.peak_kw, self.base_kw + self.ev_kw)
        self.steps = self.slot
        self.datacollector.collect(self)

    def step(self) -> None:
        """Run to the end of the present slot; once the horizon is over, do nothing."""
        ends_h = self.world.horizon.edges_h
        ahead = int(np.searchsorted(ends_h, self.time, side="right"))
        if ahead < ends_h.size:
            self.run_until(float(ends_h[ahead]))

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)

    def call_at(self, at_h: float, call: Callable[[], None]) -> None:
        """Call a bound method at a moment."""
        self.schedule_event(call, at=at_h)

    @property
    def scenario(self) -> NoReturn:
        """Mesa's own kind of scenario; there is none, so that SolaraViz does not begin anew from it in place of ours."""
        raise AttributeError("a GridModel has no scenario of Mesa's kind; what it runs is world.scenario")

    @scenario.setter
    def scenario(self, scenario: object) -> None:
        """Leave away what Mesa sets."""

    @property
    def evs(self) -> list[EV]:
        """Every EV, transformer by transformer."""
        return [ev for transformer in self.transformers for ev in transformer.evs]

    @property
    def messages(self) -> int:
        """Messages sent so far."""
        return self.channel.messages

    @property
    def unserved_kwh(self) -> float:
        """What EVs that have left lack [kWh in their batteries]; at the horizon's end, what all lack, as the summary has it."""
        return self._departures.until(float(self.time) if self.running else np.inf, self.schedules())

    @cached_property
    def _departures(self) -> Departures:
        return Departures(self.world.fleet, self.world.rows, self.world.horizon.slot_h)

    @cached_property
    def space(self) -> Network:
        """The grid's tree with a cell for every node and EV, made when it is first asked for."""
        return space_of(self.world.grid, self.nodes, self.transformers, self.random)

    def schedules(self) -> tuple[Schedule, ...]:
        """Return what the EVs of each transformer hold."""
        return tuple(transformer.schedule for transformer in self.transformers)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was pickled; events to come keep their order before those that are scheduled from now on.

        Of equal events that of the lower number comes first, and numbers are given by each process from 0.
        """
        self.__dict__.update(state)
        if not self._event_list.is_empty():
            for event in self._event_list.peek_ahead(len(self._event_list)):
                event.unique_id = Event(event.time, self.begin_slot).unique_id


def _scenario_of(scenario: Scenario | str | Path | None, rng: Rng | None, parameters: dict[str, Any]) -> Scenario:
    """Return the scenario that a model is to run, with its parameters."""
    if isinstance(scenario, str | Path):
        scenario = Scenario.read(scenario)
    if scenario is None:
        scenario = Scenario()
    if not isinstance(scenario, Scenario):
        found, expected = type(scenario).__qualname__, "a Scenario of evswarm, or the path of its file"
        raise FaultyInputError([Fault(FILE, None, "scenario", found, expected)])
    if parameters:
        scenario = with_parameters(scenario, parameters)
    for section in ("peak_shaving", "stations"):
        if getattr(scenario, section) is not None:
            raise FaultyInputError(
                [Fault(FILE, None, f"section [{section}]", "there", "a scenario of ants, without it")]
            )
    seed = {SEED: int(rng)} if isinstance(rng, int | np.integer) else {}
    return scenario.varied({"run.engine": "agents", **seed}, FILE)


def _beside_a_world(scenario: object, rng: object, parameters: dict[str, Any]) -> list[Fault]:
    """Return what is given beside a world that has been built already, and would not count."""
    given = [name for name, value in (("scenario", scenario), ("rng", rng)) if value is not None]
    return [Fault(FILE, None, name, "given beside a world", "either of the two") for name in (*given, *parameters)]


def _own(rng: Rng | None, seed: int) -> Rng:
    """Return what Mesa is to draw from: a seed that no other model spawns from; a generator is shared, as its owner wishes."""
    if rng is None or isinstance(rng, int | np.integer):
        return seed
    return copy.deepcopy(rng) if isinstance(rng, np.random.SeedSequence) else rng
