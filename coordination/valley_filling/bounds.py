r"""Lower bounds: costs that no schedule can go below, by prices of slots.

A slot's price is told as the load [kW] at which it would be the slope of that slot's squared load: half of it.
"""

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import ValleyFilling
from coordination.valley_filling.stays import Stays, most_kw, stay_of
from environment.compiled import compiled


def lower_bound_kw2(problem: ValleyFilling, price_kw: NDArray[np.float64]) -> float:
    r"""Return a cost that no schedule can go below, by any prices of slots, such as a load vector.

    Lagrangian duality: for any prices :math:`\lambda_h = 2 y_h`, the optimum is at least
    :math:`\sum_h (\lambda_h P^{base}_h - f^*_h(\lambda_h))` plus each EV's cheapest way to meet its need at those prices,
    where leaving out has its price. :math:`f^*_h(\lambda) = \max_L (\lambda L - f_h(L))` is the conjugate of what a slot's
    load costs: :math:`\lambda^2 / 4` of its square, less where the slot's own limit is the lower (`Caps`). With the optimal
    prices it is the optimum itself.

    Parameters
    ----------
    problem
        Base load, limits and needs.
    price_kw
        Any prices [kW], shape ``(n_slots,)``; the nearer to the optimal ones, the better the bound.
    """
    cheapest = _cheapest_kw2(problem.order, price_kw, problem.unserved_price_kw, problem.stays)
    never = np.ones(problem.n_vehicles, dtype=bool)
    never[problem.order] = False
    left_out = problem.unserved_price_kw * problem.need_kwh[never].sum() / problem.slot_h
    if problem.has_one_limit:
        slots = 2 * price_kw * problem.base_kw - np.square(price_kw)
    else:
        cap_kw, excess_price_kw = problem.caps()
        load_kw = np.clip(cap_kw, price_kw - excess_price_kw / 2, price_kw)  # the slot's cheapest at its price
        excess = excess_price_kw * np.maximum(load_kw - cap_kw, 0.0)
        slots = 2 * price_kw * (problem.base_kw - load_kw) + np.square(load_kw) + excess
    return float(slots.sum() + cheapest + left_out)


@compiled
def _cheapest_kw2(
    rows: NDArray[np.int64],
    load_kw: NDArray[np.float64],
    unserved_price_kw: float,
    stays: Stays,
) -> float:
    total = 0.0
    by_load = np.argsort(load_kw)
    longest = 0
    for i in rows:
        longest = max(longest, stays.stop_slot[i] - stays.first_slot[i])
    near = by_load[:0]  # the slots from `begin` to `end` by load: those of this stay, and of the next ones to plug in
    begin = end = 0
    for i in rows:
        stay, stop_slot = stay_of(stays, i), stays.stop_slot[i]
        left = stay.need_kwh / stay.slot_h
        if stay.first_slot < begin or stop_slot > end:
            begin, end = stay.first_slot, stay.first_slot + 2 * longest
            near = by_load[(by_load >= begin) & (by_load < end)]
        for h in near:
            if left <= 0.0 or 2.0 * load_kw[h] >= unserved_price_kw:
                break
            if stay.first_slot <= h < stop_slot:
                power = min(most_kw(stay, h), left)
                total += 2.0 * load_kw[h] * power
                left -= power
        total += unserved_price_kw * left
    return total


def one_price(load_kw: NDArray[np.float64], near_kw: float) -> NDArray[np.float64]:
    """Return loads of which those that lie near each other are replaced by their mean [kW], shape ``(n_slots,)``.

    Parameters
    ----------
    load_kw
        Loads [kW], shape ``(n_slots,)``.
    near_kw
        Largest difference between neighbours, by size, that are taken together.
    """
    order = np.argsort(load_kw, kind="stable")
    group = np.concatenate([[0], np.cumsum(np.diff(load_kw[order]) > near_kw)])
    mean_kw = np.bincount(group, weights=load_kw[order]) / np.bincount(group)
    prices_kw = np.empty_like(load_kw)
    prices_kw[order] = mean_kw[group]
    return prices_kw


def bound_near_kw2(problem: ValleyFilling, price_kw: NDArray[np.float64], part: float) -> float:
    """Return the lower bound at one price for prices that lie within a part of the largest of each other.

    Parameters
    ----------
    problem, price_kw
        As in `lower_bound_kw2`.
    part
        Part of the largest price.
    """
    return lower_bound_kw2(problem, one_price(price_kw, part * float(np.abs(price_kw).max())))
