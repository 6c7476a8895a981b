"""The optimisers' study: its runs once, then claims, tables, figures and a page from them."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from coordination.optimizers.functions import SHIFT
from runs.optimizing.comparison import Compared, crew_of, label
from runs.optimizing.tables import SIGNIFICANT, convergence, mann_whitney, ranks, table4, won_lost_tied
from runs.progress import Progress
from runs.studies.claim import Claim
from runs.studies.markdown import claims_table, markdown
from runs.studies.optimizers.cases import (
    LARGE,
    MIDDLE,
    PAPER_C_ITERATIONS,
    QUICK,
    READINGS,
    SMALL,
    Block,
    StudyRuns,
    study_runs,
)
from runs.studies.optimizers.claims import UNCOUNTED, claims, counted, won
from runs.studies.output import outcomes, write_figures, write_tables
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions

PICTURE = "woa_at_the_origin_and_shifted"


def run(folder: Path, asked: StudyOptions, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.optimizers.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    sizes = QUICK if asked.quick else (SMALL, MIDDLE, LARGE)
    with crew_of(1 if asked.quick else os.cpu_count() or 1) as crew:
        runs = study_runs(sizes, crew, lambda part: progress(0.95 * part))
    held = claims(runs)
    write_tables(folder, held, tables_of(runs))
    write_figures(folder, figures(runs), asked.figures)
    (folder / "optimizers.md").write_text(page(runs, held), encoding="utf-8")
    progress(1.0)
    return outcomes(held)


def tables_of(runs: StudyRuns) -> dict[str, pd.DataFrame]:
    """Return the tables of all comparisons by file name, one below the other."""
    compared = [each for block in runs.blocks for each in (block.by_iterations, block.by_evaluations)]

    def gathered(of: Callable[[Compared], pd.DataFrame], chosen: Sequence[Compared]) -> pd.DataFrame:
        return pd.concat([each.described(of(each)) for each in chosen], ignore_index=True)

    readings = (runs.readings_origin, runs.readings_shifted)
    return {
        "runs": gathered(Compared.table, [*compared, *readings]).drop_duplicates(
            ["dimension", "shifted", "equal", "function", "optimizer", "run"]
        ),
        "table4": gathered(lambda each: table4(each.table()), compared),
        "ranks": gathered(lambda each: ranks(each.table()), compared),
        "mann_whitney": gathered(lambda each: mann_whitney(each.table()), compared),
        "convergence": gathered(convergence, compared),
        "igeo_readings": gathered(lambda each: table4(each.table()), readings),
    }


def page(runs: StudyRuns, held: Iterable[Claim]) -> str:
    """Return the reproduction page as Markdown."""
    small, middle, large = runs.origin.size, runs.middle.size, runs.large.size
    return f"""<!-- Written by `make docs` from runs/studies/optimizers/; edit that instead. -->

# Swarm optimisers on test functions

Papers B and C each bring an optimiser of their own and show it ahead of others. Here those claims are held against the functions
F1-F6 of the 23-function set, which paper B runs (and calls CEC2005); F6 with the floor, as printed, and without, as often programmed.
All have their minimum of 0 at a known place: where the set has it, at or near the origin, and *shifted*: drawn anew for each run
from the middle {100 * SHIFT:.0f} % of the box, the same for all optimisers. Paper B's own problem, peak shaving, is on [its own page](paper_b.md);
paper C's, its stations, on [another](paper_c.md).

Nothing was tuned until a claim came true. Settings are those that the papers give, else those of the optimiser's authors; each
optimiser's file says which is which. But two rules of the rivals, PSO's at the bounds and the GA's tournaments, were chosen among
several on functions of this set, to be no worse than pymoo's ([how](../benchmarks.md)). "A-PSO" is only PSO with paper C's constants,
0.5 and 1.3: what makes it adaptive is lost. ACSO's equation is reconstructed (`coordination/optimizers/acso.py` says how).

{UNCOUNTED} is F6 but for the floor. It stands in the tables and in the average ranks, and is left out wherever functions are counted:
in the claims and in won-lost-tied. With the same sizes `evswarm optimize` gives the same numbers (not the variants "0.2" and "R2";
it counts every function that it is asked for).

## Claims

{claims_table(held)}

"Found" in C-8: ACSO wins on more than half of the functions against each of the four rivals; "partly", against some. "CSO" has
its authors' factor by dimension, "CSO 0.2" paper C's. Paper C's equation of ACSO has no pull of the swarm's centre, CSO's has;
"ACSO 0.2" is ours, to tell the second round from the missing centre. An iteration of ACSO evaluates as many points as two of CSO, so equal
iterations give ACSO twice as much to go by. In B-6 and B-5 all five evaluate the population once an iteration: equal iterations
are equal evaluations there. A win is p < {SIGNIFICANT:g} in a two-sided Mann-Whitney test of the runs, without correction for many
tests.

## Paper B's size: {_size(runs.origin)}

Optima where the set has them, {small.iterations} iterations:

{_table(runs.origin.by_iterations)}

Shifted, {small.iterations} iterations:

{_table(runs.shifted.by_iterations)}

rmse is the root mean square distance to the optimum; ms is processor time a run; rank is the average over functions of the rank by
median, 1 the best.

At {small.evaluations:,} evaluations instead, what evaluates another number an iteration goes further or less far; all else stays:

{_equal_evaluations(runs)}

Functions won-lost-tied at equal evaluations, row against column, shifted:

{_matrix(runs.shifted.by_evaluations)}

The same with optima where the set has them:

{_matrix(runs.origin.by_evaluations)}

## WOA and the origin

WOA measures from the origin (its step contains C x\\* with C drawn from 0 to 2), so it is drawn there. Where the optimum is there too,
{_unbeatable(runs.origin)}; where it is not:

{_woa(runs)}

![{PICTURE.replace("_", " ")}](../pictures/optimizers.png)

## Readings of IGEO

The formulas of IGEO's propensities are lost; three constants are known. R1 to R6 are readings of them (`coordination/optimizers/igeo.py`),
"linear" is GEO's own schedule with the chaotic start, "dimensions" runs the chaotic chain along dimensions instead of members.
Means over runs, and functions won-lost-tied against GEO.

At the origin:

{_readings(runs.readings_origin)}

Shifted:

{_readings(runs.readings_shifted)}

## Paper C's size: {_size(runs.middle)}

Shifted; medians over runs. {middle.iterations} iterations are {100 * middle.iterations / PAPER_C_ITERATIONS:.2g} % of paper C's {PAPER_C_ITERATIONS:,},
for time. At {middle.iterations} iterations:

{_medians(runs.middle.by_iterations)}

At {middle.evaluations:,} evaluations:

{_medians(runs.middle.by_evaluations)}

## Ten times that: {_size(runs.large)}

At {large.iterations} iterations:

{_medians(runs.large.by_iterations)}

At {large.evaluations:,} evaluations:

{_medians(runs.large.by_evaluations)}

{", ".join(large.functions)} only: F2 has a product over all coordinates, which is infinite almost everywhere at this dimension, and
the others were left out for time. With {large.runs} runs each, the least p that the test can give is just below {SIGNIFICANT:g}: a tie
here says little.
"""


def _size(block: Block) -> str:
    size = block.size
    return f"{size.dimension} dimensions, population {size.population}, {size.runs} runs"


def _table(compared: Compared) -> str:
    """Return Table 4: three rows an optimiser."""
    return markdown(pd.DataFrame(list(_rows(compared.table())), columns=_columns(compared)))


def _columns(compared: Compared) -> list[str]:
    return ["optimiser", "", *compared.comparison.functions, "evaluations", "ms", "rank"]


def _rows(runs: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    rank = ranks(runs).set_index("optimizer").average
    for name, own in table4(runs).groupby("optimizer", sort=False):
        beside = (f"{own.evaluations.mean():,.0f}", f"{1e3 * own.cpu_s.mean():.1f}", f"{rank[name]:.1f}")
        for figure in ("best", "mean", "rmse"):
            first = figure == "best"
            yield (
                label(str(name)) if first else "",
                figure,
                *map(_number, own[figure]),
                *(beside if first else ("",) * 3),
            )


def _equal_evaluations(runs: StudyRuns) -> str:
    """Return means and ranks of the optimisers that have other runs at equal evaluations."""
    rows = []
    for where, block in (("origin", runs.origin), ("shifted", runs.shifted)):
        for compared in (block.by_iterations, block.by_evaluations):
            table = compared.table()
            rank = ranks(table).set_index("optimizer").average
            for name, own in table4(table).groupby("optimizer", sort=False):
                if str(name).partition(" ")[0] in ("cso", "acso"):
                    means = map(_number, own["mean"])
                    rows.append((where, f"equal {compared.comparison.equal}", label(str(name)), *means,
                                 f"{own.evaluations.mean():,.0f}", f"{rank[name]:.1f}"))  # fmt: skip
    columns = ["optima", "budget", "mean of", *runs.origin.size.functions, "evaluations", "rank of all"]
    return markdown(pd.DataFrame(rows, columns=columns))


def _matrix(compared: Compared) -> str:
    runs = compared.table()
    text = won_lost_tied(mann_whitney(runs[runs.function != UNCOUNTED])).rename(index=label, columns=label)
    return markdown(text.rename_axis(None, axis=1).rename_axis("").reset_index())


def _unbeatable(block: Block) -> str:
    """Say on which functions WOA is first."""
    rank = ranks(block.by_evaluations.table()).set_index("optimizer")
    behind = [name for name in block.size.functions if rank[name]["woa"] > rank[name].min()]
    if len(behind) == len(block.size.functions):
        return "it is first on none"
    return f"it looks unbeatable on all{' but ' + ', '.join(behind) if behind else ''}"


def _woa(runs: StudyRuns) -> str:
    rows = []
    blocks = {"at the origin": runs.origin, "shifted": runs.shifted}
    for where, block in blocks.items():
        table = block.by_evaluations.table()
        each = table[table.optimizer == "woa"]
        means = map(_number, table4(each)["mean"])
        rows.append((f"mean, {where}", *means, ""))
        rank = ranks(table).set_index("optimizer").loc["woa"]
        rows.append((f"rank of {table.optimizer.nunique()}, {where}", *(f"{value:g}" for value in rank.iloc[:-1]),
                     f"{rank['average']:.1f}"))  # fmt: skip
    won_of = {
        where: f"{sum(won(block.by_evaluations, 'woa', str(other))[0] for other in _others(block))} of "
        f"{len(_others(block)) * len(counted(block.size.functions))}"
        for where, block in blocks.items()
    }
    shown = markdown(pd.DataFrame(rows, columns=["WOA", *runs.origin.size.functions, "average"]))
    without = f", {UNCOUNTED} left out" if UNCOUNTED in runs.origin.size.functions else ""
    said = ", ".join(f"{count} {where}" for where, count in won_of.items())
    return f"{shown}\n\nWon of all tests against the others{without}: {said}."


def _others(block: Block) -> list[str]:
    return [name for name in block.by_evaluations.comparison.optimizers if name != "woa"]


def _readings(compared: Compared) -> str:
    table = table4(compared.table())
    rows = []
    for name, own in table.groupby("optimizer", sort=False):
        against = "" if name == "geo" else "-".join(map(str, won(compared, str(name), "geo")))
        title = "IGEO R1 (the default)" if name == "igeo" else label(str(name))
        rows.append((title, *map(_number, own["mean"]), against))
    assert len(rows) == len(READINGS)
    return markdown(pd.DataFrame(rows, columns=["reading", *compared.comparison.functions, "against GEO"]))


def _medians(compared: Compared) -> str:
    table = table4(compared.table())
    rows = [
        (label(str(name)), *map(_number, own["median"]), f"{own.evaluations.mean():,.0f}", f"{own.cpu_s.mean():.2f}")
        for name, own in table.groupby("optimizer", sort=False)
    ]
    return markdown(pd.DataFrame(rows, columns=["optimiser", *compared.comparison.functions, "evaluations", "s a run"]))


def _number(value: float) -> str:
    return f"{value:.2e}"
