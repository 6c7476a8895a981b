"""A run node by node on the terminal: the worst ten, or every one; and limits that differ, in the summary and above the table."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from runs.brief import Brief
from runs.cli import app
from runs.parallel_run import run_in_parts
from runs.parts import Outcome
from runs.printed.nodes import COLUMNS, WORST, most_loaded, print_nodes
from runs.printed.rows import cell
from runs.printed.run import print_run
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import brief_of, run, simulate
from runs.world import World
from tests.runs.test_printed import WIDTHS, assert_whole, printed
from tests.support.small_grid import small_grid


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return small_grid(tmp_path_factory.mktemp("grid"), transformers=12, limit_share=0.6)


@pytest.fixture(scope="module")
def result(scenario: Scenario) -> Result:
    return simulate(scenario)


@pytest.mark.parametrize("carried_out", [run, pytest.param(run_in_parts, marks=pytest.mark.slow)])
def test_a_brief_run_has_the_summary_and_the_nodes_of_a_whole_one(
    carried_out: Callable[[Scenario], tuple[World, Outcome]], scenario: Scenario, result: Result
) -> None:
    found = brief_of(*carried_out(scenario))
    pd.testing.assert_frame_equal(found.nodes, result.nodes)
    seconds = {key: result.summary[key] for key in ("wall_s", "free")}
    assert {**found.summary, **seconds} == result.summary


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("every", [False, True])
def test_every_number_of_nodes_is_whole_at_every_width(result: Result, width: int, *, every: bool) -> None:
    text = printed(width, lambda: print_nodes(result, every=every))
    shown = result.nodes if every else most_loaded(result.nodes).head(WORST)
    columns = ("vehicles", "limit_kw", "peak_kw", "free_peak_kw", "loading_max", "gap", "loss_of_life_h")
    assert_whole(
        text, width, [cell(value, COLUMNS[name].form) for name in columns for value in shown[name]] + list(shown.node)
    )


def test_the_ten_most_loaded_nodes_stand_first_and_every_one_in_the_grids_order(result: Result) -> None:
    nodes = result.nodes.set_index("node")
    text = printed(200, lambda: print_nodes(result))
    names = [line.split()[0] for line in text.splitlines() if line.split()[0] in nodes.index]
    assert len(names) == 10
    loading = nodes.loading_max[names].to_numpy()
    assert (np.diff(loading) <= 0).all()
    assert nodes.loading_max.drop(names).max() <= loading.min()
    assert {"centre", "S1"} <= set(names), "limits above the transformers are ranked with theirs"
    assert "10 of 15 nodes, most loaded first" in text
    assert "of limits that vary the highest is shown" in text
    assert "--by node prints every node" in text
    every = printed(200, lambda: print_nodes(result, every=True))
    assert [line.split()[0] for line in every.splitlines() if line.split()[0] in nodes.index] == list(nodes.index)
    assert "15 nodes" in every


def test_a_table_of_nodes_says_by_how_much_a_limit_is_passed(scenario: Scenario) -> None:
    free = brief_of(*run(scenario.update(coordination={"method": "free"})))
    over = most_loaded(free.nodes).iloc[0]
    assert over.overload_kwh > 0
    text = printed(200, lambda: print_nodes(free))
    (line,) = (line for line in text.splitlines() if line.startswith(f"{over.node} "))
    assert {f"{over.overload_kwh:,.1f}", f"{over.overload_slots:,d}", f"{over.loading_max:.1%}"} <= set(line.split())
    assert pd.Timestamp(over.peak_time).strftime("%H:%M") in line


def test_columns_without_anything_to_say_are_left_out() -> None:
    calm = brief_of(
        *run(Scenario().update(fleet={"vehicles": 6}, transformer={"count": 3}, run={"engine": "compiled"}))
    )
    text = printed(200, lambda: print_nodes(calm))
    assert "3 of 5 nodes, most loaded first; the others have no limit" in text
    assert not any(word in text for word in ("above", "feeds", "unserved", "Jain"))
    free = brief_of(*run(calm.scenario.update(coordination={"method": "free"})))
    assert "free peak" not in printed(200, lambda: print_nodes(free))
    assert "free peak" in text


def test_the_nodes_of_one_transformer_are_printed_only_when_asked_for() -> None:
    run = ["run", "--set", "fleet.vehicles=5", "--set", "run.engine=compiled"]
    alone, by_node = (CliRunner().invoke(app, [*run, *more]) for more in ((), ("--by", "node")))
    assert alone.exit_code == by_node.exit_code == 0
    assert "transformer " not in alone.stdout.partition("└")[2]
    assert "3 nodes" in by_node.stdout
    assert "control_center" in by_node.stdout


def test_nodes_are_printed_of_a_run_that_is_saved_too(scenario: Scenario, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(scenario.to_toml())
    arguments = [
        "run",
        str(tmp_path / "case.toml"),
        "--by",
        "node",
        "--out",
        str(tmp_path / "out"),
        "--figures",
        "none",
    ]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "15 nodes" in done.stdout
    assert "--by node prints" not in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["peak_shaving.iterations=1", "fleet.vehicles=5"], ["2 nodes", "aggregator"]),
        (
            ["stations.piles=18", "horizon.slot_min=60", "scheduling.optimizer=none"],
            ["81 nodes", "substation:", "station:"],
        ),
    ],
)
def test_every_run_prints_its_nodes_where_they_are_asked_for(words: list[str], told: list[str]) -> None:
    sets = [part for word in words for part in ("--set", word)]
    done = CliRunner().invoke(app, ["run", *sets, "--by", "node"])
    assert done.exit_code == 0, done.output
    assert all(text in done.stdout for text in told)
    assert "nodes" not in CliRunner().invoke(app, ["run", *sets]).stdout


def test_limits_that_differ_are_told_from_the_least_to_the_most(result: Result) -> None:
    summary = result.summary
    assert summary["limit_kw"] is None
    limits = result.slots.limit_kw
    assert (summary["limit_min_kw"], summary["limit_max_kw"]) == (limits.min(), limits.max())
    text = printed(200, lambda: print_run(result.scenario, summary))
    assert f"12 transformers of {limits.min():,.0f} to {limits.max():,.0f} kW" in text
    assert "limit_min_kw" not in brief_of(*run(Scenario().update(fleet={"vehicles": 3}))).summary


def test_energy_above_the_limits_is_that_of_the_slots(result: Result) -> None:
    slots = result.slots
    for figures, ev_kw in ((result.summary, slots.ev_kw), (result.summary["free"], slots.free_kw)):
        over_kw = (slots.actual_kw + ev_kw - slots.limit_kw).clip(lower=0)
        assert figures["overload_kwh"] == pytest.approx(over_kw.sum() * result.scenario.horizon.slot_h, abs=1e-6)
        assert figures["overload_max_kw"] == pytest.approx(over_kw.max(), abs=1e-6)
    assert result.summary["free"]["overload_kwh"] > 0
    text = printed(200, lambda: print_run(result.scenario, result.summary))
    assert f"{result.summary['free']['overload_kwh']:,.1f}" in text
    calm = brief_of(*run(Scenario().update(fleet={"vehicles": 3})))
    assert "above it" not in printed(200, lambda: print_run(calm.scenario, calm.summary))


def test_nodes_are_made_once_and_only_where_they_are_printed() -> None:
    made: list[pd.DataFrame] = []
    case = Scenario().update(fleet={"vehicles": 3}, run={"engine": "compiled"})
    found = brief_of(*run(case))
    assert found.make_nodes is not None
    counting = Brief(case, found.summary, lambda: made.append(found.nodes) or found.nodes)
    print_nodes(counting)
    assert not made
    print_nodes(counting, every=True)
    assert counting.nodes is found.nodes
    assert len(made) == 1
