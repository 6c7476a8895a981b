"""Runs of charging stations: read back equal, the same bytes for a seed, own files work, faults are told."""

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import StepPatch
from typer.testing import CliRunner
from typer.testing import Result as Ended

from environment.feeders.power_flow import PowerFlow
from environment.input_faults import FaultyInputError
from runs.cli import app
from runs.comparison_plots import comparison_figures
from runs.figures import figures
from runs.homes.part import Homes
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate, summarize
from runs.stations.paper_c import paper_c
from runs.stations.part import StationPark
from runs.tables.schema import names_of
from runs.v2g.part import V2G
from tests.support.figures import faulty
from tests.support.worlds import run_stations

TINY = {"iterations": 5, "population": 20}
WORDS = ["--set", "scheduling.iterations=5", "--set", "scheduling.population=20"]
FIGURES = {
    "voltage_profile.png",
    "load.png",
    "voltage_band.png",
    "losses.png",
    "stations.png",
    "search.png",
    "triggers.png",
}
OFF = {"time": False, "region": False, "user": False, "emergency": False}
BUSY = {"users": 3000, "charging_a_day": 3000}
"""Few visits, so that runs are quick."""
STATIONS_FILE, USERS_FILE, FEEDER = "data/my_stations.csv", "data/my_users.csv", "data/my_feeder/"


def case(**sections: Any) -> Scenario:
    few = {"scheduling": {**TINY, **sections.pop("scheduling", {})}, "users": {**BUSY, **sections.pop("users", {})}}
    return paper_c(**few, **sections)


def evswarm(*words: str | Path) -> Ended:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(autouse=True)
def _in_the_tree(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree)


@pytest.fixture(scope="module")
def result() -> Result:
    events = {"voltage_a_day": 3.0, "supply_a_day": 3.0}
    return simulate(case(events=events, channel={"log": True}))


@pytest.fixture
def own(tree: Path, tmp_path: Path) -> Path:
    """Return a copy of the example of own stations, users and feeder."""
    (tmp_path / "data").mkdir()
    shutil.copy(tree / "scenarios/my_stations.toml", tmp_path)
    for name in ("my_stations.csv", "my_users.csv"):
        shutil.copy(tree / "scenarios/data" / name, tmp_path / "data")
    shutil.copytree(tree / "scenarios/data/my_feeder", tmp_path / "data/my_feeder")
    return tmp_path / "my_stations.toml"


def good_figures(result: Result) -> set[str]:
    """Return the files of a run's figures, which keep the laws of figures."""
    drawn = figures(result)
    assert faulty(drawn) == {}
    return {f"{name}.png" for name in drawn}


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def numbers(summary: dict[str, Any]) -> Iterator[float]:
    for value in summary.values():
        if isinstance(value, dict):
            yield from numbers(value)
        elif isinstance(value, (int, float)):
            yield value


def test_a_result_reads_back_equal(result: Result, tmp_path: Path) -> None:
    result.save(str(tmp_path))
    back = Result.load(str(tmp_path))
    assert repr(back) == repr(result)
    assert len(repr(result).splitlines()) <= 4
    assert back == result
    assert len(back.log) > 0
    (tmp_path / "stations.parquet").unlink()
    with pytest.raises(FaultyInputError, match="stations is missing"):
        Result.load(tmp_path)


def test_every_figure_of_the_summary_is_a_number_and_fits_json(result: Result) -> None:
    assert all(math.isfinite(value) for value in numbers(result.summary))
    assert json.loads(json.dumps(result.summary, allow_nan=False)) == result.summary


def test_the_summary_says_what_the_tables_say(result: Result) -> None:
    slots, visits, summary, before = result.station_slots, result.visits, result.summary, result.summary["free"]
    terms = [f"{name}_cost_yuan" for name in ("transformer", "storage", "line", "loss", "time")]
    expected = {
        "peak_kw": slots.drawn_kw.max(),
        "ev_peak_kw": slots.ev_kw.max(),
        "losses_kwh": slots.loss_kwh.sum(),
        "voltage_min_pu": result.stations.voltage_min_pu.min(),
        "voltage_max_pu": slots.voltage_max_pu.max(),
        "cost_yuan": slots.cost_yuan.sum(),
        "spread_mean_kw": slots.spread_kw.mean(),
        "satisfaction_mean": slots.satisfaction.mean(),
        "feasible_slots": slots.feasible.sum(),
        "served_kwh": visits.served_kwh.sum(),
        "unserved_kwh": visits.short_kwh.sum(),
        "charging_time_mean_h": visits[visits.served_slot >= 0].time_h.mean(),
        "shed_kwh": slots.shed_kw.sum() * 0.6,
        "short_slots": (slots.short_kw > 1e-9).sum(),
        "voltage_min_pu ": result.network[result.network.node.str.startswith("S")].voltage_min_pu.min(),
        "line_loading_max": result.network_branches[result.network_branches.kind == "line"].loading_max.max(),
        "transformer_loading_max": result.network_branches[
            result.network_branches.kind == "transformer"
        ].loading_max.max(),
        "fired_user": (result.triggers.trigger == "user").sum(),
        "time_cost_share": summary["time_cost_yuan"] / sum(summary[name] for name in terms),
        "cost_yuan ": sum(summary[name] for name in terms),
    }
    for name, value in expected.items():
        assert summary[name.strip()] == pytest.approx(value), name
    assert before["peak_kw"] == pytest.approx(slots.free_drawn_kw.max())
    assert before["losses_kwh"] == pytest.approx(slots.free_loss_kwh.sum())
    assert before["cost_yuan"] == pytest.approx(slots.free_cost_yuan.sum())
    assert summary["balance_error_kw"] < 1e-3


def test_one_seed_is_one_run_byte_for_byte_and_another_is_another(tmp_path: Path) -> None:
    for name, seed in {"one": 1, "again": 1, "other": 2}.items():
        (tmp_path / name).mkdir()
        simulate(case(run={"seed": seed}, horizon={"slots": 10})).save(tmp_path / name)
    for name in names_of(frozenset({"stations", "feeder"})):
        one, again, other = ((tmp_path / each / f"{name}.parquet").read_bytes() for each in ("one", "again", "other"))
        assert one == again, name
        assert one != other, name


def test_before_scheduling_is_a_run_without_optimizer_and_triggers(result: Result) -> None:
    plain = case(events=result.scenario.events.model_dump(), scheduling={"optimizer": "none"}, triggers=OFF)
    alone = simulate(plain)
    assert {name: alone.summary[name] for name in result.summary["free"]} == result.summary["free"]
    assert alone.summary["free"] == result.summary["free"]
    for name in ("drawn_kw", "loss_kwh", "voltage_min_pu", "cost_yuan"):
        np.testing.assert_array_equal(alone.station_slots[name], result.station_slots[f"free_{name}"])
    assert alone.triggers.empty
    assert alone.search.empty


@pytest.mark.parametrize("level", list(OFF))
def test_a_trigger_alone_is_the_only_one_that_fires(level: str) -> None:
    crowded = {**OFF, level: True, "crowded_kw": 100.0}
    few = {"capacity_min_kw": 200.0, "capacity_max_kw": 1000.0}
    struck = {"voltage_a_day": 5.0, "supply_a_day": 5.0}
    alone = simulate(case(triggers=crowded, stations=few, events=struck, users={"station_spread": 1.5}))
    assert alone.summary["triggers"] == level
    assert set(alone.triggers.trigger) == {level}
    assert alone.summary[f"fired_{level}"] == len(alone.triggers) > 0


@pytest.mark.slow
def test_every_figure_is_drawn_also_of_odd_cases_and_keeps_the_laws_of_figures(result: Result, own: Path) -> None:
    assert good_figures(result) == FIGURES
    none = case(scheduling={"optimizer": "none"}, triggers=OFF, users={"charging_a_day": 0})
    quiet = simulate(none)
    assert good_figures(quiet) == FIGURES - {"search.png"}
    few = Scenario.read(own).update(scheduling={"population": 5, "iterations": 0}, horizon={"slots": 1})
    (own.parent / USERS_FILE).write_text("user,station,arrive_h,energy_kwh\na,Market,0,20\n")
    short = simulate(few)
    assert good_figures(short) == FIGURES


def test_run_prints_writes_and_repeats_itself(tmp_path: Path) -> None:
    out, few = tmp_path / "out", ["--set", "users.charging_a_day=2000"]
    done = evswarm("run", "scenarios/paper_c.toml", *WORDS, *few, "--out", out)
    assert done.exit_code == 0, done.output
    for text in (
        "76 stations in 4 regions", "free charging", "scheduled by acso", "part of it that is time",
        "slots within 5 limits, at stations", "slots above a branch's rating", "satisfaction", "unserved", "Triggers", "emergency",
    ):  # fmt: skip
        assert text in done.stdout
    tables = {f"{name}.parquet" for name in names_of(frozenset({"stations", "feeder"}))}
    assert {path.name for path in out.iterdir()} == {"scenario.toml", "summary.json", "figures", ".evswarm", *tables}
    assert {path.name for path in (out / "figures").iterdir()} == FIGURES
    again = tmp_path / "again"
    assert evswarm("run", out / "scenario.toml", "--out", again, "--format", "csv").exit_code == 0
    assert (again / "stations.csv").exists()
    one, two = (json.loads((folder / "summary.json").read_text()) for folder in (out, again))
    for summary in (one, two):
        del summary["wall_s"]
    assert one == two


def test_schedulers_side_by_side(own: Path, tmp_path: Path) -> None:
    out = tmp_path / "compared"
    few = ("--set", "scheduling.iterations=1", "--set", "scheduling.population=5")
    done = evswarm("compare", str(own), *few, "--methods", "none,pso", "--out", str(out))
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out / "comparison.csv", index_col="method")
    assert table.index.tolist() == ["none", "pso"]
    for name in table.index:
        assert table.peak_kw[name] == Result.load(out / name).summary["peak_kw"]
    assert "scheduled by pso" in done.stdout
    assert "triggers alone" in done.stdout
    results = [Result.load(out / name) for name in table.index]
    figures = comparison_figures(results * 5)
    assert faulty(figures) == {}
    curves = [patch for patch in figures["load_curves"].axes[0].patches if isinstance(patch, StepPatch)][2:]
    looks = {(patch.get_edgecolor(), str(patch.get_linestyle())) for patch in curves}
    assert len(looks) == len(curves) == 10, "each method is drawn, and looks like no other"
    peaks = [f"peak {result.summary['peak_kw']:,.0f} kW" for result in results]
    assert all(peak in str(curve.get_label()) for peak, curve in zip(peaks * 5, curves, strict=True))


def test_stations_are_scheduled_in_one_process() -> None:
    spread = evswarm("run", "scenarios/paper_c.toml", "--workers", "2")
    assert spread.exit_code == 2
    assert "one control centre" in spread.stderr


@pytest.mark.slow
def test_a_sweep_switches_a_trigger(tmp_path: Path) -> None:
    few = ["--set", "users.charging_a_day=3000", "--set", "triggers.crowded_kw=200"]
    words = ["--vary", "triggers.user=true,false", "--replications", "2", "--engine", "serial", "--out", tmp_path / "s"]
    done = evswarm("sweep", "scenarios/paper_c.toml", *WORDS, *few, *words)
    assert done.exit_code == 0, done.output
    runs = pd.read_parquet(tmp_path / "s/runs.parquet")
    assert runs.status.tolist() == ["ok"] * 4
    shifted = runs.groupby("triggers.user").shifted_visits
    assert shifted.max()[False] == 0
    assert shifted.min()[True] > 0
    before = runs.groupby("replication")["free.peak_kw"].nunique()
    assert (before == 1).all(), "all points meet the same users"


def test_summaries_alone_are_those_of_results() -> None:
    short = case(horizon={"slots": 10})
    one, two = summarize(short), simulate(short).summary
    del one["wall_s"], two["wall_s"]
    assert one == two


def test_own_stations_users_and_feeder(own: Path, tmp_path: Path) -> None:
    checked = evswarm("check", own)
    assert checked.exit_code == 0, checked.stderr
    assert "6 stations in 2 regions on my_feeder, 160 visits" in " ".join(checked.stdout.split())
    done = evswarm("run", own, *WORDS, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    result = Result.load(tmp_path / "out")
    assert result.summary["served_visits"] == 160
    assert result.summary["wanted_kwh"] == pytest.approx(pd.read_csv(own.parent / "data/my_users.csv").energy_kwh.sum())
    by_region = dict(zip(result.stations.station, result.stations.region, strict=True))
    assert by_region == {
        "Harbour": "west", "Market": "west", "Station": "west", "Mill": "east", "School": "east", "Stadium": "east",
    }  # fmt: skip
    assert result.stations.groupby("station").plugged.max().le(2 * 5).all()
    assert not result.stations[result.stations.station == "Mill"].storage_kw.any(), "it has no storage"
    for evaluator in ("powerflow", "coefficients"):
        sets = ["--set", f"scheduling.evaluator={evaluator}", "--set", "scheduling.optimizer=pso"]
        assert evswarm("run", own, *WORDS, *sets).exit_code == 0


def test_the_order_of_users_and_stations_in_a_file_changes_no_load_before_scheduling(own: Path) -> None:
    first = simulate(Scenario.read(own).update(scheduling={"optimizer": "none"}, triggers=OFF))
    for name in ("my_stations.csv", "my_users.csv"):
        file = own.parent / "data" / name
        pd.read_csv(file).sample(frac=1, random_state=3).to_csv(file, index=False)
    changed(own, "region_weights = [1.2, 0.8]", "region_weights = [0.8, 1.2]")
    second = simulate(Scenario.read(own).update(scheduling={"optimizer": "none"}, triggers=OFF))
    assert second.stations.region[0] == "east", "or the weights are not to be turned round"
    np.testing.assert_allclose(first.station_slots.drawn_kw, second.station_slots.drawn_kw)
    np.testing.assert_allclose(first.station_slots.cost_yuan, second.station_slots.cost_yuan)
    np.testing.assert_allclose(first.station_slots.satisfaction, second.station_slots.satisfaction)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (STATIONS_FILE, "Market,Market,", "Market,Markt,", "node of station Market is 'Markt'; expected 'Market', the"),
        (STATIONS_FILE, "Market,Market,", "Market,,", "node of station Market is empty"),
        (STATIONS_FILE, "Mill,Mill,", "Mill,School,", "behind T5 with another station"),
        (STATIONS_FILE, "Mill,Mill,", "Mill,M4,", "node of station Mill is 'M4', behind no transformer"),
        (STATIONS_FILE, "Mill,Mill,", "Market,Mill,", "a name that no other line has"),
        (STATIONS_FILE, "east,3,0", "north,3,0", "2 numbers for 3 regions (west, north, east)"),
        (STATIONS_FILE, "east,3,0", "east,0,0", "line 5: piles is '0'; expected a whole number of at least 1"),
        (STATIONS_FILE, "station,node,region", "station,node,regin", "column region is missing"),
        (USERS_FILE, "u001,", "u001,Markett#", "line 2: "),
        (USERS_FILE, ",Stadium,", ",Stadium 2,", "line 2: station is 'Stadium 2'; expected 'Stadium', the nearest known"),
        (USERS_FILE, "energy_kwh", "energy_kw", "column energy_kwh is missing"),
        (f"{FEEDER}Line.csv", "L6;M5;M6;cable 150;2.5\n", "", "M6, Stadium"),
        (f"{FEEDER}Transformer.csv", "T6;M6;Stadium;0.8 MVA 10/0.4 kV;0\n", "", "Stadium"),
        (f"{FEEDER}Line.csv", "cable 150;2.0", "cable 150;0", "L1"),
        (f"{FEEDER}TransformerType.csv", "0.4;6;8.5", "0.4;0;0", "T1"),
        (f"{FEEDER}Node.csv", "Mill;node;NULL;0.4", "Mill;node;NULL;0.38", "380 to 400 V; expected the same for all"),
        ("my_stations.toml", "region_weights = [1.2, 0.8]", "region_weights = [1.0]", "1 numbers for 2 regions"),
        ("my_stations.toml", "slot_min = 36", "slot_min = 30", "stations.time_max_h is 0.6 in slots of 0.5 h; expected slots at"),
        ("my_stations.toml", "[users]", "[run]\nengine = 'compiled'\n[channel]\nlog = true\n[users]", "run.engine is 'compiled' with channel.log"),
        ("my_stations.toml", "[users]", "[peak_shaving]\n[users]", "there beside [peak_shaving]"),
        ("my_stations.toml", "crowded_kw", "crowd_kw", "'crowded_kw', the nearest known name"),
        ("my_stations.toml", "[scheduling]", "[scheduling]\noptimizer = 'aco'", "the nearest known name"),
        ("my_stations.toml", "data/my_stations.csv", "data/none.csv", "none.csv: file is missing"),
        ("my_stations.toml", "peak_kw = 500.0", "peak_kw = 500000.0", "stations draw 0 kW beside"),
        ("my_stations.toml", 'source = "simbench"', 'source = "cigre_lv"', "no such key with this source"),
    ],
)  # fmt: skip
def test_bad_input_is_named_and_ends_with_2(own: Path, file: str, old: str, new: str, told: str) -> None:
    changed(own.parent / file, old, new)
    for words in (["run", own, *WORDS, "--out", own.parent / "out"], ["check", own]):
        done = evswarm(*words)
        assert done.exit_code == 2, done.output
        assert told in done.stderr, done.stderr
        assert "nothing was written" in done.stderr
    assert not (own.parent / "out").exists()


def test_faults_of_all_files_are_told_at_once(own: Path) -> None:
    changed(own.parent / STATIONS_FILE, "Market,Market,", "Market,Markt,")
    changed(own, "[triggers]", "[tariff]\nsource = 'csv'\npath = 'prices.csv'\n[triggers]\ncrowd_kw = 3")
    told = evswarm("run", own).stderr
    for text in ("'Markt'", "prices.csv", "'crowded_kw'", "3 faults"):
        assert text in told


def test_the_built_in_stations_need_the_built_in_feeder(own: Path) -> None:
    changed(own, 'path = "data/my_stations.csv"', "#")
    done = evswarm("check", own)
    assert done.exit_code == 2
    assert "stations.path is left out, and my_feeder has no node S1-01" in done.stderr


def test_sections_that_do_not_count_are_named(own: Path) -> None:
    rng = np.random.default_rng(1)
    ants = Scenario().update(users={"users": 12_000}, triggers={"user": False}, tariff={"source": "beijing"})
    assert Homes.build(ants, rng).warnings()[-2:] == [
        "[tariff] counts only beside a section [peak_shaving] or [stations]",
        "[users], [triggers] count only beside a section [stations]",
    ]
    store = Scenario().update(peak_shaving={}, events={"supply_part": 0.5}, tariff={"source": "beijing"})
    assert V2G.build(store, rng).warnings()[-1] == "[events] counts only beside a section [stations]"
    own_case = Scenario.read(own).update(
        grouping={"tactic": "tactic_1"},
        tariff={"source": "beijing"},
        fleet={"vehicles": 3},
        channel={"loss": 0.1, "fallback": "spare_capacity"},
    )
    assert StationPark.build(own_case, rng).warnings() == [
        "[grouping] counts only beside a section [peak_shaving]",
        "[fleet] counts only without a section [stations]",
        "channel.fallback counts only with ants, who go by boards",
    ]
    told = evswarm("check", own, "--set", "fleet.vehicles=3")
    assert told.exit_code == 0
    assert "warning: [fleet] counts only without a section [stations]" in told.stderr


@pytest.mark.slow
def test_warnings_say_how_a_run_went(own: Path) -> None:
    def warned(**sections: Any) -> str:
        return "\n".join(simulate(Scenario.read(own).update(**sections)).summary["warnings"])

    assert warned(scheduling={"population": 50, "iterations": 20}) == ""
    narrow = {"voltage_min_pu": 0.999, "voltage_max_pu": 1.0}
    broken = warned(feeder=narrow, scheduling=TINY)
    assert "the search, by the paper's coefficients, found no schedule within all limits in 40 of 40 slots" in broken
    assert "by the power flow" in broken
    assert "searched for" not in broken, "free charging is no better"
    flat = {"voltage_min_pu": 0.97, "voltage_max_pu": 1.01}
    worse = warned(feeder=flat, scheduling={**TINY, "weight_voltage": 0.0})
    for cause in ("coefficients know no lines", "F holds no voltage", "the search is short"):
        assert cause in worse
    assert "F holds no voltage" not in warned(feeder=flat, scheduling={**TINY, "weight_voltage": 0.4})
    assert "coefficients" not in warned(feeder=narrow, scheduling={**TINY, "evaluator": "powerflow"})
    for _ in range(12):
        with (own.parent / USERS_FILE).open("a") as stream:
            stream.write("late,Mill,23.4,30,60,0\n")
    assert "6 of 172 visits still wait when the horizon ends" in warned(scheduling=TINY)


def test_visits_that_no_station_has_time_for_are_told_before_the_run(own: Path) -> None:
    changed(own, 'path = "data/my_users.csv"', "#")
    told = " ".join(evswarm("check", own).stderr.split())
    assert "visits are too many for 48 places and 40 slots" in told


def test_ratings_are_told_beside_the_limits(own: Path) -> None:
    changed(own.parent / f"{FEEDER}TransformerType.csv", ";0.8;", ";0.2;")
    result = simulate(Scenario.read(own).update(scheduling=TINY))
    over = result.network_branches[result.network_branches.loading_max > 1]
    assert set(over.kind) == {"transformer"}
    assert over.rated_kva.unique().tolist() == [200.0]
    assert result.summary["overloaded_slots"] > 0
    assert set(over.worst_slot) <= set(result.station_slots.slot[result.station_slots.ev_kw > 0])
    plain = simulate(Scenario.read(own).update(scheduling={"optimizer": "none"}, triggers=OFF))
    assert plain.network_branches.loading_max.tolist() == result.network_branches.free_loading_max.tolist()
    assert (plain.network_branches.loading_max != result.network_branches.loading_max).any()
    (told,) = (text for text in result.summary["warnings"] if "passes its rating" in text)
    assert over.branch[over.loading_max.idxmax()] in told
    assert "ratings are none of the five limits" in told


def test_an_emergency_that_nothing_struck_is_told_apart(own: Path) -> None:
    calm = {"voltage_a_day": 0.0, "supply_a_day": 0.0}
    narrow = {"voltage_min_pu": 0.995}
    alone = simulate(Scenario.read(own).update(scheduling=TINY, feeder=narrow, events=calm))
    summary = alone.summary
    assert 0 < summary["emergency_slots"] == summary["emergency_unstruck_slots"]
    assert any("nothing struck" in text for text in summary["warnings"])
    struck = {"voltage_a_day": 100.0, "supply_a_day": 0.0}
    both = simulate(Scenario.read(own).update(scheduling=TINY, feeder=narrow, events=struck)).summary
    assert both["emergency_slots"] > 0 == both["emergency_unstruck_slots"]


def test_before_scheduling_taps_stand_as_the_feeder_has_them(own: Path) -> None:
    changed(
        own.parent / f"{FEEDER}Transformer.csv",
        "T6;M6;Stadium;0.8 MVA 10/0.4 kV;0",
        "T6;M6;Stadium;0.8 MVA 10/0.4 kV;2",
    )
    world, _, plain = run_stations(Scenario.read(own).update(scheduling={"iterations": 0, "population": 5}))
    row = world.feeder.transformer.tolist().index("T6")
    assert world.feeder.transformer_tap_v[row] != 0
    load_kw, load_kvar = world.state.base
    load_kw, load_kvar = load_kw.copy(), load_kvar.copy()
    power_kw = plain.track.power_kw
    load_kw[:, world.stations.node] += power_kw
    load_kvar[:, world.stations.node] += power_kw * world.placement.ev_kvar_per_kw
    fixed = PowerFlow(world.feeder).solve(load_kw, load_kvar)
    np.testing.assert_allclose(plain.grid.node_pu, fixed.voltage_pu, rtol=0, atol=1e-7)
