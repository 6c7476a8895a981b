"""What EVs that give back draw at the nodes of a feeder."""

import numpy as np
from numpy.typing import NDArray

from environment.feeders.placement import Placement
from runs.feeder_flows import FeederLoads, NetworkRun
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import V2G


def network_of(v2g: V2G, outcome: V2GOutcome) -> NetworkRun | None:
    """Return the power flows of a run; None without a feeder.

    Parameters
    ----------
    v2g
        What was there before anyone decided.
    outcome
        What the run came to.

    Raises
    ------
    FaultyInputError
        If the power flow of the run itself diverges in some slot.
    """
    settings, placement = v2g.scenario.feeder, v2g.placement
    if settings is None or placement is None:
        return None
    run_kw, free_kw = (_ev_kw(placement, kw) for kw in (outcome.track.vehicle_kw, v2g.free_charging.vehicle_kw))
    return NetworkRun.of(FeederLoads(settings, v2g.horizon, placement, v2g.load.actual_kw[None], run_kw, free_kw))


def _ev_kw(placement: Placement, vehicle_kw: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what EVs draw at each node of the one copy [kW], shape ``(1, n_slots, n_nodes)``, from ``(n_slots, n_vehicles)``."""
    slot, vehicle = np.nonzero(vehicle_kw)
    return placement.ev_kw(vehicle, slot, vehicle_kw[slot, vehicle], len(vehicle_kw))[None]
