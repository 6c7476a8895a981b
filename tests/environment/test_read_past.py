"""What readers of networks read past: each file, column and component counts, is told, is a fault, or is listed as without effect."""

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from power_grid_model import DatasetType, initialize_array, power_grid_meta_data
from power_grid_model.utils import json_serialize_to_file

from environment.feeders import CigreLvFeeder, Feeder, PgmJsonFeeder, SimbenchFeeder, pgm_json, simbench
from environment.feeders.power_flow import PowerFlow, _components
from environment.input_faults import FaultyInputError

SMALL = Path(__file__).parent.parent / "reference" / "feeders" / "simbench_small"

FORMAT = {
    "Coordinates": "id;x;y;subnet;voltLvl",
    "DCLineType": "id;pDCLine;relPLosses;fixPLosses;pMax;qMinA;qMinB;qMaxA;qMaxB",
    "ExternalNet": "id;node;calc_type;dspf;pExtNet;qExtNet;pWardShunt;qWardShunt;rXWard;xXWard;vmXWard;subnet;voltLvl",
    "Line": "id;nodeA;nodeB;type;length;loadingMax;subnet;voltLvl",
    "LineType": "id;r;x;b;iMax;type",
    "Load": "id;node;profile;pLoad;qLoad;sR;subnet;voltLvl",
    "LoadProfile": "time;H0-A_pload;H0-A_qload",
    "Measurement": "id;element1;element2;variable;subnet;voltLvl",
    "Node": "id;type;vmSetp;vaSetp;vmR;vmMin;vmMax;substation;coordID;subnet;voltLvl",
    "NodePFResult": "node;vm;va;substation;subnet;voltLvl",
    "PowerPlant": "id;node;type;profile;calc_type;dspf;pPP;qPP;sR;pMin;pMax;qMin;qMax;subnet;voltLvl",
    "PowerPlantProfile": "time;pp_1",
    "RES": "id;node;type;profile;calc_type;pRES;qRES;sR;subnet;voltLvl",
    "RESProfile": "time;PV1",
    "Shunt": "id;node;p0;q0;vmR;step;subnet;voltLvl",
    "Storage": "id;node;type;profile;pStor;qStor;chargeLevel;sR;eStore;etaStore;sdStore;pMin;pMax;qMin;qMax;subnet;voltLvl",
    "StorageProfile": "time;PV_Battery;E_Mobility",
    "StudyCases": "Study Cases;pload;qload;Wind_p;PV_p;RES_p;Slack_vm",
    "Substation": "id;subnet;voltLvl",
    "Switch": "id;nodeA;nodeB;type;cond;substation;subnet;voltLvl",
    "Transformer": "id;nodeHV;nodeLV;type;tappos;autoTap;autoTapSide;loadingMax;substation;subnet;voltLvl",
    "Transformer3W": "id;nodeHV;nodeMV;nodeLV;type;tapposHV;tapposMV;tapposLV;autoTap;autoTapSide;loadingMax;substation;subnet;voltLvl",
    "Transformer3WType": "id;sRHV;sRMV;sRLV;vmHV;vmMV;vmLV;vaHVMV;vaHVLV;pFe;iNoLoad;tapable;tapside",
    "TransformerType": "id;sR;vmHV;vmLV;va0;vmImp;pCu;pFe;iNoLoad;tapable;tapside;dVm;dVa;tapNeutr;tapMin;tapMax",
}  # fmt: skip
"""Files of the SimBench format and their columns, as its converter (simbench 1.6) lists them."""

READ = {**simbench.NEEDED, **simbench.OTHERS}
VALUES = ("0.7", "1", "0", "-1", "auxiliary", "LV")
"""What is put in place of a whole column, until one is noticed."""


def seen(feeder: Callable[[], Feeder]) -> object:
    """What a run sees of a feeder: its columns and what it tells, or its faults."""
    try:
        found = feeder()
    except FaultyInputError as error:
        return str(error)
    columns = [getattr(found, field.name) for field in fields(found)]
    return [each.tolist() if isinstance(each, np.ndarray) else each for each in columns]


def folder(tmp_path: Path) -> Path:
    """A SimBench folder with every column of the format, and an external net beside the one that holds the voltage."""
    copy = Path(shutil.copytree(SMALL, tmp_path / "grid"))
    with (copy / "ExternalNet.csv").open("a") as stream:
        stream.write("beside;A;pq;1;0.02;0;NULL;NULL;NULL;NULL;NULL;LV1;7\n")
    return copy


def read(path: Path) -> object:
    return repr(seen(SimbenchFeeder(source="simbench", path=path).feeder))


def with_column(path: Path, column: str, value: str) -> str:
    """A file's text with one value in a whole column."""
    header, *rows = [line.split(";") for line in path.read_text().splitlines()]
    at = header.index(column)
    return "\n".join(";".join([*row[:at], value, *row[at + 1 :]]) for row in rows).join([";".join(header) + "\n", "\n"])


@pytest.mark.parametrize("name", sorted(READ))
def test_each_column_of_a_simbench_folder_counts_or_is_listed_as_without_effect(tmp_path: Path, name: str) -> None:
    path = folder(tmp_path) / f"{name}.csv"
    before, text = read(path.parent), path.read_text()
    assert text.splitlines()[0] == FORMAT[name]

    def noticed(column: str) -> bool:
        for value in VALUES:
            path.write_text(with_column(path, column, value))
            after = read(path.parent)
            path.write_text(text)
            if after != before:
                return True
        return False

    silent = {column for column in FORMAT[name].split(";") if not noticed(column)}
    assert silent == set(simbench.WITHOUT_EFFECT[name]) & set(FORMAT[name].split(";"))


@pytest.mark.parametrize("name", sorted(READ))
def test_a_column_that_the_format_does_not_have_is_named(tmp_path: Path, name: str) -> None:
    path = folder(tmp_path) / f"{name}.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([f"{header};colour", *(f"{row};red" for row in rows)]))
    assert f"column colour of {name}.csv" in str(read(path.parent))


@pytest.mark.parametrize("name", sorted({*FORMAT, "Colours"} - set(READ)))
def test_each_file_that_is_not_read_is_named_or_listed_as_without_effect(tmp_path: Path, name: str) -> None:
    grid = folder(tmp_path)
    before = read(grid)
    columns = FORMAT.get(name, "id;colour").split(";")
    path = grid / f"{name}.csv"
    path.write_text(";".join(columns))
    assert read(grid) == before, "a header only"
    path.write_text(";".join(columns) + "\n" + ";".join(["0.08"] * len(columns)))
    after = str(read(grid))
    assert (after == before) == (name in simbench.IDLE_FILES)
    assert (name in simbench.IDLE_FILES) or name in after
    assert ("80 kW" in after) == (name in simbench.FEEDING_IN)


def test_lines_without_a_rating_are_told(tmp_path: Path) -> None:
    grid = folder(tmp_path)
    path = grid / "LineType.csv"
    path.write_text(with_column(path, "iMax", "NULL"))
    told = "".join(SimbenchFeeder(source="simbench", path=grid).feeder().told)
    assert "no rating known of 4 of 4 lines" in told
    parts = components()
    parts["line"]["i_n"][1:] = np.nan
    assert f"no rating known of {LV.line.size - 1} of {LV.line.size} lines" in read_json(tmp_path / "grid.json", parts)


def test_a_tap_beyond_its_range_counts_as_its_end_and_is_told(tmp_path: Path) -> None:
    """The low-voltage node stands at 1.047406 pu, not at 1.138: two steps of 2.5 %, not five."""
    grid = tmp_path / "grid"
    grid.mkdir()
    rows = {
        "ExternalNet": ["e;mv;vavm;1;;;;;;;;MV;5"],
        "Line": ["l1;lv;end;cab;0.2;100;LV;7"],
        "LineType": ["cab;0.2067;0.0804;260.0;270;cable"],
        "Load": ["ld;end;H0-A;0.08;0.02;0.1;LV;7"],
        "Node": [
            "mv;busbar;1.0;0;20;0.9;1.1;;;MV;5",
            "lv;busbar;;;0.4;0.9;1.1;;;LV;7",
            "end;node;;;0.4;0.9;1.1;;;LV;7",
        ],
        "Transformer": ["t1;mv;lv;tt;-5;1;HV;100;;LV;6"],
        "TransformerType": ["tt;0.4;20;0.4;150;6;4.6;0.95;0.24;1;HV;2.5;0;0;-2;2"],
        "RES": ["r1;end;pv;PV1;pq;0.04;0;0.04;LV;7", "r2;end;pv;PV1;pq;0.12;0;0.12;LV;7"],
    }
    for name, lines in rows.items():
        (grid / f"{name}.csv").write_text("\n".join([FORMAT[name], *lines]))
    feeder = SimbenchFeeder(source="simbench", path=grid).feeder()
    flow = PowerFlow(feeder).solve(feeder.own_kw[None], feeder.own_kvar[None])
    np.testing.assert_allclose(flow.voltage_pu[0, 1:], [1.047406, 1.025282], atol=1e-6)
    told = "\n".join(feeder.told)
    for text in ("t1 at -5 counts as -2", "autoTap not used at 1 of 1", "2 RES (160 kW) not used"):
        assert text in told


@pytest.mark.parametrize(("low", "high", "counts"), [("0", "NULL", 0.0), ("NULL", "-2", -2.0), ("NULL", "NULL", -1.0)])
def test_one_limit_of_a_tap_is_one(tmp_path: Path, low: str, high: str, counts: float) -> None:
    grid = folder(tmp_path)
    path = grid / "TransformerType.csv"
    for column, value in (("tapMin", low), ("tapMax", high)):
        path.write_text(with_column(path, column, value))
    feeder = SimbenchFeeder(source="simbench", path=grid).feeder()
    assert feeder.transformer_tap_v.tolist() == [500.0 * counts]


LV = CigreLvFeeder(source="cigre_lv").read()
TAPS = {
    "tap_min": -3, "tap_max": 5, "tap_nom": 1, "tap_size": 250.0, "tap_pos": [3, -2, 1], "i0": 0.01, "p0": 300.0,
    "uk_min": 0.02, "uk_max": 0.09, "pk_min": 900.0, "pk_max": 4000.0,
}  # fmt: skip
KINDS = sorted(str(kind.value) for kind in power_grid_meta_data[DatasetType.input])
"""All components that power-grid-model has."""


def components() -> dict[str, NDArray[Any]]:
    """The CIGRE low-voltage feeder as power-grid-model takes it, its taps off their middle, one of its loads of three phases."""
    parts = {str(name.value): rows for name, rows in _components(LV, 10_000).items()}
    loads = parts["sym_load"]
    loads["p_specified"], loads["q_specified"] = 1e3 * LV.own_kw, 1e3 * LV.own_kvar
    for name, value in TAPS.items():
        parts["transformer"][name] = value
    three = initialize_array(DatasetType.input, "asym_load", 1)
    three["id"], three["node"], three["status"], three["type"] = 50_001, 3, 1, 0
    three["p_specified"], three["q_specified"] = [[1e3, 2e3, 3e3]], [[0.0, 0.0, 1e3]]
    return {**parts, "asym_load": three}


def read_json(path: Path, parts: dict[str, NDArray[Any]]) -> str:
    json_serialize_to_file(path, {kind: rows for kind, rows in parts.items() if rows.size})
    return repr(seen(PgmJsonFeeder(source="pgm_json", path=path).feeder))


@pytest.mark.parametrize("kind", sorted(pgm_json.READ))
def test_each_attribute_of_a_component_counts_or_is_listed_as_without_effect(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "grid.json"
    before = read_json(path, components())

    def noticed(name: str) -> bool:
        for value in (0, 1, 0.3, 7):
            parts = components()
            parts[kind][name] = value
            if read_json(path, parts) != before:
                return True
        return False

    names = power_grid_meta_data[DatasetType.input][kind].dtype_dict["names"]
    listed = pgm_json.WITHOUT_EFFECT.get(kind, ())
    assert {name for name in names if not noticed(str(name))} == set(listed)


@pytest.mark.parametrize("kind", KINDS)
def test_each_component_counts_is_told_is_a_fault_or_is_listed_as_without_effect(tmp_path: Path, kind: str) -> None:
    path, parts = tmp_path / "grid.json", components()
    before = read_json(path, parts)
    more = initialize_array(DatasetType.input, kind, 1)
    for name in more.dtype.names:
        more[name] = 1
    more["id"] = 60_000
    if kind in parts:
        assert kind in pgm_json.READ
        return
    after = read_json(path, {**parts, kind: more})
    assert (after == before) == (kind in pgm_json.IDLE)
    assert (kind in pgm_json.IDLE) or kind in after
    if "status" in more.dtype.names:
        more["status"] = 0
        assert read_json(path, {**parts, kind: more}) == before, "switched off"


def test_generators_are_told_by_number_and_power(tmp_path: Path) -> None:
    gens = {kind: initialize_array(DatasetType.input, kind, 2) for kind in ("sym_gen", "asym_gen")}
    for first, rows in zip((60_000, 70_000), gens.values(), strict=True):
        rows["id"], rows["node"], rows["type"], rows["q_specified"] = first + np.arange(2), 3, 0, 0.0
        rows["status"], rows["p_specified"] = 1, 80e3
    gens["sym_gen"]["status"][1] = 0
    told = read_json(tmp_path / "grid.json", {**components(), **gens})
    assert "1 sym_gen (80 kW) not used" in told
    assert "2 asym_gen (480 kW) not used" in told
    assert "1 asym_load counted as balanced" in told


def test_an_attribute_that_power_grid_model_reads_past_is_named(tmp_path: Path) -> None:
    path = tmp_path / "grid.json"
    read_json(path, components())
    path.write_text(path.read_text().replace('"u_rated"', '"colour":3,"u_rated"'))
    assert "colour of node not used" in "".join(PgmJsonFeeder(source="pgm_json", path=path).feeder().told)
