"""The command ``evswarm sweep``: many runs of a scenario."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from environment.input_faults import Fault
    from runs.commands.case import Room
    from runs.design import Design
    from runs.scenario import Scenario


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

    Any key may vary, files and sources too; the scenario needs no value of its own for it.

    Replication r has the same seed at every level, so levels meet the same fleets. `evswarm run --seed S --set KEY=LEVEL`
    with the seed and levels of a row repeats it. `--set run.engine=compiled` gives the same rows sooner.

    Stopped or killed, the same command goes on from what is recorded in its folder; so does one with more replications.
    A run that fails is a row with its error.
    """
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from environment.input_faults import raise_if_any
    from runs.commands.case import Room, figure_format, find_scheduler, load, write_figures
    from runs.idle import idle
    from runs.memory import free_bytes
    from runs.printed.sweep import print_sweep
    from runs.sweep import sweep as carry_out
    from runs.terminal import err, explained

    with explained():
        case, plan, faults = _read(
            (scenario, overrides, seed, None if force else Room()), (design, vary or (), samples)
        )
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


def _read(
    given: "tuple[Path | None, list[str] | None, int | None, Room | None]",
    design: tuple[str, Sequence[str], int | None],
) -> "tuple[Scenario, Design, list[Fault]]":
    """Read the scenario that is varied and its design, with all faults.

    Where a section is faulty by itself, its keys that vary have their values at the first point, and if that is not enough the
    keys of all sections: only with values of theirs the scenario need be sound.

    Parameters
    ----------
    given
        Scenario, overrides, seed and room, as `read_leniently` takes them.
    design
        Kind, texts of ``--vary`` and samples, as `read_design` takes them.
    """
    from runs.commands.case import read_leniently
    from runs.design import first_point, read_design
    from runs.scenario import sections, toml_text

    scenario, overrides, seed, room = given
    kind, vary, samples = design
    case, faults = read_leniently(scenario, overrides, seed, room)
    for among in (_sections_of(faults), set(sections())):
        first = first_point(kind, vary, among)
        if not faults or not first.keys:
            continue
        values = first.values(0)
        texts = [text for text in overrides or () if text.partition("=")[0].strip() not in values]
        texts += [f"{key}={toml_text(value)}" for key, value in values.items()]
        changed, found = read_leniently(scenario, texts, seed, room)
        if not found or among != set(sections()):  # values of all keys only where they help: they may be faulty, too
            case, faults = changed, [first.as_own(fault) for fault in found]
    plan, of_design = read_design(kind, vary, samples, case)
    faulty = _sections_of(faults)  # they stand at a default here
    faults += [fault for fault in of_design if fault.field.partition(".")[0] not in faulty]
    return case, plan, faults


def _sections_of(faults: "Sequence[Fault]") -> set[str]:
    return {fault.field.partition(".")[0] for fault in faults}
