"""What a scenario describes, built: slots, loads, fleet, tree, and one valley-filling problem a transformer."""

import dataclasses
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.audit import breach_of, fault_of
from coordination.valley_filling.coordinator import Coordinator, Plan
from coordination.valley_filling.problem import Schedule, ValleyFilling
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH
from environment.channel import Channel
from environment.channel_faults import SECONDS_PER_HOUR, ChannelFaults
from environment.feeders import Feeder
from environment.feeders.placement import Copies, Placement, naming_places
from environment.fleets import CsvFleet, DatedFleet
from environment.fleets.dated import outside, require_dates, told_outside
from environment.fleets.fleet import Fleet
from environment.grid import Grid
from environment.grid.copies import copies_of
from environment.grid.nodes import UNUSED, laid_out
from environment.grid.places import Places, with_nodes_above
from environment.grid.settings import Surroundings
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, collecting, nearest, raise_if_any
from environment.loads import LoadProfile
from environment.loads.named import load_of
from environment.messages import Declaration, Sent
from environment.stays import TOLERANCE_H
from environment.units import odd_fleet, odd_load
from runs.idle import idle
from runs.plural import counted, counted_evs
from runs.scenario import Scenario

MOST_ODD: Final = 3
"""Of more base loads that are out of proportion the others are counted."""


class FreeCharging(NamedTuple):
    """Free charging: a schedule a transformer, and the seconds that it took to work out."""

    schedules: tuple[Schedule, ...]
    wall_s: float


@dataclass(frozen=True, eq=False)
class Homes:
    """All that exists before anyone decides.

    Parameters
    ----------
    scenario
        Scenario that EVs and grid were built from.
    fleet
        All EVs.
    grid
        The grid's nodes.
    places
        Where the EVs hang in it.
    loads
        Base load of each transformer, in the grid's order.
    upper_loads
        Base load of each node above the transformers, None for none, in the grid's order.
    planner_seeds
        One a transformer, for planners that draw; every plan begins anew from them.
    fault_seeds
        One a transformer, for the faults of its network.
    placement
        The feeder, or its copies, and what stands where on it; None without a section ``[feeder]``.
    """

    scenario: Scenario
    fleet: Fleet
    grid: Grid
    places: Places
    loads: tuple[LoadProfile, ...]
    upper_loads: tuple[LoadProfile | None, ...]
    planner_seeds: tuple[int, ...]
    fault_seeds: tuple[int, ...]
    placement: Placement | None = None

    @classmethod
    def build(cls, scenario: Scenario, rng: np.random.Generator) -> Self:
        """Read and draw all that the scenario names.

        Parameters
        ----------
        scenario
            The run.
        rng
            The run's one generator; each use gets a generator spawned from it.

        Raises
        ------
        FaultyInputError
            With every fault of every file read.
        """
        scenario = scenario.settled()
        fleet_rng, load_rng, tree_rng, planner_rng, fault_rng = rng.spawn(5)
        faults: list[Fault] = []
        horizon = scenario.horizon
        profile = collecting(faults, lambda: scenario.load.profile(horizon))
        named = collecting(faults, lambda: scenario.loads.profiles(horizon))
        feeder = None if scenario.feeder is None else collecting(faults, scenario.feeder.feeder)
        fleet = collecting(faults, lambda: _fleet(scenario, feeder, fleet_rng))
        if fleet is not None and isinstance(scenario.fleet, DatedFleet):
            collecting(faults, partial(require_dates, fleet, horizon, scenario.fleet.file))
        named_nodes = () if fleet is None or fleet.node is None else tuple(fleet.node_names.tolist())
        around = Surroundings(scenario.transformer, named_nodes, feeder)
        profiles = None if profile is None or named is None else {"load": profile, **named}
        unread = scenario.grid.is_the_feeders and scenario.feeder is not None and feeder is None
        nodes = None if unread else collecting(faults, lambda: scenario.grid.nodes(around))
        grid = None if nodes is None else collecting(faults, lambda: laid_out(nodes, horizon, profiles))
        raise_if_any(faults)
        assert profiles is not None
        assert fleet is not None
        assert nodes is not None
        assert grid is not None
        if nodes.owner is not None and feeder is not None and fleet.node is None and fleet.feeder_node is not None:
            fleet = with_nodes_above(fleet, nodes, feeder, scenario.fleet.file)
        places = collecting(faults, lambda: Places.of(grid, fleet, scenario.fleet.file, tree_rng))
        faults += [*_unknown_transformers(scenario, grid), *_nowhere(scenario, grid, fleet)]
        at = None if scenario.feeder is None else scenario.feeder.at
        copies = None if feeder is None else collecting(faults, lambda: copies_of(at, feeder, nodes, grid))
        raise_if_any(faults)
        assert places is not None
        grid_node_of = grid.transformer_rows[places.transformer_of]
        placement = _placement(scenario, feeder, copies, fleet, grid_node_of, rng)
        loads = _loads(grid, profiles, load_rng)
        planner_seeds, fault_seeds = (
            tuple(each.integers(2**63, size=len(loads[0])).tolist()) for each in (planner_rng, fault_rng)
        )
        return cls(scenario, fleet, grid, places, *loads, planner_seeds, fault_seeds, placement)

    def part(self, first: int, stop: int) -> "Homes":
        """Return some transformers next to each other and the EVs below them, which keep their order.

        Parameters
        ----------
        first, stop
            The first of them, and the one after the last.
        """
        transformer = self.places.transformer_of
        rows = np.flatnonzero((transformer >= first) & (transformer < stop))
        grid = self.grid.part(first, stop)
        return dataclasses.replace(
            self,
            fleet=self.fleet.take(rows),
            grid=grid,
            places=self.places.take(rows, first),
            loads=self.loads[first:stop],
            upper_loads=(None,) * grid.upper_rows.size,  # the whole grid's books have them
            planner_seeds=self.planner_seeds[first:stop],
            fault_seeds=self.fault_seeds[first:stop],
            placement=None,  # the whole grid's power flow has it
        )

    @property
    def horizon(self) -> Horizon:
        """The slots."""
        return self.scenario.horizon

    @property
    def holds(self) -> str:
        """What there is, in words."""
        return f"{counted_evs(self.fleet.n_vehicles, len(self.fleet))}, {counted(len(self.loads), 'transformer')}"

    @property
    def coordinator(self) -> Coordinator:
        """Entry of the registry that says who decides."""
        return COORDINATORS[self.scenario.coordination.method]

    @property
    def adjusts(self) -> bool:
        """Whether EVs answer the deviations of the actual load from the forecast."""
        return self.coordinator.adjusts(self.scenario.coordination)

    @property
    def plans_ahead(self) -> bool:
        """Whether ants choose before the horizon, all of them, and not at their plug-ins."""
        return self.coordinator.plans_ahead(self.scenario.coordination)

    @property
    def holds_online_rounds(self) -> bool:
        """Whether plugged-in ants come back at slot boundaries."""
        return self.coordinator.holds_online_rounds(self.scenario.coordination)

    @cached_property
    def upper_kw(self) -> NDArray[np.float64]:
        """Actual base load of each node above the transformers itself [kW], shape ``(n_upper, n_slots)``."""
        none = np.zeros(self.horizon.n_slots)
        return np.stack([none if load is None else load.actual_kw for load in self.upper_loads])

    def node_kw(self, transformer_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the load of every node of the grid [kW], shape ``(n_nodes, n_slots)``: its own and all that is below it.

        Parameters
        ----------
        transformer_kw
            Load of each transformer, shape ``(n_transformers, n_slots)``.
        """
        return self.grid.added_up(self._site_kw(transformer_kw))

    @cached_property
    def actual_kw(self) -> NDArray[np.float64]:
        """Actual base load of each transformer [kW], shape ``(n_transformers, n_slots)``."""
        return np.stack([load.actual_kw for load in self.loads])

    @cached_property
    def base_kw(self) -> NDArray[np.float64]:
        """Actual base load of each node of the grid itself [kW], shape ``(n_nodes, n_slots)``."""
        return self._site_kw(self.actual_kw)

    def _site_kw(self, transformer_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        site_kw = np.zeros((len(self.grid), self.horizon.n_slots))
        site_kw[self.grid.transformer_rows] = transformer_kw
        site_kw[self.grid.upper_rows] = self.upper_kw
        return site_kw

    @cached_property
    def rows(self) -> tuple[NDArray[np.int64], ...]:
        """Fleet rows of each transformer's EVs, in plug-in order: row i of a problem is row ``rows[k][i]`` of the fleet."""
        order = self.fleet.plug_in_order
        if len(self.loads) == 1:
            return (order,)
        by_transformer = order[np.argsort(self.places.transformer_of[order], kind="stable")]
        counts = np.bincount(self.places.transformer_of, minlength=len(self.loads))
        return tuple(np.split(by_transformer, np.cumsum(counts)[:-1]))

    @cached_property
    def problems(self) -> tuple[ValleyFilling, ...]:
        """One problem a transformer."""
        whole = self.scenario.coordination.energy == "whole_slots"
        return tuple(
            ValleyFilling.of(
                self.fleet.take(rows),
                self.horizon,
                load.forecast_kw,
                limit_kw,
                whole=whole,
                line_of=self.places.line_of[rows],
                lines=lines,
            )
            for rows, load, limit_kw, lines in zip(
                self.rows,
                self.loads,
                self.grid.transformer_limit_kw,
                self.grid.lines[self.grid.transformer_rows].tolist(),
                strict=True,
            )
        )

    @cached_property
    def free_charging(self) -> FreeCharging:
        """What every EV would draw if it charged from its plug-in on."""
        begun = time.perf_counter()
        schedules = tuple(self.plan(COORDINATORS["free"], k).schedule for k in range(len(self.loads)))
        return FreeCharging(schedules, time.perf_counter() - begun)

    def plan(self, coordinator: Coordinator, transformer: int) -> Plan:
        """Return a coordinator's day-ahead plan of one transformer's EVs; the same at every call.

        Raises
        ------
        FaultyInputError
            If it breaks what the coordinator is to keep.
        """
        rng = np.random.default_rng(self.planner_seeds[transformer])
        plan = coordinator.plan(self.problems[transformer], self.scenario.coordination, rng)
        self._audit(coordinator, transformer, plan.schedule, self.loads[transformer].forecast_kw, died=False)
        return plan

    def audit(self, transformer: int, schedule: Schedule, died: NDArray[np.bool_]) -> None:
        """Raise what a schedule breaks, at the end of a run, of what the run's coordinator is to keep.

        Parameters
        ----------
        transformer
            The transformer.
        schedule
            What its EVs drew.
        died
            EVs whose controllers died: they may have left in the midst of a whole slot, shape ``(n_vehicles,)``.

        Raises
        ------
        FaultyInputError
            With the first EV and slot that are not as they should be.
        """
        load = self.loads[transformer]
        known_kw = load.actual_kw if self.adjusts else load.forecast_kw
        self._audit(self.coordinator, transformer, schedule, known_kw, died=died)

    def _audit(
        self,
        coordinator: Coordinator,
        transformer: int,
        schedule: Schedule,
        known_kw: NDArray[np.float64],
        *,
        died: NDArray[np.bool_] | bool,
    ) -> None:
        problem = self.problems[transformer]
        breach = breach_of(
            problem,
            schedule,
            in_whole_slots=np.full(problem.n_vehicles, problem.whole and coordinator.keeps_whole_slots)
            & np.logical_not(died),
            base_kw=known_kw if coordinator.keeps_limit else None,
        )
        if breach is not None:
            whose = f"schedule by {coordinator.title} below {self.grid.transformers[transformer]}"
            raise FaultyInputError([fault_of(breach, self.fleet.name[self.rows[transformer]], whose)])

    def channel_faults(self, transformer: int) -> ChannelFaults | None:
        """Return what can happen to messages between a transformer and its EVs; None for nothing. The same at every call."""
        settings = self.scenario.channel
        if not settings.has_faults or self.coordinator.decides != "vehicle":
            return None
        rng = np.random.default_rng(self.fault_seeds[transformer])
        return ChannelFaults(settings, self.grid.transformers[transformer], rng)

    def warnings(self) -> list[str]:
        """Say, with counts, what is no fault but leaves energy unserved or slots closed."""
        fleet, horizon = self.fleet, self.horizon
        whole = self.scenario.coordination.energy == "whole_slots"
        first, stop = fleet.usable_slots(horizon, whole=whole)
        needy = fleet.grid_energy_kwh > ENERGY_TOLERANCE_KWH
        usable_h = np.minimum(fleet.plug_out_h, horizon.hours) - np.maximum(fleet.plug_in_h, 0.0)
        if whole:
            short = fleet.slots_needed(horizon) > stop - first
        else:
            short = fleet.grid_energy_kwh > fleet.power_kw * usable_h + ENERGY_TOLERANCE_KWH
        away = outside(fleet, horizon)
        none = (first == stop) & ~away
        limits = self.grid.transformer_limit_kw
        closed = sum(int((load.forecast_kw >= limit).sum()) for load, limit in zip(self.loads, limits, strict=True))
        late = (fleet.plug_out_h > horizon.hours + TOLERANCE_H) & ~away
        stays, slots = f"of {len(fleet)} stays", f"of {len(self.loads) * horizon.n_slots} slots"
        counts = [
            (none & needy, f"{stays} cover no usable slot; their energy stays unserved"),
            (short & ~none & ~away & needy, f"{stays} are too short for their need; the rest stays unserved"),
            (late, f"{stays} end after the horizon; only their part inside it is used"),
        ]
        found = [f"{mask.sum()} {text}" for mask, text in counts if mask.any()]
        found += told_outside(fleet, horizon)
        if closed:
            found.append(f"{closed} {slots} have a base load at or above the transformer's limit; closed to EVs")
        most_kw = limits.max(axis=1)
        found += odd_fleet(fleet, horizon, most_kw[self.places.transformer_of])
        odd = [
            text if len(self.loads) == 1 else f"below {name}, {text}"
            for name, load, limit_kw in zip(self.grid.transformers, self.loads, most_kw, strict=True)
            for text in odd_load(load, limit_kw, "the transformer's limit")
        ]
        found += odd[:MOST_ODD]
        if len(odd) > MOST_ODD:
            found.append(f"{len(odd) - MOST_ODD} more base loads are out of proportion like these")
        told = [text for load in (*self.loads, *self.upper_loads) if load is not None for text in load.told]
        of_grid = [text for text in self.grid.told if text != UNUSED or self._states_load]
        return list(dict.fromkeys([*found, *told, *fleet.told, *of_grid, *self._unread()]))

    @property
    def _states_load(self) -> bool:
        """Whether the scenario's section [load] says anything."""
        return bool(self.scenario.load != type(self.scenario).model_fields["load"].default)

    def _unread(self) -> list[str]:
        """Say what is stated and does not count, or counts as something else."""
        fleet, channel = self.fleet, self.scenario.channel
        found = [] if self.placement is None else [*self.placement.feeder.told, *self.placement.copies.told]
        if self.placement is None and fleet.feeder_node is not None:
            found.append("the fleet's column feeder_node counts only beside a section [feeder]")
        if self.placement is None and any(self.grid.feeder_node):
            found.append("the grid's column feeder_node counts only beside a section [feeder]")
        found += [*idle(self.scenario), *self._at_no_node()]
        most = max(rows.size for rows in self.rows)
        if self.coordinator.decides == "vehicle" and self.scenario.coordination.batch_size > most > 0:
            found.append(
                f"coordination.batch_size = {self.scenario.coordination.batch_size} counts as {most}: no transformer has more EVs"
            )
        by_column = fleet.node is not None and not self.scenario.grid.names_nodes
        if by_column and self.scenario.transformer.count > 1:
            found.append("transformer.count does not count: the fleet's column node (or transformer) names them")
        round_trip_h = 2 * channel.delay_s / SECONDS_PER_HOUR
        if round_trip_h >= channel.timeout_h:
            found.append(
                f"channel.timeout_s = {channel.timeout_s:g} is not above the mean way there and back of "
                f"{2 * channel.delay_s:g} s; most answers come too late"
            )
        return found

    def _at_no_node(self) -> list[str]:
        """Say that EVs without nodes are drawn."""
        scenario, found = self.scenario, list[str]()
        if scenario.grid.names_nodes and self.fleet.node is None and len(self.loads) > 1:
            found.append(
                f"{counted_evs(self.fleet.n_vehicles, len(self.fleet))} are spread by draw over {len(self.loads)} transformers"
            )
        return found


def count_planning(channel: Channel, coordinator: Coordinator, plan: Plan, vehicles: int) -> None:
    """Enter in a channel's books what a day-ahead plan took: declarations to a planner, the messages of its rounds."""
    if coordinator.decides == "planner":
        channel.record_all([Sent(Declaration, vehicles, vehicles, vehicles * Declaration().wire_bytes)])
    for held in plan.rounds:
        channel.record_all(held.sent)


def _fleet(scenario: Scenario, feeder: Feeder | None, rng: np.random.Generator) -> Fleet:
    """Read or draw the EVs; beside a feeder, and a grid whose nodes nobody names, a column `node` may mean the feeder's."""
    fleet = scenario.fleet.build(scenario.horizon, rng)
    if not scenario.grid.names_nodes:
        fleet = naming_places(fleet, feeder)
    raise_if_any(fleet.nodeless)
    return fleet


def _placement(
    scenario: Scenario,
    feeder: Feeder | None,
    copies: Copies | None,
    fleet: Fleet,
    grid_node_of: NDArray[np.integer],
    rng: np.random.Generator,
) -> Placement | None:
    """Place the EVs on a feeder, if there is one; its draws come after all others, so that they shift none."""
    if scenario.feeder is None or feeder is None or copies is None:
        return None
    return Placement.build(scenario.feeder, feeder, copies, fleet, grid_node_of, scenario.fleet.file, rng.spawn(1)[0])


def _loads(
    grid: Grid, named: Mapping[str, LoadProfile], rng: np.random.Generator
) -> tuple[tuple[LoadProfile, ...], tuple[LoadProfile | None, ...]]:
    """Return the base load of each transformer, and of each node above; what strays is drawn in this order."""
    own = {text: load_of(text, named) for text in dict.fromkeys(grid.load) if text}

    def drawn(row: int) -> LoadProfile:
        load, peak_kw = own[grid.load[row]], float(grid.peak_kw[row])
        return (load if np.isnan(peak_kw) else load.with_peak(peak_kw)).drawn(rng)

    below = tuple(drawn(row) for row in grid.transformer_rows.tolist())
    return below, tuple(drawn(row) if grid.load[row] else None for row in grid.upper_rows.tolist())


def _nowhere(scenario: Scenario, grid: Grid, fleet: Fleet) -> list[Fault]:
    """Return a fault for a file of EVs that could name their nodes, and does not, where there are several."""
    if not isinstance(scenario.fleet, CsvFleet) or not scenario.grid.names_nodes or fleet.node is not None:
        return []
    names = grid.transformers
    if len(names) == 1:
        return []
    expected = f"the name of a transformer for each EV, such as {names[0]!r}, one of the grid's {len(names)}"
    return [Fault(scenario.fleet.file, 1, "column node", "missing", expected)]


def _unknown_transformers(scenario: Scenario, grid: Grid) -> list[Fault]:
    named = [("partitions.node", entry.node) for entry in scenario.channel.partitions]
    named += [("restarts.transformer", entry.transformer) for entry in scenario.channel.restarts]
    return [
        Fault("scenario", None, f"channel.{key}", repr(name), nearest(name, grid.transformers))
        for key, name in named
        if name is not None and name not in grid.transformers
    ]
