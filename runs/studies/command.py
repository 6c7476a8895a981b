"""What ``evswarm study`` does: it checks what is asked for, and carries it out such that the same command goes on."""

from collections.abc import Iterator
from pathlib import Path

from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any
from runs.progress import Progress
from runs.startup import starting
from runs.studies.identity import identity
from runs.studies.parts import Parts
from runs.studies.registry import STUDIES
from runs.studies.study import OPTIONS, Asked, Study
from runs.whole_folder import way_to, whole_folder, written_in


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
    name: str, asked: Asked, target: Path, progress: Progress, *, overwrite: bool = False
) -> tuple[str, list[str]]:
    """Carry out a study and return its text and the names of what it wrote.

    Parameters
    ----------
    name
        Name of the study.
    asked
        The options.
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
    raise_if_any(list(_faults(name, study, asked)))
    with starting():  # before anything is written
        import mesa  # noqa: F401, PLC0415  (imported now, used later)

        study.load()
    parts = Parts(target, identity(name, asked, study.settings(asked)))
    try:
        with way_to(target), parts, whole_folder(target, overwrite=overwrite) as folder:
            text = study.run(folder, asked, progress, parts)
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


def _faults(name: str, study: Study, asked: Asked) -> Iterator[Fault]:
    for option in OPTIONS:
        value = getattr(asked, option)
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
