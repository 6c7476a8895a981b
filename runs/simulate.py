"""One run, by agents or in compiled code; both come to the same, slot for slot, and send the same messages."""

import time
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from environment.channel import Channel
from environment.input_faults import Fault, FaultyInputError
from environment.registry import OnDemand
from runs.brief import Brief
from runs.parts import PARTS, Built, Outcome, parts_of
from runs.progress import Progress
from runs.scenario import Scenario
from runs.warm_up import warm_up
from runs.world import World

if TYPE_CHECKING:
    import pandas as pd

    from runs.model import GridModel
    from runs.result import Result


MODEL: Final = OnDemand("runs.model:GridModel")
RESULT: Final = OnDemand("runs.result:Result")
"""Model of agents, and results with tables: imported only where agents run, and where there are tables."""


def simulate(scenario: Scenario, progress: Progress | None = None) -> "Result":
    """Run a scenario.

    Parameters
    ----------
    scenario
        What to run, and with which engine.
    progress
        Told how far the run is. What it raises ends the run.

    Raises
    ------
    FaultyInputError
        With every fault of the files that the scenario names.
    """
    return result_from(*run(scenario, progress))


def summarize(scenario: Scenario, progress: Progress | None = None) -> dict[str, Any]:
    """Run a scenario and return the summary of its result only, without tables; as `simulate` otherwise."""
    return summary_of(*run(scenario, progress))


def brief_of(world: World, outcome: Outcome) -> Brief:
    """Return what is printed of a run from what its parts came to."""

    def make_nodes() -> "pd.DataFrame":
        name, part = _only_part(world)
        nodes: pd.DataFrame = PARTS[name].nodes(part, outcome[name])
        return nodes

    return Brief(world.scenario, summary_of(world, outcome), make_nodes)


def summary_of(world: World, outcome: Outcome) -> dict[str, Any]:
    """Return the key figures of a run by name, units in the names."""
    name, part = _only_part(world)
    summary: dict[str, Any] = PARTS[name].summarize(part, outcome[name])
    return summary


def result_from(world: World, outcome: Outcome) -> "Result":
    """Return the result of a run from what its part came to: key figures and tables.

    Raises
    ------
    FaultyInputError
        If the world has several parts: each has a result of its own.
    """
    name, part = _only_part(world)
    summary, tables = PARTS[name].result(part, outcome[name])
    result: Result = RESULT(part.scenario, summary, tables)
    return result


def _only_part(world: World) -> tuple[str, Built]:
    first, *others = world.parts.items()
    if others:
        fault = Fault("World", None, "parts", ", ".join(world.parts), "one part: each has a result of its own")
        raise FaultyInputError([fault])
    return first


def ready(scenario: Scenario) -> None:
    """Compile or load the kernels that a scenario calls for: what it takes is no part of any run's seconds."""
    for name, part in parts_of(scenario).items():
        kernels, samples = part.samples(scenario)

        def try_all(name: str = name, samples: Any = samples) -> None:
            for sample in samples():
                carry_out(World.of(**{name: sample}), lambda _: None)

        warm_up(kernels, try_all)


def run(scenario: Scenario, progress: Progress | None = None) -> tuple[World, Outcome]:
    """Build a scenario's world and carry it out; see `simulate`."""
    world = World.build(scenario, np.random.default_rng(scenario.run.seed))
    ready(scenario)
    return world, carry_out(world, progress or (lambda _: None))


def carry_out(world: World, tell: Progress) -> Outcome:
    """Let a world run, and work out what is to be known of it.

    Parameters
    ----------
    world
        A whole world, or one with some of its transformers.
    tell
        Told how far it is.

    Raises
    ------
    FaultyInputError
        If a schedule breaks what those who decide are to keep, or a power flow diverges.
    """
    by = _by_agents if world.scenario.run.engine == "agents" else _compiled
    running = 1 - max(PARTS[name].judging for name in world.parts)
    outcome = by(world, lambda part: tell(running * part))
    return judged(world, outcome, lambda part: tell(running + (1 - running) * part))


def judged(world: World, outcome: Outcome, tell: Progress) -> Outcome:
    """Return an outcome with what is worked out after a run: audits, optima, the same with free charging."""
    return {name: PARTS[name].judged(part, outcome[name], tell) for name, part in world.parts.items()}


def result_of(model: "GridModel") -> "Result":
    """Run a model to its horizon's end, where it is not there yet, and return its result.

    Parameters
    ----------
    model
        With agents of any classes.

    Raises
    ------
    FaultyInputError
        As `carry_out`, and if the model's world has several parts.
    """
    _only_part(model.world)
    outcome = _outcome_of(model)
    return result_from(model.world, judged(model.world, outcome, lambda _: None))


def _by_agents(world: World, tell: Progress) -> Outcome:
    import mesa  # noqa: PLC0415  (only where agents run)

    model: GridModel = MODEL(world=world, datacollector=mesa.DataCollector)  # which collects nothing
    searched, n_slots = max(PARTS[name].searched for name in world.parts), world.horizon.n_slots
    done = {"search": 0.0, "slots": 0.0}

    def enter(**part: float) -> None:
        done.update(part)
        tell(searched * done["search"] + (1 - searched) * done["slots"])

    model.on_search(lambda part: enter(search=part))
    model.on_slot(lambda slot: enter(slots=(slot + 1) / n_slots))
    return _outcome_of(model)


def _outcome_of(model: "GridModel") -> Outcome:
    begun = time.perf_counter()
    while model.running:
        model.step()
    return model.outcome(time.perf_counter() - begun)


def _compiled(world: World, tell: Progress) -> Outcome:
    channel = Channel()
    return {name: PARTS[name].run(part, channel, tell) for name, part in world.parts.items()}
