"""The running numbers, and how many EVs chose and moved over the day."""

from html import escape
from typing import Any, Final

import solara
from mesa.visualization.utils import update_counter

from runs.page.day import Day
from runs.page.figure import figure
from runs.page.palette import Palette, axis, chart, legend
from runs.page.paragraphs import said
from runs.page.view import moves_by_round, numbers, slot_names

CAPTION: Final = "EVs that chose their slots, and EVs that changed a choice, in each slot of the day."
CAPTION_ROUNDS: Final = "EVs that changed their schedules in each round, over the whole day."


@solara.component
def Numbers(day: Day) -> None:
    """Show the running numbers as tiles."""
    update_counter.get()
    tiles = "".join(
        f'<div title="{escape(meaning)}"><div style="font-size:0.8em;opacity:0.75">{escape(name)}</div>'
        f'<div style="font-size:1.25em;font-weight:600;white-space:nowrap;overflow:hidden;text-overflow:ellipsis">{escape(value)}</div>'
        f'<div style="font-size:0.75em;opacity:0.75;line-height:1.2">{escape(meaning)}</div></div>'
        for name, value, meaning in numbers(day)
    )
    solara.HTML(
        unsafe_innerHTML=tiles,
        attributes={"id": "numbers"},
        style="display:grid;grid-template-columns:repeat(auto-fit,minmax(104px,1fr));gap:12px;width:100%",
    )


def option(day: Day, names: list[str], palette: Palette) -> dict[str, Any]:
    """Return the chart of EVs that chose and moved, for ECharts."""
    bar = {"type": "bar", "stack": "evs"}
    return chart(
        palette,
        "EVs that chose and EVs that moved in each slot of the day",
        legend=legend(palette, ["chose", "moved"]),
        grid={"left": 56, "right": 12, "top": 56, "bottom": 44},
        xAxis=_named(palette, names, "time of day"),
        yAxis=axis(palette, name="EVs", minInterval=1),
        series=[
            {**bar, "name": "chose", "data": day.chose.tolist(), "itemStyle": {"color": palette.ev}},
            {**bar, "name": "moved", "data": day.moved.tolist(), "itemStyle": {"color": palette.flash}},
        ],
    )


def rounds_option(moves: list[int], palette: Palette) -> dict[str, Any]:
    """Return the chart of moves by round, for ECharts."""
    return chart(
        palette,
        "EVs that changed their schedules in each round",
        grid={"left": 56, "right": 12, "top": 32, "bottom": 44},
        xAxis=_named(palette, [str(number) for number in range(1, len(moves) + 1)], "round"),
        yAxis=axis(palette, name="EVs that moved", minInterval=1),
        series=[{"type": "bar", "name": "moved", "data": moves, "itemStyle": {"color": palette.flash}}],
    )


@solara.component
def Activity(day: Day, palette: Palette) -> None:
    """Show who chose and moved over the day, and in each round where there were any."""
    update_counter.get()
    names = solara.use_memo(lambda: slot_names(day.homes.horizon), [day])
    said(CAPTION, "Who acts.")
    figure(option(day, names, palette), 230)
    moves = moves_by_round(day)
    if moves:
        said(CAPTION_ROUNDS, "Rounds.")
        figure(rounds_option(moves, palette), 230)


def _named(palette: Palette, names: list[str], title: str) -> dict[str, Any]:
    middle = {"color": palette.text, "align": "center"}
    return axis(
        palette, type="category", data=names, name=title, nameLocation="middle", nameGap=26, nameTextStyle=middle
    )
