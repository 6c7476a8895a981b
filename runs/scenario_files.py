"""Scenarios that come with evswarm; the papers' cases stand there and nowhere else."""

from pathlib import Path
from typing import Final

from runs.scenario import Scenario

SCENARIOS: Final = Path(__file__).parents[1] / "scenarios"
"""Folder of the scenarios, beside the rooms: in the source tree, and where a wheel is installed."""


def scenario_named(name: str) -> Scenario:
    """Return a scenario that comes with evswarm.

    Parameters
    ----------
    name
        Name of its file, without the ending.
    """
    return Scenario.read(SCENARIOS / f"{name}.toml")
