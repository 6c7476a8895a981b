"""A feeder from power-grid-model's own JSON: an input dataset of nodes, lines, transformers, links, loads and one source.

Positive sequence only. A switch that is not stated is closed, as there, and a tap position beyond its limits is the nearest
limit. Left out are the loss angle of a line's capacitance, and the type of a load: each draws constant power. Other components
are faults, not passed over; so is a tap off its middle position without limits, side and size of a step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from environment.faults import Fault, FaultyInputError, raise_if_any
from environment.feeders.feeder import UNKNOWN, USUAL_RX, Feeder
from environment.feeders.settings import FeederSettings

KNOWN: Final = ("node", "line", "transformer", "link", "source", "sym_load")
ENDS: Final = ("from_node", "to_node", "node")
STATES: Final = ("from_status", "to_status", "status")
EXPECTED: Final = "a power-grid-model input dataset (JSON)"


class PgmJsonFeeder(FeederSettings):
    """A file in power-grid-model's JSON format, with `node`, `line`, `transformer`, `link`, `sym_load` and one `source`."""

    source: Literal["pgm_json"]
    """A power-grid-model file."""

    path: Path
    """The file; relative to the scenario that names it. Nodes are named by their id; lines have no length there."""

    def read(self) -> Feeder:
        """Read the file; see `FeederSettings.read`."""
        from power_grid_model import DatasetType, initialize_array

        data = _dataset(self.path)
        faults = [
            Fault(self.path.name, None, str(name), f"{rows.size} of them", f"only {', '.join(KNOWN)}")
            for name, rows in data.items()
            if name not in KNOWN and rows.size
        ]
        rows = {kind: data.get(kind, initialize_array(DatasetType.input, kind, 0)) for kind in KNOWN}
        rows = {kind: part[_switched_on(part)] for kind, part in rows.items()}
        n_sources = rows["source"].size
        if n_sources != 1:
            faults.append(Fault(self.path.name, None, "sources switched on", str(n_sources), "one"))
        raise_if_any([*faults, *_faults(self.path.name, rows)])
        return _feeder(self.path.name, rows)


def _dataset(path: Path) -> dict[str, NDArray[Any]]:
    from power_grid_model.errors import PowerGridError
    from power_grid_model.utils import json_deserialize_from_file

    if not path.is_file():
        raise FaultyInputError([Fault(str(path), None, "file", "missing", EXPECTED)])
    try:
        data: Any = json_deserialize_from_file(path)
    except (PowerGridError, OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise FaultyInputError([Fault(str(path), None, "file", f"unreadable ({reason})", EXPECTED)]) from None
    if not all(isinstance(rows, np.ndarray) and rows.ndim == 1 for rows in data.values()):
        raise FaultyInputError([Fault(str(path), None, "file", "a batch of cases", EXPECTED)])
    return data  # type: ignore[no-any-return]


def _switched_on(part: NDArray[Any]) -> NDArray[np.bool_]:
    on = np.ones(part.size, dtype=np.bool_)
    for name in STATES:
        if name in _names(part):
            on &= part[name] != 0
    return on


def _names(part: NDArray[Any]) -> tuple[str, ...]:
    return part.dtype.names or ()


def _faults(title: str, rows: dict[str, NDArray[Any]]) -> Iterator[Fault]:
    """Name by their ids the components on unknown nodes, loads without a value, and taps that cannot be worked out."""
    known = rows["node"]["id"]
    for kind, part in rows.items():
        for end in (end for end in ENDS if end in _names(part)):
            for row in part[~np.isin(part[end], known)]:
                yield Fault(title, None, f"{kind} {row['id']}: {end}", str(row[end]), "the id of a node of the file")
    load = rows["sym_load"]
    for name in ("p_specified", "q_specified"):
        for number in load["id"][np.isnan(load[name])].tolist():
            yield Fault(title, None, f"sym_load {number}: {name}", "missing", "a number")
    unit = rows["transformer"]
    taps = _Taps.of(unit)
    for name in ("tap_min", "tap_max", "tap_side", "tap_size"):
        for j in np.flatnonzero(np.isnan(_numbers(unit, name)) & (taps.position != taps.middle)).tolist():
            place = f"transformer {unit['id'][j]}: {name}"
            expected = f"a number, for tap position {taps.position[j]:g} is not the middle one"
            yield Fault(title, None, place, "missing", expected)


def _numbers(part: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where nothing is stated."""
    column = part[name]
    numbers: NDArray[np.float64] = column.astype(np.float64)
    if column.dtype.kind == "i":
        numbers[column == np.iinfo(column.dtype).min] = np.nan
    return numbers


@dataclass(frozen=True, eq=False)
class _Taps:
    """Tap positions of transformers, each column of shape ``(n_transformers,)``; ``last`` may be below ``first``."""

    position: NDArray[np.float64]
    middle: NDArray[np.float64]
    first: NDArray[np.float64]
    last: NDArray[np.float64]

    @classmethod
    def of(cls, unit: NDArray[Any]) -> "_Taps":
        """Return the taps, within their limits where these are stated."""
        position, middle, first, last = (_numbers(unit, f"tap_{name}") for name in ("pos", "nom", "min", "max"))
        middle = np.nan_to_num(middle)
        position = np.where(np.isnan(position), middle, position)
        limited = np.clip(position, np.minimum(first, last), np.maximum(first, last))
        return cls(np.where(np.isnan(first + last), position, limited), middle, first, last)

    def added_v(self, step_v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what a tap adds to its winding's rated voltage [V]."""
        direction = np.where(self.last < self.first, -1.0, 1.0)
        return direction * (self.position - self.middle) * np.nan_to_num(step_v)

    def between(
        self, value: NDArray[np.float64], at_first: NDArray[np.float64], at_last: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return a figure at the tap's position, linear from the middle to each limit; NaN at a limit: the middle's."""
        to_last = (np.minimum(self.middle, self.last) <= self.position) & (
            self.position <= np.maximum(self.middle, self.last)
        )
        limit = np.where(to_last, at_last, at_first)
        limit = np.where(np.isnan(limit), value, limit)
        away = np.nan_to_num(np.where(to_last, self.last, self.first) - self.middle)
        part = np.divide(self.position - self.middle, away, out=np.zeros(away.size), where=away != 0)
        return value + part * (limit - value)


def _feeder(title: str, rows: dict[str, NDArray[Any]]) -> Feeder:
    node = rows["node"]
    row_of = {int(number): i for i, number in enumerate(node["id"].tolist())}

    def places(numbers: NDArray[np.int32]) -> NDArray[np.int64]:
        return np.array([row_of.get(int(number), UNKNOWN) for number in numbers], dtype=np.int64)

    line, unit, link = (rows[kind] for kind in ("line", "transformer", "link"))
    load, source = rows["sym_load"], rows["source"][0]
    upper = unit["u1"] >= unit["u2"]  # the upper winding may stand at either end
    taps = _Taps.of(unit)
    tap_v = taps.added_v(unit["tap_size"])
    at_upper = (unit["tap_side"] == 0) == upper
    lower_v = np.where(upper, unit["u2"], unit["u1"])
    return Feeder(
        title=title,
        node=node["id"].astype(np.str_),
        node_v=node["u_rated"],
        line=line["id"].astype(np.str_),
        line_from=places(line["from_node"]),
        line_to=places(line["to_node"]),
        line_r_ohm=line["r1"],
        line_x_ohm=line["x1"],
        line_c_f=line["c1"],
        line_rated_a=line["i_n"],
        line_km=np.ones(line.size),  # no lengths there: the way to the source is counted in lines
        transformer=unit["id"].astype(np.str_),
        transformer_hv=places(np.where(upper, unit["from_node"], unit["to_node"])),
        transformer_lv=places(np.where(upper, unit["to_node"], unit["from_node"])),
        transformer_hv_v=np.where(upper, unit["u1"], unit["u2"]),
        transformer_lv_v=lower_v + np.where(at_upper, 0.0, tap_v),
        transformer_va=unit["sn"],
        transformer_uk=taps.between(unit["uk"], unit["uk_min"], unit["uk_max"]),
        transformer_pk_w=taps.between(unit["pk"], unit["pk_min"], unit["pk_max"]),
        transformer_i0=unit["i0"],
        transformer_p0_w=unit["p0"],
        transformer_tap_v=np.where(at_upper, tap_v, 0.0),
        link_from=places(link["from_node"]),
        link_to=places(link["to_node"]),
        load_node=places(load["node"]),
        load_kw=load["p_specified"] / 1e3,
        load_kvar=load["q_specified"] / 1e3,
        source_node=int(places(rows["source"]["node"])[0]),
        source_pu=float(source["u_ref"]),
        source_va=float(1e10 if np.isnan(source["sk"]) else source["sk"]),
        source_rx=float(USUAL_RX if np.isnan(source["rx_ratio"]) else source["rx_ratio"]),
    )
