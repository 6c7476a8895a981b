"""The runs of the study: the sizes of papers B and C, at equal iterations and at equal evaluations.

An iteration evaluates n points for most, n/2 for CSO, and about n for ACSO; so both budgets are run, such that those who
evaluate n an iteration have the same runs under both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from coordination.optimizers.base import Minimizer
from coordination.optimizers.igeo import IGEO, SCHEDULES
from coordination.optimizers.igeo import Params as IGEOParams
from runs.optimizing.comparison import Compared, Comparison, as_they_finish
from runs.progress import Course, Progress
from runs.workers import Crew

PAPER_B: Final = ("igeo", "geo", "pso", "woa", "ga")
PAPER_C: Final = ("acso", "pso", "apso", "cso", "cso 0.2", "acso 0.2")
"""CSO with the authors' factor by dimension, and with paper C's; ACSO as its equation reads, without a centre, and with one."""


@dataclass(frozen=True)
class Size:
    """One size of the functions.

    Parameters
    ----------
    dimension, population, iterations, runs
        See `Comparison`.
    functions
        By name.
    """

    dimension: int
    population: int
    iterations: int
    runs: int
    functions: tuple[str, ...] = tuple(FUNCTIONS)

    @property
    def evaluations(self) -> int:
        """Evaluations of optimisers that evaluate the population once an iteration."""
        return self.population * (self.iterations + 1)


SMALL: Final = Size(30, 30, 100, 50)
MIDDLE: Final = Size(228, 300, 999, 7, ("F1", "F2", "F3", "F4", "F5", "F6"))
PAPER_C_ITERATIONS: Final = 5_000
"""At paper C's size; `MIDDLE` has fewer, for time."""
LARGE: Final = Size(2280, 300, 399, 5, ("F1", "F5"))
"""F2 is infinite almost everywhere at this dimension; the others are left out for time."""

QUICK: Final = (
    replace(SMALL, iterations=30, runs=5),
    replace(MIDDLE, population=60, iterations=20, runs=5, functions=("F1", "F5")),
    replace(LARGE, population=60, iterations=10, runs=5),
)


@dataclass(frozen=True, eq=False)
class Block:
    """Runs of one size.

    Parameters
    ----------
    size
        Of the functions.
    by_iterations, by_evaluations
        The same optimisers at equal iterations and at equal evaluations.
    """

    size: Size
    by_iterations: Compared
    by_evaluations: Compared


@dataclass(frozen=True, eq=False)
class StudyRuns:
    """Everything that the study runs.

    Parameters
    ----------
    origin, shifted
        All optimisers at paper B's size, optima where the set has them and shifted.
    readings_origin, readings_shifted
        GEO and the readings of IGEO, likewise.
    middle, large
        Paper C's optimisers at its size and at ten times that, shifted.
    """

    origin: Block
    shifted: Block
    readings_origin: Compared
    readings_shifted: Compared
    middle: Block
    large: Block

    @property
    def blocks(self) -> tuple[Block, ...]:
        """From small to large."""
        return (self.origin, self.shifted, self.middle, self.large)


def optimizers(names: Iterable[str], population: int) -> dict[str, Minimizer[Any, Any]]:
    """Return optimisers by name; "cso 0.2", "acso 0.2" and the readings "igeo ..." beside those of `OPTIMIZERS`."""
    found: dict[str, Minimizer[Any, Any]] = {}
    for name in names:
        kind, _, rest = name.partition(" ")
        cls = OPTIMIZERS[kind]
        if not rest:
            found[name] = cls.of(population=population)
        elif kind in ("cso", "acso"):
            found[name] = cls.of(population=population, social=float(rest))
        else:
            schedule, _, chain = rest.partition(" ")
            settings = {"schedule": schedule, "chain": chain or "members", "population": population}
            found[name] = IGEO(IGEOParams.model_validate(settings))
    return found


ALL: Final = (*(name for name in OPTIMIZERS if name != "random"), "cso 0.2", "acso 0.2", "random")
READINGS: Final = (
    "geo", "igeo", "igeo R1 dimensions", *(f"igeo {name}" for name in SCHEDULES if name != "R1"), "igeo linear",
)  # fmt: skip
"""The first two as everywhere; "igeo linear" is GEO with the chaotic start."""


def study_runs(sizes: tuple[Size, Size, Size], crew: Crew, progress: Progress) -> StudyRuns:
    """Run everything.

    Parameters
    ----------
    sizes
        Paper B's, paper C's, and ten times that.
    crew
        Who runs it.
    progress
        Told how far it is.
    """
    small, middle, large = sizes
    course = Course(progress)

    def block(size: Size, names: Iterable[str], part: float, *, shifted: bool) -> Block:
        comparison = Comparison(
            size.functions, optimizers(names, size.population), size.runs, size.dimension, size.iterations, shifted=shifted
        )  # fmt: skip
        by_iterations = carried_out(comparison, crew, course.part(0.65 * part))
        by_evaluations = at_equal_evaluations(by_iterations, size.evaluations, crew, course.part(0.35 * part))
        return Block(size, by_iterations, by_evaluations)

    def readings(*, shifted: bool) -> Compared:
        comparison = Comparison(
            small.functions, optimizers(READINGS, small.population), small.runs, small.dimension, small.iterations,
            shifted=shifted,
        )  # fmt: skip
        return carried_out(comparison, crew, course.part(0.04))

    return StudyRuns(
        origin=block(small, ALL, 0.15, shifted=False),
        shifted=block(small, ALL, 0.15, shifted=True),
        readings_origin=readings(shifted=False),
        readings_shifted=readings(shifted=True),
        middle=block(middle, PAPER_C, 0.27, shifted=True),
        large=block(large, PAPER_C, 0.35, shifted=True),
    )


def carried_out(comparison: Comparison, crew: Crew, progress: Progress) -> Compared:
    """Carry out a comparison with a crew that others use too."""
    return Compared(comparison, tuple(as_they_finish(comparison, crew, progress)))


def at_equal_evaluations(compared: Compared, evaluations: int, crew: Crew, progress: Progress) -> Compared:
    """Return the comparison at equal evaluations; optimisers that had just these keep their runs."""
    different = {s.optimizer for s in compared.searched if s.evaluations != evaluations}
    again: Mapping[str, Minimizer[Any, Any]] = {
        name: optimizer for name, optimizer in compared.comparison.optimizers.items() if name in different
    }
    whole = replace(compared.comparison, iterations=None, evaluations=evaluations)
    rerun = carried_out(replace(whole, optimizers=again), crew, progress)
    kept = [s for s in compared.searched if s.optimizer not in different]
    return Compared(whole, (*kept, *rerun.searched))
