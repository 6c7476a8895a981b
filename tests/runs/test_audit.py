"""What a program's own coordinator returns is audited before a run says anything about it."""

import pickle

import numpy as np
import pytest
from typer.testing import CliRunner

from coordination.valley_filling import COORDINATORS
from coordination.valley_filling.coordinator import CoordinationSettings, Coordinator, Plan
from coordination.valley_filling.problem import Schedule, ValleyFilling
from environment.input_faults import FaultyInputError
from runs.cli import app
from runs.homes.part import Homes
from runs.scenario import Scenario
from runs.simulate import simulate
from tests.support.worlds import run_homes


def small(method: str, engine: str = "agents") -> Scenario:
    return Scenario().update(fleet={"vehicles": 20}, coordination={"method": method}, run={"engine": engine})


def plan_twice(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:
    """Free charging at twice the power."""
    schedule = COORDINATORS["free"].plan(problem, settings, rng).schedule
    schedule.power_kw *= 2
    return Plan(schedule)


def plan_other_stays(problem: ValleyFilling, settings: CoordinationSettings, rng: np.random.Generator) -> Plan:
    """Nothing, for as many EVs less one."""
    del settings, rng
    schedule = Schedule(problem)
    schedule.start, schedule.first_slot = schedule.start[:-1], schedule.first_slot[:-1]
    return Plan(schedule)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    entry = Coordinator("late", "planner", keeps_limit=True, keeps_whole_slots=True, plan=request.param)
    monkeypatch.setitem(COORDINATORS, "late", entry)


@pytest.mark.parametrize("late", [plan_twice, plan_other_stays], indirect=True)
@pytest.mark.parametrize("engine", ["agents", "compiled"])
@pytest.mark.usefixtures("late")
def test_a_plan_that_breaks_a_rule_is_a_fault(engine: str) -> None:
    with pytest.raises(FaultyInputError, match=r"schedule by late below .*: power of EV .* in slot \d+ is .* kW"):
        simulate(small("late", engine))


@pytest.mark.parametrize("late", [plan_twice], indirect=True)
@pytest.mark.usefixtures("late")
def test_the_command_line_tells_the_fault() -> None:
    done = CliRunner().invoke(app, ["run", "--set", "coordination.method=late", "--set", "fleet.vehicles=20"])
    assert done.exit_code == 2
    assert "schedule by late" in done.output
    assert "1 fault; nothing was written." in done.output


def test_what_ants_did_is_audited_at_the_end() -> None:
    world = Homes.build(small("ants"), np.random.default_rng(1))
    schedule = run_homes(world).schedules[0]
    nobody = np.zeros(len(world.fleet), dtype=np.bool_)
    world.audit(0, schedule, nobody)
    row = int(np.flatnonzero(schedule.entry_counts())[-1])
    schedule.of(row)[0] = 99.0
    name = world.fleet.vehicle[world.rows[0]][row]
    with pytest.raises(FaultyInputError, match=f"power of EV {name} in slot {schedule.first_slot[row]} is 99 kW"):
        world.audit(0, schedule, nobody)


@pytest.mark.parametrize("late", [plan_twice], indirect=True)
@pytest.mark.usefixtures("late")
def test_a_fault_comes_out_of_a_process_as_it_went_in() -> None:
    with pytest.raises(FaultyInputError) as raised:
        simulate(small("late"))
    told = FaultyInputError(raised.value.faults, outcome="a part was written")
    again = pickle.loads(pickle.dumps(told))  # noqa: S301  (our own bytes)
    assert again.outcome == "a part was written"
    assert again.faults == raised.value.faults
    assert str(again) == str(raised.value)
