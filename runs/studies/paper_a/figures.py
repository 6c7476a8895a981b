"""Paper A's figures, redrawn from our runs and named after the paper's.

Where the paper shows one day, ours is the first fleet's.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from coordination.valley_filling import COORDINATORS
from environment.fleets import NhtsFleet
from environment.fleets.nhts import KM_PER_MILE, EvType
from environment.horizon import Horizon
from runs.drawing import (
    BASE,
    EVS,
    FREE,
    HALO,
    LIMIT,
    METHOD_COLOURS,
    QUIET_TO_LOUD,
    STYLES,
    Curve,
    canvas,
    legend_below,
    panels,
    steps,
)
from runs.homes.plots import day_and_valley
from runs.load_drawing import finish_load
from runs.result import Result
from runs.studies.paper_a.cases import NIGHT, SEEN, VALLEY, PaperRuns, night_ripple_kw

PLAN = METHOD_COLOURS[1]
HABITS_DRAWN = 10_000
BOARD_MOMENTS_H = (0, 3, 6, 9, 24)
"""Hours from noon at which Fig 8 shows the board."""


def figures(runs: PaperRuns) -> dict[str, Figure]:
    """Draw every figure; return them by file name without its ending."""
    responses = {
        f"fig{11 + i}_adjustment_{moment.replace(' ', '')}": adjustment(runs, moment) for i, moment in enumerate(SEEN)
    }
    return {
        "fig01_plug_in_and_out": plug_in_and_out(),
        "fig02_daily_miles": daily_miles(),
        "fig06_load": load(runs),
        "fig07_free_charging": free_charging(runs),
        "fig08_one_by_one": one_by_one(runs),
        "fig09_batch_sizes": batch_sizes(runs),
        "fig10_ants_and_swarms": ants_and_swarms(runs),
        **responses,
    }


def plug_in_and_out() -> Figure:
    """Fig 1: hours at which our fleet source plugs EVs in and out, beside the densities of eqs (1)-(2)."""
    fleet = NhtsFleet(vehicles=HABITS_DRAWN)
    drawn = fleet.build(Horizon(), np.random.default_rng(0))
    noon_h = Horizon().start_clock_h
    figure, (left, right) = panels([f"Plug-in: {HABITS_DRAWN:,} EVs drawn", "Plug-out"], sharey=True)
    _hours(left, drawn.plug_in_h + noon_h, fleet.plug_in_mean_h, fleet.plug_in_std_h)
    _hours(right, drawn.plug_out_h + noon_h, fleet.plug_out_mean_h, fleet.plug_out_std_h)
    left.set_ylabel("density [1/h]")
    legend_below(figure, left, columns=2)
    return figure


def _hours(axes: Axes, hours: NDArray[np.float64], mean_h: float, std_h: float) -> None:
    clock_h = np.linspace(0, 24, 241)
    label = "drawn: a stay that would not end between its begin and the next noon is drawn again"
    density = _wrapped_normal(clock_h, mean_h, std_h)
    _histogram(axes, hours % 24, np.arange(25.0), label, (clock_h, density, "eqs (1)-(2)"))
    axes.set(xlabel="time of day", xlim=(0, 24))
    axes.set_xticks(np.arange(0, 24, 6), [f"{hour:02d}:00" for hour in range(0, 24, 6)])


def _histogram(
    axes: Axes, values: NDArray[np.float64], edges: NDArray[np.float64], label: str,
    source: tuple[NDArray[np.float64], NDArray[np.float64], str],
) -> None:  # fmt: skip
    """Draw how often values were drawn, and the density of their source, labelled."""
    axes.hist(values, bins=edges.tolist(), density=True, color=EVS, alpha=0.45, label=label)
    x, density, name = source
    axes.plot(x, density, color=LIMIT, lw=1.8, label=name)
    axes.grid(axis="y", alpha=0.25)


def _wrapped_normal(clock_h: NDArray[np.float64], mean_h: float, std_h: float) -> NDArray[np.float64]:
    away = (clock_h - mean_h + 12) % 24 - 12
    density: NDArray[np.float64] = np.exp(-((away / std_h) ** 2) / 2) / (std_h * np.sqrt(2 * np.pi))
    return density


def daily_miles() -> Figure:
    """Fig 2: daily distances that our fleet source draws, beside the density of eq (3)."""
    usual = NhtsFleet()
    battery_kwh = usual.types[0].capacity_kwh
    endless = (EvType(capacity_kwh=1e6, power_kw=1.0),)  # a battery that no day empties: its need tells the distance
    drawn = NhtsFleet(vehicles=HABITS_DRAWN, types=endless).build(Horizon(), np.random.default_rng(0))
    kwh_per_mile = usual.consumption_kwh_per_100km / 100 * KM_PER_MILE
    miles = drawn.energy_kwh / kwh_per_mile
    farthest = battery_kwh / kwh_per_mile
    figure, axes = canvas(f"Daily distance: {HABITS_DRAWN:,} EVs drawn")
    x = np.linspace(0.5, 160, 500)
    away = (np.log(x) - usual.distance_log_mean) / usual.distance_log_std
    density = np.exp(-(away**2) / 2) / (x * usual.distance_log_std * np.sqrt(2 * np.pi))
    _histogram(axes, miles, np.arange(0.0, miles.max() + 5, 5), "drawn", (x, density, "eq (3)"))
    beyond = f"{battery_kwh:g} kWh are used up: {np.mean(miles > farthest):.1%} drive farther"
    axes.axvline(farthest, color=BASE, ls="--", lw=1.2, label=beyond)
    axes.set(xlabel="daily distance [miles]", ylabel="density [1/mile]", xlim=(0, 160))
    axes.legend(frameon=False, fontsize=9)
    return figure


def load(runs: PaperRuns) -> Figure:
    """Fig 6: base load as forecast and as it comes, eq (16)."""
    result = runs.adjusted[0]
    sigma = result.scenario.load.fluctuation
    figure, axes = canvas(f"Base load as forecast, and as it comes with a fluctuation of {sigma:.0%}")
    steps(axes, _edges_h(result), result.slots.actual_kw, "actual load", FREE, width=2.6)
    steps(axes, _edges_h(result), result.slots.base_kw, "forecast load", PLAN, style=STYLES[1])
    finish_load(axes, result)
    legend_below(figure, axes)
    return figure


def free_charging(runs: PaperRuns) -> Figure:
    """Fig 7: base load, and with 500 and 1000 EVs that charge at rated power from plug-in on."""
    result = runs.one_by_one[0]
    figure, axes = canvas("Free charging puts the EVs' load on the evening peak")
    base = result.slots.actual_kw
    steps(axes, _edges_h(result), base, f"base load: peak {base.max():,.0f} kW", HALO, width=4.5)
    for each, colour, style in ((result, FREE, "-"), (runs.thousand[0], METHOD_COLOURS[3], STYLES[1])):
        total = each.slots.actual_kw + each.slots.free_kw
        label = f"with {each.summary['vehicles']:,} EVs: peak {total.max():,.0f} kW"
        steps(axes, _edges_h(result), total, label, colour, width=2.0, style=style)
    finish_load(axes, result)
    legend_below(figure, axes, columns=2)
    return figure


def one_by_one(runs: PaperRuns) -> Figure:
    """Fig 8: 500 EVs that choose one by one: the load on the board at some hours, with the EVs that have come so far."""
    result = runs.one_by_one[0]
    boards = result.board.set_index(["at_h", "slot"]).load_kw
    colours = QUIET_TO_LOUD(np.linspace(0.2, 1.0, len(BOARD_MOMENTS_H)))
    figure, axes = canvas("EVs that choose one by one fill the valley from below as they come")
    steps(axes, _edges_h(result), boards.loc[0.0], "base load", HALO, width=6.0)
    widths = np.linspace(4.0, 1.3, len(BOARD_MOMENTS_H))
    for at_h, colour, width in zip(BOARD_MOMENTS_H[1:], colours[1:], widths[1:], strict=True):
        come = int((result.vehicles.plug_in_h < at_h).sum())
        label = f"at {_clock(result, at_h)}: {come} EVs"
        steps(axes, _edges_h(result), boards.loc[float(at_h)], label, colour, width=width)
    finish_load(axes, result)
    legend_below(figure, axes)
    return figure


def batch_sizes(runs: PaperRuns) -> Figure:
    """Fig 9: the load when 1, 10, 20 or 50 EVs read the same board; the whole day, and the valley enlarged."""
    looks = zip(runs.batches.items(), (EVS, PLAN, METHOD_COLOURS[2], FREE), (*STYLES, "-"), strict=True)
    curves = [
        Curve(f"{batch} at a time: {night_ripple_kw(results[0]):.0f} kW", results[0].slots.total_kw, colour, style)
        for (batch, results), colour, style in looks
    ]
    title = "500 EVs; in the legend the ripple of the middle of the valley, from 23:00 to 07:00"
    return _day_and_valley(runs.one_by_one[0], title, curves, NIGHT)


def ants_and_swarms(runs: PaperRuns) -> Figure:
    """Fig 10: the load with ants, with the second method of PSO and with the optimum; the day, and the valley enlarged."""
    shown = [("ants", 0), *(("pso2", count) for count in runs.iterations), ("optimal", 0)]
    looks = zip(shown, (EVS, FREE, METHOD_COLOURS[3], PLAN), ("-", *STYLES), strict=True)
    curves = []
    for (method, count), colour, style in looks:
        plan = runs.plans[method, count][0]
        name = f"PSO, {count} iterations" if count else COORDINATORS[method].title
        curves.append(Curve(f"{name}: {plan.ripple_kw:.0f} kW", plan.total_kw, colour, style))
    title = "500 EVs; in the legend the ripple of the whole valley, from 22:00 to 10:00"
    return _day_and_valley(runs.one_by_one[0], title, curves, VALLEY)


def _day_and_valley(first: Result, title: str, curves: list[Curve], measured: slice) -> Figure:
    """Draw loads of the first fleet, and the paper's valley enlarged; its slots that the ripple is not of are grey."""
    figure = day_and_valley(first, title, first.slots.actual_kw.to_numpy(), curves, curves, VALLEY)
    _, valley = figure.axes
    for begin, end in ((VALLEY.start, measured.start), (measured.stop, VALLEY.stop)):
        if begin < end:
            valley.axvspan(begin, end, color=BASE, alpha=0.12, lw=0)
    if measured != VALLEY:
        grey = "grey: not in the ripple"
        valley.text(0.99, 0.04, grey, transform=valley.transAxes, ha="right", fontsize=9, color=BASE)
    return figure


def adjustment(runs: PaperRuns, moment: str) -> Figure:
    """Figs 11-14: one day of one fleet, as seen at a moment.

    Up to that hour the actual load is known and EVs have answered it; from then on all is shown as it will be if the load
    comes as forecast, EVs yet to come included. The plan is what EVs would choose if the load kept to its forecast.
    """
    stop, adjusted, planned = SEEN[moment], runs.seen[moment].slots, runs.planned[0].slots
    result = runs.planned[0]
    seen = planned.slot < stop
    plan = planned.base_kw + planned.ev_kw
    unadjusted = planned.total_kw.where(seen, plan)
    deviations = [((total - plan)[seen], colour) for total, colour in ((unadjusted, FREE), (adjusted.total_kw, EVS))]
    off, left = (float(np.sqrt(np.mean(np.square(deviation)))) for deviation, _ in deviations)
    title = f"Seen up to {moment}: {left:.0f} kW off the plan where EVs answer, {off:.0f} kW where they do not (rms)"
    figure, (axes, below) = panels([title, ""], 6.0, nrows=2, ncols=1, sharex=True, height_ratios=[3, 1.2])
    edges_h = _edges_h(result)
    steps(axes, edges_h, planned.actual_kw.where(seen), "actual load", HALO, width=5.0)
    steps(axes, edges_h, planned.base_kw, "forecast load", "black", width=1.2, style=":")
    steps(axes, edges_h, unadjusted, "actual + EVs as planned", FREE, width=3.0)
    steps(axes, edges_h, adjusted.total_kw, "actual + EVs adjusted", EVS, width=1.8)
    steps(axes, edges_h, plan, "plan: forecast + EVs", PLAN, width=1.2, style=STYLES[1])
    finish_load(axes, result)
    legend_below(figure, axes)
    axes.set(xlabel="", ylabel="load [kW], not from 0")
    axes.set_ylim(0.9 * min(planned.base_kw.min(), planned.actual_kw.min()), 1.05 * result.summary["limit_kw"])
    for i, (deviation, colour) in enumerate(deviations):
        centre = edges_h[:stop] + (0.3 + 0.4 * i) * np.diff(edges_h)[:stop]
        below.bar(centre, deviation, width=0.38 * np.diff(edges_h)[:stop], color=colour)
    below.axhline(0, color=PLAN, lw=1.2, ls=STYLES[1])
    widest = 1.1 * (planned.actual_kw - planned.base_kw).abs().max()  # the same scale in all four figures
    below.set(xlabel="time of day", ylabel="off the plan [kW]", ylim=(-widest, widest))
    below.grid(axis="y", alpha=0.25)
    if not seen.all():
        for each in (axes, below):
            each.axvspan(stop, edges_h[-1], color=BASE, alpha=0.1, lw=0)
        below.text((stop + edges_h[-1]) / 2, 0.5 * widest, "not seen yet: as forecast", ha="center", fontsize=9)
    return figure


def _edges_h(result: Result) -> NDArray[np.float64]:
    return result.scenario.horizon.edges_h


def _clock(result: Result, at_h: float) -> str:
    return f"{pd.Timestamp(result.scenario.horizon.begin) + pd.Timedelta(hours=at_h):%H:%M}"
