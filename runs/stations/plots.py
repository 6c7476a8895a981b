"""Figures of a run of charging stations, drawn from its result and nothing else."""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from environment.feeders import BuiltinFeeder
from runs.drawing import (
    BASE,
    EVS,
    FREE,
    HALO,
    LIMIT,
    METHOD_COLOURS,
    QUIET_TO_LOUD,
    STYLES,
    canvas,
    clock,
    from_zero,
    legend_below,
    panels,
    pieces,
    steps,
)
from runs.feeder_drawing import draw_band
from runs.load_drawing import draw_limit, limit_text, run_title, scale_of
from runs.result import Result
from runs.stations.summary import LEVELS

BEFORE: Final = "with free charging"
SEARCHES: Final = 5
"""Slots whose search is drawn."""
CELLS: Final = 400
"""Columns of a picture made of cells: of more slots each shows the mean of an hour, a day or a week."""
NAMED: Final = 20
"""Of more stations only regions are named."""
BEGUN: Final = 0.02
"""Part of a search after which the axis holds it: first populations often break limits, each at the price of the penalty."""
NOBODY, SAG, SHORTAGE = "#d1d5db", "#fde68a", "#c7d2fe"


def load(result: Result) -> Figure:
    """Draw what is drawn from the grid above, losses included, against what it can supply: without EVs, free charging, the run."""
    slots, summary, span = result.station_slots, result.summary, pieces(result.scenario.horizon)
    before, after = summary["free"]["peak_kw"], summary["peak_kw"]
    size, unit = scale_of(before)
    figure, axes = canvas(
        f"{summary['stations']} stations: peak {before / size:,.1f} {unit} {BEFORE}, {after / size:,.1f} {unit} with {run_title(result)}"
    )
    steps(axes, span.edges_h, span.highest(slots.no_evs_drawn_kw) / size, "without EVs", HALO, width=4.5)
    for column, label, colour, width in (
        ("free_drawn_kw", BEFORE, FREE, 2.8),
        ("drawn_kw", f"with {run_title(result)}", EVS, 1.5),
    ):
        steps(axes, span.edges_h, span.highest(slots[column]) / size, label, colour, width=width)
    limit_kw = result.upper_slots.limit_kw
    draw_limit(axes, limit_kw / size, span, label=f"limit {limit_text(limit_kw.min(), limit_kw.max())}")
    finish(figure, axes, result, span.of_each(f"power drawn while EVs charge,\nlosses included [{unit}]"))
    from_zero(axes)
    return figure


def voltage_band(result: Result) -> Figure:
    """Draw the lowest and highest voltage of any station's node in each slot, beside the limits."""
    slots, band, span = result.station_slots, result.scenario.feeder or BuiltinFeeder(), pieces(result.scenario.horizon)
    before, after = slots.free_voltage_min_pu.min(), slots.voltage_min_pu.min()
    figure, axes = canvas(
        f"The stations' nodes: lowest voltage {before:.3f} pu {BEFORE}, {after:.3f} pu with {run_title(result)}"
    )
    for prefix, label, colour, width in (("free_", BEFORE, FREE, 3.0), ("", run_title(result), EVS, 1.4)):
        low, high = (span.lowest(slots[f"{prefix}voltage_min_pu"]), span.highest(slots[f"{prefix}voltage_max_pu"]))
        if not prefix:
            axes.stairs(
                high, span.edges_h, baseline=low, fill=True, color=colour, alpha=0.15, lw=0, label="stations between"
            )  # fmt: skip
        steps(axes, span.edges_h, low, f"{label}: lowest and highest station", colour, width=width)
        steps(axes, span.edges_h, high, "", colour, width=width)
    draw_band(band, axes)
    finish(figure, axes, result, "voltage [pu]", columns=2)
    return figure


def stations(result: Result) -> Figure:
    """Draw what EVs draw at each station in each slot, a row a station, region by region."""
    table, span = result.stations, pieces(result.scenario.horizon, CELLS)
    rows = table.drop_duplicates("station").reset_index(drop=True)
    numbers = {name: k for k, name in enumerate(rows.region.unique())}
    order = rows.region.map(numbers).argsort(kind="stable").to_numpy()
    size, unit = scale_of(table.ev_kw.max())
    power = table.ev_kw.to_numpy().reshape(-1, len(rows)).T[order] / size
    figure, axes = canvas(f"What EVs draw at each of {len(rows)} stations while they charge", height=6.4)
    edges = np.arange(len(rows) + 1)
    mean = np.ma.masked_equal(span.mean(power), 0.0)
    image = axes.pcolormesh(span.edges_h, edges, mean, cmap=QUIET_TO_LOUD, vmin=0, rasterized=True)
    axes.set_facecolor(NOBODY)
    figure.colorbar(image, ax=axes, label=f"mean power in the {span.name} [{unit}]; grey: nobody")
    counts = rows.region.value_counts(sort=False)
    ends = np.cumsum(counts.to_numpy())
    for end in ends[:-1].tolist():
        axes.axhline(end, color="black", lw=1.5)
    if len(rows) <= NAMED:
        names = [f"{name} ({region})" for name, region in rows[["station", "region"]].to_numpy()[order].tolist()]
        axes.set_yticks(edges[:-1] + 0.5, names)
    else:
        axes.set_yticks(ends - counts.to_numpy() / 2, counts.index.to_list())
    axes.set(ylim=(len(rows), 0), ylabel="station, by region")
    axes.tick_params(axis="y", length=0)
    clock(axes, result)
    return figure


def search(result: Result) -> Figure:
    """Draw how the best fitness falls with the evaluations, in a few slots of the horizon."""
    figure, axes = canvas(f"The search by {result.summary['optimizer']}: best fitness of a slot's schedule")
    searched = result.search.slot.unique()
    shown = searched[np.unique(np.linspace(0, len(searched) - 1, SEARCHES).round().astype(np.int64))]
    starts = result.station_slots.set_index("slot").start
    tops, bottoms = list[float](), list[float]()
    scheduling = result.scenario.scheduling
    penalty = (scheduling.penalty or np.inf) - scheduling.weight_satisfaction  # from here on a limit is broken
    curves = []
    for slot in shown.tolist():
        rows = result.search[result.search.slot == slot]
        curves.append(rows)
        settled = rows.best_fitness[
            (rows.evaluations >= BEGUN * rows.evaluations.max()) & (rows.best_fitness < penalty)
        ]
        tops.append(settled.max() if len(settled) else rows.best_fitness.iloc[-1])
        bottoms.append(rows.best_fitness.min())
    room = 0.05 * (max(tops) - min(bottoms)) or 0.05
    highest = max(tops) + room
    for rows, colour, style in zip(curves, METHOD_COLOURS, (*STYLES, *STYLES), strict=False):
        first = rows.best_fitness.iloc[0]
        left = f", from {first:,.3g} on (above the frame)" if first > highest else ""
        label = f"slot at {starts[rows.slot.iloc[0]]:%H:%M}{left}"
        axes.plot(rows.evaluations, rows.best_fitness, color=colour, ls=style, lw=1.6, label=label)
    axes.set(xlabel="evaluations", ylabel="best fitness", ylim=(min(bottoms) - room, highest))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.25)
    legend_below(figure, axes, columns=2)
    return figure


def triggers(result: Result) -> Figure:
    """Draw each trigger's strength over the day: storage, power passed on, users shifted, what was done when something struck."""
    fired, slots = result.triggers, result.station_slots
    titles = [
        "Time level: what storage takes (above 0) and gives (below)",
        "Region level: power passed from slack to crowded stations",
        "User level: visits shifted to a later slot",
        "Emergency: what storage gives, and what EVs are cut by",
    ]
    figure, drawn = panels(titles, 8.6, nrows=4, ncols=1, sharex=True)
    hours = result.scenario.horizon.edges_h
    units = ("power [kW]", "power [kW]", "visits", "power [kW]")
    on = result.summary["triggers"].split(", ")
    for level, axes, unit in zip(LEVELS, drawn, units, strict=True):
        own = fired[fired.trigger == level]
        for part in (own[own.amount > 0], own[own.amount < 0]):
            sums = part.groupby("slot").amount.sum().reindex(slots.slot, fill_value=0.0)
            axes.stairs(sums.to_numpy(), hours, fill=True, color=EVS, alpha=0.75)
        axes.axhline(0, color=BASE, lw=0.8)
        axes.set_ylabel(unit)
        axes.grid(axis="y", alpha=0.25)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        if own.empty:
            if axes is not drawn[3] or not slots.cut_kw.any():
                axes.set(ylim=(0, 1), yticks=[])
            why = "did not fire" if level in on else "off"
            axes.text(0.5, 0.5, why, transform=axes.transAxes, ha="center", va="center", color=BASE)
        clock(axes, result)
    steps(drawn[3], hours, slots.cut_kw.where(slots.cut_kw > 0), "", LIMIT, width=2.0, style=STYLES[1])
    for struck, colour in ((slots.sag_pu > 0, SAG), (slots.supply_part < 1, SHORTAGE)):
        for slot in np.flatnonzero(struck).tolist():
            drawn[3].axvspan(hours[slot], hours[slot + 1], color=colour, lw=0, zorder=0)
    looks = {
        Patch(color=EVS, alpha=0.75, label="what a trigger did"): len(fired) > 0,
        Line2D([], [], color=LIMIT, lw=2, ls=STYLES[1], label="cut from EVs"): slots.cut_kw.any(),
        Patch(color=SAG, label="slot with a voltage sag"): (slots.sag_pu > 0).any(),
        Patch(color=SHORTAGE, label="slot short of supply"): (slots.supply_part < 1).any(),
    }
    occurring = [look for look, occurs in looks.items() if occurs]
    if occurring:
        figure.legend(handles=occurring, loc="outside lower center", frameon=False, ncols=4, fontsize=9)
    return figure


def finish(figure: Figure, axes: Axes, result: Result, ylabel: str, columns: int = 3) -> None:
    """Label a panel over the time of day; the legend stands below the figure."""
    axes.set_ylabel(ylabel)
    axes.grid(axis="y", alpha=0.25)
    clock(axes, result)
    legend_below(figure, axes, columns=columns)
