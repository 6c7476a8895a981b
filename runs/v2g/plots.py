"""Figures of a fleet that gives back, drawn from its result and nothing else."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from coordination.peak_shaving.grouping import GROUPS
from runs.drawing import (
    EVS,
    FREE,
    HALO,
    METHOD_COLOURS,
    STYLES,
    Pieces,
    clock,
    heading,
    legend_below,
    panels,
    pieces,
    steps,
)
from runs.load_drawing import draw_limit, limit_text, scale_of
from runs.result import Result

ROUNDED_KW: Final = 1e-6
"""Deviations that are all smaller are none but for rounding."""
GROUP_COLOURS: Final = dict(zip((*GROUPS, "all"), (*METHOD_COLOURS[1:3], FREE, EVS), strict=True))
GROUP_STYLES: Final = dict(zip((*GROUPS, "all"), (*STYLES, "-"), strict=True))
GROUP_NAMES: Final = dict(
    zip(
        (*GROUPS, "all"),
        (
            "PCG: priority charging group",
            "RG: reserve group",
            "PDG: priority discharging group",
            "all EVs in one group",
        ),
        strict=True,
    )
)


def load(result: Result) -> Figure:
    """Draw the load without EVs, with free charging and with peak shaving against the limit, and below it what the EVs change."""
    slots, summary, span = result.v2g_slots, result.summary, pieces(result.scenario.horizon)
    before, after = summary["no_evs"]["peak_valley_rate"], summary["peak_valley_rate"]
    titles = [
        f"{summary['vehicles']:,} EVs: peak-valley rate {before:.2%} before, {after:.2%} after",
        "What the EVs change: above 0 they charge, below they give back",
    ]
    figure, (axes, below) = panels(titles, 6.4, nrows=2, ncols=1, sharex=True, height_ratios=[1.4, 1])
    size, unit = scale_of(summary["free"]["peak_kw"])
    steps(axes, span.edges_h, span.highest(slots.actual_kw) / size, "without EVs", HALO, width=4.5)
    free_kw = slots.actual_kw + slots.free_kw
    steps(axes, span.edges_h, span.highest(free_kw) / size, "with free charging", FREE, width=2.6)
    steps(axes, span.edges_h, span.highest(slots.total_kw) / size, "with peak shaving", EVS, width=1.5)
    most, least = span.highest(slots.response_kw), span.lowest(slots.response_kw)
    for edge in (most, least):
        below.stairs(edge, span.edges_h, baseline=0, fill=True, color=EVS, alpha=0.75, lw=0)
    below.axhline(0, color="black", lw=0.8)
    limit_kw = result.upper_slots.limit_kw
    draw_limit(axes, limit_kw / size, span, label=f"limit {limit_text(limit_kw.min(), limit_kw.max())}")
    finish(axes, result, f"{span.of_each('load')} [{unit}]")
    finish(below, result, "EVs [kW]")
    return figure


def tracking(result: Result) -> Figure:
    """Draw the fleet's signal, what its EVs did of it, and the deviation."""
    slots, summary, span = result.v2g_slots, result.summary, pieces(result.scenario.horizon)
    title = f"Signal by {summary['optimizer']}: EVs stray from it by {summary['deviation_max_kw']:,.0f} kW at most"
    figure, (axes, below) = panels([title, ""], 6.0, nrows=2, ncols=1, sharex=True, height_ratios=[3, 1.2])
    _both_ends(axes, span, slots.signal_kw.to_numpy(), "signal", FREE, 3.2)
    _both_ends(axes, span, slots.response_kw.to_numpy(), "response of the EVs", EVS, 1.4)
    finish(axes, result, "power [kW],\npositive charges")
    deviation_kw = (slots.response_kw - slots.signal_kw).to_numpy()
    _both_ends(below, span, deviation_kw, "response less signal", METHOD_COLOURS[2], 1.4)
    if np.abs(deviation_kw).max() < ROUNDED_KW:
        below.set_ylim(-1, 1)
    finish(below, result, "deviation [kW]")
    return figure


def _both_ends(
    axes: Axes, span: Pieces, values: NDArray[np.float64], label: str, colour: str, width: float
) -> None:  # fmt: skip
    """Draw a power in each slot; of longer pieces its highest and its lowest."""
    steps(axes, span.edges_h, span.highest(values), label, colour, width=width)
    if not span.whole:
        steps(axes, span.edges_h, span.lowest(values), "", colour, width=width)


def groups(result: Result) -> Figure:
    """Draw the EVs in each group and the spread of their states of charge before and after each slot."""
    titles = ["EVs in each group", "Spread of the states of charge within a group: thin before, thick after the slot"]
    figure, (upper, lower) = panels(titles, 6.8, nrows=2, ncols=1, sharex=True)
    span = pieces(result.scenario.horizon)
    for name, rows in result.v2g_groups.groupby("group", sort=False):
        colour, style, label = GROUP_COLOURS[str(name)], GROUP_STYLES[str(name)], GROUP_NAMES[str(name)]
        steps(upper, span.edges_h, span.highest(rows.vehicles), label, colour, style=style, width=2.0)
        steps(lower, span.edges_h, span.highest(100 * rows.soc_std_before), "", colour, width=0.8)
        steps(lower, span.edges_h, span.highest(100 * rows.soc_std_after), label, colour, width=2.0, style=style)
    finish(upper, result, "EVs", legend=False)
    finish(lower, result, "standard deviation\n[% points]", legend=False)
    if not span.whole:
        heading(figure, f"The most of each {span.name}")
    legend_below(figure, upper)
    return figure


def edges_h(result: Result) -> NDArray[np.float64]:
    """Return the slots' boundaries in hours from the horizon's start."""
    return result.scenario.horizon.edges_h


def finish(axes: Axes, result: Result, ylabel: str, *, legend: bool = True) -> None:
    """Label a panel over the time of day."""
    clock(axes, result)
    axes.set_ylabel(ylabel)
    axes.grid(alpha=0.25)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", frameon=True, fontsize=9)
