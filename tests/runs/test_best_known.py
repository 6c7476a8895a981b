"""Nothing is called the optimum that is not proven, and no run of a comparison knows a worse schedule than another."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from runs.best_known import share_best_known, title_of
from runs.cli import app
from runs.printed.homes import in_words
from runs.scenario import Scenario
from runs.simulate import summarize

ROUNDS = {"information": "day_ahead", "rounds": 6}


@pytest.fixture
def street(tmp_path: Path) -> Scenario:
    """EVs of three rated powers in one evening, which take whole slots."""
    rng = np.random.default_rng(7)
    lines = ["vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw"]
    lines += [
        f"s{i},{begin:.1f},{begin + rng.integers(4, 13):.1f},{rng.uniform(4, 14):.2f},{rng.choice([3.7, 7.4, 11.0])}"
        for i, begin in enumerate(rng.integers(0, 22, 40) / 2)
    ]
    path = tmp_path / "street.csv"
    path.write_text("\n".join(lines))
    return Scenario().update(
        fleet={"source": "csv", "path": path},
        load={"peak_kw": 100},
        coordination={"energy": "whole_slots", **ROUNDS},
        run={"engine": "compiled"},
    )


def summaries(case: Scenario, *methods: str) -> list[dict[str, Any]]:
    return [summarize(case.update(coordination={"method": method})) for method in methods]


def test_of_mixed_whole_slots_the_planner_is_best_known_and_never_worse_than_the_ants(street: Scenario) -> None:
    ants, planner = summaries(street, "ants", "optimal")
    assert title_of(planner) == "best known"
    assert planner["cost_kw2"] <= ants["cost_kw2"]
    assert planner["optimality_gap"] == planner["optimum_bracket"] > 0


def test_a_comparison_knows_the_best_of_all_its_runs(street: Scenario) -> None:
    found = summaries(street, "free", "ants", "optimal", "odc")
    shared = share_best_known(found, whole=True)
    whole = shared[:3]
    assert {each["optimum_kw2"] for each in whole} == {min(each["optimum_kw2"] for each in found[:3])}
    assert all(each["optimum_kw2"] <= each["cost_kw2"] for each in whole)
    assert [each["optimality_gap"] for each in shared] == [each["optimality_gap"] for each in found], "of the bound"
    assert shared[3] == found[3], "whose powers are no whole slots is measured apart"
    assert all(0 <= each["optimum_bracket"] <= each["optimality_gap"] for each in whole)


def test_what_another_run_does_better_is_not_called_best(street: Scenario) -> None:
    ants, planner = summaries(street, "ants", "optimal")
    better = {**ants, "optimum_kw2": planner["optimum_kw2"] * (1 - 1e-5)}
    assert title_of(share_best_known([better, planner], whole=True)[1]) == "best plan found"


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({}, "optimum"),
        ({"coordination": {"energy": "whole_slots"}}, "optimum"),
        ({"load": {"fluctuation": 0.1}}, "best plan found"),  # of the forecast
        ({"run": {"optimum": False}}, "best plan found"),  # nothing is proven
    ],
)
def test_optimum_is_said_only_where_the_run_proves_it(changes: dict[str, dict[str, Any]], title: str) -> None:
    case = Scenario().update(fleet={"vehicles": 40}, coordination={"method": "optimal"}).update(**changes)
    assert title_of(summarize(case)) == title


def test_the_gap_is_told_in_words(street: Scenario) -> None:
    (ants,) = summaries(street.update(coordination={"rounds": 1, "batch_size": 40}), "ants")
    (planner,) = summaries(street, "optimal")
    saved = "Of all that a schedule can save over free charging, this one loses"
    gap, known = (f"{ants[name]:.4%}" for name in ("optimality_gap", "optimum_bracket"))
    assert in_words(ants).startswith(f"{saved} at most {gap}, the best one known at most {known}.")
    assert in_words(planner) == f"{saved} at most {planner['optimality_gap']:.4%}; no better one is known."
    exact = summarize(Scenario().update(fleet={"vehicles": 40}))
    assert in_words(exact) == f"{saved} {exact['optimality_gap']:.4%}."
    optimal = summarize(Scenario().update(fleet={"vehicles": 40}, coordination={"method": "optimal"}))
    assert in_words(optimal) == "This schedule is proven optimal: none is better."


def test_compare_prints_and_writes_the_best_known(street: Scenario, tmp_path: Path) -> None:
    scenario, out = tmp_path / "street.toml", tmp_path / "out"
    scenario.write_text(street.to_toml())
    done = CliRunner().invoke(app, ["compare", str(scenario), "--methods", "ants,optimal", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "best known" in done.output
    header, *rows = (out / "comparison.csv").read_text().splitlines()
    place = header.split(",").index("optimum_bracket")
    assert len({row.split(",")[place] for row in rows}) == 1
