"""What a run of a fleet that gives back comes to: its signal, what its EVs did, and what became of their messages."""

from dataclasses import dataclass

from coordination.peak_shaving.dispatch import Track
from coordination.peak_shaving.problem import PeakShaving
from coordination.peak_shaving.search import Found
from environment.battery import Batteries
from environment.channel import Channel
from environment.presence import Departures
from runs.v2g.record import V2GStrays


@dataclass(frozen=True, eq=False)
class V2GOutcome:
    """What an engine hands over.

    Parameters
    ----------
    problem
        The problem that the aggregator posed: of the EVs that enrolled, which may not be all where messages get lost.
    found
        The fleet's signal.
    track
        What happened in each slot.
    batteries
        The EVs' batteries in the end.
    departures
        How full EVs came and left, and what they lacked.
    channel
        Channel with its books of messages.
    strays
        What became of EVs whose messages did not come through.
    wall_s
        Time that the run took.
    """

    problem: PeakShaving
    found: Found
    track: Track
    batteries: Batteries
    departures: Departures
    channel: Channel
    strays: V2GStrays
    wall_s: float

    @property
    def vehicles_cut_off(self) -> int:
        """EVs that ever were at the grid in a slot without a set-point."""
        return int(self.strays.cut_off.sum())

    @property
    def vehicles_died(self) -> int:
        """EVs whose controller died."""
        return int(self.strays.died.sum())

    def fallback_kwh(self, slot_h: float) -> float:
        """Return the energy that EVs without a set-point drew [kWh], for a slot length [h]."""
        return float(self.strays.fallback_kw.sum()) * slot_h
