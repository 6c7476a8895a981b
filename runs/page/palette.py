"""Colours of the charts in light and in dark, and what all charts have in common."""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Any, Final

from runs.page.window import dark

LOADINGS: Final = (0.5, 0.65, 0.8, 0.95)
"""Load per limit from which on a node has the next colour."""


@dataclass(frozen=True)
class Palette:
    """Colours by what they stand for.

    `states` are in the order of `runs.page.view.STATES`, `strip` goes from weak to strong; `loading` has a fill and the text on
    it for each step of `LOADINGS` and for what is above the last; `ground` is the page's.
    """

    text: str
    lines: str
    base: str
    ev: str
    flash: str
    limit: str
    free: str
    optimum: str
    states: tuple[str, ...]
    strip: tuple[tuple[int, int, int], tuple[int, int, int]]
    loading: tuple[tuple[str, str], ...]
    ground: str


LIGHT: Final = Palette(
    text="#1f2937",
    lines="#d1d5db",
    base="#9ca3af",
    ev="#0f766e",
    flash="#f59e0b",
    limit="#b91c1c",
    free="#b45309",
    optimum="#1d4ed8",
    states=("#d1d5db", "#60a5fa", "#0f766e", "#84cc16", "#dc2626"),
    strip=((241, 235, 250), (88, 28, 135)),
    loading=(
        ("#e5e7eb", "#1f2937"), ("#b7c0cb", "#1f2937"), ("#8b97a6", "#111827"), ("#475463", "#ffffff"), ("#b91c1c", "#ffffff"),
    ),
    ground="#ffffff",
)  # fmt: skip
DARK: Final = Palette(
    text="#e5e7eb",
    lines="#4b5563",
    base="#6b7280",
    ev="#14b8a6",
    flash="#fbbf24",
    limit="#f87171",
    free="#fb923c",
    optimum="#93c5fd",
    states=("#4b5563", "#60a5fa", "#14b8a6", "#a3e635", "#f87171"),
    strip=((43, 33, 58), (216, 180, 254)),
    loading=(
        ("#2b3541", "#e5e7eb"), ("#4c5866", "#f3f4f6"), ("#8592a1", "#0e1319"), ("#c7d0da", "#0e1319"), ("#f87171", "#0e1319"),
    ),
    ground="#1e1e1e",
)  # fmt: skip


def use_palette() -> Palette:
    """Return the colours of the page's theme; for components, which are drawn again when it changes."""
    return DARK if dark.value else LIGHT


def strip_colour(palette: Palette, part: float) -> str:
    """Return the pheromone's colour, from weak (0) to strong (1)."""
    weak, strong = palette.strip
    return "rgb({},{},{})".format(*(round(a + (b - a) * part) for a, b in zip(weak, strong, strict=True)))


def loading_colours(palette: Palette, loading: float) -> tuple[str, str]:
    """Return the fill of a node by its load per limit, and the text on it."""
    return palette.loading[bisect_right(LOADINGS, loading)]


def axis(palette: Palette, **more: Any) -> dict[str, Any]:
    """Return what every axis of a chart has; `more` is added."""
    return {
        "axisLine": {"lineStyle": {"color": palette.lines}},
        "axisLabel": {"color": palette.text},
        "nameTextStyle": {"color": palette.text, "align": "left"},
        "splitLine": {"lineStyle": {"color": palette.lines, "opacity": 0.5}},
        **more,
    }


def chart(palette: Palette, title: str, **more: Any) -> dict[str, Any]:
    """Return what every chart has: no animation, readable text, a description for those who cannot see it."""
    return {
        "animation": False,
        "textStyle": {"color": palette.text},
        "aria": {"enabled": True, "label": {"description": title}},
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        **more,
    }


def legend(palette: Palette, names: list[str]) -> dict[str, Any]:
    """Return a legend above a chart, in as many lines as it needs."""
    return {"data": names, "top": 0, "itemWidth": 14, "itemGap": 12, "textStyle": {"color": palette.text}}
