"""Figures of a sweep show its means and their intervals, whatever varies."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

from runs.cli import app
from runs.design import Design, Range
from runs.scenario import Scenario
from runs.sweep import Sweep, sweep
from runs.sweep_plots import MOST_LINES, figures
from tests.support.figures import faulty

SMALL = Scenario().update(fleet={"vehicles": 10}, run={"engine": "compiled", "optimum": False})
BATCHES, NOISE, METHODS = "coordination.batch_size", "load.fluctuation", "coordination.method"


def swept(folder: Path, design: Design, replications: int = 2) -> Sweep:
    return sweep(SMALL, design, replications=replications, folder=folder, engine="serial")


def lines_of(figure: Figure) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    drawn = {}
    for line in figure.axes[0].lines:
        drawn[str(line.get_label())] = (np.asarray(line.get_xdata()), np.asarray(line.get_ydata()))
    return drawn


def test_a_line_has_the_means_of_the_table_and_a_band_their_interval(tmp_path: Path) -> None:
    done = swept(tmp_path, Design.full({BATCHES: [10, 1, 5]}), replications=3)
    figure = figures(done)["messages"]
    means = done.means(["messages"], 3)["messages"]
    x, y = lines_of(figure)["mean"]
    assert x.tolist() == [1, 5, 10]
    np.testing.assert_allclose(y, means["mean"].iloc[[1, 2, 0]])
    (band,) = figure.axes[0].collections
    edges = band.get_datalim(figure.axes[0].transData).intervaly
    assert edges[0] == pytest.approx((means["mean"] - means.half_width).min())
    assert edges[1] == pytest.approx((means["mean"] + means.half_width).max())
    assert figure.axes[0].get_xlabel() == BATCHES
    assert figure.axes[0].get_ylabel() == "messages"
    assert "mean of 3 runs" in figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize(
    ("design", "names"),
    [
        (Design.full({BATCHES: [1, 5], NOISE: [0.0, 0.1]}), ["fluctuation 0", "fluctuation 0.1"]),
        (Design.full({METHODS: ["ants", "free"], NOISE: [0.0, 0.1]}), ["method ants", "method free"]),
        (Design.full({METHODS: ["ants", "free"]}), ["mean"]),
        (Design.full({METHODS: ["ants", "free"], "coordination.adjust": [True, False]}), ["adjust True", "adjust False"]),
        (Design.latin_hypercube({BATCHES: Range(1, 5), NOISE: Range(0.0, 0.1)}, 6, SMALL), ["mean"]),
        (Design.full({"transformer.limit_kw": [1500.0, 1600.0], BATCHES: [1, 100]}), ["batch_size 1", "batch_size 100"]),
    ],
    ids=["two numbers", "a word", "words", "words and truths", "hypercube", "unit"],
)  # fmt: skip
def test_figures_are_whole_and_explained_whatever_varies(design: Design, names: list[str], tmp_path: Path) -> None:
    drawn = figures(swept(tmp_path, design))
    assert {"peak_kw", "messages", "unserved_kwh"} <= set(drawn)
    assert faulty(drawn) == {}
    assert sorted(name for name in lines_of(drawn["peak_kw"]) if not name.startswith("_")) == sorted(names)
    if "transformer.limit_kw" in design.keys:
        assert drawn["peak_kw"].axes[0].get_xlabel() == "transformer.limit_kw [kW]"


def test_of_many_combinations_some_are_drawn_and_the_title_says_so(tmp_path: Path) -> None:
    tables = tmp_path / "sweep"
    design = Design.full(
        {NOISE: [0.0, 0.1, 0.2, 0.3, 0.4], BATCHES: [*range(1, 12)], "fleet.plug_in_std_h": [1.0, 2.0]}
    )
    tables.mkdir()
    rows = pd.DataFrame([design.cells(point) for point in range(len(design.points))])
    rows = rows.assign(run=range(len(rows)), status="ok", peak_kw=np.arange(len(rows), dtype=float))
    rows.to_parquet(tables / "runs.parquet")
    figure = figures(Sweep(tables, design, 1, 0))["peak_kw"]
    assert faulty({"peak_kw": figure}) == {}
    assert len(lines_of(figure)) == MOST_LINES
    assert "8 of 10 combinations of fluctuation, plug_in_std_h" in figure.axes[0].get_title(loc="left")


def test_where_nothing_varies_there_is_no_figure(tmp_path: Path) -> None:
    assert figures(swept(tmp_path, Design.full({BATCHES: [5]}))) == {}


def test_the_command_writes_figures_into_the_sweeps_folder_and_goes_on_there(tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = [
        "sweep",
        "--vary",
        f"{BATCHES}=1,5",
        "--engine",
        "serial",
        "--set",
        "run.engine=compiled",
        "--out",
        str(out),
    ]
    few = ["--set", "fleet.vehicles=10", "--set", "run.optimum=false", "--replications"]
    done = CliRunner().invoke(app, [*words, *few, "1", "--figures", "none"])
    assert done.exit_code == 0, done.output
    assert not (out / "figures").exists()
    again = CliRunner().invoke(app, [*words, *few, "2", "--figures", "svg"])
    assert again.exit_code == 0, again.output
    assert {"peak_kw.svg", "messages.svg"} <= {path.name for path in (out / "figures").iterdir()}
    assert "figures/" in again.stdout
