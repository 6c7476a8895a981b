"""What is recorded of a fleet that gives back, slot by slot, by one who looks on: nobody decides by it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.dispatch import Track
from environment.battery import Batteries
from runs.v2g.part import V2G

if TYPE_CHECKING:
    from agents.aggregator import Aggregator


@dataclass(frozen=True, eq=False)
class V2GStrays:
    """What became of EVs whose messages did not come through.

    Parameters
    ----------
    cut_off
        Whether each EV ever was at the grid in a slot without a set-point, shape ``(n_vehicles,)``.
    died
        Whether the controller of each EV died, shape ``(n_vehicles,)``.
    fallback_kw
        Power that EVs without a set-point drew in each slot [kW], shape ``(n_slots,)``.
    unheard_kw
        Power that EVs drew or gave by a set-point in each slot, and their answer did not come [kW], shape ``(n_slots,)``. What the
        aggregator tells the control centre is the response without this and `fallback_kw`.
    """

    cut_off: NDArray[np.bool_]
    died: NDArray[np.bool_]
    fallback_kw: NDArray[np.float64]
    unheard_kw: NDArray[np.float64]

    @classmethod
    def none(cls, n_vehicles: int, n_slots: int) -> Self:
        """Return what there is where every message comes through."""
        cut_off, died = np.zeros((2, n_vehicles), dtype=np.bool_)
        fallback_kw, unheard_kw = np.zeros((2, n_slots))
        return cls(cut_off, died, fallback_kw, unheard_kw)


class V2GRecord:
    """Takes down what a fleet does, slot by slot.

    Parameters
    ----------
    v2g
        All that exists.
    batteries
        The EVs' batteries, which change.
    groups
        Number of groups that the fleet is led in.

    Attributes
    ----------
    track
        What happened in each slot.
    departures
        How full EVs came and left, and what they lacked.
    strays
        What became of EVs whose messages did not come through.
    """

    def __init__(self, v2g: V2G, batteries: Batteries, groups: int) -> None:
        n_slots = v2g.horizon.n_slots
        self.batteries = batteries
        self.track = Track.empty(n_slots, groups, len(v2g.fleet))
        self.departures = v2g.new_departures()
        self.strays = V2GStrays.none(len(v2g.fleet), n_slots)
        self._before = batteries.soc.copy()

    def begin_slot(self) -> None:
        """Take down the states of charge at a slot's beginning."""
        self._before = self.batteries.soc.copy()

    def end_slot(self, slot: int, aggregator: "Aggregator") -> None:
        """Take down what the EVs of an aggregator did in a slot, and how full they are."""
        led, evs, strays = aggregator.led, aggregator.evs, self.strays
        assert led is not None
        rows, after = led.rows, self.batteries.soc
        did_kw = np.array([evs[row].power_kw for row in rows.tolist()])
        self.track.enter(slot, led.signal_kw, led.dispatch, rows, did_kw, self._before[rows], after[rows])
        self.departures.enter(slot, self._before, after)
        if aggregator.channel_faults is None:
            return
        heard = set(rows.tolist())
        unled = [(ev.row, ev.power_kw) for ev in evs if ev.hours and ev.alive and ev.row not in heard]
        unled_rows, unled_kw = np.array(unled).reshape(-1, 2).T
        self.track.enter_unled(slot, unled_rows.astype(np.int64), unled_kw)
        unheard = [evs[row] for row in rows[~led.answered].tolist()]
        strays.unheard_kw[slot] = sum(ev.power_kw - ev.fallback_kw for ev in unheard)
        strays.fallback_kw[slot] = sum(ev.fallback_kw for ev in evs)
        strays.cut_off[:] = [ev.was_cut_off for ev in evs]
        strays.died[:] = [not ev.alive for ev in evs]
