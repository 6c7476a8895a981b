"""Figures show what the result says."""

import numpy as np
from matplotlib.patches import StepPatch

from coordination.valley_filling import COORDINATORS
from runs import plots
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.runs.conftest import SmallRun


def test_load_curves_show_the_tables_numbers(small_run: SmallRun) -> None:
    result = Result.load(small_run.folder)
    axes = plots.load_curves(result).axes[0]
    steps = {patch.get_label(): patch.get_data().values for patch in axes.patches if isinstance(patch, StepPatch)}
    np.testing.assert_allclose(steps["with ants"], result.slots.total_kw)
    np.testing.assert_allclose(steps["base load"], result.slots.actual_kw)
    np.testing.assert_allclose(steps["with free charging"], result.slots.actual_kw + result.slots.free_kw)
    assert axes.get_xlabel() == "time of day"
    assert axes.get_ylabel() == "load [kW]"


def test_every_figure_draws_for_odd_cases() -> None:
    for overrides in (
        ["fleet.vehicles=1"],
        ["fleet.vehicles=1200", "transformer.count=3"],
        ["horizon.slot_min=15", "horizon.slots=288", "fleet.vehicles=30"],
        ["horizon.slot_min=240", "coordination.method=free"],
        ["transformer.limit_kw=100"],
    ):
        result = simulate(Scenario.read(None, overrides))
        for draw in (plots.load_curves, plots.board, plots.raster):
            draw(result).canvas.draw()
        plots.compare([result, result]).canvas.draw()


def test_a_comparison_of_all_methods_gives_each_a_look_of_its_own() -> None:
    case = Scenario().update(fleet={"vehicles": 50}, run={"engine": "compiled"})
    results = [simulate(case.update(coordination={"method": name, "iterations": 5})) for name in COORDINATORS]
    curves = [patch for patch in plots.compare(results).axes[0].patches if isinstance(patch, StepPatch)][1:]
    assert len({(patch.get_edgecolor(), str(patch.get_linestyle())) for patch in curves}) == len(COORDINATORS)
    marks = plots.gap_by_messages(results).axes[0].lines
    assert len({mark.get_color() for mark in marks}) == len(COORDINATORS)
