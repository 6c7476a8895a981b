"""Real charging sessions of ACN-Data (Lee, Li and Low, "ACN-Data: Analysis and Applications of an Open EV Charging
Dataset", ACM e-Energy 2019).
"""  # noqa: D205

import gzip
import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.csv_table import UNREADABLE, CsvTable
from environment.files import extent_of, must_be_file
from environment.fleets.dated import DatedFleet, Stays, folded, outside, require_dates
from environment.fleets.fleet import Fleet
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, raise_if_any, shortened
from environment.stays import TOLERANCE_H

if TYPE_CHECKING:
    import pandas as pd

ENERGY_COLUMNS = {"delivered": "delivered_energy (kWh)", "requested": "requested_energy (kWh)"}
ESTIMATE = "estimated_departure"
JSON_FIELDS = {"arrival": "connectionTime", "departure": "disconnectTime", "session_id": "sessionID"}


class AcnFleet(DatedFleet):
    """Real sessions from an ACN-Data file: those of the horizon's own dates, or of any dates, folded (`fold`)."""

    source: Literal["acn"]
    """An ACN-Data session file: CSV (plain or .gz), or the JSON that the ACN-Data site exports (plain or .gz; its
    `_items` alone will do)."""

    first_day: date | None = None
    """First day of arrival that is kept; none: the file's first."""

    last_day: date | None = None
    """Last day of arrival that is kept; none: the file's last."""

    energy: Literal["delivered", "requested"] = "delivered"
    """Which energy counts as the need: what was delivered, or what the driver asked for (where that is not known: what was
    delivered). The departure that the driver expected is not used."""

    power_kw: float = Field(default=6.6, gt=0, le=1e6)
    """Rated charging power [kW]; the files do not tell it."""

    efficiency: float = Field(default=1.0, gt=0, le=1)
    """Grid to battery; 1 takes the metered energy as the battery's."""

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day}; expected {self.first_day} (first_day) or later")
        return self

    def build(self, horizon: Horizon, rng: np.random.Generator) -> Fleet:
        """Read the sessions, or their share.

        A session that crosses the horizon's start or its end is kept with its whole need; without a fold, those wholly
        outside it are left out, and told; the share is one of those that stay.

        Raises
        ------
        FaultyInputError
            With every fault of the file, or if no session meets the horizon.
        """
        stays, energy_kwh, name, told = self._sessions(horizon)
        n = energy_kwh.size
        unknown = np.full(n, np.nan)
        fleet = Fleet(
            vehicle=name,
            plug_in_h=horizon.hours_from_start(stays.plug_in),
            plug_out_h=horizon.hours_from_start(stays.plug_out),
            energy_kwh=energy_kwh,
            power_kw=np.full(n, self.power_kw),
            capacity_kwh=unknown,
            soc_plug_in=unknown,
            efficiency=np.full(n, self.efficiency),
            told=told,
        )
        if self.fold != "none":
            days = (self.first_day, self.last_day)
            moved, rows = folded(fleet, stays, horizon, self.fold, self.path.name, days)
            return self.share_of(fleet, rng, rows, moved)
        require_dates(fleet, horizon, self.path.name)
        away = outside(fleet, horizon)
        if not away.any():
            return self.share_of(fleet, rng, np.arange(n))
        span = horizon.span_text(float(fleet.plug_in_h.min()), float(fleet.plug_out_h.max()))
        left = (
            f"{away.sum()} of {n} sessions, which span {span}, lie wholly outside the horizon and are left out "
            "(fleet.fold takes them onto its days)"
        )
        return self.share_of(replace(fleet, told=(*told, left)), rng, np.flatnonzero(~away))

    def first_plug_in(self, horizon: Horizon) -> datetime:
        """Return when the first session begins; see `DatedFleet.first_plug_in`."""
        first: datetime = self._sessions(horizon)[0].plug_in.tz_localize(None).min().to_pydatetime()
        return first

    def stays_at_most(self, horizon: Horizon) -> int:
        """Return how many sessions the file has at most; see `DatedFleet.stays_at_most`."""
        if not self._is_json:
            return super().stays_at_most(horizon)
        return extent_of(self.path, f'"{JSON_FIELDS["session_id"]}"'.encode()).marks

    @property
    def _is_json(self) -> bool:
        return self.path.name.removesuffix(".gz").endswith(".json")

    def _sessions(self, horizon: Horizon) -> tuple[Stays, NDArray[np.float64], NDArray[np.str_], tuple[str, ...]]:
        """Return the sessions of the days from `first_day` to `last_day`: stays, needs, names, and what is told of them."""
        import pandas as pd

        stays, energy_kwh, name, told = self._all_sessions(horizon)
        wall = stays.plug_in.tz_localize(None)
        first = self.first_day or wall.min().date()
        last = self.last_day or wall.max().date()
        midnight = wall.normalize()
        kept = np.asarray((midnight >= pd.Timestamp(first)) & (midnight <= pd.Timestamp(last)))
        if not kept.any():
            span = f"{wall.min():%Y-%m-%d} to {wall.max():%Y-%m-%d}"
            raise FaultyInputError([Fault(self.path.name, None, "days", span, f"sessions from {first} to {last}")])
        return Stays(stays.plug_in[kept], stays.plug_out[kept]), energy_kwh[kept], name[kept], told

    def _all_sessions(self, horizon: Horizon) -> tuple[Stays, NDArray[np.float64], NDArray[np.str_], tuple[str, ...]]:
        import pandas as pd

        column = ENERGY_COLUMNS[self.energy]
        reader = _JsonTable if self._is_json else CsvTable
        table = reader(self.path, ["arrival", "departure", column, "session_id"], ignore_others=True)
        arrival, departure = table.times(["arrival", "departure"], horizon)
        energy_kwh, told = self._needs(table, column)
        name = np.array(table.texts("session_id"), dtype=np.str_)
        table.require(column, energy_kwh < 0, "at least 0 kWh")
        table.require("departure", np.asarray(departure <= arrival), "a time after arrival")
        table.require("session_id", name == "", "an id")
        repeated = pd.Series(name).duplicated().to_numpy(dtype=bool) & (name != "")
        table.require("session_id", repeated, "an id that no other has")
        if self._is_json and horizon.timezone is None:  # its times are GMT, whatever the site's clock
            table.faults.append(
                Fault("scenario", None, "horizon.timezone", "missing", "the site's, as America/Los_Angeles")
            )
        raise_if_any(table.faults)
        told += _estimates(table, departure, horizon)
        return Stays(arrival, departure), energy_kwh, name, told

    @staticmethod
    def _needs(table: CsvTable, column: str) -> tuple[NDArray[np.float64], tuple[str, ...]]:
        """Return the energy of a column; where it is empty, what was delivered, and how often that is."""
        delivered = ENERGY_COLUMNS["delivered"]
        unstated = np.array([not text for text in table.texts(column)])
        if column == delivered or delivered not in table or not unstated.any():
            return table.numbers(column), ()
        energy_kwh = np.where(unstated, table.numbers(delivered, np.nan), table.numbers(column, np.nan))
        table.require(column, unstated & np.isnan(energy_kwh), f"a number, here or as {delivered}")
        return energy_kwh, (
            f"{unstated.sum()} of {len(table)} sessions of {table.file} state no requested energy; what was delivered is taken",
        )


def _estimates(table: CsvTable, departure: "pd.DatetimeIndex", horizon: Horizon) -> tuple[str, ...]:
    """Say of how many sessions the file has a departure as the driver expected it, which nobody plans with."""
    stated = np.array([bool(text) for text in table.texts(ESTIMATE)]) if ESTIMATE in table else np.zeros(0, np.bool_)
    if not stated.any():
        return ()
    import pandas as pd

    rows = np.flatnonzero(stated)
    texts, lines = [table.texts(ESTIMATE)[i] for i in rows], [table.lines[i] for i in rows]
    times, _ = horizon.parse_times(texts, file=table.file, rows=lines, fields=[ESTIMATE] * rows.size)
    off_h = np.abs(np.asarray((times - departure[rows]) / pd.Timedelta(hours=1), dtype=np.float64))
    if (off_h < TOLERANCE_H).all():
        return ()  # who left as expected lost nothing
    known = (
        ""
        if np.isnan(off_h).all()
        else f"; the actual departure differs from it by a median of {np.nanmedian(off_h):.1f} h"
    )
    return (f"{ESTIMATE} of {rows.size} of {len(table)} sessions of {table.file} is not used{known}",)


class _JsonTable(CsvTable):
    """The sessions of the ACN-Data site's JSON export, under the CSV's column names; rows are items from 1."""

    def _read(self, path: Path) -> tuple[list[str], list[int], list[list[str]]]:
        expected = "an ACN-Data export: a list of sessions, or an object with it as _items"
        must_be_file(path, "a JSON file")
        try:
            raw = path.read_bytes()
            content = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
            json.dumps(content, ensure_ascii=False).encode()  # half a character, which JSON may escape, is no text
        except (*UNREADABLE, ValueError) as error:
            raise FaultyInputError([Fault(path.name, None, "file", f"unreadable ({error})", expected)]) from None
        except RecursionError:
            raise FaultyInputError([Fault(path.name, None, "file", "nested too deep", expected)]) from None
        items = content.get("_items") if isinstance(content, dict) else content
        if not isinstance(items, list):
            raise FaultyInputError([Fault(path.name, None, "content", shortened(json.dumps(content), 60), expected)])
        numbered = list(enumerate(items, start=1))
        self.faults += [
            Fault(self.file, None, f"item {number}", shortened(json.dumps(item), 60), "an object: a session")
            for number, item in numbered
            if not isinstance(item, dict)
        ]
        sound = [(number, _cells(item)) for number, item in numbered if isinstance(item, dict)]
        header = [*JSON_FIELDS, *ENERGY_COLUMNS.values(), ESTIMATE]
        return header, [number for number, _ in sound], [[cells[name] for name in header] for _, cells in sound]


def _cells(item: dict[str, Any]) -> dict[str, str]:
    """Return a session of the export as cells; an empty one where it does not say."""
    inputs = item.get("userInputs")
    stated = inputs[-1] if isinstance(inputs, list) and inputs and isinstance(inputs[-1], dict) else {}
    cells = {name: _text(item.get(field)) for name, field in JSON_FIELDS.items()}
    cells[ENERGY_COLUMNS["delivered"]] = _text(item.get("kWhDelivered"))
    cells[ENERGY_COLUMNS["requested"]] = _text(stated.get("kWhRequested"))
    cells[ESTIMATE] = _text(stated.get("requestedDeparture"))
    return {name: _iso(text) if name in {"arrival", "departure", ESTIMATE} else text for name, text in cells.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _iso(text: str) -> str:
    """Return the export's way to write a time (RFC 1123) as ISO 8601; other texts as they are."""
    import pandas as pd

    moment = pd.to_datetime(text, format="%a, %d %b %Y %H:%M:%S GMT", utc=True, errors="coerce")
    return text if pd.isna(moment) else str(moment.isoformat())
