"""A fleet from the user's own file."""

from datetime import datetime
from typing import Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from environment.csv_table import CsvTable, distinct_texts
from environment.fleets.dated import DatedFleet, Stays, folded
from environment.fleets.fleet import RENAMED, Fleet
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, raise_if_any
from environment.stays import TOLERANCE_H

HOURS = ("plug_in_h", "plug_out_h")
TIMES = ("plug_in", "plug_out")
REQUIRED = ("vehicle", "energy_kwh", "power_kw")
OPTIONAL = ("capacity_kwh", "soc_plug_in", "efficiency", "node", "feeder_node", "transformer")
NODE_ON_EVERY_LINE: Final = "the name of a node of the grid, a transformer, on every line, or no such column"


class CsvFleet(DatedFleet):
    """EVs from a CSV file, a line a stay: `vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw[,capacity_kwh,soc_plug_in,efficiency,node,feeder_node]`."""

    source: Literal["csv"]
    """A CSV file; `plug_in,plug_out` (ISO 8601 times) may stand in place of the hours that pass from the horizon's start on. Columns that are
    left out, and cells that are empty: `capacity_kwh` is unknown, `soc_plug_in` such that the need fills the battery (unknown
    without its size), `efficiency` 1, `feeder_node` drawn by the feeder. `node` (the grid's, a transformer) stands on every line, or
    nowhere: then EVs are spread by draw over transformers that [transformer] counts; several of a table or a feeder need it.
    `node` may have its old name, `transformer`; a `node` beside that one names nodes of the feeder."""

    def first_plug_in(self, horizon: Horizon) -> datetime:
        """Return when the first stay begins; see `DatedFleet.first_plug_in`."""
        table = self._table()
        if "plug_in" not in table:
            raise FaultyInputError([
                Fault(table.file, 1, "column plug_in", "missing", 'dates, for horizon.start = "fleet"')
            ])  # fmt: skip
        (times,) = table.times(["plug_in"], horizon)
        raise_if_any(table.faults)
        first: datetime = times.tz_localize(None).min().to_pydatetime()
        return first

    def build(self, horizon: Horizon, rng: np.random.Generator) -> Fleet:
        """Read the fleet, or its share.

        Raises
        ------
        FaultyInputError
            With every fault of the file.
        """
        table = self._table()
        pair, places = table.given, Places.of(table)
        stays = None
        if pair == TIMES:
            stays = Stays(*table.times(pair, horizon))
            start_h, end_h = (horizon.hours_from_start(times) for times in stays)
        else:
            start_h, end_h = (table.numbers(name) for name in pair)
        capacity = table.numbers("capacity_kwh", default=np.nan)
        soc = table.numbers("soc_plug_in", default=np.nan)
        energy = table.numbers("energy_kwh")
        implied = 1 - energy / np.where(capacity > 0, capacity, np.nan)
        vehicle = np.array(table.texts("vehicle"), dtype=np.str_)
        fleet = Fleet(
            vehicle=vehicle,
            plug_in_h=start_h,
            plug_out_h=end_h,
            energy_kwh=energy,
            power_kw=table.numbers("power_kw"),
            capacity_kwh=capacity,
            soc_plug_in=np.where(np.isnan(soc), implied, soc),  # without a state of charge, the EV asks to be filled
            efficiency=table.numbers("efficiency", default=1.0),
            node=_names(table, places.node),
            feeder_node=_names(table, places.feeder_node),
            stay_number=_stay_numbers(vehicle, start_h),
            states_soc="soc_plug_in" in table,
            nodeless=_nodeless(table) if places.in_doubt else (),
            told=(RENAMED,) if places.feeder_node == "node" else (),
        )
        note_faults(table, fleet, places, start=pair[0], end=pair[1])
        if stays is None and self.fold != "none":
            wanted = f"'none', or {','.join(TIMES)} (ISO 8601 times) in {table.file}"
            table.faults.append(Fault("scenario", None, "fleet.fold", f"{self.fold!r} on hours without dates", wanted))
        raise_if_any(table.faults)
        if stays is None:
            return self.share_of(fleet, rng, np.arange(len(fleet)))
        moved, rows = folded(fleet, stays, horizon, self.fold, table.file)
        return self.share_of(fleet, rng, rows, moved)

    def transformers_named(self, *, beside_feeder: bool = False) -> int:
        """Return how many transformers the file names, which is not read for it; see `DatedFleet.transformers_named`."""
        by_old_name = distinct_texts(self.path, "transformer")
        if by_old_name or (beside_feeder and not distinct_texts(self.path, "feeder_node")):
            return by_old_name
        return distinct_texts(self.path, "node")

    def _table(self) -> CsvTable:
        return CsvTable(self.path, REQUIRED, OPTIONAL, either=(HOURS, TIMES))


class Places(NamedTuple):
    """Columns of a file that say where its EVs are; None for what it does not say.

    Parameters
    ----------
    node
        Names the grid's nodes.
    feeder_node
        Names the feeder's nodes.
    """

    node: str | None
    feeder_node: str | None

    @classmethod
    def of(cls, table: CsvTable) -> Self:
        """Return the columns of a file, by their names of today or of old; what contradicts itself goes to its faults."""
        node, feeder_node, old = (name if name in table else None for name in ("node", "feeder_node", "transformer"))
        if old and node and not feeder_node:
            return cls(old, node)
        if old and node:
            expected = "one of the two: transformer is the old name of node"
            table.faults.append(Fault(table.file, 1, f"column {old}", f"there beside {node}", expected))
        return cls(node or old, feeder_node)

    @property
    def in_doubt(self) -> bool:
        """Whether `node` may have its old meaning, that of `feeder_node`."""
        return self.node == "node" and self.feeder_node is None


def _names(table: CsvTable, column: str | None) -> NDArray[np.str_] | None:
    return None if column is None else np.array(table.texts(column), dtype=np.str_)


def _nodeless(table: CsvTable) -> tuple[Fault, ...]:
    return tuple(
        Fault(table.file, line, "node", "empty", NODE_ON_EVERY_LINE)
        for line, name in zip(table.lines, table.texts("node"), strict=True)
        if not name
    )


def note_faults(table: CsvTable, fleet: Fleet, places: Places, *, start: str, end: str) -> None:
    """Add to the table's faults what no fleet may hold; `places`, `start` and `end` are the file's column names."""
    table.require("vehicle", fleet.vehicle == "", "a name")
    table.require(
        end,
        fleet.plug_out_h <= fleet.plug_in_h,
        f"a time after {start}",
        lambda i: f"{fleet.plug_out_h[i]:g} h against {start} at {fleet.plug_in_h[i]:g} h",
    )
    table.require("energy_kwh", fleet.energy_kwh < 0, "at least 0 kWh")
    table.require("power_kw", fleet.power_kw <= 0, "more than 0 kW")
    table.require("efficiency", (fleet.efficiency <= 0) | (fleet.efficiency > 1), "above 0 and at most 1")
    table.require("capacity_kwh", fleet.capacity_kwh <= 0, "more than 0 kWh")
    given_soc = "soc_plug_in" in table
    if given_soc:
        table.require("soc_plug_in", (fleet.soc_plug_in < 0) | (fleet.soc_plug_in > 1), "between 0 and 1")
    room = fleet.capacity_kwh * (1 - np.minimum(fleet.soc_plug_in, 1.0)) if given_soc else fleet.capacity_kwh
    table.require(
        "energy_kwh",
        (fleet.capacity_kwh > 0) & (fleet.energy_kwh > room + 1e-6),
        "at most what the battery has room for",
        lambda i: f"{fleet.energy_kwh[i]:g} kWh with room for {room[i]:g} of {fleet.capacity_kwh[i]:g} kWh",
    )
    if fleet.node is not None and places.node is not None and not places.in_doubt:
        table.require(places.node, fleet.node == "", NODE_ON_EVERY_LINE)
    if fleet.stay_number is not None:
        _note_faults_of_several_stays(table, fleet, places, start)


def _stay_numbers(vehicle: NDArray[np.str_], plug_in_h: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Return the number of each stay of its EV in order of plug-in, from 1; None where no EV stands on two lines."""
    _, car = np.unique(vehicle, return_inverse=True)
    order = np.lexsort((plug_in_h, car))
    begins = np.flatnonzero(np.diff(car[order], prepend=-1))
    if begins.size == vehicle.size:
        return None
    number = np.empty(vehicle.size, dtype=np.int64)
    number[order] = np.arange(vehicle.size) - np.repeat(begins, np.diff(begins, append=vehicle.size)) + 1
    return number


def _note_faults_of_several_stays(table: CsvTable, fleet: Fleet, places: Places, start: str) -> None:
    """Add what an EV on several lines cannot do: stay twice at a time, or be another EV on each of them."""
    named = fleet.vehicle != ""
    first = fleet.first_row
    known_kwh = np.nan_to_num(fleet.capacity_kwh, nan=-1.0)  # an empty cell is another one than any size
    for name, column in (
        ("capacity_kwh", known_kwh),
        (places.node, fleet.node),
        (places.feeder_node, fleet.feeder_node),
    ):
        if name is not None and column is not None and name in table:
            cells = table.texts(name)
            words = [
                f"{cells[i]!r}, and {cells[first[i]]!r} on line {table.lines[first[i]]}" for i in range(len(fleet))
            ]
            table.require(name, named & (column != column[first]), "the same on all lines of an EV", words.__getitem__)
    before = _stays_before(fleet)
    table.require(
        "vehicle",
        named & (fleet.plug_in_h < fleet.plug_out_h[before] - TOLERANCE_H) & (before != np.arange(len(fleet))),
        "stays of one EV one after the other",
        lambda i: (
            f"{str(fleet.vehicle[i])!r} with {start} at {fleet.plug_in_h[i]:g} h, while its stay on line "
            f"{table.lines[before[i]]} lasts until {fleet.plug_out_h[before[i]]:g} h"
        ),
    )
    _, place, count = np.unique(fleet.name, return_inverse=True, return_counts=True)
    table.require(
        "vehicle", named & (fleet.stay == 1) & (count[place] > 1), "a name that is not that of another EV's later stay"
    )


def _stays_before(fleet: Fleet) -> NDArray[np.int64]:
    """Return the row of the stay that ends last among the earlier ones of each row's EV; for its first stay, the row itself."""
    before = np.arange(len(fleet))
    lasting = before.copy()  # by row of an EV's first stay
    for i in np.argsort(fleet.stay, kind="stable").tolist():
        car = fleet.first_row[i]
        before[i] = lasting[car]
        if fleet.plug_out_h[i] > fleet.plug_out_h[lasting[car]]:
            lasting[car] = i
    return before
