"""What a schedule of stations did to the feeder: a power flow of every part of every slot, after the run.

A station's EVs charge for its own time from the slot's beginning on; the load is constant between the moments at which stations
finish, so that losses are summed without error of time.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coordination.stations.network import Coefficients
from coordination.stations.problem import Decision, Network, Objectives
from coordination.stations.track import Track
from environment.faults import FaultyInputError
from runs.stations.world import StationsWorld

SLACK_KW: Final = 1e-4
"""By which what is drawn may differ from a supply that it was cut down to: two power flows of one case do."""


@dataclass(frozen=True, eq=False)
class After:
    """The grid under a schedule.

    Parameters
    ----------
    node_pu
        Voltage of each node while all EVs charge, shape ``(n_slots, n_nodes)``.
    node_low_pu, node_high_pu
        Its least and most within the slot, likewise.
    low_pu, high_pu
        Those of each station's node, shape ``(n_slots, m)``.
    loss_kwh
        Lost in lines and transformers in each slot, shape ``(n_slots,)``.
    line_loading, transformer_loading
        Most of each line and transformer within the slot, NaN where unrated, ``(n_slots, n_lines)``, ``(n_slots, n_transformers)``.
    drawn_kw
        From the grid above while all EVs charge, shape ``(n_slots,)``.
    drawn_kwh
        From the grid above in the slot.
    residual_kw
        Largest difference in the slot between what is drawn from above and loads with losses: the balance.
    coefficient_loss_kwh
        Losses by the paper's coefficients, shape ``(n_slots,)``.
    judged
        Each slot's objectives with these voltages and losses.
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
    coefficient_loss_kwh: NDArray[np.float64]
    judged: list[Objectives]

    @property
    def loading(self) -> NDArray[np.float64]:
        """Most of each line, then of each transformer, within the slot, shape ``(n_slots, n_branches)``; NaN where unrated."""
        return np.concatenate([self.line_loading, self.transformer_loading], axis=1)


def after(world: StationsWorld, track: Track) -> After:
    """Work it out.

    Raises
    ------
    FaultyInputError
        If a power flow diverges.
    """
    n, feeder = world.horizon.n_slots, world.feeder
    at_nodes, at_stations = (n, len(feeder)), (n, len(world.stations))
    found = After(
        node_pu=np.zeros(at_nodes),
        node_low_pu=np.zeros(at_nodes),
        node_high_pu=np.zeros(at_nodes),
        low_pu=np.zeros(at_stations),
        high_pu=np.zeros(at_stations),
        loss_kwh=np.zeros(n),
        line_loading=np.zeros((n, feeder.line.size)),
        transformer_loading=np.zeros((n, feeder.transformer.size)),
        drawn_kw=np.zeros(n),
        drawn_kwh=np.zeros(n),
        residual_kw=np.zeros(n),
        coefficient_loss_kwh=np.zeros(n),
        judged=[],
    )
    for slot in range(n):
        _solve(world, track, slot, found)
        found.judged.append(_judged(world, track, slot, found))
    return found


def _solve(world: StationsWorld, track: Track, slot: int, found: After) -> None:
    stations, grid = world.stations, world.by_power_flow(slot, track.shed_kw[slot])
    time_h = np.where(track.power_kw[slot] > 0, track.time_h[slot], 0.0)
    ends = np.unique(np.concatenate([time_h[time_h > 0], [world.horizon.slot_h]]))
    hours = np.diff(ends, prepend=0.0)
    beside = track.storage_kw[slot] - track.lent_kw[slot]
    ev_kw = np.where(time_h >= ends[:, None] - 1e-12, track.power_kw[slot], 0.0) + beside
    flow = grid.solve(np.tile(track.voltage_v[slot], (len(ends), 1)), ev_kw, world.source_pu(slot))
    if not flow.solved.all():
        raise FaultyInputError([world.divergence(slot, track.voltage_v[slot], ev_kw[flow.solved.argmin()])])
    found.node_pu[slot] = flow.voltage_pu[0]
    found.node_low_pu[slot], found.node_high_pu[slot] = flow.voltage_pu.min(axis=0), flow.voltage_pu.max(axis=0)
    found.low_pu[slot], found.high_pu[slot] = (
        each[slot, stations.node] for each in (found.node_low_pu, found.node_high_pu)
    )
    found.loss_kwh[slot] = flow.loss_kw @ hours
    found.line_loading[slot] = flow.line_loading.max(axis=0)
    found.transformer_loading[slot] = flow.transformer_loading.max(axis=0)
    found.drawn_kw[slot] = flow.source_kw[0]
    found.drawn_kwh[slot] = flow.source_kw @ hours
    loads = grid.base_kw.sum() + ev_kw.sum(axis=1)
    found.residual_kw[slot] = np.abs(flow.source_kw - loads - flow.loss_kw).max()


def _judged(world: StationsWorld, track: Track, slot: int, found: After) -> Objectives:
    """Judge the slot as it was: who charged, what was supplied, with the power flow's voltages and losses.

    Who got nothing has waited; base load that was left out breaks the balance.
    """
    supply_kw = track.problems[slot].supply_kw
    if track.short_kw[slot] > 0:
        supply_kw = min(supply_kw, float(track.drawn_kw[slot] - track.short_kw[slot])) + SLACK_KW
    posed, charged, wanted = track.problems[slot], track.plugged[slot], track.wanted_kwh[slot]
    problem = replace(
        posed,
        plugged=charged,
        wanted_kwh=wanted,
        queued=posed.queued + posed.plugged - charged,
        queued_kwh=posed.queued_kwh + posed.wanted_kwh - wanted,
        storage_kw=track.storage_kw[slot],
        lent_kw=track.lent_kw[slot],
        supply_kw=supply_kw,
    )
    decision = Decision(*(column[slot : slot + 1] for column in (track.voltage_v, track.time_h, track.capacity_kw)))
    power = track.power_kw[slot : slot + 1]
    found.coefficient_loss_kwh[slot] = Coefficients().network(problem, decision, power).loss_kwh[0]
    low, high, rated = found.low_pu[slot], found.high_pu[slot], world.stations.rated_v
    lim = problem.limits
    worst = np.where(lim.voltage_min_v - low * rated > high * rated - lim.voltage_max_v, low, high)
    asked_kw = found.drawn_kw[slot : slot + 1] + track.shed_kw[slot]
    network = Network((worst * rated)[None], found.loss_kwh[slot : slot + 1], asked_kw)
    return problem.judge_on(decision, power, network)
