"""A feeder from a SimBench CSV folder, as the simbench package and its site ship them.

Source: Meinecke et al., SimBench: A Benchmark Dataset of Electric Power Systems to Compare Innovative Solutions, Energies
13(12), 3290, 2020 (columns and units). A tap position counts within its range, and stands still. A grid's own transformers
are part of the feeder. Loads give the shares by which a scenario's base load is spread; generators, storage and profiles are
left out and told. What is read past is told too, but for the files and columns listed here as without effect.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from environment.csv_table import CsvTable
from environment.feeders.feeder import Feeder
from environment.feeders.settings import FeederSettings
from environment.feeders.tables import numbers, rows_of, texts
from environment.feeders.taps import Taps
from environment.files import must_be_file
from environment.input_faults import Fault, nearest, raise_if_any

FREQUENCY_HZ: Final = 50.0
VOLTAGE_HELD: Final = "vavm"
"""Kind of external net that holds its voltage."""
WHOLE_PERCENT: Final = 100.0
"""Permitted loading of a line or transformer that may carry its rating [%]."""

NEEDED: Final = {
    "Node": ("id", "type", "vmSetp", "vmR"),
    "Load": ("node", "pLoad", "qLoad"),
    "ExternalNet": ("node", "calc_type"),
}
OTHERS: Final = {
    "Line": ("id", "nodeA", "nodeB", "type", "length"),
    "LineType": ("id", "r", "x", "b", "iMax"),
    "Transformer": ("id", "nodeHV", "nodeLV", "type", "tappos"),
    "TransformerType": (
        "id", "sR", "vmHV", "vmLV", "vmImp", "pCu", "pFe", "iNoLoad", "tapside", "dVm", "tapNeutr",
    ),
    "Switch": ("nodeA", "nodeB", "cond"),
}  # fmt: skip
"""Files that may be missing, or hold a header only."""

OPTIONAL: Final = {
    "Node": ("vmMin", "vmMax"),
    "ExternalNet": ("pExtNet",),
    "Line": ("loadingMax",),
    "Transformer": ("autoTap", "loadingMax"),
    "TransformerType": ("tapMin", "tapMax"),
}
"""Columns that may be missing."""

PLACE: Final = ("substation", "subnet", "voltLvl")
WITHOUT_EFFECT: Final = {
    "Node": ("vaSetp", "coordID", *PLACE),
    "Load": ("id", "profile", "sR", *PLACE),
    "ExternalNet": ("id", "dspf", "qExtNet", "pWardShunt", "qWardShunt", "rXWard", "xXWard", "vmXWard", *PLACE),
    "Line": PLACE,
    "LineType": ("type",),
    "Transformer": ("autoTapSide", *PLACE),
    "TransformerType": ("va0", "tapable", "dVa"),
    "Switch": ("id", "type", *PLACE),
}
"""Columns without effect on a radial feeder's voltages: where a thing belongs, angles, what goes with a column that is told."""

IDLE_FILES: Final = ("Coordinates", "DCLineType", "Measurement", "NodePFResult", "Substation", "Transformer3WType")
"""Files without effect: places, results, sensors, and types of what cannot be left out."""

FEEDING_IN: Final = {"PowerPlant": "pPP", "RES": "pRES", "Storage": "sR"}
"""Files of what feeds in, with their column of installed power [MW]."""

COURSES: Final = ("LoadProfile", "PowerPlantProfile", "RESProfile", "StorageProfile", "StudyCases")
"""Files that say how loads and generators vary."""

CARRYING: Final = ("Shunt", "Transformer3W")
"""Files of what carries current and cannot be left out."""

ENDS: Final = {"line_from", "line_to", "transformer_hv", "transformer_lv", "link_from", "link_to", "load_node"}
"""Columns of a feeder that hold rows of nodes."""


class SimbenchFeeder(FeederSettings):
    """A folder of SimBench CSV files (`Node.csv Line.csv LineType.csv Transformer.csv TransformerType.csv Load.csv ExternalNet.csv Switch.csv`)."""

    source: Literal["simbench"]
    """A SimBench folder."""

    path: Path
    """The folder; relative to the scenario that names it."""

    def read(self) -> Feeder:
        """Read the folder; see `FeederSettings.read`."""
        if not self.path.is_dir():
            raise_if_any([Fault(str(self.path), None, "folder", "missing", "a folder of SimBench CSV files")])
        tables: dict[str, CsvTable | None] = {
            name: _table(self.path, name, columns) for name, columns in NEEDED.items()
        }
        tables |= {
            name: _table(self.path, name, columns) if _rows(self.path / f"{name}.csv") else None
            for name, columns in OTHERS.items()
        }
        faults = [
            Fault(f"{name}.csv", None, "rows", str(number), "none: a power flow without them would be another")
            for name in CARRYING
            if (number := _rows(self.path / f"{name}.csv"))
        ]
        feeder = _feeder(self.path.name, tables, faults)
        told = [*feeder.told, *feeder.unrated, *_told_of_tables(self, tables), *_told_of_files(self.path)]
        raise_if_any([*(fault for table in tables.values() if table is not None for fault in table.faults), *faults])
        told_by_name = tuple(f"feeder {self.path.name}: {text}" for text in told)
        auxiliary = texts(tables["Node"], "type") == "auxiliary"
        return replace(_without_auxiliary(feeder, auxiliary), told=told_by_name)


def _table(folder: Path, name: str, columns: Sequence[str] = ()) -> CsvTable:
    return CsvTable(folder / f"{name}.csv", columns, ignore_others=True, delimiter=";", null="NULL")


def _rows(path: Path) -> int:
    """Return how many rows stand below a file's header; 0 without a file."""
    if not path.exists():
        return 0
    must_be_file(path, "a CSV file")
    with path.open(encoding="utf-8-sig", errors="replace") as stream:
        return max(sum(1 for line in stream if line.strip()) - 1, 0)


def _feeder(title: str, tables: dict[str, CsvTable | None], faults: list[Fault]) -> Feeder:
    node, load, line, unit = (tables[name] for name in ("Node", "Load", "Line", "Transformer"))
    assert node is not None
    names = node.texts("id")
    line_kind, unit_kind = _Kinds(line, tables["LineType"]), _Kinds(unit, tables["TransformerType"])
    km = numbers(line, "length")
    taps = Taps.of(
        numbers(unit, "tappos", np.nan), *(unit_kind(name, np.nan) for name in ("tapNeutr", "tapMin", "tapMax"))
    )
    stretch = (taps.position - taps.middle) * unit_kind("dVm", 0.0) / 100
    at_lv = unit_kind.texts("tapside") == "LV"
    hv_v = 1e3 * unit_kind("vmHV")
    switches = tables["Switch"]
    closed = numbers(switches, "cond") != 0
    source, source_pu = _source(tables["ExternalNet"], node, names, faults)
    return Feeder(
        title=title,
        node=np.array(names, dtype=np.str_),
        node_v=1e3 * node.numbers("vmR"),
        line=texts(line, "id"),
        line_from=rows_of(line, "nodeA", names),
        line_to=rows_of(line, "nodeB", names),
        line_r_ohm=km * line_kind("r"),
        line_x_ohm=km * line_kind("x"),
        line_c_f=km * line_kind("b") * 1e-6 / (2 * np.pi * FREQUENCY_HZ),
        line_rated_a=line_kind("iMax", np.nan),
        line_km=km,
        transformer=texts(unit, "id"),
        transformer_hv=rows_of(unit, "nodeHV", names),
        transformer_lv=rows_of(unit, "nodeLV", names),
        transformer_hv_v=hv_v,
        transformer_lv_v=1e3 * unit_kind("vmLV") * np.where(at_lv, 1 + stretch, 1.0),
        transformer_va=1e6 * unit_kind("sR"),
        transformer_uk=unit_kind("vmImp") / 100,
        transformer_pk_w=1e3 * unit_kind("pCu"),
        transformer_i0=unit_kind("iNoLoad") / 100,
        transformer_p0_w=1e3 * unit_kind("pFe"),
        transformer_tap_v=np.where(at_lv, 0.0, hv_v * stretch),
        link_from=rows_of(switches, "nodeA", names)[closed],
        link_to=rows_of(switches, "nodeB", names)[closed],
        load_node=rows_of(load, "node", names),
        load_kw=1e3 * numbers(load, "pLoad"),
        load_kvar=1e3 * numbers(load, "qLoad"),
        source_node=source,
        source_pu=source_pu,
        told=taps.told(texts(unit, "id")),
    )


def _told_of_tables(settings: SimbenchFeeder, tables: dict[str, CsvTable | None]) -> list[str]:
    """Say what stands in tables that are read, and does not count."""
    found = []
    external, node, line, unit = (tables[name] for name in ("ExternalNet", "Node", "Line", "Transformer"))
    beside = texts(external, "calc_type") != VOLTAGE_HELD
    if beside.any():
        kw = 1e3 * np.abs(numbers(external, "pExtNet", 0.0)[beside]).sum()
        found.append(f"{beside.sum()} of {beside.size} ExternalNet ({kw:,.0f} kW) not used: one holds the voltage")
    low, high = (numbers(node, name, np.nan) for name in ("vmMin", "vmMax"))
    close = np.flatnonzero((low > settings.voltage_min_pu) | (high < settings.voltage_max_pu))
    if close.size:
        i = int(close[0])
        found.append(
            f"vmMin or vmMax within the band of [feeder] at {close.size} of {low.size} nodes, such as "
            f"{texts(node, 'id')[i]} with {low[i]:g} to {high[i]:g}; the band, {settings.voltage_min_pu:g} to "
            f"{settings.voltage_max_pu:g} pu, counts"
        )
    for kind, table in (("lines", line), ("transformers", unit)):
        part = numbers(table, "loadingMax", WHOLE_PERCENT) != WHOLE_PERCENT
        if part.any():
            found.append(f"loadingMax not used at {part.sum()} of {part.size} {kind}: loadings are per whole rating")
    moving = numbers(unit, "autoTap", 0.0) != 0
    if moving.any():
        found.append(
            f"autoTap not used at {moving.sum()} of {moving.size} transformers: taps stay at tappos unless [stations] sets them"
        )
    for name, table in tables.items():
        if table is not None:
            read = {*NEEDED.get(name, ()), *OTHERS.get(name, ()), *OPTIONAL.get(name, ()), *WITHOUT_EFFECT[name]}
            found += [f"column {column} of {name}.csv is not used" for column in table.columns if column not in read]
    return found


def _told_of_files(folder: Path) -> list[str]:
    """Say which files with rows are not used, and what power they have."""
    with_rows = [path.stem for path in sorted(folder.glob("*.csv")) if _rows(path)]
    read = {*NEEDED, *OTHERS, *CARRYING, *IDLE_FILES}
    found, idle = [], [name for name in with_rows if name not in read and name not in FEEDING_IN]
    for name in (name for name in with_rows if name in FEEDING_IN):
        table = _table(folder, name)
        kw = 1e3 * np.abs(table.numbers(FEEDING_IN[name], 0.0))
        found.append(
            f"{len(table)} {name} ({np.nansum(kw):,.0f} kW) not used: what they give belongs in the base load, [load]"
        )
    if courses := [name for name in idle if name in COURSES]:
        files = ", ".join(f"{name}.csv" for name in courses)
        found.append(f"{files} not used: the base load varies as [load] has it")
    found += [f"{name}.csv is not used" for name in idle if name not in COURSES]
    return found


class _Kinds:
    """Columns of a table of types, row by row of the table that names them; an unknown type is a fault with the nearest."""

    def __init__(self, table: CsvTable | None, types: CsvTable | None) -> None:
        self._types = types
        names = [] if types is None else types.texts("id")
        wanted = texts(table, "type")
        row_of = {name: i for i, name in enumerate(names)}
        self._rows = np.array([row_of.get(name, 0) for name in wanted.tolist()], dtype=np.int64)
        for i, name in enumerate(wanted.tolist()):
            if name not in row_of:
                assert table is not None
                expected = nearest(name, names) if names else "a file of types that has it"
                table.faults.append(Fault(table.file, table.lines[i], "type", repr(name), expected))

    def __call__(self, name: str, default: float | None = None) -> NDArray[np.float64]:
        if self._types is None:
            return np.ones(self._rows.size)
        return self._types.numbers(name, default)[self._rows]

    def texts(self, name: str) -> NDArray[np.str_]:
        return np.full(self._rows.size, "") if self._types is None else texts(self._types, name)[self._rows]


def _source(external: CsvTable | None, node: CsvTable, names: Sequence[str], faults: list[Fault]) -> tuple[int, float]:
    assert external is not None
    holding = np.flatnonzero(texts(external, "calc_type") == VOLTAGE_HELD)
    if holding.size != 1:
        found = f"{holding.size} of calc_type {VOLTAGE_HELD}"
        faults.append(
            Fault(
                external.file,
                None,
                "external nets",
                found,
                "one, that holds the voltage: a folder of one grid, not of the complete data set",
            )
        )
        return 0, 1.0
    row = int(rows_of(external, "node", names)[holding[0]])
    return row, float(node.numbers("vmSetp", 1.0)[row])


def _without_auxiliary(feeder: Feeder, auxiliary: NDArray[np.bool_]) -> Feeder:
    """Let auxiliary nodes be one with the node that a closed switch joins them to; drop those cut off at both ends.

    SimBench puts a switch and an auxiliary node at both ends of every line: without this, a feeder has three times the nodes.
    """
    import networkx as nx

    place = np.arange(len(feeder))
    for a, b in zip(feeder.link_from.tolist(), feeder.link_to.tolist(), strict=True):
        for end, other in ((a, b), (b, a)):
            if auxiliary[end] and not auxiliary[other] and place[end] == end:
                place[end] = other
    dead = np.zeros(len(feeder), dtype=np.bool_)
    for part in nx.connected_components(feeder.graph):
        rows = list(part)
        if auxiliary[rows].all() and feeder.source_node not in part and not np.isin(feeder.load_node, rows).any():
            dead[rows] = True
    kept = ~dead & (place == np.arange(len(feeder)))
    new_row = (np.cumsum(kept) - 1)[place]
    between_nodes = place[feeder.link_from] != place[feeder.link_to]
    stays = {
        "node": kept,
        "line": ~dead[feeder.line_from],
        "transformer": ~dead[feeder.transformer_hv],
        "link": ~dead[feeder.link_from] & between_nodes,
        "load": ~dead[feeder.load_node],
    }
    changed = {}
    for field in fields(feeder):
        column = getattr(feeder, field.name)
        if isinstance(column, np.ndarray):
            part_kept = column[stays[field.name.partition("_")[0]]]
            changed[field.name] = new_row[part_kept] if field.name in ENDS else part_kept
    return replace(feeder, **changed, source_node=int(new_row[feeder.source_node]))
