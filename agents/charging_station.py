"""A charging station: lets users queue, shifts those who take part, and charges those who have a place.

Source: paper C, section 2: m piles for two EVs each; of n1 EVs at most 2 m charge, the others wait.
"""

from dataclasses import dataclass
from typing import Final

import mesa
import numpy as np
from numpy.typing import NDArray

from coordination.stations.triggers import TriggersSettings, shifted
from environment.battery import Batteries
from environment.channel import Channel
from environment.messages import Sent
from environment.station_messages import Alarm, Need, Order, Served, Shift, StationReport
from environment.users import Sessions, Visits

DUST_PART: Final = 1e-9
"""Who gets no more than this part of what it wants has got nothing."""


@dataclass(frozen=True, eq=False)
class Site:
    """What stations share: the columns in which their numbers are kept, and the rules of the place.

    Parameters
    ----------
    visits, sessions
        Who comes, and what became of them.
    storage
        The stations' storage.
    triggers
        Which are on.
    time_rated_h
        Charging time at rated power.
    slot_h
        Slot length.
    efficiency
        Of a battery that lends, each way.
    pile_kwh
        Most that an EV gets at a pile.
    """

    visits: Visits
    sessions: Sessions
    storage: Batteries
    triggers: TriggersSettings
    time_rated_h: float
    slot_h: float
    efficiency: float
    pile_kwh: float

    def need_kwh(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what visits want as far as a pile can give it [kWh], by their rows, shape ``(q,)``."""
        return np.minimum(self.sessions.need_kwh[rows], self.pile_kwh)


class ChargingStation(mesa.Agent):  # type: ignore[misc]
    """One station; its numbers are a row of the stations' columns.

    Parameters
    ----------
    model
        The Mesa model.
    name
        Its node in the tree.
    row
        Row of the station.
    places
        EVs that it serves at once, 2 m.
    site
        What stations share.
    channel
        Carries every message.
    arriving
        Rows of the visits that come in each slot.

    Attributes
    ----------
    waiting
        Rows of the visits that are there and have not charged, in the order in which they came.
    plugged
        Rows of those that have a place in the present slot; after it, of those that charged.
    shifted
        How many are shifted in the present slot.
    lent_kw, storage_kw, power_kw, cut_kw
        What shifted EVs lend, what storage draws, what EVs draw while they charge, and what they were cut by, in the present slot.
    wanted_kwh
        What those plugged in want, as far as a pile can give it.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        row: int,
        places: int,
        site: Site,
        channel: Channel,
        arriving: dict[int, list[int]],
    ) -> None:
        super().__init__(model)
        self.name = name
        self.row = row
        self.places = places
        self.site = site
        self.channel = channel
        self.arriving = arriving
        self.waiting: list[int] = []
        self.plugged: list[int] = []
        self.shifted = 0
        self.lent_kw = self.storage_kw = self.power_kw = self.cut_kw = self.wanted_kwh = 0.0
        self._order: Order | None = None
        self._rows = np.array([row])

    def open(self, slot: int, *, calmer: bool) -> StationReport:
        """Let users in, shift those who may be, plug in the first; say how things stand.

        Parameters
        ----------
        slot
            The present one.
        calmer
            Whether less is forecast for one of the slots that users may be shifted to.
        """
        came = self.arriving.get(slot, [])
        self._count(Need, len(came))
        self.waiting += came
        here = np.array(self.waiting, dtype=np.int64)
        out = self._shifted(here, slot) if self.site.triggers.user and calmer else np.zeros(here.size, dtype=np.bool_)
        self.shifted = int(out.sum())
        staying, later = here[~out], here[out]
        plugged, queue = np.split(staying, [self.places])
        self.plugged = plugged.tolist()
        self._lend(later)
        self.wanted_kwh = float(self.site.need_kwh(plugged).sum())
        limits = self.site.storage.limits(self._rows, self.site.slot_h)
        return StationReport(
            len(self.plugged),
            queue.size,
            self.wanted_kwh,
            float(self.site.need_kwh(queue).sum()),
            self.lent_kw,
            float(limits.charge_kw[0]),
            float(limits.discharge_kw[0]),
        )

    def _shifted(self, here: NDArray[np.int64], slot: int) -> NDArray[np.bool_]:
        s, visits = self.site.triggers, self.site.visits
        may = visits.willing[here] & (slot - visits.slot[here] < s.shift_slots)
        return shifted(
            self.site.need_kwh(here),
            may,
            places=self.places,
            crowded_kw=s.crowded_kw,
            time_rated_h=self.site.time_rated_h,
        )

    def _lend(self, later: NDArray[np.int64]) -> None:
        """Take what shifted EVs lend, as far as there are places left to plug them in; they want it back with its losses."""
        site = self.site
        self._count(Shift, later.size)
        site.sessions.shifted_slots[later] += 1
        beside = later[: self.places - len(self.plugged)]
        gone = site.sessions.lent_kwh[beside] / site.efficiency
        held = site.visits.capacity_kwh[beside] - site.visits.energy_kwh[beside] - gone
        floor = site.triggers.lend_soc_min * site.visits.capacity_kwh[beside]
        lent = np.clip((held - floor) * site.efficiency, 0.0, site.triggers.lend_kwh)
        site.sessions.lent_kwh[beside] += lent
        site.sessions.need_kwh[beside] += lent / site.efficiency**2
        self.lent_kw = float(lent.sum()) / site.slot_h

    def _count(self, kind: type[Need] | type[Shift], number: int) -> None:
        if number:
            self.channel.record_all([Sent(kind, number, number, number * kind.bytes_each())])

    @property
    def granted_kw(self) -> float:
        """Power granted to EVs in the present slot."""
        return 0.0 if self._order is None else self._order.capacity_kw

    @property
    def storage_soc(self) -> float:
        """State of charge of its storage, 0..1."""
        return float(self.site.storage.soc[self.row])

    def follow(self, order: Order) -> None:
        """Take the slot's schedule."""
        self._order = order
        self.storage_kw = order.storage_kw
        self.power_kw = min(self.wanted_kwh / order.time_h, order.capacity_kw)
        self.cut_kw = 0.0

    def hear(self, alarm: Alarm) -> None:
        """Give more from storage, and draw less for EVs."""
        self.storage_kw -= alarm.give_kw
        self.power_kw -= alarm.cut_kw
        self.cut_kw += alarm.cut_kw

    def serve(self, slot: int) -> Served:
        """Charge those who are plugged in, each in proportion to what it wants, and let them go; use the storage.

        Where EVs are cut, who came first gets as much as without the cut, and who gets nothing stays.
        """
        assert self._order is not None
        sessions, time_h = self.site.sessions, self._order.time_h
        hours = np.array([self.site.slot_h])
        self.storage_kw = float(self.site.storage.draw(self._rows, np.array([self.storage_kw]), hours)[0]) / hours[0]
        here = np.array(self.plugged, dtype=np.int64)
        need = self.site.need_kwh(here)
        wanted = float(need.sum())
        got = need * (min((self.power_kw + self.cut_kw) * time_h, wanted) / wanted if wanted else 0.0)
        if self.cut_kw:
            got = np.clip(self.power_kw * time_h - (np.cumsum(got) - got), 0.0, got)
        charged = got > DUST_PART * need
        rows = here[charged]
        self.plugged, self.wanted_kwh = rows.tolist(), float(need[charged].sum())
        sessions.served_kwh[rows] = got[charged]
        sessions.served_slot[rows] = slot
        sessions.time_h[rows] = time_h
        gone = set(self.plugged)
        self.waiting = [row for row in self.waiting if row not in gone]
        return Served(len(gone), float(got[charged].sum()), self.wanted_kwh)
