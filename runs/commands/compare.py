"""The command ``evswarm compare``: runs side by side that differ in who decides."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from coordination.optimizers import OPTIMIZERS
from coordination.valley_filling import COORDINATORS
from runs.commands.options import (
    FigureFormat,
    FiguresOption,
    ForceOption,
    FormatOption,
    OutOption,
    OverwriteOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    TableFormat,
)

if TYPE_CHECKING:
    from runs.progress import Progress
    from runs.scenario import Scenario


def compare(
    scenario: ScenarioArgument = None,
    methods: Annotated[
        str | None,
        typer.Option(
            help=f"Who decides, separated by commas. Of ants: {', '.join(COORDINATORS)}; if left out, free,ants. Beside "
            f"[peak_shaving]: {', '.join(OPTIMIZERS)}, exact; if left out, igeo,exact. Beside \\[stations]: the same, none in place of exact; "
            "if left out, none,acso."
        ),
    ] = None,
    overrides: SetOption = None,
    seed: SeedOption = None,
    out_folder: OutOption = None,
    overwrite: OverwriteOption = False,
    force: ForceOption = False,
    table_format: FormatOption = TableFormat.PARQUET,
    figures: FiguresOption = None,
) -> None:
    """Run the same EVs, load and grid with several who decide: one table, one figure.

    `evswarm compare --methods free,ants,odc,optimal --set fleet.vehicles=200 --out results/compared`

    Optimisers of a fleet that gives back: `evswarm compare scenarios/paper_b.toml --methods pso,igeo,exact`
    """
    from dataclasses import replace

    from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any
    from runs.best_known import share_best_known
    from runs.commands.case import Room, figure_format, load, read, save, write_figures
    from runs.idle import idle
    from runs.parts import parts_of
    from runs.printed.comparison import comparison, print_comparison, print_warnings_of
    from runs.result_folder import COMPARISON_FILE
    from runs.scenario import KNOWN_NAMES
    from runs.simulate import simulate, summarize
    from runs.terminal import explained, print_not_saved, print_written, progress_bar
    from runs.whole_folder import whole_folder

    with explained():
        kept = out_folder is not None  # results are, until all are there
        case = read(scenario, overrides, seed, None if force else Room(kept))
        (part,) = parts_of(case).values()
        section, key = part.decides
        asked = part.compared if methods is None else methods.split(",")
        names = list(dict.fromkeys(name.strip() for name in asked if name.strip()))
        room = Room(kept, len(names) if kept else 1)
        known = KNOWN_NAMES[section][key]
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            raise FaultyInputError([
                Fault("--methods", None, key, repr(name), nearest(name, known)) for name in unknown or [""]
            ])  # fmt: skip
        cases = [case.update(**{section: {key: name}}) for name in names]
        if not force:
            raise_if_any(next((found for each in cases if (found := room.faults(each))), []))
        whole = case.coordination.energy == "whole_slots"
        drawn = figure_format(figures, out_folder)
        load(case, tables=out_folder is not None, draw=drawn != FigureFormat.NONE)

        def carry_out[T](run: "Callable[[Scenario, Progress], T]") -> list[T]:
            done = []
            for each in cases:
                with progress_bar(part.title(each)) as tell:
                    done.append(run(each, tell))
            return done

        if out_folder is None:
            summaries = share_best_known(carry_out(summarize), whole=whole)  # no table is written: none is made
        else:
            with whole_folder(out_folder, overwrite=overwrite) as folder:
                results = carry_out(simulate)
                summaries = share_best_known([result.summary for result in results], whole=whole)
                results = [replace(result, summary=summary) for result, summary in zip(results, summaries, strict=True)]
                for name, result in zip(names, results, strict=True):
                    (folder / name).mkdir()
                    save(result, folder / name, table_format, drawn)
                comparison(case, names, summaries).to_csv(folder / COMPARISON_FILE)
                if drawn != FigureFormat.NONE:
                    from runs.comparison_plots import comparison_figures  # matplotlib only where a figure is drawn

                    write_figures(comparison_figures(results), folder, drawn)
        own = {text for each in cases for text in idle(each)}  # what one of them reads is not idle
        print_warnings_of(*summaries, but=own - set(idle(*cases)))
        print_comparison(case, summaries)
        if out_folder is None:
            print_not_saved()
        else:
            pictures = "" if drawn == FigureFormat.NONE else "figures/, "
            print_written(out_folder, f"comparison.csv, {pictures}a folder for each method")
