"""What EVs at home draw at the nodes of a feeder, from their schedules."""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import Schedule
from environment.feeders.placement import NOWHERE
from runs.feeder_flows import FeederLoads, NetworkRun
from runs.homes.part import Homes


def network_of(homes: Homes, schedules: tuple[Schedule, ...]) -> NetworkRun | None:
    """Return the power flows of a run; None without a feeder.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    schedules
        What the EVs did, one a transformer.

    Raises
    ------
    FaultyInputError
        If the power flow of the run's own schedule diverges in some slot.
    """
    settings, placement = homes.scenario.feeder, homes.placement
    if settings is None or placement is None:
        return None
    run_kw, free_kw = (_ev_kw(homes, held) for held in (schedules, homes.free_charging.schedules))
    return NetworkRun.of(FeederLoads(settings, homes.horizon, placement, homes.base_kw, run_kw, free_kw))


def _ev_kw(homes: Homes, schedules: tuple[Schedule, ...]) -> NDArray[np.float64]:
    """Return what EVs draw at each node of each copy [kW], shape ``(n_copies, n_slots, n_nodes)``."""
    placement, n_slots = homes.placement, homes.horizon.n_slots
    assert placement is not None
    ev_kw = np.zeros((len(placement.copies.at), n_slots, len(placement.feeder)))
    for k, copy in enumerate(placement.copies.of[homes.grid.transformer_rows].tolist()):
        if copy != NOWHERE:
            row, slot, power_kw = schedules[k].entries()
            ev_kw[copy] += placement.ev_kw(homes.rows[k][row], slot, power_kw, n_slots)
    return ev_kw
