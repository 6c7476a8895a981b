"""Every benchmark runs, small."""

import sys
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks import (
    agents,
    channel,
    grid,
    optimizers,
    optimum,
    page,
    parallel_run,
    peak_shaving,
    planning,
    rounds,
    scale,
    start,
    stations,
    sweep,
    year,
)
from benchmarks.duel import POINT, Duel, Size, Task
from runs.stations.paper_c import paper_c

SMALL: dict[str, Callable[[], None]] = {
    "planning": lambda: planning.main(200),
    "agents": lambda: agents.main([50]),
    "optimum": lambda: optimum.main([60], [(60, 60, "ants", "exact")]),
    "rounds": lambda: rounds.main(300),
    "sweep": lambda: sweep.main(2, 2),
    "channel": lambda: channel.main(30, 1),
    "scale": lambda: scale.main([("compiled with the optimum", 2, 10), ("agents", 2, 10)]),
    "grid": lambda: grid.main(3, 10, 1),
    "parallel_run": lambda: parallel_run.main(2, 10),
    "year": lambda: year.main(3, 8),
    "peak_shaving": lambda: peak_shaving.main([30]),
    "stations": lambda: stations.main(20, 2, paper_c(scheduling={"population": 10, "iterations": 1}), peer=False),
    "page": lambda: page.main([60], 3),
}
FAST = {"page"}


@pytest.fixture
def _fewer_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the tables whose rows start processes two rows that have each of their sides."""
    monkeypatch.setattr(planning, "CASES", [(60, 1), (15, 50)])
    monkeypatch.setattr(sweep, "KINDS", [("agents", False), ("compiled", True)])
    two = ("compiled, 96 slots", "agents, 1 % lost, 1 s delay")
    monkeypatch.setattr(parallel_run, "KINDS", {kind: parallel_run.KINDS[kind] for kind in two})


@pytest.mark.usefixtures("_fewer_rows")
@pytest.mark.parametrize(
    "name", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in SMALL]
)
def test_a_benchmark_runs(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    SMALL[name]()
    out = capsys.readouterr().out
    assert "NO" not in out, (
        "OR-tools finds the same cost, SciPy the same groups, mesa.batch_run the same runs, parts the same summary"
    )
    assert out.count("\n") > 1


def test_starts_are_counted_beside_their_floor(capsys: pytest.CaptureFixture[str]) -> None:
    start.main(1, {name: start.COMMANDS[name] for name in ("evswarm --help", "evswarm --version")})
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[-2:]]
    assert all(int(row[2].replace(",", "")) < 1000 for row in rows)


def ours_again(task: Task) -> None:
    """Stand in for a peer."""
    optimizer = Duel("", ours_again, "woa", {}, "").optimizer(task.population)
    optimizers.search(optimizer, task, task.population * (task.iterations + 1))


def test_optimizers_are_held_against_peers_at_equal_evaluations(capsys: pytest.CaptureFixture[str]) -> None:
    tiny = Size(4, 10, 3, 2)
    duels = [Duel("stand-in", ours_again, "woa", {}, "the same")]
    optimizers.main(tiny, tiny, runs=3, duels=duels)
    out = capsys.readouterr().out
    assert out.count("stand-in") == 3
    assert out.splitlines()[-1].count(" equal") == len(POINT), "the same optimiser with the same seeds"
    assert optimizers.times(duels[0], tiny)[2] == 40


@pytest.mark.parametrize("name", POINT)
def test_points_one_by_one_have_the_fitness_of_the_whole_population(name: str) -> None:
    task = Size(6, 20, 1, 1).task(name)
    x = np.random.default_rng(1).uniform(task.lower, task.upper, (20, 6))
    assert np.allclose([task.point(row) for row in x], task.batch(x), rtol=1e-12)
    assert task.points == 40


def test_without_peers_the_benchmark_says_how_to_get_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "benchmarks.peers", None)
    optimizers.main(Size(3, 6, 2, 1), Size(3, 6, 2, 1))
    assert "make bench-peers" in capsys.readouterr().out
