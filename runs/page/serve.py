"""Serves the page: on this machine's loopback address, unless another is asked for."""

import os
import socket
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from environment.input_faults import Fault, FaultyInputError
from runs.page import stations_run, v2g_run
from runs.page.day import Day
from runs.page.guard import Guard
from runs.page.reach import FOLDERS_VARIABLE
from runs.scenario import Scenario
from runs.stations.paper_c import paper_c

HOST: Final = "127.0.0.1"
"""Loopback: the page is for the one who sits at this machine."""

KEPT: Final = "60s"
"""How long the state of a browser tab is kept after it was closed or lost its connection."""

SCENARIO_VARIABLE: Final = "EVSWARM_SCENARIO"
"""Names the scenario file that a browser tab begins with."""


def prepare(port: int, host: str = HOST) -> None:
    """Make sure that the page can be served, and that nobody waits for what is compiled at its first use.

    Parameters
    ----------
    port, host
        Where it is to listen.

    Raises
    ------
    FaultyInputError
        If what the page needs is not installed, or the port is taken.
    """
    if any(find_spec(name) is None for name in ("solara", "solara_assets", "altair")):
        raise FaultyInputError(
            [
                Fault(
                    "evswarm app",
                    None,
                    "page",
                    "not installed",
                    "the extra app: pip install '.[app]' in evswarm's folder",
                )
            ]
        )
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            found = f"{host}:{port} ({error.strerror})"
            raise FaultyInputError([Fault("evswarm app", None, "--port", found, "a free port")]) from None
    small = Scenario().update(fleet={"vehicles": 10}, peak_shaving={"iterations": 1})
    Day(small).advance()
    v2g_run.play(small, lambda _: None)
    stations_run.play(paper_c(horizon={"slots": 1}, scheduling={"iterations": 1, "population": 5}), lambda _: None)


def address(host: str, port: int, token: str) -> str:
    """Return what to open in a browser."""
    return f"http://{host}:{port}/?token={token}"


def serve(
    scenario: Path | None,
    port: int,
    token: str,
    *,
    ready: Callable[[], object],
    host: str = HOST,
    folder: Path | None = None,
) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    ready
        Called once the page can be opened.
    scenario
        File that each browser tab begins with; none: the default scenario.
    port, host
        Where to listen.
    token
        Known to those who may open the page; see `runs.page.guard`.
    folder
        Scenario files and what they name may be read there and below; none: the working folder.
    """
    allowed = [(folder or Path()).resolve(), *([] if scenario is None else [scenario.resolve().parent])]
    os.environ |= {
        "SOLARA_APP": "runs.page.app",
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
        "SOLARA_SESSION_SAME_SITE": "strict",
        "SOLARA_THEME_SHOW_BANNER": "false",
        "SOLARA_KERNEL_CULL_TIMEOUT": KEPT,
        "SOLARA_ASSETS_CDN": f"http://{HOST}:9",  # what is not installed is asked of nobody
        SCENARIO_VARIABLE: "" if scenario is None else str(scenario.resolve()),
        FOLDERS_VARIABLE: os.pathsep.join(map(str, allowed)),
    }
    import uvicorn  # noqa: PLC0415  (with the page's extra only)
    from solara.server.starlette import app  # noqa: PLC0415  (reads what is set above)

    warnings.filterwarnings("ignore", message="Cookies with samesite=none")  # the page stands in no other site's frame

    class Server(uvicorn.Server):  # type: ignore[misc]
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                ready()

    guarded = Guard(app, token, port, host)
    config = uvicorn.Config(guarded, host=host, port=port, log_level="warning", timeout_graceful_shutdown=2)
    with suppress(KeyboardInterrupt):  # uvicorn ends well, and then passes it on
        Server(config).run()
