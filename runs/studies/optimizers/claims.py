"""What papers B and C claim of their optimisers, each held against these runs; numbered as in part D of the rebuilt equations."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import pandas as pd

from runs.optimizing.comparison import Compared, label
from runs.optimizing.tables import convergence, mann_whitney, table4
from runs.studies.claim import Claim, Outcome, claim, graded
from runs.studies.optimizers.cases import PAPER_B, READINGS, Block, StudyRuns

BEST_ON: Final = ("F1", "F2", "F5")
"""The functions on which paper B has IGEO the best."""

UNCOUNTED: Final = "F6-smooth"
"""F6 but for the floor: counted beside F6 it would count one function twice."""
_claim = partial(claim, __name__)


def claims(runs: StudyRuns) -> list[Claim]:
    """Hold every claim against the runs."""
    return [
        _best(runs.origin, "at the origin"),
        _best(runs.shifted, "shifted"),
        _better_than_geo(runs),
        _any_reading(runs),
        _fewest_iterations(runs.origin, "at the origin"),
        _fewest_iterations(runs.shifted, "shifted"),
        *(
            _acso(block, compared)
            for block in (runs.shifted, runs.middle, runs.large)
            for compared in (block.by_iterations, block.by_evaluations)
        ),
    ]


def _graded(holds: int, of: int) -> Outcome:
    return graded(holds == of, holds > 0)


def _best(block: Block, where: str) -> Claim:
    """Paper B's measure is the root mean square error (and the best run)."""
    table = table4(_of(block.by_iterations, PAPER_B))
    errors = []
    for function in BEST_ON:
        each = table[table.function == function].set_index("optimizer").rmse.sort_values()
        place, first = each.index.tolist().index("igeo") + 1, label(str(each.index[0]))
        figures = {"function": function, "place": place, "of": len(each), "first": first, "least": each.iloc[0]}
        errors.append({**figures, "igeo": each["igeo"], "geo": each["geo"]})
    holds = sum(error["place"] == 1 for error in errors)
    return _claim("best", _graded(holds, len(BEST_ON)), where=where, errors=errors)


def _better_than_geo(runs: StudyRuns) -> Claim:
    origin, shifted = (won(block.by_iterations, "igeo", "geo") for block in (runs.origin, runs.shifted))
    better = sum(wins > losses for wins, losses, _ in (origin, shifted))
    return _claim("better_than_geo", _graded(better, 2), origin=_text(origin), shifted=_text(shifted))


def _any_reading(runs: StudyRuns) -> Claim:
    readings = [name for name in READINGS if name != "geo"]
    both = [
        {name: won(each, name, "geo") for name in readings} for each in (runs.readings_origin, runs.readings_shifted)
    ]
    better = [[label(name) for name, (wins, losses, _) in each.items() if wins > losses] for each in both]
    return _claim(
        "any_reading",
        graded(bool(set(better[0]) & set(better[1])), bool(better[0] or better[1])),
        readings=len(readings),
        better=[", ".join(names) or "none" for names in better],
        most=[max(wins for wins, _, _ in each.values()) for each in both],
    )


def _fewest_iterations(block: Block, where: str) -> Claim:
    """Count iterations until the median reaches what that of GEO ends at, which paper B improves."""
    size, curves = block.size, convergence(block.by_iterations)
    counts = []
    for function in counted(size.functions):
        chosen = curves[curves.function == function]
        own = {name: chosen[chosen.optimizer == name] for name in PAPER_B}
        level = own["geo"]["median"].iloc[-1]
        there = {name: each.evaluations[each["median"] <= level] for name, each in own.items()}
        needed = {
            name: (int(each.iloc[0]) - size.population) // size.population for name, each in there.items() if len(each)
        }
        first = min(needed, key=lambda name: needed[name])
        figures = {"function": function, "igeo": needed.get("igeo", "never"), "geo": needed["geo"]}
        counts.append({**figures, "first": label(first), "least": needed[first], "holds": first == "igeo"})
    holds = sum(bool(count["holds"]) for count in counts)
    outcome = _graded(holds, len(counts))
    return _claim("fewest_iterations", outcome, where=where, counts=counts, holds=holds, functions=len(counts))


def _acso(block: Block, compared: Compared) -> Claim:
    rivals = ("pso", "apso", "cso", "cso 0.2")
    tests = {name: won(compared, "acso", name) for name in rivals}
    functions = len(counted(block.size.functions))
    return _claim(
        "acso",
        _graded(sum(wins > functions / 2 for wins, _, _ in tests.values()), len(rivals)),
        dimension=block.size.dimension,
        budget=compared.comparison.equal,
        against=", ".join(f"{_text(result)} against {label(name)}" for name, result in tests.items()),
        centred=_text(won(compared, "acso 0.2", "cso 0.2")),
    )


def counted(functions: Iterable[str]) -> list[str]:
    """Return the functions that count: all but `UNCOUNTED`."""
    return [name for name in functions if name != UNCOUNTED]


def won(compared: Compared, one: str, other: str) -> tuple[int, int, int]:
    """Return on how many functions that count one wins, loses and ties against another."""
    runs = _of(compared, (one, other))
    outcome = mann_whitney(runs[runs.function != UNCOUNTED]).query("optimizer == @one").outcome
    return tuple(int((outcome == each).sum()) for each in ("wins", "loses", "ties"))  # type: ignore[return-value]


def _text(result: tuple[int, int, int]) -> str:
    return "-".join(map(str, result))


def _of(compared: Compared, names: Sequence[str]) -> pd.DataFrame:
    runs = compared.table()
    return runs[runs.optimizer.isin(names)]
