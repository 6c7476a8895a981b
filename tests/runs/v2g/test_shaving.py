"""Runs of peak shaving: agents and compiled code are one model, energy closes, results read back, faults are told."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.patches import StepPatch
from typer.testing import CliRunner
from typer.testing import Result as Ended

from coordination.peak_shaving.power_sharing import TACTICS
from environment.input_faults import FaultyInputError
from runs.cli import app
from runs.homes.part import Homes
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from runs.tables.schema import names_of
from runs.v2g.paper_b import paper_b
from runs.v2g.part import V2G
from tests.support.laws import examples
from tests.support.worlds import run_v2g

SMALL = {
    "fleet": {"vehicles": 20},
    "load": {"peak_kw": 1000.0, "valley_kw": 450.0},
    "peak_shaving": {"optimizer": "exact"},
}
WORDS = [
    "--set", "fleet.vehicles=20", "--set", "peak_shaving.optimizer=pso", "--set", "peak_shaving.iterations=3",
]  # fmt: skip


def scenario(**sections: Any) -> Scenario:
    merged = {name: {**SMALL.get(name, {}), **sections.get(name, {})} for name in {**SMALL, **sections}}
    return Scenario().update(**merged)


def both(case: Scenario) -> tuple[Result, Result]:
    agents, compiled = (simulate(case.update(run={"engine": engine})) for engine in ("agents", "compiled"))
    return agents, compiled


def assert_alike(agents: Result, compiled: Result) -> None:
    for name, table in agents.tables.items():
        pd.testing.assert_frame_equal(table, compiled.tables[name], check_exact=True)
    for summary in (one := dict(agents.summary), two := dict(compiled.summary)):
        del summary["wall_s"]
    assert one == two


def evswarm(*words: str | Path) -> Ended:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate(scenario(participation={"leave_early": 0.3}, channel={"log": True}))


@given(
    tactic=st.sampled_from(sorted(TACTICS)),
    seed=st.integers(0, 10_000),
    vehicles=st.integers(1, 25),
    early=st.sampled_from([0.0, 0.3, 1.0]),
    slot=st.sampled_from([(60, 0), (15, 0), (5, 100), (60, 72)]),
    stays=st.sampled_from(["daily", "once", "always"]),
    soc_start=st.sampled_from(["uniform", "fleet"]),
    reading=st.sampled_from(["cumulative", "per_interval"]),
    optimizer=st.sampled_from(["exact", "pso"]),
    mixed=st.booleans(),
    fluctuation=st.sampled_from([0.0, 0.1]),
    end=st.sampled_from(["need", "cyclic", "free"]),
    limit=st.sampled_from([40.0, 52.0, 1e6]),
)
@examples(2 / 5)
def test_agents_and_compiled_code_do_the_same(
    tactic: str, seed: int, vehicles: int, early: float, slot: tuple[int, int], stays: str, soc_start: str, reading: str,
    optimizer: str, mixed: bool, fluctuation: float, end: str, limit: float,
) -> None:  # fmt: skip
    types = (
        {"name": "a", "share": 0.5, "capacity_kwh": 20.0, "power_kw": 3.7},
        {"name": "b", "share": 0.5, "capacity_kwh": 60.0, "power_kw": 11.0},
    )
    case = scenario(
        fleet={"vehicles": vehicles, **({"types": types} if mixed else {})},
        horizon={"slot_min": slot[0], "slots": slot[1]},
        load={"peak_kw": 50.0 * vehicles, "valley_kw": 22.0 * vehicles, "fluctuation": fluctuation},
        transformer={"limit_kw": limit * vehicles, "feed_in_limit_kw": 0.0},
        participation={"stays": stays, "leave_early": early, "soc_start": soc_start, "end": end},
        grouping={"tactic": tactic},
        peak_shaving={
            "optimizer": optimizer, "ageing_reading": reading, "weight_cost": 0.1, "population": 8, "iterations": 5,
        },
        run={"seed": seed},
    )  # fmt: skip
    agents, compiled = both(case)
    assert_alike(agents, compiled)
    lay_open(compiled)
    if end == "need" and early == 0 and limit == 1e6:
        assert_needs_are_met(compiled)


def assert_needs_are_met(result: Result) -> None:
    """Every EV leaves with what it asks for, or with what charging all the time would have given it."""
    world = V2G.build(result.scenario, np.random.default_rng(result.scenario.run.seed))
    evs = result.v2g_vehicles
    added = evs.power_kw * evs.efficiency * (evs.plug_out_h - evs.plug_in_h) / evs.capacity_kwh
    alone = np.minimum(evs.soc_plug_in + added, world.settings.soc_max)
    leaves = evs.plug_out_h < world.horizon.hours
    assert (evs.soc_plug_out >= np.minimum(world.asked_soc, alone) - 1e-9)[leaves].all()


def lay_open(result: Result) -> None:
    """Whatever the case: energy closes, nobody leaves its bounds, limits hold, and without needs no slot does more than asked."""
    evs, slots, slot_h = result.v2g_vehicles, result.v2g_slots, result.scenario.horizon.slot_h
    stored = (evs.soc_end - evs.soc_start) * evs.capacity_kwh
    np.testing.assert_allclose(evs.charged_kwh - evs.discharged_kwh, stored + evs.lost_kwh, atol=1e-9)
    np.testing.assert_allclose(slots.response_kw.sum() * slot_h, (stored + evs.lost_kwh).sum(), atol=1e-8)
    np.testing.assert_allclose(result.v2g_groups.groupby("slot").response_kw.sum(), slots.response_kw, atol=1e-9)
    chosen = result.scenario.peak_shaving
    assert chosen is not None
    assert (evs.soc_end >= np.minimum(evs.soc_start, chosen.soc_min)).all()
    assert (evs.soc_end <= np.maximum(evs.soc_start, chosen.soc_max)).all()
    assert (slots.present <= slots.available).all()
    if result.scenario.participation.end == "free":
        assert (slots.response_kw.abs() <= slots.signal_kw.abs() + 1e-9).all()
        assert (slots.response_kw * slots.signal_kw >= 0).all()
    if result.scenario.participation.end == "cyclic" and result.scenario.participation.leave_early == 0:
        assert result.scenario.load.fluctuation > 0 or (evs.soc_end >= evs.soc_start - 1e-9).all()
    least, largest = result.scenario.transformer.all_limits_kw
    assert (slots.total_kw <= np.maximum(slots.actual_kw, largest)).all(), "no further beyond a limit than without EVs"
    assert (slots.total_kw >= np.minimum(slots.actual_kw, least)).all()
    assert json.loads(json.dumps(result.summary, allow_nan=False)) == result.summary
    assert (evs.years.isna() == (evs.life_loss_percent == 0)).all()  # no life lost: no years
    assert not np.isinf(evs.years).any()


@pytest.mark.parametrize("tactic", sorted(TACTICS))
def test_every_tactic_follows_the_same_signal_for_three_days(tactic: str) -> None:
    case = scenario(
        horizon={"slot_min": 15, "slots": 288}, grouping={"tactic": tactic}, run={"engine": "compiled"},
        participation={"stays": "always"}, peak_shaving={"weight_cost": 0.0},
    )  # fmt: skip
    result = simulate(case)
    lay_open(result)
    assert result.summary["days"] == 3.0
    assert result.summary["exact_is_optimal"]
    assert result.summary["peak_valley_rate"] < result.summary["no_evs"]["peak_valley_rate"]
    assert result.summary["deviation_max_kw"] < 0.1 * 20 * 7.5


def test_the_spread_within_groups_falls_in_every_slot_by_the_proposed_tactic() -> None:
    alike = ({"name": "suv", "share": 1.0, "capacity_kwh": 35.0, "power_kw": 7.5},)
    case = scenario(
        fleet={"vehicles": 100, "types": alike}, horizon={"slot_min": 15}, participation={"stays": "always"}
    )
    groups = simulate(case.update(run={"engine": "compiled"})).v2g_groups.dropna()
    assert (groups.soc_std_after <= groups.soc_std_before + 1e-12).all()
    assert groups.soc_std_after.mean() < groups.soc_std_before.mean()


def test_the_signal_cannot_be_followed_when_all_leave_at_once_and_the_books_say_so() -> None:
    result = simulate(scenario(participation={"leave_early": 1.0}, run={"engine": "compiled"}))
    lay_open(result)
    assert result.summary["deviation_max_kw"] > 1.0
    assert (result.v2g_slots.present < result.v2g_slots.available).any()


@pytest.mark.parametrize(
    "odd",
    [
        {"fleet": {"vehicles": 1}},
        {"load": {"peak_kw": 500.0, "valley_kw": 500.0}},
        {"peak_shaving": {"weight_cost": 0.0, "weight_difference": 0.0}},
        {"peak_shaving": {"weight_cost": 0.0}, "load": {"peak_kw": 1e6, "valley_kw": 1.0}},
        {"peak_shaving": {"soc_min": 0.79}},
        {"peak_shaving": {"soc_min": 0.0, "soc_max": 1.0}},
        {"peak_shaving": {"optimizer": "igeo", "iterations": 0, "population": 5}},
        {"horizon": {"slot_min": 5}},
        {"horizon": {"slot_min": 1440}},
        {"horizon": {"slots": 1}},
        {"transformer": {"count": 3}},
        {"participation": {"stays": "once"}, "horizon": {"slots": 72}},
    ],
)
def test_odd_cases_run_to_the_end(odd: dict[str, Any]) -> None:
    lay_open(simulate(scenario(**odd, run={"engine": "compiled"})))


def test_nobody_at_the_grid_in_any_slot(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("hour,vehicles\n0,0\n12,0\n")
    agents, compiled = both(scenario(participation={"available_path": path}))
    assert_alike(agents, compiled)
    assert not compiled.v2g_slots.response_kw.any()
    assert set(compiled.messages.kind) == {"forecast", "prices", "enrolment", "least_soc", "tracking"}
    assert compiled.summary["years_min"] is None
    assert compiled.v2g_vehicles.years.isna().all()


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_one_seed_is_one_run_and_another_is_another(engine: str) -> None:
    case = scenario(run={"engine": engine}, peak_shaving={"optimizer": "igeo", "iterations": 3})
    assert_alike(simulate(case), simulate(case))
    assert not simulate(case).v2g_slots.equals(simulate(case.update(run={"seed": 2})).v2g_slots)


def test_a_result_reads_back_equal(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path)
    back = Result.load(str(tmp_path))
    assert repr(back) == repr(result)
    assert len(repr(result).splitlines()) <= 4
    assert back == result
    assert back.summary == result.summary
    assert back.scenario.to_toml() == result.scenario.to_toml()
    assert len(back.log) == result.summary["messages"] > 0
    assert "asked" in (tmp_path / "timeline.txt").read_text()
    (tmp_path / "v2g_groups.parquet").unlink()
    with pytest.raises(FaultyInputError, match="v2g_groups is missing"):
        Result.load(tmp_path)


def test_tables_as_csv(result: Result, tmp_path: Path) -> None:
    result.save(tmp_path, table_format="csv")
    slots = pd.read_csv(tmp_path / "v2g_slots.csv", parse_dates=["start"])
    np.testing.assert_allclose(slots.response_kw, result.v2g_slots.response_kw)
    assert {f"{name}.csv" for name in result.tables} < {path.name for path in tmp_path.iterdir()}


def test_warnings_tell_what_to_know() -> None:
    def warned(**sections: Any) -> str:
        return "\n".join(simulate(scenario(**sections)).summary["warnings"])

    free = {"participation": {"end": "free", "stays": "always"}}
    assert warned(**free) == ""
    poor = {"optimizer": "random", "iterations": 0, "population": 5}
    assert warned(peak_shaving=poor, **free).startswith("the signal is worse than doing nothing"), "it comes first"
    assert warned(peak_shaving=poor).startswith("the signal is worse than charging only what needs ask for")
    assert "keeps all constraints" in warned(peak_shaving={**poor, "soc_min": 0.49, "soc_max": 0.51}, **free)
    dear = {"tariff": {"flat_yuan_per_kwh": 5.0, "discharge_ratio": 2.0}}
    assert "no exact reference" in warned(**dear, peak_shaving={"optimizer": "pso", "iterations": 2})
    down = {"restarts": [{"at_h": 3.0}], "fallback": "spare_capacity"}
    assert "channel.restarts, channel.fallback count only with ants, who go by boards" in warned(channel=down)
    assert "channel" not in warned(channel={"loss": 0.1}, **free)
    full = {"load": {"peak_kw": 1000.0, "valley_kw": 100.0}, "peak_shaving": {"weight_cost": 0.0, "soc_max": 0.55}}
    assert "charges and discharges at once" in warned(**full, horizon={"start": "2010-07-12T00:00"})


def test_the_world_is_posed_as_the_scenario_says() -> None:
    case = scenario(transformer={"count": 2}, load={"peak_kw": 1000.0})
    world = V2G.build(case, np.random.default_rng(1))
    problem = world.problem
    assert problem.load_kw.max() == pytest.approx(2000.0)
    assert problem.capacity_kwh == pytest.approx(world.fleet.capacity_kwh.sum())
    assert problem.soc_start == pytest.approx((world.soc_start * world.fleet.capacity_kwh).sum() / problem.capacity_kwh)


def fault(*words: str) -> str:
    settings_ = [part for word in words for part in ("--set", word)]
    done = evswarm("run", "--set", "fleet.vehicles=20", *settings_)
    assert done.exit_code == 2, done.output
    assert "nothing was written" in done.stderr
    return done.stderr


def test_faults_are_told_with_the_nearest_name(tmp_path: Path) -> None:
    assert "'igeo', the nearest" in fault("peak_shaving.optimizer=igo")
    assert "'tactic_3', the nearest" in fault("peak_shaving.iterations=2", "grouping.tactic=tactic3")
    assert "a floor below the ceiling" in fault("peak_shaving.soc_min=0.9")
    assert "'optimizer', the nearest" in fault("peak_shaving.optimiser=pso")
    dear = ["tariff.flat_yuan_per_kwh=5", "tariff.discharge_ratio=2"]
    assert "peak_shaving.optimizer is 'exact'" in fault("peak_shaving.optimizer=exact", *dear)
    path = tmp_path / "n.csv"
    path.write_text("hour,vehicles\n0,21\n12,0\n")
    assert "at most the fleet's 20" in fault("peak_shaving.iterations=2", f"participation.available_path={path}")
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,5,2,4\n")
    words = ["peak_shaving.iterations=2", "fleet.source=csv", f"fleet.path={fleet}"]
    done = evswarm("run", *[part for word in words for part in ("--set", word)])
    assert done.exit_code == 2
    assert "capacity_kwh is unknown for 1 of 1 EVs, 'a' the first" in done.stderr


def test_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    words = [
        "peak_shaving.iterations=2", "tariff.source=csv", f"tariff.path={tmp_path / 'prices.csv'}",
        f"participation.available_path={tmp_path / 'numbers.csv'}", "grouping.stepness=2",
    ]  # fmt: skip
    told = fault(*words)
    for name in ("prices.csv", "numbers.csv", "'steepness'", "3 faults"):
        assert name in told


def test_check_finds_what_a_run_would(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text('[peak_shaving]\noptimizer = "exact"\n')
    done = evswarm("check", path)
    assert done.exit_code == 0
    assert "A fleet of 500 EVs that gives back, 24 slots" in done.stdout
    path.write_text('[peak_shaving]\noptimizer = "exact"\n[tariff]\nflat_yuan_per_kwh = 5.0\ndischarge_ratio = 2.0\n')
    assert evswarm("check", path).exit_code == 2


def v2g(folder: Path, stays: str, **sections: dict[str, Any]) -> Result:
    """Run a small fleet by cost alone, under a load of 100 kW and a price that is below zero from 12 to 15 h."""
    (folder / "fleet.csv").write_text(
        f"vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in\n{stays}"
    )
    price = [-0.5 if 12 <= hour < 15 else 1.0 for hour in range(24)]
    for name, unit, values in (("price", "yuan_per_kwh", price), ("load", "load_kw", [100.0] * 24)):
        rows = [f"{hour},{value}" for hour, value in enumerate(values)]
        (folder / f"{name}.csv").write_text("\n".join([f"hour,{unit}", *rows]))
    chosen: dict[str, dict[str, Any]] = {
        "horizon": {"start": "2024-05-06T00:00"},
        "load": {"source": "csv", "path": folder / "load.csv"},
        "fleet": {"source": "csv", "path": folder / "fleet.csv"},
        "tariff": {"source": "csv", "path": folder / "price.csv"},
        "transformer": {"limit_kw": 500.0},
        "peak_shaving": {"optimizer": "exact", "weight_difference": 0.0, "weight_cost": 1.0},
        "participation": {"stays": "once", "soc_start": "fleet"},
    }
    merged = {name: {**chosen.get(name, {}), **sections.get(name, {})} for name in {**chosen, **sections}}
    one, other = both(Scenario().update(**merged))
    assert_alike(one, other)
    lay_open(one)
    return one


ALL_DAY = "low,0,24,10,7,40,0.10\nok,0,24,10,7,40,0.5\nfull,0,24,1,7,40,0.97\n"
EARLY = "early,0,6,20,7,40,0.5\nstay,0,24,10,7,40,0.5\n"


@pytest.mark.parametrize(("limit", "charged", "given", "profit"), [(110, 30.0, 68.8, 30.88), (500, 63.0, 101.8, 52.66)])
def test_a_fleet_below_a_limit_earns_what_an_independent_programme_says(
    tmp_path: Path, limit: float, charged: float, given: float, profit: float
) -> None:
    result = v2g(tmp_path, ALL_DAY, transformer={"limit_kw": limit})
    signal = result.v2g_slots.signal_kw
    assert signal.clip(lower=0).sum() == pytest.approx(charged)
    assert -signal.clip(upper=0).sum() == pytest.approx(given)
    assert -result.summary["signal_cost_yuan"] == pytest.approx(profit, abs=0.005)
    assert result.summary["signal_is_feasible"]
    assert result.v2g_slots.total_kw.max() <= limit
    warnings = "\n".join(result.summary["warnings"])
    assert "1 EV at first below the floor of 0.2, such as 'low' with 0.1" in warnings
    assert "1 EV at first above the ceiling of 0.8, such as 'full' with 0.97" in warnings
    assert "at the grid when the horizon ends, with less than they ask for" in warnings


def test_an_ev_that_leaves_early_leaves_with_what_it_needs(tmp_path: Path) -> None:
    result = v2g(tmp_path, EARLY)
    early = result.v2g_vehicles.set_index("vehicle").loc["early"]
    assert (early.plug_in_h, early.plug_out_h, early.stays) == (0.0, 6.0, 1)
    assert (early.soc_plug_in, early.soc_plug_out) == (0.5, pytest.approx(0.8)), "12 of 20 kWh: the ceiling"
    assert early.unserved_kwh == pytest.approx(8.0)
    warnings = "\n".join(result.summary["warnings"])
    assert "1 EV ('early' 8 kWh) asked for beyond the ceiling of 0.8: not held" in warnings
    whole = v2g(tmp_path, EARLY, peak_shaving={"soc_max": 1.0})
    assert whole.v2g_vehicles.set_index("vehicle").loc["early"].soc_plug_out == pytest.approx(1.0), "all its 20 kWh"
    free = v2g(tmp_path, EARLY, participation={"end": "free"})
    assert free.v2g_vehicles.set_index("vehicle").loc["early"].soc_plug_out == pytest.approx(0.2)
    assert free.summary["unserved_kwh"] == pytest.approx(20 + 12 + 10 + 12)


def test_a_cyclic_fleet_ends_as_full_as_it_began_and_a_need_can_be_the_same_for_all(tmp_path: Path) -> None:
    cyclic = v2g(tmp_path, ALL_DAY, participation={"end": "cyclic"}).v2g_vehicles
    assert (cyclic.soc_end >= cyclic.soc_start - 1e-9).all()
    same = v2g(tmp_path, EARLY, participation={"soc_need": 0.7}).v2g_vehicles.set_index("vehicle")
    assert same.loc["early"].soc_plug_out == pytest.approx(0.7)


def test_what_a_limit_leaves_no_time_for_is_named(tmp_path: Path) -> None:
    result = v2g(tmp_path, EARLY, transformer={"limit_kw": 101.0})
    assert result.v2g_slots.total_kw.max() <= 101.0
    early = result.v2g_vehicles.set_index("vehicle").loc["early"]
    assert early.soc_plug_out == pytest.approx(0.5 + 6 / 40), "1 kW for six hours"
    assert "1 EV ('early' 6 kWh) left with less than they need" in result.summary["warnings"]


def test_who_is_never_there_and_who_ends_emptier_than_held_to_are_named(tmp_path: Path) -> None:
    short = v2g(tmp_path, f"{EARLY}short,8.2,8.9,5,7,40,0.5\n").summary["warnings"]
    assert "1 EV ('short' 5 kWh) never at the grid for a whole slot" in short
    cyclic = {"end": "cyclic", "leave_early": 1.0}
    left = "\n".join(v2g(tmp_path, ALL_DAY, participation=cyclic).summary["warnings"])
    assert "emptier at the end than at the beginning" in left


def test_what_the_load_alone_breaks_is_told_and_evs_take_it_no_further(tmp_path: Path) -> None:
    result = v2g(tmp_path, EARLY, transformer={"limit_kw": 95.0})
    assert "the load without EVs is above the limit of 95 kW in 24 slots, by 5.0 kW at most" in "".join(
        result.summary["warnings"]
    )
    assert (result.v2g_slots.total_kw <= 100).all()
    assert (result.v2g_slots.total_kw < 100).any(), "they help"


def test_a_large_fleet_keeps_the_limit_that_its_load_alone_keeps() -> None:
    case = Scenario().update(
        load={"peak_kw": 1400.0},
        transformer={"limit_kw": 1615.0},
        peak_shaving={
            "optimizer": "exact", "weight_difference": 0.05, "weight_cost": 0.95, "ageing_yuan_per_kwh": 0.0,
        },
        participation={"end": "free"},
        run={"engine": "compiled"},
    )  # fmt: skip
    result = simulate(case)
    assert result.v2g_slots.total_kw.max() == pytest.approx(1615.0), "it would take more"
    assert result.summary["overload_slots"] == 0


def test_what_is_not_read_beside_the_section_is_named(tmp_path: Path) -> None:
    stays = "a,0,6,2,7,40,0.5,T1\nb,0,24,1,7,40,0.5,T2\n"
    (tmp_path / "fleet.csv").write_text(
        f"vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh,soc_plug_in,transformer\n{stays}"
    )
    case = Scenario().update(
        fleet={"source": "csv", "path": tmp_path / "fleet.csv"},
        transformer={"lines": 2},
        coordination={"batch_size": 5},
        peak_shaving={"optimizer": "exact"},
        participation={"stays": "once", "end": "free", "soc_need": 0.5},
    )
    warnings = V2G.build(case, np.random.default_rng(1)).warnings()
    assert warnings[0].startswith("the fleet's column node (or transformer) does not count")
    assert warnings[1].startswith("the fleet's column soc_plug_in does not count: states of charge are drawn")
    idle = " ".join(warnings)
    for key in ("participation.soc_need", "[coordination]", "transformer.lines"):
        assert f"{key} counts only" in idle
    (tmp_path / "fleet.csv").write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,capacity_kwh\na,0,6,2,7,40\n")
    unstated = V2G.build(case, np.random.default_rng(1))
    assert unstated.holds == "A fleet of 1 EV that gives back"
    assert not any("soc_plug_in" in text for text in unstated.warnings()), "no such column"


def test_the_scenario_of_paper_b_is_sound(tree: Path) -> None:
    path = tree / "scenarios/paper_b.toml"
    assert evswarm("check", path).exit_code == 0
    case = Scenario.read(path)
    result = simulate(case.update(run={"engine": "compiled"}))
    lay_open(result)
    assert result.summary["no_evs"]["peak_valley_rate"] == pytest.approx(0.5503, abs=1e-9)
    assert (result.v2g_vehicles.capacity_kwh == 35.0).all()
    assert (result.v2g_vehicles.power_kw == 7.5).all()
    assert len(result.v2g_vehicles) == 300
    assert len(result.v2g_slots) == 96
    assert case.update(horizon={"slots": 96}, transformer={"limit_kw": 1e9}) == paper_b(), "the study's case"


def test_run_prints_and_writes_and_replaces(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for number in range(2):
        done = evswarm("run", *WORDS, "--seed", number, "--out", out)
        assert done.exit_code == 0, done.output
        assert f"seed = {number}" in (out / "scenario.toml").read_text()
    for text in (
        "A fleet of 20 EVs that gives back, 1 day from",
        "no EVs",
        "peak shaving by pso",
        "largest deviation",
        "messages",
    ):
        assert text in done.stdout
    tables = {f"{name}.parquet" for name in names_of(frozenset({"v2g"}))}
    assert {path.name for path in out.iterdir()} == {"scenario.toml", "summary.json", "figures", ".evswarm", *tables}
    assert {path.name for path in (out / "figures").iterdir()} == {"load.png", "tracking.png", "groups.png"}
    again = tmp_path / "again"
    assert evswarm("run", out / "scenario.toml", "--out", again, "--format", "csv").exit_code == 0
    assert (again / "v2g_slots.csv").exists()
    one, two = (json.loads((folder / "summary.json").read_text()) for folder in (out, again))
    for summary in (one, two):
        del summary["wall_s"]
    assert one == two


@pytest.mark.parametrize(("peak_kw", "unit"), [(1900.0, "kW"), (2100.0, "MW")])
def test_a_load_is_drawn_in_a_unit_that_suits_it(peak_kw: float, unit: str) -> None:
    load = {"peak_kw": peak_kw, "valley_kw": 1000.0}
    limit = {"limit_kw": 3000.0}
    result = simulate(
        Scenario().update(peak_shaving={"optimizer": "exact"}, fleet={"vehicles": 3}, load=load, transformer=limit)
    )
    axes = result.plot("load").axes[0]
    assert axes.get_ylabel() == f"load [{unit}]"
    drawn = max(np.max(patch.get_data()[0]) for patch in axes.patches if isinstance(patch, StepPatch))
    assert drawn == pytest.approx(
        result.v2g_slots.actual_kw.add(result.v2g_slots.free_kw).max() / (1 if unit == "kW" else 1000)
    )


def test_optimisers_side_by_side(tmp_path: Path) -> None:
    out = tmp_path / "compared"
    done = evswarm("compare", *WORDS, "--methods", "exact,pso", "--out", out)
    assert done.exit_code == 0, done.output
    table = pd.read_csv(out / "comparison.csv", index_col="method")
    assert table.index.tolist() == ["exact", "pso"]
    assert table.gap_to_exact["exact"] == pytest.approx(0.0, abs=1e-9)
    assert {"figures", "exact", "pso"} <= {each.name for each in out.iterdir()}
    for name in table.index:
        assert table.peak_kw[name] == Result.load(out / name).summary["peak_kw"]
    assert "peak shaving by pso" in done.stdout
    assert "slots above the limit" in done.stdout
    assert "expected 'igeo', the nearest known name" in evswarm("compare", *WORDS, "--methods", "igoe").stderr


def test_a_fleet_that_gives_back_is_led_in_one_process() -> None:
    spread = evswarm("run", *WORDS, "--workers", "2")
    assert spread.exit_code == 2
    assert "one aggregator leads the whole fleet" in spread.stderr


def test_a_sweep_sets_optimisers_side_by_side(tmp_path: Path) -> None:
    words = [
        "--vary", "peak_shaving.optimizer=exact,pso", "--set", "peak_shaving.iterations=2", "--set", "fleet.vehicles=10",
        "--replications", "2", "--engine", "serial", "--out", tmp_path / "sweep",
    ]  # fmt: skip
    done = evswarm("sweep", *words)
    assert done.exit_code == 0, done.output
    assert "above" in done.stdout, "how far from the exact reference"
    runs = pd.read_parquet(tmp_path / "sweep/runs.parquet")
    assert runs.status.tolist() == ["ok"] * 4
    gap = runs.set_index("peak_shaving.optimizer").gap_to_exact
    assert gap["exact"].abs().max() <= 1e-6
    assert gap["pso"].min() >= -1e-6


def test_a_latin_hypercube_brings_the_section_in(tmp_path: Path) -> None:
    words = ["--design", "lhs", "--samples", "3", "--vary", "peak_shaving.population=5:20", "--replications", "1"]
    more = ["--set", "fleet.vehicles=5", "--engine", "serial", "--out", tmp_path / "sweep"]
    done = evswarm("sweep", *words, *more, "--vary", "peak_shaving.iterations=1,2")
    assert done.exit_code == 0, done.output
    populations = pd.read_parquet(tmp_path / "sweep/runs.parquet")["peak_shaving.population"]
    assert populations.dtype.kind == "i"
    assert populations.between(5, 20).all()


@pytest.mark.slow
def test_ctrl_c_leaves_no_half_written_folder(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "runs", "run", "--set", "peak_shaving.iterations=1000000", "--out", tmp_path / "out"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not list(tmp_path.iterdir()) and process.poll() is None:  # the draft folder: the run has begun
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "nothing was written" in err
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_the_figures_of_a_summary_are_those_of_its_tables() -> None:
    result = simulate(
        scenario(
            horizon={"slot_min": 15},
            peak_shaving={"optimizer": "pso", "iterations": 20},
            participation={"leave_early": 0.5},
            run={"engine": "compiled"},
        )
    )
    slots, vehicles, summary = result.v2g_slots, result.v2g_vehicles, result.summary
    world = V2G.build(result.scenario, np.random.default_rng(result.scenario.run.seed))
    deviation = (slots.response_kw - slots.signal_kw).abs()
    power = slots.response_kw.to_numpy()
    price = np.where(power >= 0, world.problem.up_yuan_per_kwh, world.problem.down_yuan_per_kwh)
    expected = {
        "deviation_max_kw": deviation.max(),
        "deviation_mean_kw": deviation.mean(),
        "energy_kwh": slots.response_kw.sum() * 0.25,
        "cost_yuan": (price * power).sum() * 0.25,
        "owner_profit_yuan": -(price * power).sum() * 0.25,
        "charged_kwh": vehicles.charged_kwh.sum(),
        "discharged_kwh": vehicles.discharged_kwh.sum(),
        "battery_losses_kwh": vehicles.lost_kwh.sum(),
        "life_loss_mean_percent": vehicles.life_loss_percent.mean(),
        "life_loss_p95_percent": vehicles.life_loss_percent.quantile(0.95),
        "life_loss_max_percent": vehicles.life_loss_percent.max(),
        "years_min": vehicles.years.min(),
        "soc_std_before": result.v2g_groups.soc_std_before.mean(),
        "soc_std_after": result.v2g_groups.soc_std_after.mean(),
        "soc_mean_end": vehicles.soc_end.mean(),
        "gap_to_exact": summary["signal_fitness"] - summary["exact_bound"],
        "energy_kwh ": vehicles.charged_kwh.sum() - vehicles.discharged_kwh.sum(),
    }
    assert deviation.max() > 1
    for name, value in expected.items():
        assert summary[name.strip()] == pytest.approx(value), name


def test_the_order_of_a_fleets_rows_changes_nothing_but_their_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    rows = pd.DataFrame({
        "vehicle": [f"v{k}" for k in range(25)],
        "plug_in_h": rng.uniform(0, 8, 25).round(3),
        "plug_out_h": rng.uniform(12, 23, 25).round(3),
        "energy_kwh": rng.uniform(1, 9, 25).round(3),
        "power_kw": 7.5,
        "capacity_kwh": 35.0,
        "efficiency": 0.9,
    })  # fmt: skip
    found = []
    for name, table in {"one": rows, "other": rows.sample(frac=1, random_state=3)}.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
        case = Scenario().update(
            fleet={"source": "csv", "path": str(tmp_path / f"{name}.csv")},
            load=SMALL["load"],
            horizon={"slot_min": 15},
            peak_shaving={"optimizer": "exact"},
            participation={"leave_early": 0.4},
            run={"engine": "compiled"},
        )
        found.append(simulate(case))
    np.testing.assert_allclose(found[0].v2g_slots.signal_kw, found[1].v2g_slots.signal_kw, atol=1e-6)
    np.testing.assert_allclose(found[0].v2g_slots.response_kw, found[1].v2g_slots.response_kw, atol=1e-6)
    one, other = (each.v2g_vehicles.set_index("vehicle").sort_index() for each in found)
    np.testing.assert_allclose(one.soc_start, other.soc_start)
    np.testing.assert_allclose(one.soc_end, other.soc_end, atol=1e-6)


def test_transformers_stray_each_on_its_own() -> None:
    spread = []
    for count in (1, 100):
        case = scenario(load={"fluctuation": 0.05}, transformer={"count": count}, horizon={"slot_min": 15})
        load = V2G.build(case, np.random.default_rng(1)).load
        spread.append(float((load.actual_kw / load.forecast_kw).std()))
        assert load.forecast_kw.max() == pytest.approx(1000.0 * count)
    assert spread[1] == pytest.approx(spread[0] / 10, rel=0.3)


def test_what_is_told_of_a_run_begins_with_the_search() -> None:
    for engine in ("agents", "compiled"):
        told: list[float] = []
        case = scenario(peak_shaving={"optimizer": "pso", "iterations": 10}, run={"engine": engine})
        run_v2g(case, told.append)
        assert told == sorted(told)
        assert len([part for part in told if 0 < part <= 0.5]) >= 10
        assert told[-1] == 1


def test_sections_that_wait_for_peak_shaving_are_named() -> None:
    case = Scenario().update(tariff={"source": "beijing"}, grouping={"tactic": "tactic_1"})
    warnings = Homes.build(case, np.random.default_rng(1)).warnings()[-2:]
    assert sorted(warnings) == [
        "[grouping] counts only beside a section [peak_shaving]",
        "[tariff] counts only beside a section [peak_shaving] or [stations]",
    ]


def test_a_section_with_sources_can_be_swept_without_naming_its_source() -> None:
    varied = Scenario().update(peak_shaving={}).varied({"tariff.flat_yuan_per_kwh": 0.7})
    assert varied.tariff.source == "guangdong"
    fed = Scenario().varied({"feeder.ev_power_factor": 0.9})
    assert fed.feeder is not None
    assert fed.feeder.source == "builtin"
