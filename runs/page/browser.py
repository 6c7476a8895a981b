"""Finds a Chromium and says how to start it: for the page's tests and its picture in the README."""

import shutil
from typing import Final

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


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
