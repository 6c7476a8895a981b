"""What exists before stations are scheduled: slots, feeder, stations, base load, prices, users, and what strikes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coordination.stations.control import Control
from coordination.stations.network import ByPowerFlow, Coefficients
from coordination.stations.problem import Evaluator, Limits, StationScheduling
from coordination.stations.reports import Reports
from coordination.stations.search import Found, find
from coordination.stations.track import Track
from coordination.stations.yard import Yard
from environment.events import Events
from environment.feeders import BuiltinFeeder, Feeder
from environment.feeders.placement import Copies, Placement
from environment.feeders.settings import FeederSettings
from environment.feeders.tap_changers import TapChangers
from environment.grid.state import GridState, Sites
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, collecting
from environment.loads import LoadProfile
from environment.station_sites import Stations, StationsSettings
from environment.tariffs import Tariff
from environment.units import odd_load, odd_prices
from environment.users import Visits, slot_weights
from runs.idle import idle
from runs.plural import counted
from runs.scenario import Scenario


@dataclass(frozen=True, eq=False)
class StationPark:
    """All that exists before anyone decides.

    Parameters
    ----------
    scenario
        What it was built from; it has a section ``[stations]``.
    stations
        All stations.
    placement
        The feeder, and how the base load is spread over it; its EVs stand at the stations' nodes.
    load
        Base load of the whole feeder.
    tariff
        Prices.
    visits
        Visits of those who come to charge.
    events
        What strikes.
    search_seeds
        Of the optimiser, one a slot: what happens in one slot changes no draw of the next.
    """

    scenario: Scenario
    stations: Stations
    placement: Placement
    load: LoadProfile
    tariff: Tariff
    visits: Visits
    events: Events
    search_seeds: NDArray[np.int64]

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
            With every fault of every file read, or if the base load alone has no power flow.
        """
        scenario = scenario.settled()
        settings = scenario.stations
        if settings is None:
            raise FaultyInputError([Fault("scenario", None, "section [stations]", "missing", "one")])
        user_rng, load_rng, event_rng, search_rng = rng.spawn(4)
        horizon, faults = scenario.horizon, list[Fault]()
        place: FeederSettings = scenario.feeder or BuiltinFeeder()
        profile = collecting(faults, lambda: scenario.load.profile(horizon))
        tariff = collecting(faults, lambda: scenario.tariff.tariff(horizon))
        feeder = collecting(faults, place.feeder)
        stations = visits = None
        if feeder is not None:
            stations = collecting(faults, lambda: Stations.build(settings, feeder))
        if stations is not None:
            faults += _voltage_faults(stations)
            visits = collecting(faults, lambda: Visits.build(scenario.users, settings, stations, horizon, user_rng))
        if faults:
            raise FaultyInputError(faults)
        assert profile is not None
        assert tariff is not None
        assert feeder is not None
        assert stations is not None
        assert visits is not None
        world = cls(
            scenario,
            stations,
            Placement.at(place, feeder, Copies.one(feeder), stations.node),
            profile.with_fluctuation(scenario.load.fluctuation, load_rng),
            tariff,
            visits,
            Events.draw(scenario.events, horizon, event_rng),
            search_rng.integers(2**63, size=horizon.n_slots),
        )
        world.state.sound(np.arange(horizon.n_slots), np.zeros((horizon.n_slots, len(stations))))
        return world

    @property
    def settings(self) -> StationsSettings:
        """The section ``[stations]``."""
        assert self.scenario.stations is not None
        return self.scenario.stations

    @property
    def feeder_settings(self) -> FeederSettings:
        """The section ``[feeder]``, or the built-in feeder."""
        return self.scenario.feeder or BuiltinFeeder()

    @property
    def horizon(self) -> Horizon:
        """The slots."""
        return self.scenario.horizon

    @property
    def holds(self) -> str:
        """What there is, in words."""
        stations = f"{counted(len(self.stations), 'station')} in {counted(len(self.stations.regions), 'region')}"
        return f"{stations} on {self.feeder.title}, {counted(len(self.visits), 'visit')}"

    def warnings(self) -> list[str]:
        """Say what is out of proportion, was read past, or does not count."""
        own_kw = float(self.feeder.own_kw.sum())
        found = [
            *odd_load(self.load, own_kw, "the feeder's own loads"),
            *odd_prices(self.tariff),
            *self.load.told,
            *self.tariff.told,
            *self.feeder.told,
            *idle(self.scenario),
        ]
        short = int((self.state.base_kw > self.state.most_kw).sum())
        if short:
            found.append(f"stations.supply_kw is less than the base load alone in {counted(short, 'slot')}")
        rated_kw = self.feeder.transformer_va[self.stations.transformer] / 1e3
        small = self.stations.station[rated_kw < self.settings.capacity_max_kw]
        if small.size:
            found.append(
                f"stations.capacity_max_kw, {self.settings.capacity_max_kw:,.0f} kW, is more than the transformer's rating at "
                f"{counted(small.size, 'station')}, such as {small[0]} with {rated_kw.min():,.0f} kVA"
            )
        beyond = self.visits.energy_kwh - self.settings.pile_kwh
        if (beyond > 0).any():
            pile_kw = self.settings.pile_kwh / self.settings.time_rated_h
            found.append(
                f"{(beyond > 0).sum():,} of {counted(len(self.visits), 'visit')} want more than a pile gives in the rated time, "
                f"{self.settings.pile_kwh:g} kWh at {pile_kw:,.0f} kW (stations.pile_kw); {beyond[beyond > 0].sum():,.1f} kWh stay unserved"
            )
        willing = int(self.visits.willing.sum())
        if self.scenario.users.path is not None and willing and not self.scenario.triggers.user:
            found.append(
                f"the users' column willing counts only with triggers.user: {willing:,} of them do not take part"
            )
        come = np.bincount(self.visits.station, minlength=len(self.stations))
        left = int(np.maximum(come - self.stations.places * self.horizon.n_slots, 0).sum())
        if left:
            places = f"{self.stations.places.sum():,} places and {self.horizon.n_slots} slots"
            found.append(f"at least {left:,} of {len(self.visits):,} visits are too many for {places}")
        return found

    @property
    def feeder(self) -> Feeder:
        """The feeder."""
        return self.placement.feeder

    @cached_property
    def limits(self) -> Limits:
        """What constraints hold stations to; the voltage band is the feeder's, of the stations' rated voltage."""
        s, band = self.settings, self.feeder_settings
        rated = float(self.stations.rated_v[0])
        return Limits(
            band.voltage_min_pu * rated, band.voltage_max_pu * rated, s.time_rated_h, s.time_max_h, s.capacity_min_kw,
            s.capacity_max_kw, s.battery_kwh - s.battery_min_kwh,
        )  # fmt: skip

    @cached_property
    def time_weights(self) -> NDArray[np.float64]:
        """T of each slot, shape ``(n_slots,)``."""
        return slot_weights(self.settings, self.horizon)

    @cached_property
    def expected_kw(self) -> NDArray[np.float64]:
        """Demand of users that is forecast, mean over each slot [kW], shape ``(n_slots, m)``."""
        return self.visits.expected_kwh / self.horizon.slot_h

    @cached_property
    def state(self) -> GridState:
        """The feeder under its base load, with the stations as its sites."""
        none = np.zeros((self.horizon.n_slots, len(self.feeder)))
        changers = TapChangers(self.stations.transformer, self.settings.tap_step)
        return GridState(
            feeder=self.feeder,
            horizon=self.horizon,
            base=self.placement.loads(self.load.actual_kw[None], none),
            sites=Sites(self.stations.node, self.placement.ev_kvar_per_kw, changers, "stations"),
            events=self.events,
            most_kw=np.inf if self.settings.supply_kw is None else self.settings.supply_kw,
            method="iterative_current",  # as exact as Newton here, and faster while few candidates diverge
        )

    def pose(self, slot: int, reports: Reports, storage_kw: NDArray[np.float64]) -> StationScheduling:
        """Pose the problem of a slot.

        Parameters
        ----------
        slot
            Number of the slot.
        reports
            What all stations report.
        storage_kw
            What storage draws at each of them.
        """
        s, stations = self.settings, self.stations
        base_kw = self.state.base[0][slot]
        evaluator: Evaluator = Coefficients(float(base_kw.sum() - base_kw[stations.node].sum()))
        if self.scenario.scheduling.evaluator == "powerflow":
            evaluator = ByPowerFlow(self.state, slot)
        return StationScheduling(
            slot_h=self.horizon.slot_h,
            plugged=reports.plugged,
            wanted_kwh=reports.wanted_kwh,
            queued=reports.queued,
            queued_kwh=reports.queued_kwh,
            base_kw=base_kw[stations.node],
            storage_kw=storage_kw,
            lent_kw=reports.lent_kw,
            region=stations.region,
            region_weights=np.array(s.region_weights),
            time_weight=float(self.time_weights[slot]),
            price_yuan_per_kwh=float(self.tariff.charge_yuan_per_kwh[slot]),
            supply_kw=self.state.most_kw,
            storage_efficiency=s.storage_efficiency,
            places=stations.places,
            rated_v=stations.rated_v,
            idle_v=self.state.idle_v,
            limits=self.limits,
            settings=self.scenario.scheduling,
            evaluator=evaluator,
        )

    def find(self, problem: StationScheduling, slot: int, progress: Callable[[float], None] | None = None) -> Found:
        """Find the schedule of a slot's problem; the same at every call."""
        return find(problem, np.random.default_rng(self.search_seeds[slot]), progress)

    def new_yard(self) -> Yard:
        """Return the stations' columns before the first slot."""
        return Yard.of(self.visits, self.stations, self.settings, self.scenario.triggers, self.horizon.slot_h)

    def new_control(self, progress: Callable[[float], None] = lambda _: None) -> Control:
        """Return the control centre's rules, with a track in which nothing has happened.

        Parameters
        ----------
        progress
            Told the part of the run that is done, while a slot's schedule is looked for.
        """
        n_slots = self.horizon.n_slots
        return Control(
            stations=self.stations,
            state=self.state,
            pose=self.pose,
            find=lambda problem, slot: self.find(problem, slot, lambda part: progress((slot + part) / n_slots)),
            expected_kw=self.expected_kw,
            triggers=self.scenario.triggers,
            track=Track.empty(n_slots, len(self.stations), len(self.stations.regions)),
        )


def _voltage_faults(stations: Stations) -> list[Fault]:
    """Limits are in volts, the same for all stations: say where their nodes do not suit that."""
    rated = np.unique(stations.rated_v)
    if rated.size == 1:
        return []
    found = f"{rated[0]:g} to {rated[-1]:g} V"
    return [Fault("scenario", None, "rated voltage of the stations' nodes", found, "the same for all stations")]
