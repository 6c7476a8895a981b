"""What exists before the aggregator decides: slots, load, prices, fleet, and who is at the grid when."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.problem import EXACT, PeakShaving, PeakShavingSettings
from coordination.peak_shaving.search import Found, find
from environment.battery import Batteries
from environment.faults import Fault, FaultyInputError, collecting
from environment.fleets import CsvFleet, DatedFleet, Fleet
from environment.fleets.dated import require_dates, told_outside
from environment.horizon import Horizon
from environment.loads import LoadProfile
from environment.participation import HOURS_PER_DAY, Participation, first_soc
from environment.tariffs import Tariff
from environment.units import odd_fleet, odd_load, odd_prices
from runs.scenario import Scenario


@dataclass(frozen=True, eq=False)
class ShavingWorld:
    """All that exists before anyone decides.

    Parameters
    ----------
    scenario
        What it was built from; it has a section ``[peak_shaving]``.
    fleet
        All EVs.
    load
        Base load of all transformers together.
    tariff
        Prices.
    participation
        Who is at the grid when.
    soc_start
        State of charge of each EV before the first slot, shape ``(n_vehicles,)``.
    search_seed
        Seed of the optimiser; every search begins anew from it.
    """

    scenario: Scenario
    fleet: Fleet
    load: LoadProfile
    tariff: Tariff
    participation: Participation
    soc_start: NDArray[np.float64]
    search_seed: int

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
        horizon, faults = scenario.horizon, list[Fault]()
        profile = collecting(faults, lambda: scenario.load.profile(horizon))
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
                file = scenario.fleet.path.name
                collecting(faults, lambda: require_dates(fleet, horizon, file))
        if faults:
            raise FaultyInputError(faults)
        assert profile is not None
        assert fleet is not None
        assert tariff is not None
        assert soc is not None
        assert participation is not None
        sigma, count = scenario.load.fluctuation, scenario.transformer.count
        each = [profile.with_fluctuation(sigma, load_rng).actual_kw for _ in range(count)]
        load = LoadProfile(count * profile.forecast_kw, np.sum(each, axis=0), profile.told)
        world = cls(scenario, fleet, load, tariff, participation, soc, int(search_rng.integers(2**63)))
        if settings.optimizer == EXACT and not world.problem.is_convex:
            found = "'exact', and a kWh discharged brings more than one charged costs"
            expected = "one of the optimisers, or readings that make the costs convex"
            raise FaultyInputError([Fault("scenario", None, "peak_shaving.optimizer", found, expected)])
        return world

    @property
    def horizon(self) -> Horizon:
        """The slots."""
        return self.scenario.horizon

    @property
    def holds(self) -> str:
        """What there is, in words."""
        return f"{len(self.fleet)} EVs that give back"

    def warnings(self) -> list[str]:
        """Say what was read past, is out of proportion, or does not count."""
        transformer, fluctuation = self.scenario.transformer, self.scenario.load.fluctuation
        limit_kw = transformer.load_limit_kw
        away = told_outside(self.fleet, self.horizon) if self.scenario.participation.by_date else ()
        return [
            *self.load.told,
            *self.fleet.told,
            *self.tariff.told,
            *odd_fleet(self.fleet, self.horizon, limit_kw),
            *odd_load(self.load, fluctuation, transformer.count * limit_kw, "the transformers' limit"),
            *odd_prices(self.tariff),
            *away,
            *self.scenario.idle_sections,
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

    def pose(self, load_kw: NDArray[np.float64], tariff: Tariff) -> PeakShaving:
        """Pose the fleet's problem for a load [kW], shape ``(n_slots,)``, and prices.

        The fleet is one battery (paper B, section 2.2): N(t) EVs of the mean power, and the energy of all EVs, also of those that
        are away. What EVs of several sizes, or a fleet of which many are away, cannot do of the signal shows as deviation.
        """
        capacity = self.fleet.capacity_kwh
        return PeakShaving.of(
            load_kw,
            self.horizon.slot_h,
            self.participation.available,
            power_kw=float(self.fleet.power_kw.mean()),
            capacity_kwh=float(capacity.sum()),
            efficiency=float(self.fleet.efficiency.mean()),
            soc_start=float(np.average(self.soc_start, weights=capacity)),
            tariff=tariff,
            settings=self.settings,
        )

    @cached_property
    def problem(self) -> PeakShaving:
        """The fleet's problem for the forecast load."""
        return self.pose(self.load.forecast_kw, self.tariff)

    def find(self, problem: PeakShaving, progress: Callable[[float], None] | None = None) -> Found:
        """Find the signal of a problem; the same at every call."""
        return find(problem, np.random.default_rng(self.search_seed), progress)


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
        raise FaultyInputError([Fault(scenario.fleet.path.name, None, "vehicle", found, expected)])
    return first
