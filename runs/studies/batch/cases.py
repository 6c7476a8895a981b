"""The runs of the batch-size study: one sweep whose points are series of batch sizes, on common fleets; and the rule of thumb from them.

Paper A's case (whole slots, load as forecast); other fleet sizes have load and limit in proportion.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtrit

from runs.design import Design
from runs.scenario import Scenario

BATCHES: Final = (1, 2, 5, 10, 20, 50, 100, 250, 500)
SHARES: Final = (0.01, 0.02, 0.04, 0.07, 0.1, 0.2, 0.5, 1.0)
"""Batch sizes of other fleet sizes, as parts of the fleet."""
SIZES: Final = (125, 250, 1000, 2000)
VEHICLES: Final = 500
PEAK_KW_AN_EV: Final = 2.8
LIMIT_KW_AN_EV: Final = 3.23
"""Paper A's 1400 and 1615 kW over 500 EVs."""

UNNOTICED: Final = 0.001
"""A batch costs nothing worth noticing while the gap is at most so much above that of one EV at a time."""

FILLED: Final = 0.01
"""The valley counts as filled while at most so much of what the optimum gains is lost."""

POWER_KW: Final = 4.0
"""Rated power of the study's EVs."""

FIGURES: Final = ("valley_ripple_kw", "peak_kw", "optimality_gap", "messages", "unserved_kwh", "messages_lost")
"""Columns of the sweep that the study looks at."""


@dataclass(frozen=True)
class Series:
    """Batch sizes along which all else stays.

    Parameters
    ----------
    family
        "ideal", "rounds", "losses", "delays" or "sizes".
    label
        What it has of its own.
    changes
        Keys of the scenario by dotted name.
    batches
        Batch sizes of the series.
    """

    family: str
    label: str
    changes: Mapping[str, Any]
    batches: tuple[int, ...] = BATCHES

    @property
    def vehicles(self) -> int:
        """EVs of each fleet."""
        return int(self.changes.get("fleet.vehicles", VEHICLES))


def all_series() -> list[Series]:
    """Return every series, the ideal channel with one round first."""
    compiled = {"run.engine": "compiled"}
    ahead = {**compiled, "coordination.information": "day_ahead"}
    sizes = [
        Series(
            "sizes",
            f"{vehicles:,} EVs",
            {
                **compiled,
                "fleet.vehicles": vehicles,
                "load.peak_kw": PEAK_KW_AN_EV * vehicles,
                "transformer.limit_kw": LIMIT_KW_AN_EV * vehicles,
            },
            tuple(dict.fromkeys([1, *(max(1, round(share * vehicles)) for share in SHARES)])),
        )
        for vehicles in SIZES
    ]
    return [
        Series("ideal", "one round, nothing lost, no delay", compiled),
        Series("rounds", "2 rounds, day ahead", {**ahead, "coordination.rounds": 2}),
        Series("rounds", "4 rounds, day ahead", {**ahead, "coordination.rounds": 4}),
        Series("losses", "5 % lost", {"channel.loss": 0.05}),
        Series("losses", "20 % lost", {"channel.loss": 0.2}),
        Series("losses", "20 % lost in bursts of 20", {"channel.loss": 0.2, "channel.burst": 20.0}),
        Series("delays", "1 min on the way", _delayed(60.0)),
        Series("delays", "10 min on the way", _delayed(600.0)),
        *sizes,
    ]


def _delayed(mean_s: float) -> dict[str, Any]:
    return {"channel.delay_s": mean_s, "channel.delay": "exponential"}


def scenario() -> Scenario:
    """Return what every point changes."""
    return Scenario().update(
        coordination={"energy": "whole_slots"},
        load={"peak_kw": PEAK_KW_AN_EV * VEHICLES},
        transformer={"limit_kw": LIMIT_KW_AN_EV * VEHICLES},
    )


def design(series: list[Series]) -> Design:
    """Return the points of some series, one after the other; keys that a series leaves alone stand at their default."""
    base = scenario()
    keys = list(dict.fromkeys(["coordination.batch_size", *(key for each in series for key in each.changes)]))

    def default(key: str) -> Any:
        section, _, name = key.partition(".")
        return getattr(getattr(base, section), name)

    points = [
        tuple({"coordination.batch_size": batch, **each.changes}.get(key, default(key)) for key in keys)
        for each in series
        for batch in each.batches
    ]
    return Design(tuple(keys), tuple(points))


def means(series: list[Series], runs: pd.DataFrame) -> pd.DataFrame:
    """Return mean and 95 % confidence half-width (Student t) over fleets of every figure, batch size by batch size.

    Parameters
    ----------
    series
        As in the design.
    runs
        The sweep's table.

    Returns
    -------
    DataFrame
        ``family series vehicles batch_size share fleets`` and for each of `FIGURES` ``<name>`` and ``<name>_half_width``; the
        share is that of the fleet in one batch.
    """
    points = [(each, batch) for each in series for batch in each.batches]
    point = runs.run % len(points)
    grouped = runs.groupby(point)[list(FIGURES)]
    mean, std, count = grouped.mean(), grouped.std(), grouped.count()
    half_width = stdtrit(np.maximum(count - 1, 1), 0.975) * std / np.sqrt(count)
    table = pd.DataFrame({
        "family": [each.family for each, _ in points],
        "series": [each.label for each, _ in points],
        "vehicles": [each.vehicles for each, _ in points],
        "batch_size": [batch for _, batch in points],
        "share": [batch / each.vehicles for each, batch in points],
        "fleets": count.max(axis=1).to_numpy(),
    })  # fmt: skip
    for name in FIGURES:
        table[name], table[f"{name}_half_width"] = mean[name].to_numpy(), half_width[name].to_numpy()
    return table


def rule(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each series the largest part of the fleet that may share a round.

    Parameters
    ----------
    table
        As `means` gives it.

    Returns
    -------
    DataFrame
        ``series vehicles unnoticed_share filled_share ripple_per_batch_kw``: the shares at which the mean gap passes the gap of one
        by one by `UNNOTICED`, and passes `FILLED` (interpolated between batch sizes, linear in the logarithm; NaN if one EV
        at a time is already above); and the ripple beyond that of one by one, per rated power of a batch, at the batch nearest
        to a tenth of the fleet.
    """
    rows = []
    for (series, vehicles), each in table.groupby(["series", "vehicles"], sort=False):
        share, gap = each.share.to_numpy(), each.optimality_gap.to_numpy()
        ripple = each.valley_ripple_kw.to_numpy()
        near = int(np.abs(np.log(share / 0.1)).argmin())
        crowd = (ripple[near] - ripple[0]) / (each.batch_size.to_numpy()[near] * POWER_KW)
        rows.append((series, vehicles, _passes(share, gap, gap[0] + UNNOTICED), _passes(share, gap, FILLED), crowd))
    return pd.DataFrame(rows, columns=["series", "vehicles", "unnoticed_share", "filled_share", "ripple_per_batch_kw"])


def _passes(share: NDArray[np.float64], gap: NDArray[np.float64], level: float) -> float:
    """Return the share at which the gap first passes a level; 1 if it never does, NaN if it is above from the beginning."""
    above = np.flatnonzero(gap > level)
    if not above.size:
        return 1.0
    k = int(above[0])
    if k == 0:
        return float("nan")
    part = (level - gap[k - 1]) / (gap[k] - gap[k - 1])
    return float(np.exp((1 - part) * np.log(share[k - 1]) + part * np.log(share[k])))
