"""The agent-based model of charging stations: control centre, a substation a region, and a Mesa agent for every station."""

from collections import defaultdict

import mesa

from agents.charging_station import ChargingStation, Site
from agents.regional_substation import RegionalSubstation
from agents.station_control import StationControl
from coordination.stations.track import Track
from environment.channel import Channel
from environment.users import Sessions
from runs.scenario import Scenario
from runs.stations.world import StationsWorld


class StationsModel(mesa.Model):  # type: ignore[misc]
    """A day or more of charging stations; `time` is in hours from the horizon's start.

    Parameters
    ----------
    settings
        The scenario, with a section ``[stations]``.
    world
        What the scenario describes, where it has been built already.

    Attributes
    ----------
    world
        All that exists.
    sessions, storage
        What became of visits, and the stations' storage.
    track
        What happened in each slot.
    channel
        Carried and counted every message.
    slot
        The next slot.
    """

    def __init__(self, settings: Scenario | None = None, world: StationsWorld | None = None) -> None:
        settings = world.scenario if world else settings or Scenario().update(horizon={"slot_min": 36}, stations={})
        super().__init__(rng=settings.run.seed)
        self.world = world = world or StationsWorld.build(settings, self.rng)
        self.channel = Channel(clock=self, log=[] if settings.channel.log else None)
        self.sessions = Sessions.of(world.visits)
        self.storage = world.stations.new_storage(world.settings)
        horizon, stations = world.horizon, world.stations
        self.track = Track.empty(horizon.n_slots, len(stations), len(stations.regions))
        site = Site(
            world.visits, self.sessions, self.storage, settings.triggers, world.settings.time_rated_h, horizon.slot_h,
            world.settings.storage_efficiency, world.settings.pile_kwh,
        )  # fmt: skip
        arriving: list[defaultdict[int, list[int]]] = [defaultdict(list) for _ in range(len(stations))]
        for row, (station, slot) in enumerate(
            zip(world.visits.station.tolist(), world.visits.slot.tolist(), strict=True)
        ):
            arriving[station][slot].append(row)
        regions = []
        for number, region in enumerate(stations.regions):
            below = [
                ChargingStation(
                    self, f"station:{stations.station[row]}", row, int(stations.places[row]), site, self.channel,
                    arriving[row],
                )
                for row in (stations.region == number).nonzero()[0].tolist()
            ]  # fmt: skip
            regions.append(
                RegionalSubstation(
                    self, f"substation:{region}", self.channel, below, stations, world.settings, settings.triggers
                )
            )
        self.control_center = StationControl(
            self, self.channel, regions, world.find, world, world.expected_kw, horizon.slot_h,
            settings.triggers, self.track,
        )  # fmt: skip
        self.slot = 0
        for edge_h in horizon.edges_h[:-1].tolist():
            self.schedule_event(self.run_slot, at=edge_h)

    def run_slot(self) -> None:
        """Let the control centre run the next slot."""
        self.control_center.run_slot(self.slot)
        self.slot += 1
        self.running = self.slot < self.world.horizon.n_slots

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)
