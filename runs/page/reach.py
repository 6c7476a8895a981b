"""Which files the page may read: those below the folders that its server was given, links followed to their ends."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from environment.input_faults import Fault, raise_if_any
from environment.settings import Settings
from runs.scenario import Scenario

FOLDERS_VARIABLE: Final = "EVSWARM_FOLDERS"
"""Names the folders; where it is not set, as without a server, every file may be read."""


def scenario_of(file: str) -> Scenario:
    """Read a scenario file by its name, its horizon settled; an empty name is the default scenario.

    A file out of reach is not looked at: that it is there, or what is wrong in it, is told to nobody.

    Raises
    ------
    FaultyInputError
        With every fault; if the file, or one that it names, is out of reach.
    """
    if not file:
        return Scenario.read().settled()
    path = Path(file).expanduser()
    raise_if_any(list(_out_of_reach("Scenario file", path)))
    case = Scenario.read(path)
    raise_if_any([fault for key, named in _paths(case) for fault in _out_of_reach(key, named)])
    return case.settled()


def _paths(case: Scenario) -> Iterator[tuple[str, Path]]:
    for name in type(case).model_fields:
        yield from _paths_of(name, getattr(case, name))


def _paths_of(name: str, section: Settings | None) -> Iterator[tuple[str, Path]]:
    """Give the paths of a section, and of those within it, by their keys."""
    for key, value in section or ():
        if isinstance(value, Path):
            yield f"{name}.{key}", value
        elif isinstance(value, Settings):
            yield from _paths_of(f"{name}.{key}", value)


def _out_of_reach(key: str, path: Path) -> Iterator[Fault]:
    named = os.environ.get(FOLDERS_VARIABLE, "")
    folders = [Path(folder) for folder in named.split(os.pathsep) if folder]
    files = [path, *(path.iterdir() if _within(path, folders) and path.is_dir() else ())]
    if folders and not all(_within(each, folders) for each in files):
        known = " or ".join(map(str, folders))
        yield Fault("page", None, key, str(path), f"a file below {known}; evswarm app --folder names another place")


def _within(path: Path, folders: list[Path]) -> bool:
    return not folders or any(path.resolve().is_relative_to(folder) for folder in folders)
