"""What the EVs of a run do to a feeder, or to each copy of it: a power flow of every slot, after the run.

The same for free charging and without EVs, all in one call, so that they stand side by side.
"""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from environment.feeders.placement import Placement
from environment.feeders.settings import FeederSettings
from environment.horizon import Horizon
from environment.input_faults import raise_if_any
from runs.metrics import above_rating, largest_loading

if TYPE_CHECKING:
    from environment.feeders.power_flow import Flow


@dataclass(frozen=True, eq=False)
class FeederLoads:
    """What base load and EVs draw at the nodes of a feeder, or of each copy of it.

    Parameters
    ----------
    settings
        Section ``[feeder]`` of the scenario.
    horizon
        The slots.
    placement
        The feeder, and what stands where on it.
    base_kw
        Actual base load of each node of the grid itself [kW], shape ``(n_grid_nodes, n_slots)``.
    run_kw, free_kw
        Load of EVs at each node of each copy in the run, and with free charging [kW], shape ``(n_copies, n_slots, n_nodes)``.
    """

    settings: FeederSettings
    horizon: Horizon
    placement: Placement
    base_kw: NDArray[np.float64]
    run_kw: NDArray[np.float64]
    free_kw: NDArray[np.float64]

    @property
    def names(self) -> NDArray[np.str_]:
        """Node of the grid below which each copy lies."""
        return np.array(self.placement.copies.at)


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """The power flows of a run, a case for each copy of the feeder and slot, slots of a copy next to each other.

    Parameters
    ----------
    loads
        What is drawn where.
    run, free, no_evs
        With what EVs drew in the run, with free charging, without EVs.
    """

    loads: FeederLoads
    run: "Flow"
    free: "Flow"
    no_evs: "Flow"

    @classmethod
    def of(cls, loads: FeederLoads) -> Self:
        """Solve the power flows.

        Raises
        ------
        FaultyInputError
            If the power flow of the run itself diverges in some slot.
        """
        from environment.grid.state import GridState, Sites  # noqa: PLC0415  (power-grid-model only where there is a feeder)

        feeder, n_slots, every = loads.placement.feeder, loads.horizon.n_slots, np.arange(loads.horizon.n_slots)
        sites = Sites(np.arange(len(feeder)), loads.placement.ev_kvar_per_kw)  # EVs may stand at each node
        none, size = np.zeros((n_slots, len(feeder))), n_slots * loads.names.size
        states = [
            GridState(feeder, loads.horizon, loads.placement.loads(loads.base_kw, none, copy), sites)
            for copy in range(loads.names.size)
        ]
        cases = [
            state.loads(every, ev_kw[copy])
            for ev_kw in (loads.run_kw, loads.free_kw, np.zeros_like(loads.run_kw))
            for copy, state in enumerate(states)
        ]
        load_kw, load_kvar = (np.concatenate(part) for part in zip(*cases, strict=True))
        flow = states[0].flow.solve(load_kw, load_kvar)  # copies of one feeder, so that one call solves all
        run, free, no_evs = (_part(flow, k * size, (k + 1) * size) for k in range(3))
        faults = []
        for copy in np.flatnonzero(~run.solved.reshape(-1, n_slots).all(axis=1)).tolist():
            own = _part(run, copy * n_slots, (copy + 1) * n_slots)
            diverging = states[copy].divergence(own, every, loads.run_kw[copy])
            assert diverging is not None
            faults.append(diverging.fault(f"power flow below {loads.names[copy]}"))
        raise_if_any(faults)
        return cls(loads, run, free, no_evs)

    def metrics(self, flow: "Flow") -> dict[str, Any]:
        """Return the key figures of power flows; all None where one diverges, or where nothing says a line's rating.

        Returns
        -------
        dict
            Smallest and largest voltage of any node and its largest distance from 1 [pu], slots in which any node of any
            copy is outside the band, losses [kWh], and the largest loading of any line (per rated current) and transformer (per rated power).
        """
        voltage = flow.voltage_pu
        figures = {
            "voltage_min_pu": float(voltage.min()),
            "voltage_max_pu": float(voltage.max()),
            "voltage_deviation_max_pu": float(np.abs(voltage - 1).max()),
            "voltage_outside_slots": self._slots(self._outside_band(flow)),
            "losses_kwh": float(flow.loss_kw.sum()) * self.loads.horizon.slot_h,
            "line_loading_max": largest_loading(flow.line_loading),
            "transformer_loading_max": largest_loading(flow.transformer_loading),
        }
        return {name: figure if flow.solved.all() else None for name, figure in figures.items()}

    def warnings(self) -> list[str]:
        """Say where the run leaves the voltage band or a rating, and what of the others diverges."""
        settings, feeder, flow = self.loads.settings, self.loads.placement.feeder, self.run
        n_slots, found = self.loads.horizon.n_slots, []
        outside = self._slots(self._outside_band(flow))
        if outside:
            extreme = np.abs(flow.voltage_pu - (settings.voltage_min_pu + settings.voltage_max_pu) / 2)
            case, node = np.unravel_index(int(extreme.argmax()), extreme.shape)
            found.append(
                f"{outside} of {n_slots} slots leave the voltage band of {settings.voltage_min_pu:g} to "
                f"{settings.voltage_max_pu:g} pu; furthest is node {feeder.node[node]} with {flow.voltage_pu[case, node]:.3f} pu"
            )
        kinds = (
            ("line", feeder.line, flow.line_loading),
            ("transformer", feeder.transformer, flow.transformer_loading),
        )
        for kind, names, loading in kinds:
            over = above_rating(loading)
            if over.any():
                worst = int(np.nan_to_num(loading).max(axis=0).argmax())
                found.append(
                    f"{over.any(axis=0).sum()} of {names.size} {kind}s of the feeder pass their rating; "
                    f"most of all {names[worst]} with {np.nanmax(loading[:, worst]):.0%}"
                )
        for flows, who in ((self.free, "with free charging"), (self.no_evs, "without EVs")):
            if not flows.solved.all():
                found.append(f"{self._slots(~flows.solved)} of {n_slots} slots have no power flow {who}: it diverges")
        return found

    def _outside_band(self, flow: "Flow") -> NDArray[np.bool_]:
        """Return in which cases any node is outside the voltage band, shape ``(n_cases,)``."""
        lowest_pu, highest_pu = self.loads.settings.voltage_min_pu, self.loads.settings.voltage_max_pu
        outside: NDArray[np.bool_] = ((flow.voltage_pu < lowest_pu) | (flow.voltage_pu > highest_pu)).any(axis=1)
        return outside

    def _slots(self, cases: NDArray[np.bool_]) -> int:
        """Return in how many slots the case of any copy is so."""
        return int(cases.reshape(-1, self.loads.horizon.n_slots).any(axis=0).sum())


def _part(flow: "Flow", first: int, stop: int) -> "Flow":
    return replace(flow, **{field.name: getattr(flow, field.name)[first:stop] for field in fields(flow)})
