"""A grid whose transformers have loads and limits of their own, by day or slot by slot, beside one whose transformers are alike."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

import numpy as np

from benchmarks.measure import memory_mb
from benchmarks.parallel_run import grid
from environment.channel import Channel
from environment.loads import BuiltinLoad
from runs.homes.engine import run
from runs.homes.judging import distances_of
from runs.homes.part import Homes
from runs.scenario import Scenario
from runs.simulate import ready

ALIKE: Final = "alike"
OWN: Final = "own loads, own limits"
BY_SLOT: Final = "own loads, own limits by slot"
KINDS: Final = (ALIKE, OWN, BY_SLOT)
SUBSTATIONS: Final = 20
REPEATS: Final = 3


class Taken(NamedTuple):
    """What a run takes: processor seconds, the shortest of some times, and memory.

    Parameters
    ----------
    build_s, run_s, optimum_s
        Building the world, files included; the EVs' choices; holding each transformer against its optimum.
    bytes_each
        Peak of memory beyond what the process had before, an EV.
    """

    build_s: float
    run_s: float
    optimum_s: float
    bytes_each: float


def scenario_of(kind: str, transformers: int, evs_each: int, folder: Path, slot_min: int = 15) -> Scenario:
    """Return a day of EVs, the same below every kind of grid: without names they are spread by the same draw."""
    alike = grid(transformers, evs_each).update(horizon={"slot_min": slot_min}, run={"engine": "compiled"})
    if kind == ALIKE:
        return alike.update(transformer={"substations": min(SUBSTATIONS, transformers)})
    rng = np.random.default_rng(1)
    horizon = alike.horizon
    shape_kw = BuiltinLoad(peak_kw=2.8 * evs_each).forecast(horizon)
    shifts, sizes = rng.integers(-3, 4, transformers), rng.uniform(0.8, 1.25, transformers)
    loads = {
        f"load{k}": size * np.roll(shape_kw, shift) for k, (shift, size) in enumerate(zip(shifts, sizes, strict=True))
    }
    limits = {name: np.full(horizon.n_slots, load_kw.max() * 1.15) for name, load_kw in loads.items()}
    if kind == BY_SLOT:
        limits = {name: limit * rng.uniform(0.95, 1.1, horizon.n_slots) for name, limit in limits.items()}
        loads |= {name.replace("load", "limit"): limit for name, limit in limits.items()}
    rows = ["node,parent,kind,limit_kw,load", "centre,,control_center,,"]
    rows += [f"S{k},centre,substation,," for k in range(min(SUBSTATIONS, transformers))]
    for k in range(transformers):
        limit = f"limit{k}" if kind == BY_SLOT else f"{limits[f'load{k}'][0]:.3f}"
        rows.append(f"T{k},S{k % min(SUBSTATIONS, transformers)},transformer,{limit},load{k}")
    (folder / "nodes.csv").write_text("\n".join(rows))
    table = np.column_stack([np.arange(horizon.n_slots), *loads.values()])
    np.savetxt(folder / "loads.csv", table, delimiter=",", header=",".join(["slot", *loads]), comments="", fmt="%.3f")
    content = {name: dict(section) for name, section in (("fleet", alike.fleet), ("coordination", alike.coordination))}
    return Scenario().update(
        **content,
        horizon={"slot_min": slot_min},
        grid={"source": "table", "path": folder / "nodes.csv"},
        loads={"path": folder / "loads.csv"},
        run={"engine": "compiled"},
    )


def measure(kind: str, transformers: int, evs_each: int, repeats: int) -> Taken:
    """Carry out the run of a kind of grid some times."""
    with TemporaryDirectory() as folder:
        scenario = scenario_of(kind, transformers, evs_each, Path(folder)).update(run={"optimum": False})
        ready(scenario.update(run={"optimum": True}))
        before_mb, times = memory_mb(), []
        for _ in range(repeats):
            moments = [time.process_time()]
            world = Homes.build(scenario, np.random.default_rng(scenario.run.seed))
            moments.append(time.process_time())
            schedules = run(world, Channel(), lambda _: None).schedules
            moments.append(time.process_time())
            distances_of(world, schedules)
            times.append(np.diff([*moments, time.process_time()]))
    bytes_each = (memory_mb("VmHWM") - before_mb) * 1024**2 / (transformers * evs_each)
    build_s, run_s, optimum_s = np.min(times, axis=0).tolist()
    return Taken(build_s, run_s, optimum_s, bytes_each)


def main(transformers: int = 1000, evs_each: int = 100, repeats: int = REPEATS) -> None:
    """Print the table."""
    print(
        f"\n{transformers:,} transformers x {evs_each:,} EVs x 96 slots, compiled: processor seconds, and bytes an EV"
    )
    heads = ("build s", "run s", "optimum s", "built+run", "to alike", "in all", "to alike", "bytes an EV")
    print(f"{'':>30} " + " ".join(f"{head:>11}" for head in heads))
    alike: list[float] = []
    for kind in KINDS:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            taken = process.submit(measure, kind, transformers, evs_each, repeats).result()
        sums_s = [sum(taken[:2]), sum(taken[:3])]  # without the optimum, and with it
        alike = alike or sums_s
        figures = [
            *taken[:3],
            *(f for pair in zip(sums_s, np.divide(sums_s, alike).tolist(), strict=True) for f in pair),
        ]
        print(f"{kind:>30} " + " ".join(f"{figure:>11.3f}" for figure in figures) + f" {taken.bytes_each:>11,.0f}")


if __name__ == "__main__":
    main()
