"""Identity of a study, by which it knows its finished parts: its name, options and settings, and the program that computes them."""

import dataclasses
import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from runs.studies.study import Asked

ROOMS: Final = ("environment", "coordination", "agents", "runs", "scenarios")
LIBRARIES: Final = ("numba", "numpy", "power-grid-model", "scipy")
SHOWING: Final = frozenset({
    "claims.py", "cli.py", "command.py", "drawing.py", "feeder_drawing.py", "figures.py", "help.py", "markdown.py", "network_plots.py", "output.py", "plots.py",
    "printed.py", "reference.py", "registry.py", "report.py", "sweep_plots.py", "tables.py",
})  # fmt: skip
"""Files in `runs` that only show numbers: they may change between two calls. A study's work is in others, such as `cases.py`."""


def identity(name: str, asked: Asked, settings: Any) -> str:
    """Return all that a study's parts depend on, as text.

    Parameters
    ----------
    name
        Name of the study.
    asked
        The options.
    settings
        See `Study.settings`.

    Raises
    ------
    TypeError
        If the settings are not JSON, nor frozen dataclasses of it.
    """
    what = {
        "study": name,
        "asked": dataclasses.replace(asked, figures="none"),
        "settings": settings,
        "program": program(),
    }
    return json.dumps(what, sort_keys=True, default=dataclasses.asdict)


@cache
def program() -> str:
    """Return a fingerprint of the files that compute numbers, and of the libraries that they compute with."""
    known = hashlib.sha256()
    for library in LIBRARIES:
        try:
            known.update(f"{library} {version(library)}\n".encode())
        except PackageNotFoundError:
            known.update(f"{library} is missing\n".encode())
    root = Path(__file__).parents[2]
    for file in sorted(path for room in ROOMS for path in (root / room).rglob("*") if path.is_file()):
        if _computes(file.relative_to(root)):
            known.update(f"{file.relative_to(root).as_posix()}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return known.hexdigest()


def _computes(file: Path) -> bool:
    shows = file.parts[0] == "runs" and (file.parts[1] in ("commands", "page", "printed") or file.name in SHOWING)
    return not (shows or "__pycache__" in file.parts or file.name.startswith(".") or file.suffix == ".md")
