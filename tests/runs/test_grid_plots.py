"""Figures of several transformers show the tables' numbers, each transformer against its own limit, feeding in too."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.patches import StepPatch

from runs import grid_plots
from runs.comparison_plots import comparison_figures
from runs.figures import figures as figures_of
from runs.homes import plots
from runs.load_drawing import fullest
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.support.figures import faulty
from tests.support.small_grid import SLOTS, small_grid


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return simulate(small_grid(tmp_path_factory.mktemp("grid"), limit_share=0.65))


@pytest.fixture(scope="module")
def many() -> Result:
    overrides = ["fleet.vehicles=620", "transformer.count=310", "load.peak_kw=1500", "run.optimum=false"]
    return simulate(Scenario.read(None, ["run.engine=compiled", *overrides]))


def drawn_steps(axes: Axes) -> dict[str, np.ndarray]:
    return {str(patch.get_label()): patch.get_data()[0] for patch in axes.patches if isinstance(patch, StepPatch)}


def cells(axes: Axes) -> np.ndarray:
    """Return what a map draws in each cell [%], whichever of its looks does; exactly one may."""
    meshes = [mesh for mesh in axes.collections if isinstance(mesh, QuadMesh)]
    values = [np.ma.masked_array(mesh.get_array()) for mesh in meshes]
    drawn = [~np.ma.getmaskarray(each) for each in values]
    assert (sum(each.astype(int) for each in drawn) == 1).all()
    signs = [-1 if mesh.get_cmap() is grid_plots.BACK else 1 for mesh in meshes]
    return sum(sign * each.filled(0.0) for sign, each in zip(signs, values, strict=True))  # type: ignore[return-value]


def test_figures_of_unlike_transformers_are_whole_and_explained(result: Result) -> None:
    assert faulty(figures_of(result)) == {}
    assert faulty(comparison_figures([result, result])) == {}


def test_each_panel_shows_a_transformer_per_its_own_limit(result: Result) -> None:
    figure = grid_plots.load_by_transformer(result)
    names = [axes.get_title(loc="left").partition("\n")[0] for axes in figure.axes]
    assert names == fullest([result])
    for name, axes in zip(names, figure.axes, strict=True):
        slots = result.slots[result.slots.transformer == name]
        limit_kw = slots.limit_kw.max()
        steps = drawn_steps(axes)
        np.testing.assert_allclose(steps["with ants"], 100 * slots.total_kw / limit_kw)
        np.testing.assert_allclose(steps["with free charging"], 100 * (slots.actual_kw + slots.free_kw) / limit_kw)
        if name == "T3":
            np.testing.assert_allclose(steps["limit"], 100 * slots.limit_kw / limit_kw)
            assert "of 60 to 100 kW" in axes.get_title(loc="left")
        else:
            assert np.asarray(axes.lines[0].get_ydata()).tolist() == [100.0, 100.0]
        assert axes.get_ylim()[0] < 100 * slots.total_kw.min() / limit_kw, "what feeds in is to be seen"


def test_the_fullest_transformer_is_the_one_closest_to_its_own_limit(result: Result) -> None:
    transformers = result.nodes[result.nodes.kind == "transformer"].set_index("node").loading_max
    assert fullest([result]) == transformers.sort_values(ascending=False, kind="stable").index.tolist()
    assert transformers.idxmax() != result.slots.groupby("transformer").total_kw.max().idxmax()
    assert f"{transformers.idxmax()}, the fullest of 4" in plots.board(result).axes[0].get_title(loc="left")
    compared = plots.compare([result]).axes[0]
    assert f"{transformers.idxmax()}, the fullest of 4" in compared.get_title(loc="left")


def test_the_whole_load_is_that_of_the_control_centre_against_its_limit(result: Result) -> None:
    axes = grid_plots.whole_load(result).axes[0]
    centre = result.upper_slots[result.upper_slots.node == "centre"]
    np.testing.assert_allclose(drawn_steps(axes)["with ants"], centre.total_kw)
    np.testing.assert_allclose(drawn_steps(axes)["base load"], centre.actual_kw)
    assert "limit of centre 260 kW" in [str(line.get_label()) for line in axes.lines]


def test_a_map_shows_the_loading_of_every_node_in_every_slot(result: Result) -> None:
    above, below = grid_plots.loading_map(result).axes[:2]
    assert [text.get_text() for text in above.get_yticklabels()] == ["centre", "S1"], "S2 has no limit"
    names = [text.get_text() for text in below.get_yticklabels()]
    assert names == fullest([result])
    drawn = cells(below)
    for name, row in zip(names, drawn, strict=True):
        slots = result.slots[result.slots.transformer == name]
        np.testing.assert_allclose(row, 100 * slots.total_kw / slots.limit_kw)
    assert drawn.min() < 0
    upper = result.upper_slots[result.upper_slots.node == "centre"]
    np.testing.assert_allclose(cells(above)[0], 100 * upper.total_kw / upper.limit_kw)


def test_a_load_where_nothing_may_be_is_drawn_as_the_most_above(result: Result) -> None:
    none = result.slots.limit_kw.where(result.slots.slot != 3, 0.0)
    shut = dataclasses.replace(result, tables={**result.tables, "slots": result.slots.assign(limit_kw=none)})
    figures = {"map": grid_plots.loading_map(shut), "panels": grid_plots.load_by_transformer(shut)}
    assert faulty(figures) == {}
    below = cells(figures["map"].axes[1])
    feeds_in = shut.slots.total_kw.to_numpy().reshape(-1, SLOTS)[:, 3] <= 0
    assert (below[:, 3] > 100).sum() == (~feeds_in).sum() > 0


def test_a_map_of_many_nodes_shows_of_those_that_share_a_row_the_most(many: Result) -> None:
    figure = grid_plots.loading_map(many)
    (axes,) = (axes for axes in figure.axes if axes.get_label() != "<colorbar>")
    drawn = cells(axes)
    assert len(drawn) == 155
    loading = 100 * (many.slots.total_kw / many.slots.limit_kw).to_numpy().reshape(-1, 24)
    np.testing.assert_allclose(drawn.max(axis=0), loading.max(axis=0))
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names[0] == "1"
    assert names[-1] == "310"
    above = int((loading.max(axis=1) > 100.0001).sum())
    assert f"{above} of 310 transformers above it" in axes.get_title(loc="left")
    assert faulty({"map": figure, "panels": grid_plots.load_by_transformer(many)}) == {}


def test_of_many_transformers_the_twelve_fullest_are_drawn(many: Result) -> None:
    figure = grid_plots.load_by_transformer(many)
    names = [axes.get_title(loc="left").partition("\n")[0] for axes in figure.axes]
    assert names == fullest([many])[:12]
    assert "the 12 fullest" in figure.get_suptitle()


def test_a_long_name_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    case = small_grid(tmp_path, transformers=2)
    name = "a transformer of a name that goes on and on"
    for file in ("nodes.csv", "fleet.csv"):
        path = tmp_path / file
        path.write_text(path.read_text().replace("T1,", f"{name},"))
    result = simulate(case)
    figures = figures_of(result)
    assert faulty(figures) == {}
    rows = [text.get_text() for text in figures["loading_map"].axes[1].get_yticklabels()]
    (short,) = (row for row in rows if row.startswith("a "))
    assert short.startswith(name[:8])
    assert short.endswith(name[-8:])
    assert len(short) < len(name)
