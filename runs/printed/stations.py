"""Charging stations beside free charging and no EVs, and their triggers."""

from collections.abc import Sequence
from typing import Any, Final

from coordination.stations.settings import NONE
from runs.plural import counted
from runs.printed.rows import CHANNEL_ROWS, FREE, SideBySide, shown, since
from runs.scenario import Scenario
from runs.stations.summary import COSTS, LEVELS
from runs.terminal import out

STATION_ROWS: Final = {
    "peak_kw": ("peak [kW]", "{:,.0f}"),
    "ev_peak_kw": ("peak of the EVs [kW]", "{:,.0f}"),
    "drawn_kwh": ("drawn from above [kWh]", "{:,.0f}"),
    "losses_kwh": ("losses [kWh]", "{:,.0f}"),
    "coefficient_losses_kwh": ("  by coefficients [kWh]", "{:,.0f}"),
    "voltage_min_pu": ("lowest voltage at a station [pu]", "{:.4f}"),
    "voltage_min_at": ("  which", "{}"),
    "node_voltage_min_pu": ("lowest voltage at any node [pu]", "{:.4f}"),
    "node_voltage_min_at": ("  which", "{}"),
    "voltage_max_pu": ("highest voltage at a station [pu]", "{:.4f}"),
    "voltage_deviation_max_pu": ("  largest deviation from 1 pu", "{:.4f}"),
    "voltage_swing_max_pu": ("largest swing of a station [pu]", "{:.4f}"),
    "line_loading_max": ("most loaded line", "{:.1%}"),
    "transformer_loading_max": ("most loaded transformer", "{:.1%}"),
    "overloaded_slots": ("slots above a branch's rating", "{:,d}"),
    "node_outside_slots": ("slots with any node out of band", "{:,d}"),
    "feasible_slots": ("slots within 5 limits, at stations", "{:,d}"),
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


def side_by_side(scenario: Scenario, summaries: Sequence[dict[str, Any]]) -> SideBySide:
    """Return what is shown of runs of the same stations and visits, beside free charging and no EVs."""
    first = summaries[0]
    stations, regions = counted(first["stations"], "station"), counted(first["regions"], "region")
    slots = f"{counted(scenario.horizon.n_slots, 'slot')} of {scenario.horizon.slot_min} min"
    title = f"{stations} in {regions}, {counted(first['visits'], 'visit')}, {slots} {since(first)}"
    cases = {"no EVs": first["no_evs"], FREE: first["free"]}
    cases |= {
        "triggers alone" if (name := summary["optimizer"]) == NONE else f"scheduled by {name}": summary
        for summary in summaries
    }
    return SideBySide(title, STATION_ROWS | shown(CHANNEL_ROWS, summaries), cases, STATION_PARTS)


def print_stations(scenario: Scenario, summary: dict[str, Any]) -> None:
    """Print a run of charging stations beside free charging and no EVs, and its triggers."""
    side_by_side(scenario, [summary]).show()
    on = summary["triggers"].split(", ")
    fired = (f"{name} {summary[f'fired_{name}']:,}" if name in on else f"{name} off" for name in LEVELS)
    out.print(f"Triggers, by how often they fired at a station or in a region: {', '.join(fired)}.", highlight=False)
    struck = f"{counted(summary['sags'], 'slot')} with a voltage sag, {summary['short_slots']} short of supply"
    out.print(f"What struck: {struck}. {summary['messages']:,} messages, {summary['wall_s']:.1f} s.", highlight=False)
