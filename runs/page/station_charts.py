"""Charts of the stations' tab beside the drawing of the feeder, from a finished run and the slot that is looked at."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from runs.page.curves import line, now, numbers, span, time_axis, titled, until
from runs.page.palette import Palette, axis, chart, legend
from runs.page.station_map import Places, in_slot, unit
from runs.page.stations_run import Scheduled
from runs.printed.stations import STATION_ROWS

FIGURES: Final = (
    "peak_kw",
    "ev_peak_kw",
    "losses_kwh",
    "voltage_min_pu",
    "voltage_max_pu",
    "feasible_slots",
    "cost_yuan",
    "spread_mean_kw",
    "satisfaction_mean",
    "charging_time_mean_h",
    "wait_mean_min",
    "shifted_visits",
    "unserved_kwh",
    "cut_kwh",
)
"""Keys of the summary that are shown."""

LEVELS: Final = {"time": "time level", "region": "region level", "user": "user level", "emergency": "emergency"}
"""The triggers, and what they are called."""

MOST_LISTED: Final = 8
"""So many places where one trigger fired are named."""

LIMITS: Final = ("lower limit", "upper limit")


def profile_option(run: Scheduled, where: Places, slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of voltages in a slot against the way to the source, for ECharts."""
    park, band, rows = run.park, run.park.feeder_settings, in_slot(run, slot)
    n = len(park.feeder)
    voltage = run.result.network.voltage_pu.to_numpy()
    here = voltage[slot * n : (slot + 1) * n]
    at = [[float(x), round(v, 5)] for x, v in zip(where.x.tolist(), here.tolist(), strict=True)]
    stations = set(park.stations.node.tolist())
    branches = [
        {"coords": [at[up], at[node]]}
        for node, up in enumerate(where.upstream.tolist())
        if up >= 0 and node not in stations
    ]
    x = where.x[park.stations.node].tolist()
    spans = [
        {"coords": [[at_x, low], [at_x, high]]}
        for at_x, low, high in zip(x, rows.voltage_min_pu.round(5), rows.voltage_max_pu.round(5), strict=True)
    ]
    dots: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    row: Any
    for row, node in zip(rows.itertuples(), park.stations.node.tolist(), strict=True):
        dots[bool(row.outside)].append({"name": row.station, "value": at[node]})
    whole = run.result.stations
    drawn = {"type": "lines", "coordinateSystem": "cartesian2d", "silent": True}
    limits = {
        "silent": True, "symbol": "none", "lineStyle": {"color": palette.limit, "type": "solid"},
        "label": {"formatter": "{b} {c}", "position": "insideStartTop", "color": palette.limit},
        "data": [
            {"name": name, "yAxis": pu}
            for name, pu in zip(LIMITS, (band.voltage_min_pu, band.voltage_max_pu), strict=True)
        ],
    }  # fmt: skip
    dot = {"type": "scatter", "symbolSize": 8, "z": 4, "tooltip": {"formatter": "{b}: {c}"}}
    names = ["stations", "outside the voltage band", "other nodes"]
    return chart(
        palette,
        f"Voltage along the feeder: {int(rows.outside.sum())} of {len(rows)} stations outside the band",
        tooltip={"trigger": "item", "confine": True},
        legend=legend(palette, names),
        grid={"left": 64, "right": 16, "top": 60, "bottom": 44},
        xAxis=titled(palette, f"from the source [{unit(run)}]", min=0),
        yAxis=span(
            palette, "voltage [pu]", voltage, whole.voltage_min_pu.to_numpy(), whole.voltage_max_pu.to_numpy(),
            np.array([band.voltage_min_pu, band.voltage_max_pu]),
        ),
        series=[
            {**drawn, "data": branches, "lineStyle": {"color": palette.base, "width": 1, "opacity": 1}},
            {**drawn, "data": spans, "lineStyle": {"color": palette.ev, "width": 2, "opacity": 0.5}},
            {**dot, "name": names[0], "data": dots[False], "itemStyle": {"color": palette.ev}, "markLine": limits},
            {**dot, "name": names[1], "data": dots[True], "itemStyle": {"color": palette.limit}},
            {
                **dot, "name": names[2], "symbolSize": 4, "itemStyle": {"color": palette.base}, "z": 3,
                "data": [
                    {"name": str(park.feeder.node[node]), "value": at[node]} for node in range(n) if node not in stations
                ],
            },
        ],
    )  # fmt: skip


def losses_option(run: Scheduled, names: list[str], slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of losses in each slot, with a schedule up to a slot and without one, for ECharts."""
    slots = run.result.station_slots
    without, scheduled = slots.free_loss_kwh.to_numpy(), slots.loss_kwh.to_numpy()
    return _curves(
        "Losses with and without a schedule", "losses [kWh]", names, slot, palette,
        [("without a schedule", without, palette.free, 2), ("with a schedule", scheduled, palette.ev, 2)],
    )  # fmt: skip


def load_option(run: Scheduled, names: list[str], slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of what is drawn from above in each slot, for ECharts."""
    slots = run.result.station_slots
    return _curves(
        "Load with and without a schedule, and base load", "load [kW]", names, slot, palette,
        [
            ("base load", slots.base_kw.to_numpy(), palette.base, 3),
            ("without a schedule", slots.free_drawn_kw.to_numpy(), palette.free, 2),
            ("with a schedule", slots.drawn_kw.to_numpy(), palette.ev, 2),
        ],
    )  # fmt: skip


def triggers_option(run: Scheduled, names: list[str], slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of how often each trigger fired in each slot up to one, for ECharts."""
    counts = {level: counted(run, level) for level in LEVELS}
    colours = {"time": palette.optimum, "region": palette.free, "user": palette.flash, "emergency": palette.limit}
    below = {"xAxisIndex": 1, "yAxisIndex": 1}
    bars = [
        {
            "type": "bar", "stack": "time" if level == "time" else "places", "name": LEVELS[level], "barCategoryGap": "10%",
            "data": numbers(until(count.astype(np.float64), slot)), "itemStyle": {"color": colours[level]},
            **(below if level == "time" else {}),
        }
        for level, count in counts.items()
    ]  # fmt: skip
    rest = np.sum([count for level, count in counts.items() if level != "time"], axis=0)
    zero = np.zeros(1)
    return chart(
        palette,
        "Times that each trigger fired in each slot",
        legend=legend(palette, list(LEVELS.values())),
        grid=[
            {"left": 64, "right": 12, "top": 76, "height": 78},
            {"left": 64, "right": 12, "top": 192, "bottom": 44},
        ],
        xAxis=[
            axis(palette, type="category", data=names, axisLabel={"show": False}),
            time_axis(palette, names) | {"gridIndex": 1},
        ],
        yAxis=[
            span(palette, "region, user, emergency", zero, rest.astype(np.float64)),
            span(palette, "time level", zero, counts["time"].astype(np.float64)) | {"gridIndex": 1},
        ],
        series=bars,
    )


def counted(run: Scheduled, level: str) -> NDArray[np.int64]:
    """Return at how many stations (or regions) a trigger fired in each slot, shape ``(n_slots,)``."""
    fired = run.result.triggers
    return np.bincount(fired.slot[fired.trigger == level], minlength=run.n_slots).astype(np.int64)


def told(run: Scheduled, slot: int) -> list[tuple[str, str]]:
    """Return what struck in a slot and what each trigger did about it: level and sentence."""
    now_row, fired = run.result.station_slots.iloc[slot], run.result.triggers[run.result.triggers.slot == slot]
    lines = []
    if now_row.sag_pu > 0:
        lines.append(("event", f"the source's voltage sags by {now_row.sag_pu:g} pu"))
    if now_row.short_kw > 0:
        lines.append(("event", f"the supply lacks {now_row.short_kw:,.0f} kW"))
    for level, title in LEVELS.items():
        rows = fired[fired.trigger == level]
        rows = rows.iloc[np.argsort(-rows.amount.abs().to_numpy(), kind="stable")]
        places = rows["where"].str.partition(":")[2].tolist() if len(rows) else []
        said = [_said(level, place, amount) for place, amount in zip(places, rows.amount.tolist(), strict=True)]
        if level == "time" and said:
            take, give = rows.amount[rows.amount > 0], rows.amount[rows.amount < 0]
            text = f"storage of {len(take)} stations takes {take.sum():,.0f} kW for what is forecast"
            lines.append((title, f"{text}, that of {len(give)} gives {abs(give.sum()):,.0f} kW"))
            continue
        lines += [(title, text) for text in said[:MOST_LISTED]]
        if len(said) > MOST_LISTED:
            lines.append((title, f"and at {len(said) - MOST_LISTED} more stations"))
    if now_row.cut_kw > 0:
        lines.append(("cut", f"EVs draw {now_row.cut_kw:,.0f} kW less, as storage had no more to give"))
    return lines


def _said(level: str, place: str, amount: float) -> str:
    if level == "user":
        return f"{place} shifted {amount:.0f} EV{'' if amount == 1 else 's'}"
    if level == "region":
        return f"stations of {place} passed on {amount:,.0f} kW"
    return f"storage of {place} gives {amount:,.0f} kW more"


def figures(run: Scheduled) -> list[list[str]]:
    """Return the key figures: rows of a name, the value without a schedule and the value with it."""
    summary, rows = run.result.summary, []
    for key in FIGURES:
        label, form = STATION_ROWS[key]
        rows.append([label.strip(), form.format(summary["free"][key]), form.format(summary[key])])
    return rows


def _curves(
    title: str, name: str, names: list[str], slot: int, palette: Palette,
    curves: list[tuple[str, NDArray[np.float64], str, int]],
) -> dict[str, Any]:  # fmt: skip
    """Return a chart of curves; the last of them ends at the slot that is looked at."""
    *whole, (last, values, colour, width) = curves
    series = [line(*each) for each in whole] + [line(last, until(values, slot), colour, width)]
    series[0] |= now(slot, palette)
    return chart(
        palette,
        title,
        legend=legend(palette, [label for label, *_ in curves]),
        grid={"left": 64, "right": 12, "top": 60, "bottom": 44},
        xAxis=time_axis(palette, names),
        yAxis=span(palette, name, *(each for _, each, *_ in curves)),
        series=series,
    )
