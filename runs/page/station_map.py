"""The feeder with its stations, drawn as they were in a slot: a lane a cable, each node as far to the right as it is from the source."""

from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.feeders.feeder import UNKNOWN, Feeder
from environment.station_sites import Stations
from runs.page.palette import Palette, axis, chart, legend, strip_colour
from runs.page.stations_run import Scheduled

SHOWN_KW: Final = 1.0
"""Storage that gives or takes less has no mark."""

ABOVE_PX, BELOW_PX, LEAST_PX, MOST_PX, LANE_PX = 92, 104, 160, 1400, 36
"""Heights: of the legend, of axis and scale, of all lanes at least and at most, of one where there is room."""

WAIT, SHIFT, GIVE, TAKE, ALARM, OUT = MARKS = (
    "users wait", "users shifted", "storage gives", "storage takes", "emergency", "outside the voltage band",
)  # fmt: skip
"""Names of the marks at a station."""

COLOURS: Final = {"places taken": "places taken [%]", "power": "power of EVs [kW]"}
"""What a station's colour can tell, and what its scale is called."""


@dataclass(frozen=True, eq=False)
class Places:
    """Where nodes are drawn; columns of shape ``(n_nodes,)``.

    Parameters
    ----------
    x
        Shortest way to the source: kilometres, or branches where no lengths are known.
    lane
        From the top, 0 on.
    upstream
        The next node on that way, -1 at the source.
    lanes
        How many.
    bands
        Lanes side by side whose stations are of one region: first, last, region.
    """

    x: NDArray[np.float64]
    lane: NDArray[np.int64]
    upstream: NDArray[np.int64]
    lanes: int
    bands: list[tuple[int, int, int]]

    @property
    def height_px(self) -> int:
        """Height of the drawing."""
        return ABOVE_PX + BELOW_PX + min(max(LANE_PX * self.lanes, LEAST_PX), MOST_PX)


def places(feeder: Feeder, stations: Stations) -> Places:
    """Place a feeder's nodes. Where it is meshed, a node hangs on its shortest way to the source.

    Parameters
    ----------
    feeder
        Any tree or mesh of nodes.
    stations
        Give branches their order, by region.
    """
    x, upstream = feeder.ways
    below: list[list[int]] = [[] for _ in x]
    for node in np.flatnonzero(upstream != UNKNOWN).tolist():
        below[upstream[node]].append(node)
    order, stack = [], [feeder.source_node]
    while stack:
        order.append(stack.pop())
        stack += below[order[-1]]
    if not x.max() > 0:
        x = np.zeros(len(feeder))
        for node in order[1:]:
            x[node] = x[upstream[node]] + 1
    region = np.full(len(feeder), len(stations.regions))
    region[stations.node] = stations.region
    reach = x.copy()
    for node in reversed(order[1:]):
        up = upstream[node]
        reach[up], region[up] = max(reach[up], reach[node]), min(region[up], region[node])
    lane = _lanes(feeder.source_node, x, below, region, reach, set(stations.node.tolist()))
    return Places(x, lane, upstream, int(lane.max()) + 1, _bands(lane, stations))


def _lanes(
    source: int, x: NDArray[np.float64], below: list[list[int]], region: NDArray[np.int64], reach: NDArray[np.float64],
    stations: set[int],
) -> NDArray[np.int64]:  # fmt: skip
    """Give the first branch below a node its lane, and each other branch the next free one."""
    lane, used = np.zeros(x.size, dtype=np.int64), 0
    stack = [(source, 0)]
    while stack:
        node, own = stack.pop()
        if own == UNKNOWN:
            used += 1
            own = used
        lane[node] = own
        branches = sorted(below[node], key=lambda each: (region[each], -reach[each], each))
        for each in branches:  # a station behind its transformer stands where that does
            if each in stations and not below[each] and x[each] == x[node] and node != source and node not in stations:
                lane[each] = own
                branches.remove(each)
                break
        stack += [(each, UNKNOWN) for each in branches[:0:-1]] + [(each, own) for each in branches[:1]]
    return lane


def _bands(lane: NDArray[np.int64], stations: Stations) -> list[tuple[int, int, int]]:
    regions: dict[int, set[int]] = {}
    for where, region in zip(lane[stations.node].tolist(), stations.region.tolist(), strict=True):
        regions.setdefault(where, set()).add(region)
    pure = [(where, min(found)) for where, found in sorted(regions.items()) if len(found) == 1]
    runs = groupby(enumerate(pure), key=lambda each: (each[1][0] - each[0], each[1][1]))
    bands = []
    for (_, region), run in runs:
        rows = [where for _, (where, _) in run]
        bands.append((rows[0], rows[-1], region))
    return bands


def unit(run: Scheduled) -> str:
    """Return what the way to the source is counted in."""
    if getattr(run.park.feeder_settings, "source", "") == "pgm_json":
        return "lines"
    return "km" if run.park.feeder.ways[0].max() > 0 else "branches"


def in_slot(run: Scheduled, slot: int) -> pd.DataFrame:
    """Return the stations' rows of a slot, with ``part`` of the places taken, ``outside`` the voltage band and ``alarm_kw``."""
    m, band, fired = len(run.park.stations), run.park.feeder_settings, run.result.triggers
    rows = run.result.stations.iloc[slot * m : (slot + 1) * m].reset_index(drop=True)
    alarms = fired[(fired.slot == slot) & (fired.trigger == "emergency")]
    given = dict(zip(alarms["where"].str.removeprefix("station:"), alarms.amount, strict=True))
    return rows.assign(
        part=rows.plugged / run.park.stations.places,
        outside=(rows.voltage_min_pu < band.voltage_min_pu) | (rows.voltage_max_pu > band.voltage_max_pu),
        alarm_kw=rows.station.map(given).fillna(0.0).astype(np.float64),
    )


def map_option(run: Scheduled, where: Places, slot: int, colour: str, palette: Palette) -> dict[str, Any]:
    """Return the drawing of the feeder in a slot, for ECharts.

    Parameters
    ----------
    run
        What is shown.
    where
        Of its feeder's nodes.
    slot
        Slot that is looked at.
    colour
        What stations' colour tells, of `COLOURS`.
    palette
        Colours.
    """
    rows, stations = in_slot(run, slot), run.park.stations
    told = 100 * rows.part if colour == "places taken" else rows.ev_kw
    most = 100.0 if colour == "places taken" else max(_round_up(float(run.result.stations.ev_kw.max())), 1.0)
    xy = np.column_stack([where.x, where.lane])[stations.node].tolist()
    dots = [
        {"name": name, "value": [*at, round(value, 1)], "tooltip": {"formatter": text}}
        for name, at, value, text in zip(rows.station, xy, told.tolist(), _told(run, where, rows), strict=True)
    ]
    label = {
        "show": True, "formatter": "{b}", "position": "bottom", "distance": 4, "fontSize": 9, "color": palette.text
    }  # fmt: skip
    middle = {"color": palette.text, "align": "center"}
    return chart(
        palette,
        f"The feeder with its stations in the slot: {int(rows.plugged.sum())} EVs charge, {int(rows.queued.sum())} wait",
        tooltip={"trigger": "item", "confine": True},
        legend=legend(palette, list(MARKS)),
        grid={"left": 16, "right": 24, "top": ABOVE_PX, "bottom": BELOW_PX},
        xAxis=axis(
            palette, name=f"from the source [{unit(run)}]", nameLocation="middle", nameGap=24, nameTextStyle=middle, min=0,
            axisLine={"onZero": False, "lineStyle": {"color": palette.lines}},
        ),
        yAxis={"show": False, "inverse": True, "min": -0.7, "max": where.lanes - 0.3},
        visualMap={
            "min": 0, "max": most, "dimension": 2, "seriesIndex": 3, "orient": "horizontal", "left": "center", "bottom": 0,
            "itemHeight": 140, "itemWidth": 12, "text": [f"{most:,.0f}", f"{COLOURS[colour]}   0"],
            "textStyle": {"color": palette.text}, "inRange": {"color": [strip_colour(palette, 0), strip_colour(palette, 1)]},
        },
        series=[
            *_cables(run, where, slot, palette),
            _nodes(run, where, slot, palette),
            {
                "type": "scatter", "name": "stations", "symbolSize": 15, "data": dots, "label": label,
                "labelLayout": {"hideOverlap": True}, "itemStyle": {"borderColor": palette.text, "borderWidth": 1, "opacity": 1}, "z": 4,
            },
            *_marks(rows, xy, palette),
        ],
    )  # fmt: skip


def _cables(run: Scheduled, where: Places, slot: int, palette: Palette) -> list[dict[str, Any]]:
    """Return the ways to the source, on the bands of the regions, and dashed what joins nodes beside them."""
    feeder, fired = run.park.feeder, run.result.triggers
    passed = set(fired[(fired.slot == slot) & (fired.trigger == "region")]["where"].str.removeprefix("substation:"))
    ways, others = [], []
    for first, second in feeder.graph.edges:
        a, b = (first, second) if where.upstream[second] == first else (second, first)
        ends = [[float(where.x[node]), int(where.lane[node])] for node in (a, b)]
        if where.upstream[b] != a:
            others.append({"coords": ends})
        elif ends[0] != ends[1]:
            corner = [] if ends[0][1] == ends[1][1] else [[ends[0][0], ends[1][1]]]
            ways.append({"coords": [ends[0], *corner, ends[1]]})
    bands = []
    for number, (first, last, region) in enumerate(where.bands):
        name = run.park.stations.regions[region]
        strong = 0.2 if name in passed else 0.35 if number % 2 else 0.1
        text = f"{name} passes power on" if name in passed else name
        bands.append([
            {
                "yAxis": first - 0.5, "name": text,
                "itemStyle": {"color": palette.free if name in passed else palette.lines, "opacity": strong},
                "label": {"position": "insideTopLeft", "color": palette.text, "fontSize": 11},
            },
            {"yAxis": last + 0.5},
        ])  # fmt: skip
    line = {"type": "lines", "coordinateSystem": "cartesian2d", "polyline": True, "silent": True}
    style = {"color": palette.base, "width": 1.5, "opacity": 1}
    return [
        {**line, "data": ways, "lineStyle": style, "markArea": {"silent": True, "data": bands}},
        {**line, "data": others, "lineStyle": style | {"type": "dashed"}},
    ]


def _nodes(run: Scheduled, where: Places, slot: int, palette: Palette) -> dict[str, Any]:
    """Return the nodes without a station, the source among them."""
    n, feeder = len(run.park.feeder), run.park.feeder
    voltage = run.result.network.voltage_pu.to_numpy()[slot * n : (slot + 1) * n]
    data = []
    for node in sorted(set(range(n)) - set(run.park.stations.node.tolist())):
        is_source = node == feeder.source_node
        text = f"{escape(str(feeder.node[node]))}{', the source' if is_source else ''}: {voltage[node]:.4f} pu"
        data.append({
            "value": [float(where.x[node]), int(where.lane[node])], "tooltip": {"formatter": text},
            "symbol": "diamond" if is_source else "circle", "symbolSize": 18 if is_source else 5,
        })  # fmt: skip
    return {"type": "scatter", "name": "nodes", "data": data, "itemStyle": {"color": palette.text}, "z": 3}


def _marks(rows: pd.DataFrame, xy: list[list[float]], palette: Palette) -> list[dict[str, Any]]:
    """Return a series for each kind of mark, beside the stations that have it."""
    look = {
        WAIT: (rows.queued > 0, "rect", 9, [12, -9], palette.free),
        SHIFT: (rows.shifted > 0, "path://M0,3L6,3L6,0L12,5L6,10L6,7L0,7Z", 11, [16, 1], palette.flash),
        GIVE: (rows.storage_kw < -SHOWN_KW, "triangle", 9, [-17, 3], palette.ev),
        TAKE: (rows.storage_kw > SHOWN_KW, "path://M0,0L10,0L5,9Z", 9, [-17, 3], palette.optimum),
        ALARM: (rows.alarm_kw > 0, "path://M6,0L0,9L4,9L2,16L10,6L6,6L8,0Z", [9, 14], [-12, -10], palette.limit),
        OUT: (rows.outside, "circle", 19, [0, 0], palette.limit),
    }
    series = []
    for name in MARKS:
        has, symbol, size, offset, colour = look[name]
        hollow = {"color": "transparent", "borderColor": colour, "borderWidth": 3}
        series.append({
            "type": "scatter", "name": name, "data": [at for at, there in zip(xy, has.tolist(), strict=True) if there],
            "symbol": symbol, "symbolSize": size, "symbolOffset": offset, "silent": True, "tooltip": {"show": False}, "z": 5,
            "itemStyle": hollow if name == OUT else {"color": colour},
        })  # fmt: skip
    return series


def _told(run: Scheduled, where: Places, rows: pd.DataFrame) -> list[str]:
    """Return what is told of each station, as HTML."""
    texts = []
    row: Any
    for row, place, node in zip(
        rows.itertuples(), run.park.stations.places.tolist(), run.park.stations.node.tolist(), strict=True
    ):
        volts = float(run.park.feeder.node_v[node])
        low_v, high_v = row.voltage_min_pu * volts, row.voltage_max_pu * volts
        does = "gives" if row.storage_kw < 0 else "takes"
        lines = [
            f"<b>{escape(row.station)}</b>, {escape(row.region)}, {where.x[node]:.3g} {unit(run)} from the source",
            f"{row.plugged} of {place} places taken, {row.queued} users wait, {row.shifted} shifted",
            f"EVs draw {row.ev_kw:,.0f} kW for {60 * row.time_h:.0f} min, granted {row.capacity_kw:,.0f} kW",
            f"voltage {row.voltage_min_pu:.3f} to {row.voltage_max_pu:.3f} pu ({low_v:,.0f} to {high_v:,.0f} V)",
            f"taps set for {row.voltage_v:,.0f} V",
            f"storage {does} {abs(row.storage_kw):,.0f} kW, then {row.storage_soc:.0%} full",
        ]
        lines += [f"shifted EVs lend {row.lent_kw:,.0f} kW"] if row.lent_kw > 0 else []
        lines += ["outside the voltage band"] if row.outside else []
        lines += [f"emergency: storage gives {row.alarm_kw:,.0f} kW more"] if row.alarm_kw > 0 else []
        texts.append("<br>".join(lines))
    return texts


def _round_up(value: float) -> float:
    size = 10.0 ** np.floor(np.log10(max(value, 1e-6)))
    return float(np.ceil(value / size * 10) / 10 * size)
