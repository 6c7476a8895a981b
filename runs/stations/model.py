"""The agent-based model of charging stations: control centre, substations, stations, and a Mesa agent for every visit."""

import mesa

from agents.control_center import ControlCenter
from agents.station import Station
from agents.substation import Substation
from agents.visitor import Visitor
from environment.channel import Channel
from environment.station_messages import Need
from runs.scenario import Scenario
from runs.stations.part import StationPark
from runs.watched import Watched


class StationsModel(Watched, mesa.Model):  # type: ignore[misc]
    """A day or more of charging stations; `time` is in hours from the horizon's start.

    Visitors come at the beginning of their slot, and are gone from the model when they leave.

    Parameters
    ----------
    settings
        The scenario, with a section ``[stations]``.
    world
        What the scenario describes, where it has been built already.
    channel
        Makes the channel; a subclass may watch what it carries.
    visitor, station, substation, control_center
        Classes of the agents, made from those of `agents`.

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
    stations
        The stations, by their rows.
    slot
        The next slot.
    visitors_died
        Visitors whose controller has died.
    visitors_cut_off
        Visitors who once got no answer to their need in a slot.
    """

    def __init__(
        self,
        settings: Scenario | None = None,
        world: StationPark | None = None,
        *,
        channel: type[Channel] = Channel,
        visitor: type[Visitor] = Visitor,
        station: type[Station] = Station,
        substation: type[Substation] = Substation,
        control_center: type[ControlCenter] = ControlCenter,
    ) -> None:
        settings = world.scenario if world else settings or Scenario().update(horizon={"slot_min": 36}, stations={})
        super().__init__(rng=settings.run.seed)
        self.world = world = world or StationPark.build(settings, self.rng)
        self.channel = channel(clock=self, log=[] if settings.channel.log else None)
        control = world.new_control()
        self.yard, self.track = world.new_yard(), control.track
        self.stations = [
            station(self, name, row, self.yard, self.channel, world.station_faults(row), world.visitor_faults(row))
            for row, name in enumerate(world.stations.names)
        ]
        substations = [
            substation(
                self,
                name,
                self.channel,
                [self.stations[row] for row in world.stations.rows_of(number).tolist()],
                passing=world.passing(number),
                faults=world.region_faults(number),
            )
            for number, name in enumerate(world.stations.region_names)
        ]
        self.control_center = control_center(self, self.channel, substations, control=control)
        self.slot = 0
        self.visitors_died = self.visitors_cut_off = 0
        self._visitor = visitor
        self._unanswered: list[Visitor] = []
        for edge_h in world.horizon.edges_h[:-1].tolist():
            self.schedule_event(self.run_slot, at=edge_h)

    def run_slot(self) -> None:
        """Let visitors come, and the control centre run the next slot."""
        slot = self.slot
        self.yard.begin()
        self._let_ask([*(each for each in self._unanswered if not each.is_answered), *self._coming(slot)])
        for station in self.stations:
            station.begin(slot)
        self.control_center.schedule(slot)
        self.track.enter_yard(slot, self.yard)
        self.slot += 1
        self.running = self.slot < self.world.horizon.n_slots
        self.tell_slot(slot)

    def _coming(self, slot: int) -> list[Visitor]:
        """Return the visitors who come in a slot."""
        visits, rows = self.world.visits, self.yard.coming(slot)
        columns = (visits.user, visits.station, visits.energy_kwh, visits.capacity_kwh, visits.willing)
        user, station, *need = (column[rows].tolist() for column in columns)
        return [
            self._visitor(self, name, row, Need(*what), self.stations[at], self.channel)
            for name, row, at, *what in zip(user, rows.tolist(), station, *need, strict=True)
        ]

    def _let_ask(self, visitors: list[Visitor]) -> None:
        """Let visitors say what they need; who gets no answer asks again in the next slot."""
        self._unanswered = []
        for visitor in visitors:
            was_cut_off = visitor.is_cut_off
            visitor.ask()
            self.visitors_cut_off += visitor.is_cut_off and not was_cut_off
            if not visitor.is_alive:
                self.visitors_died += 1
            elif not visitor.is_answered:
                self._unanswered.append(visitor)

    def now_h(self) -> float:
        """Return the time in hours from the horizon's start."""
        return float(self.time)
