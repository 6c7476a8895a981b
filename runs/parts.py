"""The parts that a run may have, by name: EVs at home (paper A), a fleet that gives back (paper B), charging stations (paper C).

A part is a package of `runs` with files of the same names; its files are imported when they are asked for.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from coordination.valley_filling import COORDINATORS
from environment.input_faults import Fault
from environment.registry import OnDemand
from runs.scenario import Scenario


class Built(Protocol):
    """What a scenario describes of a part, built."""

    @property
    def scenario(self) -> Scenario:
        """Scenario that the part was built from, its horizon settled."""

    @property
    def holds(self) -> str:
        """What there is, in words."""

    def warnings(self) -> list[str]:
        """Say what is no fault, but worth knowing."""


class Part(NamedTuple):
    """A part of a run.

    Parameters
    ----------
    section
        Section of a scenario that asks for it; empty for what runs where no section asks for anything.
    title
        What the progress bar says.
    build
        Builds what a scenario describes, from the run's generator.
    samples
        Gives what names the kernels that a scenario calls for, and small ones that call for the same.
    crew
        Makes its agents in a model, and leads them.
    run
        Carries it out in compiled code.
    judged
        Takes what is worked out after a run: audits, optima, the same with free charging.
    searched, judging
        Part of a run that searches are taken to be, and part of run and judging that judging is, for progress bars.
    summarize
        Gives the summary of what a run came to.
    result
        Gives summary and tables of what a run came to.
    nodes
        Makes the table of nodes alone, of what a run came to.
    size
        Says how large a scenario's run is (`runs.size`).
    decides, compared
        Section and key of a scenario that say who decides, and who are compared unless others are asked for.
    one_process
        Why a run is not spread over processes; empty where it can be.
    """

    section: str
    title: Callable[[Scenario], str]
    build: OnDemand
    samples: OnDemand
    crew: OnDemand
    run: OnDemand
    judged: OnDemand
    searched: float
    judging: float
    summarize: OnDemand
    result: OnDemand
    nodes: OnDemand
    size: OnDemand
    decides: tuple[str, str]
    compared: tuple[str, ...]
    one_process: str = ""

    def load(self, *, tables: bool) -> None:
        """Import what a run needs, and what makes its tables if asked to."""
        for place in (self.run, self.judged, self.summarize, *([self.result] if tables else ())):
            place.load()


def _v2g_title(case: Scenario) -> str:
    assert case.peak_shaving is not None
    return f"Peak shaving by {case.peak_shaving.optimizer}"


HOMES: Final = "homes"
PARTS: Final = {
    HOMES: Part(
        section="",
        title=lambda case: COORDINATORS[case.coordination.method].title,
        build=OnDemand("runs.homes.part:Homes.build"),
        samples=OnDemand("runs.homes.engine:samples"),
        crew=OnDemand("runs.homes.crew:HomesCrew"),
        run=OnDemand("runs.homes.engine:run"),
        judged=OnDemand("runs.homes.engine:judged"),
        searched=0.0,
        judging=0.0,
        summarize=OnDemand("runs.homes.summary:summary_of"),
        result=OnDemand("runs.homes.result:result_of"),
        nodes=OnDemand("runs.homes.result:nodes_of"),
        size=OnDemand("runs.size:size_of_homes"),
        decides=("coordination", "method"),
        compared=("free", "ants"),
    ),
    "v2g": Part(
        section="peak_shaving",
        title=_v2g_title,
        build=OnDemand("runs.v2g.part:V2G.build"),
        samples=OnDemand("runs.v2g.engine:samples"),
        crew=OnDemand("runs.v2g.crew:V2GCrew"),
        run=OnDemand("runs.v2g.engine:run"),
        judged=OnDemand("runs.v2g.engine:judged"),
        searched=0.5,
        judging=0.0,
        summarize=OnDemand("runs.v2g.summary:summary_of"),
        result=OnDemand("runs.v2g.result:result_of"),
        nodes=OnDemand("runs.v2g.result:nodes_of"),
        size=OnDemand("runs.size:size_of_v2g"),
        decides=("peak_shaving", "optimizer"),
        compared=("igeo", "exact"),
        one_process="one aggregator leads the whole fleet of [peak_shaving]",
    ),
    "stations": Part(
        section="stations",
        title=lambda case: f"Stations by {case.scheduling.optimizer}",
        build=OnDemand("runs.stations.part:StationPark.build"),
        samples=OnDemand("runs.stations.engine:samples"),
        crew=OnDemand("runs.stations.crew:StationsCrew"),
        run=OnDemand("runs.stations.engine:run"),
        judged=OnDemand("runs.stations.engine:judged"),
        searched=1.0,
        judging=0.1,
        summarize=OnDemand("runs.stations.summary:summary_of"),
        result=OnDemand("runs.stations.result:result_of"),
        nodes=OnDemand("runs.stations.result:nodes_of"),
        size=OnDemand("runs.size:size_of_stations"),
        decides=("scheduling", "optimizer"),
        compared=("none", "acso"),
        one_process="one control centre schedules all [stations]",
    ),
}
"""Every part by name. A new one is a package, and an entry here."""

type Outcome = dict[str, Any]
"""What a run came to, part by part."""


def parts_of(case: Scenario) -> dict[str, Part]:
    """Return the parts that a scenario asks for: those whose sections it has, or else EVs at home."""
    asked = {name: part for name, part in PARTS.items() if part.section and getattr(case, part.section) is not None}
    return asked or {HOMES: PARTS[HOMES]}


def faults_of_processes(case: Scenario, option: str, found: str) -> list[Fault]:
    """Return why a scenario's run cannot be spread over processes.

    Parameters
    ----------
    case
        What is to be run.
    option, found
        What asks for processes, ``--engine`` or ``--workers``, and its value.
    """
    name = option.removeprefix("--")
    one = {"engine": "serial", "workers": "1"}[name]
    return [
        Fault(option, None, name, found, f"{one}: {part.one_process}")
        for part in parts_of(case).values()
        if part.one_process
    ]
