"""A feeder from a folder of CSV files in this project's own columns, as in `environment/feeders/data/`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from environment.csv_table import CsvTable
from environment.feeders.feeder import UNKNOWN, Feeder
from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any

NODES = ("node", "rated_kv")
LINES = ("line", "from_node", "to_node", "length_km", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "rated_a")
TRANSFORMERS = (
    "transformer", "hv_node", "lv_node", "hv_kv", "lv_kv", "rated_kva", "uk_percent", "pk_kw", "i0_percent", "p0_kw",
)  # fmt: skip
LINKS = ("from_node", "to_node")
LOADS = ("node", "p_kw", "q_kvar")
SOURCE = ("node", "voltage_pu")


def read_folder(folder: Path, title: str) -> Feeder:
    """Read a feeder.

    Parameters
    ----------
    folder
        With ``nodes.csv loads.csv source.csv`` and, where there are any, ``lines.csv transformers.csv links.csv``.
    title
        What to call it in faults.

    Raises
    ------
    FaultyInputError
        With every fault of the files.
    """
    faults: list[Fault] = []
    nodes = CsvTable(folder / "nodes.csv", NODES)
    names = nodes.texts("node")
    tables = {
        name: _table(folder / f"{name}.csv", columns, faults, needed=name in ("loads", "source"))
        for name, columns in (
            ("lines", LINES), ("transformers", TRANSFORMERS), ("links", LINKS), ("loads", LOADS), ("source", SOURCE),
        )
    }  # fmt: skip
    raise_if_any([*nodes.faults, *faults])
    line, unit, link, load, source = tables.values()
    assert load is not None
    assert source is not None
    km = numbers(line, "length_km")
    feeder = Feeder(
        title=title,
        node=np.array(names, dtype=np.str_),
        node_v=1e3 * nodes.numbers("rated_kv"),
        line=texts(line, "line"),
        line_from=rows_of(line, "from_node", names),
        line_to=rows_of(line, "to_node", names),
        line_r_ohm=km * numbers(line, "r_ohm_per_km"),
        line_x_ohm=km * numbers(line, "x_ohm_per_km"),
        line_c_f=km * numbers(line, "c_nf_per_km") * 1e-9,
        line_rated_a=numbers(line, "rated_a", np.nan),
        line_km=km,
        transformer=texts(unit, "transformer"),
        transformer_hv=rows_of(unit, "hv_node", names),
        transformer_lv=rows_of(unit, "lv_node", names),
        transformer_hv_v=1e3 * numbers(unit, "hv_kv"),
        transformer_lv_v=1e3 * numbers(unit, "lv_kv"),
        transformer_va=1e3 * numbers(unit, "rated_kva"),
        transformer_uk=numbers(unit, "uk_percent") / 100,
        transformer_pk_w=1e3 * numbers(unit, "pk_kw"),
        transformer_i0=numbers(unit, "i0_percent") / 100,
        transformer_p0_w=1e3 * numbers(unit, "p0_kw"),
        transformer_tap_v=np.zeros(0 if unit is None else len(unit)),
        link_from=rows_of(link, "from_node", names),
        link_to=rows_of(link, "to_node", names),
        load_node=rows_of(load, "node", names),
        load_kw=load.numbers("p_kw"),
        load_kvar=load.numbers("q_kvar"),
        source_node=int(rows_of(source, "node", names)[0]),
        source_pu=float(source.numbers("voltage_pu")[0]),
    )
    raise_if_any([fault for table in (nodes, *tables.values()) if table is not None for fault in table.faults])
    return feeder


def _table(path: Path, columns: Sequence[str], faults: list[Fault], *, needed: bool) -> CsvTable | None:
    if not needed and not path.exists():
        return None
    try:
        return CsvTable(path, columns)
    except FaultyInputError as error:
        faults += error.faults
        return None


def texts(table: CsvTable | None, name: str) -> NDArray[np.str_]:
    """Return a column as text; empty where there is no table."""
    return np.array([] if table is None else table.texts(name), dtype=np.str_)


def numbers(table: CsvTable | None, name: str, default: float | None = None) -> NDArray[np.float64]:
    """Return a column as numbers (`CsvTable.numbers`); empty where there is no table."""
    return np.zeros(0) if table is None else table.numbers(name, default)


def rows_of(table: CsvTable | None, name: str, nodes: Sequence[str]) -> NDArray[np.int64]:
    """Return the row of the node that each cell of a column names; an unknown name is a fault with the nearest node."""
    if table is None:
        return np.zeros(0, dtype=np.int64)
    row_of = {node: i for i, node in enumerate(nodes)}
    cells = table.texts(name)
    rows = np.array([row_of.get(cell, UNKNOWN) for cell in cells], dtype=np.int64)
    for i in np.flatnonzero(rows == UNKNOWN).tolist():
        table.faults.append(Fault(table.file, table.lines[i], name, repr(cells[i]), nearest(cells[i], nodes)))
    return rows
