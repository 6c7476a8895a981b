"""Our swarm optimisers beside those of mealpy, niapy, pymoo and pygmo: time and quality at equal evaluations, in one run.

Both sides minimise the same shifted functions. Ours evaluate whole populations; peers are given what they take, most of
them one point at a time as a plain NumPy function. Evaluations are counted, and ours get exactly as many as the peer used.
"""

import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

import numpy as np
from scipy.stats import mannwhitneyu

from benchmarks.duel import POINT, Duel, Size, Task
from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.base import Minimizer
from coordination.optimizers.minimize import minimize

SIGNIFICANT: Final = 0.01

SMALL: Final = Size(30, 30, 100, 9)
LARGE: Final = Size(2280, 300, 10, 3)


def cpu_ms(call: Callable[[], object]) -> float:
    """Return the processor time of a call [ms]."""
    begun = time.process_time()
    call()
    return 1e3 * (time.process_time() - begun)


def search(optimizer: Minimizer[Any, Any], task: Task, evaluations: int) -> Task:
    """Let an optimiser of ours carry out a task with so many evaluations."""
    minimize(task, optimizer, max_evaluations=evaluations, rng=np.random.default_rng(task.seed))
    return task


@cache
def peer_runs(theirs: Callable[[Task], None], size: Size, name: str, runs: int, *, shifted: bool) -> list[Task]:
    """Return what a peer found with so many seeds."""
    tasks = [size.task(name, seed, shifted=shifted) for seed in range(runs)]
    for task in tasks:
        theirs(task)
    return tasks


def quality(duel: Duel, size: Size, name: str, runs: int) -> tuple[float, float, str]:
    """Return our mean best fitness, the peer's, and the verdict of a Mann-Whitney test on ours."""
    theirs = peer_runs(duel.theirs, size, name, runs, shifted=duel.shifted)
    ours = [
        search(duel.optimizer(size.population), size.task(name, task.seed, shifted=duel.shifted), task.points)
        for task in theirs
    ]
    if [task.points for task in ours] != [task.points for task in theirs]:
        raise RuntimeError(f"{duel.title}: not the same number of evaluations")
    a, b = (np.array([task.best for task in tasks]) for tasks in (ours, theirs))
    test = mannwhitneyu(a, b)
    verdict = "equal"
    if test.pvalue < SIGNIFICANT:
        verdict = "better" if test.statistic < a.size * b.size / 2 else "WORSE"
    return float(a.mean()), float(b.mean()), verdict


def times(duel: Duel, size: Size) -> tuple[list[float], list[float], int]:
    """Return times of ours and of the peer, in turn so that a busy moment hits both [ms], and the evaluations of a run."""
    counted = size.task()
    duel.theirs(counted)
    search(duel.optimizer(size.population), size.task(), counted.points)
    ours, theirs = [], []
    for seed in range(size.repeats):
        mine, other = (size.task(seed=seed, counts=False) for _ in range(2))
        ours.append(cpu_ms(lambda: search(duel.optimizer(size.population), mine, counted.points)))
        theirs.append(cpu_ms(lambda: duel.theirs(other)))
    return ours, theirs, counted.points


def print_objective(size: Size) -> None:
    """Print the time of the objective alone, as the two sides call it."""
    task = size.task(counts=False)
    x = np.random.default_rng(0).uniform(task.lower, task.upper, (size.population, size.dimension))
    rounds = max(size.iterations, 1)
    whole = min(cpu_ms(lambda: [task.batch(x) for _ in range(rounds)]) for _ in range(5)) / rounds
    single = min(cpu_ms(lambda: [task.point(row) for _ in range(rounds) for row in x]) for _ in range(5)) / rounds
    print(f"The objective alone, ms a population: {whole:.4f} at once, {single:.4f} point by point")


def print_own(size: Size) -> None:
    """Print the times of our optimisers: of a run, and of as many evaluations as the population has members."""
    evaluations = size.population * (size.iterations + 1)
    print(f"\nOur optimisers, shifted sphere, {size}: ms of CPU a run of {evaluations:,} evaluations")
    print_objective(size)
    print(f"{'':>16} {'min':>9} {'median':>9} {'us a population':>16}")
    for cls in OPTIMIZERS.values():
        each = []
        for seed in range(size.repeats + 1):
            optimizer = cls.of(population=size.population)
            task = size.task(seed=seed, counts=False)
            each.append(cpu_ms(lambda: search(optimizer, task, evaluations)))
        least = min(each[1:])  # the first one may compile
        print(f"{cls.title:>16} {least:>9.2f} {np.median(each[1:]):>9.2f} {1e3 * least / size.iterations:>16.1f}")


def print_times(duels: Sequence[Duel], size: Size) -> None:
    """Print times of both sides."""
    print(f"\nOptimisers in turn with peers, shifted sphere, {size}, {size.repeats} runs each: ms of CPU a run")
    print_objective(size)
    print(
        f"{'peer':>25} {'evals':>6} {'ours min':>9} {'median':>8} {'peer min':>9} {'median':>8} {'peer/ours':>9}  settings"
    )
    for duel in duels:
        if not duel.shifted:
            continue
        ours, theirs, evaluations = times(duel, size)
        print(
            f"{duel.title:>25} {evaluations:>6} {min(ours):>9.2f} {np.median(ours):>8.2f} {min(theirs):>9.2f} "
            f"{np.median(theirs):>8.2f} {min(theirs) / min(ours):>9.1f}  {duel.settings}"
        )


def print_quality(duels: Sequence[Duel], size: Size, runs: int) -> None:
    """Print mean best fitness of both sides."""
    print(f"\nMean best fitness of {runs} runs, ours and the peer's, {size}, equal evaluations and shifts;")
    print(f"ours is better, equal or WORSE by a two-sided Mann-Whitney test, p < {SIGNIFICANT}")
    print(f"{'peer':>25} " + " ".join(f"{f'{name} {FUNCTIONS[name].title}':>22}" for name in POINT))
    for duel in duels:
        cells = []
        for name in POINT:
            ours, theirs, verdict = quality(duel, size, name, runs)
            cells.append(f"{ours:>7.1e} {theirs:>7.1e} {verdict:>6}")
        print(f"{duel.title:>25} " + " ".join(cells))


def main(small: Size = SMALL, large: Size = LARGE, runs: int = 30, duels: Sequence[Duel] | None = None) -> None:
    """Print the tables; those with peers if they are installed, or with the ones that are given."""
    for size in (small, large):
        print_own(size)
    if duels is None:
        try:
            from benchmarks.peers import DUELS  # noqa: PLC0415  (they are optional)
        except ImportError as error:
            print(f"\nNo peers beside them ({error}); make bench-peers installs them and runs this again.")
            return
        duels = DUELS
    print_times(duels, small)
    print_times([duel for duel in duels if duel.large], large)
    print_quality(duels, small, runs)


if __name__ == "__main__":
    main()
