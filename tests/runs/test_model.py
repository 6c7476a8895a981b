"""The model as Mesa's users know models: parameters by name, steps, collectors, pickling, spaces, and agents of one's own."""

import copy
import inspect
import itertools
import pickle
import re
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import ipyvuetify as vw
import mesa
import numpy as np
import pandas as pd
import pytest
import solara
from hypothesis import given
from hypothesis import strategies as st
from mesa.time import Event
from mesa.visualization import SolaraViz, SpaceRenderer, make_plot_component, make_space_component
from mesa.visualization.components import AgentPortrayalStyle

from agents.control_center import ControlCenter
from agents.ev import EV
from agents.station import Station
from agents.substation import Substation
from agents.transformer import Transformer
from agents.v2g_ev import V2GEV
from environment.input_faults import FaultyInputError
from environment.messages import Report
from runs.model import GridModel
from runs.page.day import Day
from runs.page.view import STATES, drawn_kwh, states
from runs.parameters import with_parameters
from runs.reporters import MODEL_REPORTERS, of_model_and_agents
from runs.scenario import Scenario, sections
from runs.simulate import result_of, simulate
from runs.space import radial
from tests.support.station_cases import case as station_case

CASES: dict[str, dict[str, Any]] = {
    "noise": {"load__fluctuation": 0.05, "batch_size": 7},
    "faults": {"loss": 0.1, "delay_s": 300.0, "duplication": 0.1, "channel__log": True, "transformer__count": 2},
    "lines": {"transformer__count": 2, "transformer__lines": 2, "delay_s": 100.0},
    "rounds": {"rounds": 3, "information": "day_ahead", "load__fluctuation": 0.05},
}


def small(**parameters: Any) -> GridModel:
    return GridModel(**{"vehicles": 40, "load__peak_kw": 112, "limit_kw": 130, **parameters})


def unpickled(model: GridModel) -> GridModel:
    other: GridModel = pickle.loads(pickle.dumps(model))  # noqa: S301
    return other


def same_run(one: GridModel, other: GridModel) -> bool:
    equal = all(
        (a.power_kw == b.power_kw).all() for a, b in zip(one.homes.schedules(), other.homes.schedules(), strict=True)
    )
    logs = str(one.channel.log) == str(other.channel.log)
    frames = [each.datacollector.get_model_vars_dataframe() for each in (one, other)]
    return equal and logs and one.channel.books == other.channel.books and frames[0].equals(frames[1])


def faults_of(**parameters: Any) -> list[str]:
    with pytest.raises(FaultyInputError) as raised:
        GridModel(**parameters)
    return [str(fault) for fault in raised.value.faults]


# Parameters


def test_a_key_may_stand_alone_or_behind_its_section() -> None:
    forms = ({"batch_size": 9}, {"coordination__batch_size": 9}, {"coordination.batch_size": 9})
    assert {GridModel(vehicles=5, **form).world.scenario.coordination.batch_size for form in forms} == {9}
    assert len(GridModel(vehicles=np.int64(5)).evs) == 5, "as batch_run gives the entries of an array"


def test_what_no_key_or_several_keys_are_called_is_a_fault_and_all_are_told_at_once() -> None:
    told = faults_of(batchsize=3, path="x.csv", fleet=3, seed=4, ev_power_factor=0.9, coordination__rounds=-1)
    assert told == [
        "GridModel: batchsize is unknown; expected 'batch_size', the nearest known name",
        "GridModel: path is a key of several sections; expected load__path or loads__path or fleet__path or grid__path",
        "GridModel: fleet is a section; expected a key of it, such as fleet__source",
        "GridModel: seed is a key of the scenario; expected rng=, the seed of Mesa's models",
        "GridModel: ev_power_factor is a key of a section that does not count here; expected feeder__ev_power_factor",
        "GridModel: coordination.rounds is -1; expected greater than or equal to 0",
    ]
    assert "coordination.batch_size again" in faults_of(batch_size=1, coordination__batch_size=2)[0]


def test_no_key_hides_behind_a_parameter_of_the_models_own() -> None:
    keys = {key for classes in sections().values() for cls in classes for key in cls.model_fields}
    assert keys.isdisjoint(inspect.signature(GridModel).parameters)


COUNTING = ("horizon", "load", "loads", "fleet", "transformer", "grid", "coordination", "channel", "feeder")
SHARED = {"source", "path", "energy", "fill", "fluctuation", "load", "loading"}
"""Keys that several of them have."""


@pytest.mark.parametrize("section", COUNTING)
def test_every_key_alone_is_itself_or_a_key_of_several_sections(section: str) -> None:
    scenario = Scenario().update(feeder={"source": "builtin"})
    for key, value in getattr(scenario, section).model_dump(exclude_none=True).items():
        behind = with_parameters(scenario, {f"{section}__{key}": value})
        assert getattr(behind, section) == getattr(scenario, section)
        if key in SHARED:
            with pytest.raises(FaultyInputError, match=f"{key} is a key of several sections.*{section}__{key}"):
                with_parameters(scenario, {key: value})
        else:
            assert with_parameters(scenario, {key: value}) == behind


def test_a_key_alone_is_of_the_section_that_counts() -> None:
    """Ants' own sections do not count beside a fleet that gives back, or stations."""
    v2g, stations = Scenario().update(peak_shaving={}), Scenario().update(stations={})
    assert with_parameters(v2g, {"optimizer": "exact"}).peak_shaving == v2g.update(peak_shaving={"optimizer": "exact"}).peak_shaving  # fmt: skip
    assert with_parameters(stations, {"iterations": 2}).scheduling.iterations == 2
    with pytest.raises(FaultyInputError, match="vehicles is a key of a section that does not count here"):
        with_parameters(stations, {"vehicles": 5})


def test_what_is_no_scenario_of_ants_is_a_fault() -> None:
    assert "expected a Scenario of evswarm" in faults_of(scenario={"fleet": 3})[0]
    assert len(faults_of(scenario=Scenario(), rng=1, world=small().world, vehicles=3)) == 3


def test_a_file_is_read_and_its_engine_does_not_count(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[fleet]\nvehicles = 12\n[run]\nengine = "compiled"\n')
    model = GridModel(str(path), batch_size=3)
    assert len(model.evs) == 12
    assert model.world.scenario.run.engine == "agents"


# Seeds


def test_without_rng_it_draws_from_the_scenario_and_rng_takes_its_place() -> None:
    scenario = Scenario().update(fleet={"vehicles": 20}, run={"seed": 4})
    same = [
        GridModel(scenario),
        GridModel(vehicles=20, rng=4),
        GridModel(vehicles=20, rng=np.int64(4)),
        GridModel(vehicles=20, rng=np.random.SeedSequence(4)),
        GridModel(vehicles=20, rng=np.random.default_rng(4)),
    ]
    needs = {each.world.homes.fleet.energy_kwh.tobytes() for each in same}
    assert len(needs) == 1
    assert needs != {GridModel(vehicles=20).world.homes.fleet.energy_kwh.tobytes()}
    assert same[1].world.scenario.run.seed == 4


def test_a_seed_sequence_serves_many_models() -> None:
    seed = np.random.SeedSequence(3)
    one, other = (GridModel(vehicles=20, rng=seed).world.homes.fleet.energy_kwh for _ in range(2))
    assert (one == other).all()


# Steps


@pytest.mark.parametrize("slot_min", [15, 45, 60])
def test_a_step_is_a_slot(slot_min: int) -> None:
    model = small(slot_min=slot_min, horizon__slots=8)
    for number in range(1, 9):
        model.step()
        assert (model.steps, model.time) == (number, model.world.horizon.edges_h[number])
    assert not model.running
    model.step()
    assert (model.steps, model.time) == (8, model.world.horizon.hours)


def test_a_step_ends_a_slot_that_was_begun_otherwise() -> None:
    model = small()
    model.run_for(2.5)
    assert model.steps == 2
    model.step()
    assert (model.steps, model.time) == (3, 3.0)


@given(st.lists(st.floats(0, 24, exclude_min=True), max_size=4, unique=True))
def test_in_whatever_steps_it_is_run_it_does_the_same(moments: list[float]) -> None:
    whole, parts = (small(vehicles=8, rounds=2) for _ in range(2))
    whole.run_until(24)
    for moment in sorted(moments):
        parts.run_until(moment)
    parts.run_model()
    assert same_run(whole, parts)
    assert parts.steps == whole.steps == 24


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_run_of_simulate(case: str) -> None:
    model = small(**CASES[case])
    mine, known = result_of(model), simulate(model.world.scenario)
    for name, table in known.tables.items():
        pd.testing.assert_frame_equal(mine.tables[name], table, check_exact=True)
    last = model.datacollector.get_model_vars_dataframe().iloc[-1]
    for key in ("peak_kw", "unserved_kwh", "messages"):
        assert last[key] == pytest.approx(known.summary[key]), key


# Collectors


def test_each_slot_is_collected_as_it_ends() -> None:
    model = small(load__fluctuation=0.05)
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame) == list(MODEL_REPORTERS)
    assert frame.time_h.tolist() == model.world.horizon.edges_h[1:].tolist()
    np.testing.assert_array_equal(frame.base_kw, model.world.homes.loads[0].actual_kw)
    np.testing.assert_allclose(frame.ev_kw, model.homes.schedules()[0].load_kw(), atol=1e-9)
    np.testing.assert_allclose(frame.peak_kw, np.maximum.accumulate(frame.base_kw + frame.ev_kw))
    assert frame.messages.is_monotonic_increasing
    assert frame.unserved_kwh.is_monotonic_increasing


def test_agents_are_collected_where_it_is_asked_for() -> None:
    model = small(datacollector=of_model_and_agents, transformer__count=2)
    model.run_model()
    evs = model.datacollector.get_agenttype_vars_dataframe(EV)
    assert len(evs) == 24 * 40
    assert set(evs.state) <= set(STATES)
    last = evs.xs(24.0).drawn_kwh
    np.testing.assert_allclose(last, [ev.schedule_kw.sum() for ev in sorted(model.evs, key=attrgetter("unique_id"))])
    boards = model.datacollector.get_agenttype_vars_dataframe(Transformer)
    whole = model.datacollector.get_model_vars_dataframe()
    by_slot = boards.load_kw.groupby(level=0).sum()
    np.testing.assert_allclose(by_slot, whole.base_kw + whole.ev_kw)
    np.testing.assert_allclose(boards.load_kw + boards.headroom_kw, 130)


def test_evs_that_give_back_are_collected() -> None:
    scenario = Scenario().update(
        peak_shaving={"optimizer": "exact"}, fleet={"vehicles": 6}, transformer={"limit_kw": 5000.0}
    )
    model = GridModel(scenario, datacollector=of_model_and_agents)
    model.run_model()
    evs = model.datacollector.get_agenttype_vars_dataframe(V2GEV)
    assert len(evs) == 24 * 6
    whole = model.datacollector.get_model_vars_dataframe()
    np.testing.assert_allclose(evs.power_kw.groupby(level=0).sum(), whole.ev_kw)
    np.testing.assert_allclose(evs.xs(24.0).soc, model.v2g.batteries.soc)


def test_stations_are_collected(tmp_path: Path) -> None:
    who = [(f"u{k}", "A1", 0.0, 30.0) for k in range(9)]
    model = GridModel(station_case(tmp_path, None, who, horizon={"slots": 3}), datacollector=of_model_and_agents)
    model.run_model()
    stations = model.datacollector.get_agenttype_vars_dataframe(Station)
    assert stations.visitors.groupby(level=0).sum().tolist() == [3, 0, 0]
    np.testing.assert_allclose(stations.power_kw.groupby(level=0).sum(), model.stations.track.power_kw.sum(axis=1))
    assert (stations.power_kw > 0).any()


def test_a_collector_of_ones_own() -> None:
    own = mesa.DataCollector(model_reporters={"evs": lambda model: len(model.evs)}, agent_reporters={"name": "name"})
    model = small(datacollector=own)
    model.run_model()
    assert own.get_model_vars_dataframe().evs.tolist() == [40] * 24
    assert len(own.get_agent_vars_dataframe()) == 24 * len(model.agents)


@pytest.mark.parametrize("case", CASES)
def test_an_ev_knows_of_itself_what_the_page_shows(case: str) -> None:
    scenario = small(**CASES[case]).world.scenario
    day = Day(scenario)
    while not day.over:
        day.advance()
        for k, transformer in enumerate(day.transformers):
            assert [ev.state for ev in transformer.evs] == [STATES[each] for each in states(day, k)]
            np.testing.assert_allclose([ev.drawn_kwh for ev in transformer.evs], drawn_kwh(day, k), atol=1e-9)


# mesa.batch_run


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
def test_batch_run_varies_parameters_and_seeds(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("multiprocessing.set_start_method", lambda *_, **__: None)  # it would for all other tests, too
    rows = mesa.batch_run(
        GridModel,
        parameters={"batch_size": [1, 10], "vehicles": 50, "load.fluctuation": 0.05},
        rng=[1, 2],
        number_processes=processes,
        display_progress=False,
    )
    assert len(rows) == 4
    for row in rows:
        scenario = Scenario().update(
            fleet={"vehicles": 50}, load={"fluctuation": 0.05}, coordination={"batch_size": row["batch_size"]},
            run={"seed": row["rng"]},
        )  # fmt: skip
        known = simulate(scenario).summary
        assert [row[key] for key in ("peak_kw", "unserved_kwh")] == pytest.approx(
            [known["peak_kw"], known["unserved_kwh"]]
        )
        assert row["messages"] == known["messages"]
        assert row["Step"] == 24.0


# Copies


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("copied", [copy.deepcopy, unpickled], ids=["copy", "pickle"])
def test_a_copy_in_the_midst_of_a_run_goes_on_alike(case: str, copied: Callable[[GridModel], GridModel]) -> None:
    whole, stopped = (small(datacollector=of_model_and_agents, **CASES[case]) for _ in range(2))
    whole.run_model()
    stopped.run_until(9.3)
    other = copied(stopped)
    stopped.run_model()
    other.run_model()
    assert same_run(whole, stopped)
    assert same_run(whole, other)


def test_events_of_a_copy_come_before_those_that_are_made_later(monkeypatch: pytest.MonkeyPatch) -> None:
    model = small()
    pickled = pickle.dumps(model)
    monkeypatch.setattr(Event, "_ids", itertools.count())  # as in a process of its own
    other = pickle.loads(pickled)  # noqa: S301
    to_come = other._event_list.peek_ahead(1_000)
    assert [each.time for each in to_come] == [each.time for each in model._event_list.peek_ahead(1_000)]
    later = other.schedule_event(other.step, at=to_come[-1].time)
    assert later.unique_id > max(each.unique_id for each in to_come)


# Spaces


def shown(agent: mesa.Agent) -> AgentPortrayalStyle:
    return AgentPortrayalStyle(color="green" if isinstance(agent, EV) and agent.state == "charging" else "grey")


def test_the_space_is_the_tree() -> None:
    model = small(transformer__count=3, transformer__substations=2)
    cells = {agent: agent.cell for agent in model.space.agents}
    assert set(cells) == set(model.agents)
    for transformer in model.transformers:
        beside = {agent for cell in cells[transformer].neighborhood for agent in cell.agents}
        assert {agent for agent in beside if isinstance(agent, EV)} == set(transformer.evs)
        assert sum(isinstance(agent, Substation) for agent in beside) == 1
    places = radial(model.space.G)
    assert len(set(places.values())) == len(model.space.G)


def test_stays_of_an_ev_are_in_one_cell(tmp_path: Path) -> None:
    fleet = tmp_path / "fleet.csv"
    fleet.write_text("vehicle,plug_in_h,plug_out_h,energy_kwh,power_kw\na,1,5,4,4\nb,2,8,4,4\na,9,12,4,4\n")
    model = GridModel(fleet__source="csv", fleet__path=str(fleet))
    assert len(model.evs) == 3
    assert len(model.space.G) == 3 + 2


def test_mesas_page_shows_steps_and_begins_anew() -> None:
    made: list[GridModel] = []

    class Noted(GridModel):
        def __init__(self, scenario: Scenario | None = None, **parameters: Any) -> None:
            super().__init__(scenario, **parameters)
            made.append(self)

    scenario = Scenario().update(load={"fluctuation": 0.02})
    page = SolaraViz(
        Noted(scenario, vehicles=20),
        components=[make_plot_component("messages"), make_space_component(shown, layout_alg=radial)],
        model_params={
            "scenario": scenario,
            "vehicles": {"type": "SliderInt", "label": "EVs", "value": 15, "min": 5, "max": 20},
        },
    )
    _, context = solara.render(solara.AppLayout(children=[page]), handle_error=False)
    context.find(vw.Btn, children=["Step"]).widget.click()
    assert made[0].time == 1.0
    context.find(vw.Btn, children=["Reset"]).widget.click()
    context.close()
    assert len(made) == 2
    assert len(made[1].evs) == 15
    assert made[1].world.scenario.load == scenario.load


def test_mesas_renderer_draws_it() -> None:
    renderer = SpaceRenderer(small(vehicles=5)).setup_agents(shown)
    renderer.draw_structure()
    assert renderer.draw_agents() is not None


# Agents of one's own


class Shy(EV):
    """Never takes a slot from 13 to 17 h."""

    def choose(self, load_kw: Any, first_slot: int, kept_kw: Any) -> Any:
        hour = np.arange(load_kw.size)
        closed = np.where((hour >= 13) & (hour < 17), self.transformer.problem.limit_kw, load_kw)
        return super().choose(closed, first_slot, kept_kw)


class Noting(Transformer):
    """Counts the EVs that it welcomes."""

    welcomed = 0

    def welcome(self, ev: EV) -> None:
        self.welcomed += 1
        super().welcome(ev)


class Gathering(Substation):
    """Keeps its report."""

    kept: Report | None = None

    def report(self) -> Report:
        self.kept = super().report()
        return self.kept


class Announcing(ControlCenter):
    """Says that it announced."""

    announced = False

    def announce_day_ahead(self) -> None:
        self.announced = True
        super().announce_day_ahead()


def test_every_class_of_agents_may_be_ones_own() -> None:
    model = small(ev=Shy, transformer=Noting, substation=Gathering, control_center=Announcing, adjust=False)
    result = result_of(model)
    assert {type(agent) for agent in model.agents} == {Shy, Noting, Gathering, Announcing}
    assert model.transformers[0].welcomed == 40
    assert model.control_center.announced
    (above,) = model.agents_by_type[Gathering]
    assert above.kept is not None
    slots = result.slots.sort_values("slot")
    usual = simulate(model.world.scenario).slots.sort_values("slot")
    assert slots.ev_kw[13:17].sum() == 0 < usual.ev_kw[13:17].sum()
    assert (slots.actual_kw + slots.ev_kw <= 130 + 1e-6).all()


def test_the_own_ev_of_the_guide_avoids_what_is_dear(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (section,) = re.findall(r"### Your own EV\n(.*?)(?:\n##|\Z)", (tree / "docs/guide.md").read_text(), flags=re.DOTALL)
    (code,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    assert len(code.splitlines()) <= 25
    exec(compile(code, "guide.md", "exec"), {"__name__": "guide"})  # noqa: S102
    usual, thrifty = re.findall(r"(\d+) kWh in dear slots, peak (\d+) kW", capsys.readouterr().out)
    assert int(thrifty[0]) < 0.6 * int(usual[0])
    assert int(thrifty[1]) <= 1615
