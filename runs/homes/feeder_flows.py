"""What a run's schedule does to the feeder, or to each copy of it: a power flow of every slot, after the run.

The same for free charging and without EVs, all in one call, so that they stand side by side.
"""

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.problem import Schedule
from environment.input_faults import raise_if_any
from runs.homes.part import Homes
from runs.metrics import above_rating, largest_loading

if TYPE_CHECKING:
    from environment.feeders.power_flow import Flow
    from environment.grid.state import GridState


@dataclass(frozen=True, eq=False)
class NetworkRun:
    """The power flows of a run, a case for each copy of the feeder and slot, slots of a copy next to each other.

    Parameters
    ----------
    run, free, no_evs
        With the run's own schedule, with free charging, without EVs.
    """

    run: "Flow"
    free: "Flow"
    no_evs: "Flow"


def solve_network(homes: Homes, schedules: tuple[Schedule, ...]) -> NetworkRun | None:
    """Return the power flows of a run; None without a feeder.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    schedules
        What the EVs did, one a transformer.

    Raises
    ------
    FaultyInputError
        If the power flow of the run's own schedule diverges in some slot.
    """
    if homes.placement is None:
        return None
    states, n_slots = feeder_states(homes), homes.horizon.n_slots
    every, size = np.arange(n_slots), n_slots * len(states)
    cases = [
        state.loads(every, _ev_kw(homes, held, copy))
        for held in (schedules, homes.free_charging.schedules, None)
        for copy, state in enumerate(states)
    ]
    load_kw, load_kvar = (np.concatenate(part) for part in zip(*cases, strict=True))
    flow = states[0].flow.solve(load_kw, load_kvar)  # copies of one feeder, so that one call solves all
    run, free, no_evs = (_part(flow, k * size, (k + 1) * size) for k in range(3))
    faults = []
    for copy in np.flatnonzero(~run.solved.reshape(-1, n_slots).all(axis=1)).tolist():
        own = _part(run, copy * n_slots, (copy + 1) * n_slots)
        diverging = states[copy].divergence(own, every, _ev_kw(homes, schedules, copy))
        assert diverging is not None
        faults.append(diverging.fault(f"power flow below {homes.placement.copies.at[copy]}"))
    raise_if_any(faults)
    return NetworkRun(run, free, no_evs)


def feeder_states(homes: Homes) -> list["GridState"]:
    """Return the state of each copy of the feeder; each of its nodes is a site, where EVs may stand."""
    from environment.grid.state import GridState, Sites  # noqa: PLC0415  (power-grid-model only where there is a feeder)

    placement = homes.placement
    if placement is None:
        return []
    feeder, none = placement.feeder, np.zeros((homes.horizon.n_slots, len(placement.feeder)))
    sites = Sites(np.arange(len(feeder)), placement.ev_kvar_per_kw)
    return [
        GridState(feeder, homes.horizon, placement.loads(homes.base_kw, none, copy), sites)
        for copy in range(len(placement.copies.at))
    ]


def _ev_kw(homes: Homes, schedules: tuple[Schedule, ...] | None, copy: int) -> NDArray[np.float64]:
    """Return what EVs draw at each node of a copy [kW], shape ``(n_slots, n_nodes)``; nothing without schedules."""
    placement, n_slots = homes.placement, homes.horizon.n_slots
    assert placement is not None
    ev_kw = np.zeros((n_slots, len(placement.feeder)))
    if schedules is not None:
        for k in np.flatnonzero(placement.copies.of[homes.grid.transformer_rows] == copy).tolist():
            row, slot, power_kw = schedules[k].entries()
            ev_kw += placement.ev_kw(homes.rows[k][row], slot, power_kw, n_slots)
    return ev_kw


def _part(flow: "Flow", first: int, stop: int) -> "Flow":
    return replace(flow, **{field.name: getattr(flow, field.name)[first:stop] for field in fields(flow)})


def network_metrics(homes: Homes, flow: "Flow") -> dict[str, float | int | None]:
    """Return the key figures of power flows; all None where one diverges, or where nothing says a line's rating.

    Returns
    -------
    dict
        Smallest and largest voltage of any node and its largest distance from 1 [pu], slots in which any node of any
        copy is outside the band, losses [kWh], and the largest loading of any line (per rated current) and transformer (per rated power).
    """
    settings = homes.scenario.feeder
    assert settings is not None
    sound = bool(flow.solved.all())
    voltage = flow.voltage_pu
    outside = outside_band(flow, settings.voltage_min_pu, settings.voltage_max_pu)
    figures = {
        "voltage_min_pu": float(voltage.min()),
        "voltage_max_pu": float(voltage.max()),
        "voltage_deviation_max_pu": float(np.abs(voltage - 1).max()),
        "voltage_outside_slots": _slots(homes, outside),
        "losses_kwh": float(flow.loss_kw.sum()) * homes.horizon.slot_h,
        "line_loading_max": largest_loading(flow.line_loading),
        "transformer_loading_max": largest_loading(flow.transformer_loading),
    }
    return {name: figure if sound else None for name, figure in figures.items()}


def outside_band(flow: "Flow", lowest_pu: float, highest_pu: float) -> NDArray[np.bool_]:
    """Return in which cases any node is outside the voltage band, shape ``(n_cases,)``."""
    outside: NDArray[np.bool_] = ((flow.voltage_pu < lowest_pu) | (flow.voltage_pu > highest_pu)).any(axis=1)
    return outside


def _slots(homes: Homes, cases: NDArray[np.bool_]) -> int:
    """Return in how many slots the case of any copy is so."""
    return int(cases.reshape(-1, homes.horizon.n_slots).any(axis=0).sum())


def network_warnings(homes: Homes, network: NetworkRun) -> list[str]:
    """Say where the run's schedule leaves the voltage band or a rating, and what of the others diverges."""
    settings, placement, flow = homes.scenario.feeder, homes.placement, network.run
    assert settings is not None
    assert placement is not None
    feeder, found = placement.feeder, []
    n_slots = homes.horizon.n_slots
    outside = _slots(homes, outside_band(flow, settings.voltage_min_pu, settings.voltage_max_pu))
    if outside:
        extreme = np.abs(flow.voltage_pu - (settings.voltage_min_pu + settings.voltage_max_pu) / 2)
        case, node = np.unravel_index(int(extreme.argmax()), extreme.shape)
        found.append(
            f"{outside} of {n_slots} slots leave the voltage band of {settings.voltage_min_pu:g} to "
            f"{settings.voltage_max_pu:g} pu; furthest is node {feeder.node[node]} with {flow.voltage_pu[case, node]:.3f} pu"
        )
    kinds = (("line", feeder.line, flow.line_loading), ("transformer", feeder.transformer, flow.transformer_loading))
    for kind, names, loading in kinds:
        over = above_rating(loading)
        if over.any():
            worst = int(np.nan_to_num(loading).max(axis=0).argmax())
            found.append(
                f"{over.any(axis=0).sum()} of {names.size} {kind}s of the feeder pass their rating; "
                f"most of all {names[worst]} with {np.nanmax(loading[:, worst]):.0%}"
            )
    for flows, who in ((network.free, "with free charging"), (network.no_evs, "without EVs")):
        if not flows.solved.all():
            found.append(f"{_slots(homes, ~flows.solved)} of {n_slots} slots have no power flow {who}: it diverges")
    return found
