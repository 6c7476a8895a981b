"""Figures of the batch-size study: the answer for fleets of any size, and what rounds, losses and delays do to it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from runs.drawing import BASE, LIMIT, MARKERS, METHOD_COLOURS, STYLES, heading, legend_below, log_axis, panels
from runs.studies.batch.cases import POWER_KW

MEASURES = {
    "valley_ripple_kw": ("Ripple of the filled valley", "ripple [kW]", 1.0),
    "optimality_gap": ("Distance to the optimum", "gap [%]", 100.0),
    "peak_kw": ("Peak of the day", "peak [kW]", 1.0),
    "messages": ("Messages of the day", "messages", 1.0),
}
ZERO = 1e-6
"""A gap [%] no larger is 0 but for rounding."""


def figures(table: pd.DataFrame, rules: pd.DataFrame) -> dict[str, Figure]:
    """Draw every figure; return them by file name without its ending."""
    fleets = int(table.fleets.max())
    return {
        "how_many_evs_share_a_round": answer(table, rules, fleets),
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
    named = chosen.assign(
        at=100 * chosen.share,
        ripple=100 / POWER_KW * chosen.valley_ripple_kw / chosen.vehicles,
        ripple_half=100 / POWER_KW * chosen.valley_ripple_kw_half_width / chosen.vehicles,
        gap=100 * chosen.optimality_gap,
        gap_half=100 * chosen.optimality_gap_half_width,
        label=[f"{vehicles:,} EVs" for vehicles in chosen.vehicles],
    )
    _means(left, named, "ripple", logarithmic=True)
    _means(right, named, "gap", logarithmic=True)
    share = rules.set_index("series")
    sizes = share.loc[chosen.series.unique()]
    marks = {
        "unnoticed_share": ("as good as one by one", BASE, ":"),
        "filled_share": ("the last to fill the valley", LIMIT, "--"),
    }
    for name, (says, colour, style) in marks.items():
        part = float(sizes[name].median())
        for axes in (left, right):
            axes.axvline(100 * part, color=colour, ls=style, lw=1.4, label=f"{part:.0%} in a batch: {says}")
    for axes, label in ((left, "ripple [% of the fleet's rated power]"), (right, "gap [%]")):
        axes.set(xlabel="part of the fleet that shares a round [%]", ylabel=label)
    legend_below(figure, left)
    heading(figure, f"How many EVs may share one round? Mean and 95 % confidence over {fleets} fleets each")
    return figure


def measures(table: pd.DataFrame, families: Sequence[str], title: str) -> Figure:
    """Draw ripple, gap, peak and messages against the batch size for some series."""
    figure, drawn = panels([name for name, _, _ in MEASURES.values()], height=7.2, nrows=2, ncols=2)
    chosen = table[table.family.isin(families)]
    for axes, (column, (_, label, scale)) in zip(drawn, MEASURES.items(), strict=True):
        named = chosen.assign(
            at=chosen.batch_size.astype(np.float64),
            measure=scale * chosen[column],
            measure_half=scale * chosen[f"{column}_half_width"],
            label=chosen.series,
        )
        _means(axes, named, "measure", logarithmic=column in ("valley_ripple_kw", "optimality_gap"))
        axes.set_ylabel(label)
    for axes in drawn[2:]:
        axes.set_xlabel("batch size [EVs]")
    legend_below(figure, drawn[0], columns=2)
    heading(figure, f"{title}, with 95 % confidence")
    return figure


def _means(axes: Axes, table: pd.DataFrame, name: str, *, logarithmic: bool) -> None:
    """Draw means with bars of their confidence, a line a label; a bar that reaches 0 ends at the frame of a logarithmic axis."""
    at = log_axis(axes, "x", table["at"].to_numpy())
    mean, half = table[name].to_numpy(), np.nan_to_num(table[f"{name}_half"].to_numpy())
    placed = log_axis(axes, "y", np.concatenate([mean, mean + half]), ZERO) if logarithmic else np.asarray
    for look, (label, each) in zip(_looks(), table.groupby("label", sort=False), strict=False):
        colour, style, marker = look
        x, y = at(each["at"].to_numpy()), placed(each[name].to_numpy())
        reach = np.nan_to_num(each[f"{name}_half"].to_numpy())
        low = np.maximum(each[name].to_numpy() - reach, axes.get_ylim()[0]) if logarithmic else y - reach
        axes.plot(x, y, marker=marker, ms=4.5, lw=1.6, color=colour, ls=style, label=str(label))
        axes.vlines(
            x, np.minimum(low, y), np.maximum(each[name].to_numpy() + reach, y), color=colour, lw=1.0, alpha=0.6
        )
    axes.grid(alpha=0.25)


def _looks() -> list[tuple[str, LineStyleType, str]]:
    return list(zip((BASE, *METHOD_COLOURS), STYLES * 3, MARKERS, strict=False))
