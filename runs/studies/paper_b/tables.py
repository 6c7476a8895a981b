"""Paper B's tables with our numbers: what the paper printed in Tables 2, 3 and 5 is lost."""

from typing import Any, Final

import pandas as pd

from coordination.peak_shaving.power_sharing import TACTICS
from runs.studies.paper_b.cases import EXACT, NOTHING, READINGS, SOC_SAME, PaperRuns

SAYS: Final = {"daily": "N(t) from habits", "always": "300 always"}
NAMES: Final = {
    "igeo": "IGEO", "geo": "GEO", "pso": "PSO", "woa": "WOA", "ga": "GA", "cso": "CSO", "acso": "ACSO",
    EXACT: "exact optimum", NOTHING: "doing nothing", "difference": "exact optimum, difference alone",
}  # fmt: skip
ONCE: Final = " (not repeatable)"
"""Marks years of a day that cannot follow itself."""
FIGURES: Final = (
    "fitness", "gap", "rate", "difference_kw", "owner_profit_yuan", "soc_end", "evaluations", "settled_evaluations",
)  # fmt: skip
NOTICEABLE: Final = 1e-3
"""Differences of F below this count as none."""
LOSSES: Final = ("mean", "p95", "max")
KEPT: Final = (
    "kwh_a_day", "deviation_max_kw", "soc_std_before", "soc_std_after", "soc_start", "soc_end", "floor_share", "delivered_share",
)  # fmt: skip
"""Means over seeds that Table 5 takes as they are."""


def tables(runs: PaperRuns) -> dict[str, pd.DataFrame]:
    """Return every table by file name without its ending."""
    found = {"horizons": runs.horizons}
    if not runs.signals.empty:
        found = {
            "table3_algorithms": algorithms(runs),
            "table5_tactics": tactics(runs),
            "load_scales": runs.scales,
            "functions": runs.functions,
            "searches": runs.signals,
            "tactic_runs": runs.tactics,
            **found,
        }
    return found


def where(table: pd.DataFrame, **values: object) -> pd.DataFrame:
    """Return the rows of a table whose columns have these values."""
    chosen = table
    for name, value in values.items():
        chosen = chosen[chosen[name] == value]
    return chosen


def named(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table in which N(t) and signals have the names that pages give them."""
    return table.assign(stays=table.stays.map(SAYS), signal=table.signal.map(NAMES))


def algorithms(runs: PaperRuns) -> pd.DataFrame:
    """Table 3: what each algorithm's signal does; mean, least and most over seeds whose signal breaks nothing.

    Returns
    -------
    DataFrame
        ``tariff stays budget optimizer figure feasible_share worse_than_nothing_share mean min max``.
    """
    rows = []
    keys = ["tariff", "stays", "budget", "optimizer"]
    idle = where(runs.signals, optimizer=NOTHING)
    for key, each in runs.signals.groupby(keys, sort=False):
        tariff, stays, *_ = key
        nothing = where(idle, tariff=tariff, stays=stays).set_index("seed").fitness
        worse = (each.set_index("seed").fitness - nothing) > NOTICEABLE
        for name in FIGURES:
            values = each.loc[each.is_feasible, name]
            rows.append((*key, name, each.is_feasible.mean(), worse.mean(), values.mean(), values.min(), values.max()))
    return pd.DataFrame(
        rows, columns=[*keys, "figure", "feasible_share", "worse_than_nothing_share", "mean", "min", "max"]
    )


def tactics(runs: PaperRuns) -> pd.DataFrame:
    """Table 5: loss of life and years of service under each tactic, all with the same signals; mean over seeds.

    Returns
    -------
    DataFrame
        ``stays signal tactic reading loss_mean_percent loss_p95_percent loss_max_percent years_mean years_p95 years_max kwh_a_day
        deviation_max_kw soc_std_before soc_std_after soc_start soc_end floor_share delivered_share is_repeatable``: mean, 95th
        percentile and maximum over EVs; years are those of an EV with that loss, and stand for something only where the day can follow
        itself.
    """
    rows = []
    for (stays, signal, tactic), each in runs.tactics.groupby(["stays", "signal", "tactic"], sort=False):
        mean = each.drop(columns=["stays", "signal", "tactic"]).mean()
        rows += [
            {
                "stays": stays, "signal": signal, "tactic": TACTICS[str(tactic)].title, "reading": reading,
                **{f"loss_{name}_percent": mean[f"{reading}_loss_{name}"] for name in LOSSES},
                **{f"years_{name}": mean[f"{reading}_years_{name}"] for name in LOSSES},
                **{name: mean[name] for name in KEPT},
                "is_repeatable": is_repeatable(each),
            }
            for reading in READINGS
        ]  # fmt: skip
    return pd.DataFrame(rows)


def is_repeatable(followed: pd.DataFrame) -> bool:
    """Return whether the day can follow itself in these runs: the mean state of charge ends where it began."""
    return float((followed.soc_end - followed.soc_start).abs().mean()) <= SOC_SAME


def row_of(table: pd.DataFrame, **values: object) -> dict[str, Any]:
    """Return the one row of a table whose columns have these values."""
    (row,) = where(table, **values).to_dict("records")
    return {str(name): value for name, value in row.items()}


def ranked(values: pd.DataFrame) -> pd.Series:
    """Return the mean rank of each column, 1 the least; ties share their ranks."""
    ranks: pd.Series = values.rank(axis=1).mean()
    return ranks
