"""What strikes: as often as asked, at most once a slot, the two independent of each other."""

import numpy as np
import pytest

from environment.events import Events, EventsSettings
from environment.horizon import Horizon

LONG = Horizon(slot_min=36, slots=40_000)


@pytest.mark.parametrize("a_day", [0.0, 0.5, 4.0, 40.0, 100.0])
def test_they_strike_as_often_as_asked(a_day: float) -> None:
    settings = EventsSettings(voltage_a_day=a_day, supply_a_day=a_day, voltage_sag_pu=0.07, supply_part=0.6)
    events = Events.draw(settings, LONG, np.random.default_rng(1))
    mean = min(a_day / 40, 1.0) * LONG.n_slots
    for struck, value in ((events.sag_pu[events.sag_pu > 0], 0.07), (events.supply_part[events.supply_part < 1], 0.6)):
        assert abs(struck.size - mean) <= 5 * np.sqrt(mean)
        assert set(struck.tolist()) <= {value}


def test_each_is_drawn_by_itself() -> None:
    one, none = (
        Events.draw(EventsSettings(voltage_a_day=a_day), LONG, np.random.default_rng(2)) for a_day in (5.0, 0.0)
    )
    assert one.supply_part.tobytes() == none.supply_part.tobytes()
    assert not none.sag_pu.any()
