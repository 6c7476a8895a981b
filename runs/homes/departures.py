"""Departures: what EVs that have left lack, counted up as the day goes on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import Schedule
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH
from environment.fleets.fleet import Fleet


class Departures:
    """Stays in the order of their ends, each looked at once.

    Parameters
    ----------
    fleet
        All EVs.
    rows
        Fleet rows of each transformer's EVs.
    slot_h
        Length of a slot.

    Attributes
    ----------
    unserved_kwh
        What those that have left lack [kWh in their batteries].
    """

    def __init__(self, fleet: Fleet, rows: Sequence[NDArray[np.int64]], slot_h: float) -> None:
        self.fleet = fleet
        self.slot_h = slot_h
        self.unserved_kwh = 0.0
        self._order = np.argsort(fleet.plug_out_h, kind="stable")
        self._leave_h = fleet.plug_out_h[self._order]
        self._looked_at = 0
        self._transformer = np.zeros(self._order.size, dtype=np.int64)
        self._row = np.zeros(self._order.size, dtype=np.int64)
        for k, own in enumerate(rows):
            self._transformer[own] = k
            self._row[own] = np.arange(own.size)

    def until(self, now_h: float, schedules: Sequence[Schedule]) -> float:
        """Return what those that left until now lack [kWh in their batteries].

        Parameters
        ----------
        now_h
            In hours from the horizon's start; infinite where the horizon is over, for those that stay on.
        schedules
            What EVs drew, one a transformer.
        """
        stop = int(np.searchsorted(self._leave_h, now_h, side="right"))
        rows = self._order[self._looked_at : stop]
        self._looked_at = stop
        drawn_kw = [
            schedules[k].of(row).sum()
            for k, row in zip(self._transformer[rows].tolist(), self._row[rows].tolist(), strict=True)
        ]
        fleet = self.fleet
        got_kwh = delivered_kwh(fleet, rows, np.array(drawn_kw) * self.slot_h)
        self.unserved_kwh += float(np.maximum(fleet.energy_kwh[rows] - got_kwh, 0.0).sum())
        return self.unserved_kwh


def delivered_kwh(fleet: Fleet, rows: NDArray[np.int64], booked_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what reaches the batteries of some EVs of what was taken from the grid for them [kWh], an entry a row."""
    need_kwh = fleet.energy_kwh[rows]
    delivered = np.minimum(booked_kwh * fleet.efficiency[rows], fleet.room_kwh[rows])
    met = np.abs(delivered - need_kwh) <= ENERGY_TOLERANCE_KWH  # an exact need met but for rounding is met
    return np.where(met, need_kwh, delivered)
