"""The aggregator: finds the fleet's signal a day ahead, shares it slot by slot among its EVs, and sees what they did of it.

It keeps the limits of the transformers above it, all of them together, and lets EVs that must charge for their needs do so first.

Source: paper B, Fig 1 and section 3: dynamic grouping, power shared in two layers.
"""

from collections.abc import Callable

import mesa
import numpy as np
from numpy.typing import NDArray

from agents.v2g_ev import V2GEV
from coordination.peak_shaving.dispatch import Dispatcher, Track
from coordination.peak_shaving.problem import PeakShaving
from coordination.peak_shaving.search import Found
from environment.battery import Limits
from environment.channel import Channel
from environment.messages import Forecast
from environment.tariffs import Tariff
from environment.v2g_messages import Prices, Setpoint, Tracking


class Aggregator(mesa.Agent):  # type: ignore[misc]
    """One aggregator and its EVs.

    Parameters
    ----------
    model
        The Mesa model.
    name
        Its node.
    channel
        Carries every message.
    evs
        Its EVs, in the order of their rows.
    pose
        Poses the fleet's problem for a load [kW], shape ``(n_slots,)``, and prices.
    find
        Finds the signal of a problem.
    dispatcher
        Groups and shares.
    track
        Takes what happens.
    room_kw
        Least and most power that the transformers leave the fleet in each slot, for the load as it comes [kW], shape
        ``(2, n_slots)``: read at their meters when the slot begins.

    Attributes
    ----------
    found
        The fleet's signal, once it is found.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        channel: Channel,
        evs: list[V2GEV],
        pose: Callable[[NDArray[np.float64], Tariff], PeakShaving],
        find: Callable[[PeakShaving], Found],
        dispatcher: Dispatcher,
        track: Track,
        room_kw: NDArray[np.float64],
    ) -> None:
        super().__init__(model)
        self.name = name
        self.channel = channel
        self.evs = evs
        self.pose = pose
        self.find = find
        self.dispatcher = dispatcher
        self.track = track
        self.room_kw = room_kw
        self.found: Found | None = None

    def hear_day_ahead(self, forecast: Forecast, prices: Prices) -> None:
        """Take load and prices of the day ahead, and ask the optimiser for the fleet's signal."""
        tariff = Tariff(prices.charge_yuan_per_kwh, prices.discharge_yuan_per_kwh)
        self.found = self.find(self.pose(forecast.load_kw, tariff))

    def run_slot(self, slot: int) -> Tracking:
        """Hear who is there, share the signal, and hear what they did; return both for the control centre."""
        assert self.found is not None
        signal_kw = float(self.found.signal_kw[slot])
        evs = [ev for ev in self.evs if ev.announces(slot)]
        heard = [self.channel.send(ev.condition(slot), ev, self) for ev in evs]
        soc, charge_kw, discharge_kw = (
            np.array([(each.soc, each.charge_kw, each.discharge_kw) for each in heard]).reshape(-1, 3).T
        )
        rated_kw = np.array([ev.batteries.power_kw[ev.row] for ev in evs])
        limits = Limits(charge_kw.copy(), discharge_kw.copy())
        least_kw, most_kw = self.room_kw[:, slot].tolist()
        asked = self.dispatcher.dispatch(signal_kw, soc.copy(), rated_kw, limits, (least_kw, most_kw))
        did = []
        for ev, power_kw in zip(evs, asked.power_kw.tolist(), strict=True):
            setpoint = self.channel.send(Setpoint(power_kw), self, ev)
            did.append(self.channel.send(ev.follow(setpoint, slot), ev, self).power_kw)
        after = np.array([ev.soc for ev in evs])
        self.track.enter(slot, signal_kw, asked, np.array(did), soc, after)
        return Tracking(signal_kw, float(self.track.response_kw[slot]))
