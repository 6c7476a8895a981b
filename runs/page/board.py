"""The time-slot board: load per slot as ants deposit, the limit, free charging and the optimum, and the pheromone."""

from typing import Any, Final

import numpy as np
import solara
from mesa.visualization.utils import update_counter
from numpy.typing import NDArray

from runs.page.day import Day
from runs.page.figure import figure
from runs.page.nodes import nodes_now, told
from runs.page.palette import Palette, axis, chart, legend, strip_colour
from runs.page.paragraphs import said
from runs.page.view import BoardView, board, slot_names

CAPTION: Final = (
    "A bar is the load of a time slot: grey the base load, green what EVs have promised to draw, orange what was chosen in this "
    "frame, with a triangle on the slots that were chosen. Strip below: pheromone; the stronger its colour, the more room is "
    "left, and the more the slot draws ants."
)

FED_IN: Final = "Where the base load feeds in, its bar is an outline below zero; EVs fill it, and their top is the load that is left."
"""Added where it does so."""

FEW_SLOTS: Final = 48
"""Up to so many slots there is room for large triangles."""


def option(view: BoardView, names: list[str], palette: Palette) -> dict[str, Any]:
    """Return the chart of a board, for ECharts.

    Parameters
    ----------
    view
        What stands on it.
    names
        Names of the slots.
    palette
        Colours.
    """
    marked, limits = limit_of(view.limit_kw, view.limit_name, palette)
    bar = {"type": "bar", "stack": "load", "stackStrategy": "all", "barCategoryGap": "8%"}
    line = {"type": "line", "step": "middle", "showSymbol": False, "z": 5}
    outline = {"color": "transparent", "borderColor": palette.base, "borderWidth": 1.5, "borderType": "dashed"}
    series: list[dict[str, Any]] = [
        {
            **bar,
            "name": "base load",
            "data": [load if load >= 0 else {"value": load, "itemStyle": outline} for load in rounded(view.base_kw)],
            "itemStyle": {"color": palette.base},
            **marked,
        },
        {**bar, "name": "EVs", "data": rounded(view.held_kw), "itemStyle": {"color": palette.ev}},
        {**bar, "name": "chosen just now", "data": rounded(view.flash_kw), "itemStyle": {"color": palette.flash}},
        {**line, "name": "free charging", "data": rounded(view.free_kw), **_thin(palette.free)},
    ]
    if view.optimum_kw is not None:
        series.append({**line, "name": "optimum", "data": rounded(view.optimum_kw), **_thin(palette.optimum)})
    series += limits
    total = view.base_kw + view.held_kw + view.flash_kw
    landed = np.flatnonzero(view.flash_kw > 0).tolist()
    series.append({
        "type": "scatter", "name": "chosen just now", "symbol": "triangle", "symbolRotate": 180, "symbolOffset": [0, -8],
        "symbolSize": 11 if len(names) <= FEW_SLOTS else 6, "itemStyle": {"color": palette.flash}, "z": 6,
        "data": [[slot, round(total[slot], 1)] for slot in landed], "silent": True, "tooltip": {"show": False},
    })  # fmt: skip
    names_shown = list(dict.fromkeys(each["name"] for each in series))
    strongest = max(float(view.pheromone.max()), 1e-12)
    strip = [
        {"value": 1, "itemStyle": {"color": strip_colour(palette, part)}}
        for part in (view.pheromone / strongest).tolist()
    ]
    highest = float(view.limit_kw[np.isfinite(view.limit_kw)].max(initial=0.0))
    top = max(highest, float(view.free_kw.max()), float(total.max()))
    low = min(float(each.min()) for each in (view.base_kw, view.free_kw, total))
    shared = {"type": "category", "data": names}
    series.append({
        "name": "pheromone", "type": "bar", "xAxisIndex": 1, "yAxisIndex": 1, "data": strip, "barCategoryGap": "0%",
        "silent": True, "tooltip": {"show": False},
        "markPoint": {
            "symbol": "triangle", "symbolSize": 9, "itemStyle": {"color": palette.text}, "silent": True,
            "data": [{"coord": [view.now, 0], "symbolOffset": [0, 7]}],
        },
    })  # fmt: skip
    return chart(
        palette,
        "Load of each time slot, with base load, EVs, limit, free charging and optimum",
        legend=legend(palette, names_shown),
        grid=[{"left": 56, "right": 12, "top": 84, "bottom": 78}, {"left": 56, "right": 12, "height": 16, "bottom": 56}],
        xAxis=[
            axis(palette, **shared, axisLabel={"show": False}, axisTick={"show": False}),
            axis(
                palette, **shared, gridIndex=1, name="time of day; the triangle marks now", nameLocation="middle", nameGap=32,
                axisTick={"show": False}, axisLabel={"color": palette.text, "margin": 14},
                nameTextStyle={"color": palette.text, "align": "center"},
            ),
        ],
        yAxis=[
            load_axis(palette, low, top),
            {"gridIndex": 1, "show": False, "min": 0, "max": 1},
        ],
        series=series,
    )  # fmt: skip


@solara.component
def Board(day: Day, row: int, palette: Palette) -> None:
    """Show the board of a node of the grid, by its row there."""
    update_counter.get()
    names = solara.use_memo(lambda: slot_names(day.homes.horizon), [day])
    view = board(day, row)
    said(told(day, nodes_now(day), row) + ".", f"The board of {day.homes.grid.node[row]}:")
    said(CAPTION + (f" {FED_IN}" if view.base_kw.min() < 0 else ""))
    figure(option(view, names, palette), 420)


def limit_of(limit_kw: NDArray[np.float64], name: str, palette: Palette) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return how a limit is drawn: a mark on another series where it is the same in all slots, else a series of its own.

    Parameters
    ----------
    limit_kw
        By slot, infinite where there is none [kW], shape ``(n_slots,)``.
    name
        What to call it.
    palette
        Colours.
    """
    line = {"color": palette.limit, "width": 2}
    if not (limit_kw == limit_kw[0]).all():
        steps = [load if np.isfinite(load) else None for load in rounded(limit_kw)]
        return {}, [{
            "type": "line", "step": "middle", "showSymbol": False, "z": 5, "name": name, "data": steps,
            "lineStyle": line, "itemStyle": {"color": palette.limit},
        }]  # fmt: skip
    mark = {
        "silent": True,
        "symbol": "none",
        "lineStyle": line,
        "label": {"formatter": f"{name} {limit_kw[0]:,.0f} kW", "position": "insideEndTop", "color": palette.limit},
        "data": [{"yAxis": float(limit_kw[0])}],
    }
    return ({"markLine": mark} if np.isfinite(limit_kw[0]) else {}), []


def rounded(load_kw: Any) -> list[float]:
    """Return loads as a chart needs them: to a tenth of a kW, in few characters."""
    return [float(value) for value in np.round(load_kw, 1)]


def load_axis(palette: Palette, low: float, top: float) -> dict[str, Any]:
    """Return an axis of load from zero, or a round number below the lowest, to one above the largest; it stays while bars grow."""
    below = min(low, 0.0)
    height = top - below
    size = 10.0 ** np.floor(np.log10(max(height, 1e-9) / 4))
    interval = next(size * step for step in (1, 2, 5, 10) if size * step * 6 >= 1.05 * height)
    begin, end = (np.floor(1.05 * below / interval) * interval, np.ceil(1.05 * top / interval) * interval)
    return axis(palette, name="load [kW]", min=float(begin), max=float(end), interval=float(interval))


def _thin(colour: str) -> dict[str, Any]:
    return {"lineStyle": {"color": colour, "width": 1.4}, "itemStyle": {"color": colour}}
