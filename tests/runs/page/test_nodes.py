"""The tree that the page draws: where its nodes stand, what they say, and whose board they show."""

from pathlib import Path

import numpy as np
import pytest
import solara
from hypothesis import given
from hypothesis import strategies as st
from solara.widgets import HTML

from environment.grid import Grid, Kind
from runs.page import board, compare_tab, grid, view
from runs.page.ants_tab import Watch
from runs.page.controls import KEYS, hints, widgets
from runs.page.day import Day
from runs.page.nodes import home, most_loaded, nodes_now, percent, rows_below, told, transformers_below
from runs.page.palette import DARK, LIGHT, loading_colours
from runs.page.tree import LABEL_PX, Places
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate

NODES = """node,parent,kind,limit_kw,load,feed_in_limit_kw
centre,,control_center,,,
North,centre,substation,160,,
South,North,substation,signal,street,
T one,North,transformer,150,homes,
T {two},South,transformer,140,homes,
T three,centre,transformer,90,homes+roof,30
"""


def _small(folder: Path, **coordination: object) -> Scenario:
    (folder / "nodes.csv").write_text(NODES)
    rows = [f"{hour},{40 + 3 * (hour % 5)},{-90 * (hour < 4)},10,{60 if 6 <= hour < 9 else 140}" for hour in range(24)]
    (folder / "loads.csv").write_text("\n".join(["hour,homes,roof,street,signal", *rows]))
    return Scenario().update(
        grid={"source": "table", "path": folder / "nodes.csv"},
        loads={"path": folder / "loads.csv", "fluctuation": 0.05},
        fleet={"vehicles": 60},
        coordination=coordination,
    )


def _row(day: Day, name: str) -> int:
    return day.homes.grid.node.index(name)


def _tables(result: Result) -> dict[str, np.ndarray]:
    """Return the load of each node by its name, as the tables have it."""
    below = {str(name): rows.total_kw.to_numpy() for name, rows in result.slots.groupby("transformer")}
    return below | {str(name): rows.total_kw.to_numpy() for name, rows in result.upper_slots.groupby("node")}


def test_the_tree_tells_in_each_slot_the_percentages_of_the_tables(tmp_path: Path) -> None:
    case = _small(tmp_path)
    day, loads = Day(case), _tables(simulate(case))
    limits = dict(zip(day.homes.grid.node, day.homes.grid.limit_kw, strict=True))
    seen: dict[int, list[str]] = {}
    while not day.over:
        day.advance()
        seen[day.slot] = [each["name"] for each in grid.option(day, 0, LIGHT)["series"][0]["data"]]
    assert sorted(seen) == list(range(24))
    assert any("above its limit" in text for texts in seen.values() for text in texts)
    assert any("feeding back" in text for texts in seen.values() for text in texts)
    for slot, texts in seen.items():
        for name, text in zip(day.homes.grid.node, texts, strict=True):
            load, limit = loads[name][slot], limits[name][slot]
            assert text.startswith(f"{name}: ")
            assert f"{load:,.0f} kW now" in text
            assert np.isinf(limit) or f"{percent(load / limit)} of its limit of {limit:,.0f} kW" in text
            assert ("above its limit" in text) == (load > limit + 1e-6)
            assert ("feeding back more than its 30 kW" in text) == (name == "T three" and load < -30)


def test_the_board_of_a_node_is_the_sum_of_what_is_below_it(tmp_path: Path) -> None:
    case = _small(tmp_path)
    day, result = Day(case), simulate(case)
    while not day.over:
        day.advance()
    loads, free = _tables(result), dict(tuple(result.upper_slots.groupby("node")))
    for row, name in enumerate(day.homes.grid.node):
        seen = view.board(day, row)
        assert seen.base_kw + seen.held_kw + seen.flash_kw == pytest.approx(loads[name])
        assert seen.optimum_kw is not None
        if name in free:
            table = free[name]
            assert seen.base_kw == pytest.approx(table.actual_kw.to_numpy())
            assert seen.free_kw == pytest.approx((table.actual_kw + table.free_kw).to_numpy())
    assert view.board(day, _row(day, "South")).limit_kw[[5, 6, 9]].tolist() == [140, 60, 140]
    everything = view.board(day, 0)
    assert everything.limit_name == "limits of its transformers"
    assert everything.limit_kw == pytest.approx(380)


def test_a_limit_that_varies_is_a_step_line_and_feeding_in_is_an_outline(tmp_path: Path) -> None:
    day = Day(_small(tmp_path))
    names = view.slot_names(day.homes.horizon)
    chart = board.option(view.board(day, _row(day, "South")), names, DARK)
    line = next(each for each in chart["series"] if each["name"] == "limit")
    assert line["data"][4:8] == [140, 140, 60, 60]
    assert "limit" in chart["legend"]["data"]
    fed = board.option(view.board(day, _row(day, "T three")), names, DARK)
    base = fed["series"][0]
    assert base["markLine"]["data"] == [{"yAxis": 90.0}]
    assert [isinstance(load, dict) for load in base["data"]] == [True] * 4 + [False] * 20
    assert base["data"][0]["value"] < 0
    assert fed["yAxis"][0]["min"] <= base["data"][0]["value"]
    assert board.limit_of(np.full(3, np.inf), "limit", LIGHT) == ({}, [])


def test_compare_draws_the_sum_of_unlike_limits(tmp_path: Path) -> None:
    day = Day(_small(tmp_path))
    both = compare_tab.run_both(day.case, (("free", 1), ("ants", 1)))
    chart = compare_tab.option(both, view.slot_names(day.homes.horizon), LIGHT)
    assert chart["series"][0]["markLine"]["data"] == [{"yAxis": 380.0}]


def test_a_node_is_named_by_what_is_below_it_and_the_fullest_is_found(tmp_path: Path) -> None:
    day = Day(_small(tmp_path))
    tree, now = day.homes.grid, nodes_now(day)
    assert [tree.transformers[k] for k in transformers_below(tree, _row(day, "North"))] == ["T one", "T {two}"]
    assert {tree.node[row] for row in rows_below(tree, _row(day, "South"))} == {"South", "T {two}"}
    assert told(day, now, 0).startswith("control center, ")
    assert "no limit of its own, 3 transformers, 60 EVs" in told(day, now, 0)
    fullest = most_loaded(now)
    assert fullest is not None
    assert now.loading[fullest] == np.nanmax(now.loading)
    assert view.numbers(day)[0][:2] == ("Most loaded now", tree.node[fullest])
    box = grid.option(day, 0, LIGHT)["series"][0]["data"][_row(day, "T {two}")]
    assert box["label"]["formatter"].startswith("T (two)\n"), "braces are ECharts's own"
    assert home(tree) == 0
    alone = Day(Scenario().update(fleet={"vehicles": 5}))
    assert alone.homes.grid.node[home(alone.homes.grid)] == "T1"
    assert view.numbers(alone)[0][0] == "Peak"


def test_only_evs_below_the_node_are_drawn(tmp_path: Path) -> None:
    day = Day(_small(tmp_path))
    row = _row(day, "South")
    assert grid.drawn(day, row) == transformers_below(day.homes.grid, row).tolist()
    dots = [each for each in grid.option(day, row, LIGHT)["series"] if each["type"] == "scatter"]
    assert sum(len(each["data"]) for each in dots) == nodes_now(day).vehicles[row]


def test_a_chosen_node_is_said_and_again_a_click_shows_all(tmp_path: Path) -> None:
    day = Day(_small(tmp_path))
    _, context = solara.render(Watch(day), handle_error=False)

    def click(name: str) -> str:
        event = {"seriesType": "graph", "dataType": "node", "dataIndex": _row(day, name)}
        _figures(context)[1].on_click(event)
        said = [str(each.unsafe_innerHTML) for each in context.find(HTML).widgets]
        return next(text for text in said if "The board of" in text)

    assert click("South").startswith("<b>The board of South:</b> substation, ")
    assert click("T one").startswith("<b>The board of T one:</b> transformer, ")
    assert click("T one").startswith("<b>The board of centre:</b> control center, ")
    context.close()


def _figures(context: object) -> list:  # type: ignore[type-arg]
    from runs.page.figure import _Figure  # noqa: PLC0415

    return context.find(_Figure).widgets  # type: ignore[attr-defined,no-any-return]


def test_a_grid_from_a_table_has_no_controls_for_limits_and_says_why(tmp_path: Path) -> None:
    case = _small(tmp_path)
    assert set(widgets(case)) == set(KEYS) - {"transformers", "limit_kw"}
    assert hints(case) == ["Transformers and their limits have no control: they are those of [grid]."]
    assert hints(Scenario()) == []


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_fuller_nodes_have_other_colours_and_their_text_can_be_read(palette: object) -> None:
    steps = [loading_colours(palette, share) for share in (-0.3, 0.5, 0.65, 0.8, 0.95)]  # type: ignore[arg-type]
    assert len({fill for fill, _ in steps}) == 5
    assert steps[-1] == loading_colours(palette, np.inf)  # type: ignore[arg-type]
    for fill, ink in steps:
        light, dark = sorted((_luminance(fill), _luminance(ink)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, "WCAG AA"


def _luminance(colour: str) -> float:
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@st.composite
def trees(draw: st.DrawFn) -> Grid:
    """Draw a tree of any shape: transformers at any level, substations with nothing below."""
    n = draw(st.integers(2, 120))
    kinds, parents = [Kind.CONTROL_CENTER], [-1]
    for _ in range(n - 1):
        upper = [row for row, kind in enumerate(kinds) if kind is not Kind.TRANSFORMER]
        parents.append(draw(st.sampled_from(upper[-6:])))
        kinds.append(draw(st.sampled_from((Kind.SUBSTATION, Kind.TRANSFORMER, Kind.TRANSFORMER))))
    kinds[-1] = Kind.TRANSFORMER
    return Grid(
        node=tuple(map(str, range(n))), kind=tuple(kinds), parent=np.array(parents), limit_kw=np.ones((n, 1)),
        feed_in_limit_kw=np.full(n, np.inf), load=("",) * n, lines=np.zeros(n, dtype=np.int64), feeder_node=("",) * n,
        rated_kw=np.ones(n), peak_kw=np.full(n, np.nan),
    )  # fmt: skip


@given(trees())
def test_nodes_stand_apart_and_between_what_is_below_them(tree: Grid) -> None:
    places = Places.of(tree)
    spots = set(zip(places.x.tolist(), places.level.tolist(), places.tier.tolist(), strict=True))
    assert len(spots) == len(tree)
    assert places.x.min() >= 0
    assert places.x.max() <= places.columns - 1
    assert places.y_px.max() < places.height_px
    for row, below in enumerate(tree.children):
        if below:
            assert places.x[list(below)].min() <= places.x[row] <= places.x[list(below)].max()
            assert (places.level[list(below)] == places.level[row] + 1).all()
    widths = places.widths_px()
    column_px = 440 / places.columns
    for level in range(int(places.level.max()) + 1):
        rows = np.flatnonzero((places.level == level) & (places.tier == 0))
        rows = rows[np.argsort(places.x[rows])]
        room = np.diff(places.x[rows]) * column_px
        taken = (widths[rows][1:] + widths[rows][:-1]) / 2
        assert ((taken <= room) | (taken <= 3)).all()


def test_twelve_transformers_are_labelled_and_a_hundred_stand_in_columns() -> None:
    def laid(count: int) -> Places:
        case = Scenario().update(
            fleet={"vehicles": 1}, transformer={"count": count, "substations": max(count // 10, 1)}
        )
        return Places.of(Day(case).homes.grid)

    assert laid(1).widths_px().min() > LABEL_PX
    assert laid(12).widths_px().min() >= LABEL_PX
    assert laid(12).tier.max() == 0
    assert laid(100).columns == 20
    assert laid(100).tier.max() == 4
    assert laid(100).widths_px().min() > 15
