"""The exact reference: peak shaving as a linear programme, solved by HiGHS.

The power of a slot is split into charging and discharging, both at least zero. Where both flow in one slot the programme does more
than a fleet can: it burns energy. So its value is a lower bound of F; where its answer never does both, that answer is a signal of
the fleet, and optimal. Burning can pay where the ceiling binds while power is worth more than what it costs: to fill a valley with
full batteries, or at prices below zero. (f1 and f2 may be convex, the ceiling is not: the state of charge is concave in the signal.)
With an f2 that is not convex burning would pay in every slot, and there is no useful bound. What transformers leave bounds charging and
discharging, each by itself: no signal is lost. What needs ask for bounds the stock from below.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import bmat, csr_array, eye_array

from coordination.peak_shaving.problem import WHOLE, PeakShaving

CLOSE: Final = 1e-6
"""F that is above the bound by no more than this reaches it."""

PRECISE: Final = {"primal_feasibility_tolerance": 1e-9, "dual_feasibility_tolerance": 1e-9}


@dataclass(frozen=True, eq=False)
class Exact:
    """What the linear programme says.

    Parameters
    ----------
    bound
        Lower bound of F.
    signal_kw
        Its answer as a signal, shape ``(n_slots,)``: what is charged less what is discharged, as far as the batteries allow.
    is_optimal
        Whether that signal reaches the bound.
    """

    bound: float
    signal_kw: NDArray[np.float64]
    is_optimal: bool


@dataclass(frozen=True, eq=False)
class _Programme:
    """The programme in units of the largest power: charge, discharge and stock of each slot, highest and lowest load.

    HiGHS takes costs below 1e-7 for none, so neither power nor cost may be in units that grow with the fleet.
    """

    cost: NDArray[np.float64]
    rows: csr_array
    most: NDArray[np.float64]
    stock: csr_array
    begin: NDArray[np.float64]
    bounds: NDArray[np.float64]

    def minimum(self, cost: NDArray[np.float64], within: float | None = None) -> OptimizeResult:
        """Return the point of least cost; `within`: among those whose own cost is no more than this."""
        rows, most = self.rows, self.most
        if within is not None:
            rows, most = bmat([[rows], [csr_array(self.cost[None])]], format="csr"), np.append(most, within)
        return linprog(
            cost,
            A_ub=rows,
            b_ub=most,
            A_eq=self.stock,
            b_eq=self.begin,
            bounds=self.bounds,
            method="highs",
            options=PRECISE,
        )


def solve(problem: PeakShaving) -> Exact | None:
    """Solve the linear programme; None where f2 is not convex, or the programme has no answer.

    Parameters
    ----------
    problem
        Whose F without penalties is minimised over all signals that break nothing.
    """
    if not problem.is_convex:
        return None
    n = problem.load_kw.size
    unit_kw = float(np.floor(problem.available + WHOLE).max()) * problem.power_kw or 1.0
    programme = _pose(problem, unit_kw)
    unit = float(np.abs(programme.cost).max()) or 1.0
    answer = programme.minimum(programme.cost / unit)
    if not answer.success:
        return None
    bound = float(answer.fun) * unit
    found = _signal(problem, answer, unit_kw, bound)
    if not found.is_optimal:
        # Charging and discharging at once may cost nothing; then some other point of the same cost does without.
        flow = np.concatenate([np.ones(2 * n), np.zeros(n + 2)])
        again = programme.minimum(flow, bound + 0.1 * CLOSE * max(1.0, abs(bound)))
        if again.success:
            found = _signal(problem, again, unit_kw, bound)
    return found


def _pose(problem: PeakShaving, unit_kw: float) -> _Programme:
    s, n = problem.settings, problem.load_kw.size
    whole = np.floor(problem.available + WHOLE) * problem.power_kw
    least, most = problem.whole_kw
    by_cost = s.weight_cost * problem.slot_h / problem.cost_max_yuan * unit_kw
    by_load = s.weight_difference / problem.difference_max_kw * unit_kw
    prices = np.concatenate([problem.up_yuan_per_kwh, -problem.down_yuan_per_kwh])
    load = (problem.load_kw - problem.load_kw.mean()) / unit_kw
    one, none, column = eye_array(n, format="csr"), csr_array((n, n)), csr_array(np.ones((n, 1)))
    rows = bmat(
        [
            [one, -one, none, -column, None],  # load + power <= highest
            [-one, one, none, None, column],  # lowest <= load + power
            [one, one, none, None, None],  # no more EVs than there are
        ],
        format="csr",
    )
    held = [[-problem.efficiency * one, one / problem.efficiency, one - eye_array(n, k=-1), csr_array((n, 2))]]
    capacity = problem.capacity_kwh / (unit_kw * problem.slot_h)
    begin = np.zeros(n)
    begin[0] = capacity * problem.soc_start
    stock = capacity * np.column_stack([problem.soc_kept, np.full(n, problem.soc_most)])
    charge, discharge = (np.column_stack([np.zeros(n), power / unit_kw]) for power in (most, -least))
    return _Programme(
        cost=np.concatenate([by_cost * prices, np.zeros(n), [by_load, -by_load]]),
        rows=rows,
        most=np.concatenate([-load, load, whole / unit_kw]),
        stock=bmat(held, format="csr"),
        begin=begin,
        bounds=np.vstack([charge, discharge, stock, [[-np.inf, np.inf]] * 2]),
    )


def _signal(problem: PeakShaving, answer: OptimizeResult, unit_kw: float, bound: float) -> Exact:
    n, (least, most) = problem.load_kw.size, problem.whole_kw
    flow = np.clip((answer.x[:n] - answer.x[n : 2 * n]) * unit_kw, least, most)
    signal = problem.held(flow[None])[0]
    value = float(problem.evaluate(signal[None])[0])
    return Exact(bound, signal, abs(value - bound) <= CLOSE * max(1.0, abs(bound)))
