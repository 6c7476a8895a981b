"""The yard: one station or all at once, it is the same, and the same as plain lists of who waits."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from coordination.stations.reports import Orders
from coordination.stations.triggers import TriggersSettings, shifted
from coordination.stations.yard import DUST_PART, Yard
from environment.station_sites import Stations, StationsSettings
from environment.users import Sessions, Visits

SEEDS = st.integers(0, 2**32)
SLOT_H, SLOTS = 0.6, 5


def a_yard(seed: int) -> Yard:
    """Return a few stations with a few places each, and visits of five slots to them."""
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 5)), int(rng.integers(0, 80))
    capacity = rng.uniform(30, 75, n)
    visits = Visits.of(
        user=np.arange(n).astype(str), station=rng.integers(0, m, n), slot=np.sort(rng.integers(0, SLOTS, n)),
        energy_kwh=capacity * rng.uniform(0.1, 0.9, n), capacity_kwh=capacity, willing=rng.random(n) < 0.6,
        expected_kwh=np.zeros((SLOTS, m)), slot_h=SLOT_H,
    )  # fmt: skip
    stations = Stations(
        station=np.arange(m).astype(str), node=np.arange(m), transformer=np.arange(m), region=np.zeros(m, dtype=np.int64),
        regions=("A",), places=2 * rng.integers(1, 6, m), storage_devices=rng.integers(0, 3, m),
        rated_v=np.full(m, 400.0), above=np.zeros((0, m), dtype=np.bool_),
    )  # fmt: skip
    settings = StationsSettings(pile_kw=float(rng.choice([60.0, 150.0])), storage_efficiency=float(rng.uniform(0.8, 1)))
    triggers = TriggersSettings(
        user=bool(rng.random() < 0.8), crowded_kw=float(rng.choice([0.0, 300.0])), shift_slots=int(rng.integers(0, 4)),
        lend_kwh=float(rng.uniform(1, 20)),
    )  # fmt: skip
    return Yard.of(visits, stations, settings, triggers, SLOT_H, np.full(m, 400.0))


def orders_of(rng: np.random.Generator, m: int) -> Orders:
    return Orders(
        np.full(m, 400.0), rng.uniform(0.42, 0.6, m), rng.uniform(0, 800, m), rng.uniform(-120, 120, m)
    )  # fmt: skip


def begin_slot(yard: Yard, slot: int) -> None:
    yard.begin()
    yard.let_in(yard.coming(slot))


def columns(yard: Yard) -> dict[str, bytes]:
    """Return all that changes, as bytes."""
    parts = {"yard": yard, "sessions": yard.sessions, "storage": yard.storage}
    return {
        f"{part}.{name}": column.tobytes()
        for part, owner in parts.items()
        for name, column in vars(owner).items()
        if isinstance(column, np.ndarray)
    }


@dataclass
class PlainStation:
    """A station as a list of who waits."""

    yard: Yard
    row: int
    sessions: Sessions
    waiting: list[int] = field(default_factory=list)
    plugged: list[int] = field(default_factory=list)

    def needs(self, rows: list[int]) -> NDArray[np.float64]:
        return np.minimum(self.sessions.need_kwh[np.array(rows, dtype=np.int64)], self.yard.rules.pile_kwh)

    def open(self, slot: int, calmer: bool) -> tuple[int, int, float, float, float]:
        rules, visits, sessions, places = self.yard.rules, self.yard.visits, self.sessions, self.yard.places[self.row]
        self.waiting += np.flatnonzero((visits.slot == slot) & (visits.station == self.row)).tolist()
        may = [bool(visits.willing[i]) and slot - visits.slot[i] < rules.shift_slots for i in self.waiting]
        out = [False] * len(may)
        if rules.may_shift and calmer:
            who = np.array(may, dtype=np.bool_)
            out = shifted(self.needs(self.waiting), who, int(places), rules.crowded_kw, rules.time_rated_h).tolist()
        staying = [row for row, gone in zip(self.waiting, out, strict=True) if not gone]
        later = [row for row, gone in zip(self.waiting, out, strict=True) if gone]
        self.plugged, queue = staying[:places], staying[places:]
        sessions.shifted_slots[later] += 1
        lent_kwh = []
        for row in later[: places - len(self.plugged)]:
            held = visits.capacity_kwh[row] - visits.energy_kwh[row] - sessions.lent_kwh[row] / rules.efficiency
            most = (held - self.yard.rules.lend_soc_min * visits.capacity_kwh[row]) * rules.efficiency
            lent_kwh.append(min(max(most, 0.0), rules.lend_kwh))
            sessions.lent_kwh[row] += lent_kwh[-1]
            sessions.need_kwh[row] += lent_kwh[-1] / rules.efficiency**2
        wanted, queued = (float(self.needs(rows).sum()) for rows in (self.plugged, queue))
        return len(self.plugged), len(queue), wanted, queued, float(np.sum(lent_kwh)) / SLOT_H

    def serve(self, slot: int, power_kw: float, cut_kw: float, time_h: float) -> None:
        sessions, need = self.sessions, self.needs(self.plugged)
        wanted = float(need.sum())
        got = need * (min((power_kw + cut_kw) * time_h, wanted) / wanted if wanted else 0.0)
        if cut_kw:
            got = np.clip(power_kw * time_h - (np.cumsum(got) - got), 0.0, got)
        for row, energy, asked in zip(self.plugged, got.tolist(), need.tolist(), strict=True):
            if energy > DUST_PART * asked:
                sessions.served_kwh[row], sessions.served_slot[row], sessions.time_h[row] = energy, slot, time_h
                self.waiting.remove(row)


@given(seed=SEEDS)
def test_the_yard_is_what_plain_lists_say(seed: int) -> None:
    yard, rng = a_yard(seed), np.random.default_rng(seed)
    everyone, sessions = np.arange(len(yard)), Sessions.of(yard.visits)
    plain = [PlainStation(yard, row, sessions) for row in everyone.tolist()]
    for slot in range(SLOTS):
        calmer = rng.random(len(yard)) < 0.7
        begin_slot(yard, slot)
        would = [yard.may_shift(row, slot, calmer=bool(calmer[row])) for row in everyone.tolist()]
        reports = yard.open(everyone, slot, calmer)
        assert would == [yard.put_off_at(row) for row in everyone.tolist()]
        told = [station.open(slot, bool(calmer[station.row])) for station in plain]
        said = (reports.plugged, reports.queued, reports.wanted_kwh, reports.queued_kwh, reports.lent_kw)
        assert list(zip(*(column.tolist() for column in said), strict=True)) == told
        assert reports.shifted.tolist() == [len(rows) for rows in would]
        yard.follow(everyone, orders_of(rng, len(yard)))
        cut_kw = yard.power_kw * rng.choice([0.0, 0.5, 1.0], len(yard))
        yard.cut(everyone, cut_kw)
        flows = [column.copy() for column in (yard.power_kw, yard.cut_kw, yard.time_h)]
        yard.serve(everyone, slot)
        for station in plain:
            station.serve(slot, *(float(column[station.row]) for column in flows))
            begin = yard.first[station.row]
            assert yard.queue[begin : begin + yard.waiting[station.row]].tolist() == station.waiting
    for name, column in vars(sessions).items():
        assert getattr(yard.sessions, name).tobytes() == column.tobytes(), name


@given(seed=SEEDS)
def test_one_station_after_the_other_is_all_at_once(seed: int) -> None:
    whole, parts, rng = a_yard(seed), a_yard(seed), np.random.default_rng(seed)
    m = len(whole)
    everyone, one_by_one = np.arange(m), [np.array([row]) for row in rng.permutation(m).tolist()]
    for slot in range(SLOTS):
        calmer, orders, give_kw = rng.random(m) < 0.7, orders_of(rng, m), rng.uniform(0, 30, m)
        for yard, groups in ((whole, [everyone]), (parts, one_by_one)):
            begin_slot(yard, slot)
            for rows in groups:
                yard.open(rows, slot, calmer[rows])
                yard.follow(rows, orders.take(rows))
                yard.give(rows, give_kw[rows])
                yard.cut(rows, 0.3 * yard.power_kw[rows])
                yard.serve(rows, slot)
        assert columns(whole) == columns(parts)


@given(seed=SEEDS)
def test_nobody_is_lost_and_nobody_is_there_twice(seed: int) -> None:
    yard, rng = a_yard(seed), np.random.default_rng(seed)
    everyone, visits, sessions = np.arange(len(yard)), yard.visits, yard.sessions
    for slot in range(SLOTS):
        begin_slot(yard, slot)
        reports = yard.open(everyone, slot, rng.random(len(yard)) < 0.7)
        assert (reports.plugged <= yard.places).all()
        lending = np.ceil(yard.lent_kw * SLOT_H / yard.rules.lend_kwh - 1e-9)
        assert (reports.plugged + lending <= yard.places).all()
        assert (reports.plugged + reports.queued + yard.shifted == yard.waiting).all()
        yard.follow(everyone, orders_of(rng, len(yard)))
        served_kwh = yard.serve(everyone, slot).served_kwh
        left = sessions.served_slot == slot
        assert np.bincount(visits.station[left], sessions.served_kwh[left], len(yard)) == pytest.approx(served_kwh)
        assert served_kwh == pytest.approx(yard.power_kw * yard.time_h)
        there = [yard.queue[b : b + k].tolist() for b, k in zip(yard.first, yard.waiting, strict=False)]
        waiting = (visits.slot <= slot) & (sessions.served_slot < 0)
        assert there == [np.flatnonzero(waiting & (visits.station == row)).tolist() for row in everyone.tolist()]


@given(seed=SEEDS)
def test_who_goes_uncharged_leaves_the_queue_as_if_it_had_not_come(seed: int) -> None:
    yard, other, rng = a_yard(seed), a_yard(seed), np.random.default_rng(seed)
    gone = np.flatnonzero(rng.random(len(yard.visits)) < 0.3)
    for slot in range(SLOTS):
        begin_slot(yard, slot)
        other.begin()
        other.let_in(np.setdiff1d(other.coming(slot), gone))
        for visit in np.intersect1d(yard.coming(slot), gone).tolist():
            yard.let_go(visit)
        everyone, calmer, orders = np.arange(len(yard)), rng.random(len(yard)) < 0.7, orders_of(rng, len(yard))
        for each in (yard, other):
            each.open(everyone, slot, calmer)
            each.follow(everyone, orders)
            each.serve(everyone, slot)
        there = [
            each.queue[b : b + k].tolist()
            for each in (yard, other)
            for b, k in zip(each.first, each.waiting, strict=False)
        ]
        assert there[: len(yard)] == there[len(yard) :]
    assert yard.sessions.served_kwh.tobytes() == other.sessions.served_kwh.tobytes()
    assert not yard.sessions.served_kwh[gone].any()


@given(seed=SEEDS)
def test_a_station_that_is_withheld_serves_nobody_and_storage_gives_at_most(seed: int) -> None:
    yard, rng = a_yard(seed), np.random.default_rng(seed)
    everyone = np.arange(len(yard))
    for slot in range(SLOTS):
        begin_slot(yard, slot)
        yard.open(everyone, slot, rng.random(len(yard)) < 0.7)
        yard.follow(everyone, orders_of(rng, len(yard)))
        waiting, some = yard.waiting.copy(), np.flatnonzero(rng.random(len(yard)) < 0.5)
        yard.withhold(some)
        served = yard.serve(everyone, slot)
        assert not served.plugged[some].any()
        assert not served.power_kw[some].any()
        assert (served.storage_kw[some] <= 0).all()
        assert (yard.waiting[some] == waiting[some]).all()
