"""What a run calls for is compiled or loaded before its clock starts."""

import io
import subprocess
import sys

import pytest
from rich.console import Console
from rich.progress import Progress

from runs import terminal, warm_up
from runs.scenario import Scenario
from runs.simulate import ready
from runs.world import World

SLOW = pytest.mark.slow
STRAYS, ROUNDS = "load.fluctuation=0.05", "coordination.rounds=3"
STATIONS = "horizon.slot_min=36 horizon.slots=3 stations.piles=6 scheduling.iterations=2"


@pytest.mark.parametrize(
    "changes",
    [
        f"run.engine=agents {STRAYS}",
        pytest.param(
            f"run.engine=compiled {STRAYS} {ROUNDS} transformer.lines=3 transformer.limit_kw=1300", marks=SLOW
        ),
        pytest.param(
            f"{STRAYS} {ROUNDS} coordination.information=day_ahead coordination.energy=whole_slots", marks=SLOW
        ),
        pytest.param(f"{STRAYS} {ROUNDS} channel.loss=0.2 channel.delay_s=60 channel.death=0.1", marks=SLOW),
        pytest.param(
            f"run.engine=compiled {STRAYS} coordination.method=optimal coordination.energy=whole_slots "
            "fleet.types=[{power_kw=4.0},{power_kw=7.0}]",
            marks=SLOW,
        ),
        *(
            pytest.param(f"run.engine=compiled coordination.method={method}", marks=SLOW)
            for method in ("free", "odc", "pso1", "pso2", "optimal")
        ),
        pytest.param("peak_shaving.optimizer=igeo", marks=SLOW),
        pytest.param("peak_shaving.optimizer=woa run.engine=compiled grouping.tactic=tactic_1", marks=SLOW),
        pytest.param(STATIONS, marks=SLOW),
        pytest.param(f"{STATIONS} run.engine=compiled", marks=SLOW),
        pytest.param(f"{STATIONS} scheduling.optimizer=pso scheduling.evaluator=powerflow", marks=SLOW),
    ],
)
def test_a_run_compiles_nothing_after_it_was_made_ready(changes: str) -> None:
    command = [sys.executable, "-m", "tests.support.kernels", *changes.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_is_ready_is_not_made_ready_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm_up, "_RUN", set())
    run: list[World] = []
    monkeypatch.setattr("runs.simulate.carry_out", lambda world, _: run.append(world))
    for seed in (1, 2):
        ready(Scenario().update(run={"seed": seed, "engine": "compiled"}, coordination={"batch_size": 10 * seed}))
    assert len(run) == 1, "seeds and batch sizes call for the same kernels"
    ready(Scenario().update(run={"engine": "compiled"}, coordination={"rounds": 5}))
    assert len(run) == 2


@pytest.mark.parametrize(("under_way_s", "said"), [(0.0, "ants"), (0.9, "ants"), (1.1, "compiling, once")])
def test_the_bar_says_that_kernels_are_compiled_where_it_takes_more_than_a_second(
    monkeypatch: pytest.MonkeyPatch, under_way_s: float, said: str
) -> None:
    monkeypatch.setattr(terminal, "under_way_s", lambda: under_way_s)
    bar = Progress(terminal._Title())
    bar.add_task("ants")
    console = Console(file=io.StringIO())
    console.print(bar)
    assert console.file.getvalue().strip().endswith(said)
