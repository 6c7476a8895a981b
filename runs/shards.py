"""One large run over many workers: transformers are independent of each other below the substation, so each worker takes some.

What they hand over is gathered as the substations and the control centre would, transformer by transformer in the tree's
order: the result is the same, bit for bit, for any number of workers.
"""

import time
from collections.abc import Sequence
from concurrent.futures import as_completed
from itertools import chain, pairwise
from typing import Any

import numpy as np

from environment.board import BoardRecord
from environment.channel import Channel
from runs.engine import Engine
from runs.outcome import Outcome
from runs.progress import Progress
from runs.result import Result
from runs.scenario import Scenario
from runs.simulate import count_upper_hops, ready, run_world
from runs.summary import summary_of
from runs.workers import CREWS
from runs.world import World

PARTS_A_WORKER = 4
"""So many, so that workers end at about the same time, and progress can be told."""


def simulate_in_parts(
    scenario: Scenario,
    *,
    engine: Engine = Engine.PROCESS,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a scenario with its transformers spread over workers; the result is that of `simulate`.

    Parameters
    ----------
    scenario
        What to run. With ``channel.log`` the log has the messages below the transformers.
    engine, workers, scheduler
        As for a sweep.
    progress
        Told how far the run is.

    Raises
    ------
    FaultyInputError
        As `simulate` does.
    """
    return Result.of(*_run(scenario, engine, workers, scheduler, progress or (lambda _: None)))


def summarize_in_parts(
    scenario: Scenario,
    *,
    engine: Engine = Engine.PROCESS,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the summary only, without tables; as `simulate_in_parts` otherwise."""
    return summary_of(*_run(scenario, engine, workers, scheduler, progress or (lambda _: None)))


def _run(
    scenario: Scenario, engine: Engine, workers: int | None, scheduler: str | None, tell: Progress
) -> tuple[World, Outcome]:
    world = World.build(scenario, np.random.default_rng(scenario.run.seed))
    ready(scenario)  # here, where it is compiled once; the workers load it
    n, begun = len(world.loads), time.perf_counter()
    with CREWS[engine](workers, scheduler) as crew:
        edges = np.linspace(0, n, min(PARTS_A_WORKER * crew.workers, n) + 1).round().astype(int).tolist()
        futures = [crew.executor.submit(_run_part, world.part(first, stop)) for first, stop in pairwise(edges)]
        for done, _ in enumerate(as_completed(futures), start=1):
            tell(done / len(futures))
        outcomes = [future.result() for future in futures]
    return world, _gathered(world, outcomes, time.perf_counter() - begun)


def _run_part(part: World) -> Outcome:
    outcome = run_world(part, lambda _: None)
    outcome.channel.clock = None  # the model behind it stays here
    return outcome


def _gathered(world: World, outcomes: Sequence[Outcome], wall_s: float) -> Outcome:
    channel = Channel(log=[] if world.scenario.channel.log else None)
    count_upper_hops(world, channel)
    for outcome in outcomes:
        channel.absorb(outcome.channel)
    return Outcome(
        schedules=tuple(chain.from_iterable(outcome.schedules for outcome in outcomes)),
        rounds=tuple(chain.from_iterable(outcome.rounds for outcome in outcomes)),
        boards=BoardRecord.joined([outcome.boards for outcome in outcomes]),
        channel=channel,
        refusals=sum(outcome.refusals for outcome in outcomes),
        wall_s=wall_s,
        strays=tuple(chain.from_iterable(outcome.strays for outcome in outcomes)),
        distances=tuple(chain.from_iterable(outcome.distances for outcome in outcomes)),
    )
