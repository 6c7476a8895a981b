r"""Batteries that charge and discharge: state of charge, what may flow, and the books of what did.

Source: paper B, section 2.2 and its parameters [reconstructed: the update is the usual one]. With power P at the grid, positive
when charging, and efficiency :math:`\eta` each way:
:math:`\Delta S = \eta P \Delta t / E` for :math:`P \ge 0`, else :math:`P \Delta t / (\eta E)`.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from environment.ageing import Wear
from environment.compiled import compiled


class Limits(NamedTuple):
    """What each battery could take and give over a time, at the grid [kW], shape ``(n,)``.

    A power to give below 0 is one that it must take, to be as full as it has to be: never more than it can take.
    """

    charge_kw: NDArray[np.float64]
    discharge_kw: NDArray[np.float64]


@compiled
def limits_of(
    soc: float,
    capacity_kwh: float,
    power_kw: float,
    efficiency: float,
    soc_min: float,
    soc_max: float,
    hours: float,
    soc_kept: float,
) -> tuple[float, float]:
    """Return what one battery could take and give in every moment of some hours [kW]; see `Limits`.

    After them its state of charge is to be at least `soc_kept`; minus infinity: whatever it is.
    """
    room = max(soc_max - soc, 0.0) * capacity_kwh / (efficiency * hours)
    stock = max(soc - soc_min, 0.0) * capacity_kwh * efficiency / hours
    charge, discharge = min(power_kw, room), min(power_kw, stock)
    if soc_kept > soc:
        return charge, -min(charge, (soc_kept - soc) * capacity_kwh / (efficiency * hours))
    return charge, min(discharge, (soc - soc_kept) * capacity_kwh * efficiency / hours)


class Cells(NamedTuple):
    """Batteries as kernels take them; columns are those of `Batteries`."""

    soc: NDArray[np.float64]
    capacity_kwh: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    efficiency: NDArray[np.float64]
    soc_min: float
    soc_max: float


class Flows(NamedTuple):
    """Books of what flowed, as kernels take them; columns are those of `Batteries` and of their wear."""

    charged_kwh: NDArray[np.float64]
    discharged_kwh: NDArray[np.float64]
    throughput_kwh: NDArray[np.float64]
    rate_kwh_per_h: NDArray[np.float64]


@compiled
def _all_limits(
    rows: NDArray[np.int64],
    hours: float,
    soc_kept: NDArray[np.float64],
    cells: tuple[Any, ...],
    limits: tuple[Any, ...],
) -> None:
    c, can = Cells(*cells), Limits(*limits)
    for k in range(rows.size):
        i = rows[k]
        can.charge_kw[k], can.discharge_kw[k] = limits_of(
            c.soc[i], c.capacity_kwh[i], c.power_kw[i], c.efficiency[i], c.soc_min, c.soc_max, hours, soc_kept[k]
        )


@compiled
def _draw(
    rows: NDArray[np.int64],
    asked_kw: NDArray[np.float64],
    hours: NDArray[np.float64],
    cells: tuple[Any, ...],
    flows: tuple[Any, ...],
    moved_kwh: NDArray[np.float64],
) -> None:
    c, books = Cells(*cells), Flows(*flows)
    for k in range(rows.size):
        i = rows[k]
        moved_kwh[k] = 0.0
        if not hours[k] > 0.0:
            continue
        charge, discharge = limits_of(
            c.soc[i], c.capacity_kwh[i], c.power_kw[i], c.efficiency[i], c.soc_min, c.soc_max, hours[k], -np.inf
        )
        energy = min(max(asked_kw[k], -discharge), charge) * hours[k]
        stored = energy * c.efficiency[i] if energy >= 0.0 else energy / c.efficiency[i]
        # Rounding may pass the floor or the ceiling by one unit in the last place.
        low, high = min(c.soc[i], c.soc_min), max(c.soc[i], c.soc_max)
        c.soc[i] = min(max(c.soc[i] + stored / c.capacity_kwh[i], low), high)
        books.charged_kwh[i] += max(energy, 0.0)
        books.discharged_kwh[i] += max(-energy, 0.0)
        books.throughput_kwh[i] += abs(stored)
        books.rate_kwh_per_h[i] += abs(stored) * abs(stored) / (hours[k] * c.capacity_kwh[i])
        moved_kwh[k] = energy


@dataclass(frozen=True, eq=False)
class Batteries:
    """Batteries as columns of shape ``(n_vehicles,)``.

    Parameters
    ----------
    soc
        State of charge, 0..1; changed in place.
    capacity_kwh, power_kw, efficiency
        Size, rated power either way at the grid, and efficiency each way.
    soc_min, soc_max
        Floor and ceiling. A battery that begins beyond one may only move towards it.
    wear
        What they have been through.
    charged_kwh, discharged_kwh
        Energy drawn from and given to the grid.
    """

    soc: NDArray[np.float64]
    capacity_kwh: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    efficiency: NDArray[np.float64]
    soc_min: float
    soc_max: float
    wear: Wear
    charged_kwh: NDArray[np.float64]
    discharged_kwh: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        soc: NDArray[np.float64],
        capacity_kwh: NDArray[np.float64],
        power_kw: NDArray[np.float64],
        efficiency: NDArray[np.float64],
        soc_min: float = 0.2,
        soc_max: float = 0.8,
        *,
        by_interval: bool = False,
    ) -> "Batteries":
        """Return batteries that have not been used; the parameters are those of the class and of `Wear.none`."""
        n = soc.size
        return cls(
            np.array(soc, dtype=np.float64),
            capacity_kwh,
            power_kw,
            efficiency,
            soc_min,
            soc_max,
            Wear.none(n, by_interval=by_interval),
            np.zeros(n),
            np.zeros(n),
        )

    def limits(self, rows: NDArray[np.int64], hours: float, soc_kept: NDArray[np.float64] | None = None) -> Limits:
        """Return what some batteries could take and give in every moment of some hours.

        Parameters
        ----------
        rows
            Batteries, shape ``(m,)``.
        hours
            How long.
        soc_kept
            State of charge that each is to have after them, shape ``(m,)``; None: whatever it is.
        """
        limits = Limits(np.empty(rows.size), np.empty(rows.size))
        kept = np.full(rows.size, -np.inf) if soc_kept is None else soc_kept
        _all_limits(rows, hours, kept, self._cells, tuple(limits))
        return limits

    def draw(
        self, rows: NDArray[np.int64], power_kw: NDArray[np.float64], hours: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Let power flow; return the energy that flowed [kWh]: what was asked for, within each battery's limits.

        Parameters
        ----------
        rows
            Which batteries, each once, shape ``(m,)``.
        power_kw
            Asked of each, at the grid; positive charges, shape ``(m,)``.
        hours
            How long each is at the grid, shape ``(m,)``.
        """
        moved_kwh = np.empty(rows.size)
        before = self.soc[rows] if self.wear.by_interval_percent is not None else None
        _draw(rows, power_kw, hours, self._cells, self._flows, moved_kwh)
        if before is not None:
            self.wear.use(rows, np.abs(self.soc[rows] - before), self.capacity_kwh[rows], hours)
        return moved_kwh

    @cached_property
    def _cells(self) -> tuple[Any, ...]:
        """`Cells` as a plain tuple: an EV draws alone in every slot (see `environment.compiled`)."""
        return (self.soc, self.capacity_kwh, self.power_kw, self.efficiency, self.soc_min, self.soc_max)

    @cached_property
    def _flows(self) -> tuple[Any, ...]:
        """`Flows` as a plain tuple."""
        wear = self.wear
        return (self.charged_kwh, self.discharged_kwh, wear.throughput_kwh, wear.rate_kwh_per_h)

    @property
    def lost_kwh(self) -> NDArray[np.float64]:
        """Energy lost on the way in and out [kWh], shape ``(n_vehicles,)``."""
        inward = self.charged_kwh * (1 - self.efficiency)
        lost: NDArray[np.float64] = inward + self.discharged_kwh * (1 / self.efficiency - 1)
        return lost
