"""Schedules as tables, for laws that hold for every coordinator."""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import Schedule, ValleyFilling


def dense(schedule: Schedule, n_vehicles: int) -> NDArray[np.float64]:
    table = np.zeros((n_vehicles, schedule.n_slots))
    row, slot, power = schedule.entries()
    table[row, slot] = power
    return table


def usable(problem: ValleyFilling) -> NDArray[np.float64]:
    """Mean power that each stay allows in each slot [kW], shape (n_vehicles, n_slots), from the stays alone."""
    edges = np.arange(problem.n_slots + 1) * problem.slot_h
    covered = np.minimum(problem.plug_out_h[:, None], edges[1:]) - np.maximum(problem.plug_in_h[:, None], edges[:-1])
    part = np.clip(covered / problem.slot_h, 0, 1)
    if problem.whole:
        part = np.where(part > 1 - 1e-9, 1.0, 0.0)
    return part * problem.power_kw[:, None]


def unserved_had_no_room(problem: ValleyFilling, schedule: Schedule) -> bool:
    """Whether no EV that lacks energy has room left in its stay, under its power and the limit."""
    table = dense(schedule, problem.n_vehicles)
    lacking = problem.need_kwh - table.sum(axis=1) * problem.slot_h > 1e-6
    headroom = problem.limit_kw - problem.base_kw - table.sum(axis=0)
    left = usable(problem) - table
    for i in np.flatnonzero(lacking):
        if problem.whole:
            free = (left[i] >= problem.power_kw[i]) & (headroom >= problem.power_kw[i] + 1e-6)
        else:
            free = np.minimum(left[i], headroom) > 1e-5
        if free.any():
            return False
    return True
