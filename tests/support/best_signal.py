"""Peak shaving once more as a programme of whole numbers, in which a slot charges or discharges: the oracle for the linear one."""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from coordination.peak_shaving.problem import PeakShaving


def least_fitness(problem: PeakShaving) -> float:
    """Return the least F of all signals of the fleet, f2 being convex."""
    s, n = problem.settings, problem.load_kw.size
    unit_kw = float((np.floor(problem.available + 1e-6) * problem.power_kw).max()) or 1.0
    most = np.floor(problem.available + 1e-6) * problem.power_kw / unit_kw
    load = (problem.load_kw - problem.load_kw.mean()) / unit_kw
    per_soc = problem.capacity_kwh / problem.slot_h / unit_kw
    start, efficiency = problem.soc_start, problem.efficiency
    one, none, up_to = np.eye(n), np.zeros((n, n)), np.tril(np.ones((n, n)))
    ones, zeros = np.ones((n, 1)), np.zeros((n, 1))
    # Columns: charged, discharged, whether the slot charges, highest and lowest load.
    rows = [
        (np.hstack([one, -one, none, -ones, zeros]), -np.inf, -load),
        (np.hstack([one, -one, none, zeros, -ones]), -load, np.inf),
        (np.hstack([one, none, -np.diag(most), zeros, zeros]), -np.inf, 0.0),
        (np.hstack([none, one, np.diag(most), zeros, zeros]), -np.inf, most),
        (np.hstack([one, -one, none, zeros, zeros]), problem.room_kw[0] / unit_kw, problem.room_kw[1] / unit_kw),
        (
            np.hstack([efficiency * up_to, -up_to / efficiency, none, zeros, zeros]),
            per_soc * (np.maximum(problem.soc_kept, min(s.soc_min, start)) - start),
            per_soc * (max(s.soc_max, start) - start),
        ),
    ]
    by_cost = s.weight_cost * problem.slot_h / problem.cost_max_yuan * unit_kw
    by_load = s.weight_difference / problem.difference_max_kw * unit_kw
    cost = np.concatenate(
        [by_cost * problem.up_yuan_per_kwh, -by_cost * problem.down_yuan_per_kwh, np.zeros(n), [by_load, -by_load]]
    )
    unit = float(np.abs(cost).max()) or 1.0
    found = milp(
        cost / unit,
        integrality=np.repeat([0, 1, 0], [2 * n, n, 2]),
        bounds=Bounds(
            np.repeat([0.0, -np.inf], [3 * n, 2]), np.concatenate([most, most, np.ones(n), [np.inf, np.inf]])
        ),
        constraints=[LinearConstraint(*row) for row in rows],
        options={"mip_rel_gap": 1e-9},
    )
    assert found.success
    return float(found.fun) * unit
