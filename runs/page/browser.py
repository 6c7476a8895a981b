"""The page in a Chromium that a program drives: for its tests, and for its picture in the README."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runs.page.serve import HOST

CHROMIUM_FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
"""Nothing but the page is asked for, and no graphics card."""

START_S: Final = 120
"""A server that is not ready by then has failed [s]."""


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def served(folder: Path | None = None) -> Iterator[str]:
    """Serve the page in a process of its own, on a free port; give the address that it prints, token and all.

    Parameters
    ----------
    folder
        Where scenario files may be opened; none: the working folder.

    Raises
    ------
    RuntimeError
        If the server does not start, or complains, or does not end well on Ctrl-C; with what it said.
    """
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "runs", "app", "--port", str(port), *(["--folder", str(folder)] if folder else [])]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
    assert server.stdout is not None
    begun = ""
    try:
        while not (found := re.search(r"http://\S+", begun)):
            if not (line := server.stdout.readline()):
                raise RuntimeError(f"the server ended: {begun}")
            begun += line
        _wait(server, found[0])
        yield found[0]
    finally:
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=30)
    if server.returncode or "Traceback" in said or "Could not load" in said:
        raise RuntimeError(begun + said)


def _wait(server: subprocess.Popen[str], url: str) -> None:
    for _ in range(START_S * 5):
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310  (loopback)
        except OSError:
            if server.poll() is not None:
                raise RuntimeError("the server ended") from None
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("the server is not ready")
