"""Figures of the feeder: voltage along it, voltage over the day, losses. Drawn from a result and nothing else."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from runs.result import Result

BASE, FREE, EVS, LIMIT = "#6b7280", "#d97706", "#0f766e", "#b91c1c"


class _Look(NamedTuple):
    prefix: str
    label: str
    colour: str
    width: float
    style: LineStyleType = "-"


def _looks(result: Result, title: str) -> list[_Look]:
    """Give what is drawn, the last on top: no EVs, dotted, so that what it lies on can be seen."""
    free = _Look("free_", "with free charging", FREE, 1.6)
    own = _Look("", f"with {title}", EVS, 2.0)
    no_evs = _Look("no_evs_", "without EVs", BASE, 1.6, (0, (1.2, 1.2)))
    return [free, no_evs] if result.summary["method"] == "free" else [free, own, no_evs]


def voltage_profile(result: Result, title: str, figure: Figure, axes: Axes) -> None:
    """Draw the voltage of each node over its way from the source, in the slot that takes any node nearest a limit, or past it.

    Parameters
    ----------
    result
        With a feeder; of several transformers the one with that slot is drawn.
    title
        Of the method.
    figure, axes
        Where.
    """
    settings, looks, table = result.scenario.feeder, _looks(result, title), result.network
    assert settings is not None
    middle = (settings.voltage_min_pu + settings.voltage_max_pu) / 2
    away = pd.concat([(table[f"{look.prefix}voltage_pu"] - middle).abs() for look in looks], axis=1).max(axis=1)
    worst = table.iloc[int(np.nanargmax(away.to_numpy()))]
    shown = table[(table.transformer == worst.transformer) & (table.slot == worst.slot)].reset_index(drop=True)
    rows = pd.Series(shown.index, index=shown.node)
    near = rows.reindex(shown.upstream).fillna(-1).to_numpy(dtype=np.int64)
    below = near >= 0
    km = shown.distance_km.to_numpy()
    for look in looks:
        voltage = shown[f"{look.prefix}voltage_pu"].to_numpy()
        axes.plot(
            _pieces(km, near, below), _pieces(voltage, near, below), color=look.colour, lw=look.width, ls=look.style
        )
        axes.plot(km, voltage, "o", ms=3, color=look.colour, label=look.label)
    start = result.scenario.horizon.slot_starts[int(worst.slot)]
    below_which = f" below {worst.transformer}" if result.summary["transformers"] > 1 else ""
    axes.set_title(
        f"Voltage along the feeder{below_which} at {start:%H:%M}, the worst slot for the voltage band",
        loc="left",
        fontsize=12,
    )
    axes.set(xlabel=_way(result), ylabel="voltage [pu]")
    _band(result, figure, axes)


def _way(result: Result) -> str:
    assert result.scenario.feeder is not None
    unit = "lines" if result.scenario.feeder.source == "pgm_json" else "km"
    return f"way from the feeder's source [{unit}]"


def _pieces(values: NDArray[np.float64], near: NDArray[np.int64], below: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return both ends of each piece of the feeder, with a gap after it."""
    ends = np.stack([values[near[below]], values[below], np.full(int(below.sum()), np.nan)], axis=1)
    return ends.ravel()


def voltage_band(result: Result, title: str, figure: Figure, axes: Axes) -> None:
    """Draw the lowest and highest voltage of any node in each slot, shaded between for the run, beside the limits."""
    hours = result.scenario.horizon.edges_h
    for look in _looks(result, title):
        by_slot = result.network.groupby("slot")[f"{look.prefix}voltage_pu"]
        low, high = by_slot.min().to_numpy(), by_slot.max().to_numpy()
        if look.prefix == "" or (look.prefix == "free_" and result.summary["method"] == "free"):
            axes.stairs(high, hours, baseline=low, fill=True, color=look.colour, alpha=0.15, label="all nodes")
        for edge, label in ((low, look.label), (high, None)):
            axes.stairs(edge, hours, baseline=None, color=look.colour, lw=look.width, ls=look.style, label=label)
    axes.set(xlabel="time of day", ylabel="lowest and highest voltage [pu]")
    _band(result, figure, axes)


def losses(result: Result, title: str, figure: Figure, axes: Axes) -> None:
    """Draw the feeder's losses in each slot, of all transformers together."""
    by_slot = result.network_slots.groupby("slot")[["loss_kw", "free_loss_kw", "no_evs_loss_kw"]].sum(min_count=1)
    energy_kwh = by_slot.sum(min_count=1) * result.scenario.horizon.slot_h
    for look in _looks(result, title):
        column = f"{look.prefix}loss_kw"
        label = f"{look.label}: {energy_kwh[column]:,.0f} kWh"
        axes.stairs(
            by_slot[column].to_numpy(), result.scenario.horizon.edges_h, baseline=None,
            color=look.colour, lw=look.width, ls=look.style, label=label,
        )  # fmt: skip
    axes.set(xlabel="time of day", ylabel="losses [kW]", ylim=(0, None))
    axes.grid(axis="y", alpha=0.25)
    figure.legend(loc="outside lower center", frameon=False, ncols=3, fontsize=9)


LIMITS_LABEL: Final = "voltage band"


def _band(result: Result, figure: Figure, axes: Axes) -> None:
    settings = result.scenario.feeder
    assert settings is not None
    for k, limit in enumerate((settings.voltage_min_pu, settings.voltage_max_pu)):
        axes.axhline(limit, color=LIMIT, ls="--", lw=1.2, label=None if k else LIMITS_LABEL)
    axes.margins(y=0.06)
    axes.grid(axis="y", alpha=0.25)
    figure.legend(loc="outside lower center", frameon=False, ncols=5, fontsize=9)
