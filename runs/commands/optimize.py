"""The command ``evswarm optimize``: optimisers against each other."""

from pathlib import Path
from typing import Annotated

import typer

from coordination.optimizers import FUNCTIONS, OPTIMIZERS
from runs.commands.options import FiguresOption, ForceOption, OverwriteOption
from runs.optimizing import DEFAULT_ITERATIONS


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
    overwrite: OverwriteOption = False,
    force: ForceOption = False,
    figures: FiguresOption = None,
) -> None:
    """Set optimisers against each other on test functions: paper B's Table 4, ranks, and who wins against whom.

    `evswarm optimize --functions F1..F6 --optimizers pso,geo,igeo,woa,ga --runs 50`

    `evswarm optimize --functions F1,F5 --evaluations 30000 --shifted --workers 2 --out results/optimizers`

    An iteration costs one optimiser twice the evaluations of another: `--evaluations` is the fair budget. Some are drawn to
    the origin, where most of these functions have their optimum: `--shifted` takes that away. The rows are the same for any
    number of workers and whatever else is run beside them; only times differ.
    """
    from environment.input_faults import raise_if_any
    from runs.commands.case import figure_format
    from runs.optimizing.comparison import Compared, Searched, as_they_finish, crew_of
    from runs.optimizing.options import comparison_of, faults_of_comparison
    from runs.optimizing.printed import print_compared, write_compared
    from runs.terminal import err, explained, print_not_saved, print_written, progress_bar
    from runs.whole_folder import whole_folder, written_in

    with explained():
        comparison = comparison_of(
            functions, optimizers, runs=runs, dimension=dimension, population=population, iterations=iterations,
            evaluations=evaluations, shifted=shifted, seed=seed,
        )  # fmt: skip
        if not force:
            raise_if_any(faults_of_comparison(comparison, workers))
        drawn = figure_format(figures, out_folder)
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
                with whole_folder(out_folder, overwrite=overwrite) as folder:
                    compared = carry_on()
                    write_compared(compared, folder, drawn.value)
                    written = written_in(folder)
        except KeyboardInterrupt:
            if done:
                print_compared(Compared(comparison, tuple(done)))
                err.print(f"So far: {len(done):,} of {comparison.total:,} runs.", highlight=False)
            raise
        print_compared(compared)
        if out_folder is None:
            print_not_saved()
        else:
            print_written(out_folder, ", ".join(written))
