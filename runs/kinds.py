"""The kinds of run that a scenario can ask for: EVs as ants, a fleet that gives back, charging stations.

What a kind is, the command line, sweeps and their workers find here; its files are imported when it is asked for.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

import numpy as np

from coordination.valley_filling import COORDINATORS
from environment.horizon import Horizon
from environment.registry import OnDemand
from runs.brief import Brief
from runs.progress import Progress
from runs.scenario import Scenario
from runs.size import Size, size_of_homes, size_of_stations, size_of_v2g

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ANTS: Final = "ants"
"""The kind of a scenario without a section that asks for another."""


class AnyWorld(Protocol):
    """What a scenario describes, built; see `runs.homes.part.Homes` and its like."""

    @property
    def horizon(self) -> Horizon:
        """The slots."""

    @property
    def holds(self) -> str:
        """What there is, in words."""

    def warnings(self) -> list[str]:
        """Say what is no fault, but worth knowing."""


class AnyRun(Protocol):
    """A finished run, with its tables or without; see `runs.brief.Brief` and `AnyResult`."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""

    @property
    def summary(self) -> dict[str, Any]:
        """Key figures by name."""


class AnyResult(AnyRun, Protocol):
    """A finished run with its tables; see `runs.result.Result` and its like."""

    def save(self, folder: str | Path, *, table_format: Literal["parquet", "csv"] = "parquet") -> None:
        """Write scenario, summary and tables into a folder; it is made if it is not there."""


class Kind(NamedTuple):
    """A kind of run.

    Parameters
    ----------
    build
        Builds what a scenario describes, from the run's generator.
    ready
        Compiles or loads what a scenario's run calls for, so that no run's seconds hold it.
    title
        What the progress bar says.
    run
        Runs a scenario.
    read_back
        Reads a result back from the folder that it was saved to.
    summarize
        Runs it for its summary only.
    show
        Prints the summary of a scenario's run, and its warnings.
    draw
        Draws every figure of a result; returns them by file name without its ending.
    size
        Says how large a scenario's run is (`runs.size`).
    one_process
        Why a run is not spread over processes; empty where it can be.
    brief
        Runs it for its summary and, where that is asked for, its nodes; None where a run has no nodes.
    show_nodes
        Prints the nodes of the grid below the summary, the worst of several transformers or every one; None likewise.
    """

    build: Callable[[Scenario, np.random.Generator], AnyWorld]
    ready: Callable[[Scenario], None]
    title: Callable[[Scenario], str]
    run: Callable[[Scenario, Progress], AnyResult]
    read_back: Callable[[str | Path], AnyResult]
    summarize: Callable[[Scenario, Progress | None], dict[str, Any]]
    show: Callable[[Scenario, dict[str, Any]], None]
    draw: Callable[[Any], "dict[str, Figure]"]
    size: Callable[..., Size]
    one_process: str = ""
    brief: Callable[[Scenario, Progress | None], Brief] | None = None
    show_nodes: Callable[..., None] | None = None

    def in_brief(self, case: Scenario, progress: Progress | None) -> Brief:
        """Run a scenario for what is printed of it."""
        return self.brief(case, progress) if self.brief else Brief(case, self.summarize(case, progress))

    def load(self, *, tables: bool, draw: bool) -> None:
        """Import what a run needs, what makes its tables and what draws it if asked to."""
        run = self.run if tables else self.brief or self.summarize
        for part in (run, self.show, self.show_nodes, *([self.draw] if draw else ())):
            if isinstance(part, OnDemand):
                part.load()


def _shaving_title(case: Scenario) -> str:
    assert case.peak_shaving is not None
    return f"Peak shaving by {case.peak_shaving.optimizer}"


KINDS: Final = {
    ANTS: Kind(
        build=OnDemand("runs.homes.part:Homes.build"),
        ready=OnDemand("runs.simulate:ready"),
        title=lambda case: COORDINATORS[case.coordination.method].title,
        run=OnDemand("runs.simulate:simulate"),
        read_back=OnDemand("runs.result:Result.load"),
        summarize=OnDemand("runs.simulate:summarize"),
        show=OnDemand("runs.printed.ants:print_run"),
        draw=OnDemand("runs.plots:figures"),
        size=size_of_homes,
        brief=OnDemand("runs.simulate:brief"),
        show_nodes=OnDemand("runs.printed.nodes:print_nodes"),
    ),
    "peak_shaving": Kind(
        build=OnDemand("runs.v2g.part:V2G.build"),
        ready=OnDemand("runs.v2g.engine:ready"),
        title=_shaving_title,
        run=OnDemand("runs.v2g.result:shave"),
        read_back=OnDemand("runs.v2g.result:ShavingResult.load"),
        summarize=OnDemand("runs.v2g.result:summarize_shaving"),
        show=OnDemand("runs.printed.v2g:print_shaving"),
        draw=OnDemand("runs.v2g.plots:figures"),
        size=size_of_v2g,
        one_process="one aggregator leads the whole fleet of [peak_shaving]",
    ),
    "stations": Kind(
        build=OnDemand("runs.stations.part:StationPark.build"),
        ready=OnDemand("runs.stations.engine:ready"),
        title=lambda case: f"Stations by {case.scheduling.optimizer}",
        run=OnDemand("runs.stations.result:schedule_stations"),
        read_back=OnDemand("runs.stations.result:StationsResult.load"),
        summarize=OnDemand("runs.stations.result:summarize_stations"),
        show=OnDemand("runs.printed.stations:print_stations"),
        draw=OnDemand("runs.stations.plots:figures"),
        size=size_of_stations,
        one_process="one control centre schedules all [stations]",
    ),
}
"""By the section that asks for it."""


def section_of(case: Scenario) -> str:
    """Return the section that says of which kind a scenario is, or `ANTS`."""
    return next((name for name in KINDS if getattr(case, name, None) is not None), ANTS)


def kind_of(case: Scenario) -> Kind:
    """Return the kind of run that a scenario asks for."""
    return KINDS[section_of(case)]
