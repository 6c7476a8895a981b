"""How optimisers converge, function by function, drawn from the table of `convergence`."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.typing import LineStyleType

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from runs.drawing import heading, legend_below, log_axis, panels
from runs.optimizing.comparison import label

COLOURS: Final = (
    "#1d4ed8", "#0891b2", "#be185d", "#0f766e", "#d97706", "#b91c1c", "#9333ea", "#65a30d", "#9ca3af", "#111827",
)  # fmt: skip
DASHES: Final[tuple[LineStyleType, ...]] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))

type Look = tuple[str, LineStyleType]


def looks(names: Iterable[str]) -> dict[str, Look]:
    """Return colour and dash by optimiser: the same in every figure, and no two alike."""
    known = list(OPTIMIZERS)
    found: dict[str, Look] = {}
    for name in names:
        kind = name.partition(" ")[0]
        k = known.index(kind) if kind in known else len(known) + len(found)
        colour = COLOURS[k % len(COLOURS)]
        dashes = [DASHES[(k + j) % len(DASHES)] for j in range(len(DASHES))]
        found[name] = next(((colour, dash) for dash in dashes if (colour, dash) not in found.values()), (colour, "-"))
    return found


def convergence(curves: pd.DataFrame, title: str) -> Figure:
    """Draw the median best fitness against evaluations, a panel a function.

    Parameters
    ----------
    curves
        As `runs.optimizing.tables.convergence` gives it.
    title
        Above all.
    """
    functions = curves.function.unique()
    columns = min(len(functions), 3)
    rows = -(-len(functions) // columns)
    titles = [f"{name}, {FUNCTIONS[name].title}" for name in functions]
    blank = [""] * (rows * columns - len(functions))
    figure, drawn = panels([*titles, *blank], 1.2 + 2.7 * rows, nrows=rows, ncols=columns)
    looked = looks(curves.optimizer.unique())
    for axes, function in zip(drawn, functions, strict=False):
        for name, each in curves[curves.function == function].groupby("optimizer", sort=False):
            line(axes, each, looked[str(name)])
        finish(axes)
    for axes in drawn[len(functions) :]:
        axes.set_visible(False)
    for axes in drawn[: len(functions)][::columns]:
        axes.set_ylabel("best fitness, median")
    for axes in drawn[max(0, len(functions) - columns) : len(functions)]:
        axes.set_xlabel("evaluations")
    legend_below(figure, drawn[0], columns=6)
    heading(figure, title)
    return figure


def line(axes: Axes, each: pd.DataFrame, look: Look, width: float = 1.6) -> None:
    """Draw one curve; what is infinite is left out."""
    colour, dash = look
    median = each["median"].where(np.isfinite(each["median"]))
    axes.plot(each.evaluations, median, color=colour, ls=dash, lw=width, label=label(str(each.optimizer.iloc[0])))


def finish(*drawn: Axes) -> None:
    """Make fitness logarithmic in panels that share it, where any of it is positive; what is 0 stands in a row of its own."""
    curves = [curve for axes in drawn for curve in axes.lines]
    values = np.concatenate([np.asarray(curve.get_ydata(), dtype=np.float64) for curve in curves])
    if (np.nan_to_num(values) > 0).any():
        placed = log_axis(drawn[0], "y", values)
        for curve in curves:
            curve.set_ydata(placed(np.asarray(curve.get_ydata(), dtype=np.float64)))
    for axes in drawn:
        axes.xaxis.set_major_locator(MaxNLocator(3))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.grid(alpha=0.25)
