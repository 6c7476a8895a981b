"""The state of a feeder in each slot: its power flow, the room on its branches, what is supplied from above, and sags.

Base load is what it is; beside it sites draw: charging stations, aggregators, EVs at a node. Whoever they are, the same rules hold.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from environment.events import Events
from environment.feeders.feeder import Feeder
from environment.feeders.power_flow import Flow, PowerFlow
from environment.feeders.tap_changers import TapChangers
from environment.grid.divergence import Divergence
from environment.horizon import Horizon
from environment.input_faults import FaultyInputError

type Slots = int | NDArray[np.integer]
"""The slot of each case, or that of all cases."""


@dataclass(frozen=True, eq=False)
class Sites:
    """What draws beside base load.

    Parameters
    ----------
    node
        Row of each site's node on the feeder, shape ``(n_sites,)``; several may share one.
    kvar_per_kw
        Reactive per active power of sites.
    changers
        Tap changers that set their voltages; None: every transformer stays as it is.
    word
        What they are called, for faults.
    """

    node: NDArray[np.int64]
    kvar_per_kw: float = 0.0
    changers: TapChangers | None = None
    word: str = "EVs"


@dataclass(frozen=True, eq=False)
class GridState:
    """A feeder with its base load and the sites that draw from it, slot by slot.

    Parameters
    ----------
    feeder
        Without faults.
    horizon
        The slots.
    base
        Base load of each node [kW], [kvar], both ``(n_slots, n_nodes)``.
    sites
        What draws beside it.
    events
        Sags and shortages of each slot; None: nothing strikes.
    most_kw
        Most that the grid above supplies; infinite: as much as is drawn.
    method
        How power flows are solved, a name of `environment.feeders.power_flow.METHODS`.
    """

    feeder: Feeder
    horizon: Horizon
    base: tuple[NDArray[np.float64], NDArray[np.float64]]
    sites: Sites
    events: Events | None = None
    most_kw: float = np.inf
    method: str = "newton_raphson"

    @cached_property
    def flow(self) -> PowerFlow:
        """The feeder's power flow, with the sites' tap changers."""
        changers = self.sites.changers
        step_v = None if changers is None else changers.step_v(self.feeder)
        return PowerFlow(self.feeder, tap_step_v=step_v, method=self.method)

    @cached_property
    def idle_v(self) -> NDArray[np.float64]:
        """What each site's node has where nothing is drawn, taps as they stand [V], shape ``(n_sites,)``."""
        nothing = np.zeros((1, len(self.feeder)))
        voltage_v: NDArray[np.float64] = self.site_v(self.flow.solve(nothing, nothing))[0]
        return voltage_v

    @cached_property
    def source_pu(self) -> NDArray[np.float64]:
        """Voltage at the feeder's source in each slot, sags counted, shape ``(n_slots,)``."""
        whole = np.full(self.horizon.n_slots, self.feeder.source_pu)
        return whole if self.events is None else whole - self.events.sag_pu

    @cached_property
    def base_kw(self) -> NDArray[np.float64]:
        """Base load of the whole feeder in each slot, shape ``(n_slots,)``."""
        return np.array([load_kw.sum() for load_kw in self.base[0]])

    @cached_property
    def base_carried(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What base load makes each line and transformer carry, losses left out [kW], [kvar], both ``(n_slots, n_branches)``."""
        above = self.feeder.branches_above(np.arange(len(self.feeder))).T
        load_kw, load_kvar = self.base
        return load_kw @ above, load_kvar @ above

    @cached_property
    def above(self) -> NDArray[np.bool_]:
        """Whether a line or transformer carries what a site draws, shape ``(n_branches, n_sites)``; see `Feeder.branches_above`."""
        return self.feeder.branches_above(self.sites.node)

    def room_kw(self, slot: int, site_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each line and transformer could carry beyond base load and what sites draw, shape ``(n_branches,)``.

        By its rating, a line at rated voltage, losses left out. Infinite where no rating is known, negative where it is passed.
        """
        ratio = self.sites.kvar_per_kw
        base_kw, base_kvar = (carried[slot] for carried in self.base_carried)
        own_kw = self.above @ site_kw
        p, q = base_kw + own_kw, base_kvar + own_kw * ratio
        # The x with (p + x)^2 + (q + ratio x)^2 = rating^2.
        half, free = p + ratio * q, self.feeder.branch_rated_kva**2 - p**2 - q**2
        room = (np.sqrt(np.maximum(half**2 + (1 + ratio**2) * free, 0.0)) - half) / (1 + ratio**2)
        return np.where(np.isnan(room), np.inf, room)

    def supply_kw(self, slot: int, drawn_kw: float) -> float:
        """Return the most that the grid above supplies in a slot in which so much would be drawn."""
        part = 1.0 if self.events is None else float(self.events.supply_part[slot])
        return min(part * drawn_kw, self.most_kw)

    def solve(
        self,
        slots: Slots,
        site_kw: NDArray[np.float64],
        voltage_v: NDArray[np.float64] | None = None,
        shed_kw: float = 0.0,
        *,
        struck: bool = True,
    ) -> Flow:
        """Return the power flow of each of some cases.

        Parameters
        ----------
        slots
            The slot of each case, shape ``(n_cases,)``, or of all.
        site_kw
            What each site draws, shape ``(n_cases, n_sites)``.
        voltage_v
            What tap changers are set for: voltage of each site's node without load [V], ``(n_cases, n_sites)``. None: as they stand.
        shed_kw
            Base load that is left out, evenly.
        struck
            Whether the slots' sags count; without, the source has the feeder's own voltage.
        """
        taps = None if voltage_v is None else self.taps(voltage_v)
        slots = np.broadcast_to(slots, len(site_kw))
        source_pu = self.source_pu[slots] if struck and self.events is not None else None
        return self.flow.solve(*self.loads(slots, site_kw, shed_kw), taps, source_pu)

    def sound(
        self,
        slots: Slots,
        site_kw: NDArray[np.float64],
        voltage_v: NDArray[np.float64] | None = None,
        shed_kw: float = 0.0,
    ) -> Flow:
        """Return the power flow of cases that must have one; the parameters are those of `solve`.

        Raises
        ------
        FaultyInputError
            If one diverges.
        """
        flow = self.solve(slots, site_kw, voltage_v, shed_kw)
        diverging = self.divergence(flow, slots, site_kw, voltage_v, shed_kw)
        if diverging is not None:
            raise FaultyInputError([diverging.fault()])
        return flow

    def measure(
        self, slot: int, voltage_v: NDArray[np.float64], site_kw: NDArray[np.float64], shed_kw: float = 0.0
    ) -> tuple[NDArray[np.float64], float]:
        """Return the voltage of each site's node [V], ``(n_sites,)``, and what the feeder draws from above [kW] in a slot.

        Parameters
        ----------
        slot
            Number of the slot; what strikes in it counts.
        voltage_v
            What tap changers are set for, see `solve`, shape ``(n_sites,)``.
        site_kw
            What each site draws, shape ``(n_sites,)``.
        shed_kw
            Base load that is left out, evenly.

        Raises
        ------
        FaultyInputError
            If the power flow diverges.
        """
        flow = self.sound(slot, site_kw[None], voltage_v[None], shed_kw)
        return self.site_v(flow)[0], float(flow.source_kw[0])

    def divergence(
        self,
        flow: Flow,
        slots: Slots,
        site_kw: NDArray[np.float64],
        voltage_v: NDArray[np.float64] | None = None,
        shed_kw: float = 0.0,
    ) -> Divergence | None:
        """Return what of some cases has no power flow, or None; `flow` is that of the cases, see `solve` for the others."""
        failed = np.flatnonzero(~flow.solved)
        if not failed.size:
            return None
        slots = np.broadcast_to(slots, len(site_kw))
        load_kw, load_kvar = self.loads(slots, site_kw, shed_kw)
        case = int(failed[load_kw[failed].sum(axis=1).argmax()])
        taps = None if voltage_v is None else self.taps(voltage_v[case : case + 1])[0]
        slot, drawn_kw = int(slots[case]), float(site_kw[case].sum())
        return Divergence(
            feeder=self.feeder,
            slots=np.unique(slots[failed]),
            tried=np.unique(slots).size,
            worst=slot,
            start=self.horizon.slot_starts[slot],
            site_kw=drawn_kw,
            base_kw=float(self.base_kw[slot]) - shed_kw,
            source_pu=float(self.source_pu[slot]),
            weakest=self.flow.weakest(load_kw[case], load_kvar[case], taps, float(self.source_pu[slot])),
            sites=self.sites.word,
        )

    def taps(self, voltage_v: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the tap positions next to voltages without load, shapes ``(n_cases, n_sites)`` to ``(n_cases, n_transformers)``."""
        if self.sites.changers is None:
            raise ValueError(f"voltages to set for {self.sites.word} without tap changers; expected none")
        return self.sites.changers.positions(self.feeder, self.idle_v, voltage_v)

    def site_v(self, flow: Flow) -> NDArray[np.float64]:
        """Return the voltage of each site's node under each case [V], shape ``(n_cases, n_sites)``."""
        node = self.sites.node
        return flow.voltage_pu[:, node] * self.feeder.node_v[node]

    def base_left(self, slots: Slots, shed_kw: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the base load of each node in some slots [kW], [kvar], so much of the feeder's left out, evenly.

        Both of shape ``(n_cases, n_nodes)``, or ``(n_nodes,)`` for one slot.
        """
        load_kw, load_kvar = (load[slots] for load in self.base)
        if not shed_kw:
            return load_kw, load_kvar
        left = np.asarray(1 - shed_kw / self.base_kw[slots])[..., None]
        return load_kw * left, load_kvar * left

    def loads(
        self, slots: Slots, site_kw: NDArray[np.float64], shed_kw: float = 0.0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return active [kW] and reactive [kvar] load of each node in some cases, both ``(n_cases, n_nodes)``; parameters as in `solve`."""
        load_kw, load_kvar = self.base_left(np.broadcast_to(slots, len(site_kw)), shed_kw)
        np.add.at(load_kw.T, self.sites.node, site_kw.T)  # two sites of one node add up
        np.add.at(load_kvar.T, self.sites.node, site_kw.T * self.sites.kvar_per_kw)
        return load_kw, load_kvar
