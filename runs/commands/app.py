"""The command ``evswarm app``: the browser page."""

from typing import Annotated

import typer

from runs.commands.options import ScenarioArgument


def app(
    scenario: ScenarioArgument = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8765,
) -> None:
    """Serve the browser page: watch the ants, step by step, until Ctrl-C."""
    from runs.page.serve import HOST, prepare, serve
    from runs.terminal import explained, out

    with explained():
        prepare(port)
        out.print(f"Watch the ants at [bold]http://{HOST}:{port}[/] (Ctrl-C ends it).", highlight=False)
        serve(scenario, port)
