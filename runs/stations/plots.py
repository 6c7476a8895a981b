"""Figures of a run of charging stations, drawn from its result and nothing else."""

from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from environment.feeders import BuiltinFeeder
from runs.drawing import BASE, EVS, FREE, LIMIT, METHOD_COLOURS, STYLES, canvas, clock, panels, save, steps
from runs.feeder_drawing import Look, draw_band, draw_profile, furthest, way
from runs.stations.result import StationsResult
from runs.stations.summary import LEVELS

BEFORE: Final = "before scheduling"
SEARCHES: Final = 5
"""Slots whose search is drawn."""
LARGE_KW: Final = 2000.0
"""From here on powers are drawn in MW."""
NAMED: Final = 20
"""Of more stations only regions are named."""
BEGUN: Final = 0.02
"""Part of a search after which the axis holds it: first populations often break limits, each at the price of the penalty."""
NOBODY, SAG, SHORTAGE = "#d1d5db", "#fde68a", "#c7d2fe"


def save_stations(result: StationsResult, folder: Path) -> list[Path]:
    """Draw every figure of one run into a folder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    figures = {
        "load": load(result),
        "voltage_profile": voltage_profile(result),
        "voltage_band": voltage_band(result),
        "losses": losses(result),
        "stations": stations(result),
        "triggers": triggers(result),
    }
    if len(result.search):
        figures["search"] = search(result)
    return [save(figure, folder / f"{name}.png") for name, figure in figures.items()]


def load(result: StationsResult) -> Figure:
    """Draw what is drawn from the grid above: base load, before scheduling, with the schedule."""
    slots, summary = result.slots, result.summary
    before, after = summary["unscheduled"]["peak_kw"], summary["peak_kw"]
    size, unit = _scale(before)
    figure, axes = canvas(
        f"{summary['stations']} stations: peak {before / size:,.1f} {unit} {BEFORE}, {after / size:,.1f} {unit} after"
    )
    hours = result.scenario.horizon.edges_h
    steps(axes, hours, slots.base_kw / size, "base load", BASE)
    steps(axes, hours, slots.unscheduled_drawn_kw / size, f"{BEFORE}, losses included", FREE)
    steps(axes, hours, slots.drawn_kw / size, f"{_title(result)}, losses included", EVS, width=2.0)
    axes.set_ylim(bottom=min(1.08 * min(slots.base_kw.min(), slots.drawn_kw.min()) / size, 0))
    finish(figure, axes, result, f"drawn while EVs charge [{unit}]")
    return figure


def voltage_band(result: StationsResult) -> Figure:
    """Draw the lowest and highest voltage of any station's node in each slot, beside the limits."""
    slots, band = result.slots, result.scenario.feeder or BuiltinFeeder()
    figure, axes = canvas("Lowest and highest voltage of the stations' nodes")
    hours = result.scenario.horizon.edges_h
    own = slots.voltage_min_pu.to_numpy(), slots.voltage_max_pu.to_numpy()
    axes.stairs(own[1], hours, baseline=own[0], fill=True, color=EVS, alpha=0.15)
    for edge in ("min", "max"):
        label = edge == "min"
        steps(axes, hours, slots[f"unscheduled_voltage_{edge}_pu"], BEFORE if label else "", FREE)
        steps(axes, hours, slots[f"voltage_{edge}_pu"], _title(result) if label else "", EVS, width=2.0)
    for k, limit in enumerate((band.voltage_min_pu, band.voltage_max_pu)):
        axes.axhline(limit, color=LIMIT, ls="--", lw=1.2, label="" if k else "voltage band")
    both = slots[["voltage_min_pu", "voltage_max_pu", "unscheduled_voltage_min_pu", "unscheduled_voltage_max_pu"]]
    axes.set_ylim(min(band.voltage_min_pu, both.min().min()) - 0.01, max(band.voltage_max_pu, both.max().max()) + 0.01)
    finish(figure, axes, result, "voltage [pu]")
    return figure


def voltage_profile(result: StationsResult) -> Figure:
    """Draw the voltage of each node over its way from the source, in the slot that takes a node furthest from the band's middle."""
    band, table = result.scenario.feeder or BuiltinFeeder(), result.nodes
    looks = [Look("unscheduled_", BEFORE, FREE, 1.6), Look("", _title(result), EVS, 2.0)]
    slot = int(table.slot.iloc[furthest(table, band, [look.column for look in looks])])
    start = result.scenario.horizon.slot_starts[slot]
    figure, axes = canvas(f"Voltage along the feeder at {start:%H:%M}, the worst slot for the voltage band")
    draw_profile(axes, table[table.slot == slot].reset_index(drop=True), looks)
    axes.set(xlabel=way(band), ylabel="voltage while EVs charge [pu]")
    draw_band(band, figure, axes)
    return figure


def losses(result: StationsResult) -> Figure:
    """Draw what is lost in lines and transformers in each slot."""
    slots = result.slots
    figure, axes = canvas("Losses of lines and transformers in each slot")
    hours = result.scenario.horizon.edges_h
    columns = (("unscheduled_loss_kwh", BEFORE, FREE, 1.6), ("loss_kwh", _title(result), EVS, 2.0))
    for column, label, colour, width in columns:
        steps(axes, hours, slots[column], f"{label}: {slots[column].sum():,.0f} kWh", colour, width=width)
    axes.set_ylim(bottom=0)
    finish(figure, axes, result, "losses [kWh]")
    return figure


def stations(result: StationsResult) -> Figure:
    """Draw what EVs draw at each station in each slot, a row a station, region by region."""
    table = result.stations
    rows = table.drop_duplicates("station").reset_index(drop=True)
    numbers = {name: k for k, name in enumerate(rows.region.unique())}
    order = rows.region.map(numbers).argsort(kind="stable").to_numpy()
    size, unit = _scale(table.ev_kw.max())
    power = table.ev_kw.to_numpy().reshape(-1, len(rows)).T[order] / size
    figure, axes = canvas(f"What EVs draw at each of {len(rows)} stations while they charge", height=6.4)
    hours, edges = result.scenario.horizon.edges_h, np.arange(len(rows) + 1)
    image = axes.pcolormesh(hours, edges, np.ma.masked_equal(power, 0.0), cmap="viridis_r", vmin=0)
    axes.set_facecolor(NOBODY)
    figure.colorbar(image, ax=axes, label=f"power [{unit}]; grey: nobody")
    counts = rows.region.value_counts(sort=False)
    ends = np.cumsum(counts.to_numpy())
    for end in ends[:-1].tolist():
        axes.axhline(end, color="black", lw=1.5)
    if len(rows) <= NAMED:
        names = [f"{name} ({region})" for name, region in rows[["station", "region"]].to_numpy()[order].tolist()]
        axes.set_yticks(edges[:-1] + 0.5, names)
    else:
        axes.set_yticks(ends - counts.to_numpy() / 2, counts.index.to_list())
    axes.set(ylim=(len(rows), 0), xlabel="time of day", ylabel="station, by region")
    axes.tick_params(axis="y", length=0)
    clock(axes, result)
    return figure


def search(result: StationsResult) -> Figure:
    """Draw how the best fitness falls with the evaluations, in a few slots of the horizon."""
    figure, axes = canvas(f"The search by {result.summary['optimizer']}: best fitness of a slot's schedule")
    searched = result.search.slot.unique()
    shown = searched[np.unique(np.linspace(0, len(searched) - 1, SEARCHES).round().astype(np.int64))]
    starts = result.slots.set_index("slot").start
    tops, bottoms = list[float](), list[float]()
    scheduling = result.scenario.scheduling
    penalty = (scheduling.penalty or np.inf) - scheduling.weight_satisfaction  # from here on a limit is broken
    for slot, colour in zip(shown.tolist(), METHOD_COLOURS, strict=False):
        rows = result.search[result.search.slot == slot]
        axes.plot(rows.evaluations, rows.best_fitness, color=colour, lw=1.6, label=f"slot at {starts[slot]:%H:%M}")
        settled = rows.best_fitness[
            (rows.evaluations >= BEGUN * rows.evaluations.max()) & (rows.best_fitness < penalty)
        ]
        tops.append(settled.max() if len(settled) else rows.best_fitness.iloc[-1])
        bottoms.append(rows.best_fitness.min())
    room = 0.05 * (max(tops) - min(bottoms)) or 0.05
    axes.set(xlabel="evaluations", ylabel="best fitness", ylim=(min(bottoms) - room, max(tops) + room))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower center", frameon=False, ncols=SEARCHES, fontsize=9)
    return figure


def triggers(result: StationsResult) -> Figure:
    """Draw each trigger's strength over the day: storage, power passed on, users shifted, what was done when something struck."""
    fired, slots = result.triggers, result.slots
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
    looks = [
        Patch(color=EVS, alpha=0.75, label="trigger"),
        Line2D([], [], color=LIMIT, lw=2, ls=STYLES[1], label="cut from EVs"),
        Patch(color=SAG, label="slot with a voltage sag"),
        Patch(color=SHORTAGE, label="slot short of supply"),
    ]
    drawn[3].set_xlabel("time of day")
    figure.legend(handles=looks, loc="outside lower center", frameon=False, ncols=4, fontsize=9)
    return figure


def finish(figure: Figure, axes: Axes, result: StationsResult, ylabel: str) -> None:
    """Label a panel over the time of day; the legend stands below the figure."""
    axes.set(xlabel="time of day", ylabel=ylabel)
    axes.grid(axis="y", alpha=0.25)
    clock(axes, result)
    figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=9)


def _scale(most_kw: float) -> tuple[float, str]:
    """Return kW a unit, and the unit's name, for powers up to some size."""
    return (1000.0, "MW") if most_kw >= LARGE_KW else (1.0, "kW")


def _title(result: StationsResult) -> str:
    optimizer = result.summary["optimizer"]
    return "triggers alone" if optimizer == "none" else f"scheduled by {optimizer}"
