"""One large run over many workers: transformers are independent of each other below the substation, so each worker takes some.

What they hand over is gathered as the substations and the control centre would, transformer by transformer in the tree's
order: the result is the same, bit for bit, for any number of workers.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Future, as_completed
from contextlib import AbstractContextManager, suppress
from itertools import chain, pairwise
from typing import Final

import numpy as np

from environment.channel import Channel
from environment.input_faults import raise_if_any
from environment.pheromone_board import BoardRecord
from runs.engine import Engine, Scheduler
from runs.homes.engine import count_upper_hops
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.parts import HOMES, Outcome, faults_of_processes
from runs.progress import Progress
from runs.scenario import Scenario
from runs.simulate import carry_out, ready
from runs.workers import CREWS, Crew, is_lost
from runs.world import World

SLICES_A_WORKER = 4
"""So many, so that workers end at about the same time, and progress can be told."""
MOST_LOSSES: Final = 3
"""After so many losses of workers, one after the other, between which no part ended, the run is given up."""


def run_in_parts(
    scenario: Scenario,
    *,
    engine: Engine = Engine.PROCESS,
    workers: int | None = None,
    scheduler: Scheduler | None = None,
    progress: Progress | None = None,
) -> tuple[World, Outcome]:
    """Build a scenario's world and carry it out with its transformers spread over workers; it comes to what `simulate.run` does.

    What a dying worker took along is run again by others.

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
        As `simulate.run` does; with what is wrong with the scheduler.
    OSError
        If the scheduler cannot be reached, or workers die again and again.
    """
    raise_if_any(scheduler.faults() if scheduler is not None else [])
    raise_if_any(faults_of_processes(scenario, "--engine", engine.value))
    world = World.build(scenario, np.random.default_rng(scenario.run.seed))
    homes = world.homes
    assert homes is not None
    ready(scenario)  # here, where it is compiled once; the workers load it
    begun = time.perf_counter()
    outcomes = _outcomes(homes, lambda: CREWS[engine](workers, scheduler), progress or (lambda _: None))
    return world, {HOMES: gathered(homes, outcomes, time.perf_counter() - begun)}


def _outcomes(homes: Homes, opened: Callable[[], AbstractContextManager[Crew]], tell: Progress) -> list[HomesOutcome]:
    """Return the outcome of each slice; those that a dying worker took along are run again."""
    slices: list[tuple[int, int]] = []
    ended: dict[tuple[int, int], HomesOutcome] = {}
    losses = 0
    while not slices or len(ended) < len(slices):
        if losses == MOST_LOSSES:
            died = f"workers died {losses} times before any of the slices they had ended"
            raise ChildProcessError(f"{died}: more memory, or more workers and so smaller slices, may help")
        before = len(ended)
        with opened() as crew:
            slices = slices or slices_of(len(homes.loads), crew.workers)
            flying: dict[Future[HomesOutcome], tuple[int, int]] = {}
            with suppress(BrokenExecutor):
                for part in slices:
                    if part not in ended:
                        flying[crew.executor.submit(run_part, homes.part(*part))] = part
            for future in as_completed(flying):
                if not is_lost(future):
                    ended[flying[future]] = future.result()
                    tell(len(ended) / len(slices))
        losses = losses + 1 if len(ended) == before else 0
    return [ended[part] for part in slices]


def slices_of(transformers: int, workers: int) -> list[tuple[int, int]]:
    """Return the first transformer of each slice and the one after its last."""
    count = min(SLICES_A_WORKER * workers, transformers)
    return list(pairwise(np.linspace(0, transformers, count + 1).round().astype(int).tolist()))


def run_part(part: Homes) -> HomesOutcome:
    """Run some transformers of a world."""
    outcome: HomesOutcome = carry_out(World.of(homes=part), lambda _: None)[HOMES]
    outcome.channel.clock = None  # the model behind it stays here
    return outcome


def gathered(homes: Homes, outcomes: Sequence[HomesOutcome], wall_s: float) -> HomesOutcome:
    """Return the outcome of a world from those of its slices, in the order of their transformers."""
    channel = Channel(log=[] if homes.scenario.channel.log else None)
    count_upper_hops(homes, channel)
    for outcome in outcomes:
        channel.absorb(outcome.channel)
    return HomesOutcome(
        schedules=tuple(chain.from_iterable(outcome.schedules for outcome in outcomes)),
        rounds=tuple(chain.from_iterable(outcome.rounds for outcome in outcomes)),
        boards=BoardRecord.joined([outcome.boards for outcome in outcomes]),
        channel=channel,
        refusals=sum(outcome.refusals for outcome in outcomes),
        wall_s=wall_s,
        strays=tuple(chain.from_iterable(outcome.strays for outcome in outcomes)),
        distances=tuple(chain.from_iterable(outcome.distances for outcome in outcomes)),
    )
