"""What a run writes and counts grows with the slots of its horizon, not with their square."""

from dataclasses import replace

import numpy as np
import pytest

from coordination.valley_filling.optimum import certify, solve
from coordination.valley_filling.problem import ValleyFilling
from environment.horizon import Horizon
from environment.pheromone_board import pheromone
from runs.homes.part import Homes
from runs.scenario import Scenario
from runs.simulate import simulate


def days(count: int, **sections: dict[str, object]) -> Scenario:
    return Scenario().update(horizon={"slots": 24 * count}, fleet={"vehicles": 10}, **sections)


@pytest.mark.parametrize("engine", ["agents", "compiled"])
@pytest.mark.parametrize("coordination", [{}, {"rounds": 3}, {"energy": "whole_slots"}])
def test_twice_the_days_are_twice_the_rows(engine: str, coordination: dict[str, object]) -> None:
    run = {"engine": engine}
    one, two = (simulate(days(count, run=run, coordination=coordination)) for count in (4, 8))
    rows = {name: (len(table), len(two.tables[name])) for name, table in one.tables.items()}
    assert rows["slots"] == (96, 192)
    assert rows["vehicles"] == (40, 80)
    assert rows["board"] == (97 * 24, 193 * 24)
    for name in ("schedule", "rounds", "messages"):
        assert rows[name][1] <= 2.5 * max(rows[name][0], 1), name


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_the_last_board_of_a_week_is_the_load_of_its_last_day(engine: str) -> None:
    result = simulate(days(7, run={"engine": engine}, load={"fluctuation": 0.05}))
    last = result.board[result.board.at_h == 168]
    total_kw = result.slots.total_kw.to_numpy()[-24:]
    assert last.slot.tolist() == list(range(144, 168))
    np.testing.assert_allclose(last.load_kw, total_kw, atol=1e-6)
    np.testing.assert_allclose(last.pheromone, pheromone(total_kw, result.summary["limit_kw"]), atol=1e-9)


@pytest.mark.parametrize("engine", ["agents", "compiled"])
def test_progress_moves_within_a_long_run(engine: str) -> None:
    told: list[float] = []
    simulate(days(30, run={"engine": engine, "optimum": False}), told.append)
    assert told == sorted(told)
    assert len(told) >= 7
    assert told[-1] == 1.0


@pytest.mark.parametrize("energy", ["exact", "whole_slots"])
def test_the_optimum_of_days_that_share_no_stay_is_that_of_each_day(energy: str) -> None:
    """From noon to noon no stay leads from a day to the next: costs and bounds of a week add up from its days."""
    world = Homes.build(days(7, coordination={"energy": energy}), np.random.default_rng(1))
    whole, fleet = world.problems[0], world.fleet.take(world.rows[0])
    parts = []
    for day in range(7):
        rows = np.flatnonzero(fleet.plug_in_h // 24 == day)
        own = fleet.take(rows)
        own = replace(own, plug_in_h=own.plug_in_h - 24 * day, plug_out_h=own.plug_out_h - 24 * day, stay_number=None)
        base_kw = whole.base_kw[24 * day : 24 * day + 24]
        parts.append(ValleyFilling.of(own, Horizon(), base_kw, whole.top_kw, whole=whole.whole))
    optimum, each = solve(whole, within=1e-12), [solve(part, within=1e-12) for part in parts]
    assert optimum.cost_kw2 == pytest.approx(sum(one.cost_kw2 for one in each), rel=1e-9)
    assert optimum.bound_kw2 == pytest.approx(sum(one.bound_kw2 for one in each), rel=1e-9)
    assert certify(whole, optimum.schedule) == all(
        certify(part, one.schedule) for part, one in zip(parts, each, strict=True)
    )


def test_odc_steps_by_the_evs_and_not_by_their_stays() -> None:
    """Its step is half of 1/N: with N stays it would still be on its way after 60 rounds."""
    summary = simulate(days(30, coordination={"method": "odc"}, run={"engine": "compiled"})).summary
    assert summary["optimality_gap"] < 1e-3
