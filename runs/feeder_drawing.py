"""What figures of a feeder share, whoever charges on it: voltages along the feeder, and the band that they should keep to."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from environment.feeders import FeederSource
from environment.feeders.settings import FeederSettings
from runs.drawing import LIMIT

LIMITS_LABEL: Final = "voltage band"


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


def draw_profile(axes: Axes, shown: pd.DataFrame, looks: list[Look]) -> None:
    """Draw voltages of the nodes of a feeder over their way from the source: ``node upstream distance_km`` and a column a look."""
    rows = pd.Series(shown.index, index=shown.node)
    near = rows.reindex(shown.upstream).fillna(-1).to_numpy(dtype=np.int64)
    below = near >= 0
    km = shown.distance_km.to_numpy()
    for look in looks:
        voltage = shown[look.column].to_numpy()
        axes.plot(
            _pieces(km, near, below), _pieces(voltage, near, below), color=look.colour, lw=look.width, ls=look.style
        )
        axes.plot(km, voltage, "o", ms=3, color=look.colour, label=look.label)


def way(settings: FeederSource) -> str:
    """Return the label of the axis of ways."""
    unit = "lines" if settings.source == "pgm_json" else "km"
    return f"way from the feeder's source [{unit}]"


def _pieces(values: NDArray[np.float64], near: NDArray[np.int64], below: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return both ends of each piece of the feeder, with a gap after it."""
    ends = np.stack([values[near[below]], values[below], np.full(int(below.sum()), np.nan)], axis=1)
    return ends.ravel()


def draw_band(settings: FeederSettings, figure: Figure, axes: Axes) -> None:
    """Draw the limits of the voltage, and the legend below the figure."""
    for k, limit in enumerate((settings.voltage_min_pu, settings.voltage_max_pu)):
        axes.axhline(limit, color=LIMIT, ls="--", lw=1.2, label=None if k else LIMITS_LABEL)
    axes.margins(y=0.06)
    axes.grid(axis="y", alpha=0.25)
    figure.legend(loc="outside lower center", frameon=False, ncols=5, fontsize=9)
