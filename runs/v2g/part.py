"""What exists before the aggregator decides: slots, load, prices, fleet, and who is at the grid when."""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.free_charging import FreeCharging
from coordination.peak_shaving.needs import Needs
from coordination.peak_shaving.posing import Enrolled, Posing
from coordination.peak_shaving.problem import EXACT, TOLERANCE_SOC, PeakShaving, PeakShavingSettings
from environment.battery import Batteries
from environment.channel_faults import ChannelFaults
from environment.feeders import Feeder
from environment.feeders.placement import Placement, naming_places
from environment.fleets import CsvFleet, DatedFleet, Fleet
from environment.fleets.dated import require_dates, told_outside
from environment.fleets.fleet import NAMED
from environment.grid.tree import CONTROL_CENTER
from environment.horizon import HOURS_PER_DAY, Horizon
from environment.input_faults import Fault, FaultyInputError, collecting
from environment.loads import LoadProfile
from environment.pheromone_board import LIMIT_TOLERANCE_KW
from environment.presence import ROUNDING_KWH, Departures, Participation, asked_soc, first_soc
from environment.tariffs import Tariff
from environment.units import odd_fleet, odd_load, odd_prices
from runs.idle import idle
from runs.plural import counted
from runs.scenario import Scenario

AGGREGATOR: Final = "aggregator"
"""Name of the node of the one aggregator, which leads the whole fleet."""


def named(vehicle: NDArray[np.str_], kwh: NDArray[np.float64]) -> str:
    """Return who lacks energy, those who lack most by name: ``2 EVs ('a' 3.2 kWh, 'b' 1 kWh; 4.2 kWh in all)``, ``1 EV ('a' 3.2 kWh)``.

    Parameters
    ----------
    vehicle, kwh
        Names, and what each lacks [kWh], shape ``(n_vehicles,)``.
    """
    rows = np.flatnonzero(kwh > ROUNDING_KWH)
    first = rows[np.argsort(-kwh[rows], kind="stable")][:NAMED]
    texts = [f"{str(vehicle[row])!r} {kwh[row]:.3g} kWh" for row in first.tolist()]
    more = [f"{rows.size - NAMED:,} more"] if rows.size > NAMED else []
    in_all = f"; {kwh[rows].sum():,.1f} kWh in all" if rows.size > 1 else ""
    return f"{counted(rows.size, 'EV')} ({', '.join([*texts, *more])}{in_all})"


@dataclass(frozen=True, eq=False)
class V2G:
    """All that exists before anyone decides.

    Parameters
    ----------
    scenario
        Scenario that the fleet was built from; it has a section ``[peak_shaving]``.
    fleet
        All EVs.
    load
        Base load of all transformers together.
    tariff
        Prices.
    participation
        Slots in which each EV is at the grid.
    soc_start
        State of charge of each EV before the first slot, shape ``(n_vehicles,)``.
    search_seed
        Seed of the optimiser; every search begins anew from it.
    fault_seed
        Seed of what happens to messages; every run begins anew from it.
    placement
        The feeder below all transformers together, and where on it the EVs stand; None without.
    """

    scenario: Scenario
    fleet: Fleet
    load: LoadProfile
    tariff: Tariff
    participation: Participation
    soc_start: NDArray[np.float64]
    search_seed: int
    fault_seed: int
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
        settings = scenario.peak_shaving
        if settings is None:
            raise FaultyInputError([Fault("scenario", None, "section [peak_shaving]", "missing", "one")])
        fleet_rng, load_rng, soc_rng, stay_rng, search_rng = rng.spawn(5)
        fault_rng = rng.spawn(1)[0]
        horizon, faults = scenario.horizon, _unknown_aggregators(scenario)
        profile = collecting(faults, lambda: scenario.load.profile(horizon))
        feeder = None if scenario.feeder is None else collecting(faults, scenario.feeder.feeder)
        fleet = collecting(faults, lambda: _one_stay_each(scenario, scenario.fleet.build(horizon, fleet_rng)))
        tariff = collecting(faults, lambda: scenario.tariff.tariff(horizon))
        soc = participation = None
        if fleet is not None:
            soc = collecting(
                faults,
                lambda: first_soc(scenario.participation, fleet, settings.soc_min, settings.soc_max, soc_rng),
            )
            participation = collecting(
                faults, lambda: Participation.draw(scenario.participation, fleet, horizon, stay_rng)
            )
            if isinstance(scenario.fleet, DatedFleet) and scenario.participation.by_date:
                collecting(faults, partial(require_dates, fleet, horizon, scenario.fleet.file))
        if faults:
            raise FaultyInputError(faults)
        assert profile is not None
        assert fleet is not None
        assert tariff is not None
        assert soc is not None
        assert participation is not None
        sigma, count = scenario.load.fluctuation, scenario.transformer.count
        each = [profile.with_fluctuation(sigma, load_rng).actual_kw for _ in range(count)]
        load = LoadProfile(count * profile.forecast_kw, np.sum(each, axis=0), profile.told, sigma)
        search_seed, fault_seed = (int(each.integers(2**63)) for each in (search_rng, fault_rng))
        placed, placement = _placed(scenario, feeder, fleet, rng)
        v2g = cls(scenario, placed, load, tariff, participation, soc, search_seed, fault_seed, placement)
        if settings.optimizer == EXACT and not v2g.problem.is_convex:
            found = "'exact', and a kWh discharged brings more than one charged costs"
            expected = "one of the optimisers, or readings that make the costs convex"
            raise FaultyInputError([Fault("scenario", None, "peak_shaving.optimizer", found, expected)])
        return v2g

    @property
    def horizon(self) -> Horizon:
        """The slots."""
        return self.scenario.horizon

    @property
    def holds(self) -> str:
        """What there is, in words."""
        return f"A fleet of {counted(len(self.fleet), 'EV')} that gives back"

    def warnings(self) -> list[str]:
        """Say what cannot be held whatever the fleet does, is out of proportion, was read past, or does not count."""
        transformer = self.scenario.transformer
        limit_kw = transformer.load_limit_kw
        away = told_outside(self.fleet, self.horizon) if self.scenario.participation.by_date else ()
        return [
            *self._beyond_limits(),
            *self._beyond_band(),
            *self._beyond_ceiling(),
            *away,
            *odd_fleet(self.fleet, self.horizon, limit_kw),
            *odd_load(self.load, transformer.count * limit_kw, "the transformers' limit"),
            *odd_prices(self.tariff),
            *self.load.told,
            *self.fleet.told,
            *self.tariff.told,
            *self._unread(),
            *self.scenario.channel.odd_exchanges(self.horizon.slot_h),
            *idle(self.scenario),
        ]

    def _unread(self) -> list[str]:
        """Say which columns have nothing to say here."""
        fleet, stays = self.fleet, self.scenario.participation
        found = []
        if fleet.node is not None:
            found.append(
                "the fleet's column node (or transformer) does not count: a fleet that gives back stands below all "
                "transformers together"
            )
        if fleet.feeder_node is not None and self.placement is None:
            found.append("the fleet's column feeder_node counts only beside a section [feeder]")
        if fleet.states_soc and stays.soc_start == "uniform":
            found.append(
                'the fleet\'s column soc_plug_in does not count: states of charge are drawn (participation.soc_start = "fleet" takes it)'
            )
        return found

    def _beyond_limits(self) -> list[str]:
        """Say in how many slots the load alone is beyond what the transformers may carry."""
        load_kw, (least, largest) = self.load.actual_kw, self.scenario.transformer.all_limits_kw
        sides = (("above", largest, load_kw - largest), ("below", least, least - load_kw))
        return [
            f"the load without EVs is {side} the limit of {limit:,.6g} kW in {counted(int(over.sum()), 'slot')}, by "
            f"{by_kw.max():,.1f} kW at most: there EVs take it no further"
            for side, limit, by_kw in sides
            if (over := by_kw > LIMIT_TOLERANCE_KW).any()
        ]

    def _beyond_band(self) -> list[str]:
        """Name batteries that begin outside their floor and ceiling."""
        s, soc, vehicle = self.settings, self.soc_start, self.fleet.vehicle
        return [
            f"{counted(rows.size, 'EV')} at first {side} of {bound:g}, such as {str(vehicle[rows[0]])!r} with {soc[rows[0]]:.3g}: "
            "a battery beyond it may only move towards it"
            for side, bound, beyond in (
                ("below the floor", s.soc_min, soc < s.soc_min - TOLERANCE_SOC),
                ("above the ceiling", s.soc_max, soc > s.soc_max + TOLERANCE_SOC),
            )
            if (rows := np.flatnonzero(beyond)).size
        ]

    def _beyond_ceiling(self) -> list[str]:
        """Name EVs that ask for more than the ceiling lets them have."""
        if self.scenario.participation.end != "need":
            return []
        leaves = (self.participation.announced[:-1] & ~self.participation.announced[1:]).any(axis=0)
        cut_kwh = (
            np.where(leaves, np.maximum(self.asked_soc - self.settings.soc_max, 0.0), 0.0) * self.fleet.capacity_kwh
        )
        if not (cut_kwh > ROUNDING_KWH).any():
            return []
        return [
            f"{named(self.fleet.vehicle, cut_kwh)} asked for beyond the ceiling of {self.settings.soc_max:g}: not held"
        ]

    @property
    def days(self) -> float:
        """Length of the horizon in days."""
        return self.horizon.hours / HOURS_PER_DAY

    @property
    def settings(self) -> PeakShavingSettings:
        """The section ``[peak_shaving]``."""
        assert self.scenario.peak_shaving is not None
        return self.scenario.peak_shaving

    def new_batteries(self) -> Batteries:
        """Return the fleet's batteries as they begin."""
        s, fleet = self.settings, self.fleet
        return Batteries.of(
            self.soc_start, fleet.capacity_kwh, fleet.power_kw, fleet.efficiency, s.soc_min, s.soc_max,
            by_interval=s.ageing_reading == "per_interval",
        )  # fmt: skip

    @cached_property
    def room_kw(self) -> NDArray[np.float64]:
        """Least and most power that the transformers leave the fleet, for the load as it comes [kW], shape ``(2, n_slots)``."""
        return self.scenario.transformer.room_kw(self.load.actual_kw)

    @cached_property
    def asked_soc(self) -> NDArray[np.float64]:
        """State of charge that each EV asks for when it leaves, shape ``(n_vehicles,)``."""
        return asked_soc(self.scenario.participation, self.fleet, self.soc_start)

    @cached_property
    def needs(self) -> Needs:
        """State of charge that EVs are held to when they leave and in the end; minus infinity for nothing."""
        none = np.full(len(self.fleet), -np.inf)
        leaving = np.minimum(self.asked_soc, self.settings.soc_max)
        return {
            "need": Needs(leaving, none), "cyclic": Needs(none, self.soc_start), "free": Needs(none, none)
        }[self.scenario.participation.end]  # fmt: skip

    @cached_property
    def enrolled(self) -> Enrolled:
        """All EVs, as they enrol with their aggregator."""
        fleet = self.fleet
        return Enrolled(
            fleet.power_kw,
            fleet.capacity_kwh,
            fleet.efficiency,
            self.soc_start,
            self.participation.announced,
            self.needs,
        )

    @cached_property
    def posing(self) -> Posing:
        """How the aggregator poses the fleet's problem, and has it solved."""
        return Posing(self.settings, self.scenario.transformer, self.horizon.slot_h, self.search_seed)

    @cached_property
    def soc_kept(self) -> NDArray[np.float64] | None:
        """State of charge that each EV is to have after each slot, ``(n_slots, n_vehicles)``; None where they need nothing."""
        return self.posing.soc_kept(self.load.forecast_kw, self.enrolled)

    @cached_property
    def free_charging(self) -> FreeCharging:
        """The fleet led by nobody: each EV charges until it has all that it asks for, or up to the ceiling where nothing is asked."""
        ceiling = np.full(len(self.fleet), self.settings.soc_max)
        enough_soc = self.asked_soc if self.scenario.participation.end == "need" else ceiling
        departures = self.new_departures()
        return FreeCharging.of(self.enrolled, enough_soc, self.participation, departures, self.horizon.slot_h)

    def channel_faults(self) -> ChannelFaults | None:
        """Return what can happen to messages between the aggregator and its EVs; None for nothing. The same at every call."""
        settings = self.scenario.channel.model_copy(update={"restarts": ()})  # an aggregator has no board
        if not settings.has_faults:
            return None
        return ChannelFaults(settings, AGGREGATOR, np.random.default_rng(self.fault_seed))

    def new_departures(self) -> Departures:
        """Return the books of those who leave, as they begin."""
        return Departures.of(
            self.participation, self.asked_soc, self.settings.soc_max, self.fleet.capacity_kwh, self.soc_start
        )

    def pose(self, load_kw: NDArray[np.float64], tariff: Tariff) -> PeakShaving:
        """Return the whole fleet's problem for a load [kW], shape ``(n_slots,)``, and prices, with the needs that were planned for."""
        return self.posing.pose(load_kw, tariff, self.enrolled, self.soc_kept)

    @cached_property
    def problem(self) -> PeakShaving:
        """The fleet's problem for the forecast load."""
        return self.pose(self.load.forecast_kw, self.tariff)


def _unknown_aggregators(scenario: Scenario) -> list[Fault]:
    """Return a fault for each partition that names another node than the aggregator."""
    return [
        Fault(
            "scenario",
            None,
            "channel.partitions.node",
            repr(name),
            f"{AGGREGATOR!r}, the only name here, or none",
        )
        for name in (entry.node for entry in scenario.channel.partitions)
        if name not in (None, AGGREGATOR)
    ]


def _placed(
    scenario: Scenario, feeder: Feeder | None, fleet: Fleet, rng: np.random.Generator
) -> tuple[Fleet, Placement | None]:
    """Place the EVs on a feeder, if there is one; its draws come after all others, so that they shift none."""
    if scenario.feeder is None or feeder is None:
        return fleet, None
    fleet, place_rng = naming_places(fleet, feeder), rng.spawn(1)[0]
    return fleet, Placement.below_one(scenario.feeder, feeder, CONTROL_CENTER, fleet, scenario.fleet.file, place_rng)


def _one_stay_each(scenario: Scenario, fleet: Fleet) -> Fleet:
    """Return the fleet of which each EV has one stay, its first: participation says on which days it comes back.

    Raises
    ------
    FaultyInputError
        If a file names several stays of an EV.
    """
    first = fleet.first_stays
    if isinstance(scenario.fleet, CsvFleet) and len(first) < len(fleet):
        found = f"on several lines, {str(fleet.vehicle[fleet.stay > 1][0])!r} the first"
        expected = "one stay an EV beside [peak_shaving]; participation.stays repeats it"
        raise FaultyInputError([Fault(scenario.fleet.file, None, "vehicle", found, expected)])
    return first
