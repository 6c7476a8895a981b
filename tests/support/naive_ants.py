"""Paper A's planning, written once more as plainly as can be: the oracle for the compiled ants."""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import ValleyFilling


def naive_plan(problem: ValleyFilling, batch_size: int) -> NDArray[np.float64]:
    """Power of every EV in every slot [kW], shape (n_vehicles, n_slots), by sorting slots as the paper does."""
    schedule = np.zeros((problem.n_vehicles, problem.n_slots))
    load = problem.base_kw.copy()
    copy = load.copy()
    for count, i in enumerate(problem.order, start=1):
        chosen = _choose(problem, int(i), copy)
        if ((chosen > 0) & (load + chosen > problem.limit_kw + 1e-6)).any():
            chosen = _choose(problem, int(i), load)
        schedule[i] = chosen
        load += chosen
        if count % batch_size == 0:
            copy = load.copy()
    return schedule


def _choose(problem: ValleyFilling, i: int, load: NDArray[np.float64]) -> NDArray[np.float64]:
    slot_h, power = problem.slot_h, problem.power_kw[i]
    slots = np.arange(problem.first_slot[i], problem.stop_slot[i])
    depth = np.where(load[slots] < problem.limit_kw[slots], problem.top_kw - load[slots], -np.inf)
    chosen = np.zeros(problem.n_slots)
    need = problem.need_kwh[i]
    for slot in slots[np.argsort(-depth, kind="stable")]:
        room = problem.limit_kw[slot] - load[slot]
        covered = min(problem.plug_out_h[i], (slot + 1) * slot_h) - max(problem.plug_in_h[i], slot * slot_h)
        usable = power * min(1.0, covered / slot_h)
        take = (power if room >= power else 0.0) if problem.whole else min(usable, room, need / slot_h)
        if need > 1e-9 and take > 0:
            chosen[slot] = take
            need -= take * slot_h
    return chosen
