"""Paper C's figures, redrawn from our runs and named after the paper's.

Where the paper shows one day, ours is one in the middle of November. "ACSO" is with all triggers, as in the paper, if nothing else is said.
"""

import calendar
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType

from environment.feeders import BuiltinFeeder
from runs.drawing import BASE, EVS, FREE, LIMIT, METHOD_COLOURS, STYLES, heading, legend_below, panels, steps
from runs.studies.paper_c.cases import BEFORE, PAPERS, RIVALS, PaperRuns
from runs.studies.paper_c.claims import NAMES, SEARCHER_NAMES
from runs.studies.paper_c.tables import months

LOOKS: Final[Mapping[str, tuple[str, LineStyleType]]] = {
    BEFORE: (BASE, "-"),
    "cso 0.2": (FREE, STYLES[1]),
    "cso": (METHOD_COLOURS[3], STYLES[2]),
    "pso": (METHOD_COLOURS[1], STYLES[1]),
    "apso": (METHOD_COLOURS[2], STYLES[2]),
    "acso": (METHOD_COLOURS[5], STYLES[1]),
    PAPERS: (EVS, "-"),
}
COMPARED: Final = (BEFORE, "cso 0.2", PAPERS)
HEADROOM: Final = 0.25
"""A panel of convergence shows so much more than all searches gained in the last nine tenths."""


def figures(runs: PaperRuns) -> dict[str, Figure]:
    """Draw every figure; return them by file name without its ending."""
    return {
        "fig03_convergence": convergence(runs),
        "fig04_voltage": voltage(runs),
        "fig05_losses": losses(runs),
        "fig06_load": load(runs),
        "fig07_cost": cost(runs),
        "fig08_cost_with_fee_cut": fee_cut(runs),
        "fig09_cost_by_algorithm": algorithms(runs),
    }


def convergence(runs: PaperRuns) -> Figure:
    """Fig 3: the best fitness so far, median over shots, against iterations and against evaluations."""
    figure, drawn = panels(["at equal iterations", "at equal evaluations"], 5.0, ncols=2, sharey=True)
    size = runs.size
    low, high = np.inf, -np.inf
    for name in ("acso", *RIVALS):
        colour, style = (EVS, "-") if name == "acso" else LOOKS[name]
        median = np.quantile(runs.curves[name], 0.5, axis=0, method="inverted_cdf")
        per_iteration = size.population // 2 if name.startswith("cso") else size.population
        iterations = (runs.evaluated - size.population) / per_iteration
        within = iterations <= size.iterations
        look: dict[str, Any] = {"color": colour, "ls": style, "lw": 1.8, "label": SEARCHER_NAMES[name]}
        drawn[0].plot(iterations[within], median[within], **look)
        drawn[1].plot(runs.evaluated / 1000, median, **look)
        settled = median[len(median) // 10 :]
        low, high = min(low, float(settled.min())), max(high, float(settled.max()))
    room = HEADROOM * (high - low)
    drawn[0].set(xlabel="iterations [1]", ylabel="best fitness [1], median over shots", ylim=(low - room, high + room))
    drawn[1].set(xlabel="thousands of schedules evaluated")
    for axes in drawn:
        axes.grid(alpha=0.25)
    legend_below(figure, drawn[0], columns=5)
    heading(figure, f"The busiest slot, {size.shots} shots; lower is better; first populations are above the frame")
    return figure


def voltage(runs: PaperRuns) -> Figure:
    """Fig 4: the voltage of the station that swings most before scheduling, and the farthest of all."""
    before = runs.shown[BEFORE]
    station = int((before["high_pu"].max(axis=0) - before["low_pu"].min(axis=0)).argmax())
    swings = "The station whose voltage swings most before scheduling"
    titles = [swings, "Largest distance of any station from rated voltage"]
    figure, (node, farthest) = panels(titles, 6.6, nrows=2, ncols=1, sharex=True)
    for name in COMPARED:
        shown, (colour, style) = runs.shown[name], LOOKS[name]
        away = np.maximum(1 - shown["low_pu"].min(axis=1), shown["high_pu"].max(axis=1) - 1)
        for axes, values in ((node, shown["low_pu"][:, station]), (farthest, 100 * away)):
            steps(axes, shown["edges_h"], values, NAMES[name], colour, width=1.8, style=style)
    limits = BuiltinFeeder()
    node.axhline(limits.voltage_min_pu, color=LIMIT, lw=1.2, ls=":", label="limit")
    farthest.axhline(100 * (1 - limits.voltage_min_pu), color=LIMIT, lw=1.2, ls=":")
    node.set_ylabel("least voltage\nin the slot [pu]")
    farthest.set(ylabel="distance [%]", ylim=(0, None))
    _of_the_day(farthest)
    for axes in (node, farthest):
        axes.grid(alpha=0.25)
    legend_below(figure, node, columns=4)
    return figure


def losses(runs: PaperRuns) -> Figure:
    """Fig 5: losses by month."""
    figure, (axes,) = panels(["Losses of the feeder by power flow"], 4.6)
    _bars(axes, _by_month(runs, "losses_mwh", COMPARED), "losses [MWh a month]")
    legend_below(figure, axes, columns=3)
    return figure


def load(runs: PaperRuns) -> Figure:
    """Fig 6: what a day draws from the grid above."""
    figure, (axes,) = panels(["Drawn from the grid above while EVs charge, a day in November"], 4.6)
    for name in COMPARED:
        shown, (colour, style) = runs.shown[name], LOOKS[name]
        steps(axes, shown["edges_h"], shown["drawn_kw"] / 1000, NAMES[name], colour, width=1.8, style=style)
    axes.set(ylabel="power [MW]", ylim=(0, None))
    axes.grid(alpha=0.25)
    _of_the_day(axes)
    legend_below(figure, axes, columns=3)
    return figure


def cost(runs: PaperRuns) -> Figure:
    """Fig 7: the operating cost by month."""
    figure, (axes,) = panels(["Operating cost f2"], 4.6)
    _bars(axes, _by_month(runs, "cost_yuan", (BEFORE, PAPERS), 1000), "cost [thousand yuan a month]")
    legend_below(figure, axes, columns=2)
    return figure


def fee_cut(runs: PaperRuns) -> Figure:
    """Fig 8: the same with what is paid back to those who took part."""
    table = _by_month(runs, "cost_yuan", (BEFORE, PAPERS), 1000)
    paid = _by_month(runs, "discount_yuan", (PAPERS,), 1000)[PAPERS]
    titles = ["Operating cost f2", "Paid back to users who took part"]
    figure, (above, below) = panels(titles, 6.0, nrows=2, ncols=1, sharex=True, height_ratios=[2, 1])
    looks = {BEFORE: LOOKS[BEFORE][0], PAPERS: EVS, "with": METHOD_COLOURS[1]}
    names = {**NAMES, "with": "ACSO, with what is paid back"}
    _bars(above, {**table, "with": table[PAPERS] + paid}, "cost [thousand\nyuan a month]", looks, names)
    _bars(below, {"with": paid}, "paid [thousand\nyuan a month]", looks, names)
    above.set_xlabel("")
    legend_below(figure, above, columns=3)
    return figure


def algorithms(runs: PaperRuns) -> Figure:
    """Fig 9: what the algorithms leave of the cost before scheduling."""
    names = ("cso 0.2", "pso", "apso", "acso", PAPERS)
    table = _by_month(runs, "cost_yuan", (BEFORE, *names))
    figure, (axes,) = panels(["Operating cost f2 as a part of that before scheduling"], 4.6)
    for name in names:
        colour, style = LOOKS[name]
        part = 100 * table[name] / table[BEFORE]
        axes.plot(part.index, part, color=colour, ls=style, marker="o", ms=4, lw=1.6, label=NAMES[name])
    axes.set(ylabel="cost [% of before]", xlabel="month")
    axes.set_xticks(part.index, _abbreviated(part.index))
    axes.grid(alpha=0.25)
    legend_below(figure, axes, columns=5)
    return figure


def _by_month(runs: PaperRuns, figure: str, names: tuple[str, ...], unit: float = 1) -> dict[str, "pd.Series[float]"]:
    table = months(runs)
    return {name: table[table.variant == name].set_index("month")[figure] / unit for name in names}


def _bars(
    axes: Axes,
    table: Mapping[str, "pd.Series[float]"],
    ylabel: str,
    colours: Mapping[str, str] | None = None,
    names: Mapping[str, str] = NAMES,
) -> None:
    width = 0.8 / len(table)
    for k, (name, values) in enumerate(table.items()):
        place = np.arange(len(values)) + (k - (len(table) - 1) / 2) * width
        colour = colours[name] if colours else LOOKS[name][0]
        axes.bar(place, values, width, color=colour, label=names[name])
    axes.set(ylabel=ylabel, xlabel="month")
    index = next(iter(table.values())).index
    axes.set_xticks(np.arange(len(index)), _abbreviated(index))
    axes.grid(alpha=0.25, axis="y")


def _abbreviated(index: "pd.Index[int]") -> list[str]:
    return [calendar.month_abbr[month] for month in index]


def _of_the_day(axes: Axes) -> None:
    axes.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
    axes.set(xlabel="time of day", xlim=(0, 24))
