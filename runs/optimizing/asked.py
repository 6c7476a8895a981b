"""What ``evswarm optimize`` is asked for: names, ranges and budgets, every fault at once."""

from pydantic import ValidationError

from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.functions import FUNCTIONS
from environment.faults import Fault, nearest, raise_if_any
from runs.optimizing.comparison import Comparison

DEFAULT_ITERATIONS = 100


def asked(
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
    """Return the comparison that is asked for.

    Parameters
    ----------
    functions, optimizers
        Names separated by commas, ranges ``F1..F6``, or "all".
    runs, dimension, shifted, seed
        See `Comparison`.
    population
        Of every optimiser.
    iterations, evaluations
        The one or the other; with neither, `DEFAULT_ITERATIONS`.

    Raises
    ------
    FaultyInputError
        With every fault.
    """
    faults: list[Fault] = []
    chosen = _names("--functions", "function", functions, list(FUNCTIONS), faults)
    named = _names("--optimizers", "optimizer", optimizers, list(OPTIMIZERS), faults)
    if iterations is not None and evaluations is not None:
        faults.append(Fault("--evaluations", None, "budget", "there beside --iterations", "one of the two"))
    if iterations is None and evaluations is None:
        iterations = DEFAULT_ITERATIONS
    ready = {}
    for name in named:
        cls = OPTIMIZERS[name]
        try:
            ready[name] = cls(cls.params_class(population=population))
        except ValidationError as error:
            expected = "; ".join(fault["msg"] for fault in error.errors()).lower()
            faults.append(Fault("--population", None, "population", str(population), f"for {cls.title}: {expected}"))
    raise_if_any(faults)
    return Comparison(tuple(chosen), ready, runs, dimension, iterations, evaluations, shifted, seed)


def _names(option: str, kind: str, text: str, known: list[str], faults: list[Fault]) -> list[str]:
    """Return known names once each, in the order in which they are known, so that tables do not depend on how one asks."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        faults.append(Fault(option, None, kind, repr(text), f"one of {', '.join(known)}"))
    found: set[str] = set()
    for word in words:
        ends = [end.strip() for end in word.split("..")]
        unknown = [end for end in ends if end not in known and word != "all"]
        faults += [Fault(option, None, kind, repr(end), nearest(end, [*known, "all"])) for end in unknown]
        if word == "all":
            found.update(known)
        elif not unknown:
            between = known[known.index(ends[0]) : known.index(ends[-1]) + 1]
            if not between or len(ends) > 2:
                faults.append(Fault(option, None, kind, repr(word), f"a range such as {known[0]}..{known[-1]}"))
            found.update(between)
    return [name for name in known if name in found]
