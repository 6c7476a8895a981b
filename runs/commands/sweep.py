"""The command ``evswarm sweep``: many runs of a scenario."""

import os
from pathlib import Path
from typing import Annotated

import typer

from runs.commands.options import (
    EngineOption,
    FigureFormat,
    FiguresOption,
    ForceOption,
    ScenarioArgument,
    SchedulerOption,
    SeedOption,
    SetOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
)
from runs.engine import Engine


def sweep(
    scenario: ScenarioArgument = None,
    vary: Annotated[
        list[str] | None,
        typer.Option("--vary", metavar="SECTION.KEY=LEVEL,LEVEL", help="A key and its levels; `low:high` with lhs."),
    ] = None,
    replications: Annotated[int, typer.Option(min=1, help="Runs of each design point, each with its own seed.")] = 20,
    design: Annotated[
        str,
        typer.Option(
            metavar="full|lhs|FILE.csv",
            help="Every combination of levels, a Latin hypercube, or a file: a column a key, a row a point.",
        ),
    ] = "full",
    samples: Annotated[int | None, typer.Option(min=1, help="Design points of lhs.")] = None,
    engine: EngineOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder of the sweep.")] = Path("results/sweep"),
    figures: FiguresOption = None,
    force: ForceOption = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed runs again.")] = False,
) -> None:
    """Run a scenario many times over: a table with a row a run, means with their confidence, and figures of them.

    `evswarm sweep --vary coordination.batch_size=1,10,50 --vary load.fluctuation=0,0.05`

    Replication r has the same seed at every level, so levels meet the same fleets. `evswarm run --seed S --set KEY=LEVEL`
    with the seed and levels of a row repeats it. `--set run.engine=compiled` gives the same rows sooner.

    Stopped or killed, the same command goes on from what is recorded in its folder; so does one with more replications.
    A run that fails is a row with its error.
    """
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from environment.faults import raise_if_any
    from runs.commands.case import Room, figure_format, find_scheduler, load, read_leniently, write_figures
    from runs.design import read_design
    from runs.idle import idle
    from runs.memory import free_bytes
    from runs.printed.sweep import print_sweep
    from runs.sweep import sweep as carry_out
    from runs.terminal import err, explained

    with explained():
        case, faults = read_leniently(scenario, overrides, seed, None if force else Room())
        plan, more = read_design(design, vary or (), samples, case)
        faulty = {fault.field.partition(".")[0] for fault in faults}  # sections that stand at a default here
        faults += [fault for fault in more if fault.field.partition(".")[0] not in faulty]
        engine = engine or Engine.PROCESS
        cluster, more = find_scheduler(engine, workers, scheduler, (tls_ca, tls_cert, tls_key))
        raise_if_any(faults + more)
        points = [case.varied(plan.values(k)) for k in range(len(plan.points))]
        if not force and scheduler is None:  # a scheduler's machines have memory of their own
            runs = replications * len(plan.points)
            crew = 0 if engine is Engine.SERIAL else workers or os.cpu_count() or 1
            if engine is Engine.PROCESS:
                crew = min(crew, runs)  # Dask starts them all
            room = Room(times=max(crew, 1), workers=crew, free=free_bytes())
            raise_if_any(next((found for point in points if (found := room.faults(point))), []))
        for text in idle(*points):
            err.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)
        if engine is Engine.SERIAL:
            load(case)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        recorded = 0
        with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
            task = bar.add_task("runs")

            def tell(done: int, runs: int) -> None:
                nonlocal recorded
                recorded = done
                bar.update(task, completed=done, total=runs)

            try:
                swept = carry_out(
                    case,
                    plan,
                    replications=replications,
                    folder=out_folder,
                    engine=engine.value,
                    workers=workers,
                    scheduler=cluster,
                    retry_failed=retry_failed,
                    progress=tell,
                )
                if (drawn := figure_format(figures, out_folder)) != FigureFormat.NONE:
                    from runs.sweep_plots import figures as draw  # matplotlib only where a figure is drawn

                    write_figures(draw(swept), out_folder, drawn)
            except (KeyboardInterrupt, OSError) as error:
                runs = replications * len(plan.points)
                kept = f"{recorded} of {runs} runs are kept in {out_folder}. The same command goes on from there."
                if isinstance(error, OSError):
                    error.add_note(kept)
                    raise
                raise KeyboardInterrupt(f"Stopped; {kept}") from None
        print_sweep(swept)
