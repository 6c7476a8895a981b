"""Figures of the feeder: voltage along it, voltage over the day, losses. Drawn from a result and nothing else."""

import numpy as np
from matplotlib.figure import Figure

from environment.feeders import BuiltinFeeder
from runs.drawing import EVS, FREE, HALO, canvas, clock, legend_below, pieces, steps
from runs.feeder_drawing import Look, draw_band, worst_profiles
from runs.load_drawing import run_title
from runs.result import Result


def _looks(result: Result) -> list[Look]:
    """Give what is drawn, the last on top: each narrower than the one before, so that what it lies on can be seen."""
    no_evs = Look("no_evs_", "without EVs", HALO, 5.0)
    free = Look("free_", "with free charging", FREE, 3.0)
    own = Look("", f"with {run_title(result)}", EVS, 1.4)
    return [no_evs, free] if result.summary["method"] == "free" else [no_evs, free, own]


def voltage_profile(result: Result) -> Figure:
    """Draw the voltage of each node over its way from the source, in the worst slot of free charging and in that of the run.

    Of several copies of the feeder the ones with these slots are drawn.
    """
    looks = _looks(result)
    return worst_profiles(result.network, result.scenario.feeder or BuiltinFeeder(), looks, looks[1:], result)


def voltage_band(result: Result) -> Figure:
    """Draw the lowest and highest voltage of any node in each slot, shaded between for the run, beside the limits."""
    span, looks = pieces(result.scenario.horizon), _looks(result)
    figure, axes = canvas("")
    lows = []
    for look in looks:
        by_slot = result.network.groupby("slot")[look.column]
        low, high = span.lowest(by_slot.min()), span.highest(by_slot.max())
        if not np.isnan(low).all():
            lows.append(f"{np.nanmin(low):.3f} {look.label}")
        if look is looks[-1]:
            axes.stairs(
                high, span.edges_h, baseline=low, fill=True, color=look.colour, alpha=0.15, lw=0, label="all nodes between"
            )  # fmt: skip
        for edge, label in ((low, f"{look.label}: lowest and highest node"), (high, "")):
            steps(axes, span.edges_h, edge, label, look.colour, width=look.width)
    assert result.scenario.feeder is not None
    axes.set_title(f"Lowest voltage of any node [pu]: {', '.join(lows)}", loc="left", fontsize=11)
    axes.set_ylabel("voltage of the nodes [pu]")
    clock(axes, result)
    draw_band(result.scenario.feeder, axes)
    legend_below(figure, axes, columns=2)
    return figure


def losses(result: Result) -> Figure:
    """Draw the feeder's losses in each slot, of all its copies together."""
    span = pieces(result.scenario.horizon)
    figure, axes = canvas("Losses of the feeder: in the legend those of the whole time")
    by_slot = result.network_slots.groupby("slot")[["loss_kw", "free_loss_kw", "no_evs_loss_kw"]].sum(min_count=1)
    energy_kwh = by_slot.sum(min_count=1) * result.scenario.horizon.slot_h
    for look in _looks(result):
        column = f"{look.prefix}loss_kw"
        label = f"{look.label}: {energy_kwh[column]:,.0f} kWh"
        steps(axes, span.edges_h, span.highest(by_slot[column]), label, look.colour, width=look.width)
    axes.set(ylabel=f"{span.of_each('losses')} [kW]", ylim=(0, None))
    axes.grid(axis="y", alpha=0.25)
    clock(axes, result)
    legend_below(figure, axes)
    return figure
