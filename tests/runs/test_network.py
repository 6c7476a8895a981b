"""What a run's schedule does to its feeder, from the scenario to the result folder."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from environment.fleets.fleet import RENAMED
from environment.input_faults import FaultyInputError
from runs.cli import app
from runs.design import Design
from runs.engine import Engine
from runs.homes.part import Homes
from runs.parallel_run import run_in_parts
from runs.printed.sweep import print_sweep
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import result_from, simulate, summarize
from runs.sweep import sweep
from runs.whole_folder import whole_folder

PLAIN = Scenario().update(fleet={"vehicles": 40}, load={"peak_kw": 300.0}, coordination={"batch_size": 5})
CASE = PLAIN.update(feeder={"source": "cigre_lv", "ev_power_factor": 0.95})
FIGURES = (
    "voltage_min_pu",
    "voltage_max_pu",
    "voltage_deviation_max_pu",
    "voltage_outside_slots",
    "losses_kwh",
    "line_loading_max",
    "transformer_loading_max",
)


FEEDER_TABLES = ("network", "network_slots", "network_branches")


def feeder_figures(result: Result) -> dict[str, Figure]:
    return {name: result.plot(name) for name in ("voltage_profile", "voltage_band", "losses")}


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(CASE)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_a_feeder_changes_no_schedule_and_no_draw(count: int, engine: str) -> None:
    changes = {"transformer": {"count": count}, "run": {"engine": engine}, "load": {"fluctuation": 0.05}}
    plain, on_feeder = simulate(PLAIN.update(**changes)), simulate(CASE.update(**changes))
    for name, table in plain.tables.items():
        assert table.equals(on_feeder.tables[name]), name
    assert on_feeder.tables.keys() - plain.tables.keys() == set(FEEDER_TABLES)
    assert not set(FIGURES) & set(plain.summary)
    for summary in (on_feeder.summary, on_feeder.summary["free"], on_feeder.summary["no_evs"]):
        assert set(FIGURES) <= set(summary)


def test_the_summary_is_that_of_the_tables(result: Result) -> None:
    summary, slot_h = result.summary, result.scenario.horizon.slot_h
    for prefix, figures in (("", summary), ("free_", summary["free"]), ("no_evs_", summary["no_evs"])):
        voltage = result.network[f"{prefix}voltage_pu"]
        assert figures["voltage_min_pu"] == voltage.min()
        assert figures["voltage_max_pu"] == voltage.max()
        assert figures["voltage_deviation_max_pu"] == (voltage - 1).abs().max()
        assert figures["losses_kwh"] == pytest.approx(result.network_slots[f"{prefix}loss_kw"].sum() * slot_h)
        for kind in ("line", "transformer"):
            own = result.network_branches[result.network_branches.kind == kind]
            assert figures[f"{kind}_loading_max"] == own[f"{prefix}loading_max"].max()
    assert result.network_branches.losses_kwh.sum() == pytest.approx(summary["losses_kwh"])
    assert summary["no_evs"]["losses_kwh"] < summary["losses_kwh"]
    assert summary == {**summarize(CASE), "wall_s": summary["wall_s"], "free": summary["free"]}


def test_losses_are_energy_whatever_a_slots_length() -> None:
    result = simulate(CASE.update(horizon={"slot_min": 15}))
    assert len(result.network_slots) == 96
    lost_kwh = result.network_slots.loss_kw.sum() / 4
    assert result.summary["losses_kwh"] == pytest.approx(lost_kwh)
    assert result.summary["no_evs"]["losses_kwh"] == pytest.approx(result.network_slots.no_evs_loss_kw.sum() / 4)
    assert result.network_branches.losses_kwh.sum() == pytest.approx(lost_kwh)


def test_a_slot_is_outside_the_band_once_however_many_transformers_are() -> None:
    result = simulate(CASE.update(transformer={"count": 3}, feeder={"voltage_min_pu": 0.97}))
    table = result.network.assign(outside=~result.network.voltage_pu.between(0.97, 1.07))
    slots = table[table.outside].slot.nunique()
    assert table.groupby(["transformer", "slot"]).outside.any().sum() > slots > 0
    assert result.summary["voltage_outside_slots"] == slots
    assert any(f"{slots} of 24 slots leave the voltage band" in text for text in result.summary["warnings"])


def test_a_sweep_shows_the_feeders_figures_where_there_is_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, scenario in (("on", CASE), ("off", PLAIN)):
        folder = tmp_path / name
        design = Design.full({"coordination.batch_size": [5]})
        print_sweep(sweep(scenario, design, replications=2, folder=folder, engine="serial"))
        shown = capsys.readouterr().out
        means = pd.read_parquet(folder / "runs.parquet").mean(numeric_only=True)
        for figure, form in (("voltage_min_pu", "{:.4f}"), ("losses_kwh", "{:,.1f}")):
            assert (figure in means) == (name == "on")
            assert figure not in means or form.format(means[figure]) in shown
        assert ("voltage" in shown) == ("losses" in shown) == (name == "on")


def test_the_tables_have_a_row_a_node_and_slot(result: Result) -> None:
    assert len(result.network) == 24 * 44
    first = result.network[:44]
    assert (first.upstream == "").sum() == 1
    assert set(first.upstream) - {""} <= set(first.node)
    assert first.distance_km.max() == pytest.approx(0.345)


def test_without_evs_all_three_are_alike() -> None:
    result = simulate(CASE.update(fleet={"distance_log_mean": -20.0, "distance_log_std": 0.0}))
    assert result.network.voltage_pu.tolist() == result.network.no_evs_voltage_pu.tolist()
    np.testing.assert_allclose(result.network.free_voltage_pu, result.network.voltage_pu, rtol=0, atol=1e-8)


@pytest.mark.parametrize("table_format", ["parquet", "csv"])
@pytest.mark.parametrize("source", ["cigre_lv", "cigre_mv"])  # names of nodes that are numbers, and that are not
def test_a_result_with_a_feeder_reads_back_equal(tmp_path: Path, table_format: str, source: str) -> None:
    result = simulate(CASE.update(feeder={"source": source}, transformer={"count": 2}))
    result.save(tmp_path, table_format=table_format)  # type: ignore[arg-type]
    assert Result.load(tmp_path) == result
    (tmp_path / f"network.{table_format}").unlink()
    with pytest.raises(FaultyInputError, match="network is missing"):
        Result.load(tmp_path)


def test_another_feeder_is_another_result(result: Result) -> None:
    other = dataclasses.replace(result, tables={**result.tables, "network": result.network.assign(voltage_pu=1.0)})
    assert other != result


def test_a_result_with_a_feeder_may_be_replaced(result: Result, tmp_path: Path) -> None:
    for _ in range(2):
        with whole_folder(tmp_path / "out") as folder:
            result.save(folder)
    assert (tmp_path / "out" / "network_branches.parquet").is_file()


def test_parts_give_the_same_network() -> None:
    case = CASE.update(transformer={"count": 3})
    assert result_from(*run_in_parts(case, engine=Engine.SERIAL)).network.equals(simulate(case).network)


def test_ratings_and_the_band_are_warned_of() -> None:
    result = simulate(CASE.update(load={"peak_kw": 900.0}, feeder={"voltage_min_pu": 0.97}))
    warnings = "\n".join(result.summary["warnings"])
    assert "slots leave the voltage band of 0.97 to 1.07 pu; furthest is node C" in warnings
    assert "lines of the feeder pass their rating" in warnings
    assert "of 3 transformers of the feeder pass their rating; most of all" in warnings


def test_a_power_flow_that_diverges_is_a_fault() -> None:
    with pytest.raises(
        FaultyInputError,
        match=r"power flow below T1 is diverging in \d+ of 24 slots.*; of that it carries \d+% at most, with 0\.\d\d pu at node C12; exp",
    ):
        simulate(CASE.update(load={"peak_kw": 5000.0}, transformer={"limit_kw": 9000.0}))


def test_free_charging_that_diverges_is_a_warning() -> None:
    crowd = CASE.update(
        load={"peak_kw": 700.0},
        fleet={"vehicles": 700, "types": ({"power_kw": 22.0, "capacity_kwh": 60.0},), "plug_in_std_h": 0.1},
        transformer={"limit_kw": 900.0},
    )
    result = simulate(crowd)
    assert any("no power flow with free charging" in text for text in result.summary["warnings"])
    assert result.summary["free"]["voltage_min_pu"] is None
    assert result.summary["voltage_min_pu"] > 0
    for figure in feeder_figures(result).values():
        figure.canvas.draw()


def test_faults_of_feeder_and_fleet_are_said_together(tmp_path: Path) -> None:
    (tmp_path / "fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,5,4,1,4\n")
    scenario = tmp_path / "s.toml"
    scenario.write_text('[fleet]\nsource = "csv"\npath = "fleet.csv"\n[feeder]\nsource = "simbench"\npath = "grid"\n')
    outcome = CliRunner().invoke(app, ["run", str(scenario)])
    assert outcome.exit_code == 2
    assert "a time after plug_in_h" in outcome.stderr
    assert "folder is missing" in outcome.stderr


@pytest.mark.parametrize(("column", "is_told"), [("feeder_node", False), ("node", True)])
def test_a_fleet_names_its_nodes_and_a_wrong_one_ends_with_exit_2(tmp_path: Path, column: str, is_told: bool) -> None:
    """Beside a feeder the column `node` alone means what it always did, which a warning tells."""
    fleet = tmp_path / "fleet.csv"
    header = f"vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,{column}\n"
    fleet.write_text(header + "a,5,14,20,11,R18\nb,5,14,20,11,\n")
    texts = ["feeder.source=cigre_lv", "load.peak_kw=300", "fleet.source=csv", f"fleet.path={fleet}"]
    world = Homes.build(Scenario.read(None, texts), np.random.default_rng(1))
    assert world.placement is not None
    assert world.placement.feeder.node[world.placement.node_of[0]] == "R18"
    assert world.grid.transformers == ("T1",)
    assert (RENAMED in world.warnings()) == is_told
    fleet.write_text(header + "a,5,14,20,11,R81\nb,5,14,20,11,R11\n")
    outcome = CliRunner().invoke(app, ["run", *(word for text in texts for word in ("--set", text))])
    assert outcome.exit_code == 2
    assert "fleet.csv: feeder_node of EV a is 'R81'; expected 'R8', the nearest known name" in outcome.stderr


def test_without_a_feeder_its_nodes_do_not_count_and_a_node_is_the_grids(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    case = Scenario().update(fleet={"source": "csv", "path": path})
    header = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw"
    path.write_text(f"{header},feeder_node\na,5,14,20,11,R18\n")
    unused = Homes.build(case, np.random.default_rng(1))
    assert "the fleet's column feeder_node counts only beside a section [feeder]" in unused.warnings()
    path.write_text(f"{header},node\na,5,14,20,11,R18\nb,5,14,20,11,T2\n")
    assert Homes.build(case, np.random.default_rng(1)).grid.transformers == ("R18", "T2")
    path.write_text(f"{header},node\na,5,14,20,11,R18\n\nb,5,14,20,11,\n")
    with pytest.raises(FaultyInputError, match="line 4: node is empty; expected the name of a node of the grid"):
        Homes.build(case, np.random.default_rng(1))


def test_the_command_line_writes_tables_and_figures(tmp_path: Path, tree: Path) -> None:
    out = tmp_path / "out"
    arguments = ["run", str(tree / "scenarios/feeder_cigre.toml"), "--out", str(out), "--set", "run.engine=compiled"]
    outcome = CliRunner().invoke(app, arguments)
    assert outcome.exit_code == 0
    assert "lowest voltage [pu]" in outcome.stdout
    names = {path.name for path in out.rglob("*")}
    assert {"network.parquet", "voltage_profile.png", "voltage_band.png", "losses.png"} <= names
    summary = json.loads((out / "summary.json").read_text())
    assert summary["free"]["voltage_outside_slots"] > 0 == summary["voltage_outside_slots"]


def test_figures_show_the_tables_numbers(result: Result) -> None:
    figures = feeder_figures(result)
    profile = figures["voltage_profile"].axes[0]
    drawn = {line.get_label(): np.asarray(line.get_ydata()) for line in profile.get_lines()}
    table = result.network
    away = (table[["voltage_pu", "free_voltage_pu", "no_evs_voltage_pu"]] - 1).abs().max(axis=1)
    worst = table[table.slot == table.slot[away.idxmax()]]
    np.testing.assert_array_equal(drawn["with ants in batches of 5"], worst.voltage_pu)
    np.testing.assert_array_equal(drawn["with free charging"], worst.free_voltage_pu)
    for figure in figures.values():
        assert figure.axes[0].get_xlabel()
        assert figure.axes[0].get_ylabel().endswith("]")
        figure.canvas.draw()


def test_figures_of_free_charging_and_of_many_transformers_draw() -> None:
    for changes in (
        {"coordination": {"method": "free"}},
        {"transformer": {"count": 3}},
        {"feeder": {"source": "builtin"}},
    ):
        for figure in feeder_figures(simulate(CASE.update(**changes))).values():
            figure.canvas.draw()
