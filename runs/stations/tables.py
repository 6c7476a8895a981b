"""Tables of charging stations: their slots, visits, triggers and searches, the feeder, and the nodes above them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coordination.stations.problem import CONSTRAINTS
from environment.feeders.power_flow import Flow
from environment.grid.tree import CONTROL_CENTER
from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark
from runs.tables.channel import channel_tables
from runs.tables.clock import slot_starts
from runs.tables.feeder import FeederCase, feeder_tables
from runs.tables.nodes import NodeLoads, jain, load_columns, without_ageing
from runs.tables.schema import held_by, table_of


def tables_of(park: StationPark, outcome: StationsOutcome) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name.

    Parameters
    ----------
    park
        What was there before anyone decided.
    outcome
        What the run came to.
    """
    free, no_evs = outcome.free, park.no_evs_flow
    held, loads = held_by(park.scenario), loads_of(park, outcome)
    upper = NodeLoads(loads.node[:1], *(array[:1] for array in loads[1:]))
    columns: dict[str, Mapping[str, Any] | pd.DataFrame] = {
        "station_slots": _slots(park, outcome, free, no_evs),
        "upper_slots": upper.upper_slots(park.horizon),
        "visits": _visits(park, outcome),
        "stations": _stations(park, outcome),
        "triggers": _triggers(park, outcome),
        "search": _search(outcome),
    }
    tables = {name: table_of(name, content, held) for name, content in columns.items()}
    of_feeder = _feeder_tables(park, outcome, no_evs, held)
    return {**tables, **of_feeder, "nodes": nodes_table(park, outcome, loads), **channel_tables(outcome.channel, held)}


def _triggers(park: StationPark, outcome: StationsOutcome) -> pd.DataFrame:
    fired = pd.DataFrame(outcome.track.fired, columns=["slot", "trigger", "where", "amount"])
    return fired.assign(start=slot_starts(park.horizon, fired["slot"].to_numpy(np.int64)))


def _slots(park: StationPark, outcome: StationsOutcome, free: StationsOutcome, no_evs: Flow) -> dict[str, object]:
    track, grid, before = outcome.track, outcome.grid, free.grid
    n, without_pu = park.horizon.n_slots, no_evs.voltage_pu[:, park.stations.node]
    broken = [", ".join(np.array(CONSTRAINTS)[judged.broken[0]]) for judged in outcome.judgement.objectives]
    return {
        "slot": np.arange(n),
        "start": slot_starts(park.horizon, np.arange(n)),
        "base_kw": park.load.actual_kw,
        "visits": np.bincount(park.visits.slot, minlength=n),
        "plugged": track.plugged.sum(axis=1),
        "queued": track.queued.sum(axis=1),
        "shifted": track.shifted.sum(axis=1),
        "ev_kw": track.power_kw.sum(axis=1),
        "storage_kw": track.storage_kw.sum(axis=1),
        "lent_kw": track.lent_kw.sum(axis=1),
        "drawn_kw": grid.drawn_kw,
        "drawn_kwh": grid.drawn_kwh,
        "loss_kwh": grid.loss_kwh,
        "coefficient_loss_kwh": outcome.judgement.coefficient_loss_kwh,
        "voltage_min_pu": grid.low_pu.min(axis=1),
        "voltage_max_pu": grid.high_pu.max(axis=1),
        "cost_yuan": [judged.cost_yuan[0] for judged in outcome.judgement.objectives],
        "spread_kw": [judged.spread_kw[0] for judged in outcome.judgement.objectives],
        "satisfaction": [judged.satisfaction[0] for judged in outcome.judgement.objectives],
        "feasible": [bool(judged.feasible[0]) for judged in outcome.judgement.objectives],
        "broken": broken,
        "sag_pu": park.events.sag_pu,
        "supply_part": park.events.supply_part,
        "short_kw": track.short_kw,
        "given_kw": track.given_kw,
        "cut_kw": track.cut_kw.sum(axis=1),
        "shed_kw": track.shed_kw,
        "free_ev_kw": free.track.power_kw.sum(axis=1),
        "free_drawn_kw": before.drawn_kw,
        "free_loss_kwh": before.loss_kwh,
        "free_voltage_min_pu": before.low_pu.min(axis=1),
        "free_voltage_max_pu": before.high_pu.max(axis=1),
        "free_cost_yuan": [judged.cost_yuan[0] for judged in free.judgement.objectives],
        "no_evs_drawn_kw": no_evs.source_kw,
        "no_evs_loss_kwh": no_evs.loss_kw * park.horizon.slot_h,
        "no_evs_voltage_min_pu": without_pu.min(axis=1),
        "no_evs_voltage_max_pu": without_pu.max(axis=1),
    }


def _stations(park: StationPark, outcome: StationsOutcome) -> dict[str, object]:
    track, stations, grid = outcome.track, park.stations, outcome.grid
    n, m = track.plugged.shape
    slot = np.repeat(np.arange(n), m)
    return {
        "slot": slot,
        "start": slot_starts(park.horizon, slot),
        "station": np.tile(stations.station, n),
        "region": np.tile(np.array(stations.regions)[stations.region], n),
        "plugged": track.plugged.ravel(),
        "queued": track.queued.ravel(),
        "shifted": track.shifted.ravel(),
        "voltage_v": track.voltage_v.ravel(),
        "time_h": track.time_h.ravel(),
        "capacity_kw": track.capacity_kw.ravel(),
        "ev_kw": track.power_kw.ravel(),
        "storage_kw": track.storage_kw.ravel(),
        "lent_kw": track.lent_kw.ravel(),
        "storage_soc": track.storage_soc.ravel(),
        "voltage_min_pu": grid.low_pu.ravel(),
        "voltage_max_pu": grid.high_pu.ravel(),
    }


def _feeder_tables(
    park: StationPark, outcome: StationsOutcome, no_evs: Flow, held: frozenset[str]
) -> dict[str, pd.DataFrame]:
    slot_h = park.horizon.slot_h
    run, free = (
        FeederCase(grid.node_pu, grid.loss_kwh / slot_h, grid.loading) for grid in (outcome.grid, outcome.free.grid)
    )
    within = {"voltage_min_pu": outcome.grid.node_low_pu.ravel(), "voltage_max_pu": outcome.grid.node_high_pu.ravel()}
    names, cases = np.array([CONTROL_CENTER]), [run, free, FeederCase.of(no_evs)]
    return feeder_tables(park.feeder, names, park.horizon, cases, held, {"network": within})


def _visits(park: StationPark, outcome: StationsOutcome) -> dict[str, object]:
    visits, sessions, stations = outcome.yard.visits, outcome.sessions, park.stations
    return {
        "user": visits.vehicle,
        "station": stations.station[visits.station],
        "region": np.array(stations.regions)[stations.region[visits.station]],
        "willing": visits.willing,
        "slot": visits.slot,
        "start": slot_starts(park.horizon, visits.slot),
        "served_slot": sessions.served_slot,
        "shifted_slots": sessions.shifted_slots,
        "energy_kwh": visits.energy_kwh,
        "lent_kwh": sessions.lent_kwh,
        "served_kwh": sessions.served_kwh,
        "short_kwh": sessions.short_kwh,
        "time_h": sessions.time_h,
    }


def _search(outcome: StationsOutcome) -> dict[str, object]:
    found = outcome.track.found
    history = np.concatenate([np.empty((0, 2)), *(each.history for each in found)])
    return {
        "node": np.full(len(history), CONTROL_CENTER),
        "slot": np.repeat(np.arange(len(found)), [len(each.history) for each in found]),
        "evaluations": history[:, 0].astype(np.int64),
        "best_fitness": history[:, 1],
    }


def _load_kw(outcome: StationsOutcome) -> NDArray[np.float64]:
    """Return what each station draws beside its base load while EVs charge [kW], shape ``(n_slots, m)``."""
    track = outcome.track
    return track.power_kw + track.storage_kw - track.lent_kw


def loads_of(park: StationPark, outcome: StationsOutcome) -> NodeLoads:
    """Return the loads of the control centre, of each region's substation and of each station."""
    stations, n = park.stations, park.horizon.n_slots
    below = np.arange(len(stations.regions))[:, None] == stations.region
    limit_kw = np.full((1 + len(below) + len(stations), n), np.inf)
    limit_kw[0] = park.state.most_kw

    def of_nodes(station_kw: NDArray[np.float64], whole_kw: NDArray[np.float64]) -> NDArray[np.float64]:
        by_station = station_kw.T
        return np.concatenate([whole_kw[None], below @ by_station, by_station])

    ev_kw, free_kw = _load_kw(outcome), _load_kw(outcome.free)
    return NodeLoads(
        node=[CONTROL_CENTER, *stations.region_names, *stations.names],
        actual_kw=of_nodes(park.state.base[0][:, stations.node], park.load.actual_kw),
        ev_kw=of_nodes(ev_kw, ev_kw.sum(axis=1)),
        free_kw=of_nodes(free_kw, free_kw.sum(axis=1)),
        limit_kw=limit_kw,
    )


def nodes_table(park: StationPark, outcome: StationsOutcome, loads: NodeLoads) -> pd.DataFrame:
    """Return the table ``nodes`` of the control centre, of each region's substation and of each station.

    Load of the control centre is what is drawn from the grid above: with losses, and as far as it is supplied.
    """
    load_kw, free_load_kw = loads.actual_kw + loads.ev_kw, loads.actual_kw + loads.free_kw
    load_kw[0], free_load_kw[0] = outcome.grid.drawn_kw, outcome.free.grid.drawn_kw
    stations, visits, short_kwh = park.stations, outcome.yard.visits, outcome.sessions.short_kwh
    regions, n = stations.region_names, len(loads.node)
    share = np.divide(
        visits.energy_kwh - short_kwh, visits.energy_kwh, out=np.full(len(visits), np.nan), where=visits.energy_kwh > 0
    )
    levels = (
        (np.zeros(len(visits), dtype=np.int64), 1),
        (stations.region[visits.station], len(regions)),
        (visits.station, len(stations)),
    )
    users = np.unique(visits.vehicle, return_inverse=True)[1].reshape(-1)
    columns = {
        "node": loads.node,
        "kind": ["control_center", *["substation"] * len(regions), *["station"] * len(stations)],
        "parent": ["", *[CONTROL_CENTER] * len(regions), *np.array(regions)[stations.region].tolist()],
        "feed_in_limit_kw": np.full(n, np.nan),
        **load_columns(load_kw, free_load_kw, loads.limit_kw, park.horizon),
        "vehicles": np.concatenate([_users(users, of, count) for of, count in levels]),
        "unserved_kwh": np.concatenate([np.bincount(of, short_kwh, minlength=count) for of, count in levels]),
        "jain": np.concatenate([jain(share, of, count) for of, count in levels]),
    }
    return table_of("nodes", without_ageing(columns, n), held_by(park.scenario))


def _users(user: NDArray[np.int64], of: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Return how many users came to each of `n` nodes, from the user and the node of each visit."""
    pairs = np.unique(np.stack([of, user]), axis=1)
    return np.bincount(pairs[0], minlength=n)
