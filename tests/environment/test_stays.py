"""Stays: one table for all who are plugged in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.fleets.fleet import Fleet
from environment.horizon import Horizon
from environment.presence import Participation, ParticipationSettings, announced_stays
from environment.stays import Stays
from environment.users import Visits
from tests.support.laws import examples
from tests.support.worlds import fleets

HORIZON = Horizon(slot_min=30, slots=96)


def test_fleets_and_visits_are_stays() -> None:
    visits = Visits.of(
        np.array(["u", "v"]), np.zeros(2, dtype=np.int64), np.array([0, 3]), np.ones(2), np.full(2, 50.0),
        np.zeros(2, dtype=np.bool_), np.zeros((4, 1)), 0.5,
    )  # fmt: skip
    assert issubclass(Fleet, Stays)
    assert isinstance(visits, Stays)
    assert visits.plug_in_h.tolist() == [0.0, 1.5]
    first, stop = visits.usable_slots(Horizon(slot_min=30, slots=4), whole=True)
    assert (first.tolist(), stop.tolist()) == ([0, 3], [4, 4]), "visitors stay until they are served"


@given(data=st.data(), days=st.sampled_from(["daily", "once", "always"]))
@examples(1)
def test_announced_stays_say_who_is_there_in_whole_slots(data: st.DataObject, days: str) -> None:
    """Slot by slot, by the definition: an EV is announced where a slot lies wholly in one of its stays."""

    fleet = data.draw(fleets(HORIZON))
    settings = ParticipationSettings(stays=days)
    stays, row = announced_stays(settings, fleet, HORIZON)
    announced = Participation.draw(settings, fleet, HORIZON, np.random.default_rng(1)).announced
    start, end = HORIZON.edges_h[:-1], HORIZON.edges_h[1:]
    expected = np.zeros_like(announced)
    for k, ev in enumerate(row.tolist()):
        expected[:, ev] |= (stays.plug_in_h[k] - 1e-9 <= start) & (end <= stays.plug_out_h[k] + 1e-9)
    np.testing.assert_array_equal(announced, expected)
    assert stays.vehicle.tolist() == fleet.vehicle[row].tolist()
    if days == "daily":
        whole_days = announced[:48][:, ~announced.all(axis=0)]
        np.testing.assert_array_equal(whole_days, announced[48:][:, ~announced.all(axis=0)])
    if days == "always":
        assert announced.all()


@pytest.mark.parametrize("numbers", [[0, 2, 1, 3], [3, 3, 3, 3], [0, 0, 0, 0]])
def test_the_first_so_many_are_there(numbers: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("numbers") / "numbers.csv"
    path.write_text("slot,vehicles\n" + "".join(f"{slot},{number}\n" for slot, number in enumerate(numbers)))
    horizon = Horizon(slot_min=60, slots=4)
    fleet = Fleet(
        vehicle=np.array(["a", "b", "c"]), plug_in_h=np.zeros(3), plug_out_h=np.full(3, 4.0), energy_kwh=np.ones(3),
        capacity_kwh=np.full(3, 40.0), power_kw=np.full(3, 7.0), soc_plug_in=np.full(3, 0.5), efficiency=np.ones(3),
    )  # fmt: skip
    settings = ParticipationSettings(available_path=path)
    stays, row = announced_stays(settings, fleet, horizon)
    there = np.zeros((4, 3), dtype=np.int64)
    for k, ev in enumerate(row.tolist()):
        there[int(stays.plug_in_h[k]) : int(stays.plug_out_h[k]), ev] += 1
    assert there.sum(axis=1).tolist() == numbers
    assert there.max(initial=0) <= 1
