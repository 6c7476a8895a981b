"""Figures of a sweep: each measure of its table against the key that varies, with the 95 % interval of its mean."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from runs.drawing import BASE, FREE, MARKERS, METHOD_COLOURS, STYLES, canvas, heading, legend_below, log_axis, panels
from runs.plural import counted
from runs.printed.rows import ROWS
from runs.printed.stations import STATION_ROWS
from runs.printed.sweep import SWEPT, shortest_paths
from runs.printed.v2g import V2G_ROWS
from runs.scenario import PATH_KEYS
from runs.sweep import Sweep

COLOURS: Final = (*METHOD_COLOURS, FREE, BASE)
MOST_LINES: Final = len(COLOURS)
"""Of more combinations of the other keys so many are drawn, and the title says so."""
BANDS: Final = 3
"""Intervals of so many lines are bands; those of more are bars, which do not cover each other."""
MEAN, INTERVAL = "mean", "95 % interval"
MOST_KEYS: Final = 6
MOST_LEVELS: Final = 30
"""Levels of a key without numbers that are drawn."""
TICKS: Final = 9
WIDEST: Final = 8
"""Characters of a level that stands on an axis; of longer ones round numbers stand there."""
WIDE: Final = 30.0
"""From this ratio of its largest level to its smallest on a key has a logarithmic axis."""
UNITS: Final = {
    "kw": "kW", "kwh": "kWh", "h": "h", "min": "min", "s": "s", "km": "km", "pu": "pu", "kva": "kVA", "percent": "%",
}  # fmt: skip
"""Units by the ending of a key's name."""


def figures(swept: Sweep) -> dict[str, Figure]:
    """Draw each measure of a sweep's table against what varies; return figures by the measure's name.

    A key of numbers is the axis, and other keys make lines; keys without numbers stand one below the other; points that fill a
    space, as a Latin hypercube's, are drawn against each key. Where nothing varies there is nothing to draw.
    """
    points = len(swept.design.points)
    means = swept.means(list(SWEPT), points)
    cells = pd.DataFrame([swept.design.cells(point) for point in range(points)])
    varied = [key for key in swept.design.keys if len(cells[key].astype(str).unique()) > 1]
    if not varied:
        return {}
    for key in varied:
        if key.rpartition(".")[2] in PATH_KEYS:
            cells[key] = shortest_paths(cells[key].astype(str).tolist())
    drawn = {}
    for name in SWEPT:
        if (name, "mean") in means and means[name, "mean"].notna().any():
            scale = 100.0 if SWEPT[name].endswith("%}") else 1.0
            table = cells.assign(mean=scale * means[name, "mean"], half=scale * means[name, "half_width"].fillna(0.0))
            drawn[name] = _figure(table.dropna(subset="mean"), varied, _label(name), swept)
    return drawn


def _figure(table: pd.DataFrame, varied: list[str], label: str, swept: Sweep) -> Figure:
    """Draw one measure: columns of the table are the keys, ``mean`` and ``half``, the half-width of its interval."""
    numbers = [key for key in varied if _is_number(table[key])]
    least, most = _number(table["mean"].min()), _number(table["mean"].max())
    each = (
        f"mean of {counted(swept.replications, 'run')} at each point" if swept.replications > 1 else "one run a point"
    )
    interval = " and its 95 % interval" if (table.half > 0).any() else ""
    failed = f"; {counted(swept.failed, 'run')} failed" if swept.failed else ""
    title = f"{label}: {least} to {most}\n{each}{interval}{failed}"
    if len(varied) > 1 and any(table[key].is_unique for key in numbers):
        return _scattered(table, numbers[:MOST_KEYS], label, title)
    if numbers:
        levels = {key: len(set(table[key])) for key in numbers}
        axis = max(numbers, key=levels.__getitem__)
        return _lines(table, axis, [key for key in varied if key != axis], label, title)
    return _listed(table, varied, label, title)


def _lines(table: pd.DataFrame, axis: str, others: list[str], label: str, title: str) -> Figure:
    """Draw a line for each combination of the other keys."""
    groups = [(_named(others, each), each.sort_values(axis)) for _, each in _grouped(table, others)]
    shown = _some(groups)
    if len(shown) < len(groups):
        title += f"; {len(shown)} of {len(groups)} combinations of {_words(others)}"
    figure, axes = canvas(title)
    widths = np.linspace(3.2, 1.3, len(shown)) if len(shown) > 1 else [1.6]  # a line on another lets it be seen
    for (name, each), (colour, style, marker), width in zip(shown, _looks(), widths, strict=False):
        x, mean, half = (each[column].to_numpy(dtype=np.float64) for column in (axis, "mean", "half"))
        axes.plot(x, mean, marker=marker, ms=4.5, lw=width, color=colour, ls=style, label=name or MEAN)
        if len(shown) <= BANDS:
            axes.fill_between(
                x, mean - half, mean + half, color=colour, alpha=0.18, lw=0, label="" if name else INTERVAL
            )
        else:
            axes.vlines(x, mean - half, mean + half, color=colour, lw=1.0, alpha=0.7)
    _key_axis(axes, axis, np.concatenate([each[axis].to_numpy(dtype=np.float64) for _, each in shown]))
    axes.set_ylabel(label)
    axes.grid(alpha=0.25)
    legend_below(figure, axes, columns=3 if max(len(name) for name, _ in shown) < 30 else 2)
    return figure


def _scattered(table: pd.DataFrame, keys: list[str], label: str, title: str) -> Figure:
    """Draw every point against each key that is a number."""
    columns = min(len(keys), 3)
    rows = -(-len(keys) // columns)
    blank = [""] * (rows * columns - len(keys))
    figure, drawn = panels([""] * len(keys) + blank, 1.2 + 3.0 * rows, nrows=rows, ncols=columns, sharey=True)
    for axes, key in zip(drawn, keys, strict=False):
        x, mean, half = (table[column].to_numpy(dtype=np.float64) for column in (key, "mean", "half"))
        axes.plot(x, mean, "o", ms=4, color=METHOD_COLOURS[0], label=MEAN)
        axes.vlines(x, mean - half, mean + half, color=METHOD_COLOURS[0], lw=0.8, alpha=0.5, label=INTERVAL)
        _key_axis(axes, key, x, most=4)
        axes.grid(alpha=0.25)
    for axes in drawn[len(keys) :]:
        axes.set_visible(False)
    for axes in drawn[::columns]:
        axes.set_ylabel(label)
    heading(figure, title)
    legend_below(figure, drawn[0])
    return figure


def _listed(table: pd.DataFrame, keys: list[str], label: str, title: str) -> Figure:
    """Draw a point with its interval for each level of keys without numbers, one level below the other."""
    first, *others = keys
    levels = list(dict.fromkeys(table[first].astype(str)))
    if len(levels) > MOST_LEVELS:
        title += f"; the first {MOST_LEVELS} of {len(levels)} levels of {first}"
        levels = levels[:MOST_LEVELS]
    groups = [
        (_named(others, each), each) for _, each in _grouped(table[table[first].astype(str).isin(levels)], others)
    ]
    shown = _some(groups)
    if len(shown) < len(groups):
        title += f"; {len(shown)} of {len(groups)} combinations of {_words(others)}"
    figure, axes = canvas(title, height=2.2 + 0.3 * max(4, len(levels)))
    places = {level: place for place, level in enumerate(levels)}
    for k, ((name, each), (colour, _, marker)) in enumerate(zip(shown, _looks(), strict=False)):
        y = each[first].astype(str).map(places).to_numpy() + 0.5 * ((k + 0.5) / len(shown) - 0.5)
        mean, half = each["mean"].to_numpy(), each.half.to_numpy()
        axes.hlines(y, mean - half, mean + half, color=colour, lw=1.6, label="" if name else INTERVAL)
        axes.plot(mean, y, marker=marker, ms=6, ls="none", color=colour, label=name or MEAN)
    axes.set_yticks(range(len(levels)), levels)
    axes.set_ylim(len(levels) - 0.4, -0.6)
    axes.set(xlabel=label, ylabel=first)
    axes.grid(alpha=0.25)
    legend_below(figure, axes, columns=3)
    return figure


def _grouped(table: pd.DataFrame, keys: list[str]) -> list[tuple[Any, pd.DataFrame]]:
    return list(table.groupby(keys, sort=False)) if keys else [((), table)]


def _some[T](groups: Sequence[T]) -> list[T]:
    """Return all of a few, and of many some that spread evenly from the first to the last."""
    chosen = np.unique(np.linspace(0, len(groups) - 1, min(len(groups), MOST_LINES)).round().astype(np.int64))
    return [groups[k] for k in chosen.tolist()]


def _named(keys: list[str], each: pd.DataFrame) -> str:
    return ", ".join(f"{_words([key])} {_level(each[key].iloc[0])}" for key in keys)


def _words(keys: list[str]) -> str:
    return ", ".join(key.rpartition(".")[2] for key in keys)


def _level(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _looks() -> list[tuple[str, LineStyleType, str]]:
    return list(zip(COLOURS, STYLES * 3, f"{MARKERS}*", strict=False))


def _key_axis(axes: Axes, key: str, values: NDArray[np.float64], most: int = TICKS) -> None:
    """Name the axis of a key with its unit; its levels stand on it if there is room, and on a wide range it is logarithmic."""
    levels = np.unique(values)
    unit = UNITS.get(key.rpartition("_")[2], "")
    axes.set_xlabel(f"{key} [{unit}]" if unit else key)
    wide = levels[0] > 0 and levels[-1] >= WIDE * levels[0]
    if wide:
        log_axis(axes, "x", levels)
    places = np.log(levels) if wide else levels
    names = [f"{level:,g}" for level in levels.tolist()]
    if (
        levels.size <= most
        and max(map(len, names)) <= WIDEST
        and (levels.size < 2 or np.diff(places).min() >= np.ptp(places) / (1.5 * most))
    ):
        axes.set_xticks(levels, names)
        axes.set_xticks([], minor=True)


def _label(name: str) -> str:
    """Return a measure's label with its unit."""
    label = {**STATION_ROWS, **V2G_ROWS, **ROWS}[name][0].strip()
    return f"{label} [%]" if SWEPT[name].endswith("%}") else label


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _is_number(values: "pd.Series[Any]") -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
