"""A fleet that gives back, beside free charging and no EVs."""

from typing import Any, Final

from coordination.peak_shaving.power_sharing import TACTICS
from runs.plural import counted
from runs.printed.rows import FREE, LOAD_ROWS, ROWS, print_cases, since
from runs.scenario import Scenario

STORE_ROWS: Final = {
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
    "messages": ("messages", "{:,d}"),
    "wall_s": ("seconds", "{:.3f}"),
}
"""What is shown of the fleet as a store: label and form."""


def print_v2g(_scenario: Scenario, summary: dict[str, Any]) -> None:
    """Print a fleet that gives back beside free charging and the load without EVs."""
    title = (
        f"A fleet of {counted(summary['vehicles'], 'EV')} that gives back, {counted(round(summary['days'], 2), 'day')} {since(summary)}, "
        f"{TACTICS[summary['tactic']].title}"
    )
    cases = {
        "no EVs": summary["no_evs"],
        FREE: summary["free"],
        f"peak shaving by {summary['optimizer']}": summary,
    }
    print_cases(title, {key: ROWS[key] for key in LOAD_ROWS} | STORE_ROWS, cases)
