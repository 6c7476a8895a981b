"""What exists before stations are scheduled: slots, feeder, stations, base load, prices, users, and what strikes."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coordination.stations.control import Control
from coordination.stations.passing import Passing
from coordination.stations.planner import SlotPlanner
from coordination.stations.problem import Limits
from coordination.stations.track import Track
from coordination.stations.yard import Yard
from environment.channel_faults import ChannelFaults, ChannelSettings, Partition
from environment.events import Events
from environment.feeders import BuiltinFeeder, Feeder
from environment.feeders.placement import Copies, Placement
from environment.feeders.power_flow import Flow
from environment.feeders.settings import FeederSettings
from environment.feeders.tap_changers import TapChangers
from environment.grid.state import GridState, Sites
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, collecting, nearest
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
        Scenario that the stations were built from; it has a section ``[stations]``.
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
    fault_seeds
        Of the channel's faults: of the messages of each region, then between each station and its substation, then between each station and
        its visitors.
    """

    scenario: Scenario
    stations: Stations
    placement: Placement
    load: LoadProfile
    tariff: Tariff
    visits: Visits
    events: Events
    search_seeds: NDArray[np.int64]
    fault_seeds: NDArray[np.int64]

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
        (fault_rng,) = rng.spawn(1)
        horizon, faults = scenario.horizon, list[Fault]()
        place: FeederSettings = scenario.feeder or BuiltinFeeder()
        profile = collecting(faults, lambda: scenario.load.profile(horizon))
        tariff = collecting(faults, lambda: scenario.tariff.tariff(horizon))
        feeder = collecting(faults, place.feeder)
        stations = visits = None
        if feeder is not None:
            stations = collecting(faults, lambda: Stations.build(settings, feeder))
        if stations is not None:
            faults += _voltage_faults(stations) + _partition_faults(scenario.channel, stations)
            visits = collecting(faults, lambda: Visits.build(scenario.users, settings, stations, horizon, user_rng))
        if faults:
            raise FaultyInputError(faults)
        assert profile is not None
        assert tariff is not None
        assert feeder is not None
        assert stations is not None
        assert visits is not None
        park = cls(
            scenario,
            stations,
            Placement.at(place, feeder, Copies.one(feeder), stations.node),
            profile.with_fluctuation(scenario.load.fluctuation, load_rng),
            tariff,
            visits,
            Events.draw(scenario.events, horizon, event_rng),
            search_rng.integers(2**63, size=horizon.n_slots),
            fault_rng.integers(2**63, size=len(stations.regions) + 2 * len(stations)),
        )
        _ = park.no_evs_flow
        return park

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
            *self.scenario.channel.odd_exchanges(self.horizon.slot_h),
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

    @cached_property
    def no_evs_flow(self) -> Flow:
        """Power flow of each slot's base load alone, taps as they stand, a case a slot."""
        n = self.horizon.n_slots
        return self.state.sound(np.arange(n), np.zeros((n, len(self.stations))))

    @cached_property
    def planner(self) -> SlotPlanner:
        """Who poses each slot's problem and looks for its schedule."""
        return SlotPlanner(
            self.stations,
            self.settings,
            self.scenario.scheduling,
            self.state,
            self.limits,
            self.tariff.charge_yuan_per_kwh,
            self.time_weights,
            self.search_seeds,
        )

    def new_yard(self) -> Yard:
        """Return the stations' columns before the first slot."""
        triggers, slot_h = self.scenario.triggers, self.horizon.slot_h
        return Yard.of(self.visits, self.stations, self.settings, triggers, slot_h, self.state.idle_v)

    def new_control(self) -> Control:
        """Return the control centre's rules, with a track in which nothing has happened."""
        return Control(
            stations=self.stations,
            state=self.state,
            planner=self.planner,
            expected_kw=self.expected_kw,
            triggers=self.scenario.triggers,
            track=Track.empty(self.horizon.n_slots, len(self.stations), len(self.stations.regions)),
            low_v=self.state.idle_v.copy(),
            high_v=self.state.idle_v.copy(),
        )

    def passing(self, region: int) -> Passing | None:
        """Return the rules by which the stations of a region pass power on; None where they do not."""
        if not self.scenario.triggers.region:
            return None
        above, s = self.stations.above[:, self.stations.rows_of(region)], self.settings
        return Passing(above, s.capacity_min_kw, s.capacity_max_kw)

    def region_faults(self, region: int) -> ChannelFaults | None:
        """Return what can happen to messages between the control centre and a region's substation; the same at every call."""
        return self._faults(region, self.stations.regions[region])

    def station_faults(self, row: int) -> ChannelFaults | None:
        """Return what can happen to messages between a station and its substation; the same at every call."""
        region = self.stations.regions[self.stations.region[row]]
        return self._faults(len(self.stations.regions) + row, region, str(self.stations.station[row]))

    def visitor_faults(self, row: int) -> ChannelFaults | None:
        """Return what can happen to messages between a station and its visitors; the same at every call."""
        number = len(self.stations.regions) + len(self.stations) + row
        return self._faults(number, str(self.stations.station[row]))

    def _faults(self, number: int, *ends: str) -> ChannelFaults | None:
        """Return the faults of a hop that partitions cut off which name one of its ends, or none; None if nothing can happen there."""
        settings = self.scenario.channel
        cuts = [cut for cut in settings.partitions if cut.node in (None, *ends)]
        everywhere = tuple(Partition(from_h=cut.from_h, to_h=cut.to_h) for cut in cuts)
        here = settings.model_copy(update={"partitions": everywhere, "restarts": ()})
        if not settings.model_copy(update={"restarts": ()}).has_faults:
            return None
        return ChannelFaults(here, ends[0], np.random.default_rng(self.fault_seeds[number]))


def _voltage_faults(stations: Stations) -> list[Fault]:
    """Limits are in volts, the same for all stations: say where their nodes do not suit that."""
    rated = np.unique(stations.rated_v)
    if rated.size == 1:
        return []
    found = f"{rated[0]:g} to {rated[-1]:g} V"
    return [Fault("scenario", None, "rated voltage of the stations' nodes", found, "the same for all stations")]


def _partition_faults(channel: ChannelSettings, stations: Stations) -> list[Fault]:
    """Say where a partition names neither a substation nor a station."""
    known = [*stations.regions, *stations.station.tolist()]
    named = [cut.node for cut in channel.partitions if cut.node is not None]
    return [
        Fault("scenario", None, "channel.partitions.node", repr(name), nearest(name, known))
        for name in named
        if name not in known
    ]
