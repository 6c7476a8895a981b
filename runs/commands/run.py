"""The command ``evswarm run``: one scenario."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from runs.commands.options import (
    FigureFormat,
    FiguresOption,
    FormatOption,
    OutOption,
    OverwriteOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    TableFormat,
)

if TYPE_CHECKING:
    from runs.scenario import Scenario


def run(
    scenario: ScenarioArgument = None,
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: OutOption = None,
    overwrite: OverwriteOption = False,
    table_format: FormatOption = TableFormat.PARQUET,
    figures: FiguresOption = None,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes to spread the transformers over; pays for very large grids.")
    ] = 1,
) -> None:
    """Run a scenario and print it beside free charging and beside no EVs, or as its sections ask.

    `evswarm run scenarios/paper_a.toml --set coordination.batch_size=50 --out results/demo`

    Your own vehicles: `evswarm run --set fleet.source=csv --set fleet.path=my_fleet.csv`
    """
    from environment.faults import Fault, FaultyInputError
    from runs.commands.case import figure_format, load, read, save
    from runs.kinds import kind_of
    from runs.terminal import explained, print_not_saved, print_written
    from runs.whole_folder import whole_folder

    with explained():
        case = read(scenario, overrides, seed)
        kind = kind_of(case)
        if workers > 1 and kind.one_process:
            raise FaultyInputError([Fault("--workers", None, "workers", str(workers), f"1: {kind.one_process}")])
        drawn = figure_format(figures, out_folder)
        load(case, tables=out_folder is not None, draw=drawn != FigureFormat.NONE)

        if out_folder is None:
            kind.show(case, _carry_out(case, workers, tables=False))
            print_not_saved()
        else:
            with whole_folder(out_folder, overwrite=overwrite) as folder:
                result = _carry_out(case, workers, tables=True)
                save(result, folder, table_format, drawn)
            kind.show(case, result.summary)
            print_written(out_folder, f"tables, summary.json{'' if drawn == FigureFormat.NONE else ', figures/'}")


def _carry_out(case: "Scenario", workers: int, *, tables: bool) -> Any:
    """Return a run's result or, where no table is to be written, its summary alone: no table is made then."""
    from runs.kinds import kind_of
    from runs.terminal import progress_bar

    kind = kind_of(case)
    with progress_bar(kind.title(case)) as tell:
        if workers == 1:
            return kind.run(case, tell) if tables else kind.summarize(case, tell)
        from runs.shards import simulate_in_parts, summarize_in_parts

        return (simulate_in_parts if tables else summarize_in_parts)(case, workers=workers, progress=tell)
