import csv
import dataclasses
import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from environment.input_faults import FaultyInputError
from runs.result import Result
from runs.result_folder import own_version, strict
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.tables.schema import names_of
from runs.tables.spreadsheets import RUN_BY_SPREADSHEETS, as_written, inert

SMALL = Scenario().update(
    fleet={"vehicles": 40}, load={"fluctuation": 0.05}, transformer={"count": 2}, coordination={"batch_size": 5}
)


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(SMALL)


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_a_result_reads_back_equal(result: Result, tmp_path: Path, table_format: str) -> None:
    result.save(tmp_path, table_format=table_format)  # type: ignore[arg-type]
    assert Result.load(tmp_path) == result


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_a_zoned_horizon_reads_back_equal(tmp_path: Path, tree: Path, table_format: str) -> None:
    result = simulate(Scenario.read(tree / "scenarios/acn_caltech.toml"))
    result.save(tmp_path, table_format=table_format)  # type: ignore[arg-type]
    assert Result.load(tmp_path) == result


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_a_log_of_messages_reads_back_equal(tmp_path: Path, table_format: str) -> None:
    partition = {"transformer": "T2", "from_h": 6.0, "to_h": 9.0}
    result = simulate(SMALL.update(channel={"log": True, "loss": 0.2, "delay_s": 5.0, "partitions": (partition,)}))
    result.save(tmp_path, table_format=table_format)  # type: ignore[arg-type]
    assert len(result.log) == result.summary["messages"]
    assert (tmp_path / "timeline.txt").read_text().count("deposit") >= 40
    assert Result.load(tmp_path) == result


def test_a_folder_may_be_named_by_a_text_and_is_made(result: Result, tmp_path: Path) -> None:
    result.save(f"{tmp_path}/not/there")
    assert Result.load(f"{tmp_path}/not/there") == result


def test_a_result_shows_itself_in_a_few_lines(result: Result) -> None:
    what, summary, tables, *_ = repr(result).splitlines()
    assert len(repr(result).splitlines()) <= 4
    assert what == f"Result of {SMALL!r}"
    assert f"peak_kw={result.summary['peak_kw']:.6g}" in summary
    assert f"vehicles ({len(result.vehicles)})" in tables
    assert "log" not in tables


def test_two_runs_with_one_seed_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        simulate(SMALL.update(channel={"log": True, "loss": 0.1})).save(tmp_path / name)
    for file in [
        *(f"{name}.parquet" for name in names_of(frozenset({"homes", "log"}))),
        "scenario.toml",
        "timeline.txt",
    ]:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    one, two = (json.loads((tmp_path / name / "summary.json").read_text()) for name in ("one", "two"))
    for summary in (one, two):
        del summary["wall_s"], summary["free"]["wall_s"]
    assert one == two


def test_another_seed_is_another_day() -> None:
    assert not simulate(SMALL.update(run={"seed": 2})).slots.equals(simulate(SMALL).slots)


def test_tables_have_the_promised_columns(result: Result) -> None:
    assert {"slot", "start", "base_kw", "actual_kw", "ev_kw", "total_kw", "pheromone"} <= set(result.slots.columns)
    assert list(result.schedule.columns) == ["vehicle", "stay", "slot", "power_kw"]
    vehicles = [
        "vehicle",
        "transformer",
        "plug_in_h",
        "plug_out_h",
        "energy_kwh",
        "delivered_kwh",
        "unserved_kwh",
        "cost_kw",
    ]
    assert set(vehicles) <= set(result.vehicles.columns)
    names = [
        "peak_kw",
        "valley_kw",
        "peak_valley_difference_kw",
        "peak_valley_rate",
        "load_std_kw",
        "load_sum_of_squares_kw2",
        "overload_slots",
        "energy_requested_kwh",
        "energy_delivered_kwh",
        "unserved_kwh",
        "messages",
        "bytes",
        "wall_s",
    ]
    assert set(names) <= set(result.summary)
    assert set(names) <= set(result.summary["free"])


def test_the_books_close(result: Result) -> None:
    v = result.vehicles
    np.testing.assert_allclose(v.energy_kwh, v.delivered_kwh + v.unserved_kwh)
    np.testing.assert_allclose(v.booked_kwh * v.efficiency, v.delivered_kwh, atol=1e-9)
    assert result.slots.ev_kw.sum() == pytest.approx(v.booked_kwh.sum())
    assert result.schedule.power_kw.sum() == pytest.approx(v.booked_kwh.sum())
    np.testing.assert_allclose(result.slots.total_kw, result.slots.actual_kw + result.slots.ev_kw)
    headroom = np.maximum(result.summary["limit_kw"] - result.slots.total_kw, 0)
    share = headroom / headroom.groupby(result.slots.transformer).transform("sum")
    np.testing.assert_allclose(result.slots.pheromone, share)
    assert result.summary["messages"] == result.messages.messages.sum()
    assert (v.soc_plug_out <= 1 + 1e-9).all()


def test_whole_slots_never_fill_a_battery_above_its_capacity() -> None:
    v = simulate(Scenario().update(coordination={"energy": "whole_slots"})).vehicles
    assert (v.soc_plug_out <= 1 + 1e-9).all()
    assert (v.booked_kwh * v.efficiency >= v.delivered_kwh - 1e-9).all()
    short = v.energy_kwh - v.delivered_kwh
    np.testing.assert_allclose(np.maximum(short, 0), v.unserved_kwh, atol=1e-9)


def test_a_short_stay_is_reported_not_dropped(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,2,10,4\nb,30,40,5,4\nc,1,9,5,4\n")
    result = simulate(Scenario.read(None, ["fleet.source=csv", f"fleet.path={path}"]))
    assert result.vehicles.unserved_kwh.tolist() == [6.0, 5.0, 0.0]
    assert result.summary["unserved_kwh"] == 11.0
    short, away = result.summary["warnings"]
    assert short == "1 of 3 stays are too short for their need; the rest stays unserved"
    assert "1 of 3 stays lie wholly outside the horizon, 2010-07-12 12:00 .. 2010-07-13 12:00" in away
    assert "they span 2010-07-13 18:00 .. 2010-07-14 04:00" in away


def test_a_base_load_above_the_limit_closes_slots() -> None:
    result = simulate(Scenario().update(transformer={"limit_kw": 1300.0}))
    closed = result.slots.base_kw >= 1300
    assert closed.any()
    assert (result.slots.ev_kw[closed] == 0).all()
    assert any("closed" in text for text in result.summary["warnings"])


def test_a_result_without_charging_reads_back_equal(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,9,0,4\n")
    result = simulate(Scenario.read(None, ["fleet.source=csv", f"fleet.path={fleet}"]))
    (tmp_path / "out").mkdir()
    result.save(tmp_path / "out", table_format="csv")
    assert Result.load(tmp_path / "out") == result


def test_a_folder_without_a_result_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError, match="result folder"):
        Result.load(tmp_path)


def test_cost_is_the_load_that_an_ev_meets(result: Result) -> None:
    row = result.vehicles.iloc[3]
    own = result.schedule[result.schedule.vehicle == row.vehicle]
    board = result.slots[result.slots.transformer == row.transformer].set_index("slot").total_kw
    expected = (own.power_kw * board.loc[own.slot].to_numpy()).sum() / own.power_kw.sum()
    assert row.cost_kw == pytest.approx(expected)


def test_parquet_is_what_other_tools_read(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path)
    assert len(pd.read_parquet(tmp_path / "slots.parquet")) == 48


def test_a_spreadsheet_runs_no_cell_and_the_names_read_back_as_they_were(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    names = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "'quoted", "plain", "a=b"]
    lines = "".join(f'"{name}",1,9,4,4\n' for name in names)
    fleet.write_text(f"vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\n{lines}")
    result = simulate(Scenario.read(None, ["fleet.source=csv", f"fleet.path={fleet}"]))
    result.save(tmp_path / "out", table_format="csv")
    for file in (tmp_path / "out").glob("*.csv"):
        for row in csv.reader(file.read_text().splitlines()):
            assert not any(cell[:1] in {"=", "+", "@", "\t"} or cell == "-1" for cell in row), file
    assert Result.load(tmp_path / "out") == result
    assert result.vehicles.vehicle.tolist() == names


@given(st.lists(st.text(st.sampled_from("=+-@\t\r'ab"), max_size=4), min_size=1))
def test_every_text_is_made_harmless_and_comes_back(texts: list[str]) -> None:
    table = pd.DataFrame({"name": pd.Series(texts, dtype="str"), "kw": -1.0})
    written = inert(table)
    assert all(text[:1] not in set(RUN_BY_SPREADSHEETS) for text in written.name if text)
    assert as_written(written.name).tolist() == texts
    assert written.kw.equals(table.kw)


def test_a_summary_is_strict_json_and_says_why_a_figure_is_null(tmp_path: Path, result: Result) -> None:
    odd = {"peak_kw": float("inf"), "free": {"gap": float("nan"), "kwh": 1.5}, "warnings": []}
    dataclasses.replace(result, summary=odd).save(tmp_path)
    read = json.loads((tmp_path / "summary.json").read_text(), parse_constant=pytest.fail)
    assert read["peak_kw"] is None
    assert read["free"] == {"gap": None, "kwh": 1.5}
    assert read["null_because"] == {
        "peak_kw": "infinite", "free.gap": "not a number: there is nothing to take it of",
    }  # fmt: skip
    assert strict({"a": 1.0, "b": {"c": "x"}}) == {"a": 1.0, "b": {"c": "x"}}


@pytest.mark.parametrize("section", ["peak_shaving", "stations"])
def test_a_section_says_what_is_run(section: str) -> None:
    keys = {"peak_shaving": {"iterations": 1}, "stations": {}}[section]
    searched = {"scheduling": {"iterations": 1, "population": 5}} if section == "stations" else {}
    case = Scenario().update(horizon={"slot_min": 60, "slots": 2}, fleet={"vehicles": 5}, **{section: keys}, **searched)
    result = simulate(case)
    assert {"peak_shaving": "v2g_slots", "stations": "station_slots"}[section] in result.tables
    assert "slots" not in result.tables
    assert {"free", "no_evs"} <= set(result.summary)


def edited_summary(folder: Path, **changes: str | None) -> None:
    """Replace keys of a written summary; None: drop them."""
    file = folder / "summary.json"
    summary = json.loads(file.read_text()) | changes
    dropped = {key for key, value in changes.items() if value is None}
    file.write_text(json.dumps({key: value for key, value in summary.items() if key not in dropped}))


def test_a_written_summary_states_the_version_and_a_read_one_is_what_it_was(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path)
    assert json.loads((tmp_path / "summary.json").read_text())["evswarm_version"] == own_version()
    assert "evswarm_version" not in Result.load(tmp_path).summary


@pytest.mark.parametrize(
    ("writer", "told"), [(None, "is an earlier one, which did not say so"), ("9.9.9", "is 9.9.9"), (own_version(), "")]
)
@pytest.mark.parametrize("table_format", ["parquet", "csv"])
def test_tables_that_differ_are_told_with_the_version_that_wrote_them(
    result: Result, tmp_path: Path, writer: str | None, told: str, table_format: str
) -> None:
    slots = result.slots.rename(columns={"free_kw": "free_kva"})
    other = dataclasses.replace(result, tables={**result.tables, "slots": slots})
    other.save(tmp_path, table_format=table_format)  # type: ignore[arg-type]
    edited_summary(tmp_path, evswarm_version=writer)
    (tmp_path / f"rounds.{table_format}").unlink()
    with pytest.raises(FaultyInputError) as error:
        Result.load(tmp_path)
    text = str(error.value)
    assert f"slots.{table_format}: column free_kw is missing" in text
    assert "column free_kva is there; expected 'free_kw', the nearest known name" in text
    assert "table rounds is missing; expected a result folder" in text
    assert (f"version of evswarm that wrote it {told}; expected {own_version()}" in text) == bool(told)


def test_a_folder_of_an_earlier_version_whose_tables_fit_is_read(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path)
    edited_summary(tmp_path, evswarm_version=None)
    assert Result.load(tmp_path) == result


def test_a_column_of_another_type_is_told(result: Result, tmp_path: Path) -> None:
    slots = result.slots.astype({"slot": "float64"})
    dataclasses.replace(result, tables={**result.tables, "slots": slots}).save(tmp_path)
    with pytest.raises(FaultyInputError, match="type of column slot is float64; expected int64"):
        Result.load(tmp_path)
    dataclasses.replace(result, tables={**result.tables, "slots": slots.assign(slot="x")}).save(
        tmp_path / "csv", table_format="csv"
    )
    with pytest.raises(FaultyInputError, match=r"slots\.csv: table is .*'x'"):
        Result.load(tmp_path / "csv")


def test_a_table_is_an_attribute_and_others_are_named(result: Result) -> None:
    assert result.slots is result.tables["slots"]
    assert {"slots", "save", "plot"} <= set(dir(result))
    with pytest.raises(AttributeError, match="no table 'network'; it has slots, upper_slots, nodes, vehicles"):
        _ = result.network
    assert pickle.loads(pickle.dumps(result)) == result  # noqa: S301  (our own)


def test_a_notebook_shows_warnings_first_and_runs_nothing(result: Result) -> None:
    bad = "<script>alert('x')</script>"
    names = result.slots.assign(transformer=bad)
    odd = dataclasses.replace(
        result, summary={**result.summary, "warnings": [bad]}, tables={**result.tables, "slots": names}
    )
    text = odd._repr_html_()
    assert "<script" not in text
    assert text.count("&lt;script&gt;alert") == 1 + 5, "the warning, and the first rows"
    assert text.index("Warnings") < text.index("peak_kw") < text.index("vehicles (40)") < text.index("dataframe")
    assert f"{result.summary['free']['peak_kw']:,.6g}" in text
    assert "Warnings" not in dataclasses.replace(odd, summary={**odd.summary, "warnings": []})._repr_html_()


def test_what_sums_leave_of_nothing_is_shown_as_nothing(result: Result) -> None:
    dust = dataclasses.replace(result, summary={**result.summary, "unserved_kwh": 2.8e-14})
    assert "unserved_kwh=0," in repr(dust)
    assert "e-14" not in dust._repr_html_()


def test_a_notebook_groups_digits_and_leaves_none_that_nobody_reads(result: Result) -> None:
    slots = result.slots.assign(base_kw=25371.788018)
    text = dataclasses.replace(
        result, summary={**result.summary, "messages": 50060}, tables={**result.tables, "slots": slots}
    )._repr_html_()
    assert "<td>50,060</td>" in text
    assert "<td>25,371.8</td>" in text


def test_a_folder_of_several_results_names_one_of_them(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path / "ants")
    with pytest.raises(FaultyInputError, match=r"summary.json is missing; expected a result folder, such as .*ants"):
        Result.load(tmp_path)


def test_figures_are_drawn_by_name(result: Result) -> None:
    assert result.plot() == ["load", "load_by_transformer", "loading_map", "board", "raster"]
    assert isinstance(result.plot("board"), Figure)
    with pytest.raises(FaultyInputError, match="figure is 'bord'; expected 'board', the nearest known name"):
        result.plot("bord")


def test_clock_times_are_those_of_the_hours() -> None:
    result = simulate(SMALL.update(horizon={"start": "2024-10-26T12:00", "timezone": "Europe/Berlin"}))
    stays, start = result.vehicles, result.slots.start[0]
    for name in ("plug_in", "plug_out"):
        hours = (stays[name] - start) / pd.Timedelta(hours=1)
        np.testing.assert_allclose(hours, stays[f"{name}_h"], atol=0.5 / 3600 + 1e-9)
        assert stays[name].dtype == result.slots.start.dtype
