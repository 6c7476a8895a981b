"""The agent-based model of charging stations: control centre, a substation a region, and a Mesa agent for every station."""

import mesa

from agents.regional_substation import RegionalSubstation
from agents.station import Station
from agents.station_control import StationControl
from environment.channel import Channel
from runs.progress import Progress
from runs.scenario import Scenario
from runs.stations.part import StationPark


class StationsModel(mesa.Model):  # type: ignore[misc]
    """A day or more of charging stations; `time` is in hours from the horizon's start.

    Parameters
    ----------
    settings
        The scenario, with a section ``[stations]``.
    world
        What the scenario describes, where it has been built already.
    progress
        Told the part of the run that is done, while a slot's schedule is looked for.

    Attributes
    ----------
    world
        All that exists.
    yard
        The stations as columns.
    track
        What happened in each slot.
    channel
        Carried and counted every message.
    slot
        The next slot.
    """

    def __init__(
        self,
        settings: Scenario | None = None,
        world: StationPark | None = None,
        progress: Progress = lambda _: None,
    ) -> None:
        settings = world.scenario if world else settings or Scenario().update(horizon={"slot_min": 36}, stations={})
        super().__init__(rng=settings.run.seed)
        self.world = world = world or StationPark.build(settings, self.rng)
        self.channel = Channel(clock=self, log=[] if settings.channel.log else None)
        stations, control = world.stations, world.new_control(progress)
        self.yard, self.track = world.new_yard(), control.track
        regions = []
        for number, name in enumerate(stations.region_names):
            below = [
                Station(self, stations.names[row], row, self.yard, self.channel)
                for row in stations.rows_of(number).tolist()
            ]
            regions.append(
                RegionalSubstation(self, name, self.channel, below, stations, world.settings, settings.triggers)
            )
        self.control_center = StationControl(self, self.channel, regions, control, self.yard)
        self.slot = 0
        for edge_h in world.horizon.edges_h[:-1].tolist():
            self.schedule_event(self.run_slot, at=edge_h)

    def run_slot(self) -> None:
        """Let the control centre run the next slot."""
        self.control_center.run_slot(self.slot)
        self.slot += 1
        self.running = self.slot < self.world.horizon.n_slots

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)
