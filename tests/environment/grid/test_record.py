"""The record of a feeder: energy closes in every slot, whenever its sites finish."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from environment.grid.record import Draw, GridRecord
from environment.grid.state import GridState
from tests.support.grid_states import SLOTS, states

SEEDS = st.integers(0, 2**32)


def draw_of(state: GridState, seed: int, *, shed: float = 0.0) -> Draw:
    rng = np.random.default_rng(seed)
    m = state.sites.node.size
    power_kw = rng.uniform(0.0, 5.0, m) * rng.integers(0, 2, m)
    return Draw(power_kw, np.array([0.25, 0.6, 1.0])[rng.integers(0, 3, m)], rng.uniform(-1.0, 1.0, m), shed_kw=shed)


@given(state=states(), seed=SEEDS, part=st.sampled_from([0.0, 0.4]))
def test_the_energy_of_supply_closes(state: GridState, seed: int, part: float) -> None:
    record = GridRecord.empty(state)
    for slot in range(SLOTS):
        draw = draw_of(state, seed + slot, shed=part * float(state.base_kw[slot]))
        record.enter(state, slot, draw)
        drawn_kwh = draw.power_kw @ draw.time_h + draw.beside_kw.sum() + state.base_kw[slot] - draw.shed_kw
        assert record.drawn_kwh[slot] == pytest.approx(drawn_kwh + record.loss_kwh[slot], abs=1e-4)
    assert (record.residual_kw < 1e-4).all()
    assert (record.loss_kwh > 0).all()


@given(state=states(), seed=SEEDS)
def test_the_parts_of_a_slot_are_its_moments(state: GridState, seed: int) -> None:
    """At any moment the feeder is that of a power flow of who still draws, and the extremes are those of all moments."""
    record, draw = GridRecord.empty(state), draw_of(state, seed)
    record.enter(state, 1, draw)
    moments = np.array([0.0, 0.3, 0.7])[:, None]
    site_kw = np.where(draw.time_h > moments, draw.power_kw, 0.0) + draw.beside_kw
    flow = state.solve(1, site_kw)
    np.testing.assert_allclose(record.node_pu[1], flow.voltage_pu[0], rtol=0, atol=1e-9)
    assert record.drawn_kw[1] == pytest.approx(flow.source_kw[0], abs=1e-4)
    np.testing.assert_allclose(record.node_low_pu[1], flow.voltage_pu.min(axis=0), rtol=0, atol=1e-9)
    np.testing.assert_allclose(record.node_high_pu[1], flow.voltage_pu.max(axis=0), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(record.low_pu[1], record.node_low_pu[1, state.sites.node])
    np.testing.assert_array_equal(record.high_pu[1], record.node_high_pu[1, state.sites.node])
    np.testing.assert_allclose(record.loading[1], flow.line_loading.max(axis=0), atol=1e-6)
    assert record.loss_kwh[1] == pytest.approx(flow.loss_kw @ [0.25, 0.35, 0.4], abs=1e-6)
    assert not record.node_pu[[0, 2, 3]].any(), "other slots are not touched"
