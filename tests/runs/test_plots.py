"""Figures show what the result says, and a reader can read them."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.patches import StepPatch
from typer.testing import CliRunner

from coordination.valley_filling import COORDINATORS
from environment.horizon import Horizon
from runs.cli import app
from runs.comparison_plots import comparison_figures
from runs.drawing import canvas, clock, log_axis, pieces, save_figures
from runs.figures import figures as figures_of
from runs.homes import plots
from runs.result import Result
from runs.result_folder import FigureFormat
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.runs.conftest import SmallRun
from tests.support.figures import faults_of, faulty
from tests.support.laws import examples

FORMATS: tuple[FigureFormat, ...] = ("png", "svg", "pdf", "none")
BLANK = canvas("")[1]


def run(*overrides: str) -> Result:
    return simulate(Scenario.read(None, ["run.engine=compiled", *overrides]))


def drawn_steps(axes: Axes) -> dict[str, np.ndarray]:
    return {str(patch.get_label()): patch.get_data()[0] for patch in axes.patches if isinstance(patch, StepPatch)}


def test_load_curves_show_the_tables_numbers(small_run: SmallRun) -> None:
    result = Result.load(small_run.folder)
    figure = plots.load_curves(result)
    axes = figure.axes[0]
    steps = drawn_steps(axes)
    np.testing.assert_allclose(steps["with ants"], result.slots.total_kw)
    np.testing.assert_allclose(steps["base load"], result.slots.actual_kw)
    np.testing.assert_allclose(steps["with free charging"], result.slots.actual_kw + result.slots.free_kw)
    assert axes.get_xlabel() == "time of day"
    assert axes.get_ylabel() == "load [kW]"
    assert f"{result.summary['free']['peak_kw']:,.0f} kW with free charging" in axes.get_title(loc="left")
    assert f"{result.summary['peak_kw']:,.0f} kW with ants" in axes.get_title(loc="left")


@pytest.mark.parametrize(
    "overrides",
    [
        ["fleet.vehicles=1"],
        ["fleet.vehicles=600", "transformer.count=8", "load.fluctuation=0.1"],
        ["fleet.vehicles=60", "transformer.count=3"],
        ["horizon.slot_min=15", "horizon.slots=288", "fleet.vehicles=30"],
        ["horizon.slots=240", "fleet.vehicles=30"],
        ["horizon.slot_min=240", "coordination.method=free"],
        ["transformer.limit_kw=100"],
        ["feeder.source=builtin", "fleet.vehicles=60"],
        ["horizon.timezone=Europe/Berlin", "horizon.start=2024-03-30T12:00", "horizon.slots=120", "fleet.vehicles=30"],
    ],
    ids=" ".join,
)
def test_figures_are_whole_and_explained_and_fit_their_axes(overrides: list[str]) -> None:
    assert faulty(figures_of(run(*overrides))) == {}


def test_a_comparison_of_all_methods_gives_each_a_look_of_its_own() -> None:
    case = Scenario().update(fleet={"vehicles": 50}, run={"engine": "compiled"})
    results = [simulate(case.update(coordination={"method": name, "iterations": 5})) for name in COORDINATORS]
    figures = comparison_figures(results)
    curves = [patch for patch in figures["load_curves"].axes[0].patches if isinstance(patch, StepPatch)][1:]
    assert len({(patch.get_edgecolor(), str(patch.get_linestyle())) for patch in curves}) == len(COORDINATORS)
    widths = [patch.get_linewidth() for patch in curves]
    assert widths == sorted(
        widths, reverse=True
    )  # what is drawn later lies on top and leaves the earlier one to be seen
    marks = figures["gap_by_messages"].axes[0].lines
    named = [mark for mark in marks if not str(mark.get_label()).startswith("_")]
    assert len({(mark.get_color(), mark.get_marker()) for mark in named}) == len(COORDINATORS)
    assert all(mark.get_linestyle() == "None" for mark in named if len(np.asarray(mark.get_xdata())) == 1)
    assert faulty(figures) == {}


def test_the_optimum_stands_in_a_row_marked_zero() -> None:
    results = [run("fleet.vehicles=50", f"coordination.method={name}") for name in ("free", "ants", "optimal")]
    axes = plots.gap_by_messages(results).axes[0]
    (optimum,) = [line for line in axes.lines if str(line.get_label()).startswith("optimum")]
    (place,) = np.asarray(optimum.get_ydata())
    names = {
        tick: text.get_text() for tick, text in zip(axes.get_yticks().tolist(), axes.get_yticklabels(), strict=True)
    }
    assert names[place] == "0"
    assert "optimum: 0 %" in str(optimum.get_label())


def test_a_limit_that_varies_is_drawn_as_steps(small_run: SmallRun) -> None:
    result = Result.load(small_run.folder)
    limit_kw = np.where(result.slots.slot < 6, 500.0, 400.0)
    varying = dataclasses.replace(result, tables={**result.tables, "slots": result.slots.assign(limit_kw=limit_kw)})
    for axes in (plots.load_curves(varying).axes[0], plots.compare([varying]).axes[0]):
        np.testing.assert_array_equal(drawn_steps(axes)["limit 400 to 500 kW"], limit_kw)
    assert faulty({"load_curves": plots.load_curves(varying)}) == {}


def test_a_raster_of_many_evs_shows_every_kth_and_says_which() -> None:
    axes = plots.raster(run("fleet.vehicles=500")).axes[0]
    assert "every 4th of 500 EVs" in axes.get_title(loc="left")
    assert axes.collections[0].get_array().shape[0] == 125


def year_long(result: Result) -> Result:
    """Return a result as if its day lasted for a year of quarters of an hour."""
    horizon = Horizon(slot_min=15, slots=35_040)
    times = 365
    slots = pd.concat([result.slots] * times, ignore_index=True).assign(slot=range(35_040), start=horizon.slot_starts)
    schedule = pd.concat(
        [result.schedule.assign(slot=result.schedule.slot + 96 * day) for day in range(times)], ignore_index=True
    )
    vehicles = result.vehicles.assign(plug_out_h=365 * 24.0)
    days = [
        result.board.assign(at_h=result.board.at_h + 24.0 * day, slot=result.board.slot + 96 * day) for day in range(3)
    ]
    board = pd.concat(days, ignore_index=True)
    scenario = result.scenario.model_copy(update={"horizon": horizon})
    return dataclasses.replace(
        result,
        scenario=scenario,
        tables={**result.tables, "slots": slots, "schedule": schedule, "vehicles": vehicles, "board": board},
    )


def test_a_year_of_quarters_of_an_hour_is_drawn_by_days_with_dates() -> None:
    result = year_long(run("fleet.vehicles=40", "horizon.slot_min=15"))
    figures = figures_of(result)
    axes = figures["load"].axes[0]
    highest = drawn_steps(axes)["with ants"]
    assert 365 <= highest.size <= 366
    assert highest.max() == result.slots.total_kw.max()
    assert axes.get_ylabel() == "highest load of each day [kW]"
    assert axes.get_xlabel() == "date"
    assert "Jan" in {text.get_text().partition("\n")[0] for text in axes.get_xticklabels()}
    assert faulty(figures) == {}
    assert faults_of(plots.compare([result, result])) == []


@given(
    slot_min=st.sampled_from([1, 5, 15, 60, 240]), slots=st.integers(1, 40_000), most=st.integers(100, 1500),
    hour=st.integers(0, 23), zone=st.sampled_from([None, "Europe/Berlin"]),
)  # fmt: skip
@examples(1)
def test_pieces_hold_every_slot_once_and_keep_the_extremes(
    slot_min: int, slots: int, most: int, hour: int, zone: str | None
) -> None:
    horizon = Horizon(start=f"2024-02-20T{hour:02d}:00", slot_min=slot_min, slots=slots, timezone=zone)  # type: ignore[arg-type]
    span = pieces(horizon, most)
    values = np.random.default_rng(slots).normal(size=slots)
    assert span.first[0] == 0
    assert (np.diff(span.first) > 0).all()
    np.testing.assert_allclose(span.edges_h[:-1], horizon.edges_h[span.first])
    assert span.edges_h[-1] == horizon.edges_h[-1]
    assert span.highest(values).max() == values.max()
    assert span.lowest(values).min() == values.min()
    sizes = np.diff(np.append(span.first, slots))
    assert (span.mean(values) * sizes).sum() == pytest.approx(values.sum(), abs=1e-6)
    assert span.first.size <= most + 2 or span.name == "week"


@given(
    hours=st.integers(1, 24 * 800), hour=st.integers(0, 23), day=st.integers(1, 28),
    zone=st.sampled_from([None, "Europe/Berlin"]), most=st.sampled_from([4, 9]),
)  # fmt: skip
@examples(1)
def test_a_time_on_an_axis_is_what_the_clock_shows_then(
    hours: int, hour: int, day: int, zone: str | None, most: int
) -> None:
    horizon = Horizon(start=f"2024-03-{day:02d}T{hour:02d}:00", slots=hours, timezone=zone)  # type: ignore[arg-type]
    result = dataclasses.make_dataclass("Ran", ["scenario"])(Scenario().model_copy(update={"horizon": horizon}))
    axes = BLANK
    axes.clear()
    clock(axes, result, most=most)
    ticks = axes.get_xticks()
    assert 1 <= len(ticks) <= most + 5
    start = pd.Timestamp(horizon.start, tz=zone)
    for tick, text in zip(ticks.tolist(), axes.get_xticklabels(), strict=True):
        moment = start + pd.Timedelta(hours=tick)
        first = text.get_text().partition("\n")[0]
        if axes.get_xlabel() == "time of day":
            assert first in (f"{moment:%H:%M}", f"{moment - pd.Timedelta(hours=1):%H:%M}")  # an hour that is skipped
        else:
            assert first in (f"{moment:%-d %b}", f"{moment:%b}")
            assert moment == moment.normalize()


@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-12, 1e12)), min_size=1, max_size=30))
@examples(2)
def test_a_logarithmic_axis_holds_every_value_and_marks_zero(values: list[float]) -> None:
    axes = BLANK
    axes.clear()
    array = np.array(values)
    placed = log_axis(axes, "y", array)(array)
    low, high = axes.get_ylim()
    assert ((low <= placed) & (placed <= high)).all()
    np.testing.assert_array_equal(placed[array > 0], array[array > 0])
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert len(labels) >= 2
    assert all(labels)
    assert ("0" in labels) == (0.0 in values)
    ticks = axes.get_yticks()
    assert (np.diff(ticks) > 0).all()
    assert ((low <= ticks) & (ticks <= high)).all()
    assert (placed[array == 0] == ticks[0]).all()
    assert (array[array > 0] > (ticks[0] if 0.0 in values else 0)).all()


def test_figures_of_each_format_are_the_same_bytes_again(small_run: SmallRun, tmp_path: Path) -> None:
    result = Result.load(small_run.folder)
    written = []
    for name in ("one", "two"):
        drawn = {"load_curves": plots.load_curves(result), "raster": plots.raster(result)}
        written.append([path for ending in FORMATS for path in save_figures(drawn, tmp_path / name, ending)])
        time.sleep(1.01 if name == "one" else 0)  # a date with seconds would differ
    assert [path.name for path in written[0]] == [f"{name}.{end}" for end in FORMATS[:3] for name in drawn]
    assert all(first.read_bytes() == second.read_bytes() for first, second in zip(*written, strict=True))


def test_a_run_writes_figures_in_the_format_that_is_asked_for(tmp_path: Path) -> None:
    few = ["--set", "fleet.vehicles=5", "--set", "run.engine=compiled"]
    done = CliRunner().invoke(app, ["run", *few, "--figures", "svg", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert names == {"board.svg", "load.svg", "raster.svg"}


def test_no_figures_are_written_where_none_are_asked_for(tmp_path: Path) -> None:
    few = ["--set", "fleet.vehicles=5", "--set", "run.engine=compiled", "--figures"]
    for command in ("run", "compare"):
        done = CliRunner().invoke(app, [command, *few, "none", "--out", str(tmp_path / command)])
        assert done.exit_code == 0, done.output
        assert "figures/" not in done.stdout
        assert not list((tmp_path / command).rglob("figures"))
        faulty = CliRunner().invoke(app, [command, *few, "svg"])
        assert faulty.exit_code == 2
        assert "--figures: figures is svg; expected --out" in faulty.stderr
