"""Key figures of a run of charging stations, by name, units in the names."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coordination.stations.problem import CONSTRAINTS
from coordination.stations.settings import NONE, SchedulingSettings
from coordination.stations.triggers import DUST_KW, TriggersSettings
from environment.feeders.power_flow import Flow
from environment.grid.record import GridRecord
from runs.metrics import above_rating, largest_loading
from runs.plural import counted
from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark

COSTS: Final = ("transformer", "storage", "line", "loss", "time")
"""Terms of f2, in the paper's order."""
SEARCHED_BY: Final = {"coefficients": "the paper's coefficients", "powerflow": "a power flow of every candidate"}
"""What a search goes by, in words."""
ENOUGH: Final = SchedulingSettings().population * SchedulingSettings().iterations
"""Schedules that a search of the default length looks at in a slot; a search with fewer is told to be short."""
SEEN_KWH: Final = 0.1
"""Energy that is told; less is rounding."""
LEVELS: Final = ("time", "region", "user", "emergency")


def switched_on(triggers: TriggersSettings) -> list[str]:
    """Return the names of the triggers that are on."""
    return [level for level in LEVELS if getattr(triggers, level)]


def summary_of(park: StationPark, outcome: StationsOutcome) -> dict[str, Any]:
    """Return the key figures of a run by name, units in the names; those of free charging under ``free``.

    Parameters
    ----------
    park
        What was there before anyone decided.
    outcome
        What the run came to.
    """
    free = outcome.free
    settings, track = park.scenario.scheduling, outcome.track
    fired = [trigger for _, trigger, _, _ in track.fired]
    channel = outcome.channel
    return {
        "method": "stations",
        "optimizer": settings.optimizer,
        "evaluator": settings.evaluator,
        "triggers": ", ".join(switched_on(park.scenario.triggers)) or "none",
        "horizon_start": park.horizon.begin_text,
        "stations": len(park.stations),
        "regions": len(park.stations.regions),
        "visits": len(park.visits),
        "users": int(np.unique(park.visits.vehicle).size),
        "wanted_kwh": float(outcome.yard.visits.energy_kwh.sum()),
        **figures(park, outcome),
        **{f"fired_{level}": fired.count(level) for level in LEVELS},
        "sags": int((park.events.sag_pu > 0).sum()),
        "emergency_slots": len(_emergencies(outcome)),
        "emergency_unstruck_slots": len(unstruck(park, outcome)),
        "evaluations": int(sum(found.history[-1, 0] for found in track.found if len(found.history))),
        "messages": channel.messages,
        "bytes": channel.bytes,
        "messages_lost": channel.lost,
        "vehicles_cut_off": outcome.visitors_cut_off,
        "vehicles_died": outcome.visitors_died,
        "wall_s": outcome.wall_s,
        "free": figures(park, free),
        "no_evs": _without_evs(park, park.no_evs_flow),
        "warnings": warnings(park, outcome, free),
    }


def _without_evs(park: StationPark, flow: Flow) -> dict[str, Any]:
    """Return what the feeder does under its base load alone."""
    site_pu = flow.voltage_pu[:, park.stations.node]
    return {
        "peak_kw": float(flow.source_kw.max()),
        "drawn_kwh": float(flow.source_kw.sum() * park.horizon.slot_h),
        "losses_kwh": float(flow.loss_kw.sum() * park.horizon.slot_h),
        "voltage_min_pu": float(site_pu.min()),
        "voltage_max_pu": float(site_pu.max()),
        "node_voltage_min_pu": float(flow.voltage_pu.min()),
        "line_loading_max": largest_loading(flow.line_loading),
        "transformer_loading_max": largest_loading(flow.transformer_loading),
    }


def figures(park: StationPark, outcome: StationsOutcome) -> dict[str, Any]:
    """Return what a run came to, with free charging or without."""
    grid, objectives, slot_h = outcome.grid, outcome.judgement.objectives, park.horizon.slot_h
    track, sessions, storage = outcome.track, outcome.sessions, outcome.storage
    served = sessions.served_slot >= 0
    wait = (np.where(served, sessions.served_slot, park.horizon.n_slots) - park.visits.slot)[~sessions.died]
    costs = np.sum([judged.costs_yuan[0] for judged in objectives], axis=0)
    discount = park.scenario.scheduling.discount_yuan_per_h
    shifted = served & (sessions.shifted_slots > 0)
    paid_back = float(discount * sessions.time_h[shifted].sum())
    deviation = max(float(np.abs(grid.low_pu - 1).max()), float(np.abs(grid.high_pu - 1).max()))
    broken = _broken(outcome)
    return {
        "served_visits": int(served.sum()),
        "waiting_visits": int((~served & ~sessions.died).sum()),
        "served_kwh": float(sessions.served_kwh.sum()),
        "lent_kwh": float(sessions.lent_kwh.sum()),
        "unserved_kwh": float(sessions.short_kwh.sum()),
        "cut_kwh": float((track.cut_kw * track.time_h).sum()),
        "short_slots": int((track.short_kw > DUST_KW).sum()),
        "shed_kwh": float(track.shed_kw.sum() * slot_h),
        "shifted_visits": int((sessions.shifted_slots > 0).sum()),
        "wait_mean_min": float(60 * slot_h * wait.mean()) if wait.size else 0.0,
        "wait_max_min": float(60 * slot_h * wait.max(initial=0)),
        "unshifted_wait_max_min": float(60 * slot_h * wait[sessions.shifted_slots[~sessions.died] == 0].max(initial=0)),
        "charging_time_mean_h": float(sessions.time_h[served].mean()) if served.any() else 0.0,
        "queue_max": int(track.queued.max()),
        "peak_kw": float(grid.drawn_kw.max()),
        "ev_peak_kw": float(track.power_kw.sum(axis=1).max()),
        "drawn_kwh": float(grid.drawn_kwh.sum()),
        "losses_kwh": float(grid.loss_kwh.sum()),
        "coefficient_losses_kwh": float(outcome.judgement.coefficient_loss_kwh.sum()),
        "voltage_min_pu": float(grid.low_pu.min()),
        "voltage_min_at": str(park.stations.station[grid.low_pu.min(axis=0).argmin()]),
        "voltage_max_pu": float(grid.high_pu.max()),
        "node_voltage_min_pu": float(grid.node_low_pu.min()),
        "node_voltage_min_at": str(park.feeder.node[grid.node_low_pu.min(axis=0).argmin()]),
        "node_outside_slots": int(_outside(park, grid).any(axis=1).sum()),
        "voltage_deviation_max_pu": deviation,
        "voltage_swing_max_pu": float((grid.high_pu.max(axis=0) - grid.low_pu.min(axis=0)).max()),
        "line_loading_max": largest_loading(grid.line_loading),
        "transformer_loading_max": largest_loading(grid.transformer_loading),
        "overloaded_slots": int(_overloaded(grid).sum()),
        "spread_mean_kw": float(np.mean([judged.spread_kw[0] for judged in objectives])),
        "satisfaction_mean": float(np.mean([judged.satisfaction[0] for judged in objectives])),
        "cost_yuan": float(costs.sum()),
        "discount_yuan": paid_back,
        **{f"{name}_cost_yuan": float(cost) for name, cost in zip(COSTS, costs, strict=True)},
        "time_cost_share": float(costs[-1] / costs.sum()) if costs.sum() > 0 else 0.0,
        "feasible_slots": int((~broken.any(axis=1)).sum()),
        **{f"{name}_broken_slots": int(count) for name, count in zip(CONSTRAINTS, broken.sum(axis=0), strict=True)},
        "storage_charged_kwh": float(storage.charged_kwh.sum()),
        "storage_discharged_kwh": float(storage.discharged_kwh.sum()),
        "storage_lost_kwh": float(storage.lost_kwh.sum()),
        "balance_error_kw": float(grid.residual_kw.max()),
    }


def _outside(park: StationPark, grid: GridRecord) -> NDArray[np.bool_]:
    """Return which nodes leave the voltage band in which slots, shape ``(n_slots, n_nodes)``."""
    band = park.feeder_settings
    outside: NDArray[np.bool_] = (grid.node_low_pu < band.voltage_min_pu) | (grid.node_high_pu > band.voltage_max_pu)
    return outside


def _overloaded(grid: GridRecord) -> NDArray[np.bool_]:
    """Return in which slots a line or transformer passes its rating, shape ``(n_slots,)``."""
    over: NDArray[np.bool_] = above_rating(grid.loading).any(axis=1)
    return over


def unstruck(park: StationPark, outcome: StationsOutcome) -> list[int]:
    """Return the slots in which the emergency level did something though the grid above neither sagged nor lacked supply."""
    struck = (park.events.sag_pu > 0) | (outcome.track.short_kw > DUST_KW)
    return [slot for slot in _emergencies(outcome) if not struck[slot]]


def _emergencies(outcome: StationsOutcome) -> list[int]:
    """Return the slots in which the emergency level did something."""
    return sorted({slot for slot, trigger, _, _ in outcome.track.fired if trigger == "emergency"})


def warnings(park: StationPark, outcome: StationsOutcome, free: StationsOutcome) -> list[str]:
    """Return what a reader of the figures should know; first, where the run is worse than free charging."""
    said = _worse(park, outcome, free)
    if outcome.visitors_died:
        said.append(f"{outcome.visitors_died} of {counted(len(park.visits), 'visitor')} died (channel.death)")
    waiting = int(((outcome.sessions.served_slot < 0) & ~outcome.sessions.died).sum())
    if waiting:
        said.append(f"{waiting} of {len(park.visits)} visits still wait when the horizon ends")
    slots, settings = park.horizon.n_slots, park.scenario.scheduling
    infeasible = sum(not found.objectives.feasible[0] for found in outcome.track.found)
    if infeasible and settings.optimizer != NONE:
        said.append(
            f"the search, by {SEARCHED_BY[settings.evaluator]}, found no schedule within all limits in {infeasible} of {slots} slots"
        )
    broken, before = _broken(outcome), _broken(free)
    outside, was = int(broken.any(axis=1).sum()), int(before.any(axis=1).sum())
    if outside:
        names = ", ".join(
            f"{name} {count}" for name, count in zip(CONSTRAINTS, broken.sum(axis=0).tolist(), strict=True) if count
        )
        text = f"by the power flow {outside} of {slots} slots are not within all limits ({names}), with free charging {was}"
        if outside > was and settings.optimizer != NONE:
            voltage = CONSTRAINTS.index("voltage")
            if broken[:, voltage].sum() > before[:, voltage].sum():
                text += f"; voltages are searched for, not held: {_why(settings)}"
        said.append(text)
    elsewhere = _outside(park, outcome.grid)
    elsewhere[:, park.stations.node] = False
    if elsewhere.any():
        band, node_pu = park.feeder_settings, outcome.grid.node_low_pu.min(axis=0)
        node = int(np.where(elsewhere.any(axis=0), node_pu, np.inf).argmin())
        said.append(
            f"in {elsewhere.any(axis=1).sum()} of {slots} slots nodes without a station leave the voltage band of "
            f"{band.voltage_min_pu:g} to {band.voltage_max_pu:g} pu, the lowest of them {park.feeder.node[node]} with "
            f"{node_pu[node]:.4f} pu; the five limits count stations' nodes alone"
        )
    over = _overloaded(outcome.grid)
    if over.any():
        loading = np.nan_to_num(outcome.grid.loading).max(axis=0)
        name = np.concatenate([park.feeder.line, park.feeder.transformer])[loading.argmax()]
        said.append(
            f"in {over.sum()} of {slots} slots a line or transformer passes its rating, most of all {name} with {loading.max():.0%}; "
            f"with free charging in {_overloaded(free.grid).sum()}; ratings are none of the five limits"
        )
    own = unstruck(park, outcome)
    if own and settings.optimizer != NONE:
        low = (free.grid.low_pu[own].min(axis=1) < park.feeder_settings.voltage_min_pu).sum()
        said.append(
            f"in {len(own)} of {len(_emergencies(outcome))} slots of the emergency level nothing struck: voltages fall below their limit "
            f"under the schedule itself; with free charging in {low} of these"
        )
    shed = outcome.track.shed_kw
    if shed.any():
        said.append(
            f"in {(shed > 0).sum()} slots the supply lacks more than EVs draw: up to {shed.max():,.0f} kW of base load are not supplied"
        )
    return [*said, *park.warnings()]


def _broken(outcome: StationsOutcome) -> NDArray[np.bool_]:
    """Return which limits a run breaks by the power flow, in the order of `CONSTRAINTS`, shape ``(n_slots, 5)``."""
    return np.array([judged.broken[0] for judged in outcome.judgement.objectives])


def _worse(park: StationPark, outcome: StationsOutcome, free: StationsOutcome) -> list[str]:
    """Say in which figures a run is worse than free charging: the search's own, limits, energy, voltages out of band."""
    found = outcome.track.found
    value = np.mean([each.fitness for each in found])
    idle = np.mean([problem.value(problem.free_objectives)[0] for problem in outcome.track.problems])
    broken, before = (int(_broken(each).any(axis=1).sum()) for each in (outcome, free))
    lacks_kwh, lacked_kwh = (float(each.sessions.short_kwh.sum()) for each in (outcome, free))
    low, was = (each.grid.node_low_pu.min(axis=0) for each in (outcome, free))
    worse = []
    if value > idle:
        worse.append(f"F = {value:.4g} against {idle:.4g}, mean of the slots")
    if broken > before:
        worse.append(f"the five limits are broken in {broken} of {park.horizon.n_slots} slots against {before}")
    if lacks_kwh > lacked_kwh + SEEN_KWH:
        worse.append(f"{lacks_kwh:,.1f} kWh stay unserved against {lacked_kwh:,.1f} kWh")
    if low.min() < min(was.min(), park.feeder_settings.voltage_min_pu):
        here, there = (f"{pu.min():.4f} pu ({park.feeder.node[pu.argmin()]})" for pu in (low, was))
        worse.append(f"the lowest voltage of any node is {here} against {there}")
    return [f"the run is worse than free charging: {'; '.join(worse)}"] if worse else []


def _why(settings: SchedulingSettings) -> str:
    """Say what of the search lets voltages be outside."""
    causes = []
    if settings.evaluator == "coefficients":
        causes.append("coefficients know no lines (scheduling.evaluator)")
    if settings.weight_voltage == 0:
        causes.append("F holds no voltage (scheduling.weight_voltage, such as 0.4)")
    if settings.population * settings.iterations < ENOUGH:
        causes.append("the search is short (scheduling.iterations)")
    return ", ".join(causes) or "no schedule that was looked at is better"
