"""Figures of the optimisers' study: convergence at every size, and what shifting the optimum does to WOA."""

from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from coordination.optimizers import FUNCTIONS
from runs.drawing import heading, legend_below, panels
from runs.optimizing.figures import convergence, finish, line, looks
from runs.optimizing.tables import convergence as curves_of
from runs.studies.optimizers.cases import Block, StudyRuns

SHOWN: Final = ("F1", "F5")


def figures(runs: StudyRuns) -> dict[str, Figure]:
    """Draw every figure; return them by file name without its ending."""
    drawn = {"woa_at_the_origin_and_shifted": origin_against_shifted(runs.origin, runs.shifted)}
    names = ("convergence_30_origin", "convergence_30_shifted", "convergence_228_shifted", "convergence_2280_shifted")
    for name, block in zip(names, runs.blocks, strict=True):
        compared = block.by_evaluations
        drawn[name] = convergence(curves_of(compared), compared.comparison.title)
    return drawn


def origin_against_shifted(origin: Block, shifted: Block) -> Figure:
    """Draw convergence with optima where the set has them (left) and shifted (right); WOA is the thick line."""
    titles = [
        f"{name}, {FUNCTIONS[name].title}, optimum {where}"
        for name in SHOWN
        for where in ("where the set has it", "shifted")
    ]
    figure, drawn = panels(titles, 7.0, nrows=len(SHOWN), ncols=2, sharex=True, sharey="row")
    tables = [curves_of(block.by_evaluations) for block in (origin, shifted)]
    looked = looks(tables[0].optimizer.unique())
    for k, function in enumerate(SHOWN):
        for j, table in enumerate(tables):
            axes = drawn[2 * k + j]
            each: pd.DataFrame
            for name, each in table[table.function == function].groupby("optimizer", sort=False):
                line(axes, each, looked[str(name)], width=3.2 if name == "woa" else 1.2)
            if k == len(SHOWN) - 1:
                axes.set_xlabel("evaluations")
        finish(*drawn[2 * k : 2 * k + 2])
        drawn[2 * k].set_ylabel("best fitness, median")
    legend_below(figure, drawn[0], columns=6)
    heading(figure, "WOA is drawn to the origin: its lead is gone where the optimum lies elsewhere")
    return figure
