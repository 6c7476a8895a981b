"""Figures that a result has, by its tables: what they are called, and which function draws them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from environment.registry import OnDemand

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from runs.result import Result


class Drawing(NamedTuple):
    """A way to draw a figure.

    Parameters
    ----------
    name
        Name of the figure, and of its file without the ending.
    tables
        Tables that it is drawn from.
    draw
        Draws it from a result.
    several
        Whether it is for several transformers, or for one; None: for any number.
    """

    name: str
    tables: tuple[str, ...]
    draw: Callable[[Any], Any]
    several: bool | None = None


DRAWINGS: Final = (
    Drawing("load", ("slots",), OnDemand("runs.homes.plots:load_curves"), several=False),
    Drawing("load", ("slots", "upper_slots", "nodes"), OnDemand("runs.grid_plots:whole_load"), several=True),
    Drawing("load", ("station_slots", "upper_slots"), OnDemand("runs.stations.plots:load")),
    Drawing("load", ("v2g_slots", "upper_slots"), OnDemand("runs.v2g.plots:load")),
    Drawing("load_by_transformer", ("slots",), OnDemand("runs.grid_plots:load_by_transformer"), several=True),
    Drawing("loading_map", ("slots", "upper_slots", "nodes"), OnDemand("runs.grid_plots:loading_map"), several=True),
    Drawing("board", ("slots", "board"), OnDemand("runs.homes.plots:board")),
    Drawing("raster", ("vehicles", "schedule"), OnDemand("runs.homes.plots:raster")),
    Drawing("tracking", ("v2g_slots",), OnDemand("runs.v2g.plots:tracking")),
    Drawing("groups", ("v2g_groups",), OnDemand("runs.v2g.plots:groups")),
    Drawing("voltage_profile", ("network",), OnDemand("runs.feeder_plots:voltage_profile")),
    Drawing("voltage_band", ("station_slots",), OnDemand("runs.stations.plots:voltage_band")),
    Drawing("voltage_band", ("network",), OnDemand("runs.feeder_plots:voltage_band")),
    Drawing("losses", ("network_slots",), OnDemand("runs.feeder_plots:losses")),
    Drawing("stations", ("stations",), OnDemand("runs.stations.plots:stations")),
    Drawing("triggers", ("station_slots", "triggers"), OnDemand("runs.stations.plots:triggers")),
    Drawing("search", ("search", "station_slots"), OnDemand("runs.stations.plots:search")),
)
"""Figures of all runs; the first way of a name that a result's tables allow draws it. Tables without rows allow none."""
EMPTY: Final = ("schedule", "triggers")
"""Tables of which a figure is drawn even where they have no rows."""


def drawings(result: "Result") -> "dict[str, Callable[[Result], Figure]]":
    """Return what draws each figure of a result, by the figure's name."""
    several = result.summary.get("transformers", 1) > 1
    there = {name for name, table in result.tables.items() if len(table) or name in EMPTY}
    found: dict[str, Callable[[Result], Figure]] = {}
    for drawing in DRAWINGS:
        if there >= {*drawing.tables} and drawing.several in (None, several):
            found.setdefault(drawing.name, drawing.draw)
    return found


def figures(result: "Result") -> "dict[str, Figure]":
    """Draw every figure of a result; return them by file name without its ending."""
    return {name: draw(result) for name, draw in drawings(result).items()}
