"""What the substation of a region does with its stations' orders: it passes power from slack to crowded stations (region level)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coordination.stations.reports import Orders, Reports
from coordination.stations.triggers import DUST_KW, passed_on


@dataclass(frozen=True, eq=False)
class Passing:
    """Rules of one region, with k stations.

    Parameters
    ----------
    above
        Whether a branch carries what a station draws, shape ``(n_branches, k)``.
    least_kw, most_kw
        Limits of the power granted.
    """

    above: NDArray[np.bool_]
    least_kw: float
    most_kw: float

    def passed(
        self, orders: Orders, reports: Reports, room_kw: NDArray[np.float64], who: NDArray[np.int64]
    ) -> tuple[Orders, float]:
        """Return the orders once power has been passed on, and how much was [kW].

        Parameters
        ----------
        orders, reports
            What some stations are ordered and what they reported, columns of shape ``(q,)``.
        room_kw
            Power that each branch could carry beyond what is drawn, shape ``(n_branches,)``.
        who
            Numbers of these stations within the region, shape ``(q,)``.
        """
        passed = passed_on(
            orders.capacity_kw,
            reports.wanted_kwh / orders.time_h,
            np.maximum(reports.discharge_kw + orders.storage_kw, 0.0),
            least_kw=self.least_kw,
            most_kw=self.most_kw,
            room_kw=room_kw,
            above=self.above[:, who],
        )
        passed_kw = float(np.maximum(passed.capacity_kw - orders.capacity_kw, 0.0).sum())
        if passed_kw <= DUST_KW:
            return orders, passed_kw
        storage_kw = orders.storage_kw + passed.storage_kw
        return orders._replace(capacity_kw=passed.capacity_kw, storage_kw=storage_kw), passed_kw


def may_follow(orders: Orders, passed: Orders, are_heard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which stations may follow what was passed on, shape ``(q,)``: those whose plan came.

    Storage that was to give for others and may not do so leaves them more than the branches above carry: then nobody follows who was to
    get more.

    Parameters
    ----------
    orders, passed
        Orders before and after power was passed on, columns of shape ``(q,)``.
    are_heard
        Whether a plan came from each station, shape ``(q,)``.
    """
    give, get = passed.storage_kw < orders.storage_kw, passed.capacity_kw > orders.capacity_kw
    return are_heard & ~get if (give & ~are_heard).any() else are_heard
