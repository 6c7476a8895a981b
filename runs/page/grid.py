"""The grid: its tree of nodes by loading, and every EV below the node that is looked at in the colour of its state."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import solara
from mesa.visualization.utils import update_counter

from runs.page.day import Day
from runs.page.figure import figure
from runs.page.nodes import nodes_now, transformers_below
from runs.page.palette import DARK, Palette, axis, chart, legend
from runs.page.paragraphs import said
from runs.page.tree import Places, tree_series
from runs.page.view import STATES, present_rows, state_counts, states

MOST_DRAWN: Final = 600
"""More EVs than this are drawn as counts."""

EVS_PX: Final = 260
"""Height of what is drawn below the tree [px]."""

LEGEND_PX: Final = 64
"""Height kept for the legend [px]."""

CAPTION: Final = (
    "A box is a node with its load now, in per cent of its limit, or in kW where it has none. The darker it is the fuller, red from "
    "95 % on; what is above its limit has a triangle. Point at a box for load, limit and EVs; click it to see its board, and "
    "again for all."
)
CAPTION_DARK: Final = CAPTION.replace("darker", "brighter")
CAPTION_EVS: Final = (
    "A dot is an EV, in the order of plugging in; its colour says what it does. Click one to see what it chose and "
    "why; a ring is one that chose just now."
)
CAPTION_COUNTS: Final = f"Below, the EVs of each transformer by state; up to {MOST_DRAWN} EVs, of a node that you click, are drawn one by one."


def drawn(day: Day, row: int) -> list[int]:
    """Return the transformers below a node whose EVs are drawn one by one; none where they are too many."""
    places = transformers_below(day.homes.grid, row).tolist()
    few = sum(int(day.transformers[k].problem.members.sum()) for k in places) <= MOST_DRAWN
    return places if few else []


def shape(day: Day, singly: list[int]) -> tuple[int, int]:
    """Return how many columns and rows of dots some transformers' EVs make."""
    total = max(sum(int(day.transformers[k].problem.members.sum()) for k in singly), 1)
    columns = int(np.ceil(np.sqrt(total * 2.5)))
    return columns, -(-total // columns)


def option(day: Day, shown: int, palette: Palette, places: Places | None = None) -> dict[str, Any]:
    """Return the chart of the grid, for ECharts: the tree above, EVs or their counts below.

    Parameters
    ----------
    day
        What is played.
    shown
        Row of the node that is looked at.
    palette
        Colours.
    places
        Where the nodes are drawn; worked out if left out.
    """
    places = Places.of(day.homes.grid) if places is None else places
    below = transformers_below(day.homes.grid, shown).tolist()
    counts = state_counts(day, below)
    singly = drawn(day, shown)
    names = [f"{name} {count:,}" for name, count in zip(STATES, counts.sum(axis=0).tolist(), strict=True)]
    if singly:
        evs = _dots(day, singly, names, palette)
        columns, rows = shape(day, singly)
        x_axis: dict[str, Any] = {"show": False, "min": -1, "max": columns}
        y_axis: dict[str, Any] = {"show": False, "inverse": True, "min": -1, "max": rows}
    else:
        evs = [
            {
                "type": "bar", "stack": "evs", "name": name, "xAxisIndex": 1, "yAxisIndex": 1, "barMaxWidth": 60,
                "data": counts[:, state].tolist(), "itemStyle": {"color": palette.states[state]},
            }
            for state, name in enumerate(names)
        ]  # fmt: skip
        x_axis = axis(palette, type="category", data=[day.transformers[k].name for k in below])
        y_axis = axis(palette, name="EVs")
    now, tree_px = nodes_now(day), places.height_px
    return chart(
        palette,
        f"The grid's tree, its nodes by loading: {now.over.sum()} of {len(now.over)} above their limits. State of the EVs: {', '.join(names)}",
        tooltip={"trigger": "item", "confine": True},
        legend=legend(palette, names),
        grid=[
            {"left": 12, "right": 12, "top": LEGEND_PX, "height": tree_px},
            {"left": 24 if singly else 56, "right": 24, "top": LEGEND_PX + tree_px + 28, "bottom": 28},
        ],
        xAxis=[
            {"show": False, "min": -0.5, "max": places.columns - 0.5},
            {**x_axis, "gridIndex": 1},
        ],
        yAxis=[
            {"show": False, "inverse": True, "min": -places.level_px / 2, "max": tree_px - places.level_px / 2},
            {**y_axis, "gridIndex": 1},
        ],
        series=[tree_series(day, now, shown, places, palette), *evs],
    )


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
    shown: int,
    palette: Palette,
    on_node: Callable[[int | None], None],
    on_ev: Callable[[tuple[int, int]], None],
) -> None:
    """Show the grid; a click names a node by its row (again: None, all of them) or an EV (its transformer and row)."""
    update_counter.get()
    grid = day.homes.grid
    places = solara.use_memo(lambda: Places.of(grid), [day])

    def clicked(event: dict[str, Any]) -> None:
        series, place = event.get("seriesType"), event.get("dataIndex")
        if series == "scatter":
            on_ev((int(event["data"][2]), int(event["data"][3])))
        elif place is None:
            return
        elif series == "bar":
            on_node(int(grid.transformer_rows[transformers_below(grid, shown)[int(place)]]))
        elif series == "graph" and event.get("dataType") == "node":
            on_node(None if int(place) == shown else int(place))

    said(CAPTION_DARK if palette is DARK else CAPTION, "The grid.")
    said(CAPTION_EVS if drawn(day, shown) else CAPTION_COUNTS)
    figure(option(day, shown, palette, places), round(LEGEND_PX + places.height_px + EVS_PX), clicked)
