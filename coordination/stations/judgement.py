"""How good a run of stations was, slot by slot: its objectives with the voltages and losses that the feeder really had."""

from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from coordination.stations.network import Coefficients
from coordination.stations.problem import Decision, Network, Objectives, StationScheduling
from coordination.stations.track import Track
from environment.grid.record import Draw, GridRecord
from environment.grid.state import GridState

SLACK_KW: Final = 1e-4
"""By which what is drawn may differ from a supply that it was cut down to: two power flows of one case do."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """The slots of a run, judged as they were.

    Parameters
    ----------
    grid
        What the feeder did under the run's schedule.
    objectives
        Each slot's objectives with the feeder's voltages and losses.
    coefficient_loss_kwh
        Losses by the paper's coefficients, shape ``(n_slots,)``.
    """

    grid: GridRecord
    objectives: list[Objectives]
    coefficient_loss_kwh: NDArray[np.float64]

    @classmethod
    def of(cls, grid: GridState, track: Track) -> Self:
        """Judge a run.

        Parameters
        ----------
        grid
            The feeder, on which the stations are the sites.
        track
            What happened at the stations.

        Raises
        ------
        FaultyInputError
            If a power flow diverges.
        """
        record, objectives, loss_kwh = GridRecord.empty(grid), [], []
        rated_v = grid.feeder.node_v[grid.sites.node]
        for slot in range(grid.horizon.n_slots):
            beside_kw = track.storage_kw[slot] - track.lent_kw[slot]
            draw = Draw(
                track.power_kw[slot], track.time_h[slot], beside_kw, track.voltage_v[slot], float(track.shed_kw[slot])
            )
            record.enter(grid, slot, draw)
            problem = _as_it_was(track, slot)
            decision = Decision(
                *(column[slot : slot + 1] for column in (track.voltage_v, track.time_h, track.capacity_kw))
            )
            power_kw = track.power_kw[slot : slot + 1]
            loss_kwh.append(Coefficients().network(problem, decision, power_kw).loss_kwh[0])
            network = _network(record, track, slot, problem, rated_v)
            objectives.append(problem.judge_on(decision, power_kw, network))
        return cls(record, objectives, np.array(loss_kwh))


def _as_it_was(track: Track, slot: int) -> StationScheduling:
    """Return the problem of a slot with who charged and what was supplied.

    Who got nothing has waited; base load that was left out breaks the balance.
    """
    posed, charged, wanted_kwh = track.problems[slot], track.plugged[slot], track.wanted_kwh[slot]
    supply_kw = posed.supply_kw
    if track.short_kw[slot] > 0:
        supply_kw = min(supply_kw, float(track.drawn_kw[slot] - track.short_kw[slot])) + SLACK_KW
    return replace(
        posed,
        plugged=charged,
        wanted_kwh=wanted_kwh,
        queued=track.queued[slot],
        queued_kwh=track.queued_kwh[slot],
        storage_kw=track.storage_kw[slot],
        lent_kw=track.lent_kw[slot],
        supply_kw=supply_kw,
    )


def _network(
    record: GridRecord, track: Track, slot: int, problem: StationScheduling, rated_v: NDArray[np.float64]
) -> Network:
    """Return the feeder's voltages, the worse of each station's least and most, its losses, and what it asked for."""
    limits, low_v, high_v = problem.limits, record.low_pu[slot] * rated_v, record.high_pu[slot] * rated_v
    worst_v = np.where(limits.voltage_min_v - low_v > high_v - limits.voltage_max_v, low_v, high_v)
    asked_kw = record.drawn_kw[slot : slot + 1] + track.shed_kw[slot]
    return Network(worst_v[None], record.loss_kwh[slot : slot + 1], asked_kw)
