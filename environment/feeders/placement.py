"""Where on a feeder the nodes of a grid and the EVs below them stand, and what each of the feeder's nodes draws."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import UNKNOWN, Feeder
from environment.feeders.settings import FeederSettings
from environment.fleets.fleet import Fleet
from environment.input_faults import Fault, nearest, raise_if_any

if TYPE_CHECKING:
    import networkx as nx

NOWHERE: Final = -1
"""Copy of the feeder on which a node of the grid stands that is on none, and node of the feeder of what stands on none."""


@dataclass(frozen=True, eq=False)
class Copies:
    """Copies of a feeder below nodes of a grid, and what stands where on them.

    Parameters
    ----------
    at
        Name of the node of the grid below which each copy lies.
    of
        Copy on which each node of the grid stands, -1 for none, shape ``(n_grid_nodes,)``.
    share
        Part of a grid node's base load at each node of the feeder, sum 1 for those on a copy, ``(n_grid_nodes, n_nodes)``.
    owner
        Node of the grid to which each of the feeder's nodes belongs, -1 for none, shape ``(n_nodes,)``: EVs of others may not
        stand there. None where EVs of any may stand anywhere.
    told
        What does not count, in sentences for the run's warnings.
    """

    at: tuple[str, ...]
    of: NDArray[np.int64]
    share: NDArray[np.float64]
    owner: NDArray[np.int64] | None = None
    told: tuple[str, ...] = ()

    @classmethod
    def each(cls, names: tuple[str, ...], rows: NDArray[np.int64], n_grid_nodes: int, feeder: Feeder) -> Self:
        """Return a copy below each of some nodes, whose base load is spread in proportion to the feeder's own loads.

        Parameters
        ----------
        names, rows
            Of these nodes; rows of shape ``(n_copies,)``.
        n_grid_nodes
            How many nodes the grid has.
        feeder
            Without faults.
        """
        of = np.full(n_grid_nodes, NOWHERE)
        of[rows] = np.arange(rows.size)
        own_kw = feeder.own_kw
        return cls(names, of, np.broadcast_to(own_kw / own_kw.sum(), (n_grid_nodes, len(feeder))))

    @classmethod
    def one(cls, feeder: Feeder) -> Self:
        """Return one copy that carries all there is, a grid of one node."""
        return cls.each((feeder.title,), np.zeros(1, dtype=np.int64), 1, feeder)


@dataclass(frozen=True, eq=False)
class Placement:
    """A feeder, or copies of it, with all that stands on it.

    Parameters
    ----------
    feeder
        Without faults.
    copies
        Which nodes of the grid stand on which copy of it, and where.
    kvar_per_kw
        Reactive per active base load of each node, shape ``(n_nodes,)``.
    ev_kvar_per_kw
        Reactive per active power of EVs.
    node_of
        Row of each stay's node, the same for all stays of an EV, -1 where its transformer is on no copy, ``(n_stays,)``.
    """

    feeder: Feeder
    copies: Copies
    kvar_per_kw: NDArray[np.float64]
    ev_kvar_per_kw: float
    node_of: NDArray[np.int64]

    @classmethod
    def build(
        cls,
        settings: FeederSettings,
        feeder: Feeder,
        copies: Copies,
        fleet: Fleet,
        grid_node_of: NDArray[np.integer],
        file: str,
        rng: np.random.Generator,
    ) -> Self:
        """Place the EVs.

        An EV stands at the node that the fleet's column `feeder_node` names, or is drawn to one in proportion to where the base
        load of its transformer stands [default]: where twice the households are, there are twice the EVs.

        Parameters
        ----------
        settings
            The power factors.
        feeder
            Without faults.
        copies
            What stands where.
        fleet
            EVs.
        grid_node_of
            Row of the node of the grid below which each stay is, shape ``(n_stays,)``.
        file
            Where the fleet comes from, for the faults.
        rng
            Draws the nodes, EVs in plug-in order, so that the order of rows changes nothing.

        Raises
        ------
        FaultyInputError
            With every EV on no node of the feeder, or on one that is not below its transformer.
        """
        at = _drawn(copies, fleet, grid_node_of, rng)
        if fleet.feeder_node is not None:
            at = _named(feeder, copies, fleet, grid_node_of, at, file)
        return cls.at(settings, feeder, copies, at)

    @classmethod
    def below_one(
        cls, settings: FeederSettings, feeder: Feeder, name: str, fleet: Fleet, file: str, rng: np.random.Generator
    ) -> Self:
        """Place EVs that are all below one node of the grid, whose name is given; the parameters are those of `build`."""
        copies = Copies.each((name,), np.zeros(1, dtype=np.int64), 1, feeder)
        return cls.build(settings, feeder, copies, fleet, np.zeros(len(fleet), dtype=np.int64), file, rng)

    @classmethod
    def at(cls, settings: FeederSettings, feeder: Feeder, copies: Copies, node_of: NDArray[np.int64]) -> Self:
        """Place EVs at known nodes; the parameters are those of the class and of `build`."""
        own_kw = feeder.own_kw
        if settings.load_power_factor is None:
            ratio = np.divide(feeder.own_kvar, own_kw, out=np.zeros(len(feeder)), where=own_kw > 0)
        else:
            ratio = np.full(len(feeder), _kvar_per_kw(settings.load_power_factor))
        return cls(feeder, copies, ratio, _kvar_per_kw(settings.ev_power_factor), node_of)

    def loads(
        self, base_kw: NDArray[np.float64], ev_kw: NDArray[np.float64], copy: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return active [kW] and reactive [kvar] load of each node of a copy, both ``(n_slots, n_nodes)``.

        Where base load is fed in, reactive power is drawn all the same: it belongs to the loads behind the meter.

        Parameters
        ----------
        base_kw
            Base load of each node of the grid itself, shape ``(n_grid_nodes, n_slots)``.
        ev_kw
            Load of the EVs at each node, shape ``(n_slots, n_nodes)``.
        copy
            Number of the copy, from 0.
        """
        on = np.flatnonzero(self.copies.of == copy)
        share = self.copies.share[on]
        base, drawn = base_kw[on].T @ share, np.abs(base_kw[on]).T @ share
        return base + ev_kw, drawn * self.kvar_per_kw + ev_kw * self.ev_kvar_per_kw

    def ev_kw(
        self, vehicle: NDArray[np.integer], slot: NDArray[np.integer], power_kw: NDArray[np.float64], n_slots: int
    ) -> NDArray[np.float64]:
        """Return the load of some EVs at each node [kW], shape ``(n_slots, n_nodes)``.

        Parameters
        ----------
        vehicle, slot, power_kw
            Entries of a schedule: row of the fleet, slot, and mean power in it, shape ``(n_entries,)``.
        n_slots
            Slots of the horizon.
        """
        n = len(self.feeder)
        flat = np.bincount(slot * n + self.node_of[vehicle], weights=power_kw, minlength=n_slots * n)
        return flat.astype(np.float64).reshape(n_slots, n)

    def hang_in(self, tree: "nx.DiGraph[str]", addresses: Sequence[str]) -> list[list[str]]:
        """Hang the nodes of all copies in the grid's tree; return their names there, copy by copy and row by row.

        Each node hangs below the next one on its way to the feeder's source; where the feeder is meshed, on the shortest.

        Parameters
        ----------
        tree
            The tree.
        addresses
            What it calls the node below which each copy lies.
        """
        _, upstream = self.feeder.ways
        hung = []
        for at, address in zip(self.copies.at, addresses, strict=True):
            names = [f"node:{at}/{name}" for name in self.feeder.node.tolist()]
            tree.add_nodes_from(names, kind="node")
            above = [address if i == UNKNOWN else names[i] for i in upstream.tolist()]
            tree.add_edges_from(zip(above, names, strict=True))
            hung.append(names)
        return hung


def naming_places(fleet: Fleet, feeder: Feeder | None) -> Fleet:
    """Return a fleet whose column `node` means the feeder's nodes, where it names some of these and nothing else says them."""
    if feeder is None or fleet.node is None or fleet.feeder_node is not None:
        return fleet
    return fleet.with_feeder_nodes() if np.isin(fleet.node, feeder.node).any() else fleet


def _kvar_per_kw(power_factor: float) -> float:
    return float(np.tan(np.arccos(power_factor)))


def _drawn(
    copies: Copies, fleet: Fleet, grid_node_of: NDArray[np.integer], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return a node for each stay, drawn by the shares of its node of the grid."""
    point = fleet.each_vehicle(lambda n: rng.random(size=n))
    at = np.full(len(fleet), NOWHERE)
    order = np.argsort(grid_node_of, kind="stable")
    rows, firsts = np.unique(grid_node_of[order], return_index=True)
    for row, stays in zip(rows.tolist(), np.split(order, firsts[1:]), strict=True):
        if copies.of[row] != NOWHERE:
            reach = np.cumsum(copies.share[row])
            at[stays] = np.searchsorted(reach / reach[-1], point[stays], side="right")
    return at


def _named(
    feeder: Feeder,
    copies: Copies,
    fleet: Fleet,
    grid_node_of: NDArray[np.integer],
    drawn: NDArray[np.int64],
    file: str,
) -> NDArray[np.int64]:
    """Return the node that each EV names; where it names none, the one to which it was drawn."""
    assert fleet.feeder_node is not None
    names = feeder.node.tolist()
    row_of = {name: i for i, name in enumerate(names)}
    rows, faults = drawn.copy(), []
    for i, (vehicle, name) in enumerate(zip(fleet.vehicle.tolist(), fleet.feeder_node.tolist(), strict=True)):
        if not name or copies.of[grid_node_of[i]] == NOWHERE:
            continue
        field = f"feeder_node of EV {vehicle}"
        if name not in row_of:
            faults.append(Fault(file, None, field, repr(name), nearest(name, row_of)))
        elif copies.owner is not None and copies.owner[row_of[name]] != grid_node_of[i]:
            below = np.flatnonzero(copies.owner == grid_node_of[i]).tolist()
            expected = f"a node of the feeder below its transformer: {nearest(name, [names[row] for row in below])}"
            faults.append(Fault(file, None, field, repr(name), expected))
        else:
            rows[i] = row_of[name]
    raise_if_any(faults)
    return rows
