"""A chart that lives in the browser and is brought up to date, not built anew (Apache ECharts, by way of Solara)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import traitlets
from solara.components.echarts import EchartsWidget


@dataclass(frozen=True, eq=False)
class Option:
    """What a chart shows. Closed to Reacton, which would look for widgets in each of its numbers: most of a step's time."""

    content: dict[str, Any]


class _Figure(EchartsWidget):  # type: ignore[misc]
    option = traitlets.Any(Option({})).tag(sync=True, to_json=lambda option, _: option.content)


def figure(option: dict[str, Any], height: int, on_click: Callable[[dict[str, Any]], None] | None = None) -> None:
    """Show a chart as wide as its place.

    Parameters
    ----------
    option
        For ECharts.
    height
        Height in pixels.
    on_click
        Told what is clicked.
    """
    _Figure.element(
        option=Option(option),
        on_click=on_click,
        responsive=True,
        attributes={"style": f"height: {height}px; width: 100%", "role": "img"},
    )
