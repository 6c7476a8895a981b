"""A sweep: every point of a design, replicated with common random numbers, over any workers, resumable.

Replication r has the same seed at every point, so points are compared on the same fleets and loads. Runs are numbered
replication by replication: more replications later come after those that are there.
"""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from environment.input_faults import Fault, FaultyInputError, raise_if_any
from runs.design import MOST_RUNS, SEED_KEY, Design
from runs.engine import Engine, Scheduler
from runs.jobs import Job, Record, failure, work
from runs.result_folder import SCENARIO_FILE
from runs.scenario import Scenario
from runs.sweep_journal import Journal, write_table
from runs.whole_folder import writing
from runs.workers import CREWS, Crew, require_dask

DESIGN_FILE = "design.json"
JOURNAL_FILE = "journal.jsonl"
TABLE_FILE = "runs.parquet"
TASK_S: Final = 0.2
"""Short runs go to a worker so many at a time that it is busy for about so long."""

NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")

type Tell = Callable[[int, int], None]
"""Told how many runs are recorded, and of how many."""


class Warned(NamedTuple):
    """Warnings of a sweep's runs that are alike but for their numbers.

    Parameters
    ----------
    text
        The first one.
    runs
        Runs that have one of them.
    is_same
        Whether all of them have the same numbers.
    """

    text: str
    runs: int
    is_same: bool


@dataclass(frozen=True)
class Sweep:
    """A finished sweep.

    Parameters
    ----------
    folder
        Holds ``runs.parquet`` (a row a run), ``scenario.toml``, ``design.json`` and the journal.
    design
        Its points.
    replications
        Runs of each point.
    failed
        Runs that failed.
    warnings
        Warnings of the runs, in the order in which they first occur.
    """

    folder: Path
    design: Design
    replications: int
    failed: int
    warnings: tuple[Warned, ...] = ()

    def means(self, figures: Sequence[str], points: int) -> pd.DataFrame:
        """Return means over replications and their 95 % confidence half-widths (Student t).

        Parameters
        ----------
        figures
            Columns of the table.
        points
            How many points to take, from the first.

        Returns
        -------
        DataFrame
            A row a point; columns ``(figure, "mean")`` and ``(figure, "half_width")``, NaN where too few runs have the
            figure, for those figures that the table has, and ``("failed", "runs")``.
        """
        from scipy.special import stdtrit  # noqa: PLC0415  (only here)

        n = len(self.design.points)
        file = pq.ParquetFile(self.folder / TABLE_FILE)
        known = [name for name in figures if name in file.schema_arrow.names]
        groups = (batch.to_pandas() for batch in file.iter_batches(columns=["run", "status", *known]))
        table = pd.concat([group[group.run % n < points] for group in groups])
        by_point = table.groupby(table.run % n)
        shown = {("failed", "runs"): table.status.ne("ok").groupby(table.run % n).sum()}
        for name in known:
            column = by_point[name].agg(["mean", "std", "count"])
            student = stdtrit(np.maximum(column["count"] - 1, 1), 0.975)
            shown[name, "mean"] = column["mean"]
            shown[name, "half_width"] = student * column["std"] / np.sqrt(column["count"])
        return pd.DataFrame(shown)


def sweep(
    scenario: Scenario,
    design: Design,
    *,
    replications: int,
    folder: str | Path,
    engine: Literal["serial", "process", "dask"] = "process",
    workers: int | None = None,
    scheduler: Scheduler | None = None,
    retry_failed: bool = False,
    progress: Tell | None = None,
) -> Sweep:
    """Carry out a sweep, or what is left of it, and write its table.

    The table is the same for any engine and any number of workers. A run that fails is recorded, with its error, as is one
    that kills its worker.

    Parameters
    ----------
    scenario
        What is varied; its seed is that of the whole sweep.
    design
        The points.
    replications
        Runs of each point.
    folder
        New, empty, or of the same sweep: then it goes on from what is recorded there.
    engine
        In this process, in processes beside it, or on a Dask cluster. Scripts that use processes need
        ``if __name__ == "__main__":``.
    workers
        How many; as many as there are cores if left out.
    scheduler
        A running Dask scheduler; a cluster on this machine if left out.
    retry_failed
        Whether to run failed runs of an earlier call again.
    progress
        Told how far the sweep is.

    Raises
    ------
    FaultyInputError
        With every fault of the design and the scheduler; if the folder holds something else; if Dask is asked for and not
        installed.
    """
    folder = Path(folder)
    n_runs = len(design.points) * replications
    if n_runs > MOST_RUNS:
        found = f"{n_runs:,} of {len(design.points):,} points x {replications:,} replications"
        raise FaultyInputError([Fault("--replications", None, "runs", found, f"at most {MOST_RUNS:,}")])
    raise_if_any([*design.faults(scenario), *(scheduler.faults() if scheduler is not None else ())])
    if engine == "dask":
        require_dask()
    _take(folder, scenario, design)
    seed = scenario.run.seed
    with Journal(folder / JOURNAL_FILE, n_runs, retry_failed=retry_failed) as journal:

        def submit(executor: Executor, runs: Sequence[int]) -> Future[list[Record]]:
            return executor.submit(work, scenario, [_job(design, seed, run) for run in runs])

        def record(done: Record) -> None:
            journal.append(done)
            tell(len(journal), n_runs)

        tell = progress or (lambda _done, _of: None)
        tell(len(journal), n_runs)
        pending = deque(run for run in range(n_runs) if run not in journal)
        _carry_out(lambda: CREWS[Engine(engine)](workers, scheduler), pending, submit, record)
        write_table(lambda: _rows(design, seed, journal), folder / TABLE_FILE)
        return Sweep(folder, design, replications, journal.failed, warnings_of(journal))


def replication_seed(seed: int, replication: int) -> int:
    """Return the seed of a replication: 63 bits of that child of the sweep's seed, however many follow.

    Parameters
    ----------
    seed
        Seed of the sweep.
    replication
        Number of the replication, from 0.
    """
    child = np.random.SeedSequence(seed, spawn_key=(replication,))
    return int(child.generate_state(1, np.uint64)[0] >> np.uint64(1))


def _take(folder: Path, scenario: Scenario, design: Design) -> None:
    """Make the folder this sweep's, or find that it is."""
    identity = json.dumps({"scenario": scenario.to_toml(), **design.content()})
    file = folder / DESIGN_FILE
    part = folder / f"{DESIGN_FILE}.part"
    if file.is_file():
        if file.read_text(encoding="utf-8") != identity:
            expected = "the same scenario, seed and design to go on there, or a new folder"
            raise FaultyInputError([Fault("--out", None, str(folder), "another sweep", expected)])
        return
    if folder.exists() and not (folder.is_dir() and {path.name for path in folder.iterdir()} <= {part.name}):
        expected = "a new or empty folder, or that of the same sweep"
        raise FaultyInputError([Fault("--out", None, str(folder), "something else", expected)])
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        part.write_text(identity, encoding="utf-8")
        part.replace(file)  # last, so that a kill leaves an empty folder or a sweep
        (folder / SCENARIO_FILE).write_text(scenario.to_toml(), encoding="utf-8")


def _job(design: Design, seed: int, run: int) -> Job:
    replication, point = divmod(run, len(design.points))
    return Job(run, {**design.values(point), SEED_KEY: replication_seed(seed, replication)})


def _rows(design: Design, seed: int, journal: Journal) -> Iterator[dict[str, Any]]:
    for record in journal:
        run = record["run"]
        replication, point = divmod(run, len(design.points))
        yield {
            "run": run,
            "replication": replication,
            "seed": replication_seed(seed, replication),
            **design.cells(point),
            "status": record["status"],
            "error": record["error"],
            **record["figures"],
        }


def warnings_of(records: Iterable[Record]) -> tuple[Warned, ...]:
    """Return the warnings of runs; those of a journal that an older version wrote have none."""
    found: dict[str, Warned] = {}
    for record in records:
        alike = {NUMBER.sub("#", text): text for text in reversed(record.get("warnings", ()))}
        for kind, text in reversed(alike.items()):
            first, runs, is_same = found.get(kind, Warned(text, 0, is_same=True))
            found[kind] = Warned(first, runs + 1, is_same and text == first)
    return tuple(found.values())


type Submit = Callable[[Executor, Sequence[int]], Future[list[Record]]]
"""Gives an executor some runs, by number."""


def _carry_out(
    opened: Callable[[], AbstractContextManager[Crew]],
    pending: deque[int],
    submit: Submit,
    record: Callable[[Record], None],
) -> None:
    """Record every run; those that a dying worker took along are run again, one at a time, to find the one that kills."""
    suspects: deque[int] = deque()
    while pending or suspects:
        with opened() as crew:
            if suspects:
                with suppress(CancelledError):  # by a connection that is lost
                    crew.executor.submit(int).result()  # where no worker lives at all, no run is to blame
                _one_by_one(crew.executor, suspects, submit, record)
            if not suspects:
                suspects.extend(_together(crew, pending, submit, record))


def _one_by_one(executor: Executor, suspects: deque[int], submit: Submit, record: Callable[[Record], None]) -> None:
    """Record suspects, up to the first whose worker dies, or as long as the connection to workers holds."""
    while suspects:
        future = submit(executor, [suspects[0]])
        wait([future])
        if future.cancelled():  # the connection is lost, for which no run is to blame
            return
        run, error = suspects.popleft(), future.exception()
        if error is not None:
            record(failure(run, error))
            return
        record(future.result()[0])


def _together(crew: Crew, pending: deque[int], submit: Submit, record: Callable[[Record], None]) -> list[int]:
    """Record pending runs until none is left or a task is lost; return the runs of lost tasks."""
    window = 2 * crew.workers if crew.workers > 1 else 1
    flying: dict[Future[list[Record]], list[int]] = {}
    lost: list[int] = []
    size = 1
    while True:
        while pending and not lost and len(flying) < window:
            runs = [pending.popleft() for _ in range(min(size, len(pending)))]
            try:
                flying[submit(crew.executor, runs)] = runs
            except BrokenExecutor:
                lost += runs
        if not flying:
            return lost
        for future in wait(flying, return_when=FIRST_COMPLETED).done:
            runs = flying.pop(future)
            if future.cancelled() or future.exception() is not None:
                lost += runs
                continue
            records = future.result()
            for each in records:
                record(each)
            run_s = sum(each["wall_s"] for each in records) / len(records)
            # Small enough, too, that all workers end together.
            size = max(1, min(round(TASK_S / max(run_s, 1e-6)), len(pending) // (2 * window)))
