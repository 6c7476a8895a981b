"""The command line: ``evswarm``, also ``python -m runs``."""

from typing import Annotated

import typer

from runs.commands.app import app as serve_page
from runs.commands.check import check
from runs.commands.compare import compare
from runs.commands.init import init
from runs.commands.optimize import optimize
from runs.commands.run import run
from runs.commands.study import HELP, StudyCommand, study
from runs.commands.sweep import sweep

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Every EV an ant: decentralised charging on a transformer's time-slot board.\n\n"
    "Try `evswarm run --out results/demo`, look at its figures, then `evswarm init my.toml` and edit.",
)


def _print_version(asked: bool) -> None:
    if not asked:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(f"evswarm {version('evswarm')}")
    except PackageNotFoundError:  # run from its folder, without an installation
        typer.echo("evswarm, not installed")
    raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass


app.command()(run)
app.command()(compare)
app.command(help=HELP, cls=StudyCommand)(study)
app.command()(sweep)
app.command()(optimize)
app.command("app")(serve_page)
app.command()(init)
app.command()(check)
