"""What a run writes and counts grows with the slots of its horizon, not with their square."""

import numpy as np
import pytest

from environment.board import pheromone
from runs.result import TABLES
from runs.scenario import Scenario
from runs.simulate import simulate


def days(count: int, **sections: dict[str, object]) -> Scenario:
    return Scenario().update(horizon={"slots": 24 * count}, fleet={"vehicles": 10}, **sections)


@pytest.mark.parametrize("engine", ["agents", "compiled"])
@pytest.mark.parametrize("coordination", [{}, {"rounds": 3}, {"energy": "whole_slots"}])
def test_twice_the_days_are_twice_the_rows(engine: str, coordination: dict[str, object]) -> None:
    run = {"engine": engine}
    one, two = (simulate(days(count, run=run, coordination=coordination)) for count in (4, 8))
    rows = {name: (len(getattr(one, name)), len(getattr(two, name))) for name in TABLES}
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
