"""What a grid's nodes, loads and limits state and does not count is told."""

from pathlib import Path

import numpy as np
import pytest

from environment.input_faults import FaultyInputError
from runs.homes.part import Homes
from runs.scenario import Scenario
from runs.size import size_of_homes

NODES = "node,parent,kind,limit_kw,load,feeder_node\nc,,control_center,,,\nT1,c,transformer,{limit},{load},{at}\nT2,c,transformer,900,,{at}\n"


def warnings(folder: Path, loads: dict[str, object], *, limit: str = "900", load: str = "") -> str:
    (folder / "nodes.csv").write_text(NODES.format(limit=limit, load=load, at=""))
    case = Scenario().update(grid={"source": "table", "path": folder / "nodes.csv"}, loads=loads, fleet={"vehicles": 4})
    return "\n".join(Homes.build(case, np.random.default_rng(1)).warnings())


def test_what_is_filled_or_strays_of_a_limit_is_told(tmp_path: Path) -> None:
    hours = "\n".join(f"{hour},800" for hour in range(25) if hour not in (3, 4))
    (tmp_path / "signal.csv").write_text(f"hour,load_kw\n{hours}\n")
    signal = {"source": "csv", "path": tmp_path / "signal.csv", "fill": "hold", "fluctuation": 0.2}
    told = warnings(tmp_path, {"signal": signal}, limit="signal")
    assert "signal.csv" in told
    assert "what signal strays does not count: a limit is as it is forecast" in told
    assert "[load] does not count" not in told, "T2 has it"


def test_a_load_that_only_limits_is_of_use(tmp_path: Path) -> None:
    limits = NODES.format(limit="load", load="homes", at="").replace("900,,", "load,homes,")
    (tmp_path / "nodes.csv").write_text(limits)
    case = Scenario().update(
        grid={"source": "table", "path": tmp_path / "nodes.csv"},
        loads={"homes": {"source": "builtin", "peak_kw": 300.0}},
        load={"peak_kw": 700.0},
        fleet={"vehicles": 4},
    )
    assert not any("does not count" in text for text in Homes.build(case, np.random.default_rng(1)).warnings())


def test_odd_loads_are_told_of_each_transformer_by_name(tmp_path: Path) -> None:
    told = warnings(tmp_path, {"watts": {"source": "builtin", "peak_kw": 3e5}}, load="watts")
    assert "below T1, the base load's largest slot" in told
    assert "below T2" not in told


def test_a_peak_of_which_the_feeder_takes_the_shape_only_is_told() -> None:
    case = Scenario().update(
        feeder={"source": "cigre_lv"},
        grid={"source": "feeder", "load": "homes"},
        loads={"homes": {"source": "builtin", "peak_kw": 300.0}},
        fleet={"vehicles": 4},
    )
    told = Homes.build(case, np.random.default_rng(1)).warnings()
    assert any(text.startswith("loads.homes.peak_kw counts only without grid.source = 'feeder'") for text in told)


def test_a_load_that_is_never_above_zero_has_no_shape_for_the_feeder(tmp_path: Path) -> None:
    (tmp_path / "pv.csv").write_text("hour,load_kw\n" + "\n".join(f"{hour},{-hour % 7 - 7}" for hour in range(25)))
    case = Scenario().update(
        feeder={"source": "cigre_lv"},
        grid={"source": "feeder", "load": "pv"},
        loads={"pv": {"source": "csv", "path": tmp_path / "pv.csv"}},
        fleet={"vehicles": 4},
    )
    with pytest.raises(FaultyInputError) as error:
        Homes.build(case, np.random.default_rng(1))
    assert "which is never above 0 kW; expected a load that can be scaled to a peak" in str(error.value)


def test_one_feeder_for_all_transformers_is_counted_once(tmp_path: Path) -> None:
    def size(at: str) -> int:
        (tmp_path / "nodes.csv").write_text(NODES.format(limit="900", load="", at=at))
        grid = {"source": "table", "path": tmp_path / "nodes.csv"}
        return size_of_homes(
            Scenario().update(grid=grid, feeder={"source": "cigre_lv"}, fleet={"vehicles": 4}), tables=True
        ).n_bytes

    assert size("R1") < size("")


def test_a_grids_file_counts_only_in_valley_filling(tmp_path: Path) -> None:
    grid = {"source": "table", "path": tmp_path / "nodes.csv"}
    assert tmp_path / "nodes.csv" in Scenario().update(grid=grid).files()
    assert tmp_path / "nodes.csv" not in Scenario().update(grid=grid, peak_shaving={"optimizer": "exact"}).files()
