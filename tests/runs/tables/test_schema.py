"""Every run's tables are those of the schema, and come back from a folder as they were written."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest

from environment.input_faults import FaultyInputError
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.stations.paper_c import paper_c
from runs.tables.clock import clock_times
from runs.tables.schema import DTYPES, TABLES, TIME, held_by, names_of, table_of
from tests.support import tables_guide
from tests.support.figures import faulty

FEW: Final = {"users": 300, "charging_a_day": 300}
TINY: Final = {"iterations": 2, "population": 5}
CASES: Final = {
    "homes": Scenario().update(fleet={"vehicles": 12}, run={"optimum": False}),
    "homes of three transformers in a zone": Scenario().update(
        fleet={"vehicles": 12},
        transformer={"count": 3},
        horizon={"start": "2024-03-30T12:00", "timezone": "Europe/Berlin"},
        coordination={"rounds": 2},
        channel={"log": True},
    ),
    "homes on a feeder": Scenario().update(
        fleet={"vehicles": 12}, load={"peak_kw": 300.0}, feeder={"source": "cigre_lv"}, run={"engine": "compiled"}
    ),
    "v2g": Scenario().update(fleet={"vehicles": 12}, peak_shaving={"optimizer": "pso", **TINY}, channel={"log": True}),
    "v2g without a search": Scenario().update(
        fleet={"vehicles": 12},
        peak_shaving={"optimizer": "exact"},
        horizon={"start": "2024-03-30T12:00", "timezone": "+02:00"},
    ),
    "stations": paper_c(
        horizon={"slots": 4}, users=FEW, scheduling=TINY, stations={"supply_kw": 20_000.0}, channel={"log": True}
    ),
    "stations to which nobody comes": paper_c(
        horizon={"slots": 2},
        users={"charging_a_day": 0},
        scheduling={"optimizer": "none"},
        triggers={"time": False, "region": False, "user": False, "emergency": False},
    ),
}
UNITS: Final = {"kw": "kW", "kwh": "kWh", "h": "h", "pu": "pu", "s": "s", "v": "V", "kva": "kVA", "km": "km", "c": "C"}
"""Units by how a column's name ends."""


@pytest.fixture(scope="module", params=CASES)
def result(request: pytest.FixtureRequest) -> Result:
    case = CASES[request.param]
    done = simulate(case)
    assert isinstance(done, Result)
    return done


def test_a_run_has_the_schemas_tables_with_its_columns_in_order_and_their_types(result: Result) -> None:
    held = held_by(result.scenario)
    assert list(result.tables) == names_of(held)
    starts = result.scenario.horizon.slot_starts.dtype
    for name, table in result.tables.items():
        columns = TABLES[name].columns_of(held)
        assert list(table.columns) == [column.name for column in columns], name
        for column in columns:
            expected = starts if column.type == TIME else DTYPES[column.type]
            assert table[column.name].dtype == expected, f"{name}.{column.name}"


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_it_reads_back_equal(result: Result, tmp_path: Path, table_format: Any) -> None:
    result.save(tmp_path, table_format=table_format)
    back = Result.load(str(tmp_path))
    for name, table in result.tables.items():
        pd.testing.assert_frame_equal(back.tables[name], table, check_exact=True)
    assert back == result
    assert repr(back) == repr(result)


def test_every_run_has_its_free_charging_and_its_load_without_evs(result: Result) -> None:
    assert {"peak_kw"} <= result.summary["free"].keys() & result.summary["no_evs"].keys()
    assert result.summary["no_evs"]["peak_kw"] <= result.summary["free"]["peak_kw"] * (1 + 1e-9)


def test_every_run_has_clock_times_beside_its_slots_and_hours(result: Result) -> None:
    for name in {"slots", "upper_slots", "v2g_slots", "station_slots", "visits"} & result.tables.keys():
        table = result.tables[name]
        starts = result.scenario.horizon.slot_starts
        assert table.start.tolist() == [starts[slot] for slot in table.slot]
    for name in {"vehicles", "v2g_vehicles"} & result.tables.keys():
        table = result.tables[name]
        for column in ("plug_in", "plug_out"):
            hours = (table[column] - result.scenario.horizon.slot_starts[0]) / pd.Timedelta(hours=1)
            np.testing.assert_allclose(hours, table[f"{column}_h"], atol=0.51 / 3600)


def test_the_nodes_above_add_up(result: Result) -> None:
    upper, nodes = result.upper_slots, result.nodes.set_index("node")
    np.testing.assert_allclose(upper.total_kw, upper.actual_kw + upper.ev_kw)
    total_kw, free_kw = upper.total_kw.copy(), upper.actual_kw + upper.free_kw
    if "stations" in held_by(result.scenario):  # the centre's load is what is drawn from above, with losses
        at_top = upper.node == "control_center"
        total_kw[at_top], free_kw[at_top] = result.station_slots.drawn_kw, result.station_slots.free_drawn_kw
    peaks, free_peaks = (each.groupby(upper.node).max() for each in (total_kw, free_kw))
    np.testing.assert_allclose(peaks, nodes.peak_kw[peaks.index])
    np.testing.assert_allclose(free_peaks, nodes.free_peak_kw[free_peaks.index])
    over = (total_kw > upper.limit_kw + 1e-6).groupby(upper.node).sum()
    assert over.tolist() == nodes.overload_slots[over.index].tolist()
    centre = nodes[nodes.parent == ""]
    assert centre.kind.tolist() == ["control_center"]
    assert set(nodes.parent) - {""} <= set(nodes.index)
    assert centre.unserved_kwh.iloc[0] == pytest.approx(result.summary["unserved_kwh"])
    for name in set(nodes.parent) - {""}:
        below = nodes[nodes.parent == name]
        assert nodes.unserved_kwh[name] == pytest.approx(below.unserved_kwh.sum())


def test_its_load_is_drawn_beside_free_charging_and_no_evs(result: Result) -> None:
    figure = result.plot("load")
    assert faulty({"load": figure}) == {}
    axes = figure.axes[0]
    labels = " | ".join(str(each.get_label()) for each in [*axes.patches, *axes.lines])
    assert "free charging" in labels
    assert any(word in labels for word in ("base load", "without EVs"))
    if result.upper_slots.limit_kw.notna().any():
        assert "limit" in labels


def test_every_figure_that_it_names_can_be_drawn(result: Result) -> None:
    names = result.plot()
    assert names[0] == "load"
    assert faulty({name: result.plot(name) for name in names}) == {}


def test_a_notebook_shows_its_key_figures_and_its_main_table(result: Result) -> None:
    text = result._repr_html_()
    main = next(iter(result.tables))
    assert f"<p>{main}:</p>" in text
    assert f"{result.summary['peak_kw']:,.6g}" in text
    assert text.count("<tr") > len(result.tables[main].head())


def test_a_folder_of_before_this_schema_is_told_to_be_of_an_earlier_version(tmp_path: Path) -> None:
    case = CASES["v2g"]
    result = simulate(case)
    result.save(tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    del summary["evswarm_version"]
    (tmp_path / "summary.json").write_text(json.dumps(summary))
    for new, old in {"v2g_slots": "slots", "v2g_groups": "groups", "v2g_vehicles": "vehicles"}.items():
        (tmp_path / f"{new}.parquet").rename(tmp_path / f"{old}.parquet")
    with pytest.raises(FaultyInputError, match="table v2g_slots is missing") as error:
        Result.load(tmp_path)
    assert "version of evswarm that wrote it is an earlier one" in str(error.value)


def test_a_table_with_a_column_too_few_or_too_many_is_refused() -> None:
    columns: dict[str, Any] = {"vehicle": ["a"], "stay": [1], "slot": [2], "power_kw": [4]}
    held = frozenset({"homes"})
    assert table_of("schedule", columns, held).power_kw.dtype == np.float64
    with pytest.raises(ValueError, match="table schedule: columns speed are"):
        table_of("schedule", {**columns, "speed": [1]}, held)
    with pytest.raises(ValueError, match="table schedule: columns stay are"):
        table_of("schedule", {name: column for name, column in columns.items() if name != "stay"}, held)


def test_the_schema_knows_its_own_types_units_and_words() -> None:
    words = {"homes", "v2g", "stations", "feeder", "log"}
    for name, table in TABLES.items():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names), name
        assert table.runs
        assert set(table.runs) <= words
        assert table.description
        for column in table.columns:
            where = f"{name}.{column.name}"
            assert column.type in {*DTYPES, TIME}, where
            assert set(column.runs) <= words, where
            assert column.description, where
            assert column.description[0].isupper(), where
            ending = column.name.rpartition("_")[2]
            if column.type == "float" and "_" in column.name and ending in UNITS and "_per_" not in column.name:
                assert column.unit == UNITS[ending], where


def test_hours_that_nobody_knows_or_that_are_beyond_all_calendars_have_no_clock_time() -> None:
    horizon = Scenario().horizon
    times = clock_times(horizon, np.array([1.5, np.nan, 1e12, -1 / 3600, np.inf]))
    start = horizon.slot_starts[0]
    assert times.isna().tolist() == [False, True, True, False, True]
    assert times[0] == start + pd.Timedelta(minutes=90)
    assert times[3] == start - pd.Timedelta(seconds=1)


def test_the_guide_lists_the_tables_of_the_schema() -> None:
    text = tables_guide.GUIDE.read_text(encoding="utf-8")
    assert tables_guide.with_lists(text) == text, "python -m tests.support.tables_guide rewrites it"
    assert tables_guide.PAGE.read_text(encoding="utf-8") == tables_guide.page()
    listed = {name for found in tables_guide.LIST.finditer(text) for name in names_of(frozenset(found[2].split()))}
    assert listed == set(TABLES)
