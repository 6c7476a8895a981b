"""The study of paper A writes what it says, and its pictures and tables say what the runs say."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from typer.testing import CliRunner

from runs.cli import app
from runs.simulate import simulate
from runs.studies.paper_a import report
from runs.studies.paper_a.cases import FEWER, SEEN, PaperRuns, night_ripple_kw, paper_case, paper_runs
from runs.studies.paper_a.figures import figures
from runs.studies.paper_a.tables import tables
from runs.studies.registry import STUDIES
from tests.support.figures import faulty

FIGURES = [
    "fig01_plug_in_and_out", "fig02_daily_miles", "fig06_load", "fig07_free_charging", "fig08_one_by_one",
    "fig09_batch_sizes", "fig10_ants_and_swarms", "fig11_adjustment_18h", "fig12_adjustment_24h", "fig13_adjustment_6h", "fig14_adjustment_12h",
]  # fmt: skip

FEW = (30, 60)
"""Iterations of the particle swarms here, in place of the paper's 500 and 1500."""


@pytest.fixture(scope="module")
def runs() -> PaperRuns:
    return paper_runs([1, 2], iterations=FEW)


@pytest.fixture(scope="module")
def drawn(runs: PaperRuns) -> dict[str, Figure]:
    return figures(runs)


@pytest.mark.slow
def test_the_study_writes_every_file_and_prints_the_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "paper_runs", partial(paper_runs, iterations=FEW))
    out = tmp_path / "deep" / "out"
    words = ["study", "paper_a", "--quick", "--out", str(out)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert {path.name for path in out.iterdir()} == {
        "claims.csv", "table1_charging_modes.csv", "table3_parameters.csv", "table4_free_and_coordinated.csv",
        "table5_ants_and_swarms.csv", "paper_a.md", "figures", ".evswarm",
    }  # fmt: skip
    assert sorted(path.stem for path in (out / "figures").iterdir()) == FIGURES
    claims = pd.read_csv(out / "claims.csv")
    assert list(claims.columns) == ["number", "text", "outcome", "evidence"]
    assert set(claims.outcome) <= {"found", "partly found", "not found"}
    page = (out / "paper_a.md").read_text()
    assert "3 fleets" in page
    for text in claims.text:
        assert text in page
        assert text in done.stdout
    for name in FIGURES:
        assert f"(figures/{name}.png)" in page
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, "an earlier study is replaced"
    (out / "thesis.txt").write_text("years of work")
    assert CliRunner().invoke(app, words).exit_code == 2
    assert (out / "thesis.txt").exists()


def test_an_unknown_study_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["study", "papera"])
    assert done.exit_code == 2
    assert "'paper_a', the nearest known name" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_lists_every_study() -> None:
    done = CliRunner().invoke(app, ["study", "--help"], env={"COLUMNS": "200"})
    for name, study in STUDIES.items():
        assert name in done.stdout
        assert study.help.split(",")[0] in done.stdout


def test_figures_are_whole_and_explained_and_fit_their_axes(drawn: dict[str, Figure]) -> None:
    assert faulty(drawn) == {}


@pytest.mark.parametrize("name", FIGURES)
def test_every_axis_is_labelled_with_its_unit(drawn: dict[str, Figure], name: str) -> None:
    for axes in drawn[name].axes:
        x = {other.get_xlabel() for other in axes.get_shared_x_axes().get_siblings(axes)} - {""}
        y = {other.get_ylabel() for other in axes.get_shared_y_axes().get_siblings(axes)} - {""}
        assert x == {"time of day"} or (len(x) == 1 and "[" in x.pop())
        assert len(y) == 1
        assert "[" in y.pop()


def test_table_4_agrees_with_the_summaries_of_the_runs(runs: PaperRuns) -> None:
    table = tables(runs)["table4_free_and_coordinated"].set_index(["vehicles", "charging", "figure"])
    for results in (runs.one_by_one, runs.thousand):
        for charging, summaries in {
            "free": [result.summary["free"] for result in results],
            "coordinated": [result.summary for result in results],
        }.items():
            for figure in ("peak_kw", "valley_kw", "peak_valley_difference_kw", "peak_valley_rate", "load_std_kw"):
                row = table.loc[(results[0].summary["vehicles"], charging, figure)]
                values = [summary[figure] for summary in summaries]
                assert (row["mean"], row["min"], row["max"]) == pytest.approx(
                    (np.mean(values), min(values), max(values))
                )
    assert table.loc[(0, "no EVs", "peak_kw"), "mean"] == pytest.approx(runs.one_by_one[0].slots.actual_kw.max())


def test_what_is_seen_up_to_an_hour_is_the_same_day(runs: PaperRuns) -> None:
    whole = runs.adjusted[0]
    for moment, stop in SEEN.items():
        seen = runs.seen[moment]
        pd.testing.assert_series_equal(seen.vehicles.plug_in_h, whole.vehicles.plug_in_h)
        np.testing.assert_allclose(seen.slots.total_kw[:stop], whole.slots.total_kw[:stop])
        np.testing.assert_allclose(seen.slots.actual_kw[stop:], whole.slots.base_kw[stop:])


def test_the_adjustment_shows_the_tables_numbers(runs: PaperRuns, drawn: dict[str, Figure]) -> None:
    axes = drawn["fig14_adjustment_12h"].axes[0]
    steps = [patch for patch in axes.patches if isinstance(patch, StepPatch)]
    lines = {patch.get_label(): patch.get_data()[0] for patch in steps}
    np.testing.assert_allclose(lines["actual + EVs adjusted"], runs.adjusted[0].slots.total_kw)
    np.testing.assert_allclose(lines["actual + EVs as planned"], runs.planned[0].slots.total_kw)


def test_the_legend_states_the_ripple_of_each_batch_size(runs: PaperRuns, drawn: dict[str, Figure]) -> None:
    axes = drawn["fig09_batch_sizes"].axes[0]
    labels = [str(patch.get_label()) for patch in axes.patches if isinstance(patch, StepPatch)]
    for batch, results in runs.batches.items():
        assert f"{batch} at a time: {night_ripple_kw(results[0]):.0f} kW" in labels


def test_table_5_agrees_with_the_runs(runs: PaperRuns) -> None:
    table = tables(runs)["table5_ants_and_swarms"].set_index(["method", "iterations", "figure"])
    counts = {("ants", 0), ("optimal", 0), *(("pso1", n) for n in FEW), *(("pso2", n) for n in (*FEWER, *FEW))}
    assert {key[:2] for key in table.index} == counts == set(runs.plans)
    for method, count in (("ants", 0), ("pso1", FEW[0]), ("pso2", FEW[1]), ("optimal", 0)):
        results = [simulate(paper_case(seed, method=method, iterations=count)) for seed in (1, 2)]
        valley = [result.slots.set_index("start").total_kw.between_time("22:00", "09:59") for result in results]
        assert [len(load) for load in valley] == [12, 12]
        expected = {
            "ripple_kw": [load.max() - load.min() for load in valley],
            "std_kw": [load.std(ddof=0) for load in valley],
            "peak_valley_difference_kw": [result.summary["peak_valley_difference_kw"] for result in results],
            "optimality_gap": [result.summary["optimality_gap"] for result in results],
        }
        for figure, values in expected.items():
            row = table.loc[(method, count, figure)]
            assert (row["mean"], row["min"], row["max"]) == pytest.approx((np.mean(values), min(values), max(values)))
        assert table.loc[(method, count, "wall_s"), "min"] > 0


def test_the_swarms_figure_shows_the_plans_and_their_ripple(runs: PaperRuns, drawn: dict[str, Figure]) -> None:
    axes = drawn["fig10_ants_and_swarms"].axes[0]
    lines = {p.get_label(): p.get_data()[0] for p in axes.patches if isinstance(p, StepPatch)}
    names = {"ants": ("ants", 0), "optimum": ("optimal", 0)} | {f"PSO, {n} iterations": ("pso2", n) for n in FEW}
    for name, key in names.items():
        plan = runs.plans[key][0]
        np.testing.assert_allclose(lines[f"{name}: {plan.ripple_kw:.0f} kW"], plan.total_kw)
