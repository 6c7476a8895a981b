"""The summary of a run: its key figures beside those of free charging and of no EVs."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from environment.board import LIMIT_TOLERANCE_KW
from runs.metrics import EnergyBooks, load_metrics, optimality
from runs.network import NetworkRun, network_metrics, network_warnings, solve_network
from runs.outcome import Outcome
from runs.world import World


def summary_of(
    world: World, outcome: Outcome, network: NetworkRun | None = None, books: EnergyBooks | None = None
) -> dict[str, Any]:
    """Return the key figures of a run by name, units in the names.

    Parameters
    ----------
    world
        What was there before anyone decided.
    outcome
        What the engine handed over.
    network
        The power flows of the run's feeder, where they are known already.
    books
        What became of each EV's need, where that is known already.

    Raises
    ------
    FaultyInputError
        If there is a feeder, and its power flow diverges.
    """
    network = network or solve_network(world, outcome.schedules)
    limit_kw, slot_h = world.hierarchy.limit_kw, world.horizon.slot_h
    actual = np.stack([load.actual_kw for load in world.loads])
    ev = np.stack([schedule.load_kw() for schedule in outcome.schedules])
    charging = world.free_charging
    free = np.stack([schedule.load_kw() for schedule in charging.schedules])
    books = books or EnergyBooks.of(world.fleet, world.rows, outcome.schedules, slot_h)
    free_books = EnergyBooks.of(world.fleet, world.rows, charging.schedules, slot_h)
    return {
        "method": world.scenario.coordination.method,
        "batch_size": world.scenario.coordination.batch_size,
        "vehicles": len(world.fleet),
        "transformers": len(world.loads),
        "limit_kw": limit_kw,
        **load_metrics(actual + ev, limit_kw),
        **books.metrics(world.fleet),
        **(network_metrics(world, network.run) if network else {}),
        "messages": outcome.channel.messages,
        "bytes": outcome.channel.bytes,
        "refused_deposits": outcome.refusals,
        "messages_lost": outcome.channel.lost,
        "vehicles_cut_off": sum(int(strays.cut_off.sum()) for strays in outcome.strays),
        "vehicles_died": sum(int(strays.died.sum()) for strays in outcome.strays),
        "fallback_kwh": sum(float(strays.fallback_kw.sum()) for strays in outcome.strays) * slot_h,
        "rounds": max((held.number for each in outcome.rounds for _, held in each), default=1),
        "converged": _converged(outcome),
        **(optimality(outcome.distances) if outcome.distances else {}),
        "wall_s": outcome.wall_s,
        "free": {
            **load_metrics(actual + free, limit_kw),
            **free_books.metrics(world.fleet),
            **(network_metrics(world, network.free) if network else {}),
            "messages": 0,
            "bytes": 0,
            "wall_s": charging.wall_s,
        },
        "no_evs": {
            **load_metrics(actual, limit_kw),
            **(network_metrics(world, network.no_evs) if network else {}),
        },
        "warnings": [
            *world.warnings(),
            *_limit_warning(actual, ev, limit_kw),
            *(network_warnings(world, network) if network else ()),
        ],
    }


def _limit_warning(actual_kw: NDArray[np.float64], ev_kw: NDArray[np.float64], limit_kw: float) -> list[str]:
    over = (actual_kw + ev_kw > limit_kw + LIMIT_TOLERANCE_KW) & (ev_kw > LIMIT_TOLERANCE_KW)
    return [f"{over.sum()} of {over.size} slots pass the limit with EVs charging in them"] if over.any() else []


def _converged(outcome: Outcome) -> bool | None:
    """Whether wherever ants came back, on every board and at every slot, no EV would move in the end; None if none did."""
    last = {(k, slot): held for k, each in enumerate(outcome.rounds) for slot, held in each}
    came_back = [held for held in last.values() if held.number > 1]
    return all(held.settled for held in came_back) if came_back else None
