r"""Peak shaving as arrays: the power that a fleet draws or gives in each slot, what it does to the load, and what it costs.

Source: paper B, sections 2.1, 2.2 and 2.4. Its formulas are lost; structure, weights and constants are verbatim, the rest is
reconstructed (B1, B2, B6 in the rebuilt equations), and what is open is a setting.

.. math::
    f_1 = \max_t (L_t + P_t) - \min_t (L_t + P_t), \qquad
    f_2 = \sum_t \Delta t \, \big( c_t P_t + c_{loss} |P_t| - q\, E_{gas} L_{ev} P_t \big), \qquad
    F = \omega_1 \frac{f_1}{f_1^{max}} + \omega_2 \frac{f_2}{f_2^{max}} + 10^8 (g_1 + g_2 + g_3)

with :math:`c_t` the price of charging where :math:`P_t \ge 0` and the compensation for discharging where it is negative;
:math:`f_1^{max}` is the difference without EVs and :math:`f_2^{max}` the cost of charging at full power up to the ceiling: one full
charge, whatever the number of days, so over more days :math:`f_2`, a sum, weighs more against :math:`f_1`. As in the paper, F has no
condition on the last state of charge. Beyond the paper, a fleet can stand below transformers (`PeakShaving.within`: part of g1) and
have needs (`PeakShaving.keeping`: part of g2).
The paper gives :math:`\Delta t = 1` for 96 intervals a day; here it is the slot in hours.
"""

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from coordination.optimizers import OPTIMIZERS
from environment.ageing import AgeingReading
from environment.compiled import compiled
from environment.settings import Settings
from environment.tariffs import Tariff

EXACT: Final = "exact"

SEARCHERS: Final = (*OPTIMIZERS, EXACT)
"""Names that `PeakShavingSettings.optimizer` may have."""

TOLERANCE_KW: Final = 1e-6
"""Power above what may flow that still counts as rounding."""

TOLERANCE_SOC: Final = 1e-6

ROUNDING_SOC: Final = 1e-12
"""State of charge that lacks no more than this lacks nothing."""

WHOLE: Final = 1e-6
"""What a number of EVs may lack of a whole one by rounding."""


class PeakShavingSettings(Settings):
    """A fleet that charges and discharges for the grid (paper B)."""

    optimizer: str = "igeo"
    """Who looks for the fleet's signal: a name of the registry of optimisers, or "exact"."""

    population: int = Field(default=30, ge=5, le=100_000)
    """Members of the optimiser's population."""

    iterations: int = Field(default=1000, ge=0, le=1_000_000)
    """Iterations of the optimiser [default: after 100, which the paper's test functions have, most are no better than doing
    nothing]."""

    weight_difference: float = Field(default=0.5, ge=0, le=1)
    """Weight of the peak-valley difference."""

    weight_cost: float = Field(default=0.5, ge=0, le=1)
    """Weight of the cost."""

    ageing_yuan_per_kwh: float = Field(default=0.42, ge=0, le=100)
    """Cost of the battery's life for each kWh that flows."""

    ageing_on: Literal["both", "discharge"] = "both"
    """Whether charging costs life as well, or discharging only (an open reading)."""

    carbon_yuan_per_kg: float = Field(default=0.299, ge=0, le=100)
    """Price of carbon quotas."""

    km_per_kwh: float = Field(default=5.0, ge=0, le=100)
    """What an EV drives with a kWh."""

    carbon_kg_per_km: float = Field(default=0.197, ge=0, le=10)
    """What a car with an engine emits."""

    carbon_on: Literal["signed", "charge", "absolute"] = "signed"
    """Energy that earns quotas: the net energy (only that can be driven), what is charged, or all that flows (open)."""

    penalty: float = Field(default=1e8, ge=0, le=1e15)
    """Added for each kind of constraint that is broken."""

    ageing_reading: AgeingReading = "cumulative"
    """How the loss of life adds up (eq 15): "cumulative" over the energy that flowed, or "per_interval" (an open reading)."""

    soc_min: float = Field(default=0.2, ge=0, lt=1)
    """Floor of the state of charge."""

    soc_max: float = Field(default=0.8, gt=0, le=1)
    """Ceiling of the state of charge."""

    @model_validator(mode="after")
    def _floor_below_ceiling(self) -> Self:
        if self.soc_min >= self.soc_max:
            raise ValueError(
                f"soc_min = {self.soc_min:g} and soc_max = {self.soc_max:g}; expected a floor below the ceiling"
            )
        return self

    @property
    def carbon_yuan_per_kwh(self) -> float:
        """What quotas bring for a kWh."""
        return self.carbon_yuan_per_kg * self.km_per_kwh * self.carbon_kg_per_km


@dataclass(frozen=True, eq=False)
class Objectives:
    """What signals do, each of shape ``(n,)``.

    Parameters
    ----------
    difference_kw
        Peak less valley, f1.
    cost_yuan
        Cost to the owners, f2.
    power_broken, soc_broken, number_broken
        Whether the limits of power (of EVs and of transformers), of state of charge (of batteries and by needs), and of the
        number of EVs are broken: g1, g2, g3.
    """

    difference_kw: NDArray[np.float64]
    cost_yuan: NDArray[np.float64]
    power_broken: NDArray[np.bool_]
    soc_broken: NDArray[np.bool_]
    number_broken: NDArray[np.bool_]

    @property
    def broken(self) -> NDArray[np.bool_]:
        """Whether any of them is."""
        return self.power_broken | self.soc_broken | self.number_broken


class Posed(NamedTuple):
    """A `PeakShaving` as its kernel takes it."""

    load_kw: NDArray[np.float64]
    available: NDArray[np.float64]
    up_yuan_per_kwh: NDArray[np.float64]
    down_yuan_per_kwh: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    soc_kept: NDArray[np.float64]
    soc_most: float
    slot_h: float
    power_kw: float
    capacity_kwh: float
    efficiency: float
    soc_start: float


@dataclass(frozen=True, eq=False)
class PeakShaving:
    """A fleet as one battery, a load, and prices; frozen.

    Parameters
    ----------
    load_kw
        Load without EVs [kW], shape ``(n_slots,)``.
    slot_h
        Slot length.
    available
        EVs at the grid in each slot, N(t), shape ``(n_slots,)``.
    power_kw
        Rated power of an EV, either way.
    capacity_kwh
        Capacity of the whole fleet's batteries.
    efficiency
        Each way.
    soc_start
        The fleet's mean state of charge before the first slot.
    up_yuan_per_kwh, down_yuan_per_kwh
        What f2 gains with a kWh charged, and loses with one discharged, shape ``(n_slots,)``.
    difference_max_kw, cost_max_yuan
        By which f1 and f2 are divided.
    settings
        Weights, floor, ceiling and penalty.
    room_kw
        Least power (at most 0) and most power (at least 0) that transformers leave the fleet [kW], shape ``(2, n_slots)``.
    soc_kept
        Least mean state of charge after each slot, shape ``(n_slots,)``.
    """

    load_kw: NDArray[np.float64]
    slot_h: float
    available: NDArray[np.float64]
    power_kw: float
    capacity_kwh: float
    efficiency: float
    soc_start: float
    up_yuan_per_kwh: NDArray[np.float64]
    down_yuan_per_kwh: NDArray[np.float64]
    difference_max_kw: float
    cost_max_yuan: float
    settings: PeakShavingSettings
    room_kw: NDArray[np.float64]
    soc_kept: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        load_kw: NDArray[np.float64],
        slot_h: float,
        available: NDArray[np.float64],
        *,
        power_kw: float,
        capacity_kwh: float,
        efficiency: float,
        soc_start: float,
        tariff: Tariff,
        settings: PeakShavingSettings,
    ) -> Self:
        """Pose the problem; the parameters are those of the class, and the tariff gives both prices."""
        ageing, carbon = settings.ageing_yuan_per_kwh, settings.carbon_yuan_per_kwh
        up = tariff.charge_yuan_per_kwh + (ageing if settings.ageing_on == "both" else 0.0) - carbon
        down = tariff.discharge_yuan_per_kwh - ageing
        if settings.carbon_on == "signed":
            down = down - carbon
        elif settings.carbon_on == "absolute":
            down = down + carbon
        available = np.asarray(available, dtype=np.float64)
        room = settings.soc_max - soc_start
        if room <= 0:  # a fleet that is full has no cost of charging to measure by: from the floor, then
            room = settings.soc_max - settings.soc_min
        full = _full_charging(available * power_kw, capacity_kwh / (efficiency * slot_h) * room)
        cost_max = abs(float((up * full).sum() * slot_h))
        difference_max = float(np.ptp(load_kw))
        return cls(
            np.asarray(load_kw, dtype=np.float64),
            slot_h,
            available,
            power_kw,
            capacity_kwh,
            efficiency,
            soc_start,
            up,
            down,
            difference_max or 1.0,
            cost_max or 1.0,
            settings,
            np.array([[-np.inf], [np.inf]]) * np.ones(available.size),
            np.full(available.size, min(settings.soc_min, soc_start)),
        )

    def within(self, room_kw: NDArray[np.float64]) -> Self:
        """Return the problem of a fleet that stands below transformers, which leave it so much room in each slot."""
        return dataclasses.replace(self, room_kw=room_kw)

    def keeping(self, soc: NDArray[np.float64]) -> Self:
        """Return the problem of a fleet with needs.

        Parameters
        ----------
        soc
            Mean state of charge that it is to have after each slot, shape ``(n_slots,)``: kept as far as the fleet can.
        """
        charged = self.whole_kw[1] * (self.efficiency * self.slot_h / self.capacity_kwh)
        kept = soc.copy()
        for t in range(kept.size - 1, 0, -1):  # what lies ahead must be within reach
            kept[t - 1] = max(kept[t - 1], kept[t] - charged[t])
        reached = np.minimum(self.soc_start + np.cumsum(charged), self.soc_most)
        return dataclasses.replace(self, soc_kept=np.maximum(np.minimum(kept, reached), self.soc_least))

    @cached_property
    def _posed(self) -> tuple[Any, ...]:
        """`Posed` as a plain tuple: a search asks often (see `environment.compiled`)."""
        return tuple(getattr(self, name) for name in Posed._fields)

    @cached_property
    def lower(self) -> NDArray[np.float64]:
        """Least power in each slot [kW], shape ``(n_slots,)``."""
        lower: NDArray[np.float64] = np.maximum(-self.available * self.power_kw, self.room_kw[0])
        return lower

    @cached_property
    def upper(self) -> NDArray[np.float64]:
        """Most power in each slot [kW], shape ``(n_slots,)``."""
        upper: NDArray[np.float64] = np.minimum(self.available * self.power_kw, self.room_kw[1])
        return upper

    @property
    def whole_kw(self) -> NDArray[np.float64]:
        """Least and most power of as many whole EVs as there are, as far as there is room [kW], shape ``(2, n_slots)``."""
        whole = np.floor(self.available + WHOLE) * self.power_kw
        return np.stack([np.maximum(-whole, self.room_kw[0]), np.minimum(whole, self.room_kw[1])])

    @property
    def soc_least(self) -> float:
        """Floor of the mean state of charge: a fleet that begins below need only not go further."""
        return min(self.settings.soc_min, self.soc_start)

    @property
    def soc_most(self) -> float:
        """Ceiling of the mean state of charge: a fleet that begins above need only not go further."""
        return max(self.settings.soc_max, self.soc_start)

    @property
    def has_needs(self) -> bool:
        """Whether the fleet must charge, or must not discharge all that is above the floor."""
        return bool((self.soc_kept > self.soc_least).any())

    @property
    def is_bound(self) -> bool:
        """Whether transformers or needs hold the fleet to less than its batteries can do: more than the paper's problem asks."""
        rated_kw = self.available * self.power_kw
        return self.has_needs or bool((self.lower > -rated_kw).any() or (self.upper < rated_kw).any())

    @property
    def is_convex(self) -> bool:
        """Whether F is convex: a kWh charged costs, in every slot, at least what one discharged brings, or costs do not count."""
        gain = self.down_yuan_per_kwh - self.up_yuan_per_kwh
        return self.settings.weight_cost == 0 or bool((gain <= 1e-12).all())

    def soc(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the fleet's mean state of charge after each slot, shapes ``(n, n_slots)`` to the same."""
        stored = np.where(x >= 0, x * self.efficiency, x / self.efficiency) * (self.slot_h / self.capacity_kwh)
        return self.soc_start + np.cumsum(stored, axis=1)

    def held(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return signals as far as the fleet can follow them, slot by slot, and keep what it has to.

        Parameters
        ----------
        x
            Signals [kW], shape ``(n, n_slots)``.

        Returns
        -------
        ndarray
            Signals that break nothing, same shape: power within what whole EVs and transformers allow, and by batteries and needs.
        """
        out = np.empty_like(x, dtype=np.float64)
        _held(np.ascontiguousarray(x, dtype=np.float64), self.whole_kw, self._posed, out)
        return out

    @property
    def idle_kw(self) -> NDArray[np.float64]:
        """Signal of a fleet that does nothing, but what its needs force it to [kW], shape ``(n_slots,)``."""
        nothing = np.zeros((1, self.load_kw.size))
        idle: NDArray[np.float64] = (self.held(nothing) if self.has_needs else nothing)[0]
        return idle

    def objectives(self, x: NDArray[np.float64]) -> Objectives:
        """Return what signals do [kW], shape ``(n, n_slots)``."""
        out = np.empty((5, len(x)))
        _objectives(np.ascontiguousarray(x, dtype=np.float64), self._posed, out)
        return Objectives(out[0], out[1], out[2] > 0, out[3] > 0, out[4] > 0)

    def evaluate(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return F of signals [kW], shapes ``(n, n_slots)`` to ``(n,)``."""
        found = self.objectives(x)
        broken = found.power_broken.astype(np.float64) + found.soc_broken + found.number_broken
        fitness: NDArray[np.float64] = self._goal(found) + self.settings.penalty * broken
        return fitness

    def goal(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return F of signals [kW] without penalties, shapes ``(n, n_slots)`` to ``(n,)``."""
        return self._goal(self.objectives(x))

    def _goal(self, found: Objectives) -> NDArray[np.float64]:
        s = self.settings
        by_load = s.weight_difference * found.difference_kw / self.difference_max_kw
        goal: NDArray[np.float64] = by_load + s.weight_cost * found.cost_yuan / self.cost_max_yuan
        return goal


def _full_charging(most_kw: NDArray[np.float64], room_kw: float) -> NDArray[np.float64]:
    """Return the power of charging at once at full power until the room, as power over one slot, is used."""
    before = np.concatenate([[0.0], np.cumsum(most_kw)[:-1]])
    return np.clip(room_kw - before, 0.0, most_kw)


@compiled
def _held(
    x: NDArray[np.float64], whole_kw: NDArray[np.float64], posed: tuple[Any, ...], out: NDArray[np.float64]
) -> None:
    p = Posed(*posed)
    n, slots = x.shape
    per_soc = p.capacity_kwh / p.slot_h
    for i in range(n):
        soc = p.soc_start
        for t in range(slots):
            room = max(p.soc_most - soc, 0.0) * per_soc / p.efficiency
            stock = max(soc - p.soc_kept[t], 0.0) * per_soc * p.efficiency
            power = min(max(x[i, t], -stock), room)
            lacks = p.soc_kept[t] - soc
            if lacks > ROUNDING_SOC:
                power = max(power, lacks * per_soc / p.efficiency)
            power = min(max(power, whole_kw[0, t]), whole_kw[1, t])
            soc += (power * p.efficiency if power >= 0 else power / p.efficiency) / per_soc
            out[i, t] = power


@compiled
def _objectives(x: NDArray[np.float64], posed: tuple[Any, ...], out: NDArray[np.float64]) -> None:
    p = Posed(*posed)
    n, slots = x.shape
    for i in range(n):
        highest, lowest = -np.inf, np.inf
        cost = 0.0
        soc = p.soc_start
        power_broken = soc_broken = number_broken = False
        for t in range(slots):
            power = x[i, t]
            total = p.load_kw[t] + power
            highest = max(highest, total)
            lowest = min(lowest, total)
            cost += (p.up_yuan_per_kwh[t] if power >= 0.0 else p.down_yuan_per_kwh[t]) * power * p.slot_h
            soc += (power * p.efficiency if power >= 0.0 else power / p.efficiency) * p.slot_h / p.capacity_kwh
            power_broken |= power > p.upper[t] + TOLERANCE_KW or power < p.lower[t] - TOLERANCE_KW
            soc_broken |= soc < p.soc_kept[t] - TOLERANCE_SOC or soc > p.soc_most + TOLERANCE_SOC
            # As few EVs as can carry the power, all at rated power or below: nc + nd <= N.
            number_broken |= np.ceil(abs(power) / p.power_kw - TOLERANCE_KW) > p.available[t]
        out[0, i] = highest - lowest
        out[1, i] = cost
        out[2, i] = power_broken
        out[3, i] = soc_broken
        out[4, i] = number_broken
