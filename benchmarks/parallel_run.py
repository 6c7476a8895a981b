"""One large grid, its transformers spread over two processes, beside the same in one process."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from runs.parallel_run import run_in_parts
from runs.scenario import Scenario
from runs.simulate import summarize, summary_of

TRANSFORMERS = 1000
KINDS: dict[str, dict[str, Any]] = {
    "compiled, 24 slots": {"run": {"engine": "compiled"}},
    "compiled, 96 slots": {"run": {"engine": "compiled"}, "horizon": {"slot_min": 15}},
    "agents": {},
    "agents, 1 % lost, 1 s delay": {"channel": {"loss": 0.01, "delay_s": 1.0}},
}
EVS_EACH = {"compiled, 24 slots": 1000, "compiled, 96 slots": 1000, "agents": 1000, "agents, 1 % lost, 1 s delay": 200}


def grid(transformers: int, evs_each: int) -> Scenario:
    """Return a grid of so many transformers, each as large as its EVs need."""
    return Scenario().update(
        fleet={"vehicles": transformers * evs_each},
        transformer={"count": transformers, "limit_kw": 3.23 * evs_each},
        load={"peak_kw": 2.8 * evs_each},
        coordination={"batch_size": 10},
    )


def measure(kind: str, transformers: int, evs_each: int) -> tuple[float, float, bool]:
    """Return seconds in one process, in two (their start included), and whether both summaries are the same."""
    summarize(grid(1, 20).update(**KINDS[kind]))
    scenario = grid(transformers, evs_each).update(**KINDS[kind])
    begun = time.perf_counter()
    one = summarize(scenario)
    between = time.perf_counter()
    two = summary_of(*run_in_parts(scenario, workers=2))
    ended = time.perf_counter()
    same = all(two[name] == value for name, value in one.items() if name not in ("wall_s", "free"))
    return between - begun, ended - between, same


def main(transformers: int = TRANSFORMERS, evs_each: int | None = None) -> None:
    """Print the table."""
    print("\nOne grid over two processes (their start included) beside one process; summary with the gap, no tables")
    print(f"{'':>28} {'transformers':>13} {'EVs':>10} {'one s':>8} {'two s':>8} {'one/two':>8} {'same summary':>13}")
    for kind in KINDS:
        each = evs_each or EVS_EACH[kind]
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            one, two, same = process.submit(measure, kind, transformers, each).result()
        print(
            f"{kind:>28} {transformers:>13,} {transformers * each:>10,} {one:>8.2f} {two:>8.2f} {one / two:>8.2f} "
            f"{'yes' if same else 'NO':>13}"
        )
