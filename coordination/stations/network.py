r"""What schedules do to the grid, in two ways behind one interface: the paper's coefficients, and an AC power flow.

Source: paper C, eq (1) [reconstructed]: :math:`f_1 = \lambda_{n_1} \sum_i (\alpha_c P^c_{loss,i} + \alpha_s P^s_{loss,i})`. The
coefficient grows with the EVs that charge and a pile's loss with the square of its power, :math:`\lambda_{n} = \lambda n / 2m`
and :math:`P^c_{loss,i} = p_i^2 / p_{rated}` [default]; together the loss of a station is quadratic in what it draws, as in a wire. A
storage device loses :math:`P^s_{loss} = (1 - \eta) |S|` [default], so that by these coefficients one loses nothing where nobody charges.
Piles lose for the time that EVs charge, devices for the whole slot. A higher voltage carries the same power with less current, so losses
fall with its square [standard]. A station's voltage is :math:`U (1 - \delta L / P_{max})` at a load L, base and storage among it [default].
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coordination.stations.problem import Decision, Network, Slot, StationScheduling
from environment.compiled import compiled
from environment.grid.state import GridState


@dataclass(frozen=True)
class Coefficients:
    """Losses and voltages by the paper's coefficients; station by station, no grid between them.

    Parameters
    ----------
    elsewhere_kw
        Load of nodes without a station, which counts in what is drawn.
    """

    elsewhere_kw: float = 0.0

    def network(self, problem: StationScheduling, decision: Decision, power_kw: NDArray[np.float64]) -> Network:
        """Work it out; see `Evaluator.network`."""
        s, n = problem.settings, len(power_kw)
        network = Network(np.full(power_kw.shape, np.nan), np.empty(n), np.empty(n))
        device = s.device_coefficient * (1 - problem.storage_efficiency)
        factors = (s.loss_coefficient, s.pile_coefficient, device, s.drop_coefficient)
        columns, most_kw = tuple(map(np.ascontiguousarray, decision)), problem.limits.capacity_max_kw
        _coefficients(columns, power_kw, problem.slot, most_kw, factors, self.elsewhere_kw, tuple(network))
        return network


class Factors(NamedTuple):
    """Coefficients of losses and of the voltage's drop, as the kernel takes them."""

    loss: float
    pile: float
    device: float
    drop: float


@compiled
def _coefficients(
    decision: tuple[Any, ...],
    power_kw: NDArray[np.float64],
    slot: tuple[Any, ...],
    capacity_max_kw: float,
    factors: tuple[Any, ...],
    elsewhere_kw: float,
    network: tuple[Any, ...],
) -> None:
    decision, slot, factors, network = Decision(*decision), Slot(*slot), Factors(*factors), Network(*network)
    n, m = power_kw.shape
    for i in range(n):
        lost_kwh, drawn = 0.0, elsewhere_kw
        for j in range(m):
            power = power_kw[i, j]
            load = slot.beside_kw[j] + power
            voltage = decision.voltage_v[i, j] * (1.0 - factors.drop * load / capacity_max_kw)
            if voltage <= 0.0:
                lost_kwh = drawn = np.inf
                network.voltage_v[i] = np.nan
                break
            network.voltage_v[i, j] = voltage
            plugged, places = slot.plugged[j], slot.places[j]
            rated_kw = capacity_max_kw / places
            crowd = factors.loss * plugged / places
            current = (slot.rated_v[j] / voltage) ** 2
            piles_kw = crowd * factors.pile * power * power / (max(plugged, 1) * rated_kw) * current
            devices_kw = crowd * factors.device * abs(slot.storage_kw[j]) * current
            lost_kwh += piles_kw * decision.time_h[i, j] + devices_kw * slot.slot_h
            drawn += load + piles_kw + devices_kw
        network.loss_kwh[i] = lost_kwh
        network.drawn_kw[i] = drawn


@dataclass(frozen=True, eq=False)
class ByPowerFlow:
    """Losses and voltages by an AC power flow of every schedule, all in one call; what strikes in the slot is not known yet.

    A flow tells the losses while all EVs charge; stations finish at different times, so these count for the mean charging time,
    weighed by power, and those without EVs, of a flow of its own, for the rest of the slot.

    Parameters
    ----------
    grid
        The feeder, on which the stations are the sites.
    slot
        Number of the slot.
    """

    grid: GridState
    slot: int

    def network(self, problem: StationScheduling, decision: Decision, power_kw: NDArray[np.float64]) -> Network:
        """Work it out; see `Evaluator.network`."""
        n = len(power_kw)
        ev_kw = np.vstack([power_kw + problem.stored_kw, problem.stored_kw[None]])  # the last without EVs
        voltage_v = np.vstack([decision.voltage_v, problem.idle_v[None]])
        flow = self.grid.solve(self.slot, ev_kw, voltage_v, struck=False)
        total = power_kw.sum(axis=1)
        mean_h = np.divide((power_kw * decision.time_h).sum(axis=1), total, out=np.zeros(n), where=total > 0)
        loss_kw = flow.loss_kw
        idle_kw = loss_kw[-1] if flow.solved[-1] else 0.0
        loss_kwh = loss_kw[:-1] * mean_h + idle_kw * (problem.slot_h - mean_h)
        solved = flow.solved[:-1]
        return Network(
            self.grid.site_v(flow)[:-1],
            np.where(solved, loss_kwh, np.inf),
            np.where(solved, flow.source_kw[:-1], np.inf),
        )
