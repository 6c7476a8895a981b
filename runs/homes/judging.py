"""What became of the energy of EVs at home, and how far their schedules are from the provable optimum."""

import dataclasses
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.optimum import CLOSED, certify, is_feasible, solve
from coordination.valley_filling.problem import Schedule, ValleyFilling, cost_kw2
from coordination.valley_filling.stays import ENERGY_TOLERANCE_KWH
from environment.fleets.fleet import Fleet
from environment.pheromone_board import LIMIT_TOLERANCE_KW
from runs.homes.departures import delivered_kwh
from runs.homes.part import Homes
from runs.metrics import gap_of


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
        delivered = np.zeros(len(fleet))
        for own_rows, schedule in zip(rows, schedules, strict=True):
            booked[own_rows] = schedule.power_sum_kw() * slot_h
            delivered[own_rows] = delivered_kwh(fleet, own_rows, booked[own_rows])
        return cls(booked, delivered, np.maximum(fleet.energy_kwh - delivered, 0.0))

    def shares(self, fleet: Fleet) -> NDArray[np.float64]:
        """Return what each EV got of what it asked for, at its first stay; missing at others and where nothing was asked for.

        Shape ``(n_stays,)``; all stays of an EV are taken together.
        """
        columns = (fleet.energy_kwh, np.minimum(self.delivered_kwh, fleet.energy_kwh))
        asked_kwh, got_kwh = (np.bincount(fleet.first_row, column, minlength=len(fleet)) for column in columns)
        share: NDArray[np.float64] = np.full(len(fleet), np.nan)
        return np.divide(got_kwh, asked_kwh, out=share, where=asked_kwh > ENERGY_TOLERANCE_KWH)

    def metrics(self, fleet: Fleet) -> dict[str, float | int | None]:
        """Return the sums, and how evenly the EVs that asked for energy got theirs, all stays of an EV taken together.

        Returns
        -------
        dict
            ``vehicles_with_need``, ``vehicles_served``, ``vehicles_with_nothing``: EVs that asked for energy, that got all of
            it, and none of it.
            ``delivered_share_p05``, ``delivered_share_p50``: of what was delivered as a part of what was asked for, the 5 %
            quantile of the EVs and the median. ``delivered_share_jain``: Jain's index of these parts, 1 if all are alike and
            1/n if one of n EVs got all. None where nobody asked, or nobody got anything.
        """
        columns = (fleet.energy_kwh, np.minimum(self.delivered_kwh, fleet.energy_kwh), self.unserved_kwh)
        asked_kwh, got_kwh, lacking_kwh = (np.bincount(fleet.first_row, column) for column in columns)
        needy = asked_kwh > ENERGY_TOLERANCE_KWH
        share = self.shares(fleet)
        share = share[~np.isnan(share)]
        squares = float(np.square(share).sum())
        return {
            "energy_requested_kwh": float(fleet.energy_kwh.sum()),
            "energy_delivered_kwh": float(self.delivered_kwh.sum()),
            "unserved_kwh": float(self.unserved_kwh.sum()),
            "vehicles_with_need": int(needy.sum()),
            "vehicles_served": int((lacking_kwh[needy] <= ENERGY_TOLERANCE_KWH).sum()),
            "vehicles_with_nothing": int((got_kwh[needy] <= ENERGY_TOLERANCE_KWH).sum()),
            "delivered_share_p05": float(np.quantile(share, 0.05)) if share.size else None,
            "delivered_share_p50": float(np.quantile(share, 0.5)) if share.size else None,
            "delivered_share_jain": float(share.sum()) ** 2 / (share.size * squares) if squares > 0 else None,
        }


def judging(homes: Homes, transformer: int) -> ValleyFilling:
    """Return the problem by which schedules are judged: with the load as it came, and powers that split if the method's do.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    transformer
        Whose problem it is.
    """
    posed, actual_kw = homes.problems[transformer], homes.loads[transformer].actual_kw
    return dataclasses.replace(posed, base_kw=actual_kw, whole=posed.whole and homes.coordinator.keeps_whole_slots)


@dataclass(frozen=True, eq=False)
class Judged:
    """What one transformer's schedule costs for the load as it came, and what free charging would have.

    Parameters
    ----------
    problem
        The problem by which it is judged: with the actual load; of whole slots if the schedule is one of whole slots.
    ev_kw
        Load of the schedule [kW], shape ``(n_slots,)``.
    cost_kw2, free_kw2
        Cost of the schedule (`cost_kw2`) and of free charging.
    """

    problem: ValleyFilling
    ev_kw: NDArray[np.float64]
    cost_kw2: float
    free_kw2: float

    @classmethod
    def of(cls, homes: Homes, transformer: int, schedule: Schedule) -> Self:
        """Judge a transformer's schedule."""
        problem = judging(homes, transformer)
        if problem.whole and not is_feasible(problem, schedule):  # a controller died in the midst of a slot
            problem = dataclasses.replace(problem, whole=False)
        ev_kw = schedule.load_kw()
        cost = cost_kw2(problem, schedule, ev_kw=ev_kw)
        return cls(problem, ev_kw, cost, cost_kw2(problem, homes.free_charging.schedules[transformer]))


@dataclass(frozen=True)
class Distance:
    """How far one transformer's schedule is from the provable optimum, for the load as it came.

    Parameters
    ----------
    cost_kw2, free_kw2
        Cost of the schedule (`cost_kw2`) and of free charging.
    optimum_kw2, bound_kw2
        Cost of the best schedule known, and what no schedule can be below.
    exact, certified
        Whether those two are known to be equal, and whether the schedule itself is proven optimal.
    optimum_unserved_kwh
        What the best schedule known leaves unserved.
    ripple_kw
        Largest less smallest load in the valley: the slots that the optimum fills by at least half of its most.
    """

    cost_kw2: float
    free_kw2: float
    optimum_kw2: float
    bound_kw2: float
    exact: bool
    certified: bool
    optimum_unserved_kwh: float
    ripple_kw: float

    @classmethod
    def of(cls, homes: Homes, transformer: int, schedule: Schedule) -> Self:
        """Hold a transformer's schedule against its optimum; a method of continuous powers against that of those.

        Raises
        ------
        ArithmeticError
            If the schedule costs less than what is proven to be the least: one of the two is wrong.
        """
        judged = Judged.of(homes, transformer, schedule)
        problem, cost, free_kw2 = judged.problem, judged.cost_kw2, judged.free_kw2
        start = schedule if cost < free_kw2 else None  # what saves nothing is further than nothing at all
        if start is None and problem.whole and not problem.has_unit_slots:
            start = homes.free_charging.schedules[transformer]  # but no best schedule known may cost more than another
        optimum = solve(problem, start, within=homes.scenario.run.optimum_within, free_kw2=free_kw2)
        rounding = CLOSED * abs(optimum.bound_kw2) + 2 * problem.top_kw * LIMIT_TOLERANCE_KW * problem.n_slots
        if cost - optimum.bound_kw2 < -rounding:
            name = homes.grid.transformers[transformer]
            found = f"costs {cost:.12g} kW2, less than the least possible {optimum.bound_kw2:.12g} kW2"
            raise ArithmeticError(f"the schedule below {name} {found}: one of the two is wrong")
        rows = homes.rows[transformer]
        booked_kwh = optimum.schedule.power_sum_kw() * problem.slot_h
        lacking_kwh = homes.fleet.energy_kwh[rows] - delivered_kwh(homes.fleet, rows, booked_kwh)
        filled_kw = optimum.ev_kw
        valley = (problem.base_kw + judged.ev_kw)[filled_kw >= filled_kw.max() / 2]
        return cls(
            cost_kw2=cost,
            free_kw2=free_kw2,
            optimum_kw2=optimum.cost_kw2,
            bound_kw2=min(optimum.bound_kw2, cost),
            exact=optimum.kind == "exact",
            certified=cost - optimum.cost_kw2 <= CLOSED * cost and certify(problem, schedule, optimum),
            optimum_unserved_kwh=float(np.maximum(lacking_kwh, 0.0).sum()),
            ripple_kw=float(np.ptp(valley)) if filled_kw.any() else 0.0,
        )


WORTH_A_THREAD: Final = 1000
"""EVs a transformer from which on threads are faster: below, what is not compiled takes turns, and longer."""


def distances_of(homes: Homes, schedules: tuple[Schedule, ...]) -> tuple[Distance, ...]:
    """Hold each transformer's schedule against its optimum, in threads: the work is compiled and leaves the interpreter free.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    schedules
        One a transformer.
    """
    _ = homes.problems, homes.rows, homes.free_charging  # built once, here: not by each thread
    many = len(schedules) > 1 and len(homes.fleet) >= WORTH_A_THREAD * len(schedules)
    with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) if many else 1) as threads:
        return tuple(threads.map(partial(Distance.of, homes), range(len(schedules)), schedules))


def optimality(distances: Iterable[Distance]) -> dict[str, float | str | bool | None]:
    """Return the distance to the provable optimum, for all transformers together.

    Returns
    -------
    dict
        ``optimality_gap``: (V - V*) / (V_free - V*), with V the cost (`cost_kw2`) and V* the lower bound of what any schedule
        can reach; None where free charging is optimal. ``optimum_kind``: "exact" where a schedule is known to reach that
        bound, else "bound"; then ``optimum_bracket`` is the gap of the best schedule known. ``certified``: whether the run's
        own schedule is proven optimal. ``optimum_unserved_kwh``: what the best schedule known leaves unserved, least of all
        where the optimum is exact. ``valley_ripple_kw``: the largest of any transformer.
    """
    each = list(distances)
    best = sum(one.bound_kw2 for one in each)
    reached = sum(one.optimum_kw2 for one in each)
    cost, free = costs_of(each).values()
    return {
        "valley_ripple_kw": max(one.ripple_kw for one in each),
        "optimality_gap": gap_of(cost, best, free),
        "optimum_kind": "exact" if all(one.exact for one in each) else "bound",
        "certified": all(one.certified for one in each),
        "optimum_bracket": gap_of(reached, best, free),
        "optimum_kw2": reached,
        "optimum_bound_kw2": best,
        "optimum_unserved_kwh": sum(one.optimum_unserved_kwh for one in each),
    }


def costs_of(judged: Iterable[Judged | Distance]) -> dict[str, float]:
    """Return what the schedules and free charging cost, for all transformers together: ``cost_kw2``, ``free_cost_kw2``."""
    each = list(judged)
    return {"cost_kw2": sum(one.cost_kw2 for one in each), "free_cost_kw2": sum(one.free_kw2 for one in each)}
