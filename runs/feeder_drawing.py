"""What figures of a feeder share, whoever charges on it: voltages along the feeder, and the band that they should keep to."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from environment.feeders import FeederSource
from environment.feeders.settings import FeederSettings
from runs.drawing import LIMIT, Timed, heading, legend_below, moment_text, panels

FAR: Final = 0.6
"""A limit that is farther from the voltages than this part of their range is not drawn."""


class Look(NamedTuple):
    """How a column of voltages is drawn."""

    prefix: str
    label: str
    colour: str
    width: float
    style: LineStyleType = "-"

    @property
    def column(self) -> str:
        """Name of the column in a table of nodes."""
        return f"{self.prefix}voltage_pu"


def furthest(table: pd.DataFrame, settings: FeederSettings, columns: list[str]) -> int:
    """Return the row of a table of nodes with the voltage that is furthest from the middle of the band in any of some columns."""
    middle = (settings.voltage_min_pu + settings.voltage_max_pu) / 2
    return int(np.nanargmax((table[columns] - middle).abs().max(axis=1).to_numpy()))


def draw_profile(axes: Axes, shown: pd.DataFrame, looks: Sequence[Look]) -> None:
    """Draw voltages of the nodes of a feeder over their way from the source: ``node upstream distance_km`` and a column a look.

    A line runs along each line of the feeder. A transformer has no length: the node behind it is a point above or below its
    other end.
    """
    rows = pd.Series(shown.index, index=shown.node)
    near = rows.reindex(shown.upstream).fillna(-1).to_numpy(dtype=np.int64)
    km = shown.distance_km.to_numpy()
    below = (near >= 0) & (km > km[near])
    for look in looks:
        voltage = shown[look.column].to_numpy()
        axes.plot(
            _pieces(km, near, below), _pieces(voltage, near, below), color=look.colour, lw=look.width, ls=look.style
        )
        axes.plot(km, voltage, "o", ms=2 + look.width, color=look.colour, label=look.label)


def worst_profiles(
    table: pd.DataFrame, settings: FeederSource, looks: Sequence[Look], judged: Sequence[Look], result: Timed
) -> Figure:
    """Draw the voltage of each node over its way from the source, in the worst slot of some looks; a panel each slot.

    The worst slot takes any node furthest from the middle of the band. Several looks may have the same.

    Parameters
    ----------
    table
        A row a slot and node, and where there are several feeders a transformer: as `draw_profile` takes it.
    settings
        With the band.
    looks
        What is drawn, each column of the table narrower than the one before.
    judged
        Those of them whose worst slots are drawn.
    result
        What was run.
    """
    keys = [name for name in ("transformer", "slot") if name in table]
    worst: dict[tuple[object, ...], list[str]] = {}
    for look in [look for look in judged if table[look.column].notna().any()] or list(looks[:1]):
        row = table[keys].iloc[furthest(table, settings, [look.column])]
        worst.setdefault(tuple(row), []).append(look.label)
    figure, drawn = panels([""] * len(worst), 5.2, ncols=len(worst), sharey=True)
    for axes, (place, labels) in zip(drawn, worst.items(), strict=True):
        shown = table[(table[keys] == list(place)).all(axis=1)].reset_index(drop=True)
        draw_profile(axes, shown, looks)
        below = f" below {place[0]}" if len(keys) > 1 and len(table.transformer.unique()) > 1 else ""
        when = moment_text(result, int(shown.slot.iloc[0]))
        lowest = [
            f"{shown[look.column].min():.3f} pu {look.label}" for look in looks if shown[look.column].notna().any()
        ]
        text = f"{when}{below}: worst slot {' and '.join(labels)}\nlowest: "
        axes.set_title(text + (", " if len(worst) == 1 else ",\n").join(lowest), loc="left", fontsize=9)
        axes.set_xlabel(way(settings))
    drawn[0].set_ylabel("voltage [pu]")
    heading(figure, "Voltage along the feeder")
    draw_band(settings, *drawn)
    legend_below(figure, columns=4)
    return figure


def way(settings: FeederSource) -> str:
    """Return the label of the axis of ways."""
    unit = "lines" if settings.source == "pgm_json" else "km"
    return f"way from the feeder's source [{unit}]"


def _pieces(values: NDArray[np.float64], near: NDArray[np.int64], below: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return both ends of each piece of the feeder, with a gap after it."""
    ends = np.stack([values[near[below]], values[below], np.full(int(below.sum()), np.nan)], axis=1)
    return ends.ravel()


def draw_band(settings: FeederSettings, *drawn: Axes) -> None:
    """Draw the limits of the voltage that are not far from the voltages, in panels that share their scale.

    The legend says both. An axis that held a far limit would leave the voltages half of its height.
    """
    low, high = _between(drawn)
    least, most = settings.voltage_min_pu, settings.voltage_max_pu
    room = max(high - low, 0.005)
    away = {least: max(0.0, low - least), most: max(0.0, most - high)}
    shown = [limit for limit, pu in away.items() if pu <= FAR * room]
    label = f"voltage band: {least:g} to {most:g} pu"
    if not shown:
        drawn[0].plot([], [], color=LIMIT, ls="--", lw=1.2, label=f"{label}, outside the picture")
    for axes in drawn:
        for k, limit in enumerate(shown):
            axes.axhline(limit, color=LIMIT, ls="--", lw=1.2, label="" if k else label)
        axes.grid(axis="y", alpha=0.25)
    bottom, top = min([low, *shown]), max([high, *shown])
    drawn[0].set_ylim(bottom - 0.06 * (top - bottom), top + 0.06 * (top - bottom))


def _between(drawn: Sequence[Axes]) -> tuple[float, float]:
    """Return the lowest and highest of what some panels hold."""
    edges = np.array([axes.dataLim.intervaly for axes in drawn])
    return float(edges[:, 0].min()), float(edges[:, 1].max())
