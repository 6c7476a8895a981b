"""Charging stations: where they stand, how many EVs they serve at once, between which limits, and their storage.

Source: paper C, sections 2 and 4: 76 stations in four regions, each with m piles for two EVs and k storage devices, and the limits
of their constraints [verbatim]. What m, k and the devices are is lost: 18 piles make 36 places, which at the rated 83 kW an EV are
just the paper's 3000 kW; two devices of 100 kWh and 50 kW a station are ours [default].
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.battery import Batteries
from environment.csv_table import CsvTable
from environment.feeders import Feeder
from environment.feeders.builtin import PLACES
from environment.feeders.feeder import UNKNOWN
from environment.horizon import HOURS_PER_DAY
from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any
from environment.settings import Settings

EVS_A_PILE: Final = 2
REQUIRED: Final = ("station", "node", "region")
OPTIONAL: Final = ("piles", "storage_devices")


class StationsSettings(Settings):
    """Charging stations with storage on a feeder, scheduled slot by slot (paper C)."""

    path: Path | None = None
    """CSV file `station,node,region[,piles,storage_devices]`; where the last two are left out or empty, the keys of these names
    count. None: the 76 stations of the built-in feeder."""

    piles: int = Field(default=18, ge=1, le=10_000)
    """Charging piles of a station, each for two EVs at once."""

    time_rated_h: float = Field(default=0.42, gt=0, le=24)
    """Charging time at rated power."""

    time_max_h: float = Field(default=0.6, gt=0, le=24)
    """Longest charging time; a slot is at least that long, for EVs are plugged in at its beginning."""

    pile_kw: float | None = Field(default=None, gt=0, le=1e5)
    """Most that a pile gives to an EV, which gets at most that for the rated time; none: what fills the largest battery in it."""

    capacity_min_kw: float = Field(default=1200.0, ge=0, le=1e6)
    """Least power that a station is granted."""

    capacity_max_kw: float = Field(default=3000.0, gt=0, le=1e6)
    """Most power that a station is granted."""

    battery_min_kwh: float = Field(default=65.0, gt=0, le=1000)
    """What a battery of the mean size is to hold when it leaves: EVs may miss the difference, on the average of a station and slot."""

    battery_max_kwh: float = Field(default=75.0, gt=0, le=1000)
    """The largest battery; sizes that are drawn lie evenly between the two, the mean size is their middle."""

    tap_step: float = Field(default=0.0125, gt=0, le=0.1)
    """Step of a station's on-load tap changer, as a part of its upper rated voltage."""

    storage_devices: int = Field(default=2, ge=0, le=10_000)
    """Storage devices of a station."""

    storage_kwh: float = Field(default=100.0, gt=0, le=1e5)
    """Size of a device."""

    storage_kw: float = Field(default=50.0, gt=0, le=1e5)
    """Power of a device, either way."""

    storage_efficiency: float = Field(default=0.95, gt=0, le=1)
    """Of a device, each way."""

    storage_soc_start: float = Field(default=0.5, ge=0, le=1)
    """State of charge at the beginning."""

    storage_soc_min: float = Field(default=0.1, ge=0, lt=1)
    """Floor of the state of charge."""

    supply_kw: float | None = Field(default=None, gt=0, le=1e9)
    """Most that the grid above can give; none: as much as is drawn."""

    region_weights: tuple[float, ...] = (1.3, 1.1, 0.95, 0.8)
    """Weight of each region, in the order in which they first appear: of its users' satisfaction, and of how many they are (paper C,
    section 4.1) [verbatim]."""

    time_weights: tuple[float, ...] = (
        0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.8, 0.8, 0.8, 1.1, 1.1, 1.1,
        1.3, 1.3, 1.0, 1.0, 1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 0.9, 0.9,
    )  # fmt: skip
    """Weight of each hour of the day, likewise; the paper's Table 1 is lost [default]."""

    @model_validator(mode="after")
    def _the_right_way_round(self) -> Self:
        pairs = (
            ("time_rated_h", "time_max_h"),
            ("capacity_min_kw", "capacity_max_kw"),
            ("battery_min_kwh", "battery_max_kwh"),
        )
        wrong = [
            f"{low} = {getattr(self, low):g} with {high} = {getattr(self, high):g}; expected the first to be at most the second"
            for low, high in pairs
            if getattr(self, low) > getattr(self, high)
        ]
        if self.storage_soc_start < self.storage_soc_min:
            wrong.append(
                f"storage_soc_start = {self.storage_soc_start:g} with storage_soc_min = {self.storage_soc_min:g}; "
                "expected a start at or above the floor"
            )
        if len(self.time_weights) != HOURS_PER_DAY or min(self.time_weights) < 0 or max(self.time_weights) <= 0:
            wrong.append(f"time_weights = {self.time_weights}; expected 24 of at least 0, not all 0")
        if not self.region_weights or min(self.region_weights) <= 0:
            wrong.append(f"region_weights = {self.region_weights}; expected one above 0 for each region")
        if wrong:
            raise ValueError("\n".join(wrong))
        return self

    @property
    def battery_kwh(self) -> float:
        """Mean size of an EV's battery, to which it is charged."""
        return (self.battery_min_kwh + self.battery_max_kwh) / 2

    @property
    def pile_kwh(self) -> float:
        """Most that an EV gets at a pile [kWh]: at rated time and longer it then draws at most `pile_kw`."""
        return self.battery_max_kwh if self.pile_kw is None else self.pile_kw * self.time_rated_h


class _Listed(NamedTuple):
    """Stations as they are named, before their nodes are looked for: a file and its lines, or none."""

    file: str
    lines: list[int] | list[None]
    names: list[str]
    nodes: list[str]
    regions: list[str]
    piles: NDArray[np.int64]
    devices: NDArray[np.int64]


def _listed(settings: StationsSettings, feeder: Feeder) -> _Listed:
    if settings.path is None:
        names = [f"S{place}" for place in PLACES]
        if missing := set(names) - set(feeder.node.tolist()):
            found = f"left out, and {feeder.title} has no node {min(missing)}"
            expected = "a file with a node for each station, or the built-in feeder"
            raise FaultyInputError([Fault("scenario", None, "stations.path", found, expected)])
        n = len(names)
        piles, devices = np.full(n, settings.piles), np.full(n, settings.storage_devices)
        return _Listed("scenario", [None] * n, names, names, list(PLACES.values()), piles, devices)
    table = CsvTable(settings.path, REQUIRED, OPTIONAL)
    names, nodes, regions = (table.texts(name) for name in REQUIRED)
    counts = []
    for name, usual, least in (("piles", settings.piles, 1), ("storage_devices", settings.storage_devices, 0)):
        column = table.numbers(name, default=usual)
        table.require(
            name, np.isfinite(column) & ((column < least) | (column % 1 != 0)), f"a whole number of at least {least}"
        )
        counts.append(np.nan_to_num(column).astype(np.int64))
    table.require("station", np.array([names.count(name) > 1 for name in names]), "a name that no other line has")
    for column_name, texts in (("station", names), ("region", regions)):
        table.require(column_name, np.array([not text for text in texts]), "a name")
    raise_if_any(table.faults)
    return _Listed(table.file, table.lines, names, nodes, regions, *counts)


@dataclass(frozen=True, eq=False)
class Stations:
    """All stations; columns of shape ``(n_stations,)``.

    Parameters
    ----------
    station
        Names.
    node
        Row of each one's node on the feeder.
    transformer
        Row of the feeder's transformer that is its own.
    region
        Index of its region.
    regions
        Names of the regions.
    places
        EVs that it serves at once, 2 m.
    storage_devices
        How many.
    rated_v
        Rated voltage of its node.
    above
        Whether a branch of the feeder carries what a station draws, shape ``(n_branches, n_stations)``; rows as in
        `Feeder.branches_above`.
    """

    station: NDArray[np.str_]
    node: NDArray[np.int64]
    transformer: NDArray[np.int64]
    region: NDArray[np.int64]
    regions: tuple[str, ...]
    places: NDArray[np.int64]
    storage_devices: NDArray[np.int64]
    rated_v: NDArray[np.float64]
    above: NDArray[np.bool_]

    def __len__(self) -> int:
        return self.station.size

    @cached_property
    def names(self) -> list[str]:
        """Names of the stations as in the grid's tree."""
        return [f"station:{name}" for name in self.station.tolist()]

    @cached_property
    def region_names(self) -> list[str]:
        """Names of the regions' substations as in the grid's tree."""
        return [f"substation:{name}" for name in self.regions]

    def rows_of(self, region: int) -> NDArray[np.int64]:
        """Return the rows of a region's stations."""
        return np.flatnonzero(self.region == region)

    @classmethod
    def build(cls, settings: StationsSettings, feeder: Feeder) -> Self:
        """Place the stations on a feeder without faults.

        Raises
        ------
        FaultyInputError
            With every fault: a station there twice or on no node, without a transformer of its own, too many regions.
        """
        return cls._placed(settings, feeder, _listed(settings, feeder))

    @classmethod
    def _placed(cls, settings: StationsSettings, feeder: Feeder, listed: "_Listed") -> Self:
        file, lines, names, nodes, regions, piles, devices = listed
        faults = []
        row_of = {name: i for i, name in enumerate(feeder.node.tolist())}
        rows = np.array([row_of.get(node, UNKNOWN) for node in nodes], dtype=np.int64)
        lost = np.flatnonzero(rows == UNKNOWN).tolist()
        if len(lost) == len(nodes) > 1:
            found = f"{nodes[0]!r} and {len(nodes) - 1} more, none of them on {feeder.title}"
            expected = f"nodes of that feeder, or another [feeder]; {nearest(nodes[0], row_of)}"
            raise FaultyInputError([Fault(file, None, "column node", found, expected)])
        for i in lost:
            found = repr(nodes[i]) if nodes[i] else "empty"
            faults.append(Fault(file, lines[i], f"node of station {names[i]}", found, nearest(nodes[i], row_of)))
        known = np.where(rows == UNKNOWN, 0, rows)
        transformer = np.where(rows == UNKNOWN, UNKNOWN, feeder.transformer_above(known))
        own, sharing = np.unique(transformer, return_counts=True)
        shared = set(own[sharing > 1].tolist()) - {UNKNOWN}
        for i in np.flatnonzero(rows != UNKNOWN).tolist():
            expected = "a node behind a transformer of the station's own, whose taps set its voltage"
            if transformer[i] == UNKNOWN:
                faults.append(
                    Fault(
                        file, lines[i], f"node of station {names[i]}", f"{nodes[i]!r}, behind no transformer", expected
                    )
                )
            elif int(transformer[i]) in shared:
                found = f"{nodes[i]!r}, behind {feeder.transformer[transformer[i]]} with another station"
                faults.append(Fault(file, lines[i], f"node of station {names[i]}", found, expected))
            elif not feeder.steps_down[transformer[i]]:
                found = f"{nodes[i]!r}, at the upper winding of {feeder.transformer[transformer[i]]}"
                faults.append(
                    Fault(file, lines[i], f"node of station {names[i]}", found, "a node below its lower winding")
                )
        known_regions = tuple(dict.fromkeys(regions))
        if len(known_regions) != len(settings.region_weights):
            found = (
                f"{len(settings.region_weights)} numbers for {len(known_regions)} regions ({', '.join(known_regions)})"
            )
            faults.append(Fault("scenario", None, "stations.region_weights", found, "one for each region"))
        raise_if_any(faults)
        return cls(
            station=np.array(names),
            node=rows,
            transformer=transformer,
            region=np.array([known_regions.index(region) for region in regions], dtype=np.int64),
            regions=known_regions,
            places=(piles * EVS_A_PILE).astype(np.int64),
            storage_devices=devices.astype(np.int64),
            rated_v=feeder.node_v[rows],
            above=feeder.branches_above(rows),
        )

    def new_storage(self, settings: StationsSettings) -> Batteries:
        """Return the stations' storage as it begins, a station's devices as one battery; one without has none of either."""
        n, devices = len(self), self.storage_devices
        return Batteries.of(
            np.full(n, settings.storage_soc_start),
            np.maximum(devices, 1) * settings.storage_kwh,
            devices.astype(np.float64) * settings.storage_kw,
            np.full(n, settings.storage_efficiency),
            settings.storage_soc_min,
            1.0,
        )
