"""The result of a run: typed tables and a summary, written to a folder and read back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.extensions import ExtensionArray

from coordination.valley_filling.problem import Schedule
from environment.channel import BOOK_COLUMNS
from environment.input_faults import Fault, FaultyInputError
from environment.pheromone_board import BoardRecord, pheromone
from runs.homes.feeder_flows import solve_network
from runs.homes.feeder_tables import FEEDER_TABLES, empty_table, feeder_tables
from runs.homes.judging import EnergyBooks
from runs.homes.nodes import NODE_DTYPES, nodes_of, slot_starts, upper_slots
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.homes.summary import summary_of
from runs.kinds import ANTS, KINDS, section_of
from runs.log_table import LOG_DTYPES, log_table
from runs.parts import Outcome
from runs.result_folder import SCENARIO_FILE, SUMMARY_FILE, TableFormat, as_written, in_short, write_run
from runs.scenario import Scenario
from runs.world import World

TABLES = ("slots", "upper_slots", "nodes", "vehicles", "schedule", "board", "messages", "rounds", "log")
SCHEDULE_DTYPES = {"vehicle": "str", "stay": "int64", "slot": "int64", "power_kw": "float64"}
ROUND_DTYPES = {
    "transformer": "str",
    **dict.fromkeys(("slot", "round", "moves", "messages", "bytes"), "int64"),
    "cost_kw2": "float64",
}
KEY_FIGURES: Final = (
    "method",
    "vehicles",
    "transformers",
    "peak_kw",
    "valley_kw",
    "unserved_kwh",
    "optimality_gap",
    "messages",
)
"""Those of the summary that a result is known by."""
READ_AS = {
    "nodes": NODE_DTYPES,
    "schedule": SCHEDULE_DTYPES,
    "rounds": ROUND_DTYPES,
    "log": LOG_DTYPES,
    **FEEDER_TABLES,
}
"""Types of the tables that may be empty or hold names that look like numbers, from which no type can be told."""
TEXT_COLUMNS = (
    "vehicle", "transformer", "parent", "kind", "hop", "cast", "sender", "receiver", "text", "node", "upstream", "branch",
    "peak_time",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Result:
    """A finished run.

    Parameters
    ----------
    scenario
        What was run.
    summary
        Key figures by name, units in the names; those of free charging under ``free``, without EVs under ``no_evs``.
    slots
        ``transformer slot start base_kw actual_kw ev_kw total_kw pheromone free_kw limit_kw``: forecast and actual base load,
        EV load, actual base plus EVs, pheromone at the end, EV load of free charging, limit.
    upper_slots
        ``node slot start actual_kw ev_kw total_kw free_kw limit_kw`` of the substations and the control centre: base load and
        EVs of all that is below, and the EV load of free charging; the limit is missing where there is none.
    nodes
        A row a node, parents before children; see `runs.homes.nodes`.
    vehicles
        ``vehicle stay transformer plug_in_h plug_out_h energy_kwh power_kw capacity_kwh soc_plug_in efficiency booked_kwh
        delivered_kwh unserved_kwh fallback_kwh cut_off died soc_plug_out cost_kw``, a row a stay, numbered
        from 1 for each EV. What earlier stays of an EV left unserved is missing in `soc_plug_in`, down to 0. The cost is the
        mean total load in the slots that the stay uses, weighted by its energy: the lower, the deeper in the valley.
    schedule
        ``vehicle stay slot power_kw``, charging slots only.
    board
        ``transformer at_h slot load_kw pheromone``: the board at each slot boundary, of a horizon longer than a day the slots
        of the day that follows (at the end, of the last day), and their shares of the headroom of those.
    messages
        ``kind hop cast messages receivers bytes lost doubled delay_mean_s delay_max_s``: what was sent of each kind over
        each hop, to how many; how many of them it did not reach or reached twice, and how long it took.
    rounds
        ``transformer slot round moves messages bytes cost_kw2``: rounds of communication at the beginning of a slot (0:
        before the day), EVs that moved, what was sent, and the cost on the board after it.
    log
        ``sent_h arrives_h kind hop cast sender receiver receivers bytes lost text``: every message, with ``channel.log``.
    network
        ``transformer slot node upstream distance_km voltage_pu free_voltage_pu no_evs_voltage_pu``, with ``[feeder]``: the
        voltage of each node, and the next node on its way to the feeder's source and the length of that way.
    network_slots
        ``transformer slot loss_kw free_loss_kw no_evs_loss_kw``, with ``[feeder]``.
    network_branches
        ``transformer branch kind worst_slot loading_max free_loading_max no_evs_loading_max losses_kwh``, with ``[feeder]``:
        lines and transformers of the feeder, and when each is loaded most.
    """

    scenario: Scenario
    summary: dict[str, Any]
    slots: pd.DataFrame
    upper_slots: pd.DataFrame
    nodes: pd.DataFrame
    vehicles: pd.DataFrame
    schedule: pd.DataFrame
    board: pd.DataFrame
    messages: pd.DataFrame
    rounds: pd.DataFrame
    log: pd.DataFrame
    network: pd.DataFrame
    network_slots: pd.DataFrame
    network_branches: pd.DataFrame

    @classmethod
    def of(cls, whole: World, outcomes: Outcome) -> Self:
        """Gather tables and summary from what an engine hands over.

        Raises
        ------
        FaultyInputError
            If there is a feeder, and its power flow diverges.
        """
        world, outcome = whole.homes, outcomes["homes"]
        assert world is not None
        horizon, limit_kw = world.horizon, world.grid.transformer_limit_kw
        network = solve_network(world, outcome.schedules)
        books = EnergyBooks.of(world.fleet, world.rows, outcome.schedules, horizon.slot_h)
        summary = summary_of(world, outcome, network, books)
        vehicle = _texts(world.fleet.vehicle)
        names = np.array(world.grid.transformers)
        n = horizon.n_slots
        forecast = np.stack([load.forecast_kw for load in world.loads])
        actual = world.actual_kw
        ev = np.stack([schedule.load_kw() for schedule in outcome.schedules])
        free = np.stack([schedule.load_kw() for schedule in world.free_charging.schedules])
        slots = pd.DataFrame({
            "transformer": np.repeat(names, n),
            "slot": np.tile(np.arange(n), names.size),
            "start": slot_starts(horizon, names.size),
            "base_kw": forecast.ravel(),
            "actual_kw": actual.ravel(),
            "ev_kw": ev.ravel(),
            "total_kw": (actual + ev).ravel(),
            "pheromone": pheromone(actual + ev, limit_kw).ravel(),
            "free_kw": free.ravel(),
            "limit_kw": limit_kw.ravel(),
        })  # fmt: skip
        return cls(
            scenario=world.scenario,
            summary=summary,
            slots=slots,
            upper_slots=upper_slots(world, ev, free),
            nodes=nodes_of(world, outcome, books, ev, free),
            vehicles=_vehicles(world, outcome, books, actual + ev, vehicle),
            schedule=_schedule(world, outcome.schedules, vehicle),
            board=_board(world, outcome.boards),
            messages=pd.DataFrame(outcome.channel.books, columns=list(BOOK_COLUMNS)),
            rounds=_rounds(world, outcome),
            log=log_table(outcome.channel.log),
            **feeder_tables(world, network),
        )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Result)
            and self.scenario == other.scenario
            and self.summary == other.summary
            and all(getattr(self, name).equals(getattr(other, name)) for name in (*TABLES, *FEEDER_TABLES))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return in_short(self, KEY_FIGURES, (*TABLES, *FEEDER_TABLES))

    def save(self, folder: str | Path, *, table_format: TableFormat = "parquet") -> None:
        """Write scenario, summary and tables into a folder; it is made if it is not there.

        Parameters
        ----------
        folder
            Takes the files.
        table_format
            Format of the tables.
        """
        write_run(self, _tables(self.scenario), Path(folder), table_format)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a result back, equal to the one that was written.

        Parameters
        ----------
        folder
            As `save` left it.

        Raises
        ------
        FaultyInputError
            If a file is missing.
        """
        folder = Path(folder)
        missing = [name for name in (SCENARIO_FILE, SUMMARY_FILE) if not (folder / name).is_file()]
        tables = [] if missing else _tables(_of_ants(Scenario.read(folder / SCENARIO_FILE), folder))
        missing += [
            name for name in tables if not any((folder / f"{name}.{end}").is_file() for end in ("parquet", "csv"))
        ]
        if missing:
            raise FaultyInputError([Fault(str(folder), None, name, "missing", "a result folder") for name in missing])
        scenario = Scenario.read(folder / SCENARIO_FILE)
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
        absent = {"log": log_table(None), **{name: empty_table(name) for name in FEEDER_TABLES}}
        read = {**absent, **{name: _read_table(folder, name, scenario) for name in tables}}
        return cls(scenario=scenario, summary=summary, **read)


def _of_ants(scenario: Scenario, folder: Path) -> Scenario:
    section = section_of(scenario)
    if section != ANTS:
        expected = f"one of ants; {KINDS[section].read_back} reads it"
        raise FaultyInputError([Fault(str(folder), None, "result", f"one of [{section}]", expected)])
    return scenario


def _tables(scenario: Scenario) -> list[str]:
    names = [name for name in TABLES if name != "log" or scenario.channel.log]
    return names if scenario.feeder is None else [*names, *FEEDER_TABLES]


def _read_table(folder: Path, name: str, scenario: Scenario) -> pd.DataFrame:
    parquet = folder / f"{name}.parquet"
    if parquet.is_file():
        return pd.read_parquet(parquet)
    texts = dict.fromkeys(TEXT_COLUMNS, "str")
    table = pd.read_csv(folder / f"{name}.csv", dtype=texts, keep_default_na=False, na_values=[""])
    table = table.assign(**{column: as_written(table[column]) for column in TEXT_COLUMNS if column in table})
    for column in ("text", "upstream", "parent"):
        if column in table:
            table[column] = table[column].fillna("")
    if name in READ_AS:
        table = table.astype(READ_AS[name])
    if name in ("slots", "upper_slots"):
        table["start"] = slot_starts(scenario.horizon, len(table) // scenario.horizon.n_slots)
    return table


def _rounds(world: Homes, outcome: HomesOutcome) -> pd.DataFrame:
    rows = [
        (name, slot, held.number, held.moves, sum(s[1] for s in held.sent), sum(s[2] for s in held.sent), held.cost_kw2)
        for name, each in zip(world.grid.transformers, outcome.rounds, strict=True)
        for slot, held in each
    ]
    return pd.DataFrame(rows, columns=list(ROUND_DTYPES)).astype(ROUND_DTYPES)


def _texts(names: NDArray[np.str_] | tuple[str, ...]) -> ExtensionArray:
    """Return names in pandas' own form, made once: rows taken from it cost little, texts of NumPy a conversion each."""
    return pd.Series(names).array


def _vehicles(
    world: Homes, outcome: HomesOutcome, books: EnergyBooks, total_kw: NDArray[np.float64], vehicle: ExtensionArray
) -> pd.DataFrame:
    fleet = world.fleet
    cost = np.full(len(fleet), np.nan)
    fallback_kw = np.zeros(len(fleet))
    cut_off, died = np.zeros(len(fleet), dtype=np.bool_), np.zeros(len(fleet), dtype=np.bool_)
    for rows, strays in zip(world.rows, outcome.strays, strict=True):
        fallback_kw[rows], cut_off[rows], died[rows] = strays.fallback_kw, strays.cut_off, strays.died
    for k, (rows, schedule) in enumerate(zip(world.rows, outcome.schedules, strict=True)):
        power_sum = schedule.power_sum_kw()
        weighted = schedule.weighted_sum(total_kw[k])
        cost[rows] = np.divide(weighted, power_sum, out=np.full(rows.size, np.nan), where=power_sum > 0)
    carried = fleet.soc_carried(books.unserved_kwh)
    soc_plug_in = np.where(fleet.stay > 1, np.maximum(carried, 0.0), carried)
    columns = {
        "vehicle": vehicle,
        "stay": fleet.stay,
        "transformer": _texts(world.grid.transformers).take(world.places.transformer_of),
        "plug_in_h": fleet.plug_in_h,
        "plug_out_h": fleet.plug_out_h,
        "energy_kwh": fleet.energy_kwh,
        "power_kw": fleet.power_kw,
        "capacity_kwh": fleet.capacity_kwh,
        "soc_plug_in": soc_plug_in,
        "efficiency": fleet.efficiency,
        "booked_kwh": books.booked_kwh,
        "delivered_kwh": books.delivered_kwh,
        "unserved_kwh": books.unserved_kwh,
        "fallback_kwh": fallback_kw * world.horizon.slot_h,
        "cut_off": cut_off,
        "died": died,
        "soc_plug_out": soc_plug_in + books.delivered_kwh / fleet.capacity_kwh,
        "cost_kw": cost,
    }
    return pd.DataFrame(columns, copy=False)


def _schedule(world: Homes, schedules: tuple[Schedule, ...], vehicle: ExtensionArray) -> pd.DataFrame:
    counts = np.zeros(len(world.fleet), dtype=np.int64)
    for rows, schedule in zip(world.rows, schedules, strict=True):
        counts[rows] = schedule.entry_counts()
    begins = np.cumsum(counts) - counts
    slot, power_kw = np.empty(counts.sum(), dtype=np.int64), np.empty(counts.sum())
    for rows, schedule in zip(world.rows, schedules, strict=True):
        schedule.write_entries(begins[rows], slot, power_kw)
    row = np.repeat(np.arange(counts.size), counts)
    columns = {"vehicle": vehicle.take(row), "stay": world.fleet.stay[row], "slot": slot, "power_kw": power_kw}
    return pd.DataFrame(columns, copy=False)


def _board(world: Homes, boards: BoardRecord) -> pd.DataFrame:
    n_transformers, n_times, n = boards.load_kw.shape
    limit_kw = world.grid.transformer_limit_kw
    columns = {
        "transformer": _texts(world.grid.transformers).take(np.repeat(np.arange(n_transformers), n_times * n)),
        "at_h": np.tile(np.repeat(world.horizon.edges_h, n), n_transformers),
        "slot": np.tile(boards.slot.ravel(), n_transformers),
        "load_kw": boards.load_kw.ravel(),
        "pheromone": pheromone(boards.load_kw, limit_kw[:, boards.slot], limit_kw.max(axis=1)[:, None, None]).ravel(),
    }
    return pd.DataFrame(columns, copy=False)
