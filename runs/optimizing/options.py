"""Options of ``evswarm optimize`` read as a comparison: names, ranges and budgets, every fault at once."""

from collections.abc import Mapping

from pydantic import ValidationError

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from environment.input_faults import Fault, nearest, raise_if_any
from runs.optimizing import DEFAULT_ITERATIONS
from runs.optimizing.comparison import Comparison
from runs.plural import counted
from runs.size import MEMBER_BYTES, PROCESS_BYTES, faults_of_memory

POPULATION_BYTES = 120
"""An entry of a search's history: a pair of numbers in a list."""

RUN_BYTES = 4000
"""A finished run: `runs.optimizing.comparison.POINTS` pairs of numbers, and its row."""

LEAST_DIMENSION = 2
"""Of F5, which sums over pairs of neighbours: with one coordinate it is 0 everywhere."""


def comparison_of(
    functions: str,
    optimizers: str,
    *,
    runs: int,
    dimension: int,
    population: int,
    iterations: int | None,
    evaluations: int | None,
    shifted: bool,
    seed: int,
) -> Comparison:
    """Return the comparison that the options of ``evswarm optimize`` ask for.

    Parameters
    ----------
    functions, optimizers
        Names or titles separated by commas, ranges ``F1..F6``, or "all", in small letters or capitals.
    runs, dimension, shifted, seed
        See `Comparison`.
    population
        Population of every optimiser.
    iterations, evaluations
        The one or the other; with neither, `DEFAULT_ITERATIONS`.

    Raises
    ------
    FaultyInputError
        With every fault.
    """
    faults: list[Fault] = []
    functions_by_title = {function.title: name for name, function in FUNCTIONS.items()}
    optimizers_by_title = {cls.title: name for name, cls in OPTIMIZERS.items()}
    chosen = _names("--functions", "function", functions, list(FUNCTIONS), functions_by_title, faults)
    named = _names("--optimizers", "optimizer", optimizers, list(OPTIMIZERS), optimizers_by_title, faults)
    if dimension < LEAST_DIMENSION and "F5" in chosen:
        faults.append(Fault("--dimension", None, "dimension", str(dimension), "at least 2: F5 needs a neighbour"))
    if iterations is not None and evaluations is not None:
        faults.append(Fault("--evaluations", None, "budget", "there beside --iterations", "one of the two"))
    if iterations is None and evaluations is None:
        iterations = DEFAULT_ITERATIONS
    ready = {}
    refused: dict[str, list[str]] = {}
    for name in named:
        cls = OPTIMIZERS[name]
        try:
            ready[name] = cls.of(population=population)
        except ValidationError as error:
            expected = "; ".join(fault["msg"] for fault in error.errors()).lower()
            refused.setdefault(expected, []).append(cls.title)
    if refused:
        expected = "; ".join(f"for {', '.join(titles)}: {text}" for text, titles in refused.items())
        faults.append(Fault("--population", None, "population", str(population), expected))
    raise_if_any(faults)
    return Comparison(tuple(chosen), ready, runs, dimension, iterations, evaluations, shifted, seed)


def faults_of_comparison(comparison: Comparison, workers: int, free: int | None = None) -> list[Fault]:
    """Return what of a comparison needs more memory than there is.

    Parameters
    ----------
    comparison
        What is asked for.
    workers
        Processes that carry it out; 1: this one.
    free
        Memory that can be taken [bytes]; none: what the system says.
    """
    crew = min(workers, comparison.total)
    population = max(optimizer.params.population for optimizer in comparison.optimizers.values())
    budget = comparison.iterations or -(-(comparison.evaluations or 0) // population)
    search = MEMBER_BYTES * population * comparison.dimension + POPULATION_BYTES * budget
    needed = search * crew + RUN_BYTES * comparison.total + PROCESS_BYTES * (crew > 1) * crew
    holds = f"{counted(comparison.total, 'run')}: {comparison.title}"
    wanted = ["fewer runs", "dimensions", "members", "iterations or workers"]
    return faults_of_memory("evswarm optimize", "size", holds, needed, wanted, free)


def _names(
    option: str, kind: str, text: str, known: list[str], titles: Mapping[str, str], faults: list[Fault]
) -> list[str]:
    """Return known names once each, in the order in which they are known, so that tables do not depend on how one asks."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        faults.append(Fault(option, None, kind, repr(text), f"one of {', '.join(known)}"))
    meant = {spelt.lower(): name for spelt, name in {**titles, **dict(zip(known, known, strict=True))}.items()}
    found: set[str] = set()
    for word in words:
        ends = [end.strip() for end in word.split("..")]
        if word.lower() == "all":
            found.update(known)
            continue
        unknown = [end for end in ends if end.lower() not in (*meant, "all")]
        faults += [Fault(option, None, kind, repr(end), nearest(end, [*known, "all"])) for end in unknown]
        if unknown:
            continue
        if len(ends) > 2 or "all" in map(str.lower, ends):
            expected = f"'all' alone, or a range such as {known[0]}..{known[-1]}"
            faults.append(Fault(option, None, kind, repr(word), expected))
            continue
        first, last = meant[ends[0].lower()], meant[ends[-1].lower()]
        between = known[known.index(first) : known.index(last) + 1]
        if not between:
            faults.append(Fault(option, None, kind, repr(word), f"{last}..{first}, the other way round"))
        found.update(between)
    return [name for name in known if name in found]
