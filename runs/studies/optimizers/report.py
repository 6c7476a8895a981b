"""The optimisers' study: its runs once, then claims, tables, figures and a page from them."""

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from coordination.optimizers.functions import SHIFT
from runs.optimizing.comparison import Compared, crew_of, label
from runs.optimizing.tables import SIGNIFICANT, mann_whitney, ranks, table4, tables, won_lost_tied
from runs.progress import Progress
from runs.studies.claim import Claim, claims_table
from runs.studies.optimizers.cases import LARGE, MIDDLE, PAPER_C_ITERATIONS, QUICK, SMALL, Block, StudyRuns, study_runs
from runs.studies.optimizers.claims import UNCOUNTED, claims, counted, won
from runs.studies.output import write_study
from runs.studies.parts import Parts
from runs.studies.study import StudyOptions
from runs.studies.templates import filled, markdown


def run(folder: Path, options: StudyOptions, progress: Progress, _parts: Parts) -> str:
    """Write everything; see `runs.studies.study.Run`."""
    from runs.studies.optimizers.figures import figures  # noqa: PLC0415  (matplotlib only where a figure is drawn)

    sizes = QUICK if options.quick else (SMALL, MIDDLE, LARGE)
    with crew_of(1 if options.quick else os.cpu_count() or 1) as crew:
        runs = study_runs(sizes, crew, lambda part: progress(0.95 * part))
    held = claims(runs)
    text = page(runs, held)
    return write_study(folder, held, tables_of(runs), figures(runs), options.figures, {"optimizers.md": text}, progress)


def tables_of(runs: StudyRuns) -> dict[str, pd.DataFrame]:
    """Return the tables of all comparisons by file name, one below the other."""
    compared = [each for block in runs.blocks for each in (block.by_iterations, block.by_evaluations)]
    readings = [tables(each) for each in (runs.readings_origin, runs.readings_shifted)]
    each_by_name = [tables(each) for each in compared]
    gathered = {name: pd.concat([each[name] for each in each_by_name], ignore_index=True) for name in each_by_name[0]}
    key = ["dimension", "shifted", "equal", "function", "optimizer", "run"]
    all_runs = pd.concat([gathered["runs"], *(each["runs"] for each in readings)], ignore_index=True)
    table4_of_readings = pd.concat([each["table4"] for each in readings], ignore_index=True)
    return {**gathered, "runs": all_runs.drop_duplicates(key), "igeo_readings": table4_of_readings}


def page(runs: StudyRuns, held: Iterable[Claim]) -> str:
    """Return the reproduction page as Markdown."""
    origin, shifted = runs.origin, runs.shifted
    small, middle, large = origin.size, runs.middle.size, runs.large.size
    return filled(
        __name__,
        "page.md",
        shift=SHIFT,
        uncounted=UNCOUNTED,
        claims=claims_table(held),
        significant=SIGNIFICANT,
        small=small,
        middle=middle,
        large=large,
        origin=_table(origin.by_iterations),
        shifted=_table(shifted.by_iterations),
        equal_evaluations=_equal_evaluations(runs),
        won_shifted=_matrix(shifted.by_evaluations),
        won_at_the_origin=_matrix(origin.by_evaluations),
        unbeatable=_unbeatable(origin),
        woa=_woa(runs),
        woa_won={"origin": _woa_won(origin), "shifted": _woa_won(shifted)},
        uncounted_too=f", {UNCOUNTED} left out" if UNCOUNTED in small.functions else "",
        readings_origin=_readings(runs.readings_origin),
        readings_shifted=_readings(runs.readings_shifted),
        part_of_paper_c=middle.iterations / PAPER_C_ITERATIONS,
        paper_c_iterations=PAPER_C_ITERATIONS,
        middle_by_iterations=_medians(runs.middle.by_iterations),
        middle_by_evaluations=_medians(runs.middle.by_evaluations),
        large_by_iterations=_medians(runs.large.by_iterations),
        large_by_evaluations=_medians(runs.large.by_evaluations),
        large_functions=", ".join(large.functions),
    )


def _table(compared: Compared) -> str:
    """Return Table 4: three rows an optimiser."""
    runs, rows = compared.table(), []
    rank = ranks(runs).set_index("optimizer").average
    for name, own in table4(runs).groupby("optimizer", sort=False):
        beside = (f"{own.evaluations.mean():,.0f}", f"{1e3 * own.cpu_s.mean():.1f}", f"{rank[name]:.1f}")
        rows.append((label(str(name)), "best", *map(_number, own["best"]), *beside))
        rows += [("", figure, *map(_number, own[figure]), "", "", "") for figure in ("mean", "rmse")]
    columns = ["optimiser", "", *compared.comparison.functions, "evaluations", "ms", "rank"]
    return markdown(pd.DataFrame(rows, columns=columns))


def _equal_evaluations(runs: StudyRuns) -> str:
    """Return means and ranks of the optimisers that have other runs at equal evaluations."""
    rows = []
    for where, block in (("origin", runs.origin), ("shifted", runs.shifted)):
        for compared in (block.by_iterations, block.by_evaluations):
            table = compared.table()
            rank = ranks(table).set_index("optimizer").average
            for name, own in table4(table).groupby("optimizer", sort=False):
                if str(name).partition(" ")[0] in ("cso", "acso"):
                    budget, evaluations = f"equal {compared.comparison.equal}", f"{own.evaluations.mean():,.0f}"
                    means = map(_number, own["mean"])
                    rows.append((where, budget, label(str(name)), *means, evaluations, f"{rank[name]:.1f}"))
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
    """Return means and ranks of WOA."""
    rows = []
    for where, block in (("at the origin", runs.origin), ("shifted", runs.shifted)):
        table = block.by_evaluations.table()
        means = table4(table[table.optimizer == "woa"])["mean"]
        rank = ranks(table).set_index("optimizer").loc["woa"]
        placed = [f"{value:g}" for value in rank.iloc[:-1]]
        rows.append((f"mean, {where}", *map(_number, means), ""))
        rows.append((f"rank of {table.optimizer.nunique()}, {where}", *placed, f"{rank['average']:.1f}"))
    return markdown(pd.DataFrame(rows, columns=["WOA", *runs.origin.size.functions, "average"]))


def _woa_won(block: Block) -> str:
    """Say how many tests against others WOA wins."""
    others = [name for name in block.by_evaluations.comparison.optimizers if name != "woa"]
    wins = sum(won(block.by_evaluations, "woa", other)[0] for other in others)
    return f"{wins} of {len(others) * len(counted(block.size.functions))}"


def _readings(compared: Compared) -> str:
    table = table4(compared.table())
    rows = []
    for name, own in table.groupby("optimizer", sort=False):
        against = "" if name == "geo" else "-".join(map(str, won(compared, str(name), "geo")))
        title = "IGEO R1 (the default)" if name == "igeo" else label(str(name))
        rows.append((title, *map(_number, own["mean"]), against))
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
