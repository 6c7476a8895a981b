"""The time-slot board: load per slot as ants deposit, the limit, free charging and the optimum, and the pheromone."""

from typing import Any, Final

import numpy as np
import solara
from mesa.visualization.utils import update_counter

from runs.page.day import Day
from runs.page.figure import figure
from runs.page.palette import Palette, axis, chart, legend, strip_colour
from runs.page.said import said
from runs.page.view import BoardView, board, slot_names

CAPTION: Final = (
    "A bar is the load of a time slot: grey the base load, green what EVs have promised to draw, orange what was chosen in this "
    "frame, with a triangle on the slots that were chosen. Strip below: pheromone; the stronger its colour, the more room is "
    "left, and the more the slot draws ants."
)

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
    limit_kw = float(view.limit_kw.max())
    bar = {"type": "bar", "stack": "load", "stackStrategy": "all", "barCategoryGap": "8%"}
    line = {"type": "line", "step": "middle", "showSymbol": False, "z": 5}
    series: list[dict[str, Any]] = [
        {
            **bar,
            "name": "base load",
            "data": rounded(view.base_kw),
            "itemStyle": {"color": palette.base},
            "markLine": {
                "silent": True,
                "symbol": "none",
                "lineStyle": {"color": palette.limit, "width": 2},
                "label": {
                    "formatter": f"limit {limit_kw:,.0f} kW",
                    "position": "insideEndTop",
                    "color": palette.limit,
                },
                "data": [{"yAxis": limit_kw}],
            },
        },
        {**bar, "name": "EVs", "data": rounded(view.held_kw), "itemStyle": {"color": palette.ev}},
        {**bar, "name": "chosen just now", "data": rounded(view.flash_kw), "itemStyle": {"color": palette.flash}},
        {**line, "name": "free charging", "data": rounded(view.free_kw), **_thin(palette.free)},
    ]
    if view.optimum_kw is not None:
        series.append({**line, "name": "optimum", "data": rounded(view.optimum_kw), **_thin(palette.optimum)})
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
    top = max(limit_kw, float(view.free_kw.max()), float(total.max()))
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
            load_axis(palette, float(view.base_kw.min()), top),
            {"gridIndex": 1, "show": False, "min": 0, "max": 1},
        ],
        series=series,
    )  # fmt: skip


@solara.component
def Board(day: Day, shown: int | None, palette: Palette) -> None:
    """Show the board of a transformer, or of all together."""
    update_counter.get()
    names = solara.use_memo(lambda: slot_names(day.world.horizon), [day])
    said(CAPTION, "The board.")
    figure(option(board(day, shown), names, palette), 420)


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
