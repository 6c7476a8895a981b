"""The kinds of run that a scenario can ask for: EVs as ants, a fleet that gives back, charging stations.

What a kind is, the command line, sweeps and their workers find here; nothing that draws or prints is imported before it is used.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from coordination.valley_filling import COORDINATORS
from runs.result import Result
from runs.scenario import Scenario
from runs.shaving.result import ShavingResult, shave, summarize_shaving
from runs.shaving.world import ShavingWorld
from runs.simulate import Progress, simulate, summarize
from runs.stations.result import StationsResult, schedule_stations, summarize_stations
from runs.stations.world import StationsWorld
from runs.world import World

type AnyWorld = World | ShavingWorld | StationsWorld
type AnyResult = Result | ShavingResult | StationsResult

ANTS: Final = "ants"
"""The kind of a scenario without a section that asks for another."""


class Kind(NamedTuple):
    """A kind of run.

    Parameters
    ----------
    build
        Builds what a scenario describes, from the run's generator.
    title
        What the progress bar says.
    run
        Runs a scenario.
    summarize
        Runs it for its summary only.
    draw
        Draws every figure of a result into a folder.
    one_process
        Why a run is not spread over processes; empty where it can be.
    """

    build: Callable[[Scenario, np.random.Generator], AnyWorld]
    title: Callable[[Scenario], str]
    run: Callable[[Scenario, Progress], AnyResult]
    summarize: Callable[[Scenario], dict[str, Any]]
    draw: Callable[[Any, Path], list[Path]]
    one_process: str = ""


def _draw_ants(result: Result, folder: Path) -> list[Path]:
    from runs import plots  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    return plots.save_all(result, folder)


def _draw_shaving(result: ShavingResult, folder: Path) -> list[Path]:
    from runs.shaving.plots import save_shaving  # noqa: PLC0415

    return save_shaving(result, folder)


def _draw_stations(result: StationsResult, folder: Path) -> list[Path]:
    from runs.stations.plots import save_stations  # noqa: PLC0415

    return save_stations(result, folder)


def _shaving_title(case: Scenario) -> str:
    assert case.peak_shaving is not None
    return f"Peak shaving by {case.peak_shaving.optimizer}"


KINDS: Final = {
    ANTS: Kind(
        World.build, lambda case: COORDINATORS[case.coordination.method].title, simulate, summarize, _draw_ants
    ),
    "peak_shaving": Kind(
        ShavingWorld.build, _shaving_title, shave, summarize_shaving, _draw_shaving,
        "one aggregator leads the whole fleet of [peak_shaving]",
    ),
    "stations": Kind(
        StationsWorld.build, lambda case: f"Stations by {case.scheduling.optimizer}", schedule_stations,
        summarize_stations, _draw_stations, "one control centre schedules all [stations]",
    ),
}  # fmt: skip
"""By the section that asks for it."""


def section_of(case: Scenario) -> str:
    """Return the section that says of which kind a scenario is, or `ANTS`."""
    return next((name for name in KINDS if getattr(case, name, None) is not None), ANTS)


def kind_of(case: Scenario) -> Kind:
    """Return the kind of run that a scenario asks for."""
    return KINDS[section_of(case)]
