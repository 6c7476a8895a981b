"""From enrolled EVs to the fleet's problem: who is there, what they keep, and what an optimiser is asked.

The fleet is one battery (paper B, section 2.2): N(t) EVs of the mean power, and the energy of all EVs, also of those that are away. What
EVs of several sizes, or a fleet of which many are away, cannot do of the signal shows as deviation. The fleet stands below all
transformers together, and keeps what the needs of its EVs add up to.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.needs import Needs, mean_soc_kept, soc_kept
from coordination.peak_shaving.problem import PeakShaving, PeakShavingSettings
from coordination.peak_shaving.search import Found, find
from environment.battery import Batteries
from environment.grid import TransformerSettings
from environment.tariffs import Tariff


@dataclass(frozen=True, eq=False)
class Enrolled:
    """EVs that enrolled for the day, as they said; columns ``(n,)``.

    Parameters
    ----------
    power_kw, capacity_kwh, efficiency
        Rated power either way at the grid, battery size, and efficiency each way.
    soc
        State of charge before the first slot.
    announced
        Whether an EV means to be there for the whole slot, shape ``(n_slots, n)``.
    needs
        State of charge that each is to have at departures and in the end.
    """

    power_kw: NDArray[np.float64]
    capacity_kwh: NDArray[np.float64]
    efficiency: NDArray[np.float64]
    soc: NDArray[np.float64]
    announced: NDArray[np.bool_]
    needs: Needs

    @property
    def has_needs(self) -> bool:
        """Whether any EV is to have something at a departure or in the end."""
        return any(bool(np.isfinite(column).any()) for column in self.needs)

    def batteries(self, soc_min: float, soc_max: float) -> Batteries:
        """Return the EVs' batteries before the first slot, between a floor and a ceiling."""
        return Batteries.of(self.soc, self.capacity_kwh, self.power_kw, self.efficiency, soc_min, soc_max)


@dataclass(frozen=True, eq=False)
class Posing:
    """What an aggregator knows beside its EVs to pose the fleet's problem and to have it solved.

    Parameters
    ----------
    settings
        Optimiser, weights, floor and ceiling of the state of charge.
    transformer
        Limits of the transformers above the fleet.
    slot_h
        Slot length.
    search_seed
        Seed of the optimiser; every search begins anew from it.
    """

    settings: PeakShavingSettings
    transformer: TransformerSettings
    slot_h: float
    search_seed: int

    def soc_kept(self, load_kw: NDArray[np.float64], fleet: Enrolled) -> NDArray[np.float64] | None:
        """Return the state of charge that each EV is to have after each slot, ``(n_slots, n)``; None where none needs anything.

        Parameters
        ----------
        load_kw
            Forecast load without EVs [kW], shape ``(n_slots,)``.
        fleet
            EVs that enrolled.
        """
        if not fleet.has_needs:
            return None
        batteries = fleet.batteries(self.settings.soc_min, self.settings.soc_max)
        return soc_kept(fleet.announced, fleet.needs, batteries, self.transformer.room_kw(load_kw)[1], self.slot_h)

    def pose(
        self, load_kw: NDArray[np.float64], tariff: Tariff, fleet: Enrolled, kept: NDArray[np.float64] | None
    ) -> PeakShaving:
        """Return the fleet's problem; that of a fleet of nobody leaves no choice: none of its EVs is ever there.

        Parameters
        ----------
        load_kw
            Load without EVs [kW], shape ``(n_slots,)``.
        tariff
            Prices.
        fleet
            EVs that enrolled.
        kept
            State of charge that each is to have after each slot, as `soc_kept` gives it.
        """
        nobody = fleet.soc.size == 0
        posed = PeakShaving.of(
            load_kw,
            self.slot_h,
            fleet.announced.sum(axis=1).astype(np.float64),
            power_kw=1.0 if nobody else float(fleet.power_kw.mean()),
            capacity_kwh=1.0 if nobody else float(fleet.capacity_kwh.sum()),
            efficiency=1.0 if nobody else float(fleet.efficiency.mean()),
            soc_start=self.settings.soc_min if nobody else float(np.average(fleet.soc, weights=fleet.capacity_kwh)),
            tariff=tariff,
            settings=self.settings,
        ).within(self.transformer.room_kw(load_kw))
        if kept is None:
            return posed
        return posed.keeping(mean_soc_kept(kept, fleet.batteries(self.settings.soc_min, self.settings.soc_max)))

    def find(self, problem: PeakShaving, progress: Callable[[float], None] | None = None) -> Found:
        """Return the signal of a problem; the same at every call.

        Parameters
        ----------
        problem
            The fleet's, as `pose` gives it.
        progress
            Told the part of the search that is done.
        """
        return find(problem, np.random.default_rng(self.search_seed), progress)
