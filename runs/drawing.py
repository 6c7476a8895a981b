"""What all figures share: colours, canvases and panels, loads as steps, times and dates on an axis, legends, files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
import pandas as pd
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator
from matplotlib.transforms import blended_transform_factory
from matplotlib.typing import LineStyleType
from numpy.typing import NDArray

from environment.horizon import Horizon
from runs.scenario import Scenario

if TYPE_CHECKING:
    from runs.result_folder import FigureFormat

BASE, FREE, EVS, LIMIT = "#6b7280", "#d97706", "#0f766e", "#b91c1c"
HALO: Final = "#c4c9d1"
"""Of a curve that lies beneath others: pale, and drawn wide, so that none of them hides it."""
METHOD_COLOURS: Final = ("#0f766e", "#1d4ed8", "#9333ea", "#be185d", "#65a30d", "#0891b2")
STYLES: Final[tuple[LineStyleType, ...]] = ("-", (0, (4, 3)), (0, (1.5, 2)))
MARKERS: Final = "osD^vPX"
QUIET_TO_LOUD: Final = LinearSegmentedColormap.from_list("quiet to loud", colormaps["YlGnBu"](np.linspace(0.2, 1, 256)))
"""Pale where there is little, dark where there is much, in print and for colour-blind readers too."""
MOST_PIECES: Final = 1500
"""A curve of more slots is drawn by hours, days or weeks."""
MOST_LOG_TICKS: Final = 9
"""Numbers on a logarithmic axis."""
RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
"""Digits of a power of ten."""
DATED_H: Final = 72.0
"""Over longer horizons an axis has dates in place of times of day."""
DOTS_PER_INCH: Final = 120
METADATA: Final[Mapping[str, Mapping[str, None]]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""What must not be written for the same picture to be the same bytes, by the ending of the file's name."""


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


def heading(figure: Figure, text: str) -> None:
    """Write a line above all panels."""
    figure.suptitle(text, x=0.01, ha="left", fontsize=12)


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as the ending of the file's name says, the same bytes for the same picture; return the file."""
    with rc_context({"svg.hashsalt": "evswarm"}):
        figure.savefig(path, dpi=DOTS_PER_INCH, metadata=dict(METADATA[path.suffix]))
    return path


def save_figures(figures: Mapping[str, Figure], folder: Path, figure_format: "FigureFormat" = "png") -> list[Path]:
    """Write figures by name into a folder, which is made; return the files. Of format "none" nothing is made."""
    if figure_format == "none":
        return []
    folder.mkdir(parents=True, exist_ok=True)
    return [save(figure, folder / f"{name}.{figure_format}") for name, figure in figures.items()]


def steps(
    axes: Axes, hours: NDArray[np.float64], load_kw: "pd.Series[float] | NDArray[np.float64]", label: str, colour: str, *,
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
    axes.stairs(np.asarray(load_kw), hours, baseline=None, label=label, color=colour, lw=width, ls=style)


def from_zero(*drawn: Axes) -> None:
    """Let panels that share a scale show all that is in them from 0 on; what is below 0 too."""
    low, high = (edge([getattr(axes.dataLim, name) for axes in drawn]) for edge, name in ((min, "y0"), (max, "y1")))
    room = 0.05 * max(high - min(low, 0.0), 1e-9)
    drawn[0].set_ylim(min(low - room, 0.0) if low < 0 else 0.0, max(high, 0.0) + room)


class Curve(NamedTuple):
    """A load to be drawn: its label, its kW in each slot, and how the line looks."""

    label: str
    load_kw: "pd.Series[float] | NDArray[np.float64]"
    colour: str
    style: LineStyleType = "-"


class Pieces(NamedTuple):
    """Spans of time of which a figure draws one value each.

    Parameters
    ----------
    edges_h
        Boundaries in hours from the horizon's start, shape ``(n_pieces + 1,)``.
    first
        First slot of each, shape ``(n_pieces,)``.
    name
        What a piece is: "slot", "hour", "day" or "week".
    """

    edges_h: NDArray[np.float64]
    first: NDArray[np.int64]
    name: str

    @property
    def whole(self) -> bool:
        """Whether every slot is drawn by itself."""
        return self.name == "slot"

    def of_each(self, label: str) -> str:
        """Return a label that says what of each piece is drawn: the highest value."""
        return label if self.whole else f"highest {label} of each {self.name}"

    def highest(self, values: "pd.Series[float] | NDArray[np.float64]") -> NDArray[np.float64]:
        """Return the highest value in each piece, of one a slot; NaN is passed over."""
        return np.asarray(np.fmax.reduceat(np.asarray(values, dtype=np.float64), self.first))

    def lowest(self, values: "pd.Series[float] | NDArray[np.float64]") -> NDArray[np.float64]:
        """Return the lowest value in each piece, of one a slot; NaN is passed over."""
        return np.asarray(np.fmin.reduceat(np.asarray(values, dtype=np.float64), self.first))

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean in each piece, along the last axis."""
        sizes = np.diff(np.append(self.first, values.shape[-1]))
        return np.asarray(np.add.reduceat(values, self.first, axis=-1) / sizes)


def pieces(horizon: Horizon, most: int = MOST_PIECES) -> Pieces:
    """Return slots, or the shortest of hours, days and weeks of which a horizon has at most so many."""
    n, edges_h = horizon.n_slots, horizon.edges_h
    if n <= most:
        return Pieces(edges_h, np.arange(n), "slot")
    since_midnight_h = edges_h[:-1] + horizon.start_clock_h % 1
    names = {"hour": 1.0, "day": 24.0, "week": 168.0}
    name = next((name for name, size_h in names.items() if horizon.hours / size_h <= most), "week")
    if name == "hour":
        number = np.floor(since_midnight_h + 1e-9).astype(np.int64)
    else:
        starts = horizon.slot_starts.tz_localize(None).normalize()
        days = (starts - starts[0]) // pd.Timedelta(days=1)
        number = np.asarray(days, dtype=np.int64) // (1 if name == "day" else 7)
    first = np.flatnonzero(np.diff(number, prepend=-1))
    return Pieces(np.append(edges_h[first], edges_h[-1]), first, name)


class Timed(Protocol):
    """Whatever was run over a horizon."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""


def clock(
    axes: Axes, result: Timed, which: str = "x", span_h: tuple[float, float] | None = None, *, most: int = 9
) -> None:  # fmt: skip
    """Turn hours since the horizon's start on an axis into times of day, over a longer time into dates, and name it so.

    Parameters
    ----------
    axes
        Panel.
    result
        What was run.
    which
        "x" or "y".
    span_h
        From and to which hours the axis runs; the whole horizon if left out.
    most
        So many labels at most, or a few more of dates.
    """
    horizon = result.scenario.horizon
    begin_h, end_h = span_h or (0.0, horizon.hours)
    dated = end_h - begin_h > DATED_H
    wall_h, texts = (_dates if dated else _times)(horizon, begin_h, end_h, most)
    hours = horizon.elapsed_h(wall_h)
    inside = (hours >= begin_h - 1e-9) & (hours <= end_h + 1e-9)
    labels = [text for text, shown in zip(texts, inside.tolist(), strict=True) if shown]
    name = "date" if dated else "time of day"
    if which == "x":
        axes.set_xlim(begin_h, end_h)
        axes.set_xticks(hours[inside], labels)
        subplot = axes.get_subplotspec()
        if subplot is None or subplot.is_last_row() or not axes.get_shared_x_axes().get_siblings(axes)[1:]:
            axes.set_xlabel(name)
    else:
        axes.set_yticks(hours[inside], labels)
        axes.set_ylabel(name)


def _times(horizon: Horizon, begin_h: float, end_h: float, most: int) -> tuple[NDArray[np.float64], list[str]]:
    """Return whole hours of the clock after its reading at the start, and their texts; with dates if there are several days."""
    step = next((step for step in (0.25, 0.5, 1.0, 2.0, 3.0, 6.0) if (end_h - begin_h) / step <= most), 12.0)
    clock_h = horizon.start_clock_h
    first_h = clock_h + float(horizon.wall_h(np.array([begin_h]))[0])
    wall_h = np.arange(np.ceil(first_h / step - 1e-9) * step, first_h + end_h - begin_h + 2, step) - clock_h
    moments = pd.Timestamp(horizon.begin) + pd.to_timedelta(wall_h, unit="h")
    texts = []
    for k, moment in enumerate(moments.round("s")):
        is_new = k == 0 or moment.hour + moment.minute == 0
        texts.append(f"{moment:%H:%M}" + (f"\n{moment:%-d %b}" if is_new and horizon.hours > 24 else ""))
    return wall_h, texts


def _dates(horizon: Horizon, begin_h: float, end_h: float, most: int) -> tuple[NDArray[np.float64], list[str]]:
    """Return midnights after the clock's reading at the start, and their dates; the first and each new year with its number."""
    start, days = pd.Timestamp(horizon.begin), (end_h - begin_h) / 24
    first = start + pd.Timedelta(hours=begin_h)
    step = next((step for step in (1, 2, 7, 14) if days / step <= most), 0)
    if step:
        moments = pd.date_range(first.ceil("D"), periods=int(days / step) + 2, freq=f"{step}D")
    else:
        months = next((months for months in (1, 2, 3, 6, 12, 24, 60, 120) if days / 30.4 / months <= most + 4), 240)
        whole = first.normalize()
        month = whole if first == whole and first.day == 1 else (first + pd.offsets.MonthBegin(1)).normalize()
        moments = pd.date_range(month, periods=int(days / 28 / months) + 2, freq=f"{months}MS")
    texts = []
    for k, moment in enumerate(moments):
        year = f"\n{moment:%Y}" if k == 0 or moment.year != moments[k - 1].year else ""
        texts.append(f"{moment:%-d %b}{year}" if step else f"{moment:%b}{year}")
    wall_h = np.asarray((moments - start) / pd.Timedelta(hours=1), dtype=np.float64)
    return wall_h, texts


def moment_text(result: Timed, slot: int) -> str:
    """Return when a slot starts: the time of day, with the date if the horizon is longer than a day."""
    start = result.scenario.horizon.slot_starts[slot]
    return f"{start:%H:%M}" if result.scenario.horizon.hours <= 24 else f"{start:%H:%M on %-d %B}"


def legend_below(figure: Figure, *drawn: Axes, columns: int = 3) -> None:
    """Put one legend below all panels, each label of these panels once."""
    known: dict[str, Any] = {}
    for axes in drawn or figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            known.setdefault(label, handle)
    figure.legend(
        known.values(), known, loc="outside lower center", frameon=False, ncols=columns, fontsize=9, handlelength=2.8
    )


def log_axis(
    axes: Axes, which: str, values: NDArray[np.float64], least: float = 0.0
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Make an axis logarithmic, fit to some values and with numbers on it; return the function that places values on it.

    What is not above `least` stands in a row of its own, marked 0 and set apart.

    Parameters
    ----------
    axes
        Panel to draw in.
    which
        "x" or "y".
    values
        All that is to be drawn; NaN is passed over.
    least
        From here down a value is 0 but for rounding.
    """
    known = values[np.isfinite(values)]
    some = known[known > least]
    low, high = (float(some.min()), float(some.max())) if some.size else (1.0, 1.0)
    ticks = _log_ticks(low, high)
    labels = _numbers(ticks)
    bottom, top = min(low, ticks[0]), max(high, ticks[-1])
    zero = bottom / (top / bottom * 10) ** 0.12
    axes.set(**{f"{which}scale": "log"})
    if some.size < known.size:
        apart = np.sqrt(zero * bottom)
        ticks, labels, bottom = [zero, *ticks], ["0", *labels], zero
        (axes.axvline if which == "x" else axes.axhline)(apart, color=HALO, lw=1.0, ls=STYLES[2], zorder=0)
        across = [axes.transData, axes.transAxes] if which == "x" else [axes.transAxes, axes.transData]
        x, y = (apart, 0.0) if which == "x" else (0.0, apart)
        where = blended_transform_factory(*across)
        axes.text(x, y, "//", transform=where, ha="center", va="center", fontsize=9, color=BASE, clip_on=False)
    edge = (top / bottom) ** 0.04
    (axes.set_xlim if which == "x" else axes.set_ylim)(bottom / edge, top * edge)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    names = dict(zip(ticks, labels, strict=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: names.get(value, "")))
    return lambda each: np.where(np.isfinite(each) & ~(each > least), zero, each)


def _log_ticks(low: float, high: float) -> list[float]:
    """Return two to nine round numbers from below a range to above it, or within it."""
    first, last = int(np.floor(np.log10(low) + 1e-9)), int(np.ceil(np.log10(high) - 1e-9))
    for parts in ((1, 2, 5), (1, 3), (1,)):
        all_ticks = [float(f"{part}e{power}") for power in range(first, last + 1) for part in parts]
        begin = max((tick for tick in all_ticks if tick <= low * (1 + 1e-9)), default=all_ticks[0])
        end = min((tick for tick in all_ticks if tick >= high * (1 - 1e-9)), default=all_ticks[-1])
        ticks = [tick for tick in all_ticks if begin <= tick <= end]
        if len(ticks) <= MOST_LOG_TICKS:
            return ticks if len(ticks) > 1 else [ticks[0] / 10, ticks[0], ticks[0] * 10]
    every = -(-(last - first) // (MOST_LOG_TICKS - 1))
    return [float(f"1e{power}") for power in range(first, last + 1, every)]


def _numbers(ticks: Sequence[float]) -> list[str]:
    """Return numbers as they stand on a logarithmic axis: plain ones, or powers of ten where they are large or small."""
    if min(ticks) >= 1e-3 and max(ticks) < 1e6:
        return [f"{tick:,g}" if tick < 1 else f"{tick:,.0f}" for tick in ticks]
    parts = [f"{tick:e}".split("e") for tick in ticks]
    powers = [f"10{str(int(power)).translate(RAISED)}" for _, power in parts]
    return [
        power if float(mantissa) == 1 else f"{float(mantissa):g}·{power}"
        for (mantissa, _), power in zip(parts, powers, strict=True)
    ]
