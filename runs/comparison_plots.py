"""Figures of runs side by side that differ in who decides."""

from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from runs.drawing import FREE, HALO, METHOD_COLOURS, STYLES, clock, legend_below, panels, pieces, steps
from runs.homes import plots
from runs.load_drawing import draw_limit, run_title
from runs.result import Result

if TYPE_CHECKING:
    import pandas as pd


class Curve(NamedTuple):
    """A load as it is drawn.

    Parameters
    ----------
    load_kw
        Load in each slot [kW], shape ``(n_slots,)``.
    name
        Name in the legend.
    colour, width, style
        Look of the line.
    """

    load_kw: "pd.Series[float]"
    name: str
    colour: str
    width: float
    style: LineStyleType


def comparison_figures(results: list[Result]) -> dict[str, Figure]:
    """Draw the comparison of several runs on one world; return its figures by file name without its ending."""
    if "slots" in results[0].tables:
        return {"load_curves": plots.compare(results), "gap_by_messages": plots.gap_by_messages(results)}
    return {"load_curves": whole_loads(results)}


def whole_loads(results: list[Result]) -> Figure:
    """Draw the whole load in several runs, beside free charging and no EVs, and below it what the EVs change."""
    first, span = results[0], pieces(results[0].scenario.horizon)
    titles = ["The same EVs and load: the peak of each run stands in the legend", "The same less the load without EVs"]
    figure, (axes, below) = panels(titles, 6.4, nrows=2, ncols=1, sharex=True, height_ratios=[1.4, 1])
    no_evs_kw, free_kw, _ = _whole_kw(first)
    steps(axes, span.edges_h, span.highest(no_evs_kw), "without EVs", HALO, width=4.5)
    curves = [Curve(free_kw, "with free charging", FREE, 2.8, "-")]
    for place, result in enumerate(results):
        turn, look = divmod(place, len(METHOD_COLOURS))
        style = STYLES[(place + turn) % len(STYLES)]
        curves.append(Curve(_whole_kw(result)[2], run_title(result), METHOD_COLOURS[look], 1.5, style))
    for load_kw, name, colour, width, style in curves:
        label = f"{name}: peak {load_kw.max():,.0f} kW"
        steps(axes, span.edges_h, span.highest(load_kw), label, colour, width=width, style=style)
        steps(below, span.edges_h, span.highest(load_kw - no_evs_kw), "", colour, width=width, style=style)
    draw_limit(axes, first.upper_slots.limit_kw.iloc[: no_evs_kw.size], span)
    below.axhline(0, color="black", lw=0.8)
    axes.set_ylabel(f"{span.of_each('load')} [kW]")
    below.set_ylabel(f"{span.of_each('difference')} [kW]")
    for each in (axes, below):
        each.grid(axis="y", alpha=0.25)
        clock(each, first, most=9)
    axes.set_xlabel("")
    legend_below(figure, axes)
    return figure


def _whole_kw(result: Result) -> tuple["pd.Series[float]", ...]:
    """Return the load in each slot without EVs, with free charging and in the run [kW], as the summary's peak has it."""
    if "station_slots" in result.tables:
        slots = result.station_slots
        return slots.no_evs_drawn_kw, slots.free_drawn_kw, slots.drawn_kw
    slots = result.upper_slots.iloc[: result.scenario.horizon.n_slots]
    return slots.actual_kw, slots.actual_kw + slots.free_kw, slots.total_kw
