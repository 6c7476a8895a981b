"""One model for every part of a world: aggregators and stations are run, collected, copied and replaced as ants are."""

import copy
import pickle
from collections.abc import Callable
from typing import Any, Final

import mesa
import numpy as np
import pandas as pd
import pytest

from agents.aggregator import Aggregator
from agents.station import Station
from agents.substation import Substation
from agents.v2g_ev import V2GEV
from agents.visitor import Visitor
from environment.input_faults import FaultyInputError
from environment.v2g_messages import Condition
from runs.model import GridModel
from runs.reporters import MODEL_REPORTERS
from runs.scenario import Scenario
from runs.simulate import result_of, simulate
from runs.stations.paper_c import paper_c
from runs.world import World

CASES: Final = {
    "v2g": Scenario().update(
        fleet={"vehicles": 12}, peak_shaving={"optimizer": "pso", "iterations": 3, "population": 8}
    ),
    "stations": paper_c(
        horizon={"slots": 4}, scheduling={"iterations": 1, "population": 5}, users={"users": 900, "charging_a_day": 500}
    ),
    "homes": Scenario().update(fleet={"vehicles": 12}),
}


@pytest.fixture(params=list(CASES))
def case(request: pytest.FixtureRequest) -> Scenario:
    return CASES[request.param]


def unpickled(model: GridModel) -> GridModel:
    other: GridModel = pickle.loads(pickle.dumps(model))  # noqa: S301
    return other


def same_run(one: GridModel, other: GridModel) -> bool:
    frames = [each.datacollector.get_model_vars_dataframe() for each in (one, other)]
    return one.channel.books == other.channel.books and frames[0].equals(frames[1])


def test_a_model_comes_to_what_compiled_code_does(case: Scenario) -> None:
    model = GridModel(case)
    mine, known = result_of(model), simulate(case.update(run={"engine": "compiled"}))
    assert mine.tables.keys() == known.tables.keys()
    for name, table in mine.tables.items():
        pd.testing.assert_frame_equal(table, known.tables[name], check_exact=True, obj=name)
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame) == list(MODEL_REPORTERS)
    assert frame.time_h.tolist() == model.world.horizon.edges_h[1:].tolist()
    upper = mine.upper_slots[mine.upper_slots.node == "control_center"]
    np.testing.assert_allclose(frame.base_kw, upper.actual_kw, atol=1e-9)
    np.testing.assert_allclose(frame.ev_kw, upper.ev_kw, atol=1e-9)
    np.testing.assert_allclose(frame.peak_kw, np.maximum.accumulate(frame.base_kw + frame.ev_kw))
    last = frame.iloc[-1]
    assert last.messages == mine.summary["messages"]
    assert last.unserved_kwh == pytest.approx(mine.summary["unserved_kwh"], abs=1e-9)


@pytest.mark.parametrize("copied", [copy.deepcopy, unpickled], ids=["copy", "pickle"])
def test_a_copy_in_the_midst_of_a_run_goes_on_alike(case: Scenario, copied: Callable[[GridModel], GridModel]) -> None:
    whole, stopped = GridModel(case), GridModel(case)
    whole.run_model()
    stopped.run_until(1.3)
    other = copied(stopped)
    stopped.run_model()
    other.run_model()
    assert same_run(whole, stopped)
    assert same_run(whole, other)


def test_the_space_has_every_agent_but_visitors(case: Scenario) -> None:
    model = GridModel(case)
    assert set(model.space.agents) == {agent for agent in model.agents if not isinstance(agent, Visitor)}


def test_batch_run_varies_who_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.set_start_method", lambda *_, **__: None)  # it would for all other tests, too
    scenario = CASES["v2g"]
    rows = mesa.batch_run(
        GridModel,
        parameters={"scenario": [scenario], "peak_shaving__optimizer": ["pso", "igeo"]},
        rng=[1],
        number_processes=1,
        display_progress=False,
    )
    for row in rows:
        own = scenario.update(peak_shaving={"optimizer": row["peak_shaving__optimizer"]})
        assert row["peak_kw"] == pytest.approx(simulate(own).summary["peak_kw"])
    assert len({row["peak_kw"] for row in rows}) == 2


@pytest.mark.parametrize("engine", ["agents", "compiled"])
@pytest.mark.parametrize("optimizer", ["pso", "exact"])
def test_the_whole_of_a_fleets_run_is_told(engine: str, optimizer: str) -> None:
    parts = list[float]()
    simulate(CASES["v2g"].update(peak_shaving={"optimizer": optimizer}, run={"engine": engine}), parts.append)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


class Modest(V2GEV):
    """Says that it could give nothing."""

    def condition(self, slot: int) -> Condition:
        own = super().condition(slot)
        return Condition(own.row, own.soc, own.rated_kw, own.charge_kw, min(own.discharge_kw, 0.0))


class Noting(Aggregator):
    """Counts its slots."""

    slots = 0

    def run_slot(self, slot: int) -> Any:
        self.slots += 1
        return super().run_slot(slot)


class Gentle(Station):
    """Tells who has come by the end of a slot."""

    came = 0

    def hear_need(self, visitor: Visitor, need: Any) -> None:
        self.came += 1
        super().hear_need(visitor, need)


def test_agents_of_ones_own() -> None:
    model = GridModel(CASES["v2g"], v2g_ev=Modest, aggregator=Noting)
    model.run_model()
    assert isinstance(model.v2g.aggregator, Noting)
    assert model.v2g.aggregator.slots == 24
    assert model.v2g.record.track.response_kw.min() >= 0.0, "nobody gives"
    park = GridModel(CASES["stations"], station=Gentle, substation=Substation)
    park.run_model()
    came = [station.came for station in park.stations.stations if isinstance(station, Gentle)]
    assert sum(came) == len(park.stations.park.visits) > 0


def test_parts_of_other_slots_are_no_world() -> None:
    parts = {name: GridModel(CASES[name]).world.parts[name] for name in ("homes", "stations")}
    with pytest.raises(FaultyInputError, match="expected the same slots for all parts"):
        World.of(**parts)


def test_parts_live_in_one_model_each_as_if_it_were_alone() -> None:
    """Until something couples them: the levels above, which is not yet."""
    alone = {name: GridModel(CASES[name]) for name in ("homes", "v2g")}
    worlds = {name: model.world.parts[name] for name, model in alone.items()}
    together = GridModel(world=World.of(**worlds))
    with pytest.raises(FaultyInputError, match="parts is homes, v2g; expected one part"):
        result_of(together)
    for model in (*alone.values(), together):
        model.run_model()
    assert [type(agent).__name__ for agent in together.control_center.children] == ["Substation"]
    assert together.control_center.aggregators == [together.v2g.aggregator]
    assert together.ev_kw == pytest.approx(sum(model.ev_kw for model in alone.values()))
    np.testing.assert_array_equal(together.v2g.record.track.response_kw, alone["v2g"].v2g.record.track.response_kw)
    for one, other in zip(together.homes.schedules(), alone["homes"].homes.schedules(), strict=True):
        np.testing.assert_array_equal(one.power_kw, other.power_kw)
    assert together.messages == sum(model.messages for model in alone.values())
