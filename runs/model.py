"""The agent-based model: a Mesa agent for every EV and every node of the grid above, driven by events."""

import copy
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import mesa
import numpy as np
from mesa.discrete_space import Network
from mesa.time import Event, Priority

from agents.control_center import ControlCenter
from agents.ev import EV
from agents.transformer import Transformer
from environment.channel import Channel
from environment.input_faults import Fault, FaultyInputError, raise_if_any
from runs.crew import Above, AgentClasses, Crew
from runs.parameters import FILE, SEED, with_parameters
from runs.parts import PARTS, Outcome
from runs.reporters import of_model
from runs.scenario import Scenario
from runs.space import space_of
from runs.watched import Watched
from runs.world import World

if TYPE_CHECKING:
    from runs.homes.crew import HomesCrew
    from runs.stations.crew import StationsCrew
    from runs.v2g.crew import V2GCrew

type Rng = int | np.integer[Any] | Sequence[int] | np.random.SeedSequence | np.random.Generator | np.random.BitGenerator
"""What Mesa takes as ``rng``."""


class GridModel(Watched, mesa.Model):  # type: ignore[misc]
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
    datacollector
        Makes the collector (`runs.reporters`), or is one; it collects at the end of every slot.
    **parameters
        Classes of the agents by name (`runs.crew.AgentClasses`), such as ``ev=MyEV``; and keys of the scenario by name, such as
        ``batch_size`` or ``coordination__batch_size`` (`runs.parameters`).

    Attributes
    ----------
    world
        All that exists, part by part; `world.scenario` is the scenario. (`scenario` would be Mesa's own kind, which there is
        none of.)
    crews
        The agents of each part of the world, by its name.
    steps
        Slots that are over.
    slot
        Slots that have begun.
    channel
        Carried and counted every message.
    base_kw, ev_kw
        Load without EVs, and load of EVs, in the slot that ended last [kW].
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
        world: World | None = None,
        channel: type[Channel] = Channel,
        datacollector: mesa.DataCollector | Callable[[], mesa.DataCollector] = of_model,
        **parameters: Any,
    ) -> None:
        own = {name: parameters.pop(name) for name in AgentClasses._fields if name in parameters}
        if world is None:
            settings = _scenario_of(scenario, rng, parameters)
        else:
            raise_if_any(_beside_a_world(scenario, rng, parameters))
            settings = world.scenario
        super().__init__(rng=_own(rng, settings.run.seed))
        self._take_steps_by_slot()
        self.world = world or World.build(settings, self.rng)
        self.classes = AgentClasses(**own)
        self.channel = channel(clock=self, log=[] if settings.channel.log else None)
        self.slot = 0
        self.base_kw = self.ev_kw = self.peak_kw = 0.0
        self.crews: dict[str, Crew] = {name: PARTS[name].crew(self, part) for name, part in self.world.parts.items()}
        self.control_center = self._make_control_center()
        self.datacollector = datacollector() if callable(datacollector) else datacollector
        self._schedule_events()

    def _take_steps_by_slot(self) -> None:
        """Take back what Mesa has set up: an event an hour, which would step a model whose step is an hour."""
        self._default_schedule.stop()
        del self.step

    def _make_control_center(self) -> ControlCenter:
        children = [child for crew in self.crews.values() for child in crew.children]
        above: Above = {}
        for crew in self.crews.values():
            above.update(crew.above)
        return self.classes.control_center(self, self.channel, children, **above)

    def _schedule_events(self) -> None:
        edges_h = self.world.horizon.edges_h.tolist()
        self.schedule_event(self.begin_day, at=0.0, priority=Priority.HIGH)
        for edge_h in edges_h[:-1]:
            self.schedule_event(self.begin_slot, at=edge_h, priority=Priority.HIGH)
        self.schedule_event(self.end_day, at=edges_h[-1], priority=Priority.LOW)
        for crew in self.crews.values():
            crew.schedule_events()

    def begin_day(self) -> None:
        """Announce the day ahead, and plan what is planned before it."""
        self.control_center.announce_day_ahead()
        for crew in self.crews.values():
            crew.begin_day()

    def begin_slot(self) -> None:
        """End the slot before and begin the next."""
        if self.slot:
            self._end_slot()
        for crew in self.crews.values():
            crew.begin_slot(self.slot)
        self.slot += 1

    def end_day(self) -> None:
        """End the horizon: reports go up."""
        for crew in self.crews.values():
            crew.end_day()
        self.control_center.gather()
        self.running = False
        self._end_slot()

    def _end_slot(self) -> None:
        """Count a slot as over, collect what it was like, and tell who watches."""
        now = self.slot - 1
        self.base_kw = sum(crew.base_kw(now) for crew in self.crews.values())
        self.ev_kw = sum(crew.ev_kw(now) for crew in self.crews.values())
        self.peak_kw = max(self.peak_kw, self.base_kw + self.ev_kw)
        self.steps = self.slot
        self.datacollector.collect(self)
        self.tell_slot(now)

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
    def homes(self) -> "HomesCrew":
        """The agents of EVs at home, where there are any."""
        return cast("HomesCrew", self.crews["homes"])

    @property
    def v2g(self) -> "V2GCrew":
        """The agents of a fleet that gives back, where there is one."""
        return cast("V2GCrew", self.crews["v2g"])

    @property
    def stations(self) -> "StationsCrew":
        """The agents of charging stations, where there are any."""
        return cast("StationsCrew", self.crews["stations"])

    @property
    def transformers(self) -> list[Transformer]:
        """Every transformer with EVs at home, in the grid's order."""
        return self.homes.transformers if "homes" in self.crews else []

    @property
    def evs(self) -> list[EV]:
        """Every EV at home, transformer by transformer."""
        return [ev for transformer in self.transformers for ev in transformer.evs]

    @property
    def messages(self) -> int:
        """Messages sent so far."""
        return self.channel.messages

    @property
    def unserved_kwh(self) -> float:
        """What EVs that have left lack [kWh in their batteries]; at the horizon's end, what all lack, as the summary has it."""
        now_h = float(self.time) if self.running else np.inf
        return sum(crew.unserved_kwh(now_h) for crew in self.crews.values())

    @cached_property
    def space(self) -> Network:
        """The grid's tree with a cell for every node and EV, made when it is first asked for."""
        return space_of(self.control_center, self.random)

    def outcome(self, wall_s: float) -> Outcome:
        """Return what the run came to, part by part; `wall_s` is the time that it took."""
        return {name: crew.outcome(wall_s) for name, crew in self.crews.items()}

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
