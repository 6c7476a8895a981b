r"""From the fleet's signal to the power of each EV: first among groups, then within them.

Source: paper B, sections 3.2-3.3. The upper layer's six cases (Table 1 [reconstructed from the prose]) are one cascade: charging
fills the groups in the order PCG, RG, PDG up to what each can take, discharging in the opposite order. In the lower layer a group at
its limit has every EV at its own limit, and the group that is partly loaded shares by state of charge (eqs (11)-(14)
[reconstructed]):

.. math::
    P_i = P \frac{P^{rate}_i f(S_i)}{\sum_j P^{rate}_j f(S_j)}, \qquad
    f_{ch}(S) = \frac{1}{1 + e^{k (S - S_c)}}, \quad f_{dis}(S) = 1 - f_{ch}(S)

with k = 10 and :math:`S_c` = 0.5 [default]. What an EV cannot take is shared anew among the others, until the group's signal or
its limit is met.
"""

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from coordination.peak_shaving.grouping import by_kmeans, by_rank
from environment.battery import Limits
from environment.compiled import compiled
from environment.settings import Settings


@dataclass(frozen=True)
class Tactic:
    """A way to share the fleet's signal (paper B, section 4.3 [verbatim in words]).

    Parameters
    ----------
    title
        What to call it in tables and figures.
    groups
        How many; 1 is no grouping.
    by
        Whether groups come from k-means, or from equal numbers.
    balances
        Whether EVs share by state of charge, or equally.
    """

    title: str
    groups: int
    by: Literal["kmeans", "rank"]
    balances: bool


TACTICS: Final[dict[str, Tactic]] = {
    "tactic_1": Tactic("1: equal shares", 1, "rank", balances=False),
    "tactic_2": Tactic("2: by state of charge", 1, "rank", balances=True),
    "tactic_3": Tactic("3: two halves, equal shares", 2, "rank", balances=False),
    "tactic_4": Tactic("4: two halves, by state of charge", 2, "rank", balances=True),
    "tactic_5": Tactic("5: three thirds, equal shares", 3, "rank", balances=False),
    "proposed": Tactic("proposed: k-means, by state of charge", 3, "kmeans", balances=True),
}
"""Paper B's five tactics and the proposed one."""


FARTHEST: Final = 460.0
"""Exponent beyond which EVs count as equally far from the centre: their shares stay above 0 (1e-200), so that they can be divided."""


class GroupingSettings(Settings):
    """How the fleet's signal is shared among groups and EVs."""

    tactic: str = "proposed"
    """A name of the registry of tactics."""

    steepness: float = Field(default=10.0, ge=0, le=1000)
    """Steepness k of the functions by which EVs share [default]."""

    centre: float = Field(default=0.5, ge=0, le=1)
    """State of charge at which they are one half [default]."""

    share_anew: bool = True
    """Whether what an EV cannot take is shared among the others."""


def cascade(signal_kw: float, limits: Limits) -> NDArray[np.float64]:
    """Return the signal of each group (Table 1), shape ``(groups,)``.

    Parameters
    ----------
    signal_kw
        Signal of the fleet [kW]; positive charges.
    limits
        What each group can take and give, in the order of their states of charge, shape ``(groups,)``.
    """
    can = limits.charge_kw if signal_kw >= 0 else limits.discharge_kw[::-1]
    before = np.concatenate([[0.0], np.cumsum(can)[:-1]])
    taken = np.clip(abs(signal_kw) - before, 0.0, can)
    return taken if signal_kw >= 0 else 0.0 - taken[::-1]  # without zeros of a negative sign


@compiled
def _by_group(labels: NDArray[np.int8], power_kw: NDArray[np.float64], sums_kw: NDArray[np.float64]) -> None:
    for i in range(labels.size):
        sums_kw[labels[i]] += power_kw[i]


@compiled
def balance(soc: float, steepness: float, centre: float, charging: bool) -> float:
    """Return the function by which EVs share, between 0 and 1: falling with the state of charge, or rising."""
    away = steepness * (soc - centre) * (1.0 if charging else -1.0)
    share: float = 1.0 / (1.0 + np.exp(min(away, FARTHEST)))
    return share


class Sharing(NamedTuple):
    """How EVs share, as kernels take it: which way the power flows, the tactic and its functions."""

    charging: bool
    balances: bool
    steepness: float
    centre: float
    anew: bool


@compiled
def _weight(soc: float, rated_kw: float, rule: Sharing) -> float:
    return rated_kw * balance(soc, rule.steepness, rule.centre, rule.charging) if rule.balances else 1.0


@compiled
def _share(
    total: float,
    limit: float,
    labels: NDArray[np.int8],
    group: int,
    soc: NDArray[np.float64],
    rated_kw: NDArray[np.float64],
    most: NDArray[np.float64],
    rule: tuple[bool, bool, float, float, bool],
    power: NDArray[np.float64],
) -> None:
    """Share a total among the EVs of a group, none above its most; all without sign."""
    rule = Sharing(*rule)
    if total >= limit:  # the principle of maximum power
        for i in range(soc.size):
            if labels[i] == group:
                power[i] = most[i]
        return
    open_rows = np.empty(soc.size, dtype=np.int64)
    weight = np.empty(soc.size)
    n = 0
    weights = 0.0
    for i in range(soc.size):
        if labels[i] == group and most[i] > 0.0:
            open_rows[n] = i
            weight[n] = _weight(soc[i], rated_kw[i], rule)
            weights += weight[n]
            n += 1
    left = total
    while n > 0 and left > 0.0:
        level = left / weights
        still = 0
        gone = 0.0
        weights = 0.0
        for k in range(n):
            i = open_rows[k]
            if level * weight[k] >= most[i]:
                power[i] = most[i]
                gone += most[i]
            else:
                power[i] = level * weight[k]
                open_rows[still], weight[still] = i, weight[k]
                weights += weight[k]
                still += 1
        if still == n or not rule.anew:
            return
        left -= gone  # those that are full leave, and the others share what is left
        n = still


def group(soc: NDArray[np.float64], tactic: Tactic, centroids: NDArray[np.float64]) -> NDArray[np.int8]:
    """Return the group of each EV as a tactic has it, shape ``(n,)``; k-means moves the centroids on."""
    if tactic.groups == 1:
        return np.zeros(soc.size, dtype=np.int8)
    return by_kmeans(soc, centroids) if tactic.by == "kmeans" else by_rank(soc, tactic.groups)


def share(
    signal_kw: float,
    soc: NDArray[np.float64],
    rated_kw: NDArray[np.float64],
    limits: Limits,
    labels: NDArray[np.int8],
    settings: GroupingSettings,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share the fleet's signal among groups and EVs.

    Parameters
    ----------
    signal_kw
        Signal of the fleet [kW]; positive charges.
    soc, rated_kw, limits, labels
        State of charge, rated power, what each EV can take and give, and its group; shape ``(n,)``.
    settings
        The tactic and its functions.

    Returns
    -------
    power_kw, group_kw
        Of each EV, shape ``(n,)``, and the signal of each group, shape ``(groups,)``.
    """
    tactic = TACTICS[settings.tactic]
    charging = signal_kw >= 0
    by_group = Limits(np.zeros(tactic.groups), np.zeros(tactic.groups))
    for each, sums in zip(limits, by_group, strict=True):
        _by_group(labels, each, sums)
    group_kw = cascade(signal_kw, by_group)
    most, can = (each.charge_kw if charging else each.discharge_kw for each in (limits, by_group))
    rule = (charging, tactic.balances, settings.steepness, settings.centre, settings.share_anew)
    power = np.zeros(soc.size)
    for number, total in enumerate(np.abs(group_kw).tolist()):
        if total > 0:
            _share(total, can[number], labels, number, soc, rated_kw, most, rule, power)
    return power if charging else 0.0 - power, group_kw
