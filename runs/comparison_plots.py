"""Figures of runs side by side that differ in who decides."""

from matplotlib.figure import Figure

from runs.drawing import FREE, HALO, METHOD_COLOURS, STYLES, clock, from_zero, legend_below, panels, pieces, steps
from runs.homes import plots
from runs.load_drawing import draw_limit, run_title
from runs.result import Result


def comparison_figures(results: list[Result]) -> dict[str, Figure]:
    """Draw the comparison of several runs on one world; return its figures by file name without its ending."""
    if "slots" in results[0].tables:
        return {"load_curves": plots.compare(results), "gap_by_messages": plots.gap_by_messages(results)}
    return {"load_curves": whole_loads(results)}


def whole_loads(results: list[Result]) -> Figure:
    """Draw the load of the control centre in several runs, beside free charging and no EVs, and below it what the EVs change."""
    first, span = results[0], pieces(results[0].scenario.horizon)
    slots = [result.upper_slots.iloc[: result.scenario.horizon.n_slots] for result in results]
    titles = ["The same EVs and load: the peak of each run stands in the legend", "What the EVs change"]
    figure, (axes, below) = panels(titles, 6.8, nrows=2, ncols=1, sharex=True, height_ratios=[1.4, 1])
    base = slots[0]
    steps(axes, span.edges_h, span.highest(base.actual_kw), "without EVs", HALO, width=4.5)
    free_kw = base.actual_kw + base.free_kw
    label = f"with free charging: peak {free_kw.max():,.0f} kW"
    steps(axes, span.edges_h, span.highest(free_kw), label, FREE, width=2.8)
    steps(below, span.edges_h, span.highest(base.free_kw), "", FREE, width=2.8)
    looks = zip(METHOD_COLOURS, STYLES * 2, strict=True)
    for result, own, (colour, style) in zip(results, slots, looks, strict=False):
        label = f"{run_title(result)}: peak {own.total_kw.max():,.0f} kW"
        steps(axes, span.edges_h, span.highest(own.total_kw), label, colour, width=1.5, style=style)
        steps(below, span.edges_h, span.highest(own.ev_kw), "", colour, width=1.5, style=style)
    draw_limit(axes, base.limit_kw, span)
    below.axhline(0, color="black", lw=0.8)
    for panel, name in ((axes, span.of_each("load")), (below, "EVs")):
        panel.set_ylabel(f"{name} [kW]")
        panel.yaxis.set_major_formatter("{x:,.0f}")
        clock(panel, first, most=9)
    from_zero(axes)
    legend_below(figure, axes)
    return figure
