"""Where on a feeder the base load and the EVs of a transformer sit, and what each node draws."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from environment.faults import Fault, nearest, raise_if_any
from environment.feeders.feeder import UNKNOWN, Feeder
from environment.feeders.settings import FeederSettings
from environment.fleets.fleet import Fleet

if TYPE_CHECKING:
    import networkx as nx


@dataclass(frozen=True, eq=False)
class Placement:
    """A feeder with places on it; with several transformers each has such a feeder of its own.

    Parameters
    ----------
    feeder
        Without faults.
    share
        Part of a base load at each node, sum 1, in proportion to the feeder's own loads, shape ``(n_nodes,)``.
    kvar_per_kw
        Reactive per active base load of each node, shape ``(n_nodes,)``.
    ev_kvar_per_kw
        Reactive per active power of EVs.
    node_of
        Row of each stay's node, the same for all stays of an EV, shape ``(n_stays,)``.
    """

    feeder: Feeder
    share: NDArray[np.float64]
    kvar_per_kw: NDArray[np.float64]
    ev_kvar_per_kw: float
    node_of: NDArray[np.int64]

    @classmethod
    def build(cls, settings: FeederSettings, feeder: Feeder, fleet: Fleet, file: str, rng: np.random.Generator) -> Self:
        """Place base load and EVs.

        An EV stands at the node that the fleet's column `feeder_node` names, or is drawn to one in proportion to the nodes' loads
        [default]: where twice the households are, there are twice the EVs.

        Parameters
        ----------
        settings
            The power factors.
        feeder
            Without faults.
        fleet
            EVs.
        file
            Where the fleet comes from, for the faults.
        rng
            Draws the nodes, EVs in plug-in order, so that the order of rows changes nothing.

        Raises
        ------
        FaultyInputError
            With every EV on no node of the feeder.
        """
        spread = cls.at(settings, feeder, np.zeros(len(fleet), dtype=np.int64))
        drawn = fleet.each_vehicle(lambda n: rng.choice(len(feeder), size=n, p=spread.share))
        spread = replace(spread, node_of=drawn)
        return spread if fleet.feeder_node is None else replace(spread, node_of=_named(feeder, fleet, drawn, file))

    @classmethod
    def at(cls, settings: FeederSettings, feeder: Feeder, node_of: NDArray[np.int64]) -> Self:
        """Place base load, and EVs at known nodes; the parameters are those of the class and of `build`."""
        own_kw = feeder.own_kw
        if settings.load_power_factor is None:
            ratio = np.divide(feeder.own_kvar, own_kw, out=np.zeros(len(feeder)), where=own_kw > 0)
        else:
            ratio = np.full(len(feeder), _kvar_per_kw(settings.load_power_factor))
        return cls(feeder, own_kw / own_kw.sum(), ratio, _kvar_per_kw(settings.ev_power_factor), node_of)

    def take(self, rows: NDArray[np.integer]) -> "Placement":
        """Return the placement of some EVs, by rows of the fleet."""
        return replace(self, node_of=self.node_of[rows])

    def loads(
        self, base_kw: NDArray[np.float64], ev_kw: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return active [kW] and reactive [kvar] load of each node, both ``(n_slots, n_nodes)``.

        Where base load is fed in, reactive power is drawn all the same: it belongs to the loads behind the meter.

        Parameters
        ----------
        base_kw
            Base load of the transformer, shape ``(n_slots,)``.
        ev_kw
            Load of the EVs at each node, shape ``(n_slots, n_nodes)``.
        """
        base = base_kw[:, None] * self.share
        return base + ev_kw, np.abs(base) * self.kvar_per_kw + ev_kw * self.ev_kvar_per_kw

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

    def hang_below(self, tree: "nx.DiGraph[str]", transformer: str) -> list[str]:
        """Hang the feeder's nodes below a transformer of the grid's tree; return their names there, row by row.

        Each node hangs below the next one on its way to the feeder's source; where the feeder is meshed, on the shortest.
        """
        _, upstream = self.feeder.ways
        names = [f"node:{transformer}/{name}" for name in self.feeder.node.tolist()]
        tree.add_nodes_from(names, kind="node")
        above = [f"transformer:{transformer}" if i == UNKNOWN else names[i] for i in upstream.tolist()]
        tree.add_edges_from(zip(above, names, strict=True))
        return names


def _kvar_per_kw(power_factor: float) -> float:
    return float(np.tan(np.arccos(power_factor)))


def _named(feeder: Feeder, fleet: Fleet, drawn: NDArray[np.int64], file: str) -> NDArray[np.int64]:
    assert fleet.feeder_node is not None
    row_of = {name: i for i, name in enumerate(feeder.node.tolist())}
    rows, faults = drawn.copy(), []
    for i, (vehicle, name) in enumerate(zip(fleet.vehicle.tolist(), fleet.feeder_node.tolist(), strict=True)):
        if name in row_of:
            rows[i] = row_of[name]
        elif name:  # an empty cell leaves the EV where it was drawn to
            faults.append(Fault(file, None, f"node of EV {vehicle}", repr(name), nearest(name, row_of)))
    raise_if_any(faults)
    return rows
