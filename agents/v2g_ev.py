"""An EV that charges and gives back as its aggregator asks, as far as its battery and its stay allow."""

import mesa
import numpy as np
from numpy.typing import NDArray

from environment.battery import Batteries, limits_of
from environment.presence import Participation
from environment.v2g_messages import Condition, Response, Setpoint


class V2GEV(mesa.Agent):  # type: ignore[misc]
    """One EV; its numbers are a row of the fleet's columns.

    Parameters
    ----------
    model
        The Mesa model.
    name
        Its node.
    row
        Row of the EV.
    batteries, participation
        The fleet's columns.
    slot_h
        Slot length.
    soc_kept
        State of charge that it is to have after each slot, to be as full as it needs when it leaves, shape ``(n_slots,)``;
        None: it needs nothing.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        row: int,
        batteries: Batteries,
        participation: Participation,
        slot_h: float,
        soc_kept: NDArray[np.float64] | None = None,
    ) -> None:
        super().__init__(model)
        self.name = name
        self.row = row
        self.batteries = batteries
        self.participation = participation
        self.slot_h = slot_h
        self.soc_kept = soc_kept
        self._rows = np.array([row])

    @property
    def soc(self) -> float:
        """State of charge, 0..1."""
        return float(self.batteries.soc[self.row])

    def announces(self, slot: int) -> bool:
        """Return whether it means to be there in a slot."""
        return bool(self.participation.announced[slot, self.row]) and self.hours(slot) > 0

    def hours(self, slot: int) -> float:
        """Return how long it then is there [h]."""
        return float(self.participation.hours_of(slot, self._rows, self.slot_h)[0])

    def condition(self, slot: int) -> Condition:
        """Say how full it is, and what it could take and give over a slot, or must take."""
        b, i = self.batteries, self.row
        kept = -np.inf if self.soc_kept is None else self.soc_kept[slot]
        charge, discharge = limits_of(
            b.soc[i], b.capacity_kwh[i], b.power_kw[i], b.efficiency[i], b.soc_min, b.soc_max, self.slot_h, kept
        )
        return Condition(self.soc, charge, discharge)

    def follow(self, setpoint: Setpoint, slot: int) -> Response:
        """Draw or give what is asked, within its battery's limits and while it is there; say what it was."""
        asked, hours = np.array([setpoint.power_kw]), np.array([self.hours(slot)])
        moved_kwh = self.batteries.draw(self._rows, asked, hours)
        return Response(float(moved_kwh[0]) / self.slot_h)
