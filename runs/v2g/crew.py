"""A fleet that gives back as agents of a model: the aggregator and its EVs."""

from agents.aggregator import Aggregator
from agents.site import Fed
from agents.v2g_ev import V2GColumns
from runs.crew import Above, Stage
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import AGGREGATOR, V2G
from runs.v2g.record import V2GRecord


class V2GCrew:
    """The aggregator and its EVs, made in a model.

    Parameters
    ----------
    model
        Takes the agents.
    v2g
        What the scenario describes.

    Attributes
    ----------
    batteries
        Batteries of the EVs.
    aggregator
        Leads the fleet; its `led` says how it did in the last slot.
    record
        What happened: track, departures, and EVs whose messages did not come through.
    """

    def __init__(self, model: Stage, v2g: V2G) -> None:
        self.model = model
        self.v2g = v2g
        self.batteries = v2g.new_batteries()
        columns = V2GColumns(v2g.fleet.vehicle, self.batteries, v2g.participation, v2g.needs, v2g.horizon.slot_h)
        self.aggregator: Aggregator = model.classes.aggregator(
            model, AGGREGATOR, model.channel, v2g.channel_faults(), columns, v2g.posing, v2g.scenario.grouping,
            v2g.room_kw, model.classes.v2g_ev,
        )  # fmt: skip
        self.record = V2GRecord(v2g, self.batteries, self.aggregator.dispatcher.tactic.groups)

    @property
    def children(self) -> list[Fed]:
        """What the control centre has right below it: no node that is fed, the aggregator stands beside the grid."""
        return []

    @property
    def above(self) -> Above:
        """Aggregators that the control centre leads."""
        return {"aggregators": [self.aggregator]}

    def schedule_events(self) -> None:
        """Enter nothing: whoever comes and goes does so at slot boundaries."""

    def begin_day(self) -> None:
        """Let the control centre send load and prices to the aggregator, which finds the signal."""
        self.model.control_center.announce_prices(self.v2g.load.forecast_kw, self.v2g.tariff)
        self.model.tell_search(1.0)

    def begin_slot(self, slot: int) -> None:
        """Let the aggregator follow its signal through a slot."""
        self.record.begin_slot()
        self.model.control_center.run_slot(slot)
        self.record.end_slot(slot, self.aggregator)

    def end_day(self) -> None:
        """Do nothing: the last slot has been tracked."""

    def base_kw(self, slot: int) -> float:
        """Return the load without EVs in a slot [kW]."""
        return float(self.v2g.load.actual_kw[slot])

    def ev_kw(self, slot: int) -> float:
        """Return what EVs draw in a slot, less what they give [kW]."""
        return float(self.record.track.response_kw[slot])

    def unserved_kwh(self, _now_h: float) -> float:
        """Return what EVs lacked of what they ask for when they left so far [kWh]."""
        return float(self.record.departures.unserved_kwh.sum())

    def outcome(self, wall_s: float) -> V2GOutcome:
        """Return what the run came to; `wall_s` is the time that it took."""
        problem, found, record = self.aggregator.problem, self.aggregator.found, self.record
        assert problem is not None
        assert found is not None
        return V2GOutcome(
            problem, found, record.track, self.batteries, record.departures, self.model.channel, record.strays, wall_s
        )
