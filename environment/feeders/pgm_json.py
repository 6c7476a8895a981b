"""A feeder from power-grid-model's own JSON: an input dataset of nodes, lines, transformers, links, loads and one source.

Positive sequence only. A switch that is not stated is closed, as there, and a tap position beyond its limits is the nearest
limit. Left out are the loss angle of a line's capacitance, and the type of a load: each draws constant power. Generators and
regulators are left out too; all of this is told. Components that carry current and are not known here are faults; so is a tap
off its middle position without limits, side and size of a step.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from environment.feeders.feeder import UNKNOWN, USUAL_RX, Feeder
from environment.feeders.settings import FeederSettings
from environment.feeders.taps import Taps
from environment.files import must_be_file
from environment.input_faults import Fault, FaultyInputError, raise_if_any

BRANCH: Final = ("from_node", "to_node", "from_status", "to_status")
LOAD: Final = ("node", "status", "type", "p_specified", "q_specified")
READ: Final = {
    "node": ("id", "u_rated"),
    "line": ("id", *BRANCH, "r1", "x1", "c1", "tan1", "i_n"),
    "transformer": (
        "id", *BRANCH, "u1", "u2", "sn", "uk", "pk", "i0", "p0", "tap_side", "tap_pos", "tap_min", "tap_max", "tap_nom", "tap_size",
        "uk_min", "uk_max", "pk_min", "pk_max",
    ),
    "link": BRANCH,
    "source": ("node", "status", "u_ref", "sk", "rx_ratio"),
    "sym_load": LOAD,
    "asym_load": LOAD,
}  # fmt: skip
"""Components that make up a feeder, and their attributes that count or are told."""

WITHOUT_EFFECT: Final = {
    "line": ("r0", "x0", "c0", "tan0"),
    "transformer": (
        "i0_zero_sequence", "p0_zero_sequence", "winding_from", "winding_to", "clock",
        "r_grounding_from", "x_grounding_from", "r_grounding_to", "x_grounding_to",
    ),
    "link": ("id",),
    "source": ("id", "u_ref_angle", "z01_ratio"),
    "sym_load": ("id",),
    "asym_load": ("id",),
}  # fmt: skip
"""Attributes without effect on the voltages of a balanced radial feeder: numbers of what has no name, zero sequence, angles, grounding."""

LEFT_OUT: Final = {
    "sym_gen": "what they give belongs in the base load, [load]",
    "asym_gen": "what they give belongs in the base load, [load]",
    "transformer_tap_regulator": "taps stay at tap_pos",
    "voltage_regulator": "only the source holds a voltage",
}
"""Components that are told and left out, and what counts in their place."""

IDLE: Final = (
    *(f"{phases}_{what}_sensor" for phases in ("sym", "asym") for what in ("power", "voltage", "current")),
    "fault",
)
"""Components without effect on a power flow: sensors and short circuits."""

LOADS: Final = ("sym_load", "asym_load")
ENDS: Final = ("from_node", "to_node", "node")
STATES: Final = ("from_status", "to_status", "status")
EXPECTED: Final = "a power-grid-model input dataset (JSON)"


class PgmJsonFeeder(FeederSettings):
    """A file in power-grid-model's JSON format: `node line transformer link sym_load asym_load` and one `source` count."""

    source: Literal["pgm_json"]
    """A power-grid-model file."""

    path: Path
    """The file; relative to the scenario that names it. Nodes are named by their id; lines have no length there."""

    def read(self) -> Feeder:
        """Read the file; see `FeederSettings.read`."""
        from power_grid_model import DatasetType, initialize_array

        data = _dataset(self.path)
        title = self.path.name
        faults = [
            Fault(title, None, str(name), f"{number} of them", f"only {', '.join(READ)}")
            for name, rows in data.items()
            if name not in {*READ, *LEFT_OUT, *IDLE} and (number := _carrying(rows))
        ]
        stated = {kind: data.get(kind, initialize_array(DatasetType.input, kind, 0)) for kind in (*READ, *LEFT_OUT)}
        rows = {kind: part[_switched_on(part)] for kind, part in stated.items()}
        n_sources = rows["source"].size
        if n_sources != 1:
            faults.append(Fault(title, None, "sources switched on", str(n_sources), "one"))
        raise_if_any([*faults, *_faults(title, {kind: rows[kind] for kind in READ})])
        feeder = _feeder(title, rows)
        told = [*feeder.told, *feeder.unrated, *_told_of_components(stated, rows), *_told_of_attributes(self.path)]
        return replace(feeder, told=tuple(f"feeder {title}: {text}" for text in told))


def _dataset(path: Path) -> dict[str, NDArray[Any]]:
    from power_grid_model.errors import PowerGridError
    from power_grid_model.utils import json_deserialize_from_file

    must_be_file(path, EXPECTED)
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


def _carrying(part: NDArray[Any]) -> int:
    """Return how many components are switched on at any of their ends."""
    states = [part[name] != 0 for name in _names(part) if "status" in name]
    return int(np.any(states, axis=0).sum()) if states else part.size


def _names(part: NDArray[Any]) -> tuple[str, ...]:
    return part.dtype.names or ()


def _faults(title: str, rows: dict[str, NDArray[Any]]) -> Iterator[Fault]:
    """Name by their ids the components on unknown nodes, loads without a value, and taps that cannot be worked out."""
    known = rows["node"]["id"]
    for kind, part in rows.items():
        for end in (end for end in ENDS if end in _names(part)):
            for row in part[~np.isin(part[end], known)]:
                yield Fault(title, None, f"{kind} {row['id']}: {end}", str(row[end]), "the id of a node of the file")
    for kind in LOADS:
        for name in ("p_specified", "q_specified"):
            for number in rows[kind]["id"][np.isnan(_total(rows[kind], name))].tolist():
                yield Fault(title, None, f"{kind} {number}: {name}", "missing", "a number")
    unit = rows["transformer"]
    taps = _taps(unit)
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


def _taps(unit: NDArray[Any]) -> Taps:
    return Taps.of(*(_numbers(unit, f"tap_{name}") for name in ("pos", "nom", "min", "max")))


def _total(part: NDArray[Any], name: str) -> NDArray[np.float64]:
    """Return a power of each component, the sum of its phases where it has three."""
    power: NDArray[np.float64] = part[name]
    return power.sum(axis=1) if power.ndim > 1 else power


def _told_of_components(stated: dict[str, NDArray[Any]], rows: dict[str, NDArray[Any]]) -> Iterator[str]:
    """Say which components, and what of those that count, are left out; `rows` are those `stated` that are switched on."""
    for kind, instead in LEFT_OUT.items():
        part = rows[kind]
        if part.size:
            total_kw = np.nansum(np.abs(_total(part, "p_specified"))) / 1e3 if "p_specified" in _names(part) else None
            power = "" if total_kw is None else f" ({total_kw:,.0f} kW)"
            yield f"{part.size} {kind}{power} not used: {instead}"
    for kind in ("line", "transformer", "link"):
        part = stated[kind]
        ajar = int(((part["from_status"] != 0) != (part["to_status"] != 0)).sum())
        if ajar:
            yield f"{ajar} of {part.size} {kind}s with one end open left out, with what they draw without load"
    if leaky := int((np.nan_to_num(rows["line"]["tan1"]) != 0).sum()):
        yield f"tan1 not used at {leaky} of {rows['line'].size} lines: their capacitance has no losses"
    for kind in LOADS:
        part = rows[kind]
        if other := int((part["type"] > 0).sum()):
            yield f"type not used at {other} of {part.size} {kind}: each draws constant power"
    if three := rows["asym_load"].size:
        yield f"{three} asym_load counted as balanced: the sum of their phases"


def _told_of_attributes(path: Path) -> Iterator[str]:
    """Say which attributes that the file states of components that count are not used: power-grid-model reads past them."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    named = content.get("attributes", {})
    for kind in READ:
        part = content["data"].get(kind, [])
        there = {*(key for row in part if isinstance(row, dict) for key in row), *named.get(kind, ())}
        for name in sorted(there - {*READ[kind], *WITHOUT_EFFECT.get(kind, ())}):
            yield f"{name} of {kind} not used"


def _feeder(title: str, rows: dict[str, NDArray[Any]]) -> Feeder:
    node = rows["node"]
    row_of = {int(number): i for i, number in enumerate(node["id"].tolist())}

    def places(numbers: NDArray[np.int32]) -> NDArray[np.int64]:
        return np.array([row_of.get(int(number), UNKNOWN) for number in numbers], dtype=np.int64)

    line, unit, link = (rows[kind] for kind in ("line", "transformer", "link"))
    source = rows["source"][0]
    upper = unit["u1"] >= unit["u2"]  # the upper winding may stand at either end
    taps = _taps(unit)
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
        load_node=places(np.concatenate([rows[kind]["node"] for kind in LOADS])),
        load_kw=np.concatenate([_total(rows[kind], "p_specified") for kind in LOADS]) / 1e3,
        load_kvar=np.concatenate([_total(rows[kind], "q_specified") for kind in LOADS]) / 1e3,
        source_node=int(places(rows["source"]["node"])[0]),
        source_pu=float(source["u_ref"]),
        source_va=float(1e10 if np.isnan(source["sk"]) else source["sk"]),
        source_rx=float(USUAL_RX if np.isnan(source["rx_ratio"]) else source["rx_ratio"]),
        told=taps.told(unit["id"].astype(np.str_)),
    )
