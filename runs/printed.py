"""What the command line prints: a run beside what it is compared with, methods side by side, points of a sweep, warnings."""

from typing import Any, Final

import numpy as np
import pandas as pd
from rich.markup import escape
from rich.table import Table

from coordination.peak_shaving.power_sharing import TACTICS
from coordination.valley_filling import COORDINATORS
from runs.kinds import AnyResult
from runs.result import Result
from runs.shaving.result import ShavingResult
from runs.stations.result import StationsResult
from runs.stations.summary import COSTS, LEVELS
from runs.sweep import Sweep
from runs.terminal import err, out
from runs.words import counted

ROWS = {
    "peak_kw": ("peak [kW]", "{:,.1f}"),
    "valley_kw": ("valley [kW]", "{:,.1f}"),
    "peak_valley_difference_kw": ("peak - valley [kW]", "{:,.1f}"),
    "peak_valley_rate": ("peak-valley rate", "{:.1%}"),
    "load_std_kw": ("load std [kW]", "{:,.1f}"),
    "overload_slots": ("slots above the limit", "{:,d}"),
    "energy_requested_kwh": ("requested [kWh]", "{:,.1f}"),
    "energy_delivered_kwh": ("delivered [kWh]", "{:,.1f}"),
    "unserved_kwh": ("unserved [kWh]", "{:,.1f}"),
    "voltage_min_pu": ("lowest voltage [pu]", "{:.4f}"),
    "voltage_max_pu": ("highest voltage [pu]", "{:.4f}"),
    "voltage_outside_slots": ("slots outside the voltage band", "{:,d}"),
    "losses_kwh": ("losses [kWh]", "{:,.1f}"),
    "line_loading_max": ("most loaded line", "{:.1%}"),
    "transformer_loading_max": ("most loaded feeder transformer", "{:.1%}"),
    "valley_ripple_kw": ("ripple of the valley [kW]", "{:,.1f}"),
    "optimality_gap": ("gap to optimum", "{:.4%}"),
    "optimum_kind": ("optimum is", "{}"),
    "rounds": ("rounds", "{:d}"),
    "messages": ("messages", "{:,d}"),
    "bytes": ("bytes", "{:,d}"),
    "refused_deposits": ("deposits refused", "{:,d}"),
    "messages_lost": ("messages lost", "{:,d}"),
    "vehicles_cut_off": ("EVs cut off for a time", "{:,d}"),
    "vehicles_died": ("EVs that died", "{:,d}"),
    "fallback_kwh": ("by the safe rule [kWh]", "{:,.1f}"),
    "wall_s": ("seconds", "{:.3f}"),
}
"""What is shown of a summary: label and form."""

FAULTS = ("messages_lost", "vehicles_cut_off", "vehicles_died", "fallback_kwh")
"""Shown only where there are any."""


def print_result(result: AnyResult) -> None:
    """Print a run of any kind, and its warnings."""
    if isinstance(result, ShavingResult):
        print_shaving(result)
    elif isinstance(result, StationsResult):
        print_stations(result)
    else:
        print_warnings(result)
        print_run(result)


def print_run(result: Result) -> None:
    """Print a run beside free charging and beside no EVs."""
    summary = result.summary
    columns = {"no EVs": summary["no_evs"], COORDINATORS["free"].title: summary["free"]}
    if summary["method"] != "free":
        columns[COORDINATORS[summary["method"]].title] = summary
    _print_columns(result, columns)
    _print_optimum(result)


def _print_optimum(result: Result) -> None:
    summary = result.summary
    if summary.get("optimality_gap") is None:
        return
    known = f"a lower bound; the best schedule known has a gap of {summary['optimum_bracket']:.1e} to it"
    against = "an exact optimum" if summary["optimum_kind"] == "exact" else known
    own = "is proven optimal" if summary["certified"] else "is not proven optimal"
    settled = {True: " In the end no EV would move.", False: " EVs would still move.", None: ""}[summary["converged"]]
    out.print(f"The gap is to {against}. This schedule {own}.{settled}", highlight=False)


def print_comparison(results: list[Result]) -> None:
    """Print runs on the same fleet and load side by side."""
    columns = {"no EVs": results[0].summary["no_evs"]}
    columns |= {COORDINATORS[result.summary["method"]].title: result.summary for result in results}
    _print_columns(results[0], columns)


def _print_columns(result: Result, columns: dict[str, dict[str, float]]) -> None:
    summary = result.summary
    title = f"{counted(summary['vehicles'], 'EV')}, {counted(summary['transformers'], 'transformer')} of {summary['limit_kw']:,.0f} kW"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    for key, (label, form) in ROWS.items():
        if any(figures.get(key) if key in FAULTS else key in figures for figures in columns.values()):
            cells = (figures.get(key) for figures in columns.values())
            table.add_row(escape(label), *("" if cell is None else form.format(cell) for cell in cells))
    out.print(table)


def comparison(results: list[Result]) -> pd.DataFrame:
    """Return what is printed of runs side by side, a row a method."""
    rows = {result.summary["method"]: {key: result.summary.get(key) for key in ROWS} for result in results}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


SWEPT = {
    "peak_kw": "{:,.1f}",
    "peak_valley_difference_kw": "{:,.1f}",
    "optimality_gap": "{:.4%}",
    "gap_to_exact": "{:.4f}",
    "messages": "{:,.0f}",
    "unserved_kwh": "{:,.1f}",
    "voltage_min_pu": "{:.4f}",
    "losses_kwh": "{:,.1f}",
    "feasible_slots": "{:,.1f}",
}
"""What is shown of a sweep where its runs have it, and its form."""

MOST_POINTS = 30
"""Design points shown."""


def print_sweep(swept: Sweep) -> None:
    """Print means over replications, a row a design point, and where the files are."""
    n = len(swept.design.points)
    means = swept.means(list(SWEPT), MOST_POINTS)
    names = [name for name in SWEPT if (name, "mean") in means]
    table = Table(
        title=f"{counted(n, 'design point')}, {counted(swept.replications, 'run')} each; mean ± 95 % confidence of the mean",
        title_justify="left",
    )
    for key in swept.design.keys:
        section, _, name = key.partition(".")
        table.add_column(escape(f"{section}.\n{name}"), min_width=max(len(section) + 1, len(name)))
    for name in names:
        table.add_column(escape({**STATION_ROWS, **STORE_ROWS, **ROWS}[name][0]), justify="right")
    table.add_column("failed", justify="right")
    for point, row in means.iterrows():
        assert isinstance(point, int)
        cells = [f"{cell}" for cell in swept.design.cells(point).values()]
        figures = [_with_confidence(SWEPT[name], row[name, "mean"], row[name, "half_width"]) for name in names]
        table.add_row(*map(escape, cells), *figures, f"{row['failed', 'runs']:,.0f}")
    out.print(table)
    if n > MOST_POINTS:
        out.print(f"{n - MOST_POINTS:,} more points in runs.parquet.", highlight=False)
    if swept.failed:
        out.print(
            f"{swept.failed:,} of {n * swept.replications:,} runs failed; the column `error` says why, "
            "--retry-failed runs them again.",
            highlight=False,
        )
    folder = escape(str(swept.folder))
    out.print(f"Written to [bold]{folder}[/]: runs.parquet, scenario.toml, design.json, journal.jsonl", soft_wrap=True)


def _with_confidence(form: str, mean: float, half_width: float) -> str:
    if np.isnan(mean):
        return ""
    return form.format(mean) + ("" if np.isnan(half_width) else f" ±{form.format(half_width)}")


def print_warnings(*results: Result) -> None:
    """Print the warnings of some runs, each once, with whose they are where not all have them."""
    texts = list(dict.fromkeys(text for result in results for text in result.summary["warnings"]))
    for text in texts:
        titles = [COORDINATORS[r.summary["method"]].title for r in results if text in r.summary["warnings"]]
        whose = "" if len(titles) == len(results) else f" ({', '.join(titles)})"
        err.print(f"[yellow]warning{whose}:[/] {escape(text)}", highlight=False)


LOAD_ROWS: Final = ("peak_kw", "valley_kw", "peak_valley_difference_kw", "peak_valley_rate", "load_std_kw")

STORE_ROWS: Final = {
    "signal_fitness": ("F of the signal", "{:.4f}"),
    "gap_to_exact": ("above the linear programme", "{:.4f}"),
    "owner_profit_yuan": ("owners' profit [yuan]", "{:,.0f}"),
    "deviation_max_kw": ("largest deviation [kW]", "{:,.1f}"),
    "charged_kwh": ("charged [kWh]", "{:,.0f}"),
    "discharged_kwh": ("discharged [kWh]", "{:,.0f}"),
    "soc_std_before": ("spread of a group before a slot", "{:.4f}"),
    "soc_std_after": ("spread of a group after a slot", "{:.4f}"),
    "life_loss_mean_percent": ("life lost, mean [%]", "{:.3f}"),
    "life_loss_max_percent": ("life lost, most [%]", "{:.3f}"),
    "years_mean_loss": ("years at the mean loss", "{:.1f}"),
    "years_min": ("years, least", "{:.1f}"),
    "messages": ("messages", "{:,d}"),
    "wall_s": ("seconds", "{:.3f}"),
}
"""What is shown of the fleet as a store: label and form."""


def print_shaving(result: ShavingResult) -> None:
    """Print a run beside the load without EVs, and its warnings."""
    summary = result.summary
    _print_own_warnings(summary)
    title = (
        f"{summary['vehicles']:,} EVs that give back, {summary['days']:g} day(s), {TACTICS[summary['tactic']].title}"
    )
    table = Table(title=title, title_justify="left")
    for name in ("", "no EVs", f"peak shaving by {summary['optimizer']}"):
        table.add_column(name, justify="right" if name else "left")
    for key in LOAD_ROWS:
        label, form = ROWS[key]
        table.add_row(escape(label), form.format(summary["no_evs"][key]), form.format(summary[key]))
    for key, (label, form) in STORE_ROWS.items():
        table.add_row(escape(label), "", _cell(summary[key], form))
    out.print(table)


STATION_ROWS: Final = {
    "peak_kw": ("peak [kW]", "{:,.0f}"),
    "ev_peak_kw": ("peak of the EVs [kW]", "{:,.0f}"),
    "drawn_kwh": ("drawn from above [kWh]", "{:,.0f}"),
    "losses_kwh": ("losses [kWh]", "{:,.0f}"),
    "coefficient_losses_kwh": ("  by coefficients [kWh]", "{:,.0f}"),
    "voltage_min_pu": ("lowest voltage [pu]", "{:.4f}"),
    "voltage_max_pu": ("highest voltage [pu]", "{:.4f}"),
    "voltage_deviation_max_pu": ("largest deviation from 1 pu", "{:.4f}"),
    "voltage_swing_max_pu": ("largest swing of a station [pu]", "{:.4f}"),
    "line_loading_max": ("most loaded line", "{:.1%}"),
    "transformer_loading_max": ("most loaded transformer", "{:.1%}"),
    "overloaded_slots": ("slots above a rating", "{:,d}"),
    "feasible_slots": ("slots within the five limits", "{:,d}"),
    "spread_mean_kw": ("spread of the loads, mean [kW]", "{:,.1f}"),
    "cost_yuan": ("cost [yuan]", "{:,.0f}"),
    **{f"{name}_cost_yuan": (f"  {name}", "{:,.0f}") for name in COSTS},
    "time_cost_share": ("  part of it that is time", "{:.1%}"),
    "discount_yuan": ("paid back to users [yuan]", "{:,.0f}"),
    "satisfaction_mean": ("satisfaction, mean", "{:.3f}"),
    "charging_time_mean_h": ("charging time, mean [h]", "{:.3f}"),
    "wait_mean_min": ("wait, mean [min]", "{:.1f}"),
    "wait_max_min": ("wait, longest [min]", "{:.0f}"),
    "unshifted_wait_max_min": ("  of users not shifted [min]", "{:.0f}"),
    "queue_max": ("longest queue", "{:,d}"),
    "shifted_visits": ("visits shifted", "{:,d}"),
    "waiting_visits": ("visits left waiting", "{:,d}"),
    "unserved_kwh": ("unserved [kWh]", "{:,.1f}"),
    "cut_kwh": ("cut in shortages [kWh]", "{:,.1f}"),
    "shed_kwh": ("base load not supplied [kWh]", "{:,.1f}"),
}
"""What is shown of charging stations: label and form."""

STATION_PARTS: Final = ("feasible_slots", "discount_yuan")
"""Rows that end a part of the table."""


def print_stations(result: StationsResult) -> None:
    """Print a run of charging stations beside what was before scheduling, its triggers and its warnings."""
    summary, before = result.summary, result.summary["unscheduled"]
    _print_own_warnings(summary)
    title = (
        f"{counted(summary['stations'], 'station')} in {counted(summary['regions'], 'region')}, {counted(summary['visits'], 'visit')}, "
        f"{counted(len(result.slots), 'slot')} of {result.scenario.horizon.slot_min} min"
    )
    table = Table(title=title, title_justify="left")
    for name in ("", "before scheduling", f"scheduled by {summary['optimizer']}"):
        table.add_column(name, justify="right" if name else "left")
    for key, (label, form) in STATION_ROWS.items():
        cells = (_cell(figures[key], form) for figures in (before, summary))
        table.add_row(escape(label), *cells, end_section=key in STATION_PARTS)
    out.print(table)
    on = summary["triggers"].split(", ")
    fired = (f"{name} {summary[f'fired_{name}']:,}" if name in on else f"{name} off" for name in LEVELS)
    out.print(f"Triggers, by how often they fired at a station or in a region: {', '.join(fired)}.", highlight=False)
    struck = f"{counted(summary['sags'], 'slot')} with a voltage sag, {summary['short_slots']} short of supply"
    out.print(f"What struck: {struck}. {summary['messages']:,} messages, {summary['wall_s']:.1f} s.", highlight=False)


def _print_own_warnings(summary: dict[str, Any]) -> None:
    for text in summary["warnings"]:
        err.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)


def _cell(value: Any, form: str) -> str:
    return "" if value is None else form.format(value)
