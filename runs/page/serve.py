"""Serves the page on this machine's loopback address."""

import os
import socket
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from environment.faults import Fault, FaultyInputError
from runs.page import scheduled, shaved
from runs.page.day import Day
from runs.scenario import Scenario
from runs.stations.paper_c import paper_c

HOST: Final = "127.0.0.1"
"""Loopback: the page is for the one who sits at this machine."""

SCENARIO_VARIABLE: Final = "EVSWARM_SCENARIO"
"""Names the scenario file that a browser tab begins with."""


def prepare(port: int) -> None:
    """Make sure that the page can be served, and that nobody waits for what is compiled at its first use.

    Parameters
    ----------
    port
        On the loopback address.

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
            probe.bind((HOST, port))
        except OSError as error:
            found = f"{port} ({error.strerror})"
            raise FaultyInputError([Fault("evswarm app", None, "--port", found, "a free port")]) from None
    small = Scenario().update(fleet={"vehicles": 10}, peak_shaving={"iterations": 1})
    Day(small).advance()
    shaved.play(small, lambda _: None)
    scheduled.play(paper_c(horizon={"slots": 1}, scheduling={"iterations": 1, "population": 5}), lambda _: None)


def serve(scenario: Path | None, port: int) -> None:
    """Serve the page until it is interrupted.

    Parameters
    ----------
    scenario
        File that each browser tab begins with; none: the default scenario.
    port
        On the loopback address.
    """
    os.environ |= {
        "SOLARA_APP": "runs.page.app",
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
        "SOLARA_SESSION_SAME_SITE": "lax",
        "SOLARA_THEME_SHOW_BANNER": "false",
        "SOLARA_ASSETS_CDN": f"http://{HOST}:9",  # what is not installed is asked of nobody
        SCENARIO_VARIABLE: "" if scenario is None else str(scenario.resolve()),
    }
    import uvicorn  # noqa: PLC0415  (with the page's extra only)

    with suppress(KeyboardInterrupt):  # uvicorn ends well, and then passes it on
        uvicorn.run(
            "solara.server.starlette:app", host=HOST, port=port, log_level="warning", timeout_graceful_shutdown=2
        )
