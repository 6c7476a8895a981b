"""Random slots of a few stations for the laws, and the objectives as a plain loop over the formulas."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coordination.stations.network import ByPowerFlow, Coefficients
from coordination.stations.problem import Decision, Limits, Network, StationScheduling
from coordination.stations.settings import SchedulingSettings
from environment.feeders import BuiltinFeeder
from environment.feeders.tap_changers import TapChangers
from environment.grid.state import GridState, Sites
from environment.horizon import Horizon
from environment.station_sites import Stations, StationsSettings

LIMITS = Limits(353.4, 406.6, 0.42, 0.6, 1200.0, 3000.0, 5.0)
SETTINGS = StationsSettings()
FEEDER = BuiltinFeeder().feeder()
ALL = Stations.build(SETTINGS, FEEDER)
HORIZON = Horizon(slot_min=36, slots=1)


def make_problem(seed: int, *, m: int = 6, regions: int = 3, scheduling: dict[str, Any] | None = None, **given: Any) -> StationScheduling:  # fmt: skip
    """Return a random slot of m stations; `given` replaces columns."""
    rng = np.random.default_rng(seed)
    places = rng.choice([2, 36], m)
    plugged = np.minimum(rng.integers(0, 37, m) * rng.integers(0, 2, m), places)
    queued = np.where(plugged == places, rng.integers(0, 30, m), 0)
    columns: dict[str, Any] = {
        "slot_h": 0.6,
        "plugged": plugged,
        "wanted_kwh": plugged * rng.uniform(10, 60, m),
        "queued": queued,
        "queued_kwh": queued * rng.uniform(10, 60, m),
        "base_kw": rng.uniform(0, 300, m),
        "storage_kw": rng.uniform(-100, 100, m) * rng.integers(0, 2, m),
        "lent_kw": rng.uniform(0, 50, m) * rng.integers(0, 2, m),
        "region": rng.integers(0, regions, m),
        "region_weights": rng.uniform(0.5, 1.5, regions),
        "time_weight": float(rng.choice([0.0, 0.5, 1.3])),
        "price_yuan_per_kwh": float(rng.choice([-0.1, 0.0, 0.6])),
        "supply_kw": float(rng.choice([1500.0, np.inf])),
        "storage_efficiency": 0.9,
        "places": places,
        "rated_v": np.full(m, 380.0),
        "idle_v": rng.uniform(390.0, 402.0, m),
        "limits": LIMITS,
        "settings": SchedulingSettings(weight_voltage=0.3, **scheduling or {}),
        "evaluator": Coefficients(),
    }
    return StationScheduling(**{**columns, **given})


def by_power_flow(*, base_kw: float = 15_200.0, source_pu: float = 1.0, tap_step: float = SETTINGS.tap_step) -> ByPowerFlow:  # fmt: skip
    """Return the evaluator of the built-in feeder, its base load spread evenly."""
    ratio = FEEDER.own_kvar.sum() / FEEDER.own_kw.sum()
    load_kw = base_kw * FEEDER.own_kw[None] / FEEDER.own_kw.sum()
    sites = Sites(ALL.node, changers=TapChangers(ALL.transformer, tap_step), word="stations")
    fed = FEEDER.fed_at(source_pu)
    return ByPowerFlow(GridState(fed, HORIZON, (load_kw, load_kw * ratio), sites, method="iterative_current"), 0)


def on_feeder(seed: int, *, base_kw: float = 15_200.0, source_pu: float = 1.0, ev_kw: float = 1500.0, **given: Any) -> StationScheduling:  # fmt: skip
    """Return a slot of all 76 stations on the built-in feeder, evaluated by power flow."""
    rng = np.random.default_rng(seed)
    m = len(ALL)
    plugged = rng.integers(0, 37, m)
    columns = {
        "plugged": plugged, "wanted_kwh": plugged * rng.uniform(0, ev_kw * 0.42 / 36, m), "queued": np.zeros(m, dtype=np.int64),
        "queued_kwh": np.zeros(m), "places": ALL.places, "region": ALL.region, "supply_kw": np.inf, "price_yuan_per_kwh": 0.6,
        "base_kw": np.full(m, base_kw / m),
        "region_weights": np.array(SETTINGS.region_weights), "evaluator": by_power_flow(base_kw=base_kw, source_pu=source_pu),
    }  # fmt: skip
    return make_problem(seed, m=m, regions=4, **{**columns, **given})


def any_decision(problem: StationScheduling, seed: int, n: int = 7) -> Decision:
    """Return schedules in the box, some beyond it."""
    x = np.random.default_rng(seed).uniform(-0.1, 1.1, (n, 3 * problem.stations))
    return problem.decode(np.where(np.arange(n)[:, None] % 2, np.clip(x, 0, 1), x))


def literal_network(problem: StationScheduling, decision: Decision) -> Network:
    """The paper's coefficients, station by station, EV by EV."""
    s, most = problem.settings, problem.limits.capacity_max_kw
    power = literal_power(problem, decision)
    n, m = power.shape
    voltage, loss, drawn = np.zeros((n, m)), np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(m):
            load = problem.base_kw[j] + problem.storage_kw[j] - problem.lent_kw[j] + power[i, j]
            u = decision.voltage_v[i, j] * (1 - s.drop_coefficient * load / most)
            rated, evs = most / problem.places[j], int(problem.plugged[j])
            crowd = s.loss_coefficient * evs / problem.places[j]
            piles = sum(s.pile_coefficient * (power[i, j] / evs) ** 2 / rated for _ in range(evs))
            devices = s.device_coefficient * (1 - problem.storage_efficiency) * abs(problem.storage_kw[j])
            piles, devices = (crowd * each * (380.0 / u) ** 2 for each in (piles, devices))
            voltage[i, j] = u
            loss[i] += piles * decision.time_h[i, j] + devices * problem.slot_h
            drawn[i] += load + piles + devices
    return Network(voltage, loss, drawn)


def literal_power(problem: StationScheduling, decision: Decision) -> NDArray[np.float64]:
    n, m = decision.time_h.shape
    power = [[min(problem.wanted_kwh[j] / decision.time_h[i, j], decision.capacity_kw[i, j]) for j in range(m)] for i in range(n)]  # fmt: skip
    return np.array(power)


def literal_objectives(
    problem: StationScheduling, decision: Decision, network: Network
) -> list[tuple[float, list[float], float, float, float, list[bool]]]:
    """Loss, costs, spread, satisfaction, deviation and flags of each schedule (f1 to f4 and eqs 5-9), in plain Python."""
    s, lim, dt, m = problem.settings, problem.limits, problem.slot_h, problem.stations
    power, rows = literal_power(problem, decision), []
    for i in range(len(power)):
        t, p, u = decision.time_h[i], decision.capacity_kw[i], network.voltage_v[i]
        loads = [power[i, j] + problem.base_kw[j] + problem.storage_kw[j] - problem.lent_kw[j] for j in range(m)]
        served = [power[i, j] * t[j] for j in range(m)]
        costs = [
            s.transformer_coefficient * s.transformer_yuan_per_kwh * sum(p[j] * dt for j in range(m)),
            s.storage_coefficient
            * s.storage_yuan_per_kwh
            * sum((abs(problem.storage_kw[j]) + problem.lent_kw[j]) * dt for j in range(m)),
            s.line_coefficient * s.line_yuan_per_kwh * sum(power[i, j] * t[j] for j in range(m)),
            s.loss_cost_coefficient * problem.price_yuan_per_kwh * network.loss_kwh[i],
            s.time_yuan_per_h * sum(problem.plugged[j] * t[j] + problem.queued[j] * dt for j in range(m)),
        ]
        satisfaction = 0.0
        for r, weight in enumerate(problem.region_weights):
            marks = []
            for j in np.flatnonzero((problem.region == r) & (problem.plugged > 0)):
                stretched = (t[j] - lim.time_rated_h) / (lim.time_max_h - lim.time_rated_h)
                wanted = problem.wanted_kwh[j] + problem.queued_kwh[j]
                evs = problem.plugged[j] + problem.queued[j]
                marks += [1 - stretched / 2 - (1 - served[j] / wanted) / 2] * evs
            satisfaction += problem.time_weight * weight * (sum(marks) / len(marks) if marks else 1.0)
        flags = [
            not all(lim.voltage_min_v - 1e-6 <= u[j] <= lim.voltage_max_v + 1e-6 for j in range(m)),
            not all(lim.time_rated_h - 1e-9 <= t[j] <= lim.time_max_h + 1e-9 for j in range(m)),
            any(problem.wanted_kwh[j] - served[j] > lim.short_max_kwh * problem.plugged[j] + 1e-6 for j in range(m)),
            not all(lim.capacity_min_kw - 1e-6 <= p[j] <= lim.capacity_max_kw + 1e-6 for j in range(m)),
            not network.drawn_kw[i] <= problem.supply_kw + 1e-6,
        ]
        mean = sum(loads) / m
        spread = math.sqrt(sum((load - mean) ** 2 for load in loads) / m)
        deviation = max(abs(u[j] / problem.rated_v[j] - 1) for j in range(m))
        rows.append((float(network.loss_kwh[i]), costs, spread, satisfaction, deviation, flags))
    return rows


def literal_fitness(problem: StationScheduling, decision: Decision, network: Network, before: Network) -> list[float]:
    """The fitness (eqs 10-11) of each schedule; f0 of the slot at rated time, most power, idle voltage."""
    s, m = problem.settings, problem.stations
    plain = Decision(problem.idle_v[None], *(np.full((1, m), value) for value in (problem.limits.time_rated_h, problem.limits.capacity_max_kw)))  # fmt: skip
    ((loss0, costs0, spread0, _, deviation0, _),) = literal_objectives(problem, plain, before)
    unit = [value if value > 1e-6 else 1.0 for value in (loss0, sum(costs0), spread0, deviation0)]
    most = problem.time_weight * sum(problem.region_weights) or 1.0
    return [
        s.weight_loss * loss / unit[0] + s.weight_cost * sum(costs) / unit[1] + s.weight_spread * spread / unit[2]
        - s.weight_satisfaction * satisfaction / most + s.weight_voltage * deviation / unit[3] + s.penalty * sum(flags)
        for loss, costs, spread, satisfaction, deviation, flags in literal_objectives(problem, decision, network)
    ]  # fmt: skip


def heavy(**given: Any) -> StationScheduling:
    """All that the stations may draw, which the cables cannot carry; with the least that they may be granted they can."""
    m = len(ALL)
    return on_feeder(
        1, plugged=np.full(m, 36), **{"wanted_kwh": np.full(m, 36 * 75.0), **given}, storage_kw=np.zeros(m),
        limits=LIMITS._replace(capacity_min_kw=100.0, capacity_max_kw=6000.0),
    )  # fmt: skip
