"""What all figures share: colours, canvases and panels, loads as steps, times of day on an axis."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from runs.scenario import Scenario

BASE, FREE, EVS, LIMIT = "#6b7280", "#d97706", "#0f766e", "#b91c1c"
METHOD_COLOURS: Final = ("#0f766e", "#1d4ed8", "#9333ea", "#be185d", "#65a30d", "#0891b2")
STYLES: Final[tuple[LineStyleType, ...]] = ("-", (0, (4, 3)), (0, (1.5, 2)))


def canvas(title: str, height: float = 4.8) -> tuple[Figure, Axes]:
    """Return a figure with one titled panel."""
    figure, (axes,) = panels([title], height)
    return figure, axes


def panels(titles: Sequence[str], height: float = 4.8, **grid: Any) -> tuple[Figure, list[Axes]]:
    """Return a figure with a panel for each title, side by side unless `grid` (of ``Figure.subplots``) says otherwise."""
    figure = Figure(figsize=(9.6, height), layout="constrained")
    drawn = figure.subplots(squeeze=False, **{"ncols": len(titles), **grid}).ravel().tolist()
    for axes, title in zip(drawn, titles, strict=True):
        axes.set_title(title, loc="left", fontsize=12)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, drawn


def save(figure: Figure, path: Path) -> Path:
    """Write a figure, the same bytes for the same picture; return the file."""
    figure.savefig(path, dpi=120, metadata={"Software": None})
    return path


def steps(
    axes: Axes, hours: NDArray[np.float64], load_kw: "pd.Series[float]", label: str, colour: str, *,
    width: float = 1.6, style: LineStyleType = "-",
) -> None:  # fmt: skip
    """Draw a load that is constant in each slot.

    Parameters
    ----------
    axes
        Panel to draw in.
    hours
        Slot boundaries [h], shape ``(n_slots + 1,)``.
    load_kw
        Mean load of each slot, shape ``(n_slots,)``.
    label, colour, width, style
        Label, colour, width and style of the line.
    """
    axes.stairs(load_kw.to_numpy(), hours, baseline=None, label=label, color=colour, lw=width, ls=style)


class Timed(Protocol):
    """Whatever was run over a horizon."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""


def clock(axes: Axes, result: Timed, which: str = "x", span_h: tuple[float, float] | None = None) -> None:
    """Turn hours since the horizon's start on an axis into times of day; `span_h` from and to which of them, or all."""
    horizon = result.scenario.horizon
    begin_h, end_h = span_h or (0.0, horizon.hours)
    step = max(1.0, 3.0 * np.ceil((end_h - begin_h) / 24)) if end_h - begin_h > 8 else 1.0
    ticks = np.arange(begin_h, end_h + 1e-9, step)
    moments = [pd.Timestamp(horizon.begin) + pd.Timedelta(hours=hour) for hour in horizon.wall_h(ticks)]
    labels = [f"{moment:%H:%M}" for moment in moments]
    if which == "x":
        axes.set_xlim(begin_h, end_h)
        axes.set_xticks(ticks, labels)
    else:
        axes.set_yticks(ticks, labels)
