"""A key that a run does not read is named: whatever is set, it changes what comes out or a warning says that it does not count."""

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pandas as pd
import pytest
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

from environment.input_faults import FaultyInputError
from runs.cli import app
from runs.idle import RULES, idle
from runs.scenario import Scenario, sections
from runs.simulate import simulate
from runs.world import World

SMALL: dict[str, Any] = {
    "fleet": {"vehicles": 8}, "load": {"fluctuation": 0.05, "peak_kw": 60}, "transformer": {"limit_kw": 80.0},
}  # fmt: skip
STATIONS: dict[str, Any] = {
    "load": {"fluctuation": 0.05}, "stations": {}, "horizon": {"slots": 3}, "users": {"users": 2000, "charging_a_day": 1500},
}  # fmt: skip
RUNS: dict[str, dict[str, Any]] = {
    **{name: SMALL | {"coordination": {"method": name}} for name in ("ants", "free", "optimal", "odc")},
    "pso1": SMALL | {"coordination": {"method": "pso1", "iterations": 5, "population": 6}},
    "v2g": SMALL | {"peak_shaving": {"optimizer": "pso", "iterations": 5, "population": 6}, "transformer": {}},
    "v2g_exact": SMALL | {"peak_shaving": {"optimizer": "exact"}, "transformer": {}},
    "stations": STATIONS | {"scheduling": {"iterations": 3, "population": 6}},
    "stations_none": STATIONS | {"scheduling": {"optimizer": "none"}},
}
ECHOED = ("batch_size", "method", "optimizer", "warnings")
"""Figures of the summary that only repeat a key, or are what is asked for."""

MAY_CHANGE_NOTHING = {
    "run.seed": "a day without draws is the same with every seed",
    "run.engine": "both engines give the same",
    "run.optimum_within": "a bracket may be closer than it need be",
    **dict.fromkeys(
        ("fleet.distance_log_mean", "fleet.distance_log_std", "fleet.distance_unit", "fleet.consumption_kwh_per_100km",
         "fleet.soc_plug_out", "transformer.limit_kw", "transformer.feed_in_limit_kw", "transformer.rated_kva", "transformer.power_factor", "transformer.loading"),
        "what EVs ask for, and the limit, may bind in no slot",
    ),
    **dict.fromkeys(("peak_shaving.penalty", "scheduling.penalty"), "nothing may be broken"),
    "grouping.share_anew": "each EV may take its share",
    **dict.fromkeys(("tariff.valley_ratio", "tariff.critical_peak"), "no slot at night, or in those hours"),
    **dict.fromkeys(
        ("events.voltage_a_day", "events.voltage_sag_pu", "events.supply_a_day", "events.supply_part"),
        "nothing may strike in three slots",
    ),
    **dict.fromkeys(
        ("triggers.horizon_slots", "triggers.shift_slots", "triggers.lend_kwh", "triggers.lend_soc_min",
         "scheduling.discount_yuan_per_h"),
        "no trigger may fire in three slots",
    ),
    **dict.fromkeys(
        ("stations.time_max_h", "stations.capacity_min_kw", "stations.tap_step"), "bounds of a schedule may not bind"
    ),
}  # fmt: skip


def others(field: FieldInfo) -> list[Any]:
    """Return values that a key could have instead of its default, as far as its type tells them."""
    default = field.default
    kinds = (field.annotation, *get_args(field.annotation), *get_args(getattr(field.annotation, "__value__", None)))
    if isinstance(default, bool):
        return [not default]
    words = [word for kind in kinds if get_origin(kind) is Literal for word in get_args(kind)]
    if words:
        return [word for word in words if word != default]
    if float in kinds and not isinstance(default, tuple):
        number = 5.0 if default is None else default
        return [0.8 * number + 0.01, 1.2 * number + 0.02, 0.5]
    if int in kinds:
        return [default + 1, 3 * default + 5, max(default - 1, 1)]
    return []


def outcome(case: Scenario) -> tuple[list[str], list[str]]:
    result = simulate(case)
    figures = {key: value for key, value in result.summary.items() if key not in ECHOED}
    tables = [
        name + str(pd.util.hash_pandas_object(table, index=False).sum())
        for name, table in sorted(result.tables.items())
    ]
    return [json.dumps(plain(figures), sort_keys=True, default=str), *tables], result.summary["warnings"]


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items() if not key.endswith("wall_s")}
    return value


def varied(case: Scenario, name: str, key: str, value: Any) -> Scenario | None:
    try:
        return case.update(**{name: {key: value} | ({"source": "cigre_lv"} if name == "feeder" else {})})
    except FaultyInputError:
        return None


def changes_or_is_named(case: Scenario, name: str, key: str, values: list[Any], before: list[str]) -> bool:
    for value in values:
        other = varied(case, name, key, value)
        if other is None:
            continue
        try:
            after, warnings = outcome(other)
        except FaultyInputError:
            return True
        if after != before or any(f"{name}.{key}" in text or f"[{name}]" in text for text in warnings):
            return True
    return not any(varied(case, name, key, value) for value in values)


@pytest.mark.slow
@pytest.mark.parametrize("run", RUNS)
def test_every_key_changes_what_comes_out_or_is_named(run: str) -> None:
    case = Scenario().update(**RUNS[run])
    before, warnings = outcome(case)
    assert not any("count" in text and "only" in text for text in warnings), "nothing idle is set"
    silent = []
    for name, classes in sections().items():
        if name in ("peak_shaving", "stations") and getattr(case, name) is None:
            continue  # their sections make other kinds of run
        cls = classes[0] if getattr(case, name) is None else type(getattr(case, name))
        for key, field in cls.model_fields.items():
            values = ["ga"] if key == "optimizer" else others(field)
            known = f"{name}.{key}" in MAY_CHANGE_NOTHING
            if values and not known and not changes_or_is_named(case, name, key, values, before):
                silent.append(f"{name}.{key}")
    assert silent == []


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (["coordination.iterations=9", "coordination.optimizer=ga"],
         "coordination.optimizer, coordination.iterations count only with coordination.method = 'pso1' or 'pso2'"),
        (["coordination.method=free", "coordination.batch_size=9"],
         "coordination.batch_size counts only with coordination.method = 'ants'"),
        (["coordination.method=optimal", "coordination.rounds=9"],
         "coordination.rounds counts only with coordination.method = 'ants' or 'odc'"),
        (["coordination.adjust=false"], "coordination.adjust counts only where the load strays from its forecast"),
        (["peak_shaving.optimizer=exact", "coordination.batch_size=9", "channel.loss=0.1"],
         "[coordination] counts only without a section [peak_shaving] or [stations]"),
        (["stations.piles=9", "channel.loss=0.1", "channel.restarts=[{at_h=1}]", "channel.fallback=spare_capacity"],
         "channel.restarts, channel.fallback count only with ants"),
        (["peak_shaving.optimizer=exact", "peak_shaving.iterations=9"], "without peak_shaving.optimizer = 'exact'"),
        (["stations.piles=9", "users.path=users.csv", "users.willing=0.5"], "users.willing counts only without users.path"),
        (["load.fill=hold"], "load.fill counts only with a file of loads"),
        (["channel.loss_in_burst=0.5", "channel.loss=0.1"], "channel.loss_in_burst counts only with channel.loss above 0 and"),
        (["transformer.lines=3", "coordination.method=odc"], "transformer.lines counts only with ants"),
        (["grid.source=table", "grid.path=n.csv", "transformer.count=3", "transformer.substations=2", "transformer.limit_kw=9",
          "transformer.feed_in_limit_kw=2", "transformer.load=homes", "loads.homes.peak_kw=9"],
         "limit_kw, transformer.load, transformer.feed_in_limit_kw count only with grid.source = 'counts'"),
        (["peak_shaving.optimizer=exact", "grid.source=table", "grid.path=n.csv"],
         "[grid] counts only without a section [peak_shaving] or [stations]"),
        (["peak_shaving.optimizer=exact", "transformer.load=homes", "transformer.ambient_c=9"],
         "transformer.load, transformer.ambient_c count only without a section [peak_shaving] or [stations]"),
        (["loads.homes.source=csv", "loads.homes.path=l.csv", "loads.fill=hold"], "loads.fill counts only with loads.path"),
        (["run.optimum=false", "run.optimum_within=0.1"], "run.optimum_within counts only with run.optimum"),
    ],
)  # fmt: skip
def test_what_does_not_count_is_named_once(sets: list[str], said: str) -> None:
    found = idle(Scenario.read(None, sets))
    assert sum(said in text for text in found) == 1, found


def test_beside_a_run_that_reads_a_key_it_is_not_idle() -> None:
    words = ["--methods", "free,ants", "--set", "coordination.rounds=2", "--set", "coordination.iterations=9"]
    done = CliRunner().invoke(app, ["compare", "--set", "fleet.vehicles=5", *words])
    assert "warning: coordination.iterations counts only" in done.stderr
    assert "coordination.rounds" not in done.stderr


def test_what_no_point_of_a_sweep_reads_is_told_once(tmp_path: Path) -> None:
    words = ["--set", "fleet.vehicles=5", "--set", "coordination.rounds=3", "--replications", "1", "--engine", "serial"]
    vary = [
        "--vary",
        "coordination.method=free,ants",
        "--vary",
        "coordination.iterations=7,9",
        "--out",
        str(tmp_path / "out"),
    ]
    done = CliRunner().invoke(app, ["sweep", *words, *vary, "--figures", "none"])
    told = [line for line in done.stderr.splitlines() if line.startswith("warning")]
    assert len(told) == 1
    assert told[0].startswith("warning: coordination.iterations counts only")


@pytest.mark.parametrize("run", RUNS)
def test_nothing_is_said_of_what_counts(run: str) -> None:
    assert idle(Scenario().update(**RUNS[run])) == []


def test_rules_are_about_keys_that_there_are() -> None:
    known = {name: {key for cls in classes for key in cls.model_fields} for name, classes in sections().items()}
    for rule in RULES:
        for name in rule.keys.split():
            section, dot, key = name.partition(".")
            assert section in known
            assert not dot or key in known[section], name


def test_what_only_files_and_fleets_tell_is_said_by_the_world(tmp_path: Path) -> None:
    path = tmp_path / "fleet.csv"
    path.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw,transformer\na,1,9,5,4,A\nb,1,9,5,4,B\n")
    case = Scenario.read(
        None, ["fleet.source=csv", f"fleet.path={path}", "transformer.count=3", "coordination.batch_size=2"]
    )
    warnings = World.build(case, np.random.default_rng(1)).warnings()
    assert "transformer.count does not count: the fleet's column node (or transformer) names them" in warnings
    assert "coordination.batch_size = 2 counts as 1: no transformer has more EVs" in warnings


FLEET = "vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw"


def at_table(folder: Path, node: str | None, **sections: dict[str, Any]) -> Scenario:
    (folder / "nodes.csv").write_text(
        "node,parent,kind,limit_kw,load\nc,,control_center,,\nA,c,transformer,90,homes\nB,c,transformer,90,homes\n"
    )
    column, cell = ("", "") if node is None else (",node", f",{node}")
    (folder / "fleet.csv").write_text(f"{FLEET}{column}\nev1,1,9,5,4{cell}\nev2,1,9,5,4{cell}\n")
    return Scenario().update(
        grid={"source": "table", "path": folder / "nodes.csv"},
        fleet={"source": "csv", "path": folder / "fleet.csv"} if sections.get("fleet") is None else sections["fleet"],
        loads={"homes": {"peak_kw": 40.0}, **sections.get("loads", {})},
        load=sections.get("load", {}),
        coordination={"batch_size": 1},
    )


def told(case: Scenario) -> list[str]:
    return World.build(case, np.random.default_rng(1)).warnings()


def test_loads_at_no_node_are_told(tmp_path: Path) -> None:
    assert told(at_table(tmp_path, "A")) == []
    found = told(at_table(tmp_path, "A", loads={"shops": {}, "works": {}}, load={"peak_kw": 50.0}))
    assert found == [
        "2 of [loads] (shops, works) do not count: no node's load or limit names them",
        "[load] does not count: no node's load or limit names it",
    ]


def test_evs_without_a_node_are_a_fault_of_their_file_and_drawn_else(tmp_path: Path) -> None:
    case = at_table(tmp_path, None)
    with pytest.raises(FaultyInputError) as caught:
        told(case)
    (fault,) = caught.value.faults
    assert str(fault) == (
        "fleet.csv, line 1: column node is missing; expected the name of a transformer for each EV, such as 'A', one of the grid's 2"
    )
    found = told(at_table(tmp_path, None, fleet={"source": "nhts", "vehicles": 5}))
    assert found[-1] == "5 EVs are spread by draw over 2 transformers"
    (tmp_path / "nodes.csv").write_text(
        "node,parent,kind,limit_kw,load\nc,,control_center,,\nA,c,transformer,90,homes\n"
    )
    assert told(case) == [], "with one transformer nobody asks which"


def test_an_ev_at_a_node_without_a_name_has_its_line(tmp_path: Path) -> None:
    case = at_table(tmp_path, "A")
    path = tmp_path / "fleet.csv"
    path.write_text(path.read_text().replace("ev2,1,9,5,4,A", "ev2,1,9,5,4,"))
    with pytest.raises(FaultyInputError, match=r"fleet.csv, line 3: node is empty"):
        told(case)


def test_a_load_that_strays_by_name_lets_adjustment_count() -> None:
    sets = ["coordination.adjust=false", "loads.homes.fluctuation=0.1"]
    assert not any("coordination.adjust" in text for text in idle(Scenario.read(None, sets)))


def test_loads_that_cannot_be_read_are_not_missed_at_every_node(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("hour,load_kw\n0,5\n1,5\n")
    case = at_table(tmp_path, "A", loads={"homes": {"source": "csv", "path": tmp_path / "short.csv"}})
    with pytest.raises(FaultyInputError) as caught:
        told(case)
    assert len(caught.value.faults) == 1
