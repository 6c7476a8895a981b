"""Key figures of a fleet that gives back, by name, units in the names."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.dispatch import Track
from coordination.peak_shaving.problem import EXACT
from environment.ageing import years_of_service
from environment.presence import ROUNDING_KWH
from runs.feeder_flows import NetworkRun
from runs.metrics import load_metrics
from runs.plural import counted
from runs.v2g.engine import follow
from runs.v2g.feeder import network_of
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import V2G, named

ROUNDING: Final = 1e-9
"""Part of F, or of 1 where it is less, that is rounding."""

STRAYED: Final = 0.01
"""Part of the signal's energy beyond which EVs' deviation from it is told."""


def summary_of(v2g: V2G, outcome: V2GOutcome, network: NetworkRun | None = None) -> dict[str, Any]:
    """Return the key figures of a run by name, units in the names.

    Parameters
    ----------
    v2g
        What was there before anyone decided.
    outcome
        What the engine handed over.
    network
        The power flows of the run's feeder, where they are known already.

    Raises
    ------
    FaultyInputError
        If there is a feeder, and its power flow diverges.
    """
    network, free = network or network_of(v2g, outcome), v2g.free_charging
    track, batteries, found = outcome.track, outcome.batteries, outcome.found
    load_kw, slot_h, settings = v2g.load.actual_kw, v2g.horizon.slot_h, v2g.settings
    limit_kw = v2g.scenario.transformer.all_limits_kw[1]
    deviation = track.response_kw - track.signal_kw
    loss, years = life(v2g, outcome)
    signal = outcome.problem.objectives(found.signal_kw[None])
    answer = v2g.problem.objectives(track.response_kw[None])
    exact = found.exact
    return {
        "method": "peak_shaving",
        "optimizer": settings.optimizer,
        "tactic": v2g.scenario.grouping.tactic,
        "horizon_start": v2g.horizon.begin_text,
        "vehicles": len(v2g.fleet),
        "days": v2g.days,
        **load_metrics((load_kw + track.response_kw)[None], limit_kw),
        **(network.metrics(network.run) if network else {}),
        "signal_fitness": found.fitness,
        "signal_is_feasible": not signal.broken[0],
        "signal_cost_yuan": float(signal.cost_yuan[0]),
        "exact_bound": None if exact is None else exact.bound,
        "exact_is_optimal": None if exact is None else exact.is_optimal,
        "gap_to_exact": found.gap,
        "cost_yuan": float(answer.cost_yuan[0]),
        "owner_profit_yuan": -float(answer.cost_yuan[0]),
        "evaluations": int(found.history[-1, 0]) if found.history.size else 0,
        "deviation_max_kw": float(np.abs(deviation).max()),
        "deviation_mean_kw": float(np.abs(deviation).mean()),
        "unserved_kwh": float(outcome.departures.unserved_kwh.sum()),
        "charged_kwh": float(batteries.charged_kwh.sum()),
        "discharged_kwh": float(batteries.discharged_kwh.sum()),
        "battery_losses_kwh": float(batteries.lost_kwh.sum()),
        "throughput_kwh": float(batteries.wear.throughput_kwh.sum()),
        "soc_std_before": _mean(track.soc_std_before),
        "soc_std_after": _mean(track.soc_std_after),
        "soc_mean_end": float(batteries.soc.mean()),
        "life_loss_mean_percent": float(loss.mean()),
        "life_loss_p95_percent": float(np.quantile(loss, 0.95)),
        "life_loss_max_percent": float(loss.max()),
        "years_mean_loss": _years(float(loss.mean()), v2g),
        "years_p95_loss": _years(float(np.quantile(loss, 0.95)), v2g),
        "years_min": _finite(float(years.min())),
        "energy_kwh": float(track.response_kw.sum() * slot_h),
        "messages": outcome.channel.messages,
        "bytes": outcome.channel.bytes,
        "messages_lost": outcome.channel.lost,
        "vehicles_cut_off": outcome.vehicles_cut_off,
        "vehicles_died": outcome.vehicles_died,
        "fallback_kwh": outcome.fallback_kwh(slot_h),
        "wall_s": outcome.wall_s,
        "free": {
            **load_metrics((load_kw + free.response_kw)[None], limit_kw),
            **(network.metrics(network.free) if network else {}),
            "unserved_kwh": float(free.unserved_kwh.sum()),
            "cost_yuan": (free_cost_yuan := float(v2g.problem.objectives(free.response_kw[None]).cost_yuan[0])),
            "owner_profit_yuan": -free_cost_yuan,
            "energy_kwh": float(free.response_kw.sum() * slot_h),
        },
        "no_evs": {
            **load_metrics(load_kw[None], limit_kw),
            **(network.metrics(network.no_evs) if network else {}),
        },
        "warnings": _warnings(v2g, outcome, network),
    }


def life(v2g: V2G, outcome: V2GOutcome) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return life lost over the run [%] and years of service if such days follow each other, ``(n_vehicles,)`` each."""
    reading = v2g.settings.ageing_reading
    loss = outcome.batteries.wear.loss_percent(reading)
    return loss, years_of_service(loss, v2g.days, reading)


def _years(loss_percent: float, v2g: V2G) -> float | None:
    return _finite(float(years_of_service(np.array(loss_percent), v2g.days, v2g.settings.ageing_reading)))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _warnings(v2g: V2G, outcome: V2GOutcome, network: NetworkRun | None) -> list[str]:
    found = _worse_than_nothing(v2g, outcome)
    if outcome.problem.objectives(outcome.found.signal_kw[None]).broken[0]:
        found.append("the optimiser found no signal that keeps all constraints; EVs follow it as far as they can")
    if outcome.vehicles_died:
        found.append(f"{outcome.vehicles_died:,} of {counted(len(v2g.fleet), 'EV')} died (channel.death)")
    found += [*_lacking(v2g, outcome), *_missed(outcome.track, v2g.horizon.slot_h)]
    found += [*(network.warnings() if network else ()), *v2g.warnings()]
    exact = outcome.found.exact
    if v2g.settings.optimizer == EXACT and exact is not None and not exact.is_optimal:
        found.append(
            "the linear programme charges and discharges at once, which no fleet can: its value is a lower bound, and the "
            "signal is what batteries allow of its answer"
        )
    if not v2g.problem.is_convex:
        found.append(
            "with these readings a kWh discharged brings more than one charged costs: there is no exact reference"
        )
    return found


def _worse_than_nothing(v2g: V2G, outcome: V2GOutcome) -> list[str]:
    """Say where the signal, or else what EVs did for the load as it came, is worse than doing nothing but what needs ask for."""
    problem, came = outcome.problem, v2g.pose(v2g.load.actual_kw, v2g.tariff)
    nothing = "charging only what needs ask for" if v2g.problem.has_needs else "doing nothing"
    signal_idle = float(problem.evaluate(problem.idle_kw[None])[0])
    if outcome.found.fitness > signal_idle + ROUNDING * max(abs(signal_idle), 1.0):
        return [f"the signal is worse than {nothing}: F = {outcome.found.fitness:.4g} against {signal_idle:.4g}"]
    idle_kw = problem.idle_kw
    if v2g.problem.has_needs:
        idle_kw = follow(v2g, np.zeros(v2g.horizon.n_slots))[0].response_kw
    done, idle = came.goal(np.stack([outcome.track.response_kw, idle_kw])).tolist()
    if done > idle + ROUNDING * max(abs(idle), 1.0):
        return [f"what EVs did is worse than {nothing}: F = {done:.4g} against {idle:.4g}"]
    return []


def _missed(track: Track, slot_h: float) -> list[str]:
    """Say where EVs stray from the signal by more than `STRAYED` of its energy."""
    missed_kwh = float(np.abs(track.response_kw - track.signal_kw).sum() * slot_h)
    asked_kwh = float(np.abs(track.signal_kw).sum() * slot_h)
    if missed_kwh <= STRAYED * asked_kwh + ROUNDING_KWH:
        return []
    part = f", {missed_kwh / asked_kwh:.1%}" if asked_kwh > ROUNDING_KWH else ""
    return [f"EVs stray from the signal by {missed_kwh:,.1f} kWh of its {asked_kwh:,.1f} kWh{part}"]


def _lacking(v2g: V2G, outcome: V2GOutcome) -> list[str]:
    """Name who has less than `participation.end` holds EVs to, and who needs something that is not held."""
    departures, soc = outcome.departures, outcome.batteries.soc
    lacking: dict[str, dict[str, NDArray[np.float64]]] = {
        "free": {},
        "cyclic": {"emptier at the end than at the beginning": (v2g.soc_start - soc) * v2g.fleet.capacity_kwh},
        "need": {
            "left with less than they need": departures.missed_kwh,
            "never at the grid for a whole slot": np.where(departures.stays == 0, departures.unserved_kwh, 0.0),
            "at the grid when the horizon ends, with less than they ask for": departures.unserved_at_end_kwh,
        },
    }
    return [
        f"{named(v2g.fleet.vehicle, kwh)} {text}"
        for text, kwh in lacking[v2g.scenario.participation.end].items()
        if (kwh > ROUNDING_KWH).any()
    ]
