"""Figures of EVs as ants below one transformer, and of methods side by side; drawn from results and nothing else."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from runs.drawing import (
    BASE,
    FREE,
    HALO,
    LIMIT,
    MARKERS,
    METHOD_COLOURS,
    QUIET_TO_LOUD,
    STYLES,
    Curve,
    canvas,
    clock,
    legend_below,
    log_axis,
    panels,
    pieces,
    steps,
)
from runs.load_drawing import draw_load, finish_load, fullest, method_title
from runs.plural import counted
from runs.result import Result

RASTER_ROWS: Final = 125
"""A raster of more EVs shows every k-th, so that a row stays visible."""
CELLS: Final = 400
"""Columns of a picture made of cells: of more slots each shows the mean of an hour, a day or a week."""
PLUGGED: Final = "#d3d7dd"
ZERO_GAP: Final = 1e-8
"""A gap to the optimum no larger is drawn as 0, and the axis says so: bounds of the optimum are hardly closer."""
MARKED: Final = 15
"""So many marks at most stand on a curve."""
CHARGING: Final = 0.1
"""A valley reaches as far as EVs draw this part of the most that they draw in it."""


def load_curves(result: Result) -> Figure:
    """Draw base load, free charging and the load of a run below one transformer against its limit; what EVs fill is shaded."""
    summary = result.summary
    before = f"{summary['free']['peak_kw']:,.0f} kW with free charging"
    after = "" if summary["method"] == "free" else f", {summary['peak_kw']:,.0f} kW with {method_title(result)}"
    figure, axes = canvas(f"{counted(summary['vehicles'], 'EV')}: peak {before}{after}")
    span = pieces(result.scenario.horizon)
    draw_load(axes, result.slots, span, result)
    finish_load(axes, result, span)
    legend_below(figure, axes)
    return figure


def compare(results: list[Result]) -> Figure:
    """Draw the load curves of several runs on the same fleet and load, and the valley enlarged.

    Of several transformers the fullest one is drawn, with its own limit.
    """
    first = results[0]
    order = fullest([result for result in results if result.summary["method"] != "free"] or results)
    by_result = [result.slots[result.slots.transformer == order[0]] for result in results]
    looks = iter(zip(METHOD_COLOURS, STYLES * 2, strict=True))  # one may lie on another: dashes let both be seen
    curves, windows = [], []
    for result, slots in zip(results, by_result, strict=True):
        free = result.summary["method"] == "free"
        colour, style = (FREE, "-") if free else next(looks)
        curves.append(
            Curve(f"with {method_title(result)}: peak {slots.total_kw.max():,.0f} kW", slots.total_kw, colour, style)
        )
        if not free:
            windows.append(slots.ev_kw.to_numpy())
    where = f"{order[0]}, the fullest of {len(order)}" if len(order) > 1 else "the same fleet and load"
    title = f"{counted(first.summary['vehicles'], 'EV')}, {where}: the peak of each method stands in the legend"
    base = by_result[0].actual_kw.to_numpy()
    window = _valley(first, base, np.max(windows, axis=0) if windows else by_result[0].ev_kw.to_numpy())
    calm = [
        curve
        for curve, result in zip(curves, results, strict=True)
        if result.summary["method"] != "free" or not windows
    ]
    return day_and_valley(first, title, base, curves, calm, window, by_result[0].limit_kw)


def day_and_valley(
    first: Result, title: str, base_kw: NDArray[np.float64], curves: Sequence[Curve], calm: Sequence[Curve],
    window: slice, limit_kw: "pd.Series[float] | None" = None,
) -> Figure:  # fmt: skip
    """Draw loads of one fleet over the whole day, and below it their valley enlarged.

    Parameters
    ----------
    first
        A run on that fleet, for its limit and horizon.
    title
        Title of the whole.
    base_kw
        Base load in each slot.
    curves
        Loads. Each is drawn narrower than the one before, so that none is hidden.
    calm
        Those of them whose range the enlarged panel fits; others may leave it.
    window
        Slots that are enlarged.
    limit_kw
        Limit in each slot [kW]; that of the run's first transformer if left out.
    """
    span = pieces(first.scenario.horizon)
    figure, (whole, valley) = panels([title, ""], 6.8, nrows=2, ncols=1, height_ratios=[1, 1.2])
    steps(whole, span.edges_h, span.highest(base_kw), "base load", HALO, width=4.5)
    widths = np.linspace(3.2, 1.3, len(curves)) if len(curves) > 1 else [2.0]
    edges_h = first.scenario.horizon.edges_h[window.start : window.stop + 1]
    for curve, width in zip(curves, widths, strict=True):
        steps(
            whole, span.edges_h, span.highest(curve.load_kw), curve.label, curve.colour, width=width, style=curve.style
        )
        shown = np.asarray(curve.load_kw)[window]
        steps(valley, edges_h, shown, curve.label, curve.colour, width=width, style=curve.style)
    finish_load(whole, first, span, limit_kw=limit_kw)
    loads = np.concatenate([np.asarray(curve.load_kw)[window] for curve in calm])
    room = 0.06 * (loads.max() - loads.min()) or 1.0
    clock(valley, first, span_h=(float(edges_h[0]), float(edges_h[-1])), most=12)
    valley.set(ylabel="load [kW]", ylim=(loads.min() - room, loads.max() + room))
    valley.set_title(
        f"The valley enlarged: {loads.min():,.0f} to {loads.max():,.0f} kW, not from 0", loc="left", fontsize=12
    )
    valley.grid(axis="y", alpha=0.25)
    legend_below(figure, whole, columns=2)
    return figure


def _valley(result: Result, base_kw: NDArray[np.float64], ev_kw: NDArray[np.float64]) -> slice:
    """Return the slots that EVs fill: of several days those of the day in which the base load is least."""
    day = max(1, round(24 / result.scenario.horizon.slot_h))
    begin = min(int(np.argmin(base_kw)) // day * day, max(0, base_kw.size - day))
    drawn_kw = ev_kw[begin : begin + day]
    filled = np.flatnonzero(drawn_kw > CHARGING * drawn_kw.max())
    if not filled.size:
        return slice(begin, begin + drawn_kw.size)
    return slice(begin + int(filled[0]), begin + int(filled[-1]) + 1)


def gap_by_messages(results: list[Result]) -> Figure:
    """Draw how the gap to the optimum falls with the messages sent, round by round, on logarithmic axes with a row for 0.

    A method without rounds on record before the day is one mark.
    """
    figure, axes = canvas("Distance to the provable optimum against messages sent: lower and further left is better")
    looks = iter(zip(METHOD_COLOURS, MARKERS, STYLES * 2, strict=False))
    traces = [_gap_trace(result) for result in results]
    known = pd.concat(traces).dropna()
    messages, gaps = known.messages.to_numpy(dtype=np.float64), 100 * known.gap.to_numpy(dtype=np.float64)
    messages = log_axis(axes, "x", messages)(messages)
    gaps = log_axis(axes, "y", gaps, 100 * ZERO_GAP)(gaps)
    begin = 0
    for result, trace in zip(results, traces, strict=True):
        look: tuple[str, str, LineStyleType]
        look = (FREE, MARKERS[-1], "-") if result.summary["method"] == "free" else next(looks)
        at = slice(begin, begin := begin + len(trace.dropna()))
        if at.start == at.stop:
            continue
        last = trace.iloc[-1]
        gap = "0" if last.gap <= ZERO_GAP else f"{100 * last.gap:.2g}" if last.gap < 0.1 else f"{100 * last.gap:,.0f}"
        axes.plot(
            messages[at], gaps[at], marker=look[1], ms=6, lw=1.5, color=look[0], clip_on=False,
            ls=look[2] if at.stop - at.start > 1 else "none", markevery=-(-(at.stop - at.start) // MARKED),
            label=f"{method_title(result)}: {gap} %, {last.messages:,.0f} messages",
        )  # fmt: skip
    axes.set(xlabel="messages sent", ylabel=f"gap to the optimum [%]; 0: up to {100 * ZERO_GAP:f} %")
    axes.grid(alpha=0.25)
    if axes.lines:
        legend_below(figure, axes, columns=2)
    return figure


def _gap_trace(result: Result) -> pd.DataFrame:
    """Messages so far and gap after each round before the day; without such rounds, of the whole run."""
    summary = result.summary
    rounds = result.rounds.groupby("round")[["messages", "cost_kw2"]].sum()
    before_the_day = len(result.rounds) > 0 and (result.rounds.slot == 0).all() and len(rounds) > 1
    as_forecast = result.slots.actual_kw.equals(result.slots.base_kw)
    one_length = (result.rounds.groupby("transformer").size().nunique() if len(result.rounds) else 1) == 1
    gap = summary.get("optimality_gap")
    if not (before_the_day and as_forecast and one_length) or gap is None:
        return pd.DataFrame({"messages": [summary["messages"]], "gap": [np.nan if gap is None else gap]})
    gain = summary["free_cost_kw2"] - summary["optimum_bound_kw2"]
    return pd.DataFrame({
        "messages": rounds.messages.cumsum().to_numpy(),
        "gap": ((rounds.cost_kw2 - summary["optimum_bound_kw2"]) / gain).to_numpy(),
    })  # fmt: skip


def board(result: Result) -> Figure:
    """Draw the pheromone of one transformer's slots as a day goes on; past slots are blank.

    Of several transformers it is the fullest, of several days that of the highest load, and the title says so.
    """
    order, horizon = fullest([result]), result.scenario.horizon
    table = result.board[result.board.transformer == order[0]]
    loads = result.slots[result.slots.transformer == order[0]].total_kw.to_numpy()
    width = int((table.at_h == 0).sum())
    first = int(loads.argmax()) // width * width
    hours = horizon.edges_h[first : first + width + 1]
    n = hours.size - 1
    table = table[(table.at_h >= hours[0]) & (table.at_h < hours[-1]) & table.slot.between(first, first + n - 1)]
    pheromone = np.full((n, n), np.nan)
    pheromone[np.searchsorted(hours, table.at_h.to_numpy()), table.slot.to_numpy() - first] = table.pheromone
    shown = np.ma.masked_where(np.arange(n) < np.arange(n)[:, None], 100 * pheromone)
    which = f"{order[0]}, the fullest of {len(order)}" if len(order) > 1 else "the transformer"
    day = "" if n == horizon.n_slots else f" on day {first // width + 1}, of the highest load"
    figure, axes = canvas(f"The board of {which}{day}:\npheromone marks an empty valley, and fades as EVs fill it", 5.6)
    image = axes.pcolormesh(hours, hours, shown, cmap=QUIET_TO_LOUD, rasterized=True)
    figure.colorbar(image, ax=axes, label="pheromone of a slot [% of all slots' headroom]")
    axes.plot(hours[[0, -1]], hours[[0, -1]], color=LIMIT, lw=1.5)
    axes.set_ylim(hours[-1], hours[0])
    for each in ("x", "y"):
        clock(axes, result, each, (float(hours[0]), float(hours[-1])))
    axes.set_xlabel(f"slot that the pheromone is of ({axes.get_xlabel()})")
    axes.set_ylabel(f"when the board is read ({axes.get_ylabel()})")
    axes.text(
        0.04, 0.06, "blank: slots that are over\nred line: the slot that begins", transform=axes.transAxes, color=BASE,
        fontsize=10, va="bottom",
    )  # fmt: skip
    return figure


def raster(result: Result) -> Figure:
    """Draw who charges when: a row an EV, by plug-in; grey while plugged in, the darker the more it charges.

    Of many EVs every k-th is drawn, and the title says so.
    """
    horizon, span = result.scenario.horizon, pieces(result.scenario.horizon, CELLS)
    stays = result.vehicles.sort_values(["plug_in_h", "plug_out_h"], kind="stable")
    names = stays.vehicle.unique()
    step = -(-len(names) // RASTER_ROWS)
    rows = pd.Series(np.arange(len(names[::step])), index=names[::step])
    stays = stays[stays.vehicle.isin(rows.index)]
    row = rows.loc[stays.vehicle].to_numpy()
    edges_h = horizon.edges_h
    there = np.zeros((len(rows), horizon.n_slots), dtype=np.bool_)
    begin = np.searchsorted(edges_h[1:], stays.plug_in_h.to_numpy(), side="right")
    end = np.searchsorted(edges_h[:-1], stays.plug_out_h.to_numpy(), side="left")
    for number, first, last in zip(row.tolist(), begin.tolist(), end.tolist(), strict=True):
        there[number, first:last] = True
    keys = ["vehicle", *(["stay"] if "stay" in result.schedule else [])]
    drawn = result.schedule[result.schedule.vehicle.isin(rows.index)]
    drawn = drawn.join(stays.set_index(keys).power_kw.rename("rated_kw"), on=keys)
    share = np.zeros(there.shape)
    at = (rows.loc[drawn.vehicle].to_numpy(), drawn.slot.to_numpy())
    np.add.at(share, at, 100 * drawn.power_kw.to_numpy() / drawn.rated_kw.to_numpy())
    share, plugged = span.mean(share), span.mean(there.astype(np.float64)) > 0
    every = "" if step == 1 else f"every {_ordinal(step)} of "
    figure, axes = canvas(
        f"Who charges when: {every}{len(names):,} EVs, {method_title(result)}; grey: plugged in, not charging",
        height=5.6,
    )
    places = np.arange(len(rows) + 1)
    grey = np.ma.masked_where(~plugged, np.ones(plugged.shape))
    axes.pcolormesh(span.edges_h, places, grey, cmap=ListedColormap([PLUGGED]), rasterized=True)
    loud = np.ma.masked_where(~(share > 0), share)
    image = axes.pcolormesh(span.edges_h, places, loud, cmap=QUIET_TO_LOUD, vmin=0, vmax=100, rasterized=True)
    figure.colorbar(image, ax=axes, label=f"mean power in the {span.name} [% of rated]")
    for place in places[1:-1].tolist() if len(rows) <= RASTER_ROWS else ():
        axes.axhline(place, color="white", lw=0.4)
    axes.set_ylim(len(rows), 0)
    clock(axes, result)
    ticks = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), 6)).round().astype(np.int64))
    axes.set_yticks(ticks + 0.5, [f"{step * tick + 1:,}" for tick in ticks.tolist()])
    axes.set_ylabel("EV, in order of plugging in")
    return figure


def _ordinal(number: int) -> str:
    """Return 2nd, 3rd, 11th, 21st and so on."""
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"
