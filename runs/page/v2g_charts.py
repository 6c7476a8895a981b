"""Charts of the peak shaving tab, from a finished run and the slot that is looked at."""

from typing import Any, Final

import numpy as np

from runs.page.curves import line, now, numbers, span, time_axis, titled, until
from runs.page.palette import Palette, axis, chart, legend
from runs.page.v2g_run import STEPS, PlayedV2G
from runs.printed.rows import ROWS
from runs.printed.v2g import V2G_ROWS
from runs.result import Result

FIGURES: Final = (
    "peak_kw",
    "valley_kw",
    "peak_valley_rate",
    "deviation_max_kw",
    "signal_fitness",
    "gap_to_exact",
    "owner_profit_yuan",
    "years_mean_loss",
    "years_min",
)
"""Keys of the summary that are shown; the first have a value without EVs beside them."""

AWAY: Final = "away"


def load_option(result: Result, names: list[str], slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of the load before, and after up to a slot, for ECharts."""
    before, after = result.v2g_slots.actual_kw.to_numpy(), result.v2g_slots.total_kw.to_numpy()
    return chart(
        palette,
        "Load before and after peak shaving",
        legend=legend(palette, ["before", "after"]),
        grid={"left": 64, "right": 12, "top": 60, "bottom": 44},
        xAxis=time_axis(palette, names),
        yAxis=span(palette, "load [kW]", before, after),
        series=[
            line("before", before, palette.base, 3) | now(slot, palette),
            line("after", until(after, slot), palette.ev, 2),
        ],
    )


def signal_option(result: Result, names: list[str], slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of the fleet's signal against what its EVs did of it up to a slot, for ECharts."""
    signal, response = result.v2g_slots.signal_kw.to_numpy(), result.v2g_slots.response_kw.to_numpy()
    missing = response - signal
    return chart(
        palette,
        "Signal of the fleet, response of its EVs, and the deviation of one from the other",
        legend=legend(palette, ["signal", "response", "deviation"]),
        grid={"left": 64, "right": 12, "top": 60, "bottom": 44},
        xAxis=time_axis(palette, names, {"onZero": False}),
        yAxis=span(palette, "power [kW], positive charges", signal, response, missing),
        series=[
            line("signal", signal, palette.optimum, 4) | now(slot, palette),
            line("response", until(response, slot), palette.flash, 2),
            {
                "type": "bar", "name": "deviation", "data": numbers(until(missing, slot)), "barCategoryGap": "0%",
                "itemStyle": {"color": palette.limit},
            },
        ],
    )  # fmt: skip


def histogram_option(played: PlayedV2G, result: Result, slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of EVs by state of charge and group at a slot's beginning, for ECharts."""
    groups = [*names_of_groups(result), AWAY]
    counts = played.counts[slot]
    sums = counts.sum(axis=1).tolist()
    labels = [f"{name} {number:,}" for name, number in zip(groups, sums, strict=True)]
    seen = np.flatnonzero(played.counts.sum(axis=(0, 1)))  # the same bars in every slot
    first, last = (int(seen.min()), int(seen.max())) if seen.size else (0, STEPS)
    return chart(
        palette,
        "EVs by state of charge: " + ", ".join(labels),
        legend=legend(palette, labels),
        grid={"left": 64, "right": 12, "top": 60, "bottom": 44},
        xAxis=titled(
            palette, "state of charge [%]", type="category",
            data=[f"{100 * step / STEPS:g}" for step in range(first, last + 1)],
        ),
        yAxis=axis(palette, name="EVs", minInterval=1),
        series=[
            {
                "type": "bar", "stack": "evs", "name": label, "data": counts[place, first : last + 1].tolist(),
                "barCategoryGap": "5%", "itemStyle": {"color": _colour(name, palette)},
            }
            for place, (name, label) in enumerate(zip(groups, labels, strict=True))
        ],
    )  # fmt: skip


def groups_option(played: PlayedV2G, result: Result, names: list[str], slot: int, palette: Palette) -> dict[str, Any]:
    """Return the chart of each group's EVs and spread in each slot up to one, for ECharts."""
    track, groups = played.crew.record.track, names_of_groups(result)
    upper, lower = {"xAxisIndex": 0, "yAxisIndex": 0}, {"xAxisIndex": 1, "yAxisIndex": 1}
    series: list[dict[str, Any]] = []
    for place, name in enumerate(groups):
        colour = _colour(name, palette)
        series += [
            {
                "type": "bar", "stack": "evs", "name": name, "barCategoryGap": "0%", "itemStyle": {"color": colour},
                "data": numbers(until(track.group_vehicles[:, place], slot)), **upper,
            },
            line(name, until(100 * track.soc_std_before[:, place], slot), colour, 1) | lower | {"z": 3},
            line(name, until(100 * track.soc_std_after[:, place], slot), colour, 3) | lower,
        ]  # fmt: skip
    spread = np.concatenate([track.soc_std_before, track.soc_std_after])
    most = 100 * float(np.nanmax(spread)) if np.isfinite(spread).any() else 1.0
    return chart(
        palette,
        "EVs in each group, and the standard deviation of their states of charge before and after each slot",
        legend=legend(palette, groups),
        grid=[
            {"left": 64, "right": 12, "top": 60, "height": 120},
            {"left": 64, "right": 12, "top": 224, "bottom": 44},
        ],
        xAxis=[
            axis(palette, type="category", data=names, axisLabel={"show": False}),
            time_axis(palette, names) | {"gridIndex": 1},
        ],
        yAxis=[
            span(palette, "EVs", np.zeros(1), track.present.astype(np.float64)),
            axis(
                palette,
                name="spread of the state of charge [%]",
                gridIndex=1,
                min=0,
                max=max(float(np.ceil(most)), 1.0),
            ),
        ],
        series=series,
    )


def names_of_groups(result: Result) -> list[str]:
    """Return the groups' names, from the lowest state of charge to the highest."""
    return [str(name) for name in result.v2g_groups.group.unique()]


def figures(result: Result) -> list[list[str]]:
    """Return the key figures: rows of a name, the value without EVs and the value with them."""
    summary, rows = result.summary, []
    for key in FIGURES:
        label, form = (ROWS | V2G_ROWS)[key]
        form = "{:.2%}" if key == "peak_valley_rate" else form  # 300 EVs move it by some tenths
        cells = [summary["no_evs"].get(key), summary[key]]
        rows.append([label, *("" if cell is None else form.format(cell) for cell in cells)])
    return rows


def _colour(group: str, palette: Palette) -> str:
    return {"PCG": palette.optimum, "RG": palette.ev, "PDG": palette.flash, AWAY: palette.base}.get(group, palette.ev)
