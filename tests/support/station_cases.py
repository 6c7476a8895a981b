"""Small cases of charging stations: a few stations on the built-in feeder, users drawn or from a file."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from runs.scenario import Scenario
from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark

OFF = {"time": False, "region": False, "user": False, "emergency": False}
CALM = {"voltage_a_day": 0.0, "supply_a_day": 0.0}
SIX = [("A1", "S1-01", "A"), ("A2", "S1-02", "A"), ("A3", "S1-08", "A"), ("B1", "S2-01", "B"), ("B2", "S2-02", "B"), ("B3", "S2-06", "B")]  # fmt: skip
ON = dict.fromkeys(OFF, True)
STRUCK = {"voltage_a_day": 8.0, "supply_a_day": 8.0, "voltage_sag_pu": 0.1, "supply_part": 0.7}
BUSY: dict[str, Any] = {
    "users": {"users": 2000, "charging_a_day": 1200, "willing": 0.7},
    "triggers": {**ON, "crowded_kw": 300.0},
    "stations": {"capacity_min_kw": 150.0, "capacity_max_kw": 500.0},
    "events": STRUCK,
}
"""Stations with six places each, more users than these take in the evening, everything on, and much that strikes."""


def case(folder: Path, at: list[tuple[Any, ...]] | None = None, who: list[tuple[Any, ...]] | None = None, /, **sections: dict[str, Any]) -> Scenario:  # fmt: skip
    """Return a day of 40 slots at six stations of two regions, without triggers and events, unless `sections` has them.

    Parameters
    ----------
    folder
        Takes the files.
    at
        Rows of the stations: name, node, region and, if there, piles and devices.
    who
        Rows of the visits: user, station, hour of arrival, energy and, if there, size of battery and whether willing; none: drawn.
    """
    rows = at or SIX
    names = ("station", "node", "region", "piles", "storage_devices")[: len(rows[0])]
    path = written(folder / "stations.csv", names, rows)
    regions = len({row[2] for row in rows})
    defaults: dict[str, dict[str, Any]] = {
        "horizon": {"start": datetime(2023, 7, 12), "slot_min": 36},  # noqa: DTZ001  (a wall clock)
        "load": {"peak_kw": 12_000.0},
        "stations": {"path": path, "region_weights": (1.3, 0.8)[:regions], "piles": 3},
        "users": {"users": 1200, "charging_a_day": 600},
        "scheduling": {"iterations": 2, "population": 8},
        "triggers": OFF,
        "events": CALM,
    }
    if who is not None:
        names = ("user", "station", "arrive_h", "energy_kwh", "capacity_kwh", "willing")[: len(who[0])]
        defaults["users"] = {"path": written(folder / "users.csv", names, who)}
    merged = {name: {**defaults.get(name, {}), **sections.get(name, {})} for name in {*defaults, *sections}}
    return Scenario().update(**merged)


def written(path: Path, names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Path:
    """Write a CSV file and return its path."""
    path.write_text("\n".join(",".join(map(str, row)) for row in [names, *rows]) + "\n")
    return path


def world_of(scenario: Scenario) -> StationPark:
    """Build its world as a run does."""
    return StationPark.build(scenario, np.random.default_rng(scenario.run.seed))


def columns(outcome: StationsOutcome) -> list[bytes]:
    """What happened, as bytes."""
    track, sessions, after = outcome.track, outcome.sessions, outcome.grid
    names = ("plugged", "queued", "shifted", "wanted_kwh", "voltage_v", "time_h", "capacity_kw", "power_kw", "storage_kw",
             "lent_kw", "storage_soc", "passed_kw", "drawn_kw", "short_kw", "given_kw", "cut_kw", "shed_kw")  # fmt: skip
    found = [getattr(track, name).tobytes() for name in names]
    found += [getattr(sessions, name).tobytes() for name in ("need_kwh", "served_kwh", "served_slot", "shifted_slots", "lent_kwh", "time_h")]  # fmt: skip
    return [*found, after.node_pu.tobytes(), after.drawn_kwh.tobytes(), repr(track.fired).encode()]
