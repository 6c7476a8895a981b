"""The summary of a run: its key figures beside those of free charging and of no EVs."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coordination.valley_filling.optimum import CLOSED
from environment.pheromone_board import LIMIT_TOLERANCE_KW
from runs.feeder_flows import NetworkRun
from runs.homes.feeder import network_of
from runs.homes.judging import Distance, EnergyBooks, Judged, costs_of, optimality
from runs.homes.levels import grid_metrics, measured_limits
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.plural import counted

TOLD_KWH: Final = 0.05
"""Energy from which on it is warned of that it stays unserved though there was time for it [kWh]: what a figure shows."""


def summary_of(
    homes: Homes, outcome: HomesOutcome, network: NetworkRun | None = None, books: EnergyBooks | None = None
) -> dict[str, Any]:
    """Return the key figures of a run by name, units in the names.

    Parameters
    ----------
    homes
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
    network = network or network_of(homes, outcome.schedules)
    limit_kw, slot_h = homes.grid.transformer_limit_kw, homes.horizon.slot_h
    actual = homes.actual_kw
    ev = np.stack([schedule.load_kw() for schedule in outcome.schedules])
    charging = homes.free_charging
    free = np.stack([schedule.load_kw() for schedule in charging.schedules])
    books = books or EnergyBooks.of(homes.fleet, homes.rows, outcome.schedules, slot_h)
    free_books = EnergyBooks.of(homes.fleet, homes.rows, charging.schedules, slot_h)
    judged: Sequence[Judged | Distance] = outcome.distances or [
        Judged.of(homes, k, each) for k, each in enumerate(outcome.schedules)
    ]
    died = _evs(homes, [strays.died for strays in outcome.strays])
    optimum: dict[str, Any] = optimality(outcome.distances) if outcome.distances else {}
    own = {**grid_metrics(homes, actual + ev), **books.metrics(homes.fleet)}
    of_free = {**grid_metrics(homes, actual + free), **free_books.metrics(homes.fleet)}
    return {
        "method": homes.scenario.coordination.method,
        "batch_size": homes.scenario.coordination.batch_size,
        "horizon_start": homes.horizon.begin_text,
        "vehicles": homes.fleet.n_vehicles,
        "stays": len(homes.fleet),
        "transformers": len(homes.loads),
        **_limits(limit_kw, homes.grid.equal_limit_kw),
        **own,
        **(network.metrics(network.run) if network else {}),
        "messages": outcome.channel.messages,
        "bytes": outcome.channel.bytes,
        "refused_deposits": outcome.refusals,
        "messages_lost": outcome.channel.lost,
        "vehicles_cut_off": _evs(homes, [strays.cut_off for strays in outcome.strays]),
        "vehicles_died": died,
        "fallback_kwh": sum(float(strays.fallback_kw.sum()) for strays in outcome.strays) * slot_h,
        "rounds": max((held.number for each in outcome.rounds for _, held in each), default=1),
        "converged": _converged(outcome),
        **costs_of(judged),
        **optimum,
        "wall_s": outcome.wall_s,
        "free": {
            **of_free,
            **(network.metrics(network.free) if network else {}),
            "messages": 0,
            "bytes": 0,
            "wall_s": charging.wall_s,
        },
        "no_evs": {
            **grid_metrics(homes, actual),
            **(network.metrics(network.no_evs) if network else {}),
        },
        "warnings": [
            *_worse_warning(homes, judged, own, of_free, died),
            *_unserved_warning(own, of_free, optimum.get("optimum_unserved_kwh")),
            *([f"{died:,} of {counted(homes.fleet.n_vehicles, 'EV')} died (channel.death)"] if died else ()),
            *_limit_warning(actual, ev, limit_kw),
            *measured_limits(homes, actual + ev),
            *_empty_warning(homes, books),
            *(network.warnings() if network else ()),
            *homes.warnings(),
        ],
    }


def _limits(limit_kw: NDArray[np.float64], equal_kw: float | None) -> dict[str, float | None]:
    """Return the limit of all transformers or, where they differ, the least and the most of any in any slot."""
    if equal_kw is not None:
        return {"limit_kw": equal_kw}
    return {"limit_kw": None, "limit_min_kw": float(limit_kw.min()), "limit_max_kw": float(limit_kw.max())}


def _worse_warning(
    homes: Homes,
    judged: Sequence[Judged | Distance],
    own: dict[str, Any],
    free: dict[str, Any],
    died: int,
) -> list[str]:
    """Say where a run ends worse than free charging, in the cost that it is to lower or in a peak that it need not have had."""
    cost, free_cost = costs_of(judged).values()
    worse = [one for one in judged if one.cost_kw2 - one.free_kw2 > CLOSED * one.free_kw2]
    costs = cost - free_cost > CLOSED * free_cost
    lower_was_possible = free["overload_slots"] <= own["overload_slots"]
    peaks = own["peak_kw"] > free["peak_kw"] * (1 + CLOSED) + LIMIT_TOLERANCE_KW and lower_was_possible
    if not (worse or peaks):
        return []
    title, settings = homes.coordinator.title, homes.scenario.coordination
    found = []
    if costs:
        found.append(f"uneven load and unserved energy cost more (cost_kw2: {_against(cost, free_cost, '')})")
    elif worse:
        found.append(f"uneven load and unserved energy cost more below {len(worse)} of {len(judged)} transformers")
    found.append(f"the peak is {_against(own['peak_kw'], free['peak_kw'], ' kW')}")
    if homes.coordinator.decides == "vehicle" and settings.batch_size > 1 and not died:
        found.append("a smaller coordination.batch_size or more coordination.rounds help")
    return [f"worse than doing nothing: with {title} against free charging, {'; '.join(found)}"]


def _against(own: float, other: float, unit: str) -> str:
    """Return two figures, with as many decimals as it takes to tell them apart."""
    for decimals in (1, 3, 6, 9):
        texts = [f"{figure:,.{decimals}f}{unit}" for figure in (own, other)]
        if texts[0] != texts[1]:
            break
    return " against ".join(texts)


def _unserved_warning(own: dict[str, Any], free: dict[str, Any], optimum_kwh: float | None) -> list[str]:
    """Say what stays unserved beside what short stays alone would leave: free charging, which no limit stops, leaves that."""
    left_kwh, must_kwh = own["unserved_kwh"], free["unserved_kwh"]
    nothing = own["vehicles_with_nothing"]
    if left_kwh - must_kwh < TOLD_KWH and nothing <= free["vehicles_with_nothing"]:
        return []
    evs, asked_kwh = own["vehicles_with_need"], own["energy_requested_kwh"]
    part = evs - own["vehicles_served"] - nothing
    had_to_be = (
        "with run.optimum the run says how much had to be"
        if optimum_kwh is None
        else f"the optimum leaves {optimum_kwh:,.1f} kWh"
    )
    who = f"of {evs:,} EVs {nothing:,} get nothing and {part:,} only a part"
    why = f"short stays alone leave {must_kwh:,.1f} kWh, {had_to_be}"
    return [f"{left_kwh:,.1f} of {asked_kwh:,.1f} kWh stay unserved, {who}; {why}"]


def _evs(homes: Homes, among: list[NDArray[np.bool_]]) -> int:
    """Return how many EVs have a stay among some of each transformer's."""
    rows = np.concatenate([rows[mask] for rows, mask in zip(homes.rows, among, strict=True)])
    return int(np.unique(homes.fleet.first_row[rows]).size)


def _limit_warning(
    actual_kw: NDArray[np.float64], ev_kw: NDArray[np.float64], limit_kw: NDArray[np.float64]
) -> list[str]:
    over = (actual_kw + ev_kw > limit_kw + LIMIT_TOLERANCE_KW) & (ev_kw > LIMIT_TOLERANCE_KW)
    return [f"{over.sum()} of {over.size} slots pass the limit with EVs charging in them"] if over.any() else []


def _empty_warning(homes: Homes, books: EnergyBooks) -> list[str]:
    lacking = (homes.fleet.stay > 1) & (homes.fleet.soc_carried(books.unserved_kwh) < 0)
    if not lacking.any():
        return []
    return [
        f"{homes.fleet.named(lacking)} would plug in below empty, for what earlier stays left unserved; their state of charge counts as 0"
    ]


def _converged(outcome: HomesOutcome) -> bool | None:
    """Whether wherever ants came back, on every board and at every slot, no EV would move in the end; None if none did."""
    last = {(k, slot): held for k, each in enumerate(outcome.rounds) for slot, held in each}
    came_back = [held for held in last.values() if held.number > 1]
    return all(held.settled for held in came_back) if came_back else None
