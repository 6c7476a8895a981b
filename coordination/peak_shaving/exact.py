"""The exact reference: peak shaving as a linear programme, solved by HiGHS.

The power of a slot is split into charging and discharging, both at least zero. Where both may flow in one slot at once the
programme allows more than the fleet can do, so its value is a lower bound of F; where its answer never does both, that answer
is a signal of the fleet, and optimal. With an f2 that is not convex the split would only ever gain, and there is no bound.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import bmat, csr_array, eye_array

from coordination.peak_shaving.problem import PeakShaving

TOLERANCE_KW = 1e-6


@dataclass(frozen=True, eq=False)
class Exact:
    """What the linear programme says.

    Parameters
    ----------
    bound
        Lower bound of F.
    signal_kw
        Its answer as a signal, shape ``(n_slots,)``: what is charged less what is discharged.
    is_optimal
        Whether that signal is feasible and reaches the bound.
    """

    bound: float
    signal_kw: NDArray[np.float64]
    is_optimal: bool


def solve(problem: PeakShaving) -> Exact | None:
    """Solve the linear programme; None where f2 is not convex, or the programme has no answer.

    Parameters
    ----------
    problem
        Whose F without penalties is minimised over all signals that break nothing.
    """
    if not problem.is_convex:
        return None
    s, n = problem.settings, problem.load_kw.size
    whole = np.floor(problem.available + TOLERANCE_KW) * problem.power_kw  # as many EVs as there are, whole ones
    scale = s.weight_cost * problem.slot_h / problem.cost_max_yuan
    by_load = s.weight_difference / problem.difference_max_kw
    cost = np.concatenate([scale * problem.up_yuan_per_kwh, -scale * problem.down_yuan_per_kwh, [by_load, -by_load]])
    one, column = eye_array(n, format="csr"), csr_array(np.ones((n, 1)))
    store = csr_array(np.tril(np.full((n, n), problem.slot_h / problem.capacity_kwh)))
    inward, outward = store * problem.efficiency, store / problem.efficiency
    rows = bmat(
        [
            [one, -one, -column, None],  # load + power <= highest
            [-one, one, None, column],  # lowest <= load + power
            [one, one, None, None],  # no more EVs than there are
            [inward, -outward, None, None],  # the ceiling
            [-inward, outward, None, None],  # the floor
        ],
        format="csr",
    )
    ceiling = max(s.soc_max, problem.soc_start) - problem.soc_start
    floor = problem.soc_start - min(s.soc_min, problem.soc_start)
    most = np.concatenate([-problem.load_kw, problem.load_kw, whole, np.full(n, ceiling), np.full(n, floor)])
    bounds = [(0.0, top) for top in whole.tolist()] * 2 + [(None, None)] * 2
    answer = linprog(cost, A_ub=rows, b_ub=most, bounds=bounds, method="highs")
    if not answer.success:
        return None
    charge, discharge = answer.x[:n], answer.x[n : 2 * n]
    signal = np.clip(charge - discharge, -whole, whole)
    value = float(problem.evaluate(signal[None])[0])
    reaches = value <= answer.fun + 1e-6 * max(1.0, abs(answer.fun))
    return Exact(float(answer.fun), signal, bool(reaches))
