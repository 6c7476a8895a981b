"""What every figure keeps, whatever it shows: nothing cut, nothing on top of each other, nothing unexplained."""

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import QuadMesh
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SLACK_PX = 2.0
LEAVES = ("enlarged", "above the frame")
"""Words with which a figure says itself that curves leave a panel."""


def faults_of(figure: Figure) -> list[str]:
    """Return in words all that a reader of a figure would stumble over; an empty list for a good one."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = [axes for axes in figure.axes if axes.get_visible()]
    found = [*_cut(figure, canvas), *_overlapping(figure, canvas), *_unexplained(figure, drawn)]
    for axes in drawn:
        found += [*_unreadable(axes), *_outside(axes), *_loud(axes)]
    return found


def faulty(figures: Mapping[str, Figure]) -> dict[str, list[str]]:
    """Return the faults of those figures, by name, that have any."""
    found = {name: faults_of(figure) for name, figure in figures.items()}
    return {name: faults for name, faults in found.items() if faults}


def _texts(figure: Figure) -> list[Text]:
    """Return every text that is to be seen: of a tick's label only where the tick lies on its axis."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_visible())]
    texts = [*figure.texts, *(text for legend in legends if legend is not None for text in legend.get_texts())]
    for axes in figure.axes:
        if axes.get_visible():
            texts += [*axes.texts, *_titles(axes)]
            for axis in (axes.xaxis, axes.yaxis):
                texts += [axis.label, axis.offsetText, *_tick_labels(axis)]
    return [text for text in texts if text.get_visible() and text.get_text().strip()]


def _titles(axes: Axes) -> list[Text]:
    return [text for text in axes.get_children() if isinstance(text, Text) and text not in axes.texts]


def _tick_labels(axis: Axis) -> list[Text]:
    low, high = sorted(axis.get_view_interval())
    reach = 1e-9 * max(abs(low), abs(high))
    return [
        label
        for tick in axis.get_major_ticks()
        for label in (tick.label1, tick.label2)
        if low - reach <= tick.get_loc() <= high + reach and label.get_visible() and label.get_text()
    ]


def _boxes(figure: Figure, canvas: FigureCanvasAgg) -> list[tuple[Text, Bbox]]:
    renderer = canvas.get_renderer()
    return [(text, text.get_window_extent(renderer)) for text in _texts(figure)]


def _cut(figure: Figure, canvas: FigureCanvasAgg) -> Iterator[str]:
    whole = figure.bbox
    for text, box in _boxes(figure, canvas):
        if (
            box.x0 < whole.x0 - SLACK_PX
            or box.x1 > whole.x1 + SLACK_PX
            or box.y0 < whole.y0 - SLACK_PX
            or box.y1 > whole.y1 + SLACK_PX
        ):
            yield f"cut: {text.get_text()!r}"


def _overlapping(figure: Figure, canvas: FigureCanvasAgg) -> Iterator[str]:
    boxes = [(text, box) for text, box in _boxes(figure, canvas) if text.get_text() != "//"]
    for k, (text, box) in enumerate(boxes):
        inner = Bbox.from_extents(box.x0 + SLACK_PX, box.y0 + SLACK_PX, box.x1 - SLACK_PX, box.y1 - SLACK_PX)
        for other, beside in boxes[:k]:
            if inner.overlaps(beside):
                yield f"on top of each other: {text.get_text()!r} and {other.get_text()!r}"


def _unexplained(figure: Figure, drawn: list[Axes]) -> Iterator[str]:
    legends = [*figure.legends, *(axes.get_legend() for axes in drawn if axes.get_legend() is not None)]
    explained = {text.get_text() for legend in legends if legend is not None for text in legend.get_texts()}
    labels = {label for axes in drawn for label in axes.get_legend_handles_labels()[1]}
    known = {
        to_hex(artist.get_edgecolor() if isinstance(artist, StepPatch) else artist.get_color())
        for axes in drawn
        for artist in (*axes.lines, *axes.patches)
        if isinstance(artist, (Line2D, StepPatch)) and str(artist.get_label()) in explained
    }
    for legend in legends:
        assert legend is not None
        known |= {to_hex(line.get_color()) for line in legend.get_lines()}
        known |= {to_hex(patch.get_facecolor()) for patch in legend.get_patches()}
    yield from (f"in no legend: {label!r}" for label in sorted(labels - explained))
    for axes in drawn:
        if axes.texts:
            continue
        for line in axes.lines:
            horizontal = line.get_transform() != axes.transData
            if line.get_color() != "black" and to_hex(line.get_color()) not in known and not horizontal:
                yield f"a line in no legend: {line.get_color()} in {axes.get_title(loc='left')!r}"


def _unreadable(axes: Axes) -> Iterator[str]:
    """Give axes without numbers or names, neither their own nor those of a panel below or to the left of them."""
    title = axes.get_title(loc="left")
    for which in ("x", "y"):
        axis = getattr(axes, f"{which}axis")
        if axes.get_label() == "<colorbar>" and not axis.get_ticklocs().size:
            continue
        if axes.texts and not axis.get_ticklocs().size:
            continue  # an empty panel that says why it is empty
        shared = getattr(axes, f"get_shared_{which}_axes")().get_siblings(axes)
        if max(len(_tick_labels(getattr(other, f"{which}axis"))) for other in shared) < min(2, _entries(axes)):
            yield f"no labels on the {which} axis of {title!r}"
        beside = [other for other in axes.figure.axes if other.get_visible() and _aligned(axes, other, which)]
        if not any(getattr(other, f"{which}axis").get_label_text() for other in beside):
            yield f"the {which} axis of {title!r} has no name"


def _entries(axes: Axes) -> int:
    """Return how many labels an axis has room for: one, where a picture has one row."""
    rows = [mesh.get_array().shape[0] for mesh in axes.collections if isinstance(mesh, QuadMesh)]
    return min(rows, default=2)


def _aligned(axes: Axes, other: Axes, which: str) -> bool:
    """Whether a panel is in the same column as another, for x, or in the same row."""
    mine, its = axes.get_position(), other.get_position()
    (a, b), (c, d) = (mine.intervalx, its.intervalx) if which == "x" else (mine.intervaly, its.intervaly)
    return bool(min(b, d) > max(a, c))


def _outside(axes: Axes) -> Iterator[str]:
    heading = axes.figure.get_suptitle() if isinstance(axes.figure, Figure) else ""
    said = [heading, axes.get_title(loc="left"), *(str(line.get_label()) for line in axes.lines)]
    if any(word in text for word in LEAVES for text in said):
        return
    low, high = sorted(axes.get_ylim())
    reach = 1e-6 * max(high - low, 1e-12)
    for artist in (*axes.lines, *axes.patches):
        if isinstance(artist, Line2D) and artist.get_transform() == axes.transData:
            y = np.asarray(artist.get_ydata(), dtype=np.float64)
        elif isinstance(artist, StepPatch):
            y = np.asarray(artist.get_data().values, dtype=np.float64)
        else:
            continue
        y = y[np.isfinite(y)]
        if y.size and (y.min() < low - reach or y.max() > high + reach):
            yield f"outside the axes of {axes.get_title(loc='left')!r}: {artist.get_label()!r}"


def _loud(axes: Axes) -> Iterator[str]:
    """Give pictures whose colours do not grow darker with the value."""
    for mesh in axes.collections:
        if isinstance(mesh, QuadMesh) and mesh.get_cmap().N > 1:
            colours = mesh.get_cmap()(np.linspace(0, 1, 64))[:, :3]
            lightness = colours @ [0.2126, 0.7152, 0.0722]
            if not (np.diff(lightness) < 0).all():
                yield f"colours that do not grow darker with the value: {mesh.get_cmap().name}"
