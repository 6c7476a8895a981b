"""The command ``evswarm run``: one scenario."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from runs.commands.options import (
    By,
    ByOption,
    EngineOption,
    FigureFormat,
    FiguresOption,
    ForceOption,
    FormatOption,
    OutOption,
    OverwriteOption,
    ScenarioArgument,
    SchedulerOption,
    SeedOption,
    SetOption,
    TableFormat,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
)
from runs.engine import Engine, Scheduler

if TYPE_CHECKING:
    from runs.brief import Brief
    from runs.parts import Outcome
    from runs.result import Result
    from runs.scenario import Scenario
    from runs.world import World


def run(
    scenario: ScenarioArgument = None,
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: OutOption = None,
    overwrite: OverwriteOption = False,
    force: ForceOption = False,
    table_format: FormatOption = TableFormat.PARQUET,
    figures: FiguresOption = None,
    engine: EngineOption = None,
    by: ByOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
) -> None:
    """Run a scenario and print it beside free charging and beside no EVs, or as its sections ask.

    `evswarm run scenarios/paper_a.toml --set coordination.batch_size=50 --out results/demo`

    Your own vehicles: `evswarm run --set fleet.source=csv --set fleet.path=my_fleet.csv`

    A very large grid: --workers N spreads its transformers over processes, --engine dask over a cluster. The result is the
    same, byte for byte. Without either, one process does it.
    """
    from environment.input_faults import raise_if_any
    from runs.commands.case import Room, figure_format, find_scheduler, load, read, save
    from runs.parts import faults_of_processes
    from runs.simulate import brief_of, result_from
    from runs.terminal import explained, print_not_saved, print_written
    from runs.whole_folder import whole_folder

    with explained():
        spread = engine or (Engine.SERIAL if workers in (None, 1) else Engine.PROCESS)
        here = spread is not Engine.SERIAL and scheduler is None  # a scheduler's machines have memory of their own
        crew = (workers or os.cpu_count() or 1) if here else 0
        room = Room(out_folder is not None, 1 + here, crew)  # the whole, and its parts
        case = read(scenario, overrides, seed, None if force else room)
        cluster, faults = find_scheduler(spread, workers, scheduler, (tls_ca, tls_cert, tls_key))
        if spread is not Engine.SERIAL:
            faults += faults_of_processes(
                case, *(("--engine", spread.value) if engine else ("--workers", str(workers)))
            )
        raise_if_any(faults)
        drawn = figure_format(figures, out_folder)
        load(case, tables=out_folder is not None, draw=drawn != FigureFormat.NONE)

        if out_folder is None:
            _show(_carry_out(brief_of, case, spread, workers, cluster), by)
            print_not_saved()
        else:
            with whole_folder(out_folder, overwrite=overwrite) as folder:
                result = _carry_out(result_from, case, spread, workers, cluster)
                save(result, folder, table_format, drawn)
            _show(result, by)
            print_written(out_folder, f"tables, summary.json{'' if drawn == FigureFormat.NONE else ', figures/'}")


def _show(done: "Brief | Result", by: By | None) -> None:
    from runs.printed.nodes import print_nodes
    from runs.printed.run import print_run

    print_run(done.scenario, done.summary)
    print_nodes(done, every=by is By.NODE)


def _carry_out[R](
    make: "Callable[[World, Outcome], R]",
    case: "Scenario",
    engine: Engine,
    workers: int | None,
    scheduler: Scheduler | None,
) -> R:
    """Return what is made of a run: a result or, where no table is to be written, what is printed of it."""
    from runs.parts import parts_of
    from runs.simulate import run
    from runs.terminal import progress_bar

    with progress_bar(", ".join(part.title(case) for part in parts_of(case).values())) as tell:
        if engine is Engine.SERIAL:
            return make(*run(case, tell))
        from runs.parallel_run import run_in_parts

        return make(*run_in_parts(case, engine=engine, workers=workers, scheduler=scheduler, progress=tell))
