"""What a schedule of stations did to the feeder: a power flow of every part of every slot, after the run.

A station's EVs charge for its own time from the slot's beginning on; the load is constant between the moments at which stations
finish, so that losses are summed without error of time.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from coordination.stations.network import Coefficients
from coordination.stations.problem import Decision, Network, Objectives
from coordination.stations.track import Track
from environment.faults import FaultyInputError
from runs.stations.world import StationsWorld


@dataclass(frozen=True, eq=False)
class After:
    """The grid under a schedule.

    Parameters
    ----------
    node_pu
        Voltage of each node while all EVs charge, shape ``(n_slots, n_nodes)``.
    low_pu, high_pu
        Least and most voltage of each station's node within the slot, shape ``(n_slots, m)``.
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


def after(world: StationsWorld, track: Track) -> After:
    """Work it out.

    Raises
    ------
    FaultyInputError
        If a power flow diverges.
    """
    n, feeder = world.horizon.n_slots, world.feeder
    shape = (n, len(world.stations))
    found = After(
        np.zeros((n, len(feeder))), np.zeros(shape), np.zeros(shape), np.zeros(n), np.zeros((n, feeder.line.size)),
        np.zeros((n, feeder.transformer.size)), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n), [],
    )  # fmt: skip
    for slot in range(n):
        _solve(world, track, slot, found)
        found.judged.append(_judged(world, track, slot, found))
    return found


def _solve(world: StationsWorld, track: Track, slot: int, found: After) -> None:
    stations, grid = world.stations, world.by_power_flow(slot)
    time_h = np.where(track.power_kw[slot] > 0, track.time_h[slot], 0.0)
    ends = np.unique(np.concatenate([time_h[time_h > 0], [world.horizon.slot_h]]))
    hours = np.diff(ends, prepend=0.0)
    beside = track.storage_kw[slot] - track.lent_kw[slot]
    ev_kw = np.where(time_h >= ends[:, None] - 1e-12, track.power_kw[slot], 0.0) + beside
    flow = grid.solve(np.tile(track.voltage_v[slot], (len(ends), 1)), ev_kw, world.source_pu(slot))
    if not flow.solved.all():
        raise FaultyInputError([world.divergence(slot, ev_kw[0])])
    at_stations = flow.voltage_pu[:, stations.node]
    found.node_pu[slot] = flow.voltage_pu[0]
    found.low_pu[slot], found.high_pu[slot] = at_stations.min(axis=0), at_stations.max(axis=0)
    found.loss_kwh[slot] = flow.loss_kw @ hours
    found.line_loading[slot] = flow.line_loading.max(axis=0)
    found.transformer_loading[slot] = flow.transformer_loading.max(axis=0)
    found.drawn_kw[slot] = flow.source_kw[0]
    found.drawn_kwh[slot] = flow.source_kw @ hours
    loads = grid.base_kw.sum() + ev_kw.sum(axis=1)
    found.residual_kw[slot] = np.abs(flow.source_kw - loads - flow.loss_kw).max()


def _judged(world: StationsWorld, track: Track, slot: int, found: After) -> Objectives:
    """Judge the slot as it was: what EVs drew and what was supplied, with the power flow's voltages and losses."""
    supply_kw = track.problems[slot].supply_kw
    if track.short_kw[slot] > 0:
        supply_kw = min(supply_kw, float(track.drawn_kw[slot] - track.short_kw[slot]))
    beside = track.storage_kw[slot] - track.lent_kw[slot]
    problem = replace(track.problems[slot], storage_kw=beside, supply_kw=supply_kw)
    decision = Decision(*(column[slot : slot + 1] for column in (track.voltage_v, track.time_h, track.capacity_kw)))
    power = track.power_kw[slot : slot + 1]
    found.coefficient_loss_kwh[slot] = Coefficients().network(problem, decision, power).loss_kwh[0]
    low, high, rated = found.low_pu[slot], found.high_pu[slot], world.stations.rated_v
    lim = problem.limits
    worst = np.where(lim.voltage_min_v - low * rated > high * rated - lim.voltage_max_v, low, high)
    network = Network((worst * rated)[None], found.loss_kwh[slot : slot + 1], found.drawn_kw[slot : slot + 1])
    return problem.judge_on(decision, power, network)
