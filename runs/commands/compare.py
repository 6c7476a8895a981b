"""The command ``evswarm compare``: coordinators side by side."""

from typing import Annotated

import typer

from coordination.valley_filling import COORDINATORS
from runs.commands.options import FormatOption, OutOption, ScenarioArgument, SeedOption, SetOption, TableFormat


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
    from environment.faults import Fault, FaultyInputError, nearest
    from runs.commands.case import ants_only, load, read, save
    from runs.folder import COMPARISON_FILE, whole_folder
    from runs.printed.ants import comparison, print_comparison, print_warnings_of
    from runs.result import Result
    from runs.simulate import simulate
    from runs.terminal import explained, print_written, progress_bar

    with explained():
        case = ants_only(read(scenario, overrides, seed), "compare")
        names = list(dict.fromkeys(name.strip() for name in methods.split(",") if name.strip()))
        unknown = [name for name in names if name not in COORDINATORS]
        if unknown or not names:
            raise FaultyInputError([
                Fault("--methods", None, "method", repr(name), nearest(name, COORDINATORS)) for name in unknown or [""]
            ])  # fmt: skip
        cases = [case.update(coordination={"method": name}) for name in names]
        load(case, draw=out_folder is not None)

        def carry_out() -> list[Result]:
            results = []
            for each in cases:
                with progress_bar(COORDINATORS[each.coordination.method].title) as tell:
                    results.append(simulate(each, progress=tell))
            return results

        if out_folder is None:
            results = carry_out()
        else:
            from runs import plots  # matplotlib only where a figure is drawn

            with whole_folder(out_folder) as folder:
                results = carry_out()
                for name, result in zip(names, results, strict=True):
                    (folder / name).mkdir()
                    save(result, folder / name, table_format)
                comparison([each.summary for each in results]).to_csv(folder / COMPARISON_FILE)
                plots.save_comparison(results, folder / "figures")
        summaries = [result.summary for result in results]
        print_warnings_of(*summaries)
        print_comparison(summaries)
        if out_folder is not None:
            print_written(out_folder, "comparison.csv, figures/, a folder for each method")
