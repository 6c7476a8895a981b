"""A run of whatever lives in it: warnings, then a table of each part of which the summary has figures."""

from collections.abc import Callable
from typing import Any, Final

from environment.registry import OnDemand
from runs.printed.rows import print_warnings
from runs.scenario import Scenario

PRINTED: Final[dict[str, Callable[[Scenario, dict[str, Any]], None]]] = {
    "batch_size": OnDemand("runs.printed.homes:print_homes"),
    "signal_fitness": OnDemand("runs.printed.v2g:print_v2g"),
    "stations": OnDemand("runs.printed.stations:print_stations"),
}
"""What prints a part of a run, by a figure that its summary has."""


def print_run(scenario: Scenario, summary: dict[str, Any]) -> None:
    """Print a run, and its warnings.

    Parameters
    ----------
    scenario
        What was run.
    summary
        Key figures of the run.
    """
    print_warnings(summary)
    for figure, show in PRINTED.items():
        if figure in summary:
            show(scenario, summary)
