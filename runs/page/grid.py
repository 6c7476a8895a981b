"""The hierarchy: control centre, substations, transformers, and every EV in the colour of its state."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import solara
from mesa.visualization.utils import update_counter

from runs.page.day import Day
from runs.page.figure import figure
from runs.page.palette import Palette, axis, chart, legend
from runs.page.said import said
from runs.page.view import STATES, present_rows, state_counts, states

MOST_DRAWN: Final = 600
"""More EVs than this are drawn as counts."""

MOST_NAMED: Final = 12
"""Up to so many transformers or substations each is labelled."""

CAPTION_EVS: Final = (
    "A dot is an EV, in the order of plugging in; its colour says what it does. Click one to see what it chose and "
    "why; a ring is one that chose just now."
)
CAPTION_COUNTS: Final = (
    "Under each transformer, its EVs by state. Click a transformer to see its board and, up to "
    f"{MOST_DRAWN} of them, its EVs."
)


def drawn(day: Day, shown: int | None) -> list[int]:
    """Return the transformers whose EVs are drawn one by one; none where they are too many."""
    places = range(len(day.transformers)) if shown is None else [shown]
    few = sum(int(day.transformers[k].problem.members.sum()) for k in places) <= MOST_DRAWN
    return list(places) if few else []


def shape(day: Day, singly: list[int]) -> tuple[int, int]:
    """Return how many columns and rows of dots some transformers' EVs make."""
    total = max(sum(int(day.transformers[k].problem.members.sum()) for k in singly), 1)
    columns = int(np.ceil(np.sqrt(total * 2.5)))
    return columns, -(-total // columns)


def option(day: Day, shown: int | None, palette: Palette) -> dict[str, Any]:
    """Return the chart of the grid, for ECharts: the tree above, EVs or their counts below.

    Parameters
    ----------
    day
        What is played.
    shown
        The transformer that is looked at, or None for all.
    palette
        Colours.
    """
    counts = state_counts(day)
    singly = drawn(day, shown)
    names = [f"{name} {count:,}" for name, count in zip(STATES, counts.sum(axis=0).tolist(), strict=True)]
    if singly:
        below = _dots(day, singly, names, palette)
        columns, rows = shape(day, singly)
        x_axis: dict[str, Any] = {"show": False, "min": -1, "max": columns}
        y_axis: dict[str, Any] = {"show": False, "inverse": True, "min": -1, "max": rows}
    else:
        below = [
            {
                "type": "bar", "stack": "evs", "name": name, "xAxisIndex": 1, "yAxisIndex": 1, "barMaxWidth": 60,
                "data": counts[:, state].tolist(), "itemStyle": {"color": palette.states[state]},
            }
            for state, name in enumerate(names)
        ]  # fmt: skip
        x_axis = axis(palette, type="category", data=[each.name for each in day.transformers])
        y_axis = axis(palette, name="EVs")
    return chart(
        palette,
        "The grid's tree and the state of its EVs: " + ", ".join(names),
        tooltip={"trigger": "item", "confine": True},
        legend=legend(palette, names),
        grid=[
            {"left": 56, "right": 24, "top": 64, "height": 110},
            {"left": 24 if singly else 56, "right": 24, "top": 210, "bottom": 28},
        ],
        xAxis=[
            {"show": False, "min": -0.5, "max": len(day.transformers) - 0.5},
            {**x_axis, "gridIndex": 1},
        ],
        yAxis=[{"show": False, "min": 0, "max": 2}, {**y_axis, "gridIndex": 1}],
        series=[_tree(day, shown, palette), *below],
    )


def _tree(day: Day, shown: int | None, palette: Palette) -> dict[str, Any]:
    """Return control centre, substations and transformers with their links."""
    grid = day.world.grid
    n = len(grid.transformers)
    substations = grid.upper_rows[1:].tolist()
    feeders = [grid.node[row] for row in grid.parent[grid.transformer_rows].tolist()]
    middle = {
        grid.node[row]: float(np.mean([k for k in range(n) if feeders[k] == grid.node[row]] or [0]))
        for row in substations
    }
    label = {"show": True, "color": palette.text, "position": "right"}
    nodes: list[dict[str, Any]] = [
        {"name": "control centre", "value": [(n - 1) / 2, 2], "symbol": "diamond", "symbolSize": 20, "label": label}
    ]
    links = []
    for name, x in middle.items():
        nodes.append({
            "name": name.replace(":", " "), "value": [x, 1], "symbol": "rect", "symbolSize": 15,
            "label": label if len(middle) <= MOST_NAMED else {"show": False},
        })  # fmt: skip
        links.append({"source": "control centre", "target": name.replace(":", " ")})
    for k, name in enumerate(grid.transformers):
        loaded = day.transformers[k].board.load_kw[day.slot] / grid.transformer_limit_kw[k, day.slot]
        nodes.append({
            "name": f"transformer {name}: {100 * loaded:.0f} % of its limit now", "value": [k, 0], "symbol": "circle",
            "symbolSize": 14 if n <= MOST_NAMED else 9,
            "itemStyle": {"color": palette.limit if loaded > 1 else palette.ev, "borderColor": palette.text,
                          "borderWidth": 3 if k == shown else 0},
            "label": label | {"formatter": f"{name}  {100 * loaded:.0f} %", "position": "bottom"}
            if n <= MOST_NAMED else {"show": False},
        })  # fmt: skip
        links.append({"source": feeders[k].replace(":", " "), "target": nodes[-1]["name"]})
    return {
        "type": "graph", "coordinateSystem": "cartesian2d", "data": nodes, "links": links, "name": "grid",
        "itemStyle": {"color": palette.text}, "lineStyle": {"color": palette.lines, "width": 1.5},
        "tooltip": {"formatter": "{b}"},
    }  # fmt: skip


def _dots(day: Day, singly: list[int], names: list[str], palette: Palette) -> list[dict[str, Any]]:
    """Return a series a state, with a point [x, y, transformer, row] for every EV in it."""
    columns, _ = shape(day, singly)
    points: list[list[list[int]]] = [[] for _ in STATES]
    rings: list[list[int]] = []
    place = 0
    for k in singly:
        just_now = set(day.just_now[k].tolist())
        rows = present_rows(day, k)
        for row, state in zip(rows.tolist(), states(day, k)[rows].tolist(), strict=True):
            point = [place % columns, place // columns, k, row]
            points[state].append(point)
            if row in just_now:
                rings.append(point)
            place += 1
    size = max(5, min(18, round(300 / columns)))
    dots = [
        {
            "type": "scatter", "name": name, "xAxisIndex": 1, "yAxisIndex": 1, "symbolSize": size, "data": points[state],
            "itemStyle": {"color": palette.states[state]}, "tooltip": {"formatter": "{a}"},
        }
        for state, name in enumerate(names)
    ]  # fmt: skip
    ring = {"color": "transparent", "borderColor": palette.flash, "borderWidth": 3}
    return [*dots, {
        "type": "scatter", "name": "chose just now", "xAxisIndex": 1, "yAxisIndex": 1, "symbolSize": size + 5, "data": rings,
        "itemStyle": ring, "silent": True, "tooltip": {"show": False},
    }]  # fmt: skip


@solara.component
def Grid(
    day: Day,
    shown: int | None,
    palette: Palette,
    on_transformer: Callable[[int | None], None],
    on_ev: Callable[[tuple[int, int]], None],
) -> None:
    """Show the grid; a click names a transformer (again: all of them) or an EV (its transformer and row)."""
    update_counter.get()

    def clicked(event: dict[str, Any]) -> None:
        series, place = event.get("seriesType"), event.get("dataIndex")
        if series == "scatter":
            on_ev((int(event["data"][2]), int(event["data"][3])))
        elif series == "bar" and place is not None:
            on_transformer(int(place))
        elif series == "graph" and event.get("dataType") == "node" and place is not None:
            k = int(place) - day.world.grid.upper_rows.size
            on_transformer(None if k < 0 or k == shown else k)

    said(CAPTION_EVS if drawn(day, shown) else CAPTION_COUNTS, "The grid.")
    figure(option(day, shown, palette), 440, clicked)
