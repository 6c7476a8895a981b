"""Limits that vary by slot: both engines are one model, and no slot's limit is broken whatever happens."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runs.homes.part import Homes
from runs.result import Result
from runs.scenario import Scenario
from tests.runs.test_faults import pressed_worlds, scenarios
from tests.support.books import assert_books_close
from tests.support.laws import examples
from tests.support.limits import with_limits
from tests.support.worlds import result_of_homes


def run(world: Homes, engine: str = "agents") -> Result:
    scenario = world.scenario.update(run={"engine": engine})
    own = dataclasses.replace(world, scenario=scenario)
    return result_of_homes(own)


def assert_each_slots_limit_holds(world: Homes, result: Result) -> None:
    adjusts = world.scenario.coordination.adjust
    for k, problem in enumerate(world.problems):
        slots = result.slots[result.slots.transformer == world.grid.transformers[k]]
        known = slots.actual_kw if adjusts else slots.base_kw  # else it holds as forecast
        over = (known + slots.ev_kw > problem.limit_kw + 1e-6) & (slots.ev_kw > 1e-6)
        assert not over.any(), slots[over]


@given(
    seed=st.integers(0, 10_000),
    vehicles=st.integers(1, 80),
    batch=st.sampled_from([1, 3, 20]),
    energy=st.sampled_from(["exact", "whole_slots"]),
    slot_min=st.sampled_from([15, 60, 120]),
    limit=st.sampled_from([1000, 1410, 1615]),
    fluctuation=st.sampled_from([0.0, 0.05, 0.3]),
    transformers=st.integers(1, 3),
    method=st.sampled_from(["ants", "ants", "ants", "free", "odc", "optimal"]),
    rounds=st.sampled_from([0, 3]),
    information=st.sampled_from(["online", "day_ahead"]),
    lines=st.sampled_from([0, 3]),
    infeed=st.booleans(),
)
@examples(4 / 3)
def test_agents_and_compiled_colony_are_one_model(
    seed: int, vehicles: int, batch: int, energy: str, slot_min: int, limit: int, fluctuation: float, transformers: int,
    method: str, rounds: int, information: str, lines: int, infeed: bool,
) -> None:  # fmt: skip
    scenario = Scenario.read(None, [
        f"run.seed={seed}", f"fleet.vehicles={vehicles}", f"coordination.batch_size={batch}",
        f"coordination.energy={energy}", f"horizon.slot_min={slot_min}", f"transformer.limit_kw={limit}",
        f"load.fluctuation={fluctuation}", f"transformer.count={transformers}", f"coordination.method={method}",
        f"coordination.rounds={rounds}", f"coordination.information={information}", f"transformer.lines={lines}",
    ])  # fmt: skip
    world = Homes.build(scenario, np.random.default_rng(seed))
    if infeed:  # a surplus of a few hundred kW in the valley, and less than nothing of it may be drawn in some slots
        loads = tuple(
            dataclasses.replace(load, forecast_kw=load.forecast_kw - 1000, actual_kw=load.actual_kw - 1000)
            for load in world.loads
        )
        world = dataclasses.replace(world, loads=loads)
    world = with_limits(world, seed)
    agents, compiled = run(world), run(world, "compiled")
    for name, table in agents.tables.items():
        assert table.equals(compiled.tables[name]), f"{name} differs"
    assert_books_close(scenario, compiled.tables)
    if world.coordinator.keeps_limit and (method == "ants" or not fluctuation):
        assert_each_slots_limit_holds(world, compiled)


@given(scenario=scenarios(), seed=st.integers(0, 2**32))
def test_whatever_goes_wrong_each_slots_limit_holds(scenario: Scenario, seed: int) -> None:
    world = with_limits(Homes.build(scenario, np.random.default_rng(scenario.run.seed)), seed)
    result = run(world)
    assert_each_slots_limit_holds(world, result)
    assert_books_close(result.scenario, result.tables)


@given(world=pressed_worlds(), seed=st.integers(0, 2**32))
@examples(2)
def test_and_so_in_short_days_under_limits_that_press(world: Homes, seed: int) -> None:
    world = with_limits(world, seed)
    result = run(world)
    assert_each_slots_limit_holds(world, result)
    assert_books_close(result.scenario, result.tables)
