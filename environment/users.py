"""Users of charging stations: who comes where, when, with what need, and whether they take part in the scheduling.

Source: paper C, section 4: 23,000 users, 11,000 of whom charge on a day [verbatim]. Its data are lost. A user belongs to one
station, drawn by the region's weight, which the paper says grows with the number of users, and by a station's own draw; comes in an
hour drawn by the hour's weight; and is filled up from a state of charge drawn around a half: 35 kWh on average, which at the rated
0.42 h are 83 kW; three in ten take part [default]. A day lasts from the horizon's start to the same time of the next day's clock; nobody charges twice in one.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.csv_table import CsvTable
from environment.horizon import HOURS_PER_DAY, Horizon
from environment.input_faults import Fault, nearest, raise_if_any
from environment.settings import Settings
from environment.station_sites import Stations, StationsSettings
from environment.stays import TOLERANCE_H, Stays
from environment.time_series import on_slots

REQUIRED = ("user", "station", "arrive_h", "energy_kwh")
OPTIONAL = ("capacity_kwh", "willing")


class UsersSettings(Settings):
    """Who charges at the stations."""

    path: Path | None = None
    """CSV file `user,station,arrive_h,energy_kwh[,capacity_kwh,willing]`, hours that pass from the horizon's start on; `capacity_kwh` left out or
    empty is the stations' mean battery, `willing` 0. None: drawn."""

    users: int = Field(default=23_000, ge=1, le=100_000_000)
    """Users in the area."""

    charging_a_day: int = Field(default=11_000, ge=0, le=100_000_000)
    """How many of them charge on a day, on average; on a part of a day, as many as its hours' weights make of it."""

    soc_mean: float = Field(default=0.5, ge=0, lt=1)
    """Mean state of charge on arrival."""

    soc_std: float = Field(default=0.1, ge=0, le=1)
    """Its standard deviation; states of charge are kept between 0.1 and 0.9."""

    station_spread: float = Field(default=0.8, ge=0, le=3)
    """Standard deviation of the logarithm of how popular a station is within its region; 0: all alike."""

    willing: float = Field(default=0.3, ge=0, le=1)
    """Part of the users who take part in the scheduling: they let their charging be shifted, and lend energy."""

    @model_validator(mode="after")
    def _no_more_than_there_are(self) -> Self:
        if self.charging_a_day > self.users:
            raise ValueError(
                f"charging_a_day = {self.charging_a_day} with users = {self.users}; expected at most one charge a user and day"
            )
        return self


@dataclass(frozen=True, eq=False)
class Visits(Stays):
    """Visits of those who come to charge, in the order in which they come; columns of shape ``(n_visits,)``.

    Parameters
    ----------
    vehicle, plug_in_h, plug_out_h, energy_kwh, capacity_kwh
        See `Stays`: the user, by number or as in the file; the beginning of the slot; no end, for visitors stay until they are served;
        what they want, at the grid.
    station
        Row of the station.
    slot
        From whose beginning on they are there.
    willing
        Whether they take part.
    expected_kwh
        What is forecast to be wanted of the piles at each station in each slot, shape ``(n_slots, n_stations)``.
    """

    station: NDArray[np.int64]
    slot: NDArray[np.int64]
    willing: NDArray[np.bool_]
    expected_kwh: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        user: NDArray[np.str_],
        station: NDArray[np.int64],
        slot: NDArray[np.int64],
        energy_kwh: NDArray[np.float64],
        capacity_kwh: NDArray[np.float64],
        willing: NDArray[np.bool_],
        expected_kwh: NDArray[np.float64],
        slot_h: float,
    ) -> Self:
        """Return the visits of users who come at the beginning of slots of a length [h] and stay until they are served."""
        end_h = np.full(user.size, np.inf)
        return cls(
            user,
            (slot * slot_h).astype(np.float64),
            end_h,
            energy_kwh,
            capacity_kwh,
            station,
            slot,
            willing,
            expected_kwh,
        )

    @classmethod
    def build(
        cls,
        settings: UsersSettings,
        at: StationsSettings,
        stations: Stations,
        horizon: Horizon,
        rng: np.random.Generator,
    ) -> Self:
        """Read or draw the visits.

        Parameters
        ----------
        settings
            Who they are.
        at
            The stations' settings: weights and batteries.
        stations
            Where they go.
        horizon
            When.
        rng
            Source of all draws.

        Raises
        ------
        FaultyInputError
            With every fault of the file.
        """
        if settings.path is not None:
            return cls._read(settings.path, at, stations, horizon)
        return cls._draw(settings, at, stations, horizon, rng)

    @classmethod
    def _draw(
        cls,
        settings: UsersSettings,
        at: StationsSettings,
        stations: Stations,
        horizon: Horizon,
        rng: np.random.Generator,
    ) -> Self:
        n = settings.users
        liked = np.asarray(at.region_weights)[stations.region]
        liked = liked * np.exp(settings.station_spread * rng.standard_normal(len(stations)))
        liked /= liked.sum()
        home = rng.choice(len(stations), size=n, p=liked)
        capacity = rng.uniform(at.battery_min_kwh, at.battery_max_kwh, n)
        willing = rng.random(n) < settings.willing
        weight = slot_weights(at, horizon)
        a_day = HOURS_PER_DAY * float(np.mean(at.time_weights))
        users, slots = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        days = math.ceil(horizon.wall_hours / HOURS_PER_DAY - TOLERANCE_H)
        days_h = horizon.elapsed_h(np.arange(days + 1, dtype=np.float64) * HOURS_PER_DAY)
        for begin_h, end_h in pairwise(days_h.tolist()):  # the last one perhaps a part
            part = weight * np.diff(horizon.edges_h.clip(begin_h, end_h))
            if part.any():
                rate = settings.charging_a_day / n * part.sum() / a_day
                users.append(np.flatnonzero(rng.random(n) < rate))
                slots.append(rng.choice(horizon.n_slots, size=users[-1].size, p=part / part.sum()))
        user, slot = np.concatenate(users), np.concatenate(slots)
        soc = np.clip(settings.soc_mean + settings.soc_std * rng.standard_normal(user.size), 0.1, 0.9)
        order = np.argsort(slot, kind="stable")
        mean_kwh = min((1 - settings.soc_mean) * at.battery_kwh, at.pile_kwh)
        expected = settings.charging_a_day * mean_kwh * np.outer(weight * horizon.slot_h / a_day, liked)
        user, slot, soc = user[order], slot[order], soc[order]
        return cls.of(
            user=user.astype(np.str_),
            station=home[user],
            slot=slot,
            energy_kwh=(1 - soc) * capacity[user],
            capacity_kwh=capacity[user],
            willing=willing[user],
            expected_kwh=expected,
            slot_h=horizon.slot_h,
        )

    @classmethod
    def _read(cls, path: Path, at: StationsSettings, stations: Stations, horizon: Horizon) -> Self:
        table = CsvTable(path, REQUIRED, OPTIONAL)
        row_of = {name: i for i, name in enumerate(stations.station.tolist())}
        names = table.texts("station")
        station = np.array([row_of.get(name, -1) for name in names], dtype=np.int64)
        table.faults += [
            Fault(
                table.file,
                table.lines[i],
                "station",
                repr(names[i]) if names[i] else "empty",
                nearest(names[i], row_of),
            )
            for i in np.flatnonzero(station < 0).tolist()
        ]
        arrive = table.numbers("arrive_h")
        slot = np.ceil(np.nan_to_num(arrive) / horizon.slot_h - TOLERANCE_H)
        within = (arrive >= 0) & (slot < horizon.n_slots)
        table.require(
            "arrive_h", ~within & np.isfinite(arrive), f"0 to {horizon.edges_h[-2]:g} h: a slot begins after it"
        )
        energy = table.numbers("energy_kwh")
        table.require("energy_kwh", energy <= 0, "more than 0 kWh")
        capacity = table.numbers("capacity_kwh", default=at.battery_kwh)
        table.require("capacity_kwh", capacity <= 0, "more than 0 kWh")
        asked = table.texts("energy_kwh")
        table.require(
            "energy_kwh",
            (energy > 0) & (capacity > 0) & (capacity < energy),
            "at most what the battery holds: capacity_kwh, or the mean of stations.battery_min_kwh and battery_max_kwh",
            lambda i: f"{asked[i]!r} for a battery of {capacity[i]:g} kWh",
        )
        willing = table.flags("willing")
        raise_if_any(table.faults)
        order = np.lexsort((arrive, slot))
        station, slot, energy = station[order], slot[order].astype(np.int64), energy[order]
        n = len(stations)
        given = np.minimum(energy, at.pile_kwh)
        wanted = np.bincount(slot * n + station, given, minlength=horizon.n_slots * n).reshape(horizon.n_slots, n)
        # What is forecast of a file is each station's share, and the hours' weights: not the very visits to come.
        weight = slot_weights(at, horizon)
        share = weight / weight.sum() if weight.any() else np.full(horizon.n_slots, 1 / horizon.n_slots)
        expected = np.outer(share, wanted.sum(axis=0))
        users = np.array(table.texts("user"))[order]
        return cls.of(users, station, slot, energy, capacity[order], willing[order], expected, horizon.slot_h)


def slot_weights(at: StationsSettings, horizon: Horizon) -> NDArray[np.float64]:
    """Return the weight of each slot, shape ``(n_slots,)``."""
    hour, edges_h = horizon.clock_hours()
    return on_slots(edges_h, np.asarray(at.time_weights)[hour], horizon)


@dataclass(eq=False)
class Sessions:
    """What became of visits; columns of shape ``(n_visits,)``, changed in place.

    Parameters
    ----------
    need_kwh
        What each wants, at the grid: what it came for, what it lent, and what both ways lose of that.
    served_kwh
        What it got, at the grid.
    served_slot
        When it charged; -1 while it waits for a place or for power, and for one that died.
    shifted_slots
        By how many slots it was shifted.
    lent_kwh
        What it gave to the grid.
    time_h
        For how long it charged.
    died
        Whether the controller of its EV died: it left without having charged.
    """

    need_kwh: NDArray[np.float64]
    served_kwh: NDArray[np.float64]
    served_slot: NDArray[np.int64]
    shifted_slots: NDArray[np.int64]
    lent_kwh: NDArray[np.float64]
    time_h: NDArray[np.float64]
    died: NDArray[np.bool_]

    @classmethod
    def of(cls, visits: Visits) -> Self:
        """Return the sessions of visits of whom nobody has come yet."""
        n = len(visits)
        return cls(
            visits.energy_kwh.copy(), np.zeros(n), np.full(n, -1), np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n),
            np.zeros(n, dtype=np.bool_),
        )  # fmt: skip

    @property
    def short_kwh(self) -> NDArray[np.float64]:
        """What each did not get [kWh]: all that it wants while it waits."""
        return self.need_kwh - self.served_kwh
