"""What a feeder did under what its sites drew, slot by slot: columns that a run fills in.

A site draws for its own time from the slot's beginning on; the load is constant between the moments at which sites finish, so that
losses are summed without error of time.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from environment.grid.state import GridState

LATEST_H = 1e-12
"""By which a site's time may fall short of a moment and still last until it."""


class Draw(NamedTuple):
    """What sites draw in a slot, columns of shape ``(n_sites,)``.

    Parameters
    ----------
    power_kw
        Power that each draws for its time.
    time_h
        That time, from the slot's beginning.
    beside_kw
        What each draws beside it for the whole slot: storage, for one.
    voltage_v
        What tap changers are set for, see `GridState.solve`.
    shed_kw
        Base load that is left out, of the whole feeder.
    """

    power_kw: NDArray[np.float64]
    time_h: NDArray[np.float64]
    beside_kw: NDArray[np.float64]
    voltage_v: NDArray[np.float64] | None = None
    shed_kw: float = 0.0


@dataclass(frozen=True, eq=False)
class GridRecord:
    """Columns of a run.

    Parameters
    ----------
    node_pu
        Voltage of each node while all sites draw, shape ``(n_slots, n_nodes)``.
    node_low_pu, node_high_pu
        Least and most voltage of each node within the slot, likewise.
    low_pu, high_pu
        Those of each site's node, shape ``(n_slots, n_sites)``.
    loss_kwh
        Lost in lines and transformers in each slot, shape ``(n_slots,)``.
    line_loading, transformer_loading
        Most of each line and transformer within the slot, NaN where unrated, ``(n_slots, n_lines)``, ``(n_slots, n_transformers)``.
    drawn_kw
        From the grid above while all sites draw, shape ``(n_slots,)``.
    drawn_kwh
        From the grid above in the slot.
    residual_kw
        Largest difference in the slot between what is drawn from above and loads with losses: the balance.
    """

    node_pu: NDArray[np.float64]
    node_low_pu: NDArray[np.float64]
    node_high_pu: NDArray[np.float64]
    low_pu: NDArray[np.float64]
    high_pu: NDArray[np.float64]
    loss_kwh: NDArray[np.float64]
    line_loading: NDArray[np.float64]
    transformer_loading: NDArray[np.float64]
    drawn_kw: NDArray[np.float64]
    drawn_kwh: NDArray[np.float64]
    residual_kw: NDArray[np.float64]

    @classmethod
    def empty(cls, grid: GridState) -> Self:
        """Return the columns of a run that has not begun."""
        n, feeder = grid.horizon.n_slots, grid.feeder
        at_nodes, at_sites = (n, len(feeder)), (n, grid.sites.node.size)
        return cls(
            node_pu=np.zeros(at_nodes),
            node_low_pu=np.zeros(at_nodes),
            node_high_pu=np.zeros(at_nodes),
            low_pu=np.zeros(at_sites),
            high_pu=np.zeros(at_sites),
            loss_kwh=np.zeros(n),
            line_loading=np.zeros((n, feeder.line.size)),
            transformer_loading=np.zeros((n, feeder.transformer.size)),
            drawn_kw=np.zeros(n),
            drawn_kwh=np.zeros(n),
            residual_kw=np.zeros(n),
        )

    @property
    def loading(self) -> NDArray[np.float64]:
        """Most of each line, then of each transformer, within the slot, shape ``(n_slots, n_branches)``; NaN where unrated."""
        return np.concatenate([self.line_loading, self.transformer_loading], axis=1)

    def enter(self, grid: GridState, slot: int, draw: Draw) -> None:
        """Enter a slot: a power flow of every part of it, between the moments at which sites finish.

        Parameters
        ----------
        grid
            The feeder.
        slot
            Number of the slot; what strikes in it counts.
        draw
            What sites draw in it.

        Raises
        ------
        FaultyInputError
            If a power flow diverges.
        """
        time_h = np.where(draw.power_kw > 0, draw.time_h, 0.0)
        ends = np.unique(np.concatenate([time_h[time_h > 0], [grid.horizon.slot_h]]))
        hours = np.diff(ends, prepend=0.0)
        site_kw = np.where(time_h >= ends[:, None] - LATEST_H, draw.power_kw, 0.0) + draw.beside_kw
        voltage_v = None if draw.voltage_v is None else np.tile(draw.voltage_v, (len(ends), 1))
        flow = grid.sound(slot, site_kw, voltage_v, draw.shed_kw)
        self.node_pu[slot] = flow.voltage_pu[0]
        self.node_low_pu[slot], self.node_high_pu[slot] = flow.voltage_pu.min(axis=0), flow.voltage_pu.max(axis=0)
        self.low_pu[slot] = self.node_low_pu[slot, grid.sites.node]
        self.high_pu[slot] = self.node_high_pu[slot, grid.sites.node]
        self.loss_kwh[slot] = flow.loss_kw @ hours
        self.line_loading[slot] = flow.line_loading.max(axis=0)
        self.transformer_loading[slot] = flow.transformer_loading.max(axis=0)
        self.drawn_kw[slot] = flow.source_kw[0]
        self.drawn_kwh[slot] = flow.source_kw @ hours
        loads_kw = grid.base_left(slot, draw.shed_kw)[0].sum() + site_kw.sum(axis=1)
        self.residual_kw[slot] = np.abs(flow.source_kw - loads_kw - flow.loss_kw).max()
