r"""One slot's schedule of all charging stations: the voltage, charging time and power that each is granted, and what that is worth.

Source: paper C, sections 2 and 3.1. Its formulas are lost; weights, limits, penalty and the 3m genes are verbatim, the rest is
reconstructed (C1-C5 in the rebuilt equations), and what the paper does not give is a setting [default].

Every EV plugged in at the beginning of the slot charges for the time :math:`T_j` of its station, which then draws
:math:`L_j = \min(E_j / T_j, P_j)`; :math:`E_j` is the energy wanted, :math:`P_j` the power granted, :math:`S_j` what storage draws
or gives, and what EVs lend. EVs that are shifted to a later slot count in none of the objectives.

.. math::
    f_1 &= \text{losses (see `coordination.stations.network`)} \\
    f_2 &= \sum_j \gamma_1 c_t P_j \Delta t + \gamma_2 c_e S_j \Delta t + \gamma_3 c_l L_j T_j + \gamma_4 p f_1
           + c_{ti} (n_j T_j + q_j \Delta t) \\
    f_3 &= \sqrt{\tfrac1m \sum_j (L_j - \bar L)^2}, \quad L_j \text{ with base load and storage} \\
    f_4 &= T_i \sum_r A_r M_r, \quad
           M_r = \text{mean over EVs, plugged in or queued, of } 1 - \tfrac12 \frac{T_j - T}{T_{max} - T} - \tfrac12 \Big(1 - \frac{\text{served}}{\text{wanted}}\Big) \\
    fit &= c_1 \frac{f_1}{f_1^0} + c_2 \frac{f_2}{f_2^0} + c_3 \frac{f_3}{f_3^0} - c_4 \frac{f_4}{T_i \sum_r A_r} + 10 \sum_{k=1}^5 flag_k

with :math:`f^0` of free charging in the slot (rated time, most power, taps as they stand) [reconstructed: the paper
normalises and does not say how]. Its F has no voltage: ``weight_voltage`` adds :math:`c_5 \max_j |U_j / U - 1|`, likewise divided
[ours]. Five costs have four coefficients in the paper: here the time cost has none. Constraints:
node voltage, charging time, what batteries hold when they leave, power granted, and the balance of what is supplied.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from coordination.stations.settings import SchedulingSettings
from environment.compiled import compiled

TOLERANCE_V: Final = 1e-6
TOLERANCE_KWH: Final = 1e-6
TOLERANCE_KW: Final = 1e-6
DUST: Final = 1e-9
"""What an objective is above with free charging, where it is more than rounding."""
CONSTRAINTS: Final = ("voltage", "time", "battery", "capacity", "balance")
"""In the paper's order, eqs (5)-(9)."""


class Limits(NamedTuple):
    """What the constraints hold every station to.

    Parameters
    ----------
    voltage_min_v, voltage_max_v
        Of its node.
    time_rated_h, time_max_h
        Charging time, least and most.
    capacity_min_kw, capacity_max_kw
        Power granted.
    short_max_kwh
        What an EV may miss when it leaves, on the average of a station.
    """

    voltage_min_v: float
    voltage_max_v: float
    time_rated_h: float
    time_max_h: float
    capacity_min_kw: float
    capacity_max_kw: float
    short_max_kwh: float


class Decision(NamedTuple):
    """Schedules of one slot, each of shape ``(n, m)`` for n schedules and m stations.

    Parameters
    ----------
    voltage_v
        The highest voltage of each station: what its node has without load, where its transformer's taps are set.
    time_h
        For how long its EVs charge.
    capacity_kw
        Power granted to them.
    """

    voltage_v: NDArray[np.float64]
    time_h: NDArray[np.float64]
    capacity_kw: NDArray[np.float64]

    def take(self, row: int) -> "Decision":
        """Return one of the schedules, shape ``(1, m)``."""
        return Decision(*(column[row : row + 1] for column in self))


class Network(NamedTuple):
    """What schedules do to the grid.

    Parameters
    ----------
    voltage_v
        Of each station's node while EVs charge, shape ``(n, m)``; NaN where a schedule has no solution.
    loss_kwh
        Lost in the slot, shape ``(n,)``; infinite where a schedule has no solution.
    drawn_kw
        Drawn from the grid above while EVs charge, losses included, shape ``(n,)``; likewise.
    """

    voltage_v: NDArray[np.float64]
    loss_kwh: NDArray[np.float64]
    drawn_kw: NDArray[np.float64]


class Slot(NamedTuple):
    """One slot of all stations as kernels take it; columns are those of `StationScheduling`."""

    slot_h: float
    time_weight: float
    plugged: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    queued: NDArray[np.int64]
    queued_kwh: NDArray[np.float64]
    beside_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]
    moved_kw: NDArray[np.float64]
    places: NDArray[np.int64]
    rated_v: NDArray[np.float64]
    region: NDArray[np.int64]
    region_weights: NDArray[np.float64]


class Evaluator(Protocol):
    """Who says what schedules do to the grid."""

    def network(self, problem: "StationScheduling", decision: Decision, power_kw: NDArray[np.float64]) -> Network:
        """Work it out.

        Parameters
        ----------
        problem
            The slot.
        decision
            Schedules.
        power_kw
            What EVs draw at each station while they charge, shape ``(n, m)``.
        """


@dataclass(frozen=True, eq=False)
class Objectives:
    """What schedules are worth.

    Parameters
    ----------
    loss_kwh, cost_yuan, spread_kw, satisfaction
        f1 to f4, shape ``(n,)``.
    deviation_pu
        Largest distance of a station's voltage from its rated one, shape ``(n,)``.
    costs_yuan
        Terms of f2: transformer, storage, line, loss, time; shape ``(n, 5)``.
    broken
        Constraints that are broken, in the order of `CONSTRAINTS`, shape ``(n, 5)``.
    """

    loss_kwh: NDArray[np.float64]
    cost_yuan: NDArray[np.float64]
    spread_kw: NDArray[np.float64]
    satisfaction: NDArray[np.float64]
    deviation_pu: NDArray[np.float64]
    costs_yuan: NDArray[np.float64]
    broken: NDArray[np.bool_]

    @property
    def feasible(self) -> NDArray[np.bool_]:
        """Whether no constraint is broken, shape ``(n,)``."""
        return ~self.broken.any(axis=1)


@dataclass(frozen=True, eq=False)
class StationScheduling:
    """One slot of all stations; columns of shape ``(m,)``.

    Parameters
    ----------
    slot_h
        Its length.
    plugged
        EVs that are plugged in, at most the places.
    wanted_kwh
        What they want together, of each EV at most what a pile gives.
    queued, queued_kwh
        EVs without a place, and what they want.
    base_kw
        Load beside the EVs.
    storage_kw, lent_kw
        What storage draws in the slot (negative gives), and what EVs lend.
    region
        Index of each station's region.
    region_weights
        A, shape ``(n_regions,)``.
    time_weight
        T_i of the slot.
    price_yuan_per_kwh
        Of energy.
    supply_kw
        What the grid above can give; infinite: all.
    storage_efficiency
        Each way.
    places
        EVs that each serves at once, 2 m.
    rated_v, idle_v
        Rated voltage, and that without load when nobody moves the taps.
    limits
        Of the constraints.
    settings
        Weights, coefficients and prices.
    evaluator
        Says what a schedule does to the grid.
    """

    slot_h: float
    plugged: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    queued: NDArray[np.int64]
    queued_kwh: NDArray[np.float64]
    base_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]
    lent_kw: NDArray[np.float64]
    region: NDArray[np.int64]
    region_weights: NDArray[np.float64]
    time_weight: float
    price_yuan_per_kwh: float
    supply_kw: float
    storage_efficiency: float
    places: NDArray[np.int64]
    rated_v: NDArray[np.float64]
    idle_v: NDArray[np.float64]
    limits: Limits
    settings: SchedulingSettings
    evaluator: Evaluator

    def __post_init__(self) -> None:
        if (self.plugged > self.places).any():
            raise ValueError(
                f"{int((self.plugged - self.places).max())} EVs more than places at a station; expected none"
            )

    @property
    def stations(self) -> int:
        """Their number, m."""
        return self.plugged.size

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """Genes begin at 0, shape ``(3 m,)``."""
        return np.zeros(3 * self.stations)

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Genes end at 1, shape ``(3 m,)``."""
        return np.ones(3 * self.stations)

    def decode(self, x: NDArray[np.float64]) -> Decision:
        """Return the schedules that genes stand for, shape ``(n, 3 m)``: each block within the range of its constraint.

        The paper multiplies all by 1000, which fits neither a time of 0.6 h nor 3000 kW (C5 in the rebuilt equations).
        """
        m, lim = self.stations, self.limits
        return Decision(
            lim.voltage_min_v + (lim.voltage_max_v - lim.voltage_min_v) * x[:, :m],
            lim.time_rated_h + (lim.time_max_h - lim.time_rated_h) * x[:, m : 2 * m],
            lim.capacity_min_kw + (lim.capacity_max_kw - lim.capacity_min_kw) * x[:, 2 * m :],
        )

    @cached_property
    def free(self) -> Decision:
        """Free charging in the slot: rated time, most power, taps as they stand; shape ``(1, m)``."""
        shape = (1, self.stations)
        return Decision(
            self.idle_v[None],
            np.full(shape, self.limits.time_rated_h),
            np.full(shape, self.limits.capacity_max_kw),
        )

    @cached_property
    def stored_kw(self) -> NDArray[np.float64]:
        """What storage draws less what EVs lend."""
        return self.storage_kw - self.lent_kw

    @cached_property
    def moved_kw(self) -> NDArray[np.float64]:
        """Power in or out of storage and out of EVs that lend, without its sign."""
        return np.abs(self.storage_kw) + self.lent_kw

    @cached_property
    def beside_kw(self) -> NDArray[np.float64]:
        """Load of each station beside the EVs that charge."""
        return self.base_kw + self.stored_kw

    @cached_property
    def slot(self) -> tuple[Any, ...]:
        """A `Slot` as a plain tuple, as a search asks often (see `environment.compiled`)."""
        return tuple(getattr(self, name) for name in Slot._fields)

    @cached_property
    def _prices(self) -> NDArray[np.float64]:
        """Factors of the five costs, in the order of `Objectives.costs_yuan`."""
        s = self.settings
        return np.array(
            [
                s.transformer_coefficient * s.transformer_yuan_per_kwh,
                s.storage_coefficient * s.storage_yuan_per_kwh,
                s.line_coefficient * s.line_yuan_per_kwh,
                s.loss_cost_coefficient * self.price_yuan_per_kwh,
                s.time_yuan_per_h,
            ]
        )

    def power_kw(self, decision: Decision) -> NDArray[np.float64]:
        """Return what EVs draw at each station while they charge, shape ``(n, m)``."""
        return np.minimum(self.wanted_kwh / decision.time_h, decision.capacity_kw)

    def judge(self, decision: Decision) -> Objectives:
        """Return what schedules are worth."""
        power = self.power_kw(decision)
        return self.judge_on(decision, power, self.evaluator.network(self, decision, power))

    def judge_on(self, decision: Decision, power_kw: NDArray[np.float64], network: Network) -> Objectives:
        """Return what schedules are worth whose power and effect on the grid are known."""
        n = len(power_kw)
        figures, costs, broken = np.empty((n, 4)), np.empty((n, 5)), np.zeros((n, 5), dtype=np.bool_)
        columns, power_kw = tuple(map(np.ascontiguousarray, decision)), np.ascontiguousarray(power_kw)
        limits, prices = tuple(self.limits), self._prices
        _judge(columns, power_kw, tuple(network), self.slot, limits, prices, figures, costs, broken)
        broken[:, 4] = ~(network.drawn_kw <= self.supply_kw + TOLERANCE_KW)
        cost, spread, satisfaction, deviation = figures.T
        return Objectives(network.loss_kwh, cost, spread, satisfaction, deviation, costs, broken)

    @cached_property
    def free_objectives(self) -> Objectives:
        """What free charging is worth in the slot: f1 to f3 are divided by it."""
        return self.judge(self.free)

    def value(self, found: Objectives) -> NDArray[np.float64]:
        """Return the fitness of judged schedules, shape ``(n,)``; infinite where a schedule has no power flow."""
        s, free = self.settings, self.free_objectives
        most = self.time_weight * self.region_weights.sum()
        solved = np.isfinite(found.loss_kwh)
        loss_kwh, cost_yuan = (
            np.where(solved, each, 0.0) for each in (found.loss_kwh, found.cost_yuan)
        )  # 0 times infinity
        value = (
            s.weight_loss * loss_kwh / _unit(free.loss_kwh)
            + s.weight_cost * cost_yuan / _unit(free.cost_yuan)
            + s.weight_spread * found.spread_kw / _unit(free.spread_kw)
            - s.weight_satisfaction * found.satisfaction / (most or 1.0)
            + s.weight_voltage * found.deviation_pu / _unit(free.deviation_pu)
            + s.penalty * found.broken.sum(axis=1)
        )
        return np.where(solved, value, np.inf)

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fitness of genes, shapes ``(n, 3 m)`` to ``(n,)``."""
        return self.value(self.judge(self.decode(x)))


def _unit(free: NDArray[np.float64]) -> float:
    """Return what to divide by: the value with free charging, or 1 where that is nothing but rounding, or has no power flow."""
    value = float(free[0])
    return value if np.isfinite(value) and value > DUST else 1.0


@compiled
def _judge(
    decision: tuple[Any, ...],
    power_kw: NDArray[np.float64],
    network: tuple[Any, ...],
    slot: tuple[Any, ...],
    limits: tuple[Any, ...],
    prices: NDArray[np.float64],
    figures: NDArray[np.float64],
    costs: NDArray[np.float64],
    broken: NDArray[np.bool_],
) -> None:
    decision, network, slot, limits = Decision(*decision), Network(*network), Slot(*slot), Limits(*limits)
    n, m = power_kw.shape
    regions = slot.region_weights.size
    score, counted = np.empty(regions), np.empty(regions)
    stretch = limits.time_max_h - limits.time_rated_h
    voltage_low, voltage_high = limits.voltage_min_v - TOLERANCE_V, limits.voltage_max_v + TOLERANCE_V
    capacity_low, capacity_high = limits.capacity_min_kw - TOLERANCE_KW, limits.capacity_max_kw + TOLERANCE_KW
    for i in range(n):
        score[:] = 0.0
        counted[:] = 0.0
        granted = stored = carried = waited = total = squares = farthest = 0.0
        for j in range(m):
            time, capacity, power = decision.time_h[i, j], decision.capacity_kw[i, j], power_kw[i, j]
            voltage, plugged, queued = network.voltage_v[i, j], slot.plugged[j], slot.queued[j]
            served = power * time
            granted += capacity * slot.slot_h
            stored += slot.moved_kw[j] * slot.slot_h
            carried += served
            waited += plugged * time + queued * slot.slot_h
            total += slot.beside_kw[j] + power
            here = plugged + queued
            if here > 0:
                part = (time - limits.time_rated_h) / stretch if stretch > 0.0 else 0.0
                mark = 1.0 - 0.5 * part - 0.5 * (1.0 - served / (slot.wanted_kwh[j] + slot.queued_kwh[j]))
                score[slot.region[j]] += here * mark
                counted[slot.region[j]] += here
            farthest = max(farthest, abs(voltage / slot.rated_v[j] - 1.0))
            # Not "outside" but "not inside": what is not a number breaks the constraint too.
            broken[i, 0] |= not voltage_low <= voltage <= voltage_high
            broken[i, 1] |= not limits.time_rated_h - 1e-9 <= time <= limits.time_max_h + 1e-9
            broken[i, 2] |= slot.wanted_kwh[j] - served > limits.short_max_kwh * plugged + TOLERANCE_KWH
            broken[i, 3] |= not capacity_low <= capacity <= capacity_high
        mean = total / m
        for j in range(m):  # around the mean: a difference of squares would leave a spread of equal loads
            squares += (slot.beside_kw[j] + power_kw[i, j] - mean) ** 2
        costs[i, 0] = prices[0] * granted
        costs[i, 1] = prices[1] * stored
        costs[i, 2] = prices[2] * carried
        costs[i, 3] = prices[3] * network.loss_kwh[i]
        costs[i, 4] = prices[4] * waited
        figures[i, 0] = costs[i].sum()
        figures[i, 1] = np.sqrt(squares / m)
        satisfied = 0.0
        for r in range(regions):
            satisfied += slot.region_weights[r] * (score[r] / counted[r] if counted[r] > 0.0 else 1.0)
        figures[i, 2] = slot.time_weight * satisfied
        figures[i, 3] = farthest
