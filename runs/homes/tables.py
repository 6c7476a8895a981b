"""Tables of a run of EVs as ants: loads by slot, stays, their schedule, boards and rounds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from coordination.valley_filling.problem import Schedule
from environment.pheromone_board import BoardRecord, pheromone
from runs.feeder_flows import NetworkRun
from runs.homes.judging import EnergyBooks
from runs.homes.nodes import nodes_table, upper_slots
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.tables.channel import channel_tables
from runs.tables.clock import clock_times, slot_starts
from runs.tables.feeder import tables_of_network
from runs.tables.schema import held_by, table_of


def tables_of(
    homes: Homes, outcome: HomesOutcome, network: NetworkRun | None, books: EnergyBooks
) -> dict[str, pd.DataFrame]:
    """Return the tables of a run by name.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    outcome
        What the engine handed over.
    network
        Power flows of the run's feeder; None without one.
    books
        What became of each stay's need.
    """
    held = held_by(homes.scenario)
    vehicle = _texts(homes.fleet.vehicle)
    ev_kw, free_kw = (
        np.stack([schedule.load_kw() for schedule in schedules])
        for schedules in (outcome.schedules, homes.free_charging.schedules)
    )
    columns: dict[str, Mapping[str, Any] | pd.DataFrame] = {
        "slots": _slots(homes, ev_kw, free_kw),
        "vehicles": _vehicles(homes, outcome, books, homes.actual_kw + ev_kw, vehicle),
        "schedule": _schedule(homes, outcome.schedules, vehicle),
        "board": _board(homes, outcome.boards),
        "rounds": _rounds(homes, outcome),
    }
    return {
        **{name: table_of(name, content, held) for name, content in columns.items()},
        "upper_slots": upper_slots(homes, ev_kw, free_kw),
        "nodes": nodes_table(homes, outcome, books, ev_kw, free_kw),
        **channel_tables(outcome.channel, held),
        **tables_of_network(network, held),
    }


def _texts(names: NDArray[np.str_] | tuple[str, ...]) -> ExtensionArray:
    """Return names in pandas' own form, made once: rows taken from it cost little, texts of NumPy a conversion each."""
    return pd.Series(names).array


def _slots(homes: Homes, ev_kw: NDArray[np.float64], free_kw: NDArray[np.float64]) -> dict[str, object]:
    names, n, limit_kw = np.array(homes.grid.transformers), homes.horizon.n_slots, homes.grid.transformer_limit_kw
    forecast, actual = np.stack([load.forecast_kw for load in homes.loads]), homes.actual_kw
    slot = np.tile(np.arange(n), names.size)
    return {
        "transformer": np.repeat(names, n),
        "slot": slot,
        "start": slot_starts(homes.horizon, slot),
        "base_kw": forecast.ravel(),
        "actual_kw": actual.ravel(),
        "ev_kw": ev_kw.ravel(),
        "total_kw": (actual + ev_kw).ravel(),
        "pheromone": pheromone(actual + ev_kw, limit_kw).ravel(),
        "free_kw": free_kw.ravel(),
        "limit_kw": limit_kw.ravel(),
    }


def _rounds(homes: Homes, outcome: HomesOutcome) -> pd.DataFrame:
    rows = [
        (name, slot, held.number, held.moves, sum(s[1] for s in held.sent), sum(s[2] for s in held.sent), held.cost_kw2)
        for name, each in zip(homes.grid.transformers, outcome.rounds, strict=True)
        for slot, held in each
    ]
    return pd.DataFrame(rows, columns=["transformer", "slot", "round", "moves", "messages", "bytes", "cost_kw2"])


def _vehicles(
    homes: Homes, outcome: HomesOutcome, books: EnergyBooks, total_kw: NDArray[np.float64], vehicle: ExtensionArray
) -> dict[str, object]:
    fleet = homes.fleet
    cost = np.full(len(fleet), np.nan)
    fallback_kw = np.zeros(len(fleet))
    cut_off, died = np.zeros(len(fleet), dtype=np.bool_), np.zeros(len(fleet), dtype=np.bool_)
    for rows, strays in zip(homes.rows, outcome.strays, strict=True):
        fallback_kw[rows], cut_off[rows], died[rows] = strays.fallback_kw, strays.cut_off, strays.died
    for k, (rows, schedule) in enumerate(zip(homes.rows, outcome.schedules, strict=True)):
        power_sum = schedule.power_sum_kw()
        weighted = schedule.weighted_sum(total_kw[k])
        cost[rows] = np.divide(weighted, power_sum, out=np.full(rows.size, np.nan), where=power_sum > 0)
    carried = fleet.soc_carried(books.unserved_kwh)
    soc_plug_in = np.where(fleet.stay > 1, np.maximum(carried, 0.0), carried)
    return {
        "vehicle": vehicle,
        "stay": fleet.stay,
        "transformer": _texts(homes.grid.transformers).take(homes.places.transformer_of),
        "plug_in_h": fleet.plug_in_h,
        "plug_out_h": fleet.plug_out_h,
        "plug_in": clock_times(homes.horizon, fleet.plug_in_h),
        "plug_out": clock_times(homes.horizon, fleet.plug_out_h),
        "energy_kwh": fleet.energy_kwh,
        "power_kw": fleet.power_kw,
        "capacity_kwh": fleet.capacity_kwh,
        "soc_plug_in": soc_plug_in,
        "efficiency": fleet.efficiency,
        "booked_kwh": books.booked_kwh,
        "delivered_kwh": books.delivered_kwh,
        "unserved_kwh": books.unserved_kwh,
        "fallback_kwh": fallback_kw * homes.horizon.slot_h,
        "cut_off": cut_off,
        "died": died,
        "soc_plug_out": soc_plug_in + books.delivered_kwh / fleet.capacity_kwh,
        "cost_kw": cost,
    }


def _schedule(homes: Homes, schedules: tuple[Schedule, ...], vehicle: ExtensionArray) -> dict[str, object]:
    counts = np.zeros(len(homes.fleet), dtype=np.int64)
    for rows, schedule in zip(homes.rows, schedules, strict=True):
        counts[rows] = schedule.entry_counts()
    begins = np.cumsum(counts) - counts
    slot, power_kw = np.empty(counts.sum(), dtype=np.int64), np.empty(counts.sum())
    for rows, schedule in zip(homes.rows, schedules, strict=True):
        schedule.write_entries(begins[rows], slot, power_kw)
    row = np.repeat(np.arange(counts.size), counts)
    return {"vehicle": vehicle.take(row), "stay": homes.fleet.stay[row], "slot": slot, "power_kw": power_kw}


def _board(homes: Homes, boards: BoardRecord) -> dict[str, object]:
    n_transformers, n_times, n = boards.load_kw.shape
    limit_kw = homes.grid.transformer_limit_kw
    return {
        "transformer": _texts(homes.grid.transformers).take(np.repeat(np.arange(n_transformers), n_times * n)),
        "at_h": np.tile(np.repeat(homes.horizon.edges_h, n), n_transformers),
        "slot": np.tile(boards.slot.ravel(), n_transformers),
        "load_kw": boards.load_kw.ravel(),
        "pheromone": pheromone(boards.load_kw, limit_kw[:, boards.slot], limit_kw.max(axis=1)[:, None, None]).ravel(),
    }
