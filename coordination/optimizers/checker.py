"""Whether an optimiser keeps the contract: run it on your own before you trust its results.

The idea is Gymnasium's `check_env`: one public function that authors of optimisers and this project's tests both call.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coordination.optimizers import FUNCTIONS
from coordination.optimizers.base import Minimizer, Optimizer
from coordination.optimizers.minimize import OptimizeResult, minimize
from coordination.optimizers.random_search import RandomSearch

POPULATIONS: Final = (7, 30)
DIMENSIONS: Final = (1, 5)
SEEDS: Final = range(9)

type Kind = type[Minimizer[Any, Any]]


class BrokenContractError(Exception):
    """Lists every promise that an optimiser breaks; `broken` holds them one by one."""

    def __init__(self, title: str, broken: list[str]) -> None:
        super().__init__(f"{title} breaks {len(broken)} promise(s):\n" + "\n".join(f"- {each}" for each in broken))
        self.broken = broken


def check_optimizer(cls: Kind, *, beats_random: bool = True) -> None:
    """Check that an optimiser keeps its box, its seed, its budget and its shapes, and that it learns.

    Parameters
    ----------
    cls
        The optimiser's class.
    beats_random
        Whether it is to find better points than random search.

    Raises
    ------
    BrokenContractError
        With every promise that is broken.
    """
    checks: list[Callable[[Kind], Iterator[str]]] = [_box_and_shapes, _budget, _seed, _best, _not_a_number, _by_hand]
    if beats_random:
        checks.append(_learns)
    broken = []
    for check in checks:
        try:
            broken += list(check(cls))
        except Exception as error:  # noqa: BLE001  (whatever it raises is a broken promise)
            broken.append(f"{check.__name__.strip('_')}: raises {type(error).__name__}: {error}")
    if broken:
        raise BrokenContractError(getattr(cls, "title", cls.__name__), list(dict.fromkeys(broken)))


@dataclass(eq=False)
class _Watched:
    """A bowl in an uneven box that keeps what it is asked."""

    dimension: int
    spoil: float = 0.0
    asked: list[NDArray[np.float64]] = field(default_factory=list)
    told: list[NDArray[np.float64]] = field(default_factory=list)

    @property
    def lower(self) -> NDArray[np.float64]:
        return -1.0 - np.arange(self.dimension, dtype=np.float64)

    @property
    def upper(self) -> NDArray[np.float64]:
        return 3.0 + 10.0 * np.arange(self.dimension, dtype=np.float64)

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        x = np.array(x)
        self.asked.append(x)
        fitness = np.square(x - 2.5).sum(axis=1)
        fitness[: int(np.ceil(self.spoil * len(x)))] = np.nan
        self.told.append(fitness)
        return fitness.copy()

    @property
    def points(self) -> NDArray[np.float64]:
        return np.concatenate(self.asked)


def _smallest(cls: Kind) -> int:
    """Return the smallest population that the settings take."""
    for population in range(1, min(POPULATIONS)):
        with suppress(ValueError):
            cls.of(population=population)
            return population
    return min(POPULATIONS)


def _run(cls: Kind, problem: _Watched, budget: int, seed: int = 0, **params: Any) -> OptimizeResult:
    return minimize(problem, cls.of(**params), max_evaluations=budget, rng=np.random.default_rng(seed))


def _box_and_shapes(cls: Kind) -> Iterator[str]:
    if not isinstance(getattr(cls, "title", None), str):
        yield "has no title"
    for rule in ("clip", "reflect", "periodic"):
        for population in (_smallest(cls), *POPULATIONS):
            for dimension in DIMENSIONS:
                problem = _Watched(dimension)
                _run(cls, problem, 12 * population, population=population, bounds=rule)
                case = f"(population {population}, dimension {dimension}, bounds {rule})"
                if any(x.ndim != 2 or x.shape[1] != dimension for x in problem.asked):
                    yield f"asks for points of a wrong shape {case}"
                    continue
                if len(problem.asked[0]) != population:
                    yield f"its first population has {len(problem.asked[0])} members {case}"
                x = problem.points
                if not ((x >= problem.lower) & (x <= problem.upper)).all():
                    yield f"asks for points outside the box {case}"


def _budget(cls: Kind) -> Iterator[str]:
    for budget in (1, 29, 30, 31, 64, 200):
        problem = _Watched(3)
        result = _run(cls, problem, budget)
        if len(problem.points) != budget:
            yield f"evaluates {len(problem.points)} points of a budget of {budget}"
        if result.nfev != budget:
            yield f"states {result.nfev} evaluations for {budget}"
    problem = _Watched(3)
    result = minimize(problem, cls(), max_iterations=4, rng=np.random.default_rng(0))
    if result.nit != 4:
        yield f"carries out {result.nit} iterations instead of 4"


def _seed(cls: Kind) -> Iterator[str]:
    state = np.random.get_state()  # noqa: NPY002  (nobody may touch the global generator)
    runs = []
    for seed in (1, 1, 2):
        problem = _Watched(4)
        _run(cls, problem, 300, seed)
        runs.append(problem.points.tobytes())
    if runs[0] != runs[1]:
        yield "the same seed gives other points"
    if runs[0] == runs[2]:
        yield "another seed gives the same points"
    if not np.array_equal(state[1], np.random.get_state()[1]):  # noqa: NPY002
        yield "draws from NumPy's global generator"


def _best(cls: Kind) -> Iterator[str]:
    problem = _Watched(4)
    result = _run(cls, problem, 400)
    told = np.concatenate(problem.told)
    if result.fun != told.min():
        yield "does not return the best fitness that it was told"
    if not np.array_equal(result.x, problem.points[told.argmin()]):
        yield "does not return the place of the best fitness"
    if (np.diff(result.history[:, 1]) > 0).any():
        yield "its history rises"


def _not_a_number(cls: Kind) -> Iterator[str]:
    problem = _Watched(4, spoil=0.5)
    result = _run(cls, problem, 300)
    if not np.isfinite(result.fun) or result.fun != np.nanmin(np.concatenate(problem.told)):
        yield "loses the best where some fitness is not a number"
    if not np.isfinite(problem.points).all():
        yield "asks for points that are not numbers"
    if _run(cls, _Watched(4, spoil=1.0), 100).success:
        yield "calls a search a success in which no fitness was a number"


def _by_hand(cls: Kind) -> Iterator[str]:
    optimizer = cls()
    if not isinstance(optimizer, Optimizer):
        return
    driven, by_hand, beside = _Watched(3), _Watched(3), _Watched(3)
    minimize(driven, optimizer, max_iterations=5, rng=np.random.default_rng(3))
    searches = [
        (problem, optimizer.start(problem.lower, problem.upper, np.random.default_rng(seed)))
        for problem, seed in ((by_hand, 3), (beside, 4))
    ]
    while not searches[0][1].tells or searches[0][1].iteration < 5:
        for problem, state in searches:  # two searches of one optimiser, in turn
            state.progress = min(state.iteration / 4, 1.0)
            x = optimizer.ask(state)
            optimizer.tell(state, x, problem.evaluate(x))
    if driven.points.tobytes() != by_hand.points.tobytes():
        yield "asked and told by hand, beside another search, it takes another course than in `minimize`"


def _learns(cls: Kind) -> Iterator[str]:
    found = {}
    for kind in (cls, RandomSearch):
        found[kind] = [
            minimize(
                FUNCTIONS["F1"].problem(10, np.random.default_rng(100 + seed)),
                kind(),
                max_evaluations=3000,
                rng=np.random.default_rng(seed),
            ).fun
            for seed in SEEDS
        ]
    if not np.median(found[cls]) < np.median(found[RandomSearch]):
        yield "finds no better points than random search"
