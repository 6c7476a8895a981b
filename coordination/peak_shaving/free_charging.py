"""The free case: every EV charges at its rated power from each plug-in until it has enough, and gives nothing back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.posing import Enrolled
from environment.presence import Departures, Participation


@dataclass(frozen=True, eq=False)
class FreeCharging:
    """What a fleet draws that nobody leads, whatever the transformers' limits.

    Parameters
    ----------
    response_kw
        Power of all EVs in each slot [kW], shape ``(n_slots,)``.
    vehicle_kw
        Power of each [kW], shape ``(n_slots, n_vehicles)``.
    charged_kwh
        Energy that each EV draws from the grid [kWh], shape ``(n_vehicles,)``.
    unserved_kwh
        Energy that each lacks of what it asks for, summed over its departures, and the horizon's end if it is there then [kWh],
        shape ``(n_vehicles,)``.
    soc_end
        State of charge of each in the end, shape ``(n_vehicles,)``.
    """

    response_kw: NDArray[np.float64]
    vehicle_kw: NDArray[np.float64]
    charged_kwh: NDArray[np.float64]
    unserved_kwh: NDArray[np.float64]
    soc_end: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        fleet: Enrolled,
        enough_soc: NDArray[np.float64],
        participation: Participation,
        departures: Departures,
        slot_h: float,
    ) -> "FreeCharging":
        """Let a fleet charge.

        Parameters
        ----------
        fleet
            All EVs.
        enough_soc
            State of charge up to which each charges, shape ``(n_vehicles,)``.
        participation
            Slots, and parts of slots, in which each EV is at the grid.
        departures
            Books of those who leave, in which nobody has left yet; they are filled.
        slot_h
            Slot length.
        """
        soc, rows = fleet.soc.copy(), np.arange(fleet.soc.size)
        charged_kwh = np.zeros(soc.size)
        response_kw, vehicle_kw = np.zeros(len(participation.announced)), np.zeros(participation.announced.shape)
        for slot, there in enumerate(participation.announced):
            hours = np.where(there, participation.hours_of(slot, rows, slot_h), 0.0)
            room_kwh = np.maximum(enough_soc - soc, 0.0) * fleet.capacity_kwh / fleet.efficiency
            drawn_kwh = np.minimum(fleet.power_kw * hours, room_kwh)
            before = soc
            soc = before + drawn_kwh * fleet.efficiency / fleet.capacity_kwh
            charged_kwh += drawn_kwh
            response_kw[slot], vehicle_kw[slot] = drawn_kwh.sum() / slot_h, drawn_kwh / slot_h
            departures.enter(slot, before, soc)
        return cls(response_kw, vehicle_kw, charged_kwh, departures.unserved_kwh, soc)
