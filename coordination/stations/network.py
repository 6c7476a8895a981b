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
from environment.feeders.power_flow import MOST_TAPS, Flow, PowerFlow, Weakest
from environment.stations import Stations


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


def idle_voltages(flow: PowerFlow, stations: Stations) -> NDArray[np.float64]:
    """Return what each station's node has where nothing is drawn and taps are as they stand [V], shape ``(m,)``."""
    nothing = np.zeros((1, len(flow.feeder)))
    voltage_v: NDArray[np.float64] = flow.solve(nothing, nothing).voltage_pu[0, stations.node] * stations.rated_v
    return voltage_v


@dataclass(frozen=True, eq=False)
class ByPowerFlow:
    """Losses and voltages by an AC power flow of every schedule, all in one call.

    A flow tells the losses while all EVs charge; stations finish at different times, so these count for the mean charging time,
    weighed by power, and those without EVs, of a flow of its own, for the rest of the slot.

    Parameters
    ----------
    flow
        Of the feeder, with on-load tap changers.
    stations
        Where they stand.
    base_kw, base_kvar
        Load of each node beside the EVs, shape ``(n_nodes,)``.
    ev_kvar_per_kw
        Reactive per active power of EVs and storage.
    idle_v
        What each station has without load, its taps as they stand: see `idle_voltages`.
    """

    flow: PowerFlow
    stations: Stations
    base_kw: NDArray[np.float64]
    base_kvar: NDArray[np.float64]
    ev_kvar_per_kw: float
    idle_v: NDArray[np.float64]

    def taps(self, voltage_v: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the tap positions next to voltages without load, shapes ``(n, m)`` to ``(n, n_transformers)``.

        Where that is further than the changer goes, it stands at its end.
        """
        assert self.flow.tap_step_v is not None
        feeder, own = self.flow.feeder, self.stations.transformer
        upper = feeder.transformer_hv_v[own] + feeder.transformer_tap_v[own]
        steps = np.rint(upper * (self.idle_v / voltage_v - 1) / self.flow.tap_step_v[own])
        taps = np.zeros((len(voltage_v), feeder.transformer.size), dtype=np.int64)
        taps[:, own] = np.clip(steps, -MOST_TAPS, MOST_TAPS)
        return taps

    def solve(self, voltage_v: NDArray[np.float64], ev_kw: NDArray[np.float64], source_pu: float | None = None) -> Flow:
        """Solve a batch.

        Parameters
        ----------
        voltage_v
            Voltage of each station without load, shape ``(n, m)``.
        ev_kw
            What EVs and storage draw at each station, shape ``(n, m)``.
        source_pu
            Voltage at the source; none: the feeder's own, for which taps are set.
        """
        source = None if source_pu is None else np.full(len(ev_kw), source_pu)
        return self.flow.solve(*self._loads(ev_kw), self.taps(voltage_v), source)

    def weakest(self, voltage_v: NDArray[np.float64], ev_kw: NDArray[np.float64], source_pu: float) -> Weakest:
        """Return where a case without a power flow is too much; the parameters are those of `solve`, both of shape ``(m,)``."""
        load_kw, load_kvar = self._loads(ev_kw[None])
        return self.flow.weakest(load_kw[0], load_kvar[0], self.taps(voltage_v[None])[0], source_pu)

    def _loads(self, ev_kw: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return active and reactive load of each node, both ``(n, n_nodes)``."""
        load_kw, load_kvar = (np.tile(base, (len(ev_kw), 1)) for base in (self.base_kw, self.base_kvar))
        load_kw[:, self.stations.node] += ev_kw
        load_kvar[:, self.stations.node] += ev_kw * self.ev_kvar_per_kw
        return load_kw, load_kvar

    def network(self, problem: StationScheduling, decision: Decision, power_kw: NDArray[np.float64]) -> Network:
        """Work it out; see `Evaluator.network`."""
        n = len(power_kw)
        ev_kw = np.vstack([power_kw + problem.stored_kw, problem.stored_kw[None]])  # the last without EVs
        voltage_v = np.vstack([decision.voltage_v, problem.idle_v[None]])
        flow = self.solve(voltage_v, ev_kw)
        total = power_kw.sum(axis=1)
        mean_h = np.divide((power_kw * decision.time_h).sum(axis=1), total, out=np.zeros(n), where=total > 0)
        loss_kw = flow.loss_kw
        idle_kw = loss_kw[-1] if flow.solved[-1] else 0.0
        loss_kwh = loss_kw[:-1] * mean_h + idle_kw * (problem.slot_h - mean_h)
        solved = flow.solved[:-1]
        return Network(
            flow.voltage_pu[:-1][:, self.stations.node] * problem.rated_v,
            np.where(solved, loss_kwh, np.inf),
            np.where(solved, flow.source_kw[:-1], np.inf),
        )
