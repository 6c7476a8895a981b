"""Figures of the batch-size study: the answer for fleets of any size, and what rounds, losses and delays do to it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from runs.drawing import BASE, EVS, LIMIT, METHOD_COLOURS, STYLES, panels
from runs.studies.batch.rule import POWER_KW

MEASURES = {
    "valley_ripple_kw": ("Ripple of the filled valley", "ripple [kW]", 1.0),
    "optimality_gap": ("Distance to the optimum", "gap [%]", 100.0),
    "peak_kw": ("Peak of the day", "peak [kW]", 1.0),
    "messages": ("Messages of the day", "messages", 1.0),
}


def figures(table: pd.DataFrame, rules: pd.DataFrame) -> dict[str, Figure]:
    """Draw every figure; return them by file name without its ending."""
    fleets = int(table.fleets.max())
    return {
        "how_many_cars_share_a_round": answer(table, rules, fleets),
        "rounds": measures(table, ["ideal", "rounds"], f"Batches and rounds, mean of {fleets} fleets of 500 EVs"),
        "losses": measures(
            table, ["ideal", "losses"], f"Batches and lost messages, mean of {fleets} fleets of 500 EVs"
        ),
        "delays": measures(table, ["ideal", "delays"], f"Batches and delays, mean of {fleets} fleets of 500 EVs"),
    }


def answer(table: pd.DataFrame, rules: pd.DataFrame, fleets: int) -> Figure:
    """Draw ripple and gap against the part of the fleet in a batch, for every fleet size; and where the valley stays filled."""
    figure, (left, right) = panels(["Ripple of the filled valley", "Distance to the optimum"], height=5.2)
    chosen = table[table.family.isin(["ideal", "sizes"])].sort_values("vehicles", kind="stable")
    for look, (vehicles, each) in zip(_looks(), chosen.groupby("vehicles"), strict=False):
        scale = 100 / (float(each.vehicles.iloc[0]) * POWER_KW)
        _band(left, each, "valley_ripple_kw", scale, f"{vehicles:,} EVs", look, x="share", stretch=100)
        _band(right, each, "optimality_gap", 100.0, f"{vehicles:,} EVs", look, x="share", stretch=100)
    share = rules.set_index("series")
    sizes = share.loc[chosen.series.unique()]
    marks = {
        "unnoticed_share": ("as good as one by one", EVS, ":"),
        "filled_share": ("the last to fill the valley", LIMIT, "--"),
    }
    for name, (says, colour, style) in marks.items():
        part = float(sizes[name].median())
        for axes in (left, right):
            axes.axvline(100 * part, color=colour, ls=style, lw=1.4, label=f"{part:.0%} in a batch: {says}")
    for axes, label in ((left, "ripple [% of the fleet's rated power]"), (right, "gap [%]")):
        axes.set(xlabel="part of the fleet that shares a round [%]", ylabel=label)
        _logarithmic("x", "y", axes=axes)
        axes.grid(alpha=0.25)
    _legend_below(figure, left, columns=3)
    figure.suptitle(
        f"How many cars may share one round? Mean and 95 % confidence over {fleets} fleets each", x=0.01, ha="left"
    )
    return figure


def measures(table: pd.DataFrame, families: Sequence[str], title: str) -> Figure:
    """Draw ripple, gap, peak and messages against the batch size for some series."""
    figure, drawn = panels([name for name, _, _ in MEASURES.values()], height=7.2, nrows=2, ncols=2, sharex=True)
    chosen = table[table.family.isin(families)]
    for axes, (column, (_, label, scale)) in zip(drawn, MEASURES.items(), strict=True):
        for look, (series, each) in zip(_looks(), chosen.groupby("series", sort=False), strict=False):
            _band(axes, each, column, scale, str(series), look, x="batch_size")
        axes.set_ylabel(label)
        _logarithmic("x", axes=axes)
        if column in ("valley_ripple_kw", "optimality_gap"):
            _logarithmic("y", axes=axes)
        axes.grid(alpha=0.25)
    for axes in drawn[2:]:
        axes.set_xlabel("batch size [EVs]")
    _legend_below(figure, drawn[0], columns=2)
    figure.suptitle(f"{title}, with 95 % confidence", x=0.01, ha="left")
    return figure


def _logarithmic(*names: str, axes: Axes) -> None:
    """Make axes logarithmic, with plain numbers at 1, 2 and 5."""
    for name in names:
        axes.set(**{f"{name}scale": "log"})
        axis = axes.xaxis if name == "x" else axes.yaxis
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axis.set_minor_formatter(NullFormatter())


def _looks() -> list[tuple[str, object]]:
    return list(zip((BASE, *METHOD_COLOURS[:5]), ("-", *STYLES[1:], "-", *STYLES[1:]), strict=False))


def _band(
    axes: Axes, each: pd.DataFrame, column: str, scale: float, label: str, look: tuple[str, object], *, x: str,
    stretch: float = 1.0,
) -> None:  # fmt: skip
    """Draw a mean with its confidence: `scale` times a column against `stretch` times another."""
    colour, style = look
    mean, half = scale * each[column].to_numpy(), scale * np.nan_to_num(each[f"{column}_half_width"].to_numpy())
    at = stretch * each[x].to_numpy()
    axes.plot(at, mean, marker="o", ms=3.5, lw=1.6, color=colour, ls=style, label=label)
    axes.fill_between(at, np.maximum(mean - half, 1e-9), mean + half, color=colour, alpha=0.18, lw=0)


def _legend_below(figure: Figure, axes: Axes, *, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", frameon=False, ncols=columns, fontsize=9)
