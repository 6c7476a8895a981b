"""The result of a run of peak shaving: typed tables and a summary, written to a folder and read back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from coordination.peak_shaving.dispatch import Track
from coordination.peak_shaving.grouping import GROUPS
from coordination.peak_shaving.problem import EXACT
from coordination.peak_shaving.search import Found
from environment.ageing import years_of_service
from environment.channel import BOOK_COLUMNS
from environment.presence import ROUNDING_KWH
from runs.log_table import log_table
from runs.metrics import load_metrics
from runs.progress import Progress
from runs.result_folder import SCENARIO_FILE, TableFormat, in_short, read_run, write_run
from runs.scenario import Scenario
from runs.v2g.engine import V2GOutcome, follow, run_shaving
from runs.v2g.part import V2G, named

ROUNDING: Final = 1e-9
"""Part of F, or of 1 where it is less, that is rounding."""

STRAYED: Final = 0.01
"""Part of the signal's energy beyond which EVs' deviation from it is told."""

TABLES: Final = ("slots", "groups", "vehicles", "search", "messages", "log")
KEY_FIGURES: Final = (
    "optimizer",
    "vehicles",
    "peak_kw",
    "signal_fitness",
    "gap_to_exact",
    "deviation_max_kw",
    "owner_profit_yuan",
)
"""Those of the summary that a result is known by."""


@dataclass(frozen=True, eq=False)
class ShavingResult:
    """A finished run of peak shaving.

    Parameters
    ----------
    scenario
        What was run.
    summary
        Key figures by name, units in the names; those of the load without EVs under ``no_evs``.
    slots
        ``slot start base_kw actual_kw signal_kw response_kw total_kw available present charge_yuan_per_kwh
        discharge_yuan_per_kwh``: forecast and actual load without EVs, the fleet's signal and what EVs did of it, actual load
        plus response, EVs announced and there, prices.
    groups
        ``slot group vehicles signal_kw response_kw soc_mean soc_std_before soc_std_after``: a row a slot and group.
    vehicles
        ``vehicle power_kw capacity_kwh efficiency stays plug_in_h plug_out_h soc_plug_in soc_plug_out soc_start soc_end
        unserved_kwh charged_kwh discharged_kwh lost_kwh life_loss_percent years``: stays within the horizon, the hours of the
        first of them (whole slots from the horizon's start; NaN without one) and how full the EV then came and left; what it
        lacked of what it asks for, summed over its departures and the horizon's end if it is there; life lost over the run, and
        years of service if such days follow each other, NaN (an empty cell) for a battery that lost no life.
    search
        ``evaluations best_fitness``: how the optimiser came to the signal.
    messages
        What was sent of each kind over each hop (`environment.channel.BOOK_COLUMNS`).
    log
        Every message, with ``channel.log``.
    """

    scenario: Scenario
    summary: dict[str, Any]
    slots: pd.DataFrame
    groups: pd.DataFrame
    vehicles: pd.DataFrame
    search: pd.DataFrame
    messages: pd.DataFrame
    log: pd.DataFrame

    @classmethod
    def of(cls, world: V2G, outcome: V2GOutcome) -> Self:
        """Gather tables and summary from what an engine hands over."""
        track, load, tariff = outcome.track, world.load, world.tariff
        slots = pd.DataFrame({
            "slot": np.arange(world.horizon.n_slots),
            "start": pd.Series(world.horizon.slot_starts),
            "base_kw": load.forecast_kw,
            "actual_kw": load.actual_kw,
            "signal_kw": track.signal_kw,
            "response_kw": track.response_kw,
            "total_kw": load.actual_kw + track.response_kw,
            "available": world.participation.available.astype(np.int64),
            "present": track.present,
            "charge_yuan_per_kwh": tariff.charge_yuan_per_kwh,
            "discharge_yuan_per_kwh": tariff.discharge_yuan_per_kwh,
        })  # fmt: skip
        return cls(
            scenario=world.scenario,
            summary=shaving_summary(world, outcome),
            slots=slots,
            groups=_groups(outcome),
            vehicles=_vehicles(world, outcome),
            search=pd.DataFrame(_search(outcome.found), columns=["evaluations", "best_fitness"]),
            messages=pd.DataFrame(outcome.channel.books, columns=list(BOOK_COLUMNS)),
            log=log_table(outcome.channel.log),
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
        summary, tables = read_run(folder, _tables(scenario), "a folder of a run of peak shaving, tables in Parquet")
        return cls(scenario, summary, **{"log": log_table(None), **tables})


def shave(scenario: Scenario, progress: Progress | None = None) -> ShavingResult:
    """Run a scenario with a section ``[peak_shaving]``; see `run_shaving`."""
    return ShavingResult.of(*run_shaving(scenario, progress))


def summarize_shaving(scenario: Scenario, progress: Progress | None = None) -> dict[str, Any]:
    """Run a scenario with a section ``[peak_shaving]`` and return its summary only."""
    return shaving_summary(*run_shaving(scenario, progress))


def shaving_summary(world: V2G, outcome: V2GOutcome) -> dict[str, Any]:
    """Return the key figures of a run by name, units in the names."""
    track, batteries, found = outcome.track, outcome.batteries, outcome.found
    load_kw, slot_h, settings = world.load.actual_kw, world.horizon.slot_h, world.settings
    limit_kw = world.scenario.transformer.load_limit_kw * world.scenario.transformer.count
    deviation = track.response_kw - track.signal_kw
    loss, years = life(world, outcome)
    signal = world.problem.objectives(found.signal_kw[None])
    answer = world.problem.objectives(track.response_kw[None])
    exact = found.exact
    return {
        "method": "peak_shaving",
        "optimizer": settings.optimizer,
        "tactic": world.scenario.grouping.tactic,
        "horizon_start": world.horizon.begin_text,
        "vehicles": len(world.fleet),
        "days": world.days,
        **load_metrics((load_kw + track.response_kw)[None], limit_kw),
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
        "years_mean_loss": _years(float(loss.mean()), world),
        "years_p95_loss": _years(float(np.quantile(loss, 0.95)), world),
        "years_min": _finite(float(years.min())),
        "energy_kwh": float(track.response_kw.sum() * slot_h),
        "messages": outcome.channel.messages,
        "bytes": outcome.channel.bytes,
        "wall_s": outcome.wall_s,
        "no_evs": load_metrics(load_kw[None], limit_kw),
        "warnings": _warnings(world, outcome),
    }


def life(world: V2G, outcome: V2GOutcome) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return life lost over the run [%] and years of service if such days follow each other, ``(n_vehicles,)`` each."""
    reading = world.settings.ageing_reading
    loss = outcome.batteries.wear.loss_percent(reading)
    return loss, years_of_service(loss, world.days, reading)


def _years(loss_percent: float, world: V2G) -> float | None:
    return _finite(float(years_of_service(np.array(loss_percent), world.days, world.settings.ageing_reading)))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _mean(values: NDArray[np.float64]) -> float | None:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else None


def _warnings(world: V2G, outcome: V2GOutcome) -> list[str]:
    found = _worse_than_nothing(world, outcome)
    if world.problem.objectives(outcome.found.signal_kw[None]).broken[0]:
        found.append("the optimiser found no signal that keeps all constraints; EVs follow it as far as they can")
    found += [*_lacking(world, outcome), *_missed(outcome.track, world.horizon.slot_h), *world.warnings()]
    exact = outcome.found.exact
    if world.settings.optimizer == EXACT and exact is not None and not exact.is_optimal:
        found.append(
            "the linear programme charges and discharges at once, which no fleet can: its value is a lower bound, and the "
            "signal is what batteries allow of its answer"
        )
    if not world.problem.is_convex:
        found.append(
            "with these readings a kWh discharged brings more than one charged costs: there is no exact reference"
        )
    return found


def _worse_than_nothing(world: V2G, outcome: V2GOutcome) -> list[str]:
    """Say where the signal, or else what EVs did for the load as it came, is worse than doing nothing but what needs ask for."""
    problem, came = world.problem, world.pose(world.load.actual_kw, world.tariff)
    nothing = "charging only what needs ask for" if problem.has_needs else "doing nothing"
    signal_idle = float(problem.evaluate(problem.idle_kw[None])[0])
    if outcome.found.fitness > signal_idle + ROUNDING * max(abs(signal_idle), 1.0):
        return [f"the signal is worse than {nothing}: F = {outcome.found.fitness:.4g} against {signal_idle:.4g}"]
    idle_kw = problem.idle_kw
    if problem.has_needs:
        idle_kw = follow(world, np.zeros(world.horizon.n_slots))[0].response_kw
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


def _lacking(world: V2G, outcome: V2GOutcome) -> list[str]:
    """Name who has less than `participation.end` holds EVs to, and who needs something that is not held."""
    departures, soc = outcome.departures, outcome.batteries.soc
    lacking: dict[str, dict[str, NDArray[np.float64]]] = {
        "free": {},
        "cyclic": {"emptier at the end than at the beginning": (world.soc_start - soc) * world.fleet.capacity_kwh},
        "need": {
            "left with less than they need": departures.missed_kwh,
            "never at the grid for a whole slot": np.where(departures.stays == 0, departures.unserved_kwh, 0.0),
            "at the grid when the horizon ends, with less than they ask for": departures.unserved_at_end_kwh,
        },
    }
    return [
        f"{named(world.fleet.vehicle, kwh)} {text}"
        for text, kwh in lacking[world.scenario.participation.end].items()
        if (kwh > ROUNDING_KWH).any()
    ]


def _groups(outcome: V2GOutcome) -> pd.DataFrame:
    track = outcome.track
    n, groups = track.group_kw.shape
    names = {1: ("all",), 2: (GROUPS[0], GROUPS[2]), 3: GROUPS}[groups]
    return pd.DataFrame({
        "slot": np.repeat(np.arange(n), groups),
        "group": np.tile(np.array(names), n),
        "vehicles": track.group_vehicles.ravel(),
        "signal_kw": track.group_kw.ravel(),
        "response_kw": track.group_response_kw.ravel(),
        "soc_mean": track.soc_mean.ravel(),
        "soc_std_before": track.soc_std_before.ravel(),
        "soc_std_after": track.soc_std_after.ravel(),
    })  # fmt: skip


def _vehicles(world: V2G, outcome: V2GOutcome) -> pd.DataFrame:
    batteries, departures = outcome.batteries, outcome.departures
    loss, years = life(world, outcome)
    there, edges_h = departures.first >= 0, world.horizon.edges_h
    return pd.DataFrame({
        "vehicle": world.fleet.vehicle,
        "power_kw": batteries.power_kw,
        "capacity_kwh": batteries.capacity_kwh,
        "efficiency": batteries.efficiency,
        "stays": departures.stays,
        "plug_in_h": np.where(there, edges_h[departures.first], np.nan),
        "plug_out_h": np.where(there, edges_h[departures.stop], np.nan),
        "soc_plug_in": departures.soc_plug_in,
        "soc_plug_out": departures.soc_plug_out,
        "soc_start": world.soc_start,
        "soc_end": batteries.soc,
        "unserved_kwh": departures.unserved_kwh,
        "charged_kwh": batteries.charged_kwh,
        "discharged_kwh": batteries.discharged_kwh,
        "lost_kwh": batteries.lost_kwh,
        "life_loss_percent": loss,
        "years": np.where(np.isfinite(years), years, np.nan),
    })  # fmt: skip


def _search(found: Found) -> NDArray[np.float64]:
    return found.history if found.history.size else np.empty((0, 2))


def _tables(scenario: Scenario) -> list[str]:
    return [name for name in TABLES if name != "log" or scenario.channel.log]
