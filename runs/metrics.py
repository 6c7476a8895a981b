"""The numbers of a run: what the load looks like, and what became of the energy."""

import dataclasses
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.optimum import CLOSED, certify, solve
from coordination.valley_filling.problem import ENERGY_TOLERANCE_KWH, Schedule, cost_kw2
from environment.board import LIMIT_TOLERANCE_KW
from environment.fleets.fleet import Fleet
from runs.world import World


def load_metrics(load_kw: NDArray[np.float64], limit_kw: float) -> dict[str, float | int]:
    """Return the load's key figures.

    Parameters
    ----------
    load_kw
        Total load of each transformer [kW], shape ``(n_transformers, n_slots)``.
    limit_kw
        Limit of each transformer.

    Returns
    -------
    dict
        Peak, valley, their difference and rate (difference per peak), standard deviation over slots: of the sum of all
        transformers. Sum of squares and overloaded slots: over each transformer's own slots.
    """
    total = load_kw.sum(axis=0)
    peak, valley = float(total.max()), float(total.min())
    return {
        "peak_kw": peak,
        "valley_kw": valley,
        "peak_valley_difference_kw": peak - valley,
        "peak_valley_rate": (peak - valley) / peak if peak > 0 else 0.0,
        "load_std_kw": float(total.std()),
        "load_sum_of_squares_kw2": float(np.square(load_kw).sum()),
        "overload_slots": int((load_kw > limit_kw + LIMIT_TOLERANCE_KW).sum()),
    }


ROUNDING: Final = 1e-13
"""Costs that differ by less than this part are equal."""


@dataclass(frozen=True, eq=False)
class EnergyBooks:
    """What became of each EV's need; every column ``(n_vehicles,)``.

    Parameters
    ----------
    booked_kwh
        Taken from the grid, or reserved there where whole slots are booked.
    delivered_kwh
        Into the battery; never more than it has room for.
    unserved_kwh
        Asked for and not delivered.
    """

    booked_kwh: NDArray[np.float64]
    delivered_kwh: NDArray[np.float64]
    unserved_kwh: NDArray[np.float64]

    @classmethod
    def of(
        cls, fleet: Fleet, rows: tuple[NDArray[np.int64], ...], schedules: tuple[Schedule, ...], slot_h: float
    ) -> "EnergyBooks":
        """Close the books of a fleet whose rows are spread over transformers."""
        booked = np.zeros(len(fleet))
        for own_rows, schedule in zip(rows, schedules, strict=True):
            booked[own_rows] = schedule.power_sum_kw() * slot_h
        delivered = np.minimum(booked * fleet.efficiency, fleet.room_kwh)
        # An exact need met but for rounding is met.
        met = np.abs(delivered - fleet.energy_kwh) <= ENERGY_TOLERANCE_KWH
        delivered = np.where(met, fleet.energy_kwh, delivered)
        return cls(booked, delivered, np.maximum(fleet.energy_kwh - delivered, 0.0))

    def metrics(self, fleet: Fleet) -> dict[str, float]:
        """Return the sums."""
        return {
            "energy_requested_kwh": float(fleet.energy_kwh.sum()),
            "energy_delivered_kwh": float(self.delivered_kwh.sum()),
            "unserved_kwh": float(self.unserved_kwh.sum()),
        }


def optimality(
    world: World, schedules: tuple[Schedule, ...], free_schedules: tuple[Schedule, ...]
) -> dict[str, float | str | bool | None]:
    """Return the distance to the provable optimum, for the load as it came.

    Parameters
    ----------
    world
        Problems and actual loads.
    schedules
        One a transformer.
    free_schedules
        Of free charging.

    Returns
    -------
    dict
        ``optimality_gap``: (V - V*) / (V_free - V*), with V the cost (`cost_kw2`) and V* the lower bound of what any schedule
        can reach; None where free charging is optimal. ``optimum_kind``: "exact" where a schedule is known to reach that
        bound, else "bound"; then ``optimum_bracket`` is the gap of the best schedule known. ``certified``: whether the run's
        own schedule is proven optimal. ``optimum_unserved_kwh``: what the best schedule known leaves unserved, least of all
        where the optimum is exact. A method of continuous powers is held against the bound of continuous powers.
    """
    whole = world.coordinator.keeps_whole_slots
    problems = [
        dataclasses.replace(problem, base_kw=load.actual_kw, whole=problem.whole and whole)
        for problem, load in zip(world.problems, world.loads, strict=True)
    ]
    optima = [solve(problem) for problem in problems]
    books = EnergyBooks.of(world.fleet, world.rows, tuple(optimum.schedule for optimum in optima), world.horizon.slot_h)
    best = sum(optimum.bound_kw2 for optimum in optima)
    reached = sum(optimum.cost_kw2 for optimum in optima)
    cost = sum(cost_kw2(problem, schedule) for problem, schedule in zip(problems, schedules, strict=True))
    free = sum(cost_kw2(problem, schedule) for problem, schedule in zip(problems, free_schedules, strict=True))
    return {
        "optimality_gap": gap_of(cost, best, free),
        "optimum_kind": "exact" if all(optimum.kind == "exact" for optimum in optima) else "bound",
        "certified": all(certify(problem, schedule) for problem, schedule in zip(problems, schedules, strict=True)),
        "optimum_bracket": gap_of(reached, best, free),
        "cost_kw2": cost,
        "free_cost_kw2": free,
        "optimum_kw2": reached,
        "optimum_bound_kw2": best,
        "optimum_unserved_kwh": float(books.unserved_kwh.sum()),
    }


def gap_of(cost_kw2: float, best_kw2: float, free_kw2: float) -> float | None:
    """Return the part of what an optimum would gain on free charging that is lost; None where there is nothing to gain.

    Parameters
    ----------
    cost_kw2, best_kw2, free_kw2
        Cost of a schedule, least possible cost, and cost of free charging.
    """
    gain, lost = free_kw2 - best_kw2, cost_kw2 - best_kw2
    if gain <= CLOSED * best_kw2:
        return None
    return 0.0 if abs(lost) <= ROUNDING * best_kw2 else lost / gain
