"""One EV: its stay, its need, the slots that it chose, and the pheromone that it saw when it did."""

from typing import Any

import numpy as np
import solara
from mesa.visualization.utils import update_counter

from runs.page.board import rounded
from runs.page.day import Day
from runs.page.figure import figure
from runs.page.palette import Palette, axis, chart, legend
from runs.page.paragraphs import said
from runs.page.view import EvView, clock, ev, slot_names, why


def option(view: EvView, names: list[str], palette: Palette) -> dict[str, Any]:
    """Return the chart of an EV's stay, for ECharts: what it saw as bars, darker where it chose."""
    chosen = view.chosen_kw > 0
    series: list[dict[str, Any]] = [
        {"type": "line", "step": "middle", "showSymbol": False, "name": "its charging [kW]", "yAxisIndex": 1,
         "data": rounded(view.chosen_kw), "lineStyle": {"color": palette.flash, "width": 2},
         "itemStyle": {"color": palette.flash}},
    ]  # fmt: skip
    if view.seen is not None:
        percent = 100 * view.seen
        series = [
            {"type": "bar", "stack": "seen", "name": name, "data": np.round(np.where(mask, percent, 0.0), 2).tolist(),
             "itemStyle": {"color": colour}}
            for name, mask, colour in (
                ("pheromone seen: chosen", chosen, palette.ev), ("not chosen", ~chosen, palette.base)
            )
        ] + series  # fmt: skip
    return chart(
        palette,
        "Pheromone that the EV saw in the slots of its stay, and its charging",
        legend=legend(palette, [each["name"] for each in series]),
        grid={"left": 56, "right": 48, "top": 60, "bottom": 28},
        xAxis=axis(palette, type="category", data=[names[slot] for slot in view.slots.tolist()]),
        yAxis=[
            axis(palette, name="pheromone [%]" if view.seen is not None else "", min=0),
            axis(palette, name="[kW]", min=0, splitLine={"show": False}),
        ],
        series=series,
    )


@solara.component
def Vehicle(day: Day, k: int, row: int, palette: Palette) -> None:
    """Show one EV by its transformer and its row there."""
    update_counter.get()
    horizon = day.homes.horizon
    names = solara.use_memo(lambda: slot_names(horizon), [day])
    view = ev(day, k, row)
    came, leaves = (clock(horizon, hour) for hour in view.stay_h)
    said(
        f"under {view.transformer}: {view.state}. Its stay is {came} to {leaves}. It needs "
        f"{view.need_kwh:.1f} kWh at up to {view.power_kw:g} kW and has drawn {view.drawn_kwh:.1f} kWh. {why(day, view)}",
        f"EV {view.name}",
    )
    figure(option(view, names, palette), 240)
