"""Paper C's tables with our numbers: what the paper printed in Tables 3 to 5 is lost but for a few numbers."""

from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from runs.optimizing.tables import mann_whitney
from runs.stations.summary import COSTS
from runs.studies.paper_c.cases import RIVALS, VARIANTS, PaperRuns, days_of
from runs.studies.paper_c.work import TIME_YUAN_PER_H

BUDGETS: Final = {"iterations": "fun_iterations", "evaluations": "fun"}
"""What searches have the same number of, and the column of the fitness that they have then."""
KWH_A_MWH: Final = 1000.0
DAYS_A_YEAR: Final = 365
HOURS_A_YEAR: Final = 24 * DAYS_A_YEAR
SUMMED: Final = (
    "losses_kwh", "coefficient_losses_kwh", "cost_yuan", "discount_yuan", "drawn_kwh", "served_kwh", "unserved_kwh", *(f"{name}_cost_yuan" for name in COSTS),
)  # fmt: skip
"""Figures of a day that are scaled to the month and to the year."""
TRIGGERED: Final = (
    "unserved_kwh", "cut_kwh", "waiting_visits", "shifted_visits", "wait_mean_min", "wait_max_min", "queue_max", "peak_kw",
    "losses_kwh", "voltage_min_pu", "voltage_deviation_max_pu", "cost_yuan", "discount_yuan", "satisfaction_mean", "feasible_slots",
    "slots", "emergency_unstruck_slots", "storage_charged_kwh", "storage_discharged_kwh", "lent_kwh",
)  # fmt: skip
WEIGHED: Final = (
    "slots", "believed_slots", "feasible_slots", "voltage_broken_slots", "outside_pu", "voltage_deviation_max_pu",
    "voltage_swing_max_pu", "losses_kwh", "coefficient_losses_kwh", "cost_yuan", "peak_kw", "satisfaction_mean",
)  # fmt: skip


def rows_of(table: pd.DataFrame, key: str) -> dict[Any, dict[str, Any]]:
    """Return the rows of a table by the value of a column that no two share."""
    return {row[key]: row for row in table.to_dict("records")}  # type: ignore[misc]


def tables(runs: PaperRuns) -> dict[str, pd.DataFrame]:
    """Return every table by file name without its ending."""
    return {
        "convergence": convergence(runs),
        "tests": tests(runs),
        "paired": paired(runs),
        "taps": taps(runs),
        "months": months(runs),
        "years": years(runs),
        "voltages": voltages(runs),
        "triggers": triggers(runs),
        "voltage_weight": weights(runs),
        "time_cost": shares(runs.priced),
        "searches": runs.searches,
        "days": runs.days,
        "trigger_days": runs.triggers,
    }


def convergence(runs: PaperRuns) -> pd.DataFrame:
    """Return what searches of one slot ended at.

    Returns
    -------
    DataFrame
        ``optimizer equal shots evaluations median low high feasible``: a row an optimiser and budget; quartiles over shots, and how
        many ended within all limits.
    """
    rows = []
    for equal, column in BUDGETS.items():
        flag = "feasible_iterations" if equal == "iterations" else "feasible"
        for name, each in runs.searches.groupby("optimizer", sort=False):
            low, median, high = np.quantile(each[column], [0.25, 0.5, 0.75], method="inverted_cdf")
            half = equal == "iterations" and str(name).startswith("cso")
            size = runs.size
            evaluations = size.population + size.population // 2 * size.iterations if half else size.evaluations
            rows.append((name, equal, len(each), evaluations, median, low, high, int(each[flag].sum())))
    columns = ["optimizer", "equal", "shots", "evaluations", "median", "low", "high", "feasible"]
    return pd.DataFrame(rows, columns=columns)


def tests(runs: PaperRuns) -> pd.DataFrame:
    """Return the two-sided Mann-Whitney test of every pair at both budgets: see `runs.optimizing.tables.mann_whitney`."""
    found = [
        mann_whitney(runs.searches.assign(function=f"equal {equal}", fun=runs.searches[column]))
        for equal, column in BUDGETS.items()
    ]
    return pd.concat(found, ignore_index=True).rename(columns={"function": "budget"})


def paired(runs: PaperRuns) -> pd.DataFrame:
    """Return Wilcoxon's signed-rank test of ACSO against each rival, paired by shot, at both budgets.

    Returns
    -------
    DataFrame
        ``equal other shots lower median_difference p``: shots in which ACSO ends lower, and the median of ACSO less the other.
    """
    rows = []
    for equal, column in BUDGETS.items():
        ended = runs.searches.pivot_table(index="shot", columns="optimizer", values=column)
        for other in RIVALS:
            less = (ended["acso"] - ended[other]).to_numpy()
            p = float(stats.wilcoxon(less).pvalue) if less.any() else 1.0
            rows.append((equal, other, len(less), int((less < 0).sum()), float(np.median(less)), p))
    return pd.DataFrame(rows, columns=["equal", "other", "shots", "lower", "median_difference", "p"])


def taps(runs: PaperRuns) -> pd.DataFrame:
    """Return the means over shots of what ACSO sets taps for, and what comes of it: columns as `PaperRuns.taps`, no shot."""
    return runs.taps.groupby("iterations", sort=False).mean().drop(columns="shot").reset_index()


def months(runs: PaperRuns) -> pd.DataFrame:
    """Return the sums of each month: the mean of its days that were run, times its days.

    Returns
    -------
    DataFrame
        ``variant month`` and `SUMMED`; losses in MWh by ``losses_mwh`` and ``coefficient_losses_mwh`` beside them.
    """
    mean = runs.days.groupby(["variant", "month"], sort=False)[list(SUMMED)].mean().reset_index()
    length = mean.month.map(days_of)
    return with_mwh(mean.assign(**{name: mean[name] * length for name in SUMMED}))


def with_mwh(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its losses in MWh beside those in kWh."""
    return table.assign(
        losses_mwh=table.losses_kwh / KWH_A_MWH, coefficient_losses_mwh=table.coefficient_losses_kwh / KWH_A_MWH
    )


def years(runs: PaperRuns) -> pd.DataFrame:
    """Return the sums of the year by way of scheduling, and each as a part of those before scheduling.

    Where months were left out, the others stand for them.

    Returns
    -------
    DataFrame
        ``variant``, `SUMMED`, losses in MWh, ``time_cost_share``, and ``<figure>_change``, the difference to before as a part of it.
    """
    by_month = months(runs)
    scale = DAYS_A_YEAR / sum(days_of(month) for month in runs.size.months)
    total = by_month.groupby("variant", sort=False)[list(SUMMED)].sum().loc[list(VARIANTS)].mul(scale)
    total["paid_yuan"] = total.cost_yuan + total.discount_yuan
    compared = ("losses_kwh", "coefficient_losses_kwh", "cost_yuan", "paid_yuan", "drawn_kwh")
    changes = {f"{name}_change": total[name] / float(total[name].iloc[0]) - 1 for name in compared}
    shares = {f"{name}_cost_share": total[f"{name}_cost_yuan"] / total.cost_yuan for name in COSTS}
    return with_mwh(total.assign(**changes, **shares).reset_index())


def voltages(runs: PaperRuns) -> pd.DataFrame:
    """Return what power flows of the year's days say of voltages.

    Returns
    -------
    DataFrame
        ``variant days slots believed_slots feasible_slots voltage_broken_slots outside_pu voltage_min_pu voltage_max_pu
        voltage_deviation_max_pu voltage_swing_max_pu peak_kw``: slots summed over days (believed: within limits by what the search went
        by), the farthest outside the band of all days, and means over days of the rest.
    """
    sums = ["slots", "believed_slots", "feasible_slots", "voltage_broken_slots"]
    means = ["voltage_min_pu", "voltage_max_pu", "voltage_deviation_max_pu", "voltage_swing_max_pu", "peak_kw"]
    grouped = runs.days.groupby("variant", sort=False)
    return (
        pd.concat(
            [grouped.size().rename("days"), grouped[sums].sum(), grouped.outside_pu.max(), grouped[means].mean()],
            axis=1,
        )
        .loc[list(VARIANTS)]
        .rename_axis("variant")
        .reset_index()
    )


def triggers(runs: PaperRuns) -> pd.DataFrame:
    """Return the means over seeds of days with events by which triggers are on: ``triggers`` and `TRIGGERED`."""
    return runs.triggers.groupby("triggers", sort=False)[list(TRIGGERED)].mean().reset_index()


def weights(runs: PaperRuns) -> pd.DataFrame:
    """Return the means over some days by what searches go by, how long, and the weight of the voltage."""
    keys = ["searched_by", "population", "iterations", "weight"]
    return runs.some.groupby(keys, sort=False)[list(WEIGHED)].mean().reset_index()


def shares(days: pd.DataFrame) -> pd.DataFrame:
    """Return each cost's share of all by way of scheduling: ``variant cost_yuan`` and ``<name>_share``."""
    names = [f"{name}_cost_yuan" for name in COSTS]
    total = days.groupby("variant", sort=False)[["cost_yuan", *names]].sum()
    return total.assign(
        **{f"{name}_share": total[f"{name}_cost_yuan"] / total.cost_yuan for name in COSTS}
    ).reset_index()


def recalculated_share(runs: PaperRuns, variant: str) -> float:
    """Return the share of the time cost at the calibrated price, its schedules as they were found at the usual one."""
    row = rows_of(years(runs), "variant")[variant]
    time = row["time_cost_yuan"] * runs.time_yuan_per_h / TIME_YUAN_PER_H
    return float(time / (row["cost_yuan"] - row["time_cost_yuan"] + time))
