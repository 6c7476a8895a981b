"""The tab that sets two ways to charge beside each other, on the same fleet and load."""

from typing import Any, Final

import solara
import solara.lab

from coordination.valley_filling import COORDINATORS
from environment.input_faults import FaultyInputError
from runs.best_known import title_of
from runs.page.board import limit_of, load_axis, rounded
from runs.page.day import Day
from runs.page.figure import figure
from runs.page.palette import Palette, axis, chart, legend, use_palette
from runs.page.paragraphs import said, table
from runs.page.run_controls import turn
from runs.page.view import slot_names
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import simulate

ROWS: Final = (
    ("Peak [kW]", "peak_kw", "{:,.0f}"),
    ("Peak less valley [kW]", "peak_valley_difference_kw", "{:,.0f}"),
    ("Gap to the optimum [%]", "optimality_gap", "{:.2%}"),
    ("Messages", "messages", "{:,}"),
    ("Size of the messages [bytes]", "bytes", "{:,}"),
    ("Refused deposits", "refused_deposits", "{:,}"),
    ("Messages lost", "messages_lost", "{:,}"),
    ("Unserved [kWh]", "unserved_kwh", "{:,.1f}"),
)
"""Rows of the table: name, key of the summary, format."""

CAPTION: Final = (
    "Two methods, or two batch sizes, on the fleet and the load of this page's day. The whole day is run for each."
)

type Side = tuple[str, int]
"""Method and batch size."""


def run_both(case: Scenario, sides: tuple[Side, Side]) -> tuple[Result, Result]:
    """Run a scenario's fleet and load with two methods and batch sizes, whatever kind of run it asks for itself."""
    case = case.model_copy(update={"peak_shaving": None, "stations": None})
    one, other = (
        simulate(case.varied({"coordination.method": method, "coordination.batch_size": batch}))
        for method, batch in sides
    )
    return one, other


def titles(results: tuple[Result, Result]) -> list[str]:
    """Return a name for each of two results."""
    parts = []
    for letter, result in zip("AB", results, strict=True):
        entry = COORDINATORS[result.summary["method"]]
        batch = f", batches of {result.summary['batch_size']}" if entry.decides == "vehicle" else ""
        parts.append(f"{letter}: {title_of(result.summary)}{batch}")
    return parts


def option(results: tuple[Result, Result], names: list[str], palette: Palette) -> dict[str, Any]:
    """Return the chart of two runs' loads, for ECharts."""
    slots = [result.slots.groupby("slot")[["actual_kw", "total_kw", "limit_kw"]].sum() for result in results]
    limit_kw = slots[0].limit_kw.to_numpy()
    loads = [("base load", slots[0].actual_kw, palette.base)]
    loads += [
        (name, each.total_kw, colour)
        for name, each, colour in zip(titles(results), slots, (palette.free, palette.ev), strict=True)
    ]
    series = [
        {
            "type": "line", "step": "middle", "showSymbol": False, "name": name, "data": rounded(load),
            "lineStyle": {"color": colour, "width": 2}, "itemStyle": {"color": colour},
        }
        for name, load, colour in loads
    ]  # fmt: skip
    marked, lines = limit_of(limit_kw, "limit", palette)
    series[0] |= marked
    return chart(
        palette,
        "Load curves of both runs",
        legend=legend(palette, [name for name, _, _ in loads] + [each["name"] for each in lines]),
        grid={"left": 56, "right": 12, "top": 84, "bottom": 44},
        xAxis=axis(
            palette, type="category", data=names, name="time of day", nameLocation="middle", nameGap=28,
            nameTextStyle={"color": palette.text, "align": "center"},
        ),
        yAxis=load_axis(palette, min(each.total_kw.min() for each in slots), max(limit_kw.max(), *(each.total_kw.max() for each in slots))),
        series=[*series, *lines],
    )  # fmt: skip


def figures(results: tuple[Result, Result]) -> list[list[str]]:
    """Return the key figures of both: rows of a name and two values."""
    rows = []
    for name, key, form in ROWS:
        cells = [result.summary.get(key) for result in results]
        texts = ["" if cell is None else form.format(cell).removesuffix("%") for cell in cells]
        rows.append([name, *texts])
    return rows


@solara.component
def Compare(day: Day) -> None:
    """Compare on a day; another day begins anew, so that no result of the last one is left standing."""
    Comparison(day).key(f"day {id(day)}")


@solara.component
def Comparison(day: Day) -> None:
    """Choose two sides, run both, and show them on one chart."""
    palette = use_palette()
    settings = day.case.coordination
    sides, set_sides = solara.use_state((("free", 1), (settings.method, settings.batch_size)))

    def both() -> tuple[Result, Result] | str:
        try:
            with turn(task):
                return run_both(day.case, sides)
        except FaultyInputError as error:
            return "; ".join(str(fault) for fault in error.faults)

    task = solara.lab.use_task(both, dependencies=None, raise_error=False)
    solara.use_effect(lambda: lambda: task.cancel() if task.pending else None, [])
    said(CAPTION, "Compare.")
    with solara.Row(style="flex-wrap:wrap", gap="16px"):
        for place, letter in enumerate("AB"):
            with solara.Div(style="flex:1 1 240px"):
                Choice(letter, sides[place], lambda side, place=place: set_sides(_replaced(sides, place, side)))
    solara.Button("Run both", color="primary", on_click=task, disabled=task.pending)
    solara.ProgressLinear(task.pending)
    if task.error:
        solara.Error(str(task.exception))
    elif task.finished and isinstance(task.value, str):
        solara.Error(task.value)
    elif task.finished and task.value:
        names = slot_names(day.homes.horizon)
        figure(option(task.value, names, palette), 420)
        table(["", *titles(task.value)], figures(task.value))


@solara.component
def Choice(letter: str, side: Side, on_side: Any) -> None:
    """Choose a method and a batch size."""
    method, batch = side
    solara.Select(
        f"{letter}: method", values=list(COORDINATORS), value=method, on_value=lambda name: on_side((name, batch))
    )
    if COORDINATORS[method].decides == "vehicle":
        solara.InputInt(
            f"{letter}: batch size", value=batch, on_value=lambda number: on_side((method, max(number or 1, 1)))
        )


def _replaced(sides: tuple[Side, Side], place: int, side: Side) -> tuple[Side, Side]:
    return (side, sides[1]) if place == 0 else (sides[0], side)
