"""What runs of optimisers come to: paper B's Table 4, ranks, pairwise tests, convergence.

All take the table of `Compared.table` and keep its order of functions and optimisers.
"""

import itertools
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from runs.optimizing.comparison import Compared

type Outcome = Literal["wins", "loses", "ties"]

SIGNIFICANT: Final = 0.01
"""Two optimisers tie on a function unless the test's p is below this."""

GRID: Final = 101
"""Points of a convergence curve."""


def tables(compared: Compared) -> dict[str, pd.DataFrame]:
    """Return every table by name, each with what was run in front."""
    runs = compared.table()
    found = {
        "runs": runs,
        "table4": table4(runs),
        "ranks": ranks(runs),
        "mann_whitney": mann_whitney(runs),
        "convergence": convergence(compared),
    }
    return {name: compared.described(table) for name, table in found.items()}


def table4(runs: pd.DataFrame) -> pd.DataFrame:
    """Return paper B's Table 4.

    Returns
    -------
    DataFrame
        ``function optimizer runs best mean rmse median evaluations cpu_s``: best, mean and median of the best fitness of each run,
        its root mean square distance to the known optimum 0, mean evaluations, and processor time a run [s] (median).
    """
    grouped = runs.groupby(["function", "optimizer"], sort=False)
    with np.errstate(over="ignore"):
        table = grouped.agg(
            runs=("fun", "size"),
            best=("fun", "min"),
            mean=("fun", "mean"),
            rmse=("fun", lambda fun: float(np.sqrt(np.mean(np.square(fun))))),
            median=("fun", "median"),
            evaluations=("evaluations", "mean"),
            cpu_s=("cpu_s", "median"),
        )
    return table.reset_index()


def ranks(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the rank of each optimiser by its median, 1 the best, equal ones sharing the mean of their ranks.

    Returns
    -------
    DataFrame
        ``optimizer``, a column a function, and ``average`` over the functions; optimisers in order of that.
    """
    medians = _wide(runs.groupby(["function", "optimizer"], sort=False).fun.median())
    ranked = medians.rank(axis=0)
    ranked["average"] = ranked.mean(axis=1)
    ranked.columns.name = None
    return ranked.sort_values("average", kind="stable").reset_index()


def _wide(values: "pd.Series[float]") -> pd.DataFrame:
    """Return an optimiser a row and a function a column, in the order in which they come."""
    order = {name: values.index.unique(name) for name in ("function", "optimizer")}
    return values.unstack("function").loc[order["optimizer"], order["function"]]  # noqa: PD010  (pivot sorts)


def mann_whitney(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the two-sided Mann-Whitney test of every pair on every function.

    Returns
    -------
    DataFrame
        ``function optimizer other u p outcome``: outcome is the optimiser's, "wins" where its runs end lower than the other's
        with p below `SIGNIFICANT`. No correction for many tests.
    """
    rows = []
    for function, each in runs.groupby("function", sort=False):
        found = {name: group.fun.to_numpy() for name, group in each.groupby("optimizer", sort=False)}
        for one, other in itertools.combinations(found, 2):
            u, p = _test(found[one], found[other])
            pairs = found[one].size * found[other].size
            rows += [(function, one, other, u, p, _outcome(u, p, pairs))]
            rows += [(function, other, one, pairs - u, p, _outcome(pairs - u, p, pairs))]
    return pd.DataFrame(rows, columns=["function", "optimizer", "other", "u", "p", "outcome"])


def _test(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    if np.ptp(np.nan_to_num(np.append(one, other))) == 0:  # scipy divides by a variance of zero
        return one.size * other.size / 2, 1.0
    u, p = mannwhitneyu(one, other)
    return float(u), float(p)


def _outcome(u: float, p: float, pairs: int) -> Outcome:
    return "ties" if p >= SIGNIFICANT else "wins" if u < pairs / 2 else "loses"


def won_lost_tied(tests: pd.DataFrame) -> pd.DataFrame:
    """Return on how many functions an optimiser wins, loses and ties against another, as text: a row and a column each."""
    order = tests.optimizer.unique()
    counts = tests.groupby(["optimizer", "other", "outcome"]).size().unstack("outcome", fill_value=0)  # noqa: PD010
    counts = counts.reindex(columns=["wins", "loses", "ties"], fill_value=0)
    text = counts.wins.astype(str) + "-" + counts.loses.astype(str) + "-" + counts.ties.astype(str)
    return text.unstack("other").reindex(index=order, columns=order).fillna("")  # noqa: PD010


def convergence(compared: Compared) -> pd.DataFrame:
    """Return how the best fitness falls.

    Returns
    -------
    DataFrame
        ``function optimizer evaluations median low high``: over runs, with the quartiles, at `GRID` numbers of evaluations from the
        first population to the end of the longest run; a run that ended before keeps its last.
    """
    parts = []
    for function in compared.comparison.functions:
        for optimizer in compared.comparison.optimizers:
            histories = [s.history for s in compared.searched if (s.function, s.optimizer) == (function, optimizer)]
            if histories:
                parts.append(_curve(histories).assign(function=function, optimizer=optimizer))
    columns = ["function", "optimizer", "evaluations", "median", "low", "high"]
    return pd.concat(parts)[columns].reset_index(drop=True)


def _curve(histories: list[NDArray[np.float64]]) -> pd.DataFrame:
    first, last = min(h[0, 0] for h in histories), max(h[-1, 0] for h in histories)
    at = np.unique(np.linspace(first, last, GRID).round())
    best = np.stack([h[np.maximum(np.searchsorted(h[:, 0], at, side="right") - 1, 0), 1] for h in histories])
    # Between two values, not a mean of them: some are infinite.
    low, median, high = np.quantile(best, [0.25, 0.5, 0.75], axis=0, method="inverted_cdf")
    return pd.DataFrame({"evaluations": at.astype(np.int64), "median": median, "low": low, "high": high})
