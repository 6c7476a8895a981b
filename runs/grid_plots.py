"""Figures of a grid of several transformers: its whole load, the fullest transformers, a map of loading."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from environment.grid.tree import Kind
from runs.drawing import QUIET_TO_LOUD, canvas, clock, from_zero, heading, legend_below, panels, pieces
from runs.load_drawing import draw_limit, draw_load, finish_load, fullest, limit_text, method_title, peak_text, slots_of
from runs.metrics import loading
from runs.plural import counted
from runs.result import Result

SHOWN_TRANSFORMERS: Final = 12
"""Of more transformers the fullest are drawn."""
MAP_COLUMNS: Final = 400
"""A map of more slots shows of each hour, day or week the most."""
MAP_ROWS: Final = 250
"""A map of more nodes shows of so many next to each other the most."""
NAMED_ROWS: Final = 40
"""Of more rows the names give way to numbers."""
NAME_LENGTH: Final = 24
"""Of longer names the beginning and the end are written."""
ABOVE: Final = LinearSegmentedColormap.from_list("above", ["#f87171", "#7f1d1d"])
"""Of loads above the limit: red, the darker the further."""
FULL: Final = 100 + 1e-4
"""From here on a load counts as above its limit [%]: less is rounding."""
BACK: Final = LinearSegmentedColormap.from_list("back", colormaps["Purples"](np.linspace(0.25, 0.95, 256)))
"""Of loads that feed in: purple, the darker the more."""


def whole_load(result: Result) -> Figure:
    """Draw the load of the whole grid, that of the control centre, against the limit of the centre if it has one."""
    center = str(result.nodes.node[result.nodes.kind == Kind.CONTROL_CENTER].iloc[0])
    slots = result.upper_slots[result.upper_slots.node == center].reset_index(drop=True)
    n_slots = result.scenario.horizon.n_slots
    slots = slots.assign(base_kw=slots.actual_kw)  # what was forecast of loads above the transformers no table tells
    free_kw, own_kw = (slots.actual_kw + slots.free_kw).max(), slots.total_kw.max()
    who = f"{counted(result.summary['vehicles'], 'EV')} below {counted(result.summary['transformers'], 'transformer')}"
    after = "" if result.summary["method"] == "free" else f", {own_kw:,.0f} kW with {method_title(result)}"
    figure, axes = canvas(f"{who}: peak {free_kw:,.0f} kW with free charging{after}")
    span = pieces(result.scenario.horizon)
    draw_load(axes, slots, span, result)
    none = np.full(n_slots, np.nan)  # the limit is the centre's, of which the legend tells
    draw_limit(axes, slots.limit_kw, span, f"limit of {_short(center)}")
    finish_load(axes, result, span, limit_kw=none)
    legend_below(figure, axes)
    return figure


def load_by_transformer(result: Result) -> Figure:
    """Draw the load of the fullest transformers, a panel each, in % of its limit, so that they can be held against each other.

    A limit that varies is drawn as steps; 100 % is then the highest of any slot.
    """
    shown = fullest([result])[:SHOWN_TRANSFORMERS]
    columns = {2: 2, 4: 2}.get(len(shown), 3)
    rows = -(-len(shown) // columns)
    blank = [""] * (rows * columns - len(shown))
    figure, drawn = panels(
        [*shown, *blank], {1: 4.2, 2: 6.6, 3: 8.4}.get(rows, 10.2), nrows=rows, ncols=columns, sharey=True
    )
    span = pieces(result.scenario.horizon)
    for axes, name in zip(drawn, shown, strict=False):
        slots = slots_of(result, name)
        limit_kw = float(slots.limit_kw.max())
        peaks = peak_text(result, (slots.actual_kw + slots.free_kw).max(), slots.total_kw.max())
        of = limit_text(float(slots.limit_kw.min()), limit_kw)
        axes.set_title(f"{_short(name)}\npeak {peaks} of {of}", loc="left", fontsize=9)
        numbers = ["base_kw", "actual_kw", "free_kw", "total_kw", "limit_kw"]
        share = 100 * slots[numbers] / (limit_kw or 1.0)
        draw_load(axes, share, span, result, width=1.2)
        draw_limit(axes, share.limit_kw, span, label="limit")
        axes.grid(axis="y", alpha=0.25)
        clock(axes, result, most=4)
    for axes in drawn[: max(len(shown) - columns, 0)]:
        axes.set_xlabel("")
    limits = result.slots[result.slots.transformer.isin(shown)].groupby("transformer").limit_kw
    highest = "highest " if (limits.min() < limits.max()).any() else ""
    for axes in drawn[: len(shown) : columns]:
        axes.set_ylabel(f"{span.of_each('load')}\n[% of the {highest}limit]")
    for axes in drawn[len(shown) :]:
        axes.set_visible(False)
    from_zero(*drawn[: len(shown)])
    summary = result.summary
    which = "" if len(shown) == summary["transformers"] else f", the {len(shown)} fullest"
    arrow = "" if summary["method"] == "free" else f"; peak: free charging → {method_title(result)}"
    many = counted(summary["transformers"], "transformer")
    heading(figure, f"{counted(summary['vehicles'], 'EV')} below {many}{which}{arrow}")
    legend_below(figure, *drawn[: len(shown)])
    return figure


def loading_map(result: Result) -> Figure:
    """Draw how full the nodes are slot by slot: a row a node, those above the transformers that have limits on top.

    The transformers stand most loaded first, so that those above their limit are on top. Where there is no room for each node or
    slot, some next to each other share a cell, which shows the most of them.
    """
    n_slots, span = result.scenario.horizon.n_slots, pieces(result.scenario.horizon, MAP_COLUMNS)
    limited = result.upper_slots[result.upper_slots.limit_kw.notna()]
    order = fullest([result])
    names = result.slots.transformer.iloc[::n_slots].tolist()
    place = {name: row for row, name in enumerate(names)}
    lower = _loading(result.slots, n_slots)[[place[name] for name in order]]
    parts = [Part("transformers,\nmost loaded first", order, lower)]
    if len(limited):
        parts.insert(0, Part("above", limited.node.iloc[::n_slots].tolist(), _loading(limited, n_slots)))
    transformers = result.nodes[result.nodes.kind == Kind.TRANSFORMER]
    over, free_over = (
        int((transformers[name] > 0).sum()) for name in ("overload_slots", "free_overload_slots")
    )  # fmt: skip
    free = "" if result.summary["method"] == "free" else f", {free_over:,} with free charging"
    many = counted(len(order), "transformer")
    title = f"Load per limit with {method_title(result)}: {over:,} of {many} above it{free}"
    heights = [float(np.clip(len(part.nodes), 2, NAMED_ROWS)) for part in parts]
    height = float(np.clip(1.8 + 0.22 * sum(heights), 3.6, 8.4))
    titles = [title, *[""] * (len(parts) - 1)]
    figure, drawn = panels(titles, height, nrows=len(parts), ncols=1, sharex=True, height_ratios=heights)
    cells = [_most(_most(part.loading, span.first, 1), _groups(len(part.nodes)), 0) for part in parts]
    looks = _looks(cells)
    for axes, part, each in zip(drawn, parts, cells, strict=True):
        for look in looks:
            rows = np.arange(len(each) + 1)
            axes.pcolormesh(
                span.edges_h, rows, look.within(each), cmap=look.colours, norm=look.scale, rasterized=True
            )  # fmt: skip
        _name_rows(axes, part.nodes, len(each), part.name)
        clock(axes, result)
    for look in reversed(looks):
        figure.colorbar(ScalarMappable(look.scale, look.colours), ax=drawn, label=look.label, aspect=30, pad=0.01)
    return figure


class Part(NamedTuple):
    """Nodes of a map that stand together: what they are called together, their names, their load per limit in each slot [%]."""

    name: str
    nodes: Sequence[str]
    loading: NDArray[np.float64]


def _groups(n_nodes: int) -> NDArray[np.int64]:
    """Return the first node of each row of a map."""
    return np.arange(0, n_nodes, -(-n_nodes // MAP_ROWS))


class Look(NamedTuple):
    """How one range of loading is drawn on a map.

    Parameters
    ----------
    colours
        Colours of the range, darker for more.
    scale
        From where to where these go [%].
    within
        Returns the values that it draws, masked where another look does.
    label
        What its bar says.
    """

    colours: Colormap
    scale: Normalize
    within: Callable[[NDArray[np.float64]], np.ma.MaskedArray[Any, np.dtype[np.float64]]]
    label: str


def _looks(cells: Sequence[NDArray[np.float64]]) -> list[Look]:
    """Return the looks of loads up to the limit, of those above it, and of loads that feed in, as far as there are such."""
    every = np.concatenate([each.ravel() for each in cells])
    finite = every[np.isfinite(every)]
    most, least = float(finite.max(initial=0.0)), float(finite.min(initial=0.0))
    looks = [
        Look(
            QUIET_TO_LOUD, Normalize(0, 100), lambda each: np.ma.masked_where((each > FULL) | (each < 0), each),
            "load [% of the limit]",
        )
    ]  # fmt: skip
    if (every > FULL).any():
        top = max(most, 110.0)
        above = Look(
            ABOVE,
            Normalize(100, top),
            lambda each: np.ma.masked_where(each <= FULL, np.minimum(each, top)),
            "above the limit [%]",
        )
        looks.append(above)
    if least < 0:
        looks.append(
            Look(
                BACK,
                Normalize(0, -least),
                lambda each: np.ma.masked_where(each >= 0, -each),
                "feeding in [% of the limit]",
            )
        )
    return looks


def _loading(slots: pd.DataFrame, n_slots: int) -> NDArray[np.float64]:
    """Return the load per limit of nodes in % [shape ``(n_nodes, n_slots)``], from a table of their slots."""
    load_kw, limit_kw = (slots[name].to_numpy().reshape(-1, n_slots) for name in ("total_kw", "limit_kw"))
    return 100 * loading(load_kw, limit_kw)


def _most(values: NDArray[np.float64], first: NDArray[np.int64], axis: int) -> NDArray[np.float64]:
    """Return of each group along an axis, which begin where `first` says, the value that is furthest from 0."""
    low, high = (extreme.reduceat(values, first, axis=axis) for extreme in (np.minimum, np.maximum))
    return np.where(-low > high, low, high)


def _name_rows(axes: Axes, nodes: Sequence[str], rows: int, name: str) -> None:
    """Write at the rows of a map which nodes they are: their names or, of many, their numbers."""
    axes.set_ylim(rows, 0)
    if len(nodes) <= NAMED_ROWS:
        axes.set_yticks(np.arange(rows) + 0.5, [_short(node) for node in nodes], fontsize=8)
    else:
        ticks = np.unique(np.linspace(1, len(nodes), 6).round().astype(np.int64))
        axes.set_yticks((ticks - 0.5) * rows / len(nodes), [f"{tick:,}" for tick in ticks.tolist()])
    axes.tick_params("y", length=0)
    axes.set_ylabel(name, fontsize=9)


def _short(name: str) -> str:
    """Return a name, or as much of its beginning and its end as there is room for."""
    half = (NAME_LENGTH - 1) // 2
    return name if len(name) <= NAME_LENGTH else f"{name[:half]}…{name[-half:]}"
