"""The command line: ``evswarm``, also ``python -m runs``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import runs.model  # noqa: F401  (Python takes a Ctrl-C inside an import for unhandled: import Mesa before anything is written)
from coordination.optimizers import OPTIMIZERS
from coordination.optimizers.functions import FUNCTIONS
from coordination.valley_filling import COORDINATORS
from environment.faults import Fault, FaultyInputError, nearest, raise_if_any
from runs.design import read_design
from runs.folder import COMPARISON_FILE, whole_folder, written_in
from runs.kinds import ANTS, AnyResult, kind_of, section_of
from runs.optimizing.asked import DEFAULT_ITERATIONS, asked
from runs.optimizing.comparison import Compared, Searched, as_they_finish, crew_of
from runs.optimizing.printed import print_compared, write_compared
from runs.printed import comparison, print_comparison, print_result, print_sweep, print_warnings
from runs.reference import commented_scenario
from runs.result import Result
from runs.scenario import Scenario
from runs.shards import simulate_in_parts
from runs.simulate import simulate
from runs.studies.command import carry_out as carry_out_study
from runs.studies.command import help_text, metavar, option_help, study_named
from runs.studies.study import Asked
from runs.sweep import sweep as carry_out
from runs.terminal import err, explained, out, progress_bar
from runs.words import counted
from runs.workers import Engine

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Every EV an ant: decentralised charging on a transformer's time-slot board.\n\n"
    "Try `evswarm run --out results/demo`, look at its figures, then `evswarm init my.toml` and edit.",
)


class TableFormat(StrEnum):
    """How tables are written."""

    PARQUET = "parquet"
    CSV = "csv"


ScenarioArgument = Annotated[
    Path | None, typer.Argument(help="Scenario (TOML); without one, paper A's default: 500 EVs under 1615 kW.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Replace a key, e.g. `--set coordination.batch_size=50`."),
]
SeedOption = Annotated[int | None, typer.Option("--seed", min=0, help="Seed of all draws; the scenario's if left out.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for tables, summary and figures.")]
FormatOption = Annotated[TableFormat, typer.Option("--format", help="Format of the tables.")]


@app.command()
def run(
    scenario: ScenarioArgument = None,
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: OutOption = None,
    table_format: FormatOption = TableFormat.PARQUET,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes to spread the transformers over; pays for very large grids.")
    ] = 1,
) -> None:
    """Run a scenario and print it beside free charging and beside no EVs, or as its sections ask.

    Your own vehicles: `evswarm run --set fleet.source=csv --set fleet.path=my_fleet.csv`
    """
    with explained():
        case = _read(scenario, overrides, seed)
        if out_folder is None:
            result = _run_one(case, workers)
        else:
            with whole_folder(out_folder) as folder:
                result = _run_one(case, workers)
                _save(result, folder, table_format)
        print_result(result)
        if out_folder is not None:
            out.print(f"Written to [bold]{escape(str(out_folder))}[/]: tables, summary.json, figures/", soft_wrap=True)


@app.command()
def compare(
    scenario: ScenarioArgument = None,
    methods: Annotated[
        str, typer.Option(help=f"Coordinators, separated by commas: {', '.join(COORDINATORS)}.")
    ] = "free,ants",
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: OutOption = None,
    table_format: FormatOption = TableFormat.PARQUET,
) -> None:
    """Run the same fleet and load through several coordinators: one table, one figure."""
    with explained():
        case = _ants_only(_read(scenario, overrides, seed), "compare")
        names = list(dict.fromkeys(name.strip() for name in methods.split(",") if name.strip()))
        unknown = [name for name in names if name not in COORDINATORS]
        if unknown or not names:
            raise FaultyInputError([
                Fault("--methods", None, "method", repr(name), nearest(name, COORDINATORS)) for name in unknown or [""]
            ])  # fmt: skip
        cases = [case.update(coordination={"method": name}) for name in names]
        if out_folder is None:
            results = [_simulate(entry) for entry in cases]
        else:
            from runs import plots  # noqa: PLC0415  (matplotlib only where a figure is drawn)

            with whole_folder(out_folder) as folder:
                results = [_simulate(entry) for entry in cases]
                for name, result in zip(names, results, strict=True):
                    (folder / name).mkdir()
                    _save(result, folder / name, table_format)
                comparison(results).to_csv(folder / COMPARISON_FILE)
                plots.save_comparison(results, folder / "figures")
        print_warnings(*results)
        print_comparison(results)
        if out_folder is not None:
            out.print(
                f"Written to [bold]{escape(str(out_folder))}[/]: comparison.csv, figures/, a folder for each method",
                soft_wrap=True,
            )


@app.command(
    help="Repeat what a paper claims: figures, tables, and each claim found or not found.\n\n"
    + help_text()
    + "\n\nA study of hours that is stopped or killed goes on with the same command: its finished parts wait beside the folder."
)
def study(
    name: Annotated[str, typer.Argument(help="Which study.")],
    quick: Annotated[
        bool, typer.Option("--quick", help="Little of everything, to see what it does; its claims are no evidence.")
    ] = False,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for all it writes; `results/study-NAME` if left out.")
    ] = None,
    days: Annotated[int | None, typer.Option(metavar=metavar("days"), help=option_help("days"))] = None,
    evaluator: Annotated[str | None, typer.Option(metavar=metavar("evaluator"), help=option_help("evaluator"))] = None,
    shots: Annotated[int | None, typer.Option(metavar=metavar("shots"), help=option_help("shots"))] = None,
) -> None:
    """Run a study by name."""
    with explained():
        target = out_folder or Path("results") / f"study-{name}"
        with progress_bar(study_named(name).title) as tell:
            text, written = carry_out_study(name, Asked(quick, days, evaluator, shots), target, tell)
        out.print(text, markup=False, highlight=False, soft_wrap=True)
        out.print(f"Written to [bold]{escape(str(target))}[/]: {', '.join(written)}", soft_wrap=True)


@app.command()
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
    engine: Annotated[Engine, typer.Option(help="Runs in this process, in processes, on Dask.")] = Engine.PROCESS,
    workers: Annotated[int | None, typer.Option(min=1, help="Worker processes; one a core if left out.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A running Dask scheduler.")] = None,
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder of the sweep.")] = Path("results/sweep"),
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed runs again.")] = False,
) -> None:
    """Run a scenario many times over: a table with a row a run, and means with their confidence.

    `evswarm sweep --vary coordination.batch_size=1,10,50 --vary load.fluctuation=0,0.05`

    Replication r has the same seed at every level, so levels meet the same fleets. `evswarm run --seed S --set KEY=LEVEL`
    with the seed and levels of a row repeats it. `--set run.engine=compiled` gives the same rows sooner.

    Stopped or killed, the same command goes on from what is recorded in its folder; so does one with more replications.
    A run that fails is a row with its error.
    """
    with explained():
        case, faults = _read_leniently(scenario, overrides, seed)
        plan, more = read_design(design, vary or (), samples, case)
        faulty = {fault.field.partition(".")[0] for fault in faults}  # sections that stand at a default here
        faults += [fault for fault in more if fault.field.partition(".")[0] not in faulty]
        if scheduler is not None and engine is not Engine.DASK:
            faults.append(Fault("--scheduler", None, "engine", engine, "dask, which has schedulers"))
        raise_if_any(faults)
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
                    scheduler=scheduler,
                    retry_failed=retry_failed,
                    progress=tell,
                )
            except KeyboardInterrupt:
                runs = replications * len(plan.points)
                raise KeyboardInterrupt(
                    f"Stopped; {recorded} of {runs} runs are kept in {out_folder}. The same command goes on from there."
                ) from None
        print_sweep(swept)


@app.command()
def optimize(
    functions: Annotated[
        str, typer.Option(help=f"Names separated by commas, a range `F1..F6`, or all: {', '.join(FUNCTIONS)}.")
    ] = "all",
    optimizers: Annotated[
        str, typer.Option(help=f"Names separated by commas, or all: {', '.join(OPTIMIZERS)}.")
    ] = "all",
    runs: Annotated[int, typer.Option(min=1, help="Runs of each optimiser on each function.")] = 50,
    dimension: Annotated[int, typer.Option(min=1, help="Dimension of the functions.")] = 30,
    population: Annotated[int, typer.Option(help="Members of each population.")] = 30,
    iterations: Annotated[
        int | None, typer.Option(min=1, help=f"Iterations of each run; {DEFAULT_ITERATIONS} if no budget is given.")
    ] = None,
    evaluations: Annotated[
        int | None, typer.Option(min=1, help="Points that each run may evaluate, instead of iterations.")
    ] = None,
    shifted: Annotated[
        bool, typer.Option("--shifted", help="Draw a place for the optimum, the same for all optimisers.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of all draws.")] = 1,
    workers: Annotated[int, typer.Option(min=1, help="Processes to spread the runs over.")] = 1,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for tables and the convergence figure.")
    ] = None,
) -> None:
    """Set optimisers against each other on test functions: paper B's Table 4, ranks, and who wins against whom.

    `evswarm optimize --functions F1..F6 --optimizers pso,geo,igeo,woa,ga --runs 50`

    `evswarm optimize --functions F1,F5 --evaluations 30000 --shifted --workers 2 --out results/optimizers`

    An iteration costs one optimiser twice the evaluations of another: `--evaluations` is the fair budget. Some are drawn to
    the origin, where most of these functions have their optimum: `--shifted` takes that away. The rows are the same for any
    number of workers and whatever else is run beside them; only times differ.
    """
    with explained():
        comparison = asked(
            functions, optimizers, runs=runs, dimension=dimension, population=population, iterations=iterations,
            evaluations=evaluations, shifted=shifted, seed=seed,
        )  # fmt: skip
        done: list[Searched] = []
        written: list[str] = []

        def carry_on() -> Compared:
            with crew_of(workers) as crew, progress_bar("optimisers") as tell:
                done.extend(as_they_finish(comparison, crew, tell))
            return Compared(comparison, tuple(done))

        try:
            if out_folder is None:
                compared = carry_on()
            else:
                with whole_folder(out_folder) as folder:
                    compared = carry_on()
                    write_compared(compared, folder)
                    written = written_in(folder)
        except KeyboardInterrupt:
            if done:
                print_compared(Compared(comparison, tuple(done)))
                err.print(f"So far: {len(done):,} of {comparison.total:,} runs.", highlight=False)
            raise
        print_compared(compared)
        if out_folder is not None:
            out.print(f"Written to [bold]{escape(str(out_folder))}[/]: {', '.join(written)}", soft_wrap=True)


@app.command("app")
def serve_page(
    scenario: ScenarioArgument = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8765,
) -> None:
    """Serve the browser page: watch the ants, step by step, until Ctrl-C."""
    from runs.page.serve import HOST, prepare, serve  # noqa: PLC0415  (the page only where it is asked for)

    with explained():
        prepare(port)
        out.print(f"Watch the ants at [bold]http://{HOST}:{port}[/] (Ctrl-C ends it).", highlight=False)
        serve(scenario, port)


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="Where to write the scenario.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Write a scenario with every key at its default and a comment on each."""
    with explained():
        if file.exists() and not force:
            raise FaultyInputError([Fault(str(file), None, "file", "there already", "a new file, or --force")])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(commented_scenario(), encoding="utf-8")
        name = escape(str(file))
        out.print(
            f"Written to [bold]{name}[/]. Edit it, then: evswarm check {name} && evswarm run {name}", soft_wrap=True
        )


@app.command()
def check(
    scenario: Annotated[Path, typer.Argument(help="Scenario (TOML).")],
    overrides: SetOption = None,
) -> None:
    """Validate a scenario and the files that it names; print every fault at once."""
    with explained():
        case = _read(scenario, overrides, None)
        world = kind_of(case).build(case, np.random.default_rng(case.run.seed))
        for text in world.warnings():
            err.print(f"[yellow]warning:[/] {escape(text)}", highlight=False)
        slots = f"{counted(world.horizon.n_slots, 'slot')} of {world.horizon.slot_min} min"
        out.print(f"{escape(str(scenario))}: no fault. {world.holds}, {slots}.")


def _read(scenario: Path | None, overrides: list[str] | None, seed: int | None) -> Scenario:
    case, faults = _read_leniently(scenario, overrides, seed)
    raise_if_any(faults)
    return case


def _read_leniently(
    scenario: Path | None, overrides: list[str] | None, seed: int | None
) -> tuple[Scenario, list[Fault]]:
    texts = list(overrides or ())
    if seed is not None:
        texts.append(f"run.seed={seed}")
    case, faults = Scenario.read_leniently(scenario, texts)
    faulty = {fault.field.partition(".")[0] for fault in faults}
    unread = {"horizon"} if case.stations is None else {"horizon", "feeder"}  # what other files are read against
    if faults and not faulty & unread:
        try:
            kind_of(case).build(case, np.random.default_rng(case.run.seed))
        except FaultyInputError as error:
            faults += error.faults
    return case, faults


def _run_one(case: Scenario, workers: int = 1) -> AnyResult:
    kind = kind_of(case)
    if workers > 1 and kind.one_process:
        raise FaultyInputError([Fault("--workers", None, "workers", str(workers), f"1: {kind.one_process}")])
    with progress_bar(kind.title(case)) as tell:
        return kind.run(case, tell) if workers == 1 else simulate_in_parts(case, workers=workers, progress=tell)


def _ants_only(case: Scenario, command: str) -> Scenario:
    section = section_of(case)
    if section != ANTS:
        raise FaultyInputError([
            Fault("scenario", None, f"section [{section}]", "there", f"a scenario without it for `evswarm {command}`")
        ])  # fmt: skip
    return case


def _simulate(case: Scenario) -> Result:
    with progress_bar(COORDINATORS[case.coordination.method].title) as tell:
        return simulate(case, progress=tell)


def _save(result: AnyResult, folder: Path, table_format: TableFormat) -> None:
    result.save(folder, table_format=table_format.value)
    kind_of(result.scenario).draw(result, folder / "figures")
