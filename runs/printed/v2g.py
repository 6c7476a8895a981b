"""A fleet that gives back, beside free charging and no EVs."""

from collections.abc import Sequence
from typing import Any, Final

from coordination.peak_shaving.power_sharing import TACTICS
from runs.plural import counted
from runs.printed.rows import CHANNEL_ROWS, FEEDER_ROWS, FREE, LOAD_ROWS, ROWS, SideBySide, shown, since
from runs.scenario import Scenario

V2G_ROWS: Final = {
    "signal_fitness": ("F of the signal", "{:.4f}"),
    "gap_to_exact": ("above the linear programme", "{:.4f}"),
    "owner_profit_yuan": ("owners' profit [yuan]", "{:,.0f}"),
    "deviation_max_kw": ("largest deviation [kW]", "{:,.1f}"),
    "unserved_kwh": ("asked for and not there at departure [kWh]", "{:,.0f}"),
    "charged_kwh": ("charged [kWh]", "{:,.0f}"),
    "discharged_kwh": ("discharged [kWh]", "{:,.0f}"),
    "soc_std_before": ("spread of a group before a slot", "{:.4f}"),
    "soc_std_after": ("spread of a group after a slot", "{:.4f}"),
    "life_loss_mean_percent": ("life lost, mean [%]", "{:.3f}"),
    "life_loss_max_percent": ("life lost, most [%]", "{:.3f}"),
    "years_mean_loss": ("years at the mean loss", "{:.1f}"),
    "years_min": ("years, least", "{:.1f}"),
}
"""What is shown of a fleet that gives back: label and form."""


def side_by_side(_scenario: Scenario, summaries: Sequence[dict[str, Any]]) -> SideBySide:
    """Return what is shown of runs on the same fleet and load, beside free charging and no EVs."""
    first = summaries[0]
    days = counted(round(first["days"], 2), "day")
    title = f"A fleet of {counted(first['vehicles'], 'EV')} that gives back, {days} {since(first)}, {TACTICS[first['tactic']].title}"
    cases = {"no EVs": first["no_evs"], FREE: first["free"]}
    cases |= {f"peak shaving by {summary['optimizer']}": summary for summary in summaries}
    load_rows = {key: ROWS[key] for key in LOAD_ROWS}
    channel_rows = {"messages": ROWS["messages"]} | shown(CHANNEL_ROWS, summaries) | {"wall_s": ROWS["wall_s"]}
    feeder_rows = {key: ROWS[key] for key in FEEDER_ROWS if key in first}
    return SideBySide(title, load_rows | V2G_ROWS | feeder_rows | channel_rows, cases)


def print_v2g(scenario: Scenario, summary: dict[str, Any]) -> None:
    """Print a run of a fleet that gives back, beside free charging and no EVs."""
    side_by_side(scenario, [summary]).show()
