"""What a grid takes as it grows: seconds and memory of who spreads it and of its workers, bytes between them, messages of EVs."""

import multiprocessing
import pickle
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np

from benchmarks.measure import memory_mb
from benchmarks.parallel_run import grid
from environment.channel import BELOW
from runs import parallel_run
from runs.homes.part import Homes
from runs.homes.summary import summary_of
from runs.scenario import Scenario
from runs.simulate import ready

OPTIMUM: Final = "with the optimum"
CASES: Final = [
    ("compiled", 10, 100), ("compiled", 100, 100), ("compiled", 1000, 100), ("compiled", 10_000, 100),
    ("compiled", 100, 1000), ("compiled", 10, 10_000), ("compiled", 10_000, 10),
    (f"compiled {OPTIMUM}", 1000, 100), ("agents", 10, 100), ("agents", 100, 100), ("agents", 1000, 100), ("agents", 100, 1000),
]  # fmt: skip
"""Engine, transformers and EVs of each."""


class Taken(NamedTuple):
    """What a grid takes.

    Parameters
    ----------
    build_s, run_s, summary_s
        Processor seconds of building the world, of all its parts, and of the summary.
    before_mb, peak_mb
        Memory of the process before it, and at its peak.
    sent_bytes, returned_bytes
        Pickles of all parts, and of their outcomes.
    messages, n_bytes
        Of the whole channel, on the wire.
    upper_bytes
        Of these above the transformers.
    """

    build_s: float
    run_s: float
    summary_s: float
    before_mb: float
    peak_mb: float
    sent_bytes: int
    returned_bytes: int
    messages: int
    n_bytes: int
    upper_bytes: int


def measure(scenario: Scenario) -> Taken:
    """Carry out a run in parts, one after the other, as workers would."""
    ready(scenario)
    before_mb, begun = memory_mb(), time.process_time()
    world = Homes.build(scenario, np.random.default_rng(scenario.run.seed))
    build_s = time.process_time() - begun
    outcomes, run_s, sent, returned = [], 0.0, 0, 0
    for first, stop in parallel_run.slices_of(len(world.loads), workers=2):
        text = pickle.dumps(world.part(first, stop))
        begun = time.process_time()
        outcome = parallel_run.run_part(pickle.loads(text))  # noqa: S301  (our own)
        run_s += time.process_time() - begun
        sent, returned = sent + len(text), returned + len(pickle.dumps(outcome))
        outcomes.append(outcome)
    begun = time.process_time()
    whole = parallel_run.gathered(world, outcomes, run_s)
    summary = summary_of(world, whole)
    summary_s = time.process_time() - begun
    upper = sum(int(row[5]) for row in whole.channel.books if row[1] not in BELOW)
    return Taken(
        build_s, run_s, summary_s, before_mb, memory_mb("VmHWM"), sent, returned,
        summary["messages"], summary["bytes"], upper,
    )  # fmt: skip


def main(cases: list[tuple[str, int, int]] | None = None) -> None:
    """Print the table."""
    print("\nA grid as it grows, a day of 24 slots: microseconds of a processor and bytes, all an EV")
    heads = ("build us", "run us", "summary us", "memory B", "sent B", "back B", "messages", "wire B", "upper B")
    print(f"{'engine':>25} {'transformers':>13} {'EVs':>11} " + " ".join(f"{head:>10}" for head in heads))
    for engine, transformers, each in cases or CASES:
        sections: dict[str, Any] = {"run": {"engine": engine.split()[0], "optimum": engine.endswith(OPTIMUM)}}
        scenario = grid(transformers, each).update(**sections)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            taken = process.submit(measure, scenario).result()
        evs = transformers * each
        figures = [1e6 * figure / evs for figure in taken[:3]]
        figures += [(taken.peak_mb - taken.before_mb) * 1024**2 / evs, *(figure / evs for figure in taken[5:])]
        print(f"{engine:>25} {transformers:>13,} {evs:>11,} " + " ".join(f"{figure:>10.2f}" for figure in figures))


if __name__ == "__main__":
    main()
