"""The command ``evswarm study``: what a paper claims, repeated."""

from pathlib import Path
from typing import Annotated, Final

import typer

from runs.studies.help import help_text, metavar, option_help

HELP: Final = (
    "Repeat what a paper claims: figures, tables, and each claim found or not found.\n\n"
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
    from runs.studies.command import carry_out, study_named
    from runs.studies.study import Asked
    from runs.terminal import explained, out, print_written, progress_bar

    with explained():
        target = out_folder or Path("results") / f"study-{name}"
        with progress_bar(study_named(name).title) as tell:
            text, written = carry_out(name, Asked(quick, days, evaluator, shots), target, tell)
        out.print(text, markup=False, highlight=False, soft_wrap=True)
        print_written(target, ", ".join(written))
