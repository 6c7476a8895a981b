"""Tables of a fleet that gives back: its slots, groups, EVs and search, and the nodes above it."""

import numpy as np
import pandas as pd

from coordination.peak_shaving.grouping import GROUPS
from coordination.peak_shaving.search import Found
from environment.grid.tree import CONTROL_CENTER, Kind
from runs.feeder_flows import NetworkRun
from runs.tables.channel import channel_tables
from runs.tables.clock import clock_times, slot_starts
from runs.tables.feeder import tables_of_network
from runs.tables.nodes import NodeLoads, load_columns, without_ageing
from runs.tables.schema import held_by, table_of
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import AGGREGATOR, V2G
from runs.v2g.summary import life


def tables_of(v2g: V2G, outcome: V2GOutcome, network: NetworkRun | None = None) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name.

    Parameters
    ----------
    v2g
        What was there before anyone decided.
    outcome
        What the engine handed over.
    network
        The power flows of the run's feeder; None without one.
    """
    held = held_by(v2g.scenario)
    loads = loads_of(v2g, outcome)
    upper = NodeLoads(loads.node[:1], *(array[:1] for array in loads[1:]))
    columns = {
        "v2g_slots": _slots(v2g, outcome),
        "upper_slots": upper.upper_slots(v2g.horizon),
        "v2g_vehicles": _vehicles(v2g, outcome),
        "v2g_groups": _groups(v2g, outcome),
        "search": _search(outcome.found),
    }
    tables = {name: table_of(name, content, held) for name, content in columns.items()}
    return {
        **tables,
        "nodes": nodes_table(v2g, outcome, loads),
        **tables_of_network(network, held),
        **channel_tables(outcome.channel, held),
    }


def loads_of(v2g: V2G, outcome: V2GOutcome) -> NodeLoads:
    """Return the loads of the control centre and of the aggregator, below all transformers together and so with their limit."""
    load_kw, response_kw, free_kw = v2g.load.actual_kw, outcome.track.response_kw, v2g.free_charging.response_kw
    return NodeLoads(
        node=[CONTROL_CENTER, AGGREGATOR],
        actual_kw=np.stack([load_kw, load_kw]),
        ev_kw=np.stack([response_kw, response_kw]),
        free_kw=np.stack([free_kw, free_kw]),
        limit_kw=np.full((2, v2g.horizon.n_slots), v2g.scenario.transformer.all_limits_kw[1]),
    )


def nodes_table(v2g: V2G, outcome: V2GOutcome, loads: NodeLoads) -> pd.DataFrame:
    """Return the table ``nodes`` of the control centre and of the aggregator."""
    n = len(loads.node)
    columns = {
        "node": loads.node,
        "kind": [str(Kind.CONTROL_CENTER), "aggregator"],
        "parent": ["", CONTROL_CENTER],
        "feed_in_limit_kw": np.full(n, -v2g.scenario.transformer.all_limits_kw[0]),
        **load_columns(loads.actual_kw + loads.ev_kw, loads.actual_kw + loads.free_kw, loads.limit_kw, v2g.horizon),
        "vehicles": np.full(n, len(v2g.fleet)),
        "unserved_kwh": np.full(n, outcome.departures.unserved_kwh.sum()),
        "jain": np.full(n, np.nan),
    }
    return table_of("nodes", without_ageing(columns, n), held_by(v2g.scenario))


def _slots(v2g: V2G, outcome: V2GOutcome) -> dict[str, object]:
    track, load, tariff, n = outcome.track, v2g.load, v2g.tariff, v2g.horizon.n_slots
    return {
        "aggregator": np.full(n, AGGREGATOR),
        "slot": np.arange(n),
        "start": slot_starts(v2g.horizon, np.arange(n)),
        "base_kw": load.forecast_kw,
        "actual_kw": load.actual_kw,
        "signal_kw": track.signal_kw,
        "response_kw": track.response_kw,
        "total_kw": load.actual_kw + track.response_kw,
        "free_kw": v2g.free_charging.response_kw,
        "available": v2g.participation.available.astype(np.int64),
        "present": track.present,
        "charge_yuan_per_kwh": tariff.charge_yuan_per_kwh,
        "discharge_yuan_per_kwh": tariff.discharge_yuan_per_kwh,
    }


def _groups(v2g: V2G, outcome: V2GOutcome) -> dict[str, object]:
    track = outcome.track
    n, groups = track.group_kw.shape
    names = {1: ("all",), 2: (GROUPS[0], GROUPS[2]), 3: GROUPS}[groups]
    slot = np.repeat(np.arange(n), groups)
    return {
        "aggregator": np.full(n * groups, AGGREGATOR),
        "slot": slot,
        "start": slot_starts(v2g.horizon, slot),
        "group": np.tile(np.array(names), n),
        "vehicles": track.group_vehicles.ravel(),
        "signal_kw": track.group_kw.ravel(),
        "response_kw": track.group_response_kw.ravel(),
        "soc_mean": track.soc_mean.ravel(),
        "soc_std_before": track.soc_std_before.ravel(),
        "soc_std_after": track.soc_std_after.ravel(),
    }


def _vehicles(v2g: V2G, outcome: V2GOutcome) -> dict[str, object]:
    batteries, departures = outcome.batteries, outcome.departures
    loss, years = life(v2g, outcome)
    there, edges_h = departures.first >= 0, v2g.horizon.edges_h
    plug_in_h, plug_out_h = (np.where(there, edges_h[slot], np.nan) for slot in (departures.first, departures.stop))
    return {
        "vehicle": v2g.fleet.vehicle,
        "power_kw": batteries.power_kw,
        "capacity_kwh": batteries.capacity_kwh,
        "efficiency": batteries.efficiency,
        "stays": departures.stays,
        "plug_in_h": plug_in_h,
        "plug_out_h": plug_out_h,
        "plug_in": clock_times(v2g.horizon, plug_in_h),
        "plug_out": clock_times(v2g.horizon, plug_out_h),
        "soc_plug_in": departures.soc_plug_in,
        "soc_plug_out": departures.soc_plug_out,
        "soc_start": v2g.soc_start,
        "soc_end": batteries.soc,
        "unserved_kwh": departures.unserved_kwh,
        "charged_kwh": batteries.charged_kwh,
        "discharged_kwh": batteries.discharged_kwh,
        "lost_kwh": batteries.lost_kwh,
        "life_loss_percent": loss,
        "years": np.where(np.isfinite(years), years, np.nan),
    }


def _search(found: Found) -> dict[str, object]:
    history = found.history if found.history.size else np.empty((0, 2))
    return {
        "node": np.full(len(history), AGGREGATOR),
        "slot": np.zeros(len(history), dtype=np.int64),
        "evaluations": history[:, 0].astype(np.int64),
        "best_fitness": history[:, 1],
    }
