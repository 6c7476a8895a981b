"""What papers B and C claim of their optimisers, each held against these runs; numbered as in part D of the rebuilt equations."""

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd

from runs.optimizing.comparison import Compared, label
from runs.optimizing.tables import convergence, mann_whitney, table4
from runs.studies.claim import Claim, Outcome
from runs.studies.optimizers.cases import PAPER_B, READINGS, Block, StudyRuns

BEST_ON: Final = ("F1", "F2", "F5")
"""The functions on which paper B has IGEO the best."""

UNCOUNTED: Final = "F6-smooth"
"""F6 but for the floor: counted beside F6 it would count one function twice."""


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
    return "found" if holds == of else "partly found" if holds else "not found"


def _best(block: Block, where: str) -> Claim:
    """Paper B's measure is the root mean square error (and the best run)."""
    table = table4(_of(block.by_iterations, PAPER_B))
    evidence, holds = [], 0
    for function in BEST_ON:
        each = table[table.function == function].set_index("optimizer").rmse.sort_values()
        place = each.index.tolist().index("igeo") + 1
        holds += place == 1
        evidence.append(
            f"{function} IGEO {each['igeo']:.2e}, place {place} of {len(each)} (GEO {each['geo']:.2e}; first "
            f"{label(str(each.index[0]))} {each.iloc[0]:.2e})"
        )
    return Claim(
        "B-6",
        f"IGEO is the best of IGEO, GEO, PSO, WOA and GA on F1, F2 and F5 (Table 4); optima {where}",
        _graded(holds, len(BEST_ON)),
        "RMSE: " + "; ".join(evidence),
    )


def _better_than_geo(runs: StudyRuns) -> Claim:
    both = [won(block.by_iterations, "igeo", "geo") for block in (runs.origin, runs.shifted)]
    better = sum(wins > losses for wins, losses, _ in both)
    return Claim(
        "B-6",
        "IGEO improves on GEO",
        _graded(better, len(both)),
        f"functions won-lost-tied against GEO: {_text(both[0])} at the origin, {_text(both[1])} shifted",
    )


def _any_reading(runs: StudyRuns) -> Claim:
    readings = [name for name in READINGS if name != "geo"]
    both = [
        {name: won(each, name, "geo") for name in readings} for each in (runs.readings_origin, runs.readings_shifted)
    ]
    better = [[label(name) for name, (wins, losses, _) in each.items() if wins > losses] for each in both]
    most = [max(wins for wins, _, _ in each.values()) for each in both]
    return Claim(
        "B-6",
        "some reading of the lost schedule, or the chaotic start alone, improves on GEO (ours to ask)",
        "found" if set(better[0]) & set(better[1]) else "partly found" if better[0] or better[1] else "not found",
        f"of {len(readings)} readings these win more functions than they lose: {', '.join(better[0]) or 'none'} at the origin, "
        f"{', '.join(better[1]) or 'none'} shifted; the most functions that any wins: {most[0]} and {most[1]}",
    )


def _fewest_iterations(block: Block, where: str) -> Claim:
    """Count iterations until the median reaches what that of GEO ends at, which paper B improves."""
    size = block.size
    curves = convergence(block.by_iterations)
    evidence, holds = [], 0
    functions = counted(size.functions)
    for function in functions:
        chosen = curves[curves.function == function]
        own = {name: chosen[chosen.optimizer == name] for name in PAPER_B}
        level = own["geo"]["median"].iloc[-1]
        needed = {}
        for name, each in own.items():
            there = each.evaluations[each["median"] <= level]
            if len(there):
                needed[name] = (int(there.iloc[0]) - size.population) // size.population
        first = min(needed, key=lambda name: needed[name])
        holds += first == "igeo"
        evidence.append(
            f"{function} IGEO {needed.get('igeo', 'never')}, GEO {needed['geo']}, first {label(first)} {needed[first]}"
        )
    return Claim(
        "B-5",
        f"IGEO needs the fewest iterations (on these functions; the paper's own problem is on its own page); optima {where}",
        _graded(holds, len(functions)),
        f"the fewest of the five on {holds} of {len(functions)} functions; iterations until the median reaches what GEO ends "
        f"at: {'; '.join(evidence)}",
    )


def _acso(block: Block, compared: Compared) -> Claim:
    rivals = ("pso", "apso", "cso", "cso 0.2")
    tests = {name: won(compared, "acso", name) for name in rivals}
    functions = len(counted(block.size.functions))
    beaten = sum(wins > functions / 2 for wins, _, _ in tests.values())
    budget = compared.comparison.equal
    return Claim(
        "C-8",
        f"ACSO converges better than PSO, A-PSO and CSO; {block.size.dimension} dimensions, equal {budget}",
        _graded(beaten, len(rivals)),
        "functions won-lost-tied: "
        + ", ".join(f"{_text(tests[name])} against {label(name)}" for name in rivals)
        + f"; with the centre too, ACSO 0.2 {_text(won(compared, 'acso 0.2', 'cso 0.2'))} against CSO 0.2",
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
