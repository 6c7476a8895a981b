"""Paper B's figures, redrawn from our runs and named after the paper's.

Where the paper shows one day, ours is the first seed's. Beside IGEO's signal stands the exact optimum's.
"""

from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from coordination.peak_shaving.grouping import GROUPS
from runs.drawing import (
    BASE,
    EVS,
    FREE,
    HALO,
    LIMIT,
    METHOD_COLOURS,
    STYLES,
    clock,
    heading,
    legend_below,
    log_axis,
    panels,
    steps,
)
from runs.plural import counted
from runs.result import Result
from runs.studies.paper_b.cases import EXACT, FOLLOWED, SEARCHERS, STAYS, PaperRuns
from runs.studies.paper_b.tables import NAMES, SAYS, where
from runs.v2g.plots import GROUP_NAMES, edges_h

LOOKS: Final[dict[str, tuple[str, LineStyleType]]] = {
    "igeo": (EVS, "-"),
    EXACT: (METHOD_COLOURS[1], STYLES[1]),
    "difference": (METHOD_COLOURS[2], STYLES[2]),
}
COLOURS: Final = (EVS, *METHOD_COLOURS[1:], FREE)
WHOSE: Final = {"igeo": "IGEO", EXACT: "the exact optimum"}
CLIPPED: Final = 10.0
"""Best F above this is not drawn: the first populations often break a constraint, which costs 10^8."""


def figures(runs: PaperRuns) -> dict[str, Figure]:
    """Draw every figure that the runs allow; return them by file name without its ending."""
    drawn = {}
    if 1 in runs.days:
        drawn = {
            "fig03_signal": signal(runs),
            "fig04_convergence": convergence(runs),
            "fig05_spread": spread(runs),
            "fig06_tracking": tracking(runs),
            "fig07_deviation": deviation(runs),
            "fig08_load_1_day": load(runs, 1),
        }
    return drawn | ({"fig09_load_3_days": load(runs, 3)} if 3 in runs.days else {})


def signal(runs: PaperRuns) -> Figure:
    """Fig 3: the signal, within what the EVs at the grid could do."""
    titles = [f"{SAYS[stays]}: the signal of the fleet" for stays in STAYS]
    figure, drawn = panels(titles, 6.4, nrows=2, ncols=1, sharex=True, sharey=True)
    for axes, stays in zip(drawn, STAYS, strict=True):
        for name in FOLLOWED:
            result = runs.shown[1, stays, name]
            colour, style = LOOKS[name]
            steps(axes, edges_h(result), result.v2g_slots.signal_kw, NAMES[name], colour, width=1.8, style=style)
        most = result.v2g_slots.available * result.v2g_vehicles.power_kw.mean()
        axes.stairs(
            most.to_numpy(), edges_h(result), baseline=-most.to_numpy(), fill=True, color=BASE, alpha=0.15,
            label="all EVs at the grid, N(t) x 7.5 kW",
        )  # fmt: skip
        _finish(axes, result, "power [kW],\npositive charges")
    legend_below(figure, drawn[0], columns=3)
    return figure


def convergence(runs: PaperRuns) -> Figure:
    """Fig 4: the best F so far, median over seeds, at the paper's budget and at a larger one."""
    budgets = {"iterations": f"{runs.size.iterations} iterations", "large": "the larger budget"}
    titles = [f"{SAYS[stays]}, {says}" for stays in STAYS for says in budgets.values()]
    figure, drawn = panels(titles, 7.6, nrows=2, ncols=2, sharey=True, sharex="col")
    exacts = []
    for k, stays in enumerate(STAYS):
        exact = where(runs.signals, tariff="guangdong", stays=stays, optimizer="exact").fitness.median()
        exacts.append(float(exact))
        for j, budget in enumerate(budgets):
            axes = drawn[2 * k + j]
            for name, colour, style in zip(SEARCHERS, COLOURS, (*STYLES, *STYLES, "-"), strict=True):
                history = np.median(runs.histories[stays, budget, name], axis=0)
                best = np.where(history[:, 1] <= CLIPPED, history[:, 1], np.nan)
                axes.plot(history[:, 0], best, color=colour, ls=style, lw=1.7, label=NAMES[name])
            axes.axhline(0.5, color=LIMIT, lw=1.2, ls=(0, (6, 2)), label="doing nothing")
            axes.axhline(exact, color="black", lw=1.4, label="exact optimum")
            axes.set_ylabel("best F [1]" if j == 0 else "")
            axes.grid(alpha=0.25)
            if k:
                axes.set_xlabel("points evaluated [1]")
    log_axis(drawn[0], "y", np.array([*exacts, CLIPPED]))
    legend_below(figure, drawn[0], columns=5)
    heading(figure, f"Median over {len(runs.size.seeds)} seeds; F above {CLIPPED:g} is not drawn")
    return figure


def spread(runs: PaperRuns) -> Figure:
    """Fig 5: the spread of the state of charge in each group, before and after each slot."""
    titles = [f"{GROUP_NAMES[group]},\nsignal of {WHOSE[name]}" for group in GROUPS for name in FOLLOWED]
    figure, drawn = panels(titles, 7.6, nrows=3, ncols=2, sharex=True, sharey=True)
    for k, group in enumerate(GROUPS):
        for j, name in enumerate(FOLLOWED):
            axes, result = drawn[2 * k + j], runs.shown[1, "daily", name]
            rows = result.v2g_groups[result.v2g_groups.group == group]
            steps(axes, edges_h(result), 100 * rows.soc_std_before, "before the slot", FREE, width=2.4)
            steps(axes, edges_h(result), 100 * rows.soc_std_after, "after the slot", EVS, width=1.2, style=STYLES[1])
            _finish(axes, result, "spread [% points]" if j == 0 else "", sparse=True)
    legend_below(figure, drawn[0], columns=2)
    heading(figure, f"Standard deviation of the state of charge in each group, {SAYS['daily']}")
    return figure


def tracking(runs: PaperRuns) -> Figure:
    """Fig 6: the fleet's signal and what its EVs did of it."""
    titles = [f"Signal of {WHOSE[name]}, {SAYS['daily']}" for name in FOLLOWED]
    figure, drawn = panels(titles, 6.4, nrows=2, ncols=1, sharex=True, sharey=True)
    for axes, name in zip(drawn, FOLLOWED, strict=True):
        result = runs.shown[1, "daily", name]
        steps(axes, edges_h(result), result.v2g_slots.signal_kw, "signal", FREE, width=3.0)
        steps(
            axes, edges_h(result), result.v2g_slots.response_kw, "response of the EVs", EVS, width=1.4, style=STYLES[1]
        )
        _finish(axes, result, "power [kW],\npositive charges")
    legend_below(figure, drawn[0], columns=2)
    return figure


def deviation(runs: PaperRuns) -> Figure:
    """Fig 7: how far the EVs stray from the signal; each panel has its own scale."""
    figure, drawn = panels(
        [f"Signal of {WHOSE[name]}: response less signal" for name in FOLLOWED], 6.0, nrows=2, ncols=1, sharex=True
    )
    looks = {"daily": (FREE, "-"), "always": (METHOD_COLOURS[1], STYLES[1])}
    for axes, name in zip(drawn, FOLLOWED, strict=True):
        for bound in (-12.0, 12.0):
            axes.axhline(bound, color=LIMIT, lw=1.4, ls=":", label="the paper's 12 kW" if bound > 0 else "")
        for stays, (colour, style) in looks.items():
            result = runs.shown[1, stays, name]
            off = result.v2g_slots.response_kw - result.v2g_slots.signal_kw
            steps(axes, edges_h(result), off, SAYS[stays], colour, width=1.8, style=style)
        _finish(axes, result, "deviation [kW]")
    legend_below(figure, drawn[0], columns=3)
    return figure


def load(runs: PaperRuns, days: int) -> Figure:
    """Figs 8 and 9: the load before and after, and beneath it what the EVs change."""
    names = (*FOLLOWED, "difference")
    titles = [f"{counted(days, 'day')}, {SAYS['daily']}: in the legend the peak-valley rate", ""]
    figure, (axes, below) = panels(titles, 7.0, nrows=2, ncols=1, sharex=True, height_ratios=[2, 1.3])
    results = {name: runs.shown[days, "daily", name] for name in names}
    first = results["igeo"]
    before = first.summary["no_evs"]["peak_valley_rate"]
    steps(axes, edges_h(first), first.v2g_slots.actual_kw / 1000, f"before: {before:.2%}", HALO, width=4.5)
    for name, result in results.items():
        colour, style = LOOKS[name]
        label = f"{NAMES[name]}: {result.summary['peak_valley_rate']:.2%}"
        steps(axes, edges_h(result), result.v2g_slots.total_kw / 1000, label, colour, width=1.6, style=style)
        steps(below, edges_h(result), result.v2g_slots.response_kw / 1000, "", colour, width=1.4, style=style)
    _finish(axes, first, "load [MW]")
    _finish(below, first, "EVs [MW],\npositive charges")
    legend_below(figure, axes, columns=2)
    return figure


def _finish(axes: Axes, result: Result, ylabel: str, *, sparse: bool = False) -> None:
    """Label a panel over the time of day, with fewer times if there is little room."""
    clock(axes, result, most=5 if sparse else 9)
    axes.set_ylabel(ylabel)
    axes.grid(alpha=0.25)
