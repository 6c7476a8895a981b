"""Real charging sessions of ACN-Data (Lee, Li and Low, "ACN-Data: Analysis and Applications of an Open EV Charging
Dataset", ACM e-Energy 2019), folded onto the horizon.
"""  # noqa: D205

import gzip
import json
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from environment.csv_table import UNREADABLE, CsvTable
from environment.faults import Fault, FaultyInputError, raise_if_any
from environment.fleets.fleet import Fleet
from environment.horizon import Horizon
from environment.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

ENERGY_COLUMNS = {"delivered": "delivered_energy (kWh)", "requested": "requested_energy (kWh)"}
JSON_FIELDS = {"arrival": "connectionTime", "departure": "disconnectTime", "session_id": "sessionID"}


class AcnFleet(Settings):
    """Real sessions from an ACN-Data file, days folded onto the horizon's clock."""

    source: Literal["acn"]
    """An ACN-Data session file: CSV (plain or .gz), or the JSON that the ACN-Data site exports (plain or .gz)."""

    path: Path
    """The file; relative to the scenario that names it."""

    first_day: date | None = None
    """First day of arrival that is kept; none: the file's first."""

    last_day: date | None = None
    """Last day of arrival that is kept; none: the file's last."""

    energy: Literal["delivered", "requested"] = "delivered"
    """Which energy counts as the need: what was delivered, or what the driver asked for."""

    power_kw: float = Field(default=6.6, gt=0)
    """Rated charging power [kW]; the files do not tell it."""

    efficiency: float = Field(default=1.0, gt=0, le=1)
    """Grid to battery; 1 takes the metered energy as the battery's."""

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.first_day and self.last_day and self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day}; expected {self.first_day} (first_day) or later")
        return self

    def build(self, horizon: Horizon, rng: np.random.Generator) -> Fleet:  # noqa: ARG002  (the file knows all)
        """Read the sessions and fold them.

        Every session keeps its wall-clock arrival and its length; its day becomes the horizon's (on a horizon of k
        days, days count modulo k from `first_day`). A session that crosses the horizon's end is kept with its whole
        need.

        Raises
        ------
        FaultyInputError
            With every fault of the file.
        """
        import pandas as pd

        arrival, departure, energy_kwh, name = self._sessions(horizon)
        wall = arrival.tz_localize(None)
        first = self.first_day or wall.min().date()
        last = self.last_day or wall.max().date()
        midnight = wall.normalize()
        kept = np.asarray((midnight >= pd.Timestamp(first)) & (midnight <= pd.Timestamp(last)))
        if not kept.any():
            span = f"{wall.min():%Y-%m-%d} to {wall.max():%Y-%m-%d}"
            raise FaultyInputError([Fault(self.path.name, None, "days", span, f"sessions from {first} to {last}")])
        origin = pd.Timestamp(datetime.combine(first, time())) + pd.Timedelta(hours=horizon.start_clock_h)
        period_h = 24 * np.ceil(horizon.hours / 24)
        start_h = np.asarray((wall - origin) / pd.Timedelta(hours=1), dtype=np.float64)[kept] % period_h
        stay_h = np.asarray((departure - arrival) / pd.Timedelta(hours=1), dtype=np.float64)[kept]
        n = int(kept.sum())
        unknown = np.full(n, np.nan)
        return Fleet(
            vehicle=name[kept],
            plug_in_h=start_h,
            plug_out_h=start_h + stay_h,
            energy_kwh=energy_kwh[kept],
            power_kw=np.full(n, self.power_kw),
            capacity_kwh=unknown,
            soc_plug_in=unknown,
            efficiency=np.full(n, self.efficiency),
        )

    def _sessions(
        self, horizon: Horizon
    ) -> "tuple[pd.DatetimeIndex, pd.DatetimeIndex, NDArray[np.float64], NDArray[np.str_]]":
        import pandas as pd

        column = ENERGY_COLUMNS[self.energy]
        is_json = self.path.name.removesuffix(".gz").endswith(".json")
        reader = _JsonTable if is_json else CsvTable
        table = reader(self.path, ["arrival", "departure", column, "session_id"], ignore_others=True)
        arrival, departure = table.times(["arrival", "departure"], horizon)
        energy_kwh = table.numbers(column)
        name = np.array(table.texts("session_id"), dtype=np.str_)
        table.require(column, energy_kwh < 0, "at least 0 kWh")
        table.require("departure", np.asarray(departure <= arrival), "a time after arrival")
        table.require("session_id", name == "", "an id")
        repeated = pd.Series(name).duplicated().to_numpy(dtype=bool) & (name != "")
        table.require("session_id", repeated, "an id that no other has")
        if is_json and horizon.timezone is None:  # its times are GMT, whatever the site's clock
            table.faults.append(
                Fault("scenario", None, "horizon.timezone", "missing", "the site's, as America/Los_Angeles")
            )
        raise_if_any(table.faults)
        return arrival, departure, energy_kwh, name


class _JsonTable(CsvTable):
    """The sessions of the ACN-Data site's JSON export, under the CSV's column names; rows are items from 1."""

    def _read(self, path: Path) -> tuple[list[str], list[int], list[list[str]]]:
        try:
            raw = path.read_bytes()
            content = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
            cells = [_cells(item) for item in content["_items"]]
        except FileNotFoundError:
            raise FaultyInputError([Fault(str(path), None, "file", "missing", "a JSON file")]) from None
        except (*UNREADABLE, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            found = f"unreadable ({error!r})"
            raise FaultyInputError([Fault(path.name, None, "file", found, "an ACN-Data export with _items")]) from None
        header = [*JSON_FIELDS, *ENERGY_COLUMNS.values()]
        return header, list(range(1, len(cells) + 1)), [[row[name] for name in header] for row in cells]


def _cells(item: dict[str, Any]) -> dict[str, str]:
    import pandas as pd

    cells = {name: str(item.get(field, "")) for name, field in JSON_FIELDS.items()}
    for name in ("arrival", "departure"):
        moment = pd.to_datetime(cells[name], format="%a, %d %b %Y %H:%M:%S GMT", utc=True, errors="coerce")
        cells[name] = cells[name] if pd.isna(moment) else moment.isoformat()
    cells[ENERGY_COLUMNS["delivered"]] = str(item.get("kWhDelivered", ""))
    inputs = item.get("userInputs") or [{}]
    cells[ENERGY_COLUMNS["requested"]] = str(inputs[-1].get("kWhRequested", item.get("kWhDelivered", "")))
    return cells
