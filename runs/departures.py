"""Departures: what EVs that have left lack, counted up as the day goes on."""

from collections.abc import Sequence

import numpy as np

from coordination.valley_filling.problem import Schedule
from runs.metrics import delivered_kwh
from runs.world import World


class Departures:
    """Stays in the order of their ends, each looked at once.

    Parameters
    ----------
    world
        Its fleet, and who hangs below which transformer.

    Attributes
    ----------
    unserved_kwh
        What those that have left lack [kWh in their batteries].
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.unserved_kwh = 0.0
        self._order = np.argsort(world.fleet.plug_out_h, kind="stable")
        self._leave_h = world.fleet.plug_out_h[self._order]
        self._looked_at = 0
        self._transformer = np.zeros(self._order.size, dtype=np.int64)
        self._row = np.zeros(self._order.size, dtype=np.int64)
        for k, rows in enumerate(world.rows):
            self._transformer[rows] = k
            self._row[rows] = np.arange(rows.size)

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
        fleet = self.world.fleet
        got_kwh = delivered_kwh(fleet, rows, np.array(drawn_kw) * self.world.horizon.slot_h)
        self.unserved_kwh += float(np.maximum(fleet.energy_kwh[rows] - got_kwh, 0.0).sum())
        return self.unserved_kwh
