"""One slot of a fleet that follows its signal: who must charge, groups, shares, and a record of what came of it."""

from dataclasses import dataclass
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.grouping import first_centroids
from coordination.peak_shaving.power_sharing import TACTICS, GroupingSettings, group, share
from environment.battery import Limits

ANY_ROOM: Final = (-np.inf, np.inf)
"""Least and most power where no transformer bounds them [kW]."""


class Dispatch(NamedTuple):
    """What EVs are asked to do in a slot: power [kW] and group of each, ``(n,)``, and the signal of each group [kW]."""

    power_kw: NDArray[np.float64]
    labels: NDArray[np.int8]
    group_kw: NDArray[np.float64]


class Dispatcher:
    """Shares a fleet's signal slot after slot; keeps the groups' centroids from one to the next.

    Parameters
    ----------
    settings
        The tactic.
    """

    def __init__(self, settings: GroupingSettings) -> None:
        self.settings = settings
        self.tactic = TACTICS[settings.tactic]
        self._centroids: NDArray[np.float64] | None = None

    def dispatch(
        self,
        signal_kw: float,
        soc: NDArray[np.float64],
        rated_kw: NDArray[np.float64],
        limits: Limits,
        room_kw: tuple[float, float] = ANY_ROOM,
    ) -> Dispatch:
        """Group the EVs that are there and share the fleet's signal among them.

        EVs that must charge come first; the others make up for it, as far as they can. What all charge and what all give back
        each keep within the room, so that an EV that leaves in the slot takes nobody beyond a limit.

        Parameters
        ----------
        signal_kw
            Signal of the fleet [kW]; positive charges.
        soc, rated_kw, limits
            State of charge, rated power, and what each can take and give, shape ``(n,)``.
        room_kw
            Least (at most 0) and most power (at least 0) that the transformers leave the fleet [kW].
        """
        if self._centroids is None and soc.size:
            self._centroids = first_centroids(soc, self.tactic.groups)
        labels = np.zeros(0, dtype=np.int8) if self._centroids is None else group(soc, self.tactic, self._centroids)
        least_kw, most_kw = room_kw
        must_kw = np.maximum(-limits.discharge_kw, 0.0)
        forced_kw = float(must_kw.sum())
        if forced_kw == 0.0:
            asked_kw = min(max(signal_kw, least_kw), most_kw)
            power_kw, group_kw = share(asked_kw, soc, rated_kw, limits, labels, self.settings)
            return Dispatch(power_kw, labels, group_kw)
        if forced_kw > most_kw:  # each falls back by the same part, and so must more in the next slot
            must_kw *= most_kw / forced_kw
            forced_kw = most_kw
        rest = Limits(limits.charge_kw - must_kw, np.maximum(limits.discharge_kw, 0.0))
        asked_kw = max(min(signal_kw, most_kw) - forced_kw, least_kw)
        power_kw, group_kw = share(asked_kw, soc, rated_kw, rest, labels, self.settings)
        return Dispatch(must_kw + power_kw, labels, group_kw + np.bincount(labels, must_kw, group_kw.size))


@dataclass(eq=False)
class Track:
    """What happened in each slot.

    Parameters
    ----------
    signal_kw, response_kw
        What the fleet was asked for and what it did, shape ``(n_slots,)``.
    present
        EVs that were there at the slot's beginning, shape ``(n_slots,)``.
    group_vehicles
        How many of them in each group, shape ``(n_slots, groups)``.
    group_kw, group_response_kw
        Signal and response of each group, shape ``(n_slots, groups)``.
    vehicle_kw
        What each EV did, shape ``(n_slots, n_vehicles)``.
    soc_mean, soc_std_before, soc_std_after
        Mean state of charge of each group, and its standard deviation before and after the slot; NaN where there is nobody,
        shape ``(n_slots, groups)``.
    """

    signal_kw: NDArray[np.float64]
    response_kw: NDArray[np.float64]
    present: NDArray[np.int64]
    group_vehicles: NDArray[np.int64]
    group_kw: NDArray[np.float64]
    group_response_kw: NDArray[np.float64]
    vehicle_kw: NDArray[np.float64]
    soc_mean: NDArray[np.float64]
    soc_std_before: NDArray[np.float64]
    soc_std_after: NDArray[np.float64]

    @classmethod
    def empty(cls, n_slots: int, groups: int, n_vehicles: int) -> Self:
        """Return a track in which nothing has happened yet."""
        by_group = [np.full((n_slots, groups), np.nan) for _ in range(3)]
        return cls(
            np.zeros(n_slots),
            np.zeros(n_slots),
            np.zeros(n_slots, np.int64),
            np.zeros((n_slots, groups), np.int64),
            np.zeros((n_slots, groups)),
            np.zeros((n_slots, groups)),
            np.zeros((n_slots, n_vehicles)),
            *by_group,
        )

    def enter(
        self,
        slot: int,
        signal_kw: float,
        asked: Dispatch,
        rows: NDArray[np.int64],
        response_kw: NDArray[np.float64],
        before: NDArray[np.float64],
        after: NDArray[np.float64],
    ) -> None:
        """Enter a slot.

        Parameters
        ----------
        slot
            Number of the slot.
        signal_kw
            Signal of the fleet [kW].
        asked
            What EVs were asked to do.
        rows
            Rows of these EVs, shape ``(n,)``.
        response_kw, before, after
            What each did, and its state of charge before and after, shape ``(n,)``.
        """
        groups = self.group_kw.shape[1]
        self.signal_kw[slot], self.response_kw[slot] = signal_kw, response_kw.sum()
        self.vehicle_kw[slot, rows] = response_kw
        self.present[slot] = response_kw.size
        self.group_vehicles[slot] = np.bincount(asked.labels, minlength=groups)
        self.group_kw[slot] = asked.group_kw
        self.group_response_kw[slot] = np.bincount(asked.labels, response_kw, groups)
        self.soc_mean[slot], self.soc_std_before[slot] = _moments(before, asked.labels, groups)
        self.soc_std_after[slot] = _moments(after, asked.labels, groups)[1]

    def enter_unled(self, slot: int, rows: NDArray[np.int64], response_kw: NDArray[np.float64]) -> None:
        """Enter EVs that were there in a slot and whom nobody asked for anything: they are in no group.

        Parameters
        ----------
        slot
            Number of the slot, which has been entered.
        rows, response_kw
            Their rows, and what each drew [kW], shape ``(n,)``.
        """
        self.present[slot] += rows.size
        self.response_kw[slot] += response_kw.sum()
        self.vehicle_kw[slot, rows] = response_kw


def _moments(
    soc: NDArray[np.float64], labels: NDArray[np.int8], groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    count = np.bincount(labels, minlength=groups)
    number = np.where(count > 0, count, np.nan)
    mean = np.bincount(labels, soc, groups) / number
    square = np.bincount(labels, np.square(soc - mean[labels]), groups)
    return mean, np.sqrt(square / number)
