"""The free case, by hand: who charges when, how much, and what then lacks."""

import time

import numpy as np
import pytest

from coordination.peak_shaving.free_charging import FreeCharging
from coordination.peak_shaving.needs import Needs
from coordination.peak_shaving.posing import Enrolled
from environment.presence import Departures, Participation

SLOT_H = 0.5


def charge(
    announced: list[list[int]],
    *,
    soc: list[float],
    enough: list[float],
    part: list[list[float]] | None = None,
    power_kw: float = 8.0,
    capacity_kwh: float = 20.0,
    efficiency: float = 0.8,
) -> FreeCharging:
    there = np.array(announced, dtype=np.bool_)
    stays = Participation(there, None if part is None else np.array(part, dtype=np.float32))
    n = there.shape[1]
    start, capacity = np.array(soc), np.full(n, capacity_kwh)
    nothing = np.full(n, -np.inf)
    fleet = Enrolled(
        np.full(n, power_kw), capacity, np.full(n, efficiency), start, there, Needs(nothing, nothing)
    )  # fmt: skip
    departures = Departures.of(stays, np.array(enough), 0.8, capacity, start)
    return FreeCharging.of(fleet, np.array(enough), stays, departures, SLOT_H)


def test_by_hand() -> None:
    """Half an hour at 8 kW stores 3.2 kWh, 0.16 of the battery.

    a comes in slot 1, lacks 0.4 and has it after two slots and a half; b leaves after one slot and comes back for the last;
    c is full; d is never there.
    """
    free = charge(
        [[0, 1, 1, 0], [1, 0, 1, 0], [1, 0, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0]],
        soc=[0.4, 0.2, 0.9, 0.5],
        enough=[0.8, 0.6, 0.8, 0.7],
    )
    assert free.response_kw == pytest.approx([8.0, 8.0, 8.0, 4.0, 8.0])
    assert free.charged_kwh == pytest.approx([10.0, 8.0, 0.0, 0.0])
    assert free.soc_end == pytest.approx([0.8, 0.52, 0.9, 0.5])
    b_lacks = (0.6 - 0.36) * 20.0 + (0.6 - 0.52) * 20.0  # as it leaves, and in the end
    assert free.unserved_kwh == pytest.approx([0.0, b_lacks, 0.0, 0.2 * 20.0])


def test_who_leaves_early_lacks_what_it_had_no_time_for() -> None:
    free = charge([[1], [1], [0]], soc=[0.2], enough=[0.5], part=[[1.0], [0.25], [0.0]])
    assert free.response_kw == pytest.approx([8.0, 2.0, 0.0])
    assert free.unserved_kwh == pytest.approx([(0.3 - 0.16 - 0.04) * 20.0])


def test_ten_thousand_evs_take_a_moment() -> None:
    announced = np.ones((96, 10_000), dtype=np.int64).tolist()
    begun = time.process_time()
    free = charge(announced, soc=[0.1] * 10_000, enough=[0.9] * 10_000)
    assert free.response_kw.sum() * SLOT_H == pytest.approx(10_000 * 0.8 * 20.0 / 0.8)
    assert time.process_time() - begun < 5.0
