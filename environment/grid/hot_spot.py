r"""Hot spot of a transformer's winding, and the life that its paper loses.

Source: IEC 60076-7 (2005 and 2018), the difference equations of its thermal model. Load K (load over rating) draws three
temperatures towards ends of their own, :math:`D\theta = \frac{Dt}{\tau} (\theta_{end} - \theta)`:

- top oil, end :math:`\theta_a + \Delta\theta_{or} \big(\frac{1 + R K^2}{1 + R}\big)^x`, :math:`\tau = k_{11} \tau_o`,
- winding above oil, end :math:`k_{21} \Delta\theta_{hr} K^y`, :math:`\tau = k_{22} \tau_w`,
- what the oil's lag takes from that, end :math:`(k_{21} - 1) \Delta\theta_{hr} K^y`, :math:`\tau = \tau_o / k_{22}`.

The hot spot is the first plus the second less the third. Paper that is not thermally upgraded ages at the rate
:math:`V = 2^{(\theta_h - 98) / 6}`: 1 at 98 degrees, twice that 6 degrees above.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from environment.compiled import compiled

RATED_C: Final = 98.0
DOUBLES_K: Final = 6.0

MOST_C: Final = 1000.0
"""No hot spot ages paper faster than this one [C]; long before it nothing is left to age."""


class Thermal(NamedTuple):
    """Thermal constants of a kind of transformer.

    Parameters
    ----------
    loss_ratio
        R: load losses at rated load over losses without load.
    oil_exponent, winding_exponent
        x and y: how the rise of the top oil grows with losses, and that of the hot spot with load.
    oil_h, winding_h
        Time constants of the oil and of the winding [h].
    k11, k21, k22
        Constants of the thermal model.
    oil_rise_k, hot_spot_rise_k
        Rise of the top oil above the air and of the hot spot above the top oil, at rated load [K].
    """

    loss_ratio: float
    oil_exponent: float
    winding_exponent: float
    oil_h: float
    winding_h: float
    k11: float
    k21: float
    k22: float
    oil_rise_k: float
    hot_spot_rise_k: float


# Distribution transformers in which oil and air move by themselves (ONAN). x, y, k11, k21, k22 and the time constants are those
# that the standard recommends (table 5 of 2005, table 4 of 2018); R and the rises are those of its load diagrams (2005, p. 105).
ONAN: Final = Thermal(5.0, 0.8, 1.6, 180 / 60, 4 / 60, 1.0, 1.0, 2.0, 55.0, 23.0)


class Heat(NamedTuple):
    """Temperatures of one transformer: top oil [C], winding above oil and what the oil's lag takes from it [K]."""

    oil_c: float
    winding_k: float
    lag_k: float


class Ageing(NamedTuple):
    """Heat and ageing of transformers over a horizon; every column has shape ``(n_transformers,)``.

    Parameters
    ----------
    hot_spot_c
        Largest temperature of the hot spot [C].
    hot_spot_slot
        First slot in which it is reached.
    life_lost_h
        Life that the paper loses [h]; over the hours of the horizon it is the mean rate of ageing, 1 being normal.
    """

    hot_spot_c: NDArray[np.float64]
    hot_spot_slot: NDArray[np.int64]
    life_lost_h: NDArray[np.float64]


@compiled
def steady(load_factor: float, ambient_c: float, thermal: Thermal) -> Heat:
    """Return the temperatures that a steady load ends in; power that flows back heats as much."""
    t = thermal
    losses = (1.0 + t.loss_ratio * load_factor**2) / (1.0 + t.loss_ratio)
    above_k = t.hot_spot_rise_k * abs(load_factor) ** t.winding_exponent
    return Heat(ambient_c + t.oil_rise_k * losses**t.oil_exponent, t.k21 * above_k, (t.k21 - 1.0) * above_k)


@compiled
def after(heat: Heat, end: Heat, step_h: float, thermal: Thermal) -> Heat:
    """Return the temperatures one step later, on their way to those of `steady`: the standard's difference equations."""
    t = thermal
    return Heat(
        heat.oil_c + step_h / (t.k11 * t.oil_h) * (end.oil_c - heat.oil_c),
        heat.winding_k + step_h / (t.k22 * t.winding_h) * (end.winding_k - heat.winding_k),
        heat.lag_k + step_h * t.k22 / t.oil_h * (end.lag_k - heat.lag_k),
    )


@compiled
def _follow(
    load_factor: NDArray[np.float64], ambient_c: NDArray[np.float64], step_h: float, n_steps: int, thermal: Thermal, ageing: Ageing
) -> None:  # fmt: skip
    for i in range(load_factor.shape[0]):
        heat = steady(load_factor[i, 0], ambient_c[0], thermal)
        largest_c, slot, lost_h = -np.inf, 0, 0.0
        for s in range(load_factor.shape[1]):
            end = steady(load_factor[i, s], ambient_c[s], thermal)
            for _ in range(n_steps):
                heat = after(heat, end, step_h, thermal)
                hot_spot_c = heat.oil_c + heat.winding_k - heat.lag_k
                lost_h += 2.0 ** ((min(hot_spot_c, MOST_C) - RATED_C) / DOUBLES_K) * step_h
                if hot_spot_c > largest_c:
                    largest_c, slot = hot_spot_c, s
        ageing.hot_spot_c[i], ageing.hot_spot_slot[i], ageing.life_lost_h[i] = largest_c, slot, lost_h


def ageing_of(
    load_factor: NDArray[np.float64],
    slot_h: float,
    ambient_c: float | NDArray[np.float64] = 20.0,
    thermal: Thermal = ONAN,
    longest_step_h: float = np.inf,
) -> Ageing:
    """Return how hot transformers get and how much life they lose.

    Every transformer begins in the steady state of its first slot [ours]. A slot is cut into equal steps, a power of two of
    them, so that half a slot has half the steps.

    Parameters
    ----------
    load_factor
        Load over rating, finite, shape ``(n_transformers, n_slots)``. The rating is of apparent power, so the load should be.
    slot_h
        Length of a slot [h].
    ambient_c
        Temperature of the air [C], one for all slots or shape ``(n_slots,)``.
    thermal
        Thermal constants, the same for all.
    longest_step_h
        No step is longer [h], nor longer than half the smallest time constant, as the standard asks.

    Raises
    ------
    ValueError
        If the air's temperatures are not as many as the slots.
    """
    t = thermal
    longest_h = min(longest_step_h, min(t.winding_h, t.k22 * t.winding_h, t.k11 * t.oil_h, t.oil_h / t.k22) / 2)
    n_steps = 1
    while slot_h / n_steps > longest_h * (1 + 1e-12):  # a step of just that length may be a rounding longer
        n_steps *= 2
    n_transformers, n_slots = load_factor.shape
    air_c = np.ascontiguousarray(np.broadcast_to(np.asarray(ambient_c, dtype=np.float64), n_slots))
    ageing = Ageing(np.empty(n_transformers), np.empty(n_transformers, np.int64), np.empty(n_transformers))
    _follow(np.ascontiguousarray(load_factor, np.float64), air_c, slot_h / n_steps, n_steps, thermal, ageing)
    return ageing
