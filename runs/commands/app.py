"""The command ``evswarm app``: the browser page."""

from pathlib import Path
from typing import Annotated

import typer

from runs.commands.options import ScenarioArgument


def app(
    scenario: ScenarioArgument = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8765,
    folder: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Scenario files may be opened there and below; the working folder."
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; this machine's own. 0.0.0.0 serves other machines, with --token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None, typer.Option(help="Who knows it may open the page; drawn anew at each start if left out.")
    ] = None,
) -> None:
    """Serve the browser page: watch the ants, step by step, until Ctrl-C.

    `evswarm app scenarios/my_fleet.toml --port 9000`

    Only who opens the address that is printed gets in: it holds a token. With --host 0.0.0.0 whoever on the network knows the
    token, which travels unencrypted, can run evswarm here and read the files below --folder.
    """
    import secrets

    from environment.input_faults import Fault, FaultyInputError
    from runs.commands.case import Room, built, read
    from runs.page.guard import is_loopback
    from runs.startup import starting
    from runs.terminal import explained, out

    with explained():
        if not is_loopback(host) and not token:
            found = f"missing with --host {host}"
            expected = "a secret of your own: whoever knows it can run evswarm here and read the files below --folder"
            raise FaultyInputError([Fault("evswarm app", None, "--token", found, expected)])
        if scenario is not None:
            built(read(scenario, None, None, Room()))  # its faults now, and not in the browser
        with starting():
            from runs.page.serve import address, prepare, serve
        prepare(port, host)
        secret = token or secrets.token_urlsafe()
        where = address(host, port, secret)
        text = f"Watch the ants at [bold]{where}[/] (Ctrl-C ends it)."
        serve(scenario, port, secret, ready=lambda: out.print(text, highlight=False), host=host, folder=folder)
