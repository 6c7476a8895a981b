"""A feeder from power-grid-model's own JSON: an input dataset of nodes, lines, transformers, links, loads and one source.

Positive sequence only; the loss angle of a line's capacitance is left out. Other components are faults, not passed over.
"""

from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from power_grid_model import ComponentType, DatasetType, initialize_array
from power_grid_model.errors import PowerGridError
from power_grid_model.utils import json_deserialize_from_file

from environment.faults import Fault, FaultyInputError, raise_if_any
from environment.feeders.feeder import UNKNOWN, Feeder
from environment.feeders.settings import FeederSettings

KNOWN: Final = (
    ComponentType.node,
    ComponentType.line,
    ComponentType.transformer,
    ComponentType.link,
    ComponentType.source,
    ComponentType.sym_load,
)
EXPECTED: Final = "a power-grid-model input dataset (JSON)"


class PgmJsonFeeder(FeederSettings):
    """A file in power-grid-model's JSON format, with `node`, `line`, `transformer`, `link`, `sym_load` and one `source`."""

    source: Literal["pgm_json"]
    """A power-grid-model file."""

    path: Path
    """The file; relative to the scenario that names it. Nodes are named by their id; lines have no length there."""

    def read(self) -> Feeder:
        """Read the file; see `FeederSettings.read`."""
        data = _dataset(self.path)
        faults = [
            Fault(self.path.name, None, str(name), f"{rows.size} of them", f"only {', '.join(KNOWN)}")
            for name, rows in data.items()
            if name not in KNOWN and rows.size
        ]
        rows = {kind: data.get(kind, initialize_array(DatasetType.input, kind, 0)) for kind in KNOWN}
        sources = rows[ComponentType.source]
        sources = sources[sources["status"] == 1]
        if sources.size != 1:
            faults.append(Fault(self.path.name, None, "sources switched on", str(sources.size), "one"))
        raise_if_any(faults)
        return _feeder(self.path.name, rows, sources)


def _dataset(path: Path) -> dict[ComponentType, NDArray[Any]]:
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


def _feeder(title: str, rows: dict[ComponentType, NDArray[Any]], sources: NDArray[Any]) -> Feeder:
    node = rows[ComponentType.node]
    row_of = {int(number): i for i, number in enumerate(node["id"].tolist())}

    def places(numbers: NDArray[np.int32]) -> NDArray[np.int64]:
        return np.array([row_of.get(int(number), UNKNOWN) for number in numbers], dtype=np.int64)

    line, unit, link = (
        part[(part["from_status"] == 1) & (part["to_status"] == 1)]
        for part in (rows[kind] for kind in (ComponentType.line, ComponentType.transformer, ComponentType.link))
    )
    load = rows[ComponentType.sym_load]
    load = load[load["status"] == 1]
    upper = unit["u1"] >= unit["u2"]  # the upper winding may stand at either end
    steps = unit["tap_pos"].astype(float) - np.where(unit["tap_nom"] == _unset(unit, "tap_nom"), 0, unit["tap_nom"])
    tap_v = np.where(unit["tap_pos"] == _unset(unit, "tap_pos"), 0.0, steps * np.nan_to_num(unit["tap_size"]))
    tap_v *= np.where(unit["tap_max"] < unit["tap_min"], -1.0, 1.0)
    at_upper = (unit["tap_side"] == 0) == upper
    lower_v = np.where(upper, unit["u2"], unit["u1"])
    source = sources[0]
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
        transformer_uk=unit["uk"],
        transformer_pk_w=unit["pk"],
        transformer_i0=unit["i0"],
        transformer_p0_w=unit["p0"],
        transformer_tap_v=np.where(at_upper, tap_v, 0.0),
        link_from=places(link["from_node"]),
        link_to=places(link["to_node"]),
        load_node=places(load["node"]),
        load_kw=load["p_specified"] / 1e3,
        load_kvar=load["q_specified"] / 1e3,
        source_node=int(places(sources["node"])[0]),
        source_pu=float(source["u_ref"]),
        source_va=float(1e10 if np.isnan(source["sk"]) else source["sk"]),
    )


def _unset(unit: NDArray[Any], name: str) -> int:
    """Return the value that stands for none in an integer column."""
    return int(np.iinfo(unit.dtype[name]).min)
