"""The grid's tree: where each node is drawn, and how full it is now."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from environment.grid import Grid, Kind
from environment.grid.tree import NONE
from runs.page.day import Day
from runs.page.nodes import NodesNow, short, told
from runs.page.palette import Palette, loading_colours

ABREAST: Final = 24
"""More transformers than this do not all stand beside each other: those of one node stand in columns below it."""

DEEPEST: Final = 8
"""A column has at most so many transformers."""

WIDTH_PX: Final = 440
"""The tree has about this much room, or more [px]."""

LABEL_PX: Final = 33
"""A box at least so wide has a label [px]."""

WIDEST_PX: Final = 120
"""No box is wider [px]."""

LEVEL_PX: Final = 58
"""From a level of the tree to the next [px], where all levels fit."""

HIGHEST_PX: Final = 400
"""All levels of the tree together are at most so high [px]."""

LINK_PX: Final = 16
"""Of a level, what is left between the boxes for the links [px]."""

TIER_PX: Final = 17
"""From one transformer of a column to the next [px]."""

MARKS: Final = str.maketrans("{}", "()")
"""ECharts takes braces in a label for marks of its own."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where the nodes of a grid are drawn; arrays of shape ``(n_nodes,)``.

    Parameters
    ----------
    x
        In columns, from 0 on.
    y_px
        From the top.
    level
        Steps below the control centre.
    tier
        Place in a column of transformers, 0 for the first, which alone is linked to the node above.
    columns
        How many there are.
    level_px
        From a level to the next.
    """

    x: NDArray[np.float64]
    y_px: NDArray[np.float64]
    level: NDArray[np.int64]
    tier: NDArray[np.int64]
    columns: int
    level_px: float

    @classmethod
    def of(cls, grid: Grid) -> "Places":
        """Lay a grid out by depth and by leaves: a node stands above the middle of what is right below it."""
        deep = min(-(-grid.transformer_rows.size // ABREAST), DEEPEST)
        x, tier, cursor = np.zeros(len(grid)), np.zeros(len(grid), dtype=np.int64), 0
        open_rows = [0]
        while open_rows:
            row = open_rows.pop()
            leaves = [below for below in grid.children[row] if grid.kind[below] is Kind.TRANSFORMER]
            for place, leaf in enumerate(leaves):
                x[leaf], tier[leaf] = cursor + place // deep, place % deep
            cursor += -(-len(leaves) // deep)
            if not grid.children[row]:
                x[row] = cursor
                cursor += 1
            open_rows += [below for below in reversed(grid.children[row]) if grid.kind[below] is not Kind.TRANSFORMER]
        for row in reversed(range(len(grid))):
            if grid.children[row]:
                below = x[list(grid.children[row])]
                x[row] = (below.min() + below.max()) / 2
        level_px = min(LEVEL_PX, HIGHEST_PX / max(int(grid.depth.max()), 1))
        y_px = np.asarray(grid.depth * level_px + tier * TIER_PX, dtype=np.float64)
        return cls(x, y_px, grid.depth, tier, max(cursor, 1), level_px)

    @property
    def height_px(self) -> float:
        """Height of the whole tree, half a level above and below it included."""
        return float(self.y_px.max() + self.level_px)

    def widths_px(self) -> NDArray[np.float64]:
        """Return how wide the box of each node may be: boxes of a level do not touch."""
        column_px = WIDTH_PX / self.columns
        room = np.full(self.x.size, WIDEST_PX / 0.92)
        for level in range(int(self.level.max()) + 1):
            rows = np.flatnonzero(self.level == level)
            steps = np.diff(np.unique(self.x[rows]))
            if steps.size:
                room[rows] = min(column_px * float(steps.min()), WIDEST_PX / 0.92)
        return np.maximum(0.92 * room, 3.0)


def tree_series(day: Day, now: NodesNow, shown: int, places: Places, palette: Palette) -> dict[str, Any]:
    """Return the tree for ECharts: a box a node, filled by its loading, and the links; the data are in the order of the rows."""
    grid = day.homes.grid
    widths = places.widths_px().tolist()
    data = [_box(day, now, row, shown, places, widths[row], palette) for row in range(len(grid))]
    links = [
        {"source": parent, "target": row}
        for row, parent in enumerate(grid.parent.tolist())
        if parent != NONE and places.tier[row] == 0
    ]
    return {
        "type": "graph", "coordinateSystem": "cartesian2d", "name": "grid", "data": data, "links": links,
        "lineStyle": {"color": palette.text, "width": 1, "opacity": 0.4}, "labelLayout": {"hideOverlap": True},
        "tooltip": {"formatter": "{b}", "extraCssText": "max-width: 300px; white-space: normal"},
    }  # fmt: skip


def _box(
    day: Day, now: NodesNow, row: int, shown: int, places: Places, width: float, palette: Palette
) -> dict[str, Any]:
    name, over, limited = day.homes.grid.node[row], bool(now.over[row]), not np.isnan(now.loading[row])
    named = width >= LABEL_PX and places.level_px == LEVEL_PX and places.tier.max() == 0
    named |= width >= LABEL_PX and day.homes.grid.kind[row] is not Kind.TRANSFORMER
    fill, ink = loading_colours(palette, float(now.loading[row])) if limited else (palette.ground, palette.text)
    if over:
        fill, ink = palette.loading[-1]
    border = {"color": palette.limit if over else palette.text, "width": 0.7}
    if row == shown:
        border = {"color": palette.text, "width": 3}
    height = places.level_px - LINK_PX - 4 if named else min(TIER_PX - 3, places.level_px - 4)
    box = {
        "id": str(row), "name": f"{name}: {told(day, now, row)}", "value": [round(float(places.x[row]), 3), round(float(places.y_px[row]), 1)],
        "symbol": "triangle" if over and not named else "rect",
        "symbolSize": [round(width, 1), round(max(height, 3.0), 1)],
        "itemStyle": {"color": fill, "borderColor": border["color"], "borderWidth": border["width"]},
    }  # fmt: skip
    if named:
        label = f"{'▲ ' if over else ''}{name}\n{short(now, row)}".translate(MARKS)
        box["label"] = {
            "show": True, "position": "inside", "color": ink, "fontSize": 11.5, "fontWeight": 600 if over else 400,
            "formatter": label, "width": round(width), "overflow": "truncate", "lineHeight": 15,
        }  # fmt: skip
    return box
