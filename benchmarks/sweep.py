"""Runs per second of a sweep, beside `mesa.batch_run` on the same model, seeds, and number of processes.

What `mesa.batch_run` carries out is the model of agents, and it collects peak and messages. A sweep gives the whole summary
of each run, free charging included, and states its distance to the optimum where `run.optimum` is set.
"""

import multiprocessing
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import mesa
import numpy as np
import pandas as pd

from runs.design import Design
from runs.model import GridModel
from runs.scenario import Scenario
from runs.sweep import replication_seed, sweep

BATCH_SIZES = [1, 2, 5, 10]
REPLICATIONS = 500
KINDS = [("agents", True), ("agents", False), ("compiled", True), ("compiled", False)]


def batch_run(replications: int, workers: int) -> tuple[float, pd.DataFrame]:
    """Return seconds and rows of `mesa.batch_run`."""
    seeds = [replication_seed(1, r) for r in range(replications)]
    begun = time.perf_counter()
    rows: list[dict[str, Any]] = mesa.batch_run(
        GridModel, {"batch_size": BATCH_SIZES}, number_processes=workers, rng=seeds, display_progress=False
    )
    return time.perf_counter() - begun, pd.DataFrame(rows)


def own_sweep(replications: int, workers: int, engine: str, optimum: bool) -> tuple[float, pd.DataFrame]:
    """Return seconds and rows of a sweep."""
    design = Design.full({"coordination.batch_size": BATCH_SIZES})
    scenario = Scenario().update(run={"engine": engine, "optimum": optimum})
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        done = sweep(scenario, design, replications=replications, folder=Path(folder), workers=workers)
        wall_s = time.perf_counter() - begun
        return wall_s, pd.read_parquet(done.folder / "runs.parquet")


def apart(call: Any, *words: Any) -> tuple[float, pd.DataFrame]:
    """Call in a process of its own: `mesa.batch_run` sets the start method for the whole program."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        done: tuple[float, pd.DataFrame] = process.submit(call, *words).result()
        return done


def main(replications: int = REPLICATIONS, workers: int | None = None) -> None:
    """Print the table."""
    workers = workers or os.cpu_count() or 1
    runs = len(BATCH_SIZES) * replications
    print(f"\nA sweep of {runs:,} runs, 500 EVs x 24 slots, {workers} processes, start of the processes included")
    print(f"{'':>34} {'s':>8} {'runs/s':>8} {'batch_run s/s':>14} {'same runs':>10}")
    theirs_s, theirs = apart(batch_run, replications, workers)
    print(f"{'mesa.batch_run, agents':>34} {theirs_s:>8.2f} {runs / theirs_s:>8.0f} {1:>14.1f} {'':>10}")
    known = set(theirs[["batch_size", "rng", "messages"]].itertuples(index=False, name=None))
    peaks = sorted(theirs.peak_kw)
    for engine, optimum in KINDS:
        ours_s, ours = apart(own_sweep, replications, workers, engine, optimum)
        rows = ours[["coordination.batch_size", "seed", "messages"]].itertuples(index=False, name=None)
        same = set(rows) == known and np.allclose(sorted(ours.peak_kw), peaks)
        name = f"sweep, {engine}{', with the gap' if optimum else ''}"
        print(
            f"{name:>34} {ours_s:>8.2f} {runs / ours_s:>8.0f} {theirs_s / ours_s:>14.1f} {'yes' if same else 'NO':>10}"
        )
