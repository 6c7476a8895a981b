"""The command ``evswarm study``: what a paper claims, repeated."""

from copy import copy
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand

from runs.commands.options import FigureFormat, FiguresOption, OverwriteOption
from runs.studies.registry import OLD_NAMES, STUDIES, help_of, help_text, metavar, option_help
from runs.studies.study import OPTIONS

HELP: Final = (
    "Repeat what a paper claims: figures, tables, and each claim found or not found.\n\n"
    "`evswarm study batch --quick --out results/batch` shows what one does, `evswarm study batch --help` tells more of it.\n\n"
    + help_text()
    + "\n\nA study of hours that is stopped or killed goes on with the same command: its finished parts wait beside the folder."
)


class StudyCommand(TyperCommand):
    """The command, with a page of help for each study: what it answers and the options that it takes."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Note the study that is named, also where its help is asked for."""
        named = (OLD_NAMES.get(word, word) for word in args)
        ctx.meta[__name__] = next((name for name in named if name in STUDIES), None)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page of the study, or of all where none is named."""
        page, name = copy(self), ctx.meta[__name__]
        if name is not None:
            taken = STUDIES[name].options
            page.help = help_of(name)
            page.params = [each for each in self.params if each.name not in OPTIONS or each.name in taken]
        super(StudyCommand, page).format_help(ctx, formatter)


def study(
    name: Annotated[str, typer.Argument(help="Which study.")],
    quick: Annotated[
        bool, typer.Option("--quick", help="Little of everything, to see what it does; its claims are no evidence.")
    ] = False,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for all it writes; `results/study-NAME` if left out.")
    ] = None,
    overwrite: OverwriteOption = False,
    figures: FiguresOption = None,
    days: Annotated[int | None, typer.Option(metavar=metavar("days"), help=option_help("days"))] = None,
    evaluator: Annotated[str | None, typer.Option(metavar=metavar("evaluator"), help=option_help("evaluator"))] = None,
    shots: Annotated[int | None, typer.Option(metavar=metavar("shots"), help=option_help("shots"))] = None,
) -> None:
    """Run a study by name."""
    from runs.studies.command import carry_out, study_named
    from runs.studies.study import StudyOptions
    from runs.terminal import err, explained, out, print_written, progress_bar

    with explained():
        if name in OLD_NAMES:
            err.print(f"The study {name} is called {OLD_NAMES[name]} now.", highlight=False)
            name = OLD_NAMES[name]
        options = StudyOptions(quick, days, evaluator, shots, (figures or FigureFormat.PNG).value)
        target = out_folder or Path("results") / f"study-{name}"
        with progress_bar(study_named(name).title) as tell:
            text, written = carry_out(name, options, target, tell, overwrite=overwrite)
        out.print(text, markup=False, highlight=False)
        print_written(target, ", ".join(written))
