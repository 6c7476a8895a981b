"""An EV's slots are filled as water fills a vessel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.valley_filling.stays import Stay
from coordination.valley_filling.water import water_fill

SLOT_H = 0.25


@given(
    seed=st.integers(0, 2**32),
    slots=st.integers(1, 20),
    above=st.sampled_from([0.0, -500.0, 1e3, 1e6]),
    apart=st.sampled_from([0.0, 1e-9, 1.0, 300.0]),
    part=st.floats(0, 1.3),
    guess=st.sampled_from([-np.inf, -1e9, 0.0, 1e3, np.inf]),
    limited=st.booleans(),
)
def test_what_is_wanted_is_filled_from_the_lowest_slot_up(
    seed: int, slots: int, above: float, apart: float, part: float, guess: float, limited: bool
) -> None:
    rng = np.random.default_rng(seed)
    height = above + apart * rng.integers(0, 5, slots) / 4 + apart * rng.uniform(0, 1, slots)
    begins, ends = rng.uniform(0, SLOT_H, 2)
    power = rng.choice([3.7, 11.0])
    stay = Stay(SLOT_H, False, begins, slots * SLOT_H - ends if slots > 1 else SLOT_H, 0, power, 0.0)
    room = np.full(slots, power)
    room[0] *= 1 - begins / SLOT_H
    if slots > 1:
        room[-1] *= 1 - ends / SLOT_H
    limit = above + 0.6 * apart + 5.0 if limited else np.inf
    most = np.minimum(room, np.maximum(limit - height, 0))
    wanted = part * room.sum()
    filled = np.empty(slots)
    water_fill(height, wanted, np.full(slots, limit), limit, stay, guess, np.empty(slots), filled)
    assert (filled >= 0).all()
    assert (filled <= most + 1e-9).all()
    assert filled.sum() == pytest.approx(min(wanted, most.sum()), abs=1e-9)
    takes, leaves = filled > 1e-9, filled < most - 1e-9
    if takes.any() and leaves.any():  # no slot that takes is higher than one that could take more
        digits = 4e-16 * max(abs(above), 1.0) + 1e-9
        assert (height + filled)[takes].max() <= (height + filled)[leaves].min() + digits
