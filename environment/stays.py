"""Stays: when EVs are plugged in, and what they ask for. One table for EVs at home, EVs that give back, and visitors of stations.

What differs between them stands beside it: powers and nodes of a fleet, who of those that give back leaves early, whom a station may shift.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from environment.horizon import Horizon

TOLERANCE_H: Final = 1e-9
"""Times closer than this to a slot boundary are on it [h]."""


@dataclass(frozen=True, eq=False)
class Stays:
    """Stays of EVs; every column has shape ``(n_stays,)``.

    Parameters
    ----------
    vehicle
        Name of the EV, or of the user who comes with it; one with several stays has several rows.
    plug_in_h, plug_out_h
        Stay in hours from the horizon's start; it may begin before it or end after it. Who stays until it is served has no end:
        infinity.
    energy_kwh
        Energy that is asked for: of EVs that charge below a transformer or an aggregator by their batteries, of visitors at the grid.
    capacity_kwh
        Battery size; NaN where unknown.
    """

    vehicle: NDArray[np.str_]
    plug_in_h: NDArray[np.float64]
    plug_out_h: NDArray[np.float64]
    energy_kwh: NDArray[np.float64]
    capacity_kwh: NDArray[np.float64]

    def __len__(self) -> int:
        return self.vehicle.size

    def usable_slots(self, horizon: Horizon, *, whole: bool) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the first usable slot of each stay and the slot after the last, both ``(n_stays,)``.

        With `whole` only slots that lie wholly in the stay count (paper A, eq 6), else also those that it covers in
        part. Where a stay has no usable slot, both are equal.
        """
        start = self.plug_in_h / horizon.slot_h
        end = self.plug_out_h / horizon.slot_h
        margin = TOLERANCE_H / horizon.slot_h
        if whole:
            first, stop = np.ceil(start - margin), np.floor(end + margin)
        else:
            first, stop = np.floor(start + margin), np.ceil(end - margin)
        first = np.clip(first, 0, horizon.n_slots)
        stop = np.maximum(np.clip(stop, 0, horizon.n_slots), first)
        return first.astype(np.int32), stop.astype(np.int32)
