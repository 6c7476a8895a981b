"""What ``evswarm study`` does: it checks the options, and carries it out such that the same command goes on."""

import dataclasses
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any
from runs.progress import Progress
from runs.startup import starting
from runs.studies.parts import Parts
from runs.studies.registry import STUDIES
from runs.studies.study import OPTIONS, Study, StudyOptions
from runs.whole_folder import way_to, whole_folder, written_in

ROOMS: Final = ("environment", "coordination", "agents", "runs", "scenarios")
LIBRARIES: Final = ("numba", "numpy", "power-grid-model", "scipy")
SHOWING: Final = frozenset({
    "claim.py", "claims.py", "claims.toml", "cli.py", "command.py", "drawing.py", "feeder_drawing.py", "feeder_plots.py", "figures.py",
    "grid_plots.py", "output.py", "plots.py", "printed.py", "registry.py", "report.py", "scenario_reference.py", "sweep_plots.py",
    "table3_parameters.csv", "tables.py", "templates.py",
})  # fmt: skip
"""Files in `runs` that only show numbers: they may change between two calls. A study's work is in others, such as `cases.py`."""


def study_named(name: str) -> Study:
    """Return a study.

    Raises
    ------
    FaultyInputError
        If there is none of that name.
    """
    if name not in STUDIES:
        raise FaultyInputError([Fault("study", None, "name", repr(name), nearest(name, STUDIES))])
    return STUDIES[name]


def carry_out(
    name: str, options: StudyOptions, target: Path, progress: Progress, *, overwrite: bool = False
) -> tuple[str, list[str]]:
    """Carry out a study and return its text and the names of what it wrote.

    Parameters
    ----------
    name
        Name of the study.
    options
        Options of the study.
    target
        Folder for all that it writes.
    progress
        Told how far it is.
    overwrite
        Whether files of the same name are replaced whoever wrote them.

    Raises
    ------
    FaultyInputError
        If there is no such study, or if it does not take these options.
    KeyboardInterrupt
        After Ctrl-C; says what is kept, if anything is.
    """
    study = study_named(name)
    raise_if_any(list(_faults(name, study, options)))
    with starting():  # before anything is written
        import mesa  # noqa: F401, PLC0415  (imported now, used later)

        study.load()
    parts = Parts(target, identity(name, options, study.settings(options)))
    try:
        with way_to(target), parts, whole_folder(target, overwrite=overwrite) as folder:
            text = study.run(folder, options, progress, parts)
            written = written_in(folder)
    except KeyboardInterrupt:
        if not parts:
            raise
        raise KeyboardInterrupt(f"Stopped; {parts.kept}") from None
    except Exception as error:
        if parts:
            error.add_note(parts.kept)
        raise
    return text, written


def _faults(name: str, study: Study, options: StudyOptions) -> Iterator[Fault]:
    for option in OPTIONS:
        value = getattr(options, option)
        if value is None:
            continue
        known = study.options.get(option)
        if known is None:
            takes = ", ".join(f"--{each}" for each in ("quick", *study.options))
            others = ", ".join(repr(each) for each, other in STUDIES.items() if option in other.options) or "none"
            expected = (
                f"no such option with the study {name!r}, which takes {takes}; studies that take --{option}: {others}"
            )
            yield Fault("study", None, f"--{option}", str(value), expected)
        elif value not in known.allowed:
            yield Fault("study", None, f"--{option}", str(value), known.values)


def identity(name: str, options: StudyOptions, settings: Any) -> str:
    """Return all that a study's finished parts depend on, by which it knows them again, as text.

    Parameters
    ----------
    name
        Name of the study.
    options
        Options of the study.
    settings
        See `Study.settings`.

    Raises
    ------
    TypeError
        If the settings are not JSON, nor frozen dataclasses of it.
    """
    what = {
        "study": name,
        "options": dataclasses.replace(options, figures="none"),
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
