"""What charts of values by slot have in common: curves that end at the slot that is looked at, and axes that do not move."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runs.page.palette import Palette, axis


def until(values: NDArray[Any], slot: int) -> NDArray[np.float64]:
    """Return values with nothing after a slot."""
    return np.where(np.arange(len(values)) <= slot, values, np.nan)


def numbers(values: NDArray[np.float64]) -> list[float | None]:
    """Return values rounded, None where there are none."""
    return [None if np.isnan(value) else value for value in np.round(values, 2).tolist()]


def line(name: str, values: NDArray[np.float64], colour: str, width: int) -> dict[str, Any]:
    """Return a curve of one value a slot."""
    return {
        "type": "line", "step": "middle", "showSymbol": False, "name": name, "data": numbers(values),
        "lineStyle": {"color": colour, "width": width}, "itemStyle": {"color": colour},
    }  # fmt: skip


def now(slot: int, palette: Palette) -> dict[str, Any]:
    """Return the mark of the slot that is looked at."""
    dashes = {"color": palette.text, "width": 1, "type": "dashed"}
    return {
        "markLine": {
            "silent": True, "symbol": "none", "label": {"show": False}, "lineStyle": dashes, "data": [{"xAxis": slot}]
        }
    }  # fmt: skip


def titled(palette: Palette, title: str, **more: Any) -> dict[str, Any]:
    """Return an axis with its title in the middle below it."""
    middle = {"color": palette.text, "align": "center"}
    return axis(palette, name=title, nameLocation="middle", nameGap=28, nameTextStyle=middle, **more)


def time_axis(palette: Palette, names: list[str], axis_line: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the axis of the time of day; `names` are those of the slots."""
    found = titled(palette, "time of day", type="category", data=names)
    return found | {"axisLine": found["axisLine"] | (axis_line or {})}


def span(palette: Palette, name: str, *curves: NDArray[np.float64]) -> dict[str, Any]:
    """Return an axis that holds all of some curves between round numbers; it does not move from slot to slot."""
    low, high = min(float(each.min()) for each in curves), max(float(each.max()) for each in curves)
    size = 10.0 ** np.floor(np.log10(max(high - low, 1e-6) / 4))
    interval = next(float(size * step) for step in (1, 2, 5, 10) if size * step * 6 >= high - low)
    end, begin = (np.ceil(high / interval) * interval, np.floor(low / interval) * interval)
    return axis(palette, name=name, min=float(begin), max=float(max(end, begin + interval)), interval=interval)
