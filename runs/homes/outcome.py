"""What an engine hands over when a run is done: schedules, boards, books, and what faults did."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.coordinator import Round
from coordination.valley_filling.problem import Schedule
from environment.channel import Channel
from environment.pheromone_board import BoardRecord
from runs.homes.judging import Distance


@dataclass(frozen=True, eq=False)
class Strays:
    """What became of one transformer's EVs under faults of the channel; every column ``(n_vehicles,)``.

    Parameters
    ----------
    fallback_kw
        Drawn by the safe rule, summed over slots.
    cut_off
        Whether the EV ever could not reach its board.
    died
        Whether its controller died.
    """

    fallback_kw: NDArray[np.float64]
    cut_off: NDArray[np.bool_]
    died: NDArray[np.bool_]

    @classmethod
    def none(cls, n_vehicles: int) -> Self:
        """Return what becomes of EVs without faults."""
        return cls(np.zeros(n_vehicles), np.zeros(n_vehicles, np.bool_), np.zeros(n_vehicles, np.bool_))


@dataclass(frozen=True, eq=False)
class HomesOutcome:
    """What an engine hands over.

    Parameters
    ----------
    schedules
        One a transformer.
    rounds
        (slot, round) of every round on record, for each transformer.
    boards
        Boards at each slot boundary.
    channel
        Channel with its books of messages.
    refusals
        Deposits refused.
    wall_s
        Time that coordination took.
    strays
        What faults did, for each transformer.
    distances
        Distance of each transformer's schedule to its optimum; empty where that is not asked for.
    """

    schedules: tuple[Schedule, ...]
    rounds: tuple[list[tuple[int, Round]], ...]
    boards: BoardRecord
    channel: Channel
    refusals: int
    wall_s: float
    strays: tuple[Strays, ...]
    distances: tuple[Distance, ...]
