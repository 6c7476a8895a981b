"""Charging stations as agents of a model: the substations of their regions, the stations, and their visitors."""

import numpy as np

from agents.site import Fed
from agents.station import Station
from agents.visitor import Visitor
from environment.station_messages import Need
from runs.crew import Above, Stage
from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark


class StationsCrew:
    """The stations and the substations above them, made in a model; visitors come at the beginning of their slot, and leave.

    Parameters
    ----------
    model
        Takes the agents.
    park
        What the scenario describes.

    Attributes
    ----------
    yard
        The stations as columns.
    track
        What happened in each slot.
    stations
        The stations, by their rows.
    visitors_cut_off
        Visitors who once got no answer to their need in a slot.
    """

    def __init__(self, model: Stage, park: StationPark) -> None:
        self.model = model
        self.park = park
        self.control = park.new_control()
        self.yard, self.track = park.new_yard(), self.control.track
        self.stations: list[Station] = [
            model.classes.station(
                model, name, row, self.yard, model.channel, park.station_faults(row), park.visitor_faults(row)
            )
            for row, name in enumerate(park.stations.names)
        ]
        self.children: list[Fed] = [
            model.classes.substation(
                model,
                name,
                model.channel,
                [self.stations[row] for row in park.stations.rows_of(number).tolist()],
                passing=park.passing(number),
                faults=park.region_faults(number),
            )
            for number, name in enumerate(park.stations.region_names)
        ]
        self.visitors_cut_off = 0
        self._unanswered: list[Visitor] = []

    @property
    def above(self) -> Above:
        """Rules by which the control centre schedules the stations."""
        return {"control": self.control}

    def schedule_events(self) -> None:
        """Enter nothing: visitors come at slot boundaries."""

    def begin_day(self) -> None:
        """Do nothing: nothing is planned before the first slot."""

    def begin_slot(self, slot: int) -> None:
        """Let visitors come, and the control centre schedule the slot."""
        self.yard.begin()
        self._let_ask(
            [*(each for each in self._unanswered if each.is_there and not each.is_answered), *self._coming(slot)]
        )
        for station in self.stations:
            station.begin(slot)
        self.model.control_center.schedule(slot)
        self.track.enter_yard(slot, self.yard)
        self.model.tell_search((slot + 1) / self.park.horizon.n_slots)

    def end_day(self) -> None:
        """Do nothing: the last slot has been served."""

    def base_kw(self, slot: int) -> float:
        """Return the base load of the feeder in a slot [kW]."""
        return float(self.park.state.base_kw[slot])

    def ev_kw(self, slot: int) -> float:
        """Return what EVs and storage draw while EVs charge, less what is lent [kW]."""
        track = self.track
        return float((track.power_kw[slot] + track.storage_kw[slot] - track.lent_kw[slot]).sum())

    def unserved_kwh(self, now_h: float) -> float:
        """Return what visitors who have left lack [kWh]; at the end, what all lack."""
        sessions = self.yard.sessions
        gone = (sessions.served_slot >= 0) | sessions.died
        return float(sessions.short_kwh[gone | np.isinf(now_h)].sum())

    def outcome(self, wall_s: float) -> StationsOutcome:
        """Return what the run came to; `wall_s` is the time that it took."""
        return StationsOutcome(self.park, self.yard, self.track, self.model.channel, wall_s, self.visitors_cut_off)

    def _coming(self, slot: int) -> list[Visitor]:
        """Return the visitors who come in a slot."""
        visits, rows = self.park.visits, self.yard.coming(slot)
        columns = (visits.vehicle, visits.station, visits.energy_kwh, visits.capacity_kwh, visits.willing)
        user, station, *need = (column[rows].tolist() for column in columns)
        return [
            self.model.classes.visitor(self.model, name, row, Need(*what), self.stations[at], self.model.channel)
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
                self.yard.sessions.died[visitor.row] = True
            elif not visitor.is_answered:
                self._unanswered.append(visitor)
