"""The state of a feeder: laws of room, supply, sags and divergence, whoever the sites are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from environment.events import Events
from environment.feeders import BuiltinFeeder
from environment.feeders.power_flow import PowerFlow
from environment.feeders.tap_changers import TapChangers
from environment.grid.state import GridState, Sites
from environment.input_faults import FaultyInputError
from environment.station_sites import Stations, StationsSettings
from tests.support.feeders import radial
from tests.support.grid_states import SLOTS, drawn_by, state_of, states
from tests.support.laws import examples

SEEDS = st.integers(0, 2**32)
SLOT = st.integers(0, SLOTS - 1)


def carried(state: GridState, slot: int, site_kw: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return what each line of a tree carries, losses left out, node by node up to the source."""
    load_kw, load_kvar = (load[slot].copy() for load in state.base)
    for node, drawn in zip(state.sites.node.tolist(), site_kw.tolist(), strict=True):
        load_kw[node] += drawn
        load_kvar[node] += drawn * state.sites.kvar_per_kw
    p, q = np.zeros(state.feeder.line.size), np.zeros(state.feeder.line.size)
    for node in range(1, len(state.feeder)):
        at = node
        while at:
            p[at - 1], q[at - 1] = p[at - 1] + load_kw[node], q[at - 1] + load_kvar[node]
            at = int(state.feeder.line_from[at - 1])
    return p, q


@given(state=states(), slot=SLOT, seed=SEEDS, part=st.floats(0, 1))
def test_room_fills_a_branch_to_its_rating_and_no_further(state: GridState, slot: int, seed: int, part: float) -> None:
    site_kw = drawn_by(state, seed)[0]
    room_kw, (p, q) = state.room_kw(slot, site_kw), carried(state, slot, site_kw)
    rated_kva, ratio = state.feeder.branch_rated_kva, state.sites.kvar_per_kw
    assert (np.isinf(room_kw) == np.isnan(rated_kva)).all()
    known = np.isfinite(room_kw)
    p, q, rated_kva, room_kw = p[known], q[known], rated_kva[known], room_kw[known]
    assert np.hypot(p + room_kw, q + ratio * room_kw) == pytest.approx(rated_kva)
    less_kw = np.where(room_kw > 0, part * room_kw, room_kw)
    assert (np.hypot(p + less_kw, q + ratio * less_kw) <= np.maximum(rated_kva, np.hypot(p, q)) * (1 + 1e-9)).all()
    assert ((room_kw >= 0) == (np.hypot(p, q) <= rated_kva * (1 + 1e-12))).all()


@given(state=states(), slot=SLOT, seed=SEEDS, data=st.data())
def test_a_site_that_takes_the_least_room_above_it_overloads_nothing(
    state: GridState, slot: int, seed: int, data: st.DataObject
) -> None:
    site_kw = drawn_by(state, seed)[0]
    before_kw = state.room_kw(slot, site_kw)
    site = data.draw(st.integers(0, site_kw.size - 1))
    above = before_kw[state.above[:, site]]
    assume(above.size and 0 < above.min() < np.inf)
    site_kw[site] += above.min()
    after_kw = state.room_kw(slot, site_kw)
    assert (after_kw[before_kw >= 0] >= -1e-6).all()
    assert after_kw[state.above[:, site]].min() == pytest.approx(0.0, abs=1e-6)
    assert (after_kw[~state.above[:, site]] == before_kw[~state.above[:, site]]).all(), "others have no part in it"


@given(state=states(), slot=SLOT, seed=SEEDS)
def test_what_is_drawn_from_above_is_loads_and_losses(state: GridState, slot: int, seed: int) -> None:
    site_kw = drawn_by(state, seed)
    flow = state.solve(slot, site_kw)
    loads_kw = state.base[0][slot].sum() + site_kw.sum()
    assert flow.source_kw[0] == pytest.approx(loads_kw + flow.loss_kw[0], abs=1e-4)


@given(state=states(), slot=SLOT)
def test_a_sag_scales_the_voltage_of_an_idle_feeder(state: GridState, slot: int) -> None:
    nothing = np.zeros_like(state.base[0])
    idle = replace(state, base=(nothing, nothing))
    flow = idle.solve(slot, np.zeros((1, state.sites.node.size)))
    assert state.events is not None
    left = 1 - state.events.sag_pu[slot] / state.feeder.source_pu
    assert idle.site_v(flow)[0] == pytest.approx(left * idle.idle_v)
    calm = idle.solve(slot, np.zeros((1, state.sites.node.size)), struck=False)
    assert idle.site_v(calm)[0] == pytest.approx(idle.idle_v)


@given(state=states(struck=False), seed=SEEDS, sag_pu=st.floats(0.01, 0.2))
def test_under_a_sag_voltages_are_lower_and_losses_higher(state: GridState, seed: int, sag_pu: float) -> None:
    site_kw = np.abs(drawn_by(state, seed))
    struck = replace(state, events=Events(np.full(SLOTS, sag_pu), np.ones(SLOTS)))
    flow, sagged = state.solve(0, site_kw), struck.solve(0, site_kw)
    assert (sagged.voltage_pu < flow.voltage_pu).all()
    assert sagged.loss_kw[0] > flow.loss_kw[0]
    without = struck.solve(0, site_kw, struck=False)
    np.testing.assert_array_equal(without.voltage_pu, flow.voltage_pu)


@given(state=states(), slot=SLOT, drawn_kw=st.floats(0, 100), most_kw=st.floats(0, 100))
def test_supply_is_the_less_of_what_is_left_and_what_there_is(
    state: GridState, slot: int, drawn_kw: float, most_kw: float
) -> None:
    assert state.events is not None
    left_kw = state.events.supply_part[slot] * drawn_kw
    assert state.supply_kw(slot, drawn_kw) == left_kw
    assert replace(state, most_kw=most_kw).supply_kw(slot, drawn_kw) == min(left_kw, most_kw)
    assert replace(state, events=None).supply_kw(slot, drawn_kw) == drawn_kw


@given(state=states(), slot=SLOT, seed=SEEDS, part=st.floats(0, 1))
def test_base_load_is_left_out_evenly(state: GridState, slot: int, seed: int, part: float) -> None:
    shed_kw = part * float(state.base_kw[slot])
    load_kw, load_kvar = state.base
    less = replace(state, base=(load_kw * (1 - part), load_kvar * (1 - part)))
    site_kw = drawn_by(state, seed)
    found, expected = state.solve(slot, site_kw, shed_kw=shed_kw), less.solve(slot, site_kw)
    np.testing.assert_allclose(found.voltage_pu, expected.voltage_pu, rtol=0, atol=1e-9)
    assert state.base_left(slot, shed_kw)[0].sum() == pytest.approx(state.base_kw[slot] - shed_kw, abs=1e-9)


@given(state=states(), seed=SEEDS)
def test_cases_of_many_slots_are_those_of_each_alone(state: GridState, seed: int) -> None:
    slots = np.random.default_rng(seed).integers(0, SLOTS, 6)
    site_kw = drawn_by(state, seed, 6)
    together = state.solve(slots, site_kw)
    for case, slot in enumerate(slots.tolist()):
        alone = state.solve(slot, site_kw[case : case + 1])
        np.testing.assert_allclose(together.voltage_pu[case], alone.voltage_pu[0], rtol=0, atol=1e-12)


@given(state=states(), slot=SLOT, seed=SEEDS)
def test_the_order_of_sites_changes_nothing_and_those_of_one_node_add_up(
    state: GridState, slot: int, seed: int
) -> None:
    site_kw = drawn_by(state, seed)
    order = np.random.default_rng(seed).permutation(site_kw.shape[1])
    turned = replace(state, sites=replace(state.sites, node=state.sites.node[order]))
    flow, again = state.solve(slot, site_kw), turned.solve(slot, site_kw[:, order])
    np.testing.assert_allclose(again.voltage_pu, flow.voltage_pu, rtol=0, atol=1e-9)
    np.testing.assert_allclose(turned.site_v(again), state.site_v(flow)[:, order], rtol=0, atol=1e-6)
    np.testing.assert_allclose(turned.room_kw(slot, site_kw[0, order]), state.room_kw(slot, site_kw[0]), atol=1e-9)
    node, row = np.unique(state.sites.node, return_inverse=True)
    merged = replace(state, sites=replace(state.sites, node=node))
    summed_kw = np.bincount(row, site_kw[0], node.size)[None]
    np.testing.assert_allclose(merged.solve(slot, summed_kw).voltage_pu, flow.voltage_pu, rtol=0, atol=1e-9)


@examples(1 / 10)
@given(seed=SEEDS)
def test_the_order_of_stations_changes_nothing_of_what_is_measured(seed: int) -> None:
    """With tap changers: each station's voltage is set at its own transformer."""
    rng = np.random.default_rng(seed)
    feeder, settings = BuiltinFeeder().feeder(), StationsSettings()
    stations = Stations.build(settings, feeder)
    order = rng.permutation(len(stations))
    voltage_v, site_kw = rng.uniform(370.0, 400.0, len(stations)), rng.uniform(0.0, 900.0, len(stations))
    shares = 15_200.0 * feeder.own_kw[None] / feeder.own_kw.sum()

    def of(rows: NDArray[np.integer]) -> GridState:
        changers = TapChangers(stations.transformer[rows], settings.tap_step)
        return state_of(feeder, base_kw=shares, sites=Sites(stations.node[rows], 0.1, changers, "stations"))

    one, other = of(np.arange(len(stations))), of(order)
    seen_v, drawn_kw = one.measure(0, voltage_v, site_kw)
    again_v, again_kw = other.measure(0, voltage_v[order], site_kw[order])
    np.testing.assert_array_equal(again_v, seen_v[order])
    assert again_kw == drawn_kw
    np.testing.assert_array_equal(other.idle_v, one.idle_v[order])
    np.testing.assert_allclose(other.room_kw(0, site_kw[order]), one.room_kw(0, site_kw), rtol=1e-9)
    assert not np.array_equal(one.measure(0, one.idle_v, site_kw)[0], seen_v), "the changers count"


@examples(1 / 4)
@given(seed=SEEDS, weak=st.integers(1, 5), data=st.data())
def test_diverging_slots_are_named_with_their_weakest_node(seed: int, weak: int, data: st.DataObject) -> None:
    """Five lines from the source, one of them too thin for what its node draws in some slots."""
    rng = np.random.default_rng(seed)
    r_ohm = np.full(5, 0.001)
    r_ohm[weak - 1] = 0.5
    feeder = radial([0] * 5, r_ohm.tolist(), [1.0] * 5)
    state = state_of(feeder, base_kw=rng.uniform(0.0, 1.0, (SLOTS, 6)), sites=Sites(np.arange(6), word="stations"))
    failing = sorted(data.draw(st.sets(SLOT, min_size=1)))
    site_kw = rng.uniform(0.0, 1.0, (SLOTS, 6))
    site_kw[failing, weak] = 500.0 + 100.0 * rng.permutation(len(failing))
    every = np.arange(SLOTS)
    flow = state.solve(every, site_kw)
    found = state.divergence(flow, every, site_kw)
    assert found is not None
    assert found.slots.tolist() == failing
    assert (found.tried, found.node, found.sites) == (SLOTS, f"n{weak}", "stations")
    assert found.worst == failing[site_kw[failing].sum(axis=1).argmax()]
    assert found.site_kw == pytest.approx(site_kw[found.worst].sum())
    assert 0 < found.weakest.part < 1
    part = np.array([found.weakest.part, found.weakest.part + 0.01])[:, None]
    load_kw, load_kvar = (load[found.worst] for load in state.base)
    solved = PowerFlow(feeder).solve(part * (load_kw + site_kw[found.worst]), part * load_kvar).solved
    assert solved.tolist() == [True, False], "so much and no more"
    start = f"such as slot {found.worst} at {state.horizon.slot_starts[found.worst]:%H:%M}: stations draw"
    told = str(found.fault("power flow below T1"))
    assert f"power flow below T1 is diverging in {len(failing)} of {SLOTS} slots, {start}" in told
    assert f"pu at node n{weak}; expected less load (load.peak_kw, stations)" in told
    sound = np.setdiff1d(every, failing)
    assert state.sound(sound, site_kw[sound]).solved.all()
    assert state.divergence(flow, every, np.zeros_like(site_kw)) is not None, "the flow says what diverges"
    with pytest.raises(
        FaultyInputError, match=f"power flow is diverging in slot {failing[0]} at .*at node n{weak}; exp"
    ):
        state.sound(failing[0], site_kw[failing[:1]])


@given(sag_pu=st.floats(0.3, 0.45))
def test_a_slot_that_diverges_by_its_sag_tells_of_it(sag_pu: float) -> None:
    base_kw = np.array([[0.0, 100.0], [0.0, 100.0], [0.0, 90.0]])
    events = Events(np.array([0.0, sag_pu, 0.0]), np.ones(3))
    state = state_of(radial([0], [0.15], [1.0]), base_kw=base_kw, sites=Sites(np.array([1])), events=events)
    nothing = np.zeros((3, 1))
    found = state.divergence(state.solve(np.arange(3), nothing), np.arange(3), nothing)
    assert found is not None
    assert (found.slots.tolist(), found.worst, found.source_pu) == ([1], 1, 1.0 - sag_pu)
    assert "EVs draw 0 kW beside 100 kW of base load, the source at 0." in found.fault().found


def test_voltages_are_set_where_there_are_tap_changers_only() -> None:
    state = state_of(radial([0], [0.01], [1.0]), base_kw=np.ones((1, 2)), sites=Sites(np.array([1])))
    with pytest.raises(ValueError, match="EVs without tap changers"):
        state.measure(0, np.array([400.0]), np.array([1.0]))
