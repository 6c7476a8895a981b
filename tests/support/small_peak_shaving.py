"""Small problems of peak shaving for the laws."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coordination.peak_shaving.problem import PeakShaving, PeakShavingSettings
from environment.tariffs import Tariff

READINGS: list[dict[str, Any]] = [
    {},
    {"ageing_on": "discharge"},
    {"carbon_on": "charge"},
    {"carbon_on": "absolute"},
    {"ageing_on": "discharge", "carbon_on": "charge", "weight_difference": 0.9, "weight_cost": 0.1},
    {"weight_cost": 0.0},
    {"weight_difference": 0.0},
]
"""Open readings, and weights, for which f2 is convex or does not count."""


def make_problem(
    load_kw: list[float] | NDArray[np.float64],
    *,
    vehicles: float | list[float] = 10.0,
    prices: list[float] | NDArray[np.float64] | float = 0.65,
    discharge_ratio: float = 1.0,
    soc_start: float = 0.5,
    efficiency: float = 0.9,
    slot_h: float = 1.0,
    power_kw: float = 7.5,
    capacity_kwh: float = 350.0,
    **settings: Any,
) -> PeakShaving:
    """A fleet of 10 EVs of 35 kWh unless told otherwise."""
    load = np.asarray(load_kw, dtype=np.float64)
    price = np.broadcast_to(np.asarray(prices, dtype=np.float64), load.shape).copy()
    return PeakShaving.of(
        load, slot_h, np.broadcast_to(np.asarray(vehicles, dtype=np.float64), load.shape).copy(), power_kw=power_kw,
        capacity_kwh=capacity_kwh, efficiency=efficiency, soc_start=soc_start,
        tariff=Tariff(price, discharge_ratio * price), settings=PeakShavingSettings(**settings),
    )  # fmt: skip


def day_problem(seed: int, slots: int = 24, **more: Any) -> PeakShaving:
    """A day of random load, prices and numbers of EVs."""
    rng = np.random.default_rng(seed)
    return make_problem(
        rng.uniform(200, 600, slots),
        vehicles=rng.integers(0, 11, slots).astype(float).tolist(),
        prices=rng.choice([0.247, 0.65, 1.105], slots),
        soc_start=float(rng.uniform(0.2, 0.8)),
        **more,
    )
