"""A fleet as columns: one array a quantity, one row a stay of an EV at its charging point.

Source: paper A, Table 2 (notation) and eqs (4)-(7); the equations are reconstructed (A3, A4 in the rebuilt equations).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from environment.horizon import Horizon
from environment.input_faults import Fault
from environment.stays import Stays

NAMED: Final = 3
"""EVs that a warning names before it counts the others."""

RENAMED: Final = "the fleet's column node names nodes of the feeder: its new name is feeder_node"
"""Told of files in which the column has its old meaning."""


@dataclass(frozen=True, eq=False)
class Fleet(Stays):
    """Stays of EVs and their needs; every column has shape ``(n_stays,)``, the first ones are those of `Stays`.

    Parameters
    ----------
    vehicle, plug_in_h, plug_out_h, energy_kwh, capacity_kwh
        See `Stays`; the grid supplies ``energy_kwh / efficiency``.
    power_kw
        Rated charging power, drawn from the grid.
    soc_plug_in
        State of charge (0..1) at plug-in; NaN where unknown.
    efficiency
        Grid to battery, above 0 and at most 1.
    node
        Name of the grid's node, a transformer, that feeds each EV, or None where the grid assigns them.
    feeder_node
        Name of the feeder's node that each EV stands at, empty where it is drawn, or None where all are.
    stay_number
        Number of the stay among those of its EV, from 1 in order of plug-in; None where every EV has one stay.
    states_soc
        Whether the source states how full EVs come; else that is drawn, follows from the needs, or is unknown.
    nodes_without_evs
        Names of the grid's nodes that the source names and at which none of these EVs is: those of a smaller share stand elsewhere.
    nodeless
        A fault for each stay of a file whose `node` is empty. They count only where `node` names the grid's nodes, which the file
        alone may not tell: with `with_feeder_nodes` they are gone.
    told
        What the source read past, changed or doubts, in sentences for the run's warnings.
    """

    power_kw: NDArray[np.float64]
    soc_plug_in: NDArray[np.float64]
    efficiency: NDArray[np.float64]
    node: NDArray[np.str_] | None = None
    feeder_node: NDArray[np.str_] | None = None
    stay_number: NDArray[np.int64] | None = None
    states_soc: bool = False
    nodes_without_evs: tuple[str, ...] = ()
    nodeless: tuple[Fault, ...] = ()
    told: tuple[str, ...] = ()

    def take(self, rows: NDArray[np.integer]) -> "Fleet":
        """Return the fleet of the given rows, in their order."""
        columns = {field.name: getattr(self, field.name) for field in fields(self)}
        taken: dict[str, Any] = {
            name: column[rows] if isinstance(column, np.ndarray) else column for name, column in columns.items()
        }
        return Fleet(**taken)

    def with_feeder_nodes(self) -> "Fleet":
        """Return the fleet with its column `node` as `feeder_node`, which is what it meant in older files; `told` says so."""
        told = (*self.told, RENAMED)
        return replace(self, node=None, feeder_node=self.node, nodes_without_evs=(), nodeless=(), told=told)

    @property
    def node_names(self) -> NDArray[np.str_]:
        """Names of the grid's nodes that the source names, sorted, shape ``(n_names,)``; none where the grid assigns EVs."""
        others = np.array(self.nodes_without_evs, dtype=np.str_)
        return others if self.node is None else np.unique(np.concatenate([self.node, others]))

    @cached_property
    def stay(self) -> NDArray[np.int64]:
        """Number of each stay among those of its EV, from 1, shape ``(n_stays,)``."""
        return np.ones(len(self), dtype=np.int64) if self.stay_number is None else self.stay_number

    @property
    def n_vehicles(self) -> int:
        """Number of EVs."""
        return int((self.stay == 1).sum())

    @cached_property
    def name(self) -> NDArray[np.str_]:
        """Name of each stay's agent, unique: the EV's, with the number of the stay from the second on ("car/2")."""
        if self.stay_number is None:
            return self.vehicle
        numbered = np.strings.add(np.strings.add(self.vehicle, "/"), self.stay.astype(np.str_))
        return np.where(self.stay == 1, self.vehicle, numbered)

    @cached_property
    def first_row(self) -> NDArray[np.int64]:
        """Row of the first stay of each row's EV, shape ``(n_stays,)``."""
        if self.stay_number is None:
            return np.arange(len(self))
        _, car = np.unique(self.vehicle, return_inverse=True)
        row_of = np.empty(car.max(initial=-1) + 1, dtype=np.int64)
        firsts = np.flatnonzero(self.stay == 1)
        row_of[car[firsts]] = firsts
        return row_of[car]

    def named(self, rows: NDArray[np.bool_]) -> str:
        """Return in words whose stays some rows are, the first EVs by name: ``4 of 500 EVs (v1, v7, v9, ...)``."""
        names = list(dict.fromkeys(self.vehicle[rows].tolist()))
        more = ["..."] * (len(names) > NAMED)
        return f"{len(names):,} of {self.n_vehicles:,} EVs ({', '.join([*names[:NAMED], *more])})"

    @property
    def first_stays(self) -> "Fleet":
        """The fleet of every EV's first stay, in the order of the rows."""
        return self if self.stay_number is None else self.take(np.flatnonzero(self.stay == 1))

    def each_vehicle[T: np.generic](self, draw: Callable[[int], NDArray[T]]) -> NDArray[T]:
        """Draw a value for each EV, the same on all its stays; the order of the rows changes nothing.

        Parameters
        ----------
        draw
            Returns so many values; they go to EVs in the order in which they first plug in.

        Returns
        -------
        ndarray
            Value of each stay's EV, shape ``(n_stays,)``.
        """
        firsts = self.plug_in_order[self.stay[self.plug_in_order] == 1]
        drawn = draw(firsts.size)
        values = np.empty(len(self), dtype=drawn.dtype)
        values[firsts] = drawn
        return values[self.first_row]

    def soc_carried(self, unserved_kwh: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the state of charge at plug-in less what earlier stays of the EV left unserved, shape ``(n_stays,)``.

        Below 0 where more is missing than the battery held; NaN where battery or state of charge is unknown.

        Parameters
        ----------
        unserved_kwh
            What each stay left unserved [kWh], shape ``(n_stays,)``.
        """
        if self.stay_number is None:
            return self.soc_plug_in
        order = np.lexsort((self.stay, self.first_row))
        before = np.cumsum(unserved_kwh[order]) - unserved_kwh[order]
        begins = np.maximum.accumulate(np.where(self.stay[order] == 1, np.arange(order.size), 0))
        missing_kwh = np.empty(len(self))
        missing_kwh[order] = np.maximum(before - before[begins], 0.0)
        return self.soc_plug_in - missing_kwh / self.capacity_kwh

    @cached_property
    def plug_in_order(self) -> NDArray[np.int64]:
        """Rows in the order in which EVs plug in, shape ``(n_stays,)``.

        Ties are broken by plug-out, energy, power and efficiency, in that order; EVs alike in all of these are
        interchangeable and keep their rows' order. So the order of the input changes no load curve.
        """
        order = np.argsort(self.plug_in_h, kind="stable")
        sorted_h = self.plug_in_h[order]
        if (sorted_h[1:] == sorted_h[:-1]).any():
            keys = (self.efficiency, self.power_kw, self.energy_kwh, self.plug_out_h, self.plug_in_h)
            order = np.lexsort(keys)
        return order

    @property
    def grid_energy_kwh(self) -> NDArray[np.float64]:
        """Energy that the grid must supply [kWh], shape ``(n_stays,)``."""
        return self.energy_kwh / self.efficiency

    @cached_property
    def room_kwh(self) -> NDArray[np.float64]:
        """What the battery can still take at plug-in [kWh]; where it is unknown, what it asks for."""
        free = self.capacity_kwh * (1 - self.soc_plug_in)
        return np.where(np.isnan(free), self.energy_kwh, free)

    def slots_needed(self, horizon: Horizon) -> NDArray[np.int32]:
        """Whole slots at rated power that meet the need (paper A, eq 4 [reconstructed]), shape ``(n_stays,)``."""
        slots = self.grid_energy_kwh / (self.power_kw * horizon.slot_h)
        return np.minimum(np.ceil(slots - 1e-9), np.iinfo(np.int32).max).astype(np.int32)
