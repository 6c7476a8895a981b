"""The result of a run of charging stations: typed tables and a summary, written to a folder and read back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from coordination.stations.problem import CONSTRAINTS
from environment.channel import BOOK_COLUMNS
from environment.feeders.feeder import UNKNOWN
from runs.log_table import log_table
from runs.progress import Progress
from runs.result_folder import SCENARIO_FILE, TableFormat, in_short, read_run, write_run
from runs.scenario import Scenario
from runs.stations.engine import StationsOutcome, run_stations
from runs.stations.part import StationPark
from runs.stations.summary import stations_summary

TABLES: Final = ("slots", "stations", "nodes", "branches", "visits", "triggers", "search", "messages", "log")
KEY_FIGURES: Final = (
    "optimizer",
    "stations",
    "visits",
    "peak_kw",
    "voltage_min_pu",
    "feasible_slots",
    "wait_mean_min",
    "unserved_kwh",
)
"""Those of the summary that a result is known by."""


@dataclass(frozen=True, eq=False)
class StationsResult:
    """A finished run of charging stations.

    Parameters
    ----------
    scenario
        What was run.
    summary
        Key figures by name, units in the names; those of charging without a schedule under ``unscheduled``.
    slots
        ``slot start base_kw visits plugged queued shifted ev_kw storage_kw lent_kw drawn_kw drawn_kwh loss_kwh
        coefficient_loss_kwh voltage_min_pu voltage_max_pu cost_yuan spread_kw satisfaction feasible broken sag_pu supply_part short_kw
        given_kw cut_kw shed_kw`` and, with ``unscheduled_`` before them, EVs' load, draw, losses, voltages and cost. Powers are those while all EVs charge; `broken`
        names the constraints that the slot broke in the end.
    stations
        ``slot station region plugged queued shifted voltage_v time_h capacity_kw ev_kw storage_kw lent_kw storage_soc voltage_min_pu
        voltage_max_pu``: a row a slot and station; `voltage_v` is what its taps are set for, the last two what its node had.
    nodes
        ``slot node upstream distance_km voltage_pu unscheduled_voltage_pu voltage_min_pu voltage_max_pu``: every node of the feeder, the next
        one on its way to the source and how far that is; voltages while all EVs charge, and within the slot.
    branches
        ``branch kind rated_kva worst_slot loading_max unscheduled_loading_max``: every line and transformer; `worst_slot` is that of its
        largest loading, missing where no rating is known.
    visits
        ``user station region willing slot served_slot shifted_slots energy_kwh lent_kwh served_kwh short_kwh time_h``: a row a visit;
        `served_slot` is -1 where it still waited at the end.
    triggers
        ``slot trigger where amount``: whenever one did something; EVs shifted, else kW.
    search
        ``slot evaluations best_fitness``: how the optimiser came to each slot's schedule.
    messages
        What was sent of each kind over each hop (`environment.channel.BOOK_COLUMNS`).
    log
        Every message, with ``channel.log``.
    """

    scenario: Scenario
    summary: dict[str, Any]
    slots: pd.DataFrame
    stations: pd.DataFrame
    nodes: pd.DataFrame
    branches: pd.DataFrame
    visits: pd.DataFrame
    triggers: pd.DataFrame
    search: pd.DataFrame
    messages: pd.DataFrame
    log: pd.DataFrame

    @classmethod
    def of(cls, world: StationPark, outcome: StationsOutcome, plain: StationsOutcome) -> Self:
        """Gather tables and summary; `plain` is the outcome without a schedule."""
        channel = outcome.channel
        fired = outcome.track.fired
        return cls(
            scenario=world.scenario,
            summary=stations_summary(world, outcome, plain),
            slots=_slots(world, outcome, plain),
            stations=_stations(world, outcome),
            nodes=_nodes(world, outcome, plain),
            branches=_branches(world, outcome, plain),
            visits=_visits(world, outcome),
            triggers=pd.DataFrame(fired, columns=["slot", "trigger", "where", "amount"]).astype(
                {"slot": "int64", "trigger": "str", "where": "str", "amount": "float64"}
            ),
            search=_search(outcome),
            messages=pd.DataFrame(channel.books, columns=list(BOOK_COLUMNS)),
            log=log_table(channel.log),
        )

    def __repr__(self) -> str:
        return in_short(self, KEY_FIGURES, TABLES)

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
        """Read a result of Parquet tables back.

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
        scenario = Scenario.read(folder / SCENARIO_FILE)
        summary, tables = read_run(folder, _tables(scenario), "a folder of a run of stations, tables in Parquet")
        return cls(scenario, summary, **{"log": log_table(None), **tables})


def schedule_stations(scenario: Scenario, progress: Progress | None = None) -> StationsResult:
    """Run a scenario with a section ``[stations]``; see `run_stations`."""
    return StationsResult.of(*run_stations(scenario, progress))


def summarize_stations(scenario: Scenario, progress: Progress | None = None) -> dict[str, Any]:
    """Run a scenario with a section ``[stations]`` and return its summary only."""
    return stations_summary(*run_stations(scenario, progress))


def _tables(scenario: Scenario) -> tuple[str, ...]:
    return TABLES if scenario.channel.log else TABLES[:-1]


def _slots(world: StationPark, outcome: StationsOutcome, plain: StationsOutcome) -> pd.DataFrame:
    track, grid, before = outcome.track, outcome.grid, plain.grid
    n = world.horizon.n_slots
    broken = [", ".join(np.array(CONSTRAINTS)[judged.broken[0]]) for judged in outcome.judgement.objectives]
    return pd.DataFrame({
        "slot": np.arange(n),
        "start": pd.Series(world.horizon.slot_starts),
        "base_kw": world.load.actual_kw,
        "visits": np.bincount(world.visits.slot, minlength=n),
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
        "sag_pu": world.events.sag_pu,
        "supply_part": world.events.supply_part,
        "short_kw": track.short_kw,
        "given_kw": track.given_kw,
        "cut_kw": track.cut_kw.sum(axis=1),
        "shed_kw": track.shed_kw,
        "unscheduled_ev_kw": plain.track.power_kw.sum(axis=1),
        "unscheduled_drawn_kw": before.drawn_kw,
        "unscheduled_loss_kwh": before.loss_kwh,
        "unscheduled_voltage_min_pu": before.low_pu.min(axis=1),
        "unscheduled_voltage_max_pu": before.high_pu.max(axis=1),
        "unscheduled_cost_yuan": [judged.cost_yuan[0] for judged in plain.judgement.objectives],
    })  # fmt: skip


def _stations(world: StationPark, outcome: StationsOutcome) -> pd.DataFrame:
    track, stations, grid = outcome.track, world.stations, outcome.grid
    n, m = track.plugged.shape
    return pd.DataFrame({
        "slot": np.repeat(np.arange(n), m),
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
    })  # fmt: skip


def _nodes(world: StationPark, outcome: StationsOutcome, plain: StationsOutcome) -> pd.DataFrame:
    grid, (km, upstream) = outcome.grid, world.feeder.ways
    n, k = grid.node_pu.shape
    return pd.DataFrame({
        "slot": np.repeat(np.arange(n), k),
        "node": np.tile(world.feeder.node, n),
        "upstream": np.tile(np.where(upstream == UNKNOWN, "", world.feeder.node[upstream]), n),
        "distance_km": np.tile(km, n),
        "voltage_pu": grid.node_pu.ravel(),
        "unscheduled_voltage_pu": plain.grid.node_pu.ravel(),
        "voltage_min_pu": grid.node_low_pu.ravel(),
        "voltage_max_pu": grid.node_high_pu.ravel(),
    })  # fmt: skip


def _branches(world: StationPark, outcome: StationsOutcome, plain: StationsOutcome) -> pd.DataFrame:
    feeder, loading = world.feeder, outcome.grid.loading
    known = ~np.isnan(feeder.branch_rated_kva)
    worst = pd.array(np.nan_to_num(loading).argmax(axis=0), dtype="Int64")
    worst[~known] = pd.NA
    return pd.DataFrame({
        "branch": np.concatenate([feeder.line, feeder.transformer]),
        "kind": np.repeat(["line", "transformer"], [feeder.line.size, feeder.transformer.size]),
        "rated_kva": feeder.branch_rated_kva,
        "worst_slot": worst,
        "loading_max": loading.max(axis=0),
        "unscheduled_loading_max": plain.grid.loading.max(axis=0),
    })  # fmt: skip


def _visits(world: StationPark, outcome: StationsOutcome) -> pd.DataFrame:
    visits, sessions, stations = world.visits, outcome.sessions, world.stations
    return pd.DataFrame({
        "user": visits.user,
        "station": stations.station[visits.station],
        "region": np.array(stations.regions)[stations.region[visits.station]],
        "willing": visits.willing,
        "slot": visits.slot,
        "served_slot": sessions.served_slot,
        "shifted_slots": sessions.shifted_slots,
        "energy_kwh": visits.energy_kwh,
        "lent_kwh": sessions.lent_kwh,
        "served_kwh": sessions.served_kwh,
        "short_kwh": sessions.short_kwh,
        "time_h": sessions.time_h,
    })  # fmt: skip


def _search(outcome: StationsOutcome) -> pd.DataFrame:
    found = outcome.track.found
    rows = [each.history for each in found]
    slots = np.repeat(np.arange(len(found)), [len(history) for history in rows])
    history = np.concatenate(rows) if rows else np.empty((0, 2))
    return pd.DataFrame({
        "slot": slots, "evaluations": history[:, 0].astype(np.int64), "best_fitness": history[:, 1],
    })  # fmt: skip
