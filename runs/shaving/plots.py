"""Figures of a run of peak shaving, drawn from its result and nothing else."""

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from runs.drawing import BASE, EVS, FREE, METHOD_COLOURS, STYLES, canvas, clock, panels, save, steps
from runs.shaving.result import ShavingResult

GROUP_COLOURS: Final = dict(zip(("PCG", "RG", "PDG", "all"), (*METHOD_COLOURS[1:3], FREE, EVS), strict=True))
GROUP_STYLES: Final = dict(zip(("PCG", "RG", "PDG", "all"), (*STYLES, "-"), strict=True))


def save_shaving(result: ShavingResult, folder: Path) -> list[Path]:
    """Draw every figure of one run into a folder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {"load": load(result), "tracking": tracking(result), "groups": groups(result)}
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def load(result: ShavingResult) -> Figure:
    """Draw the load before and after peak shaving."""
    slots, summary = result.slots, result.summary
    before, after = summary["no_evs"]["peak_valley_rate"], summary["peak_valley_rate"]
    figure, axes = canvas(f"{summary['vehicles']} EVs: peak-valley rate {before:.2%} before, {after:.2%} after")
    hours = edges_h(result)
    steps(axes, hours, slots.actual_kw / 1000, "before", BASE)
    steps(axes, hours, slots.total_kw / 1000, "after", EVS, width=2.0)
    finish(axes, result, "load [MW]")
    return figure


def tracking(result: ShavingResult) -> Figure:
    """Draw the fleet's signal, what its EVs did of it, and the deviation."""
    slots, summary = result.slots, result.summary
    title = f"Signal by {summary['optimizer']}: EVs stray from it by {summary['deviation_max_kw']:.0f} kW at most"
    figure, (axes, below) = panels([title, ""], 6.0, nrows=2, ncols=1, sharex=True, height_ratios=[3, 1.2])
    hours = edges_h(result)
    steps(axes, hours, slots.signal_kw, "signal", METHOD_COLOURS[1])
    steps(axes, hours, slots.response_kw, "response", EVS, width=2.0, style=STYLES[1])
    finish(axes, result, "power [kW], positive charges")
    steps(below, hours, slots.response_kw - slots.signal_kw, "deviation", FREE)
    finish(below, result, "deviation [kW]")
    return figure


def groups(result: ShavingResult) -> Figure:
    """Draw the EVs in each group and the spread of their states of charge before and after each slot."""
    titles = ["EVs in each group", "Standard deviation of the state of charge: before (thin) and after (thick)"]
    figure, (upper, lower) = panels(titles, 6.4, nrows=2, ncols=1, sharex=True)
    hours = edges_h(result)
    for name, rows in result.groups.groupby("group", sort=False):
        colour, style = GROUP_COLOURS[str(name)], GROUP_STYLES[str(name)]
        steps(upper, hours, rows.vehicles, str(name), colour, style=style)
        steps(lower, hours, rows.soc_std_before, "", colour, width=0.8)
        steps(lower, hours, rows.soc_std_after, str(name), colour, width=2.0, style=style)
    finish(upper, result, "EVs")
    finish(lower, result, "standard deviation")
    return figure


def edges_h(result: ShavingResult) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the slots' boundaries in hours from the horizon's start."""
    return result.scenario.horizon.edges_h


def finish(axes: Axes, result: ShavingResult, ylabel: str) -> None:
    """Label a panel whose x axis is the time of day."""
    clock(axes, result)
    axes.set_ylabel(ylabel)
    subplot = axes.get_subplotspec()
    if subplot is None or subplot.is_last_row():
        axes.set_xlabel("time of day")
    axes.grid(alpha=0.25)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", frameon=True, fontsize=9)
