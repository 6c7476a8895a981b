"""Who poses a slot's problem from what stations report, and looks for its schedule."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coordination.stations.network import ByPowerFlow, Coefficients
from coordination.stations.problem import Evaluator, Limits, StationScheduling
from coordination.stations.reports import Reports
from coordination.stations.search import Found, find
from coordination.stations.settings import SchedulingSettings
from environment.grid.state import GridState
from environment.station_sites import Stations, StationsSettings


@dataclass(frozen=True, eq=False)
class SlotPlanner:
    """The optimiser of the control centre, slot by slot.

    Parameters
    ----------
    stations, settings
        Columns of the stations, and their section of the scenario.
    scheduling
        Settings of the search.
    state
        The feeder under its base load.
    limits
        Limits that the constraints hold every station to.
    price_yuan_per_kwh
        Price of energy in each slot, shape ``(n_slots,)``.
    time_weights
        Weight of each slot in the satisfaction of visitors, shape ``(n_slots,)``.
    search_seeds
        Seeds of the optimiser, one a slot: what happens in one slot changes no draw of the next, shape ``(n_slots,)``.
    """

    stations: Stations
    settings: StationsSettings
    scheduling: SchedulingSettings
    state: GridState
    limits: Limits
    price_yuan_per_kwh: NDArray[np.float64]
    time_weights: NDArray[np.float64]
    search_seeds: NDArray[np.int64]

    def pose(self, slot: int, reports: Reports, storage_kw: NDArray[np.float64]) -> StationScheduling:
        """Pose the problem of a slot.

        Parameters
        ----------
        slot
            Number of the slot.
        reports
            What all stations report.
        storage_kw
            Power that storage draws at each station, shape ``(n_stations,)``.
        """
        s, stations = self.settings, self.stations
        base_kw = self.state.base[0][slot]
        evaluator: Evaluator = Coefficients(float(base_kw.sum() - base_kw[stations.node].sum()))
        if self.scheduling.evaluator == "powerflow":
            evaluator = ByPowerFlow(self.state, slot)
        return StationScheduling(
            slot_h=self.state.horizon.slot_h,
            plugged=reports.plugged,
            wanted_kwh=reports.wanted_kwh,
            queued=reports.queued,
            queued_kwh=reports.queued_kwh,
            base_kw=base_kw[stations.node],
            storage_kw=storage_kw,
            lent_kw=reports.lent_kw,
            region=stations.region,
            region_weights=np.array(s.region_weights),
            time_weight=float(self.time_weights[slot]),
            price_yuan_per_kwh=float(self.price_yuan_per_kwh[slot]),
            supply_kw=self.state.most_kw,
            storage_efficiency=s.storage_efficiency,
            places=stations.places,
            rated_v=stations.rated_v,
            idle_v=self.state.idle_v,
            limits=self.limits,
            settings=self.scheduling,
            evaluator=evaluator,
        )

    def find(self, problem: StationScheduling, slot: int, progress: Callable[[float], None] | None = None) -> Found:
        """Find the schedule of a slot's problem; the same at every call.

        Parameters
        ----------
        problem
            As `pose` gives it.
        slot
            Number of the slot.
        progress
            Told the part of the slot's search that is done.
        """
        return find(problem, np.random.default_rng(self.search_seeds[slot]), progress)
