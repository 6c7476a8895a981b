"""Charging stations as columns: who queues, who is shifted and lends, who has a place, and who is charged and leaves.

Source: paper C, section 2: m piles for two EVs each; of n1 EVs at most 2 m charge, the others wait. Rules are asked for the rows
of some stations, so that one station, a region and all stations go by the same.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from coordination.stations.reports import Orders, Plans, Reports, Standing
from coordination.stations.triggers import TriggersSettings, shifted
from environment.battery import Batteries
from environment.compiled import compiled
from environment.station_sites import Stations, StationsSettings
from environment.sums import sum_of
from environment.users import Sessions, Visits

DUST_PART: Final = 1e-9
"""Who gets no more than this part of what it wants has got nothing."""


class Rules(NamedTuple):
    """Numbers that the rules go by, the same for all stations.

    Parameters
    ----------
    slot_h
        Slot length.
    pile_kwh
        Most that an EV gets at a pile.
    efficiency, both_ways
        Of a battery that lends, each way, and there and back.
    time_rated_h
        Charging time at rated power.
    may_shift
        Whether users may be shifted.
    shift_slots
        By how many slots at most.
    crowded_kw
        Power at rated time above which a station is crowded.
    lend_kwh, lend_soc_min
        What a shifted EV lends at most in a slot, and the state of charge below which none lends.
    """

    slot_h: float
    pile_kwh: float
    efficiency: float
    both_ways: float
    time_rated_h: float
    may_shift: bool
    shift_slots: int
    crowded_kw: float
    lend_kwh: float
    lend_soc_min: float


class Queues(NamedTuple):
    """Who is where, as kernels take it; columns are those of `Yard`."""

    places: NDArray[np.int64]
    first: NDArray[np.int64]
    queue: NDArray[np.int64]
    waiting: NDArray[np.int64]
    placed: NDArray[np.int64]
    put_off: NDArray[np.int64]
    plugged: NDArray[np.int64]
    queued: NDArray[np.int64]
    arrived: NDArray[np.int64]
    shifted: NDArray[np.int64]


class Flows(NamedTuple):
    """What stations want and draw, as kernels take it; columns are those of `Yard`."""

    wanted_kwh: NDArray[np.float64]
    queued_kwh: NDArray[np.float64]
    lent_kw: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    cut_kw: NDArray[np.float64]
    time_h: NDArray[np.float64]


class Known(NamedTuple):
    """What is known of visits, as kernels take it; columns are those of `Visits` and `Yard`."""

    station: NDArray[np.int64]
    slot: NDArray[np.int64]
    energy_kwh: NDArray[np.float64]
    capacity_kwh: NDArray[np.float64]
    willing: NDArray[np.bool_]


class Books(NamedTuple):
    """What became of visits, as kernels take it; columns are those of `Sessions`."""

    need_kwh: NDArray[np.float64]
    served_kwh: NDArray[np.float64]
    served_slot: NDArray[np.int64]
    shifted_slots: NDArray[np.int64]
    lent_kwh: NDArray[np.float64]
    time_h: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Yard:
    """All stations of a run and who visits them; columns of shape ``(m,)`` for m stations unless said otherwise.

    Rows of visits stand station by station in columns of shape ``(n_visits,)``: those of station j from ``first[j]`` on.

    Parameters
    ----------
    visits, sessions
        Who comes, with what they said that they need, and what became of them.
    storage
        The stations' storage.
    rules
        What the rules go by.
    places
        EVs that each serves at once, 2 m.
    first
        Where the visits of each station begin, and the end, shape ``(m + 1,)``.
    willing
        Whether each visit may be shifted, shape ``(n_visits,)``.
    queue
        Rows of the visits that are there and have not charged, in the order in which they came, shape ``(n_visits,)``.
    waiting
        Number of visits in the queue.
    placed
        Rows of the visits that have a place in the present slot; after it, of those that charged, shape ``(n_visits,)``.
    put_off
        Rows of the visits that are shifted in the present slot, shape ``(n_visits,)``.
    plugged
        Number of visits in `placed`.
    queued
        Number of visits that had no place when the slot began.
    arrived, shifted
        Number of visits that came, and that were shifted, in the present slot.
    wanted_kwh, queued_kwh
        Energy that those with a place and those without one want, as far as a pile can give it; after the slot, that those who
        charged wanted, and the others without being shifted want.
    lent_kw, storage_kw, power_kw, cut_kw
        What shifted EVs lend, what storage draws, what EVs draw while they charge, and what they were cut by, in the present slot.
    granted_kw, time_h
        Power granted to EVs, and for how long they charge, in the present slot.
    voltage_v
        Voltage that the taps of each transformer are set for.
    """

    visits: Visits
    sessions: Sessions
    storage: Batteries
    rules: Rules
    places: NDArray[np.int64]
    first: NDArray[np.int64]
    willing: NDArray[np.bool_]
    queue: NDArray[np.int64]
    waiting: NDArray[np.int64]
    placed: NDArray[np.int64]
    put_off: NDArray[np.int64]
    plugged: NDArray[np.int64]
    queued: NDArray[np.int64]
    arrived: NDArray[np.int64]
    shifted: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    queued_kwh: NDArray[np.float64]
    lent_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    cut_kw: NDArray[np.float64]
    granted_kw: NDArray[np.float64]
    time_h: NDArray[np.float64]
    voltage_v: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        visits: Visits,
        stations: Stations,
        settings: StationsSettings,
        triggers: TriggersSettings,
        slot_h: float,
        idle_v: NDArray[np.float64],
    ) -> Self:
        """Return stations to which nobody has come yet.

        Parameters
        ----------
        visits
            Visits that are to come.
        stations, settings
            The stations.
        triggers
            Triggers that are on, and what each goes by.
        slot_h
            Slot length.
        idle_v
            Voltage that taps are set for before the first order, shape ``(m,)``.
        """
        m, n = len(stations), len(visits)
        efficiency = settings.storage_efficiency
        return cls(
            visits=replace(
                visits,
                energy_kwh=visits.energy_kwh.copy(),
                capacity_kwh=visits.capacity_kwh.copy(),
                willing=visits.willing.copy(),
            ),
            sessions=Sessions.of(visits),
            storage=stations.new_storage(settings),
            rules=Rules(
                slot_h=slot_h,
                pile_kwh=settings.pile_kwh,
                efficiency=efficiency,
                both_ways=efficiency**2,
                time_rated_h=settings.time_rated_h,
                may_shift=triggers.user,
                shift_slots=triggers.shift_slots,
                crowded_kw=triggers.crowded_kw,
                lend_kwh=triggers.lend_kwh,
                lend_soc_min=triggers.lend_soc_min,
            ),
            places=stations.places,
            first=np.concatenate([[0], np.cumsum(np.bincount(visits.station, minlength=m))]),
            willing=visits.willing.copy(),
            queue=np.zeros(n, dtype=np.int64),
            waiting=np.zeros(m, dtype=np.int64),
            placed=np.zeros(n, dtype=np.int64),
            put_off=np.zeros(n, dtype=np.int64),
            plugged=np.zeros(m, dtype=np.int64),
            queued=np.zeros(m, dtype=np.int64),
            arrived=np.zeros(m, dtype=np.int64),
            shifted=np.zeros(m, dtype=np.int64),
            wanted_kwh=np.zeros(m),
            queued_kwh=np.zeros(m),
            lent_kw=np.zeros(m),
            storage_kw=np.zeros(m),
            power_kw=np.zeros(m),
            cut_kw=np.zeros(m),
            granted_kw=np.zeros(m),
            time_h=np.zeros(m),
            voltage_v=idle_v.copy(),
        )

    def __len__(self) -> int:
        return self.places.size

    def begin(self) -> None:
        """Begin a slot at all stations: nobody has a place, and nothing flows."""
        for column in (self.plugged, self.arrived, self.shifted):
            column[:] = 0
        flows = (self.wanted_kwh, self.lent_kw, self.storage_kw, self.power_kw, self.cut_kw, self.granted_kw)
        for flow in flows:
            flow[:] = 0.0
        self.willing[:] = self.visits.willing
        self._all_wait()

    def coming(self, slot: int) -> NDArray[np.int64]:
        """Return the rows of the visits that come in a slot, in their order."""
        begin, end = np.searchsorted(self.visits.slot, [slot, slot + 1]).tolist()
        return np.arange(begin, end)

    def hear_need(self, visit: int, energy_kwh: float, capacity_kwh: float, *, willing: bool) -> None:
        """Take what a visit says that it needs, how large its battery is, and whether it may be shifted, before it is let in."""
        self.visits.energy_kwh[visit] = self.sessions.need_kwh[visit] = energy_kwh
        self.visits.capacity_kwh[visit] = capacity_kwh
        self.visits.willing[visit] = self.willing[visit] = willing

    def let_in(self, visits: NDArray[np.int64]) -> None:
        """Let some visits into the queues of their stations, in the order given."""
        queues, flows, books, known = self._columns
        _let_in(visits, self._rules, queues, flows, books, known)

    def let_go(self, visit: int) -> None:
        """Let a visit leave the queue of its station without having charged."""
        station = int(self.visits.station[visit])
        begin, end = int(self.first[station]), int(self.first[station] + self.waiting[station])
        left = self.queue[begin:end]
        left = left[left != visit]
        self.queue[begin : begin + left.size] = left
        self.waiting[station] = left.size
        self._all_wait()

    def _all_wait(self) -> None:
        """Take all visits that are at the stations as waiting, while none has a place."""
        queues, flows, books, _ = self._columns
        _wait(self._rules, queues, flows, books)

    def may_shift(self, station: int, slot: int, *, calmer: bool) -> list[int]:
        """Return the rows of the visits that a station would shift in a slot; see `open`."""
        queues, _, books, known = self._columns
        return [int(row) for row in _may_shift(station, slot, calmer, self._rules, queues, books, known)]

    def open(self, rows: NDArray[np.int64], slot: int, calmer: NDArray[np.bool_]) -> Reports:
        """Shift visits that may be, plug in the first of the others; return what stations report.

        Parameters
        ----------
        rows
            Stations, each once, shape ``(k,)``.
        slot
            The present one.
        calmer
            Whether less is forecast for one of the slots that visits may be shifted to, shape ``(k,)``.
        """
        _open(rows, slot, calmer, self._rules, *self._columns)
        can = self.storage.limits(rows, self.rules.slot_h)
        return Reports(
            self.plugged[rows],
            self.queued[rows],
            self.shifted[rows],
            self.wanted_kwh[rows],
            self.queued_kwh[rows],
            self.lent_kw[rows],
            can.charge_kw,
            can.discharge_kw,
        )

    def follow(self, rows: NDArray[np.int64], orders: Orders) -> Plans:
        """Take the slot's schedule of some stations; return what they are going to draw."""
        self.granted_kw[rows], self.time_h[rows] = orders.capacity_kw, orders.time_h
        self.storage_kw[rows], self.voltage_v[rows] = orders.storage_kw, orders.voltage_v
        self.power_kw[rows] = np.minimum(self.wanted_kwh[rows] / orders.time_h, orders.capacity_kw)
        return Plans(self.power_kw[rows], self.storage_kw[rows])

    def give(self, rows: NDArray[np.int64], give_kw: NDArray[np.float64]) -> None:
        """Let storage of some stations give more, shape ``(k,)``."""
        self.storage_kw[rows] -= give_kw

    def cut(self, rows: NDArray[np.int64], cut_kw: NDArray[np.float64]) -> None:
        """Let EVs of some stations draw less, shape ``(k,)``."""
        self.power_kw[rows] -= cut_kw
        self.cut_kw[rows] += cut_kw

    def withhold(self, rows: NDArray[np.int64]) -> None:
        """Let some stations draw nothing: who has not heard the last word of a slot may still give from storage, no more."""
        self.power_kw[rows] = self.granted_kw[rows] = 0.0
        self.storage_kw[rows] = np.minimum(self.storage_kw[rows], 0.0)

    def serve(self, rows: NDArray[np.int64], slot: int) -> Standing:
        """Use the storage, charge who has a place, each in proportion to what it wants, and let them go; return how stations stand.

        Where EVs are cut, who came first gets as much as without the cut, and who gets nothing stays.
        """
        slot_h = self.rules.slot_h
        self.storage_kw[rows] = self.storage.draw(rows, self.storage_kw[rows], np.full(rows.size, slot_h)) / slot_h
        served_kwh = np.empty(rows.size)
        queues, flows, books, _ = self._columns
        _serve(rows, slot, self._rules, queues, flows, books, served_kwh)
        return Standing(
            self.plugged[rows],
            served_kwh,
            self.wanted_kwh[rows],
            self.granted_kw[rows],
            self.power_kw[rows],
            self.storage_kw[rows],
            self.cut_kw[rows],
            self.storage.soc[rows],
        )

    def charged_at(self, station: int) -> list[int]:
        """Return the rows of the visits that charged at a station in the slot that has just been served."""
        begin = int(self.first[station])
        return [int(row) for row in self.placed[begin : begin + int(self.plugged[station])]]

    def put_off_at(self, station: int) -> list[int]:
        """Return the rows of the visits that a station shifts in the present slot."""
        begin = int(self.first[station])
        return [int(row) for row in self.put_off[begin : begin + int(self.shifted[station])]]

    @cached_property
    def _rules(self) -> tuple[Any, ...]:
        """`Rules` as a plain tuple: a station asks alone in every slot (see `environment.compiled`)."""
        return tuple(self.rules)

    @cached_property
    def _columns(self) -> tuple[tuple[Any, ...], ...]:
        """`Queues`, `Flows`, `Books` and `Known` as plain tuples, likewise."""
        visits = self.visits
        known = Known(visits.station, visits.slot, visits.energy_kwh, visits.capacity_kwh, self.willing)
        parts = ((self, Queues), (self, Flows), (self.sessions, Books))
        return *(tuple(getattr(owner, name) for name in part._fields) for owner, part in parts), tuple(known)


@compiled
def _wait(rules: tuple[Any, ...], queues: tuple[Any, ...], flows: tuple[Any, ...], books: tuple[Any, ...]) -> None:
    rules, queues, flows, books = Rules(*rules), Queues(*queues), Flows(*flows), Books(*books)
    for j in range(queues.waiting.size):
        here = queues.queue[queues.first[j] : queues.first[j] + queues.waiting[j]]
        queues.queued[j], flows.queued_kwh[j] = here.size, sum_of(_needs_kwh(here, books.need_kwh, rules.pile_kwh))


@compiled
def _let_in(
    visits: NDArray[np.int64],
    rules: tuple[Any, ...],
    queues: tuple[Any, ...],
    flows: tuple[Any, ...],
    books: tuple[Any, ...],
    known: tuple[Any, ...],
) -> None:
    rules, queues, flows = Rules(*rules), Queues(*queues), Flows(*flows)
    books, known = Books(*books), Known(*known)
    for row in visits:
        j = known.station[row]
        queues.queue[queues.first[j] + queues.waiting[j]] = row
        queues.waiting[j] += 1
        queues.queued[j] += 1
        queues.arrived[j] += 1
        flows.queued_kwh[j] += min(books.need_kwh[row], rules.pile_kwh)


@compiled
def _may_shift(
    j: int,
    slot: int,
    calmer: bool,
    rules: tuple[Any, ...],
    queues: tuple[Any, ...],
    books: tuple[Any, ...],
    known: tuple[Any, ...],
) -> NDArray[np.int64]:
    rules, queues, books, known = Rules(*rules), Queues(*queues), Books(*books), Known(*known)
    here = queues.queue[queues.first[j] : queues.first[j] + queues.waiting[j]]
    needs_kwh = _needs_kwh(here, books.need_kwh, rules.pile_kwh)
    return here[_put_off(slot, calmer, here, needs_kwh, queues.places[j], rules, known)]


@compiled
def _open(
    rows: NDArray[np.int64],
    slot: int,
    calmer: NDArray[np.bool_],
    rules: tuple[Any, ...],
    queues: tuple[Any, ...],
    flows: tuple[Any, ...],
    books: tuple[Any, ...],
    known: tuple[Any, ...],
) -> None:
    rules, queues, flows = Rules(*rules), Queues(*queues), Flows(*flows)
    books, known = Books(*books), Known(*known)
    for k in range(rows.size):
        j = rows[k]
        here = queues.queue[queues.first[j] : queues.first[j] + queues.waiting[j]]
        needs_kwh = _needs_kwh(here, books.need_kwh, rules.pile_kwh)
        out = _put_off(slot, calmer[k], here, needs_kwh, queues.places[j], rules, known)
        staying = _plug_in(j, here, needs_kwh, out, queues)
        flows.wanted_kwh[j] = sum_of(needs_kwh[: queues.plugged[j]])
        flows.queued_kwh[j] = sum_of(needs_kwh[queues.plugged[j] : staying])
        queues.queued[j], queues.shifted[j] = staying - queues.plugged[j], here.size - staying
        lent_kwh = _lent_kwh(here, out, queues.places[j] - queues.plugged[j], rules, known, books)
        flows.lent_kw[j] = lent_kwh / rules.slot_h


@compiled
def _put_off(
    slot: int,
    calmer: bool,
    here: NDArray[np.int64],
    needs_kwh: NDArray[np.float64],
    places: int,
    rules: Rules,
    known: Known,
) -> NDArray[np.bool_]:
    """Return whose charging is shifted of those who are at a station, shape ``(q,)``."""
    out = np.zeros(here.size, dtype=np.bool_)
    if rules.may_shift and calmer:
        may = np.empty(here.size, dtype=np.bool_)
        for i in range(here.size):
            may[i] = known.willing[here[i]] and slot - known.slot[here[i]] < rules.shift_slots
        out = shifted(needs_kwh, may, places, rules.crowded_kw, rules.time_rated_h)
    return out


@compiled
def _needs_kwh(visits: NDArray[np.int64], need_kwh: NDArray[np.float64], pile_kwh: float) -> NDArray[np.float64]:
    """Return what visits want as far as a pile can give it, by their rows, shape ``(q,)``."""
    needs_kwh = np.empty(visits.size)
    for i in range(visits.size):
        needs_kwh[i] = min(need_kwh[visits[i]], pile_kwh)
    return needs_kwh


@compiled
def _plug_in(
    j: int, here: NDArray[np.int64], needs_kwh: NDArray[np.float64], out: NDArray[np.bool_], queues: Queues
) -> int:
    """Plug in the first of those who are not shifted, as many as there are places; return how many are not shifted.

    What these want goes to the front of `needs_kwh`.
    """
    staying = 0
    for i in range(here.size):
        if out[i]:
            queues.put_off[queues.first[j] + i - staying] = here[i]
        else:
            if staying < queues.places[j]:
                queues.placed[queues.first[j] + staying] = here[i]
            needs_kwh[staying] = needs_kwh[i]
            staying += 1
    queues.plugged[j] = min(staying, queues.places[j])
    return staying


@compiled
def _lent_kwh(
    here: NDArray[np.int64], out: NDArray[np.bool_], free: int, rules: Rules, known: Known, books: Books
) -> float:
    """Take what shifted EVs lend, as far as there are places left to plug them in; they want it back with its losses."""
    lent_kwh, lending = np.empty(here.size), 0
    for i in range(here.size):
        if not out[i]:
            continue
        row = here[i]
        books.shifted_slots[row] += 1
        if lending < free:
            gone_kwh = books.lent_kwh[row] / rules.efficiency
            held_kwh = known.capacity_kwh[row] - known.energy_kwh[row] - gone_kwh
            floor_kwh = rules.lend_soc_min * known.capacity_kwh[row]
            lent_kwh[lending] = min(max((held_kwh - floor_kwh) * rules.efficiency, 0.0), rules.lend_kwh)
            books.lent_kwh[row] += lent_kwh[lending]
            books.need_kwh[row] += lent_kwh[lending] / rules.both_ways
            lending += 1
    return sum_of(lent_kwh[:lending])


@compiled
def _serve(
    rows: NDArray[np.int64],
    slot: int,
    rules: tuple[Any, ...],
    queues: tuple[Any, ...],
    flows: tuple[Any, ...],
    books: tuple[Any, ...],
    served_kwh: NDArray[np.float64],
) -> None:
    rules, queues, flows = Rules(*rules), Queues(*queues), Flows(*flows)
    books = Books(*books)
    for k in range(rows.size):
        j = rows[k]
        begin, charged, left = queues.first[j], 0, 0
        needs_kwh = _needs_kwh(queues.placed[begin : begin + queues.plugged[j]], books.need_kwh, rules.pile_kwh)
        got_kwh = _shares_kwh(needs_kwh, flows.power_kw[j], flows.cut_kw[j], flows.time_h[j])
        for i in range(queues.plugged[j]):
            if got_kwh[i] > DUST_PART * needs_kwh[i]:
                row = queues.placed[begin + i]
                books.served_kwh[row], books.served_slot[row], books.time_h[row] = got_kwh[i], slot, flows.time_h[j]
                queues.placed[begin + charged] = row
                needs_kwh[charged], got_kwh[charged] = needs_kwh[i], got_kwh[i]
                charged += 1
        queues.plugged[j] = charged
        wanted_kwh = sum_of(needs_kwh[:charged])
        flows.queued_kwh[j] = flows.queued_kwh[j] + flows.wanted_kwh[j] - wanted_kwh
        flows.wanted_kwh[j], served_kwh[k] = wanted_kwh, sum_of(got_kwh[:charged])
        for i in range(begin, begin + queues.waiting[j]):
            if books.served_slot[queues.queue[i]] < 0:
                queues.queue[begin + left] = queues.queue[i]
                left += 1
        queues.waiting[j] = left


@compiled
def _shares_kwh(needs_kwh: NDArray[np.float64], power_kw: float, cut_kw: float, time_h: float) -> NDArray[np.float64]:
    """Return what each of those with a place at a station gets of what it wants, in the order in which they came, shape ``(q,)``."""
    got_kwh, wanted_kwh, before_kwh = np.empty(needs_kwh.size), sum_of(needs_kwh), 0.0
    part = min((power_kw + cut_kw) * time_h, wanted_kwh) / wanted_kwh if wanted_kwh != 0.0 else 0.0
    for i in range(needs_kwh.size):
        asked_kwh = needs_kwh[i] * part
        before_kwh += asked_kwh
        got_kwh[i] = asked_kwh
        if cut_kw != 0.0:
            got_kwh[i] = min(max(power_kw * time_h - (before_kwh - asked_kwh), 0.0), asked_kwh)
    return got_kwh
