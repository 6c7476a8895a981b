"""Loads of a run as they are drawn: base, free charging, EVs and the limit; which transformers are the fullest."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from coordination.stations.settings import NONE
from coordination.valley_filling import COORDINATORS
from runs.best_known import title_of
from runs.drawing import BASE, EVS, FREE, HALO, LIMIT, Pieces, Timed, clock, from_zero, pieces, steps
from runs.metrics import loading

LARGE_KW: Final = 2000.0
"""From here on powers are drawn in MW where a figure may have either unit."""


class HasLoads(Timed, Protocol):
    """A run with the load of its transformers; see `runs.result.Result`."""

    @property
    def summary(self) -> dict[str, Any]:
        """Key figures by name."""

    @property
    def slots(self) -> pd.DataFrame:
        """``transformer slot base_kw actual_kw free_kw total_kw limit_kw``, a row a slot, transformer by transformer."""


def method_title(result: HasLoads) -> str:
    """Return how a run charges: the method's title, with its batches if it has some."""
    method = result.summary["method"]
    title = title_of(result.summary)
    batch = result.summary["batch_size"]
    return f"{title} in batches of {batch}" if COORDINATORS[method].decides == "vehicle" and batch > 1 else title


def run_title(result: HasLoads) -> str:
    """Return how a run of any kind charges: the method's title, or the optimiser that schedules it."""
    if result.summary["method"] in COORDINATORS:
        return method_title(result)
    optimizer = result.summary["optimizer"]
    if result.scenario.peak_shaving is not None:
        return f"peak shaving by {optimizer}"
    return "triggers alone" if optimizer == NONE else f"a schedule by {optimizer}"


def peak_text(result: HasLoads, free_kw: float, own_kw: float) -> str:
    """Return the peak of free charging and of the run; of free charging itself only one."""
    if result.summary["method"] == "free":
        return f"{own_kw:,.0f}"
    return f"{free_kw:,.0f} → {own_kw:,.0f}"


def limit_text(low_kw: float, high_kw: float) -> str:
    """Return a limit in words, from its lowest to its highest where it varies."""
    return f"{high_kw:,.0f} kW" if low_kw == high_kw else f"{low_kw:,.0f} to {high_kw:,.0f} kW"


def scale_of(most_kw: float) -> tuple[float, str]:
    """Return kW a unit, and the unit's name, for powers up to some size."""
    return (1000.0, "MW") if most_kw >= LARGE_KW else (1.0, "kW")


def fullest(results: Sequence[HasLoads]) -> list[str]:
    """Return the names of the transformers, first the one with the highest load per limit in any of these runs."""
    n_slots = results[0].scenario.horizon.n_slots
    by_result = []
    for result in results:
        load_kw, limit_kw = (
            result.slots[name].to_numpy().reshape(-1, n_slots) for name in ("total_kw", "limit_kw")
        )  # fmt: skip
        by_result.append(loading(load_kw, limit_kw).max(axis=1))
    names = results[0].slots.transformer.iloc[::n_slots].tolist()
    return [names[row] for row in np.argsort(-np.max(by_result, axis=0), kind="stable").tolist()]


def slots_of(result: HasLoads, transformer: str) -> pd.DataFrame:
    """Return the slots of one transformer."""
    return result.slots[result.slots.transformer == transformer]


def draw_load(axes: Axes, slots: pd.DataFrame, span: Pieces, result: HasLoads, width: float = 1.5) -> None:
    """Draw the loads of one node; what lies beneath is wider, so that no curve is hidden.

    Parameters
    ----------
    axes
        Panel to draw in.
    slots
        ``base_kw actual_kw free_kw total_kw`` of the node, a row a slot.
    span
        The spans of time that are drawn.
    result
        Whose load it is.
    width
        Width of the run's own curve, to which the others keep theirs.
    """
    base, total = span.highest(slots.actual_kw), span.highest(slots.total_kw)
    if span.whole:
        axes.stairs(
            total, span.edges_h, baseline=base, fill=True, color=EVS, alpha=0.18, lw=0, label="filled by EVs"
        )  # fmt: skip
    steps(axes, span.edges_h, base, "base load", HALO, width=3 * width)
    if not slots.actual_kw.equals(slots.base_kw):
        steps(axes, span.edges_h, span.highest(slots.base_kw), "forecast base load", BASE, style=":")
    if result.summary["method"] != "free":
        free = span.highest(slots.actual_kw + slots.free_kw)
        steps(axes, span.edges_h, free, "with free charging", FREE, width=width * 26 / 15)
    colour = FREE if result.summary["method"] == "free" else EVS
    steps(axes, span.edges_h, total, f"with {method_title(result)}", colour, width=width)


def draw_limit(
    axes: Axes, limit_kw: "pd.Series[float] | NDArray[np.float64]", span: Pieces, name: str = "limit", label: str = ""
) -> None:
    """Draw a limit as a line, or as steps where it varies by slot; nothing where there is none.

    Parameters
    ----------
    axes
        Panel to draw in.
    limit_kw
        Limit in each slot [kW], NaN for none, shape ``(n_slots,)``.
    span
        The spans of time that are drawn: of each the lowest limit.
    name
        What the limit is called in the legend, before its kW.
    label
        The whole entry of the legend in place of that.
    """
    limit_kw = np.asarray(limit_kw, dtype=np.float64)
    if np.isnan(limit_kw).all():
        return
    low_kw, high_kw = float(np.nanmin(limit_kw)), float(np.nanmax(limit_kw))
    label = label or f"{name} {limit_text(low_kw, high_kw)}"
    if low_kw == high_kw:
        axes.axhline(low_kw, color=LIMIT, ls="--", lw=1.2, label=label)
        return
    each = "" if span.whole else f", the lowest of each {span.name}"
    steps(axes, span.edges_h, span.lowest(limit_kw), label + each, LIMIT, width=1.2, style="--")


def finish_load(
    axes: Axes, result: HasLoads, span: Pieces | None = None, most: int = 9,
    limit_kw: "pd.Series[float] | NDArray[np.float64] | None" = None,
) -> None:  # fmt: skip
    """Draw a limit, and label the axes of a load curve, whose axis has at most so many times.

    Parameters
    ----------
    axes
        Panel to draw in.
    result
        Whose load it is.
    span
        The spans of time that are drawn; the slots if left out.
    most
        So many times at most on the axis.
    limit_kw
        Limit in each slot [kW]; that of the first transformer if left out.
    """
    n_slots = result.scenario.horizon.n_slots
    limit_kw = result.slots.limit_kw.iloc[:n_slots] if limit_kw is None else limit_kw
    draw_limit(axes, limit_kw, span or pieces(result.scenario.horizon, n_slots))
    name = "load" if span is None else span.of_each("load")
    axes.set_ylabel(f"{name} [kW]")
    from_zero(axes)
    axes.grid(axis="y", alpha=0.25)
    clock(axes, result, most=most)
