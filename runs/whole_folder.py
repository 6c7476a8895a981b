"""Folders that appear whole or not at all, and in which nothing is lost that somebody else put there.

What was written into a folder stands in its mark, ``.evswarm``, by path and digest, in the format of ``sha256sum``. A file that is
listed there and still has that digest may be replaced; every other file stays.
"""

import errno
import hashlib
import os
import re
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Final

from environment.input_faults import Fault, FaultyInputError
from runs.disk import locked, reason

MARK_FILE: Final = ".evswarm"
"""Lists what was written beside and below it: a line a file, its SHA-256 and its path. `sha256sum -c .evswarm` checks it."""

EXPECTED: Final = (
    "a new or empty folder, an earlier result as it was written, or --overwrite (it replaces files of the same name and "
    "leaves all others)"
)
MARK_LINE: Final = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<path>.+)")

MARK_PART: Final = f"{MARK_FILE}.part"
"""A mark that is being written."""

MOST_NAMED: Final = 3
"""Of more files than these only the first few are named."""


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Tell what keeps a folder from being made or written as a fault of the folder that was given.

    Raises
    ------
    FaultyInputError
        If it cannot be made or written.
    """
    try:
        yield
    except OSError as error:
        if not _is_of(error, folder.resolve()):
            raise
        found = "not writable" if error.errno == errno.ENOENT else f"not writable ({reason(error)})"
        expected = "a folder that may be written and has room"
        raise FaultyInputError([Fault("--out", None, str(folder), found, expected)]) from None


def _is_of(error: OSError, folder: Path) -> bool:
    """Whether an error is one of writing a folder, its draft, or the way to it."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    if error.filename is None:
        return False
    place = Path(str(error.filename)).resolve()
    return place in folder.parents or folder in (place, *place.parents) or str(place).startswith(str(_draft_of(folder)))


@contextmanager
def way_to(folder: Path) -> Iterator[None]:
    """Make the folders on the way to one; in the end those go again in which nothing was left.

    Raises
    ------
    FaultyInputError
        If it cannot be made or written.
    """
    whole = folder.resolve()
    made = [parent for parent in whole.parents if not parent.exists()]
    with writing(folder):
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
            yield
        finally:
            for parent in made:
                if not parent.is_dir() or any(parent.iterdir()):
                    break
                parent.rmdir()


def _draft_of(folder: Path) -> Path:
    """Return how the names of a folder's drafts begin."""
    return folder.with_name(f".{folder.name}-")


@contextmanager
def whole_folder(
    folder: Path, *, overwrite: bool = False, tell: Callable[[str], object] | None = None
) -> Iterator[Path]:
    """Give a draft to write into that becomes `folder` only when all is written.

    What an earlier run wrote there, and nobody changed, is replaced. Where nothing is written, no folder on the way to it is left
    behind either. A draft that a killed run left is removed first.

    Parameters
    ----------
    folder
        Where the files are to be.
    overwrite
        Whether files of the same name are replaced whoever wrote them; others stay.
    tell
        Told what a killed run had left and is removed; standard error, if left out.

    Raises
    ------
    FaultyInputError
        If the folder holds what was not written there, or was changed since: before anything is written, or at the end, if it
        came meanwhile. Then what was written is kept beside it, and the error says where.
    """
    target = folder.resolve()
    if not overwrite:
        _raise_if_strange(folder, target)
    with way_to(folder):
        names = (Path(f"{_draft_of(target)}{secrets.token_hex(4)}") for _ in count())
        draft, lock = next(path for path in names if not path.exists()), None
        try:  # before the draft is made: a Ctrl-C right after it leaves none
            with _locked(target.parent):
                for left in _left_behind(target):
                    shutil.rmtree(left, ignore_errors=True)
                    (tell or _to_stderr)(f"Removed {left}, which a killed run had left.")
                draft.mkdir(mode=0o700)
                (draft / MARK_FILE).touch()  # by which a draft is told from a folder of somebody's own
                lock = _lock(draft)
            yield draft
            (draft / MARK_FILE).write_text(_mark_text(_written_in(draft)), encoding="utf-8")
            _put(draft, folder, target, overwrite=overwrite)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            if lock is not None:
                os.close(lock)


def written_in(folder: Path) -> list[str]:
    """Return the names of what a folder holds, sorted, without its mark."""
    return sorted(path.name for path in folder.iterdir() if path.name != MARK_FILE)


def _put(draft: Path, folder: Path, target: Path, *, overwrite: bool) -> None:
    """Make a finished draft the folder, or keep it beside where it may not be."""
    if not target.exists():
        draft.chmod(0o777 & ~_umask())
        draft.rename(target)
        return
    try:
        if not overwrite:
            _raise_if_strange(folder, target)
        _replace(draft, target)
    except (FaultyInputError, OSError) as error:
        kept = next(path for number in count(2) if not (path := target.with_name(f"{target.name}-{number}")).exists())
        draft.chmod(0o777 & ~_umask())
        draft.rename(kept)
        faults = (
            error.faults
            if isinstance(error, FaultyInputError)
            else [Fault("--out", None, str(folder), f"not writable ({reason(error)})", "a folder that can be")]
        )
        raise FaultyInputError(faults, outcome=f"what was finished is in {kept}") from None


def _replace(draft: Path, target: Path) -> None:
    """Move every file of a draft to its place, and remove what only the earlier result had.

    File by file, for the folder may be somebody's working folder. Meanwhile the mark lists the files of both, so that wherever a
    kill strikes the folder holds nothing that the next run may not replace.
    """
    before = _marked(target)
    new = _marked(draft)
    for path in new:
        if (target / path).is_dir() or any((target / above).is_file() for above in Path(path).parents):
            raise FileExistsError(0, f"{path} is a file in one and a folder in the other")
    _write_mark(target, {path: before.get(path, set()) | new.get(path, set()) for path in {*before, *new}})
    for path in sorted(new):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (draft / path).replace(target / path)
    for path in sorted(set(before) - set(new)):
        if (target / path).is_file() and _digest(target / path) in before[path]:
            (target / path).unlink()
            with suppress(OSError):  # somebody else's file is there too
                (target / path).parent.rmdir()
    _write_mark(target, new)


def _raise_if_strange(folder: Path, target: Path) -> None:
    if not target.exists():
        return
    if not target.is_dir():
        raise FaultyInputError([Fault("--out", None, str(folder), "a file", EXPECTED)])
    marked = _marked(target)
    strange = []
    for path in _files_in(target):
        if path not in marked:
            strange.append(f"{path}, which evswarm did not write")
        elif (target / path).is_symlink() or _digest(target / path) not in marked[path]:
            strange.append(f"{path}, which was changed since evswarm wrote it")
    if strange:
        more = len(strange) - MOST_NAMED
        found = "holding " + "; ".join(strange[:MOST_NAMED]) + (f"; and {more:,} more such files" if more > 0 else "")
        raise FaultyInputError([Fault("--out", None, str(folder), found, EXPECTED)])


def _files_in(folder: Path) -> list[str]:
    """Return the paths of all files in a folder and below, without its mark; a link counts as a file."""
    found = []
    for place, folders, files in folder.walk():
        links = [name for name in folders if (place / name).is_symlink()]
        found += [(place / name).relative_to(folder).as_posix() for name in (*files, *links)]
    return sorted(path for path in found if path not in {MARK_FILE, MARK_PART})


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _written_in(folder: Path) -> dict[str, set[str]]:
    return {path: {_digest(folder / path)} for path in _files_in(folder)}


def _mark_text(marked: dict[str, set[str]]) -> str:
    return "".join(f"{digest}  {path}\n" for path in sorted(marked) for digest in sorted(marked[path]))


def _write_mark(folder: Path, marked: dict[str, set[str]]) -> None:
    part = folder / MARK_PART
    part.write_text(_mark_text(marked), encoding="utf-8")
    part.replace(folder / MARK_FILE)


def _marked(folder: Path) -> dict[str, set[str]]:
    """Return the digests that each path in a folder may have by its mark; none where there is no mark.

    Raises
    ------
    FaultyInputError
        If the mark is no list of digests and paths.
    """
    mark = folder / MARK_FILE
    if not mark.exists():
        return {}
    found: dict[str, set[str]] = {}
    try:
        lines = [MARK_LINE.fullmatch(line) for line in mark.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError):
        lines = [None]
    for line in lines:
        if line is None:
            expected = "the list of digests and paths that evswarm wrote; another folder, or this one without that file"
            raise FaultyInputError([Fault("--out", None, str(mark), "broken", expected)])
        found.setdefault(line["path"], set()).add(line["digest"])
    return found


def _left_behind(target: Path) -> list[Path]:
    """Return the drafts of a folder whose process is gone."""
    name = re.compile(rf"\.{re.escape(target.name)}-\w{{8}}")
    left = []
    for draft in target.parent.iterdir():
        if name.fullmatch(draft.name) and (draft / MARK_FILE).is_file() and (lock := _lock(draft)) >= 0:
            os.close(lock)
            left.append(draft)
    return left


def _lock(folder: Path) -> int:
    """Lock a folder for as long as the descriptor that is returned is open; -1 if another process has it."""
    held = os.open(folder, os.O_RDONLY)
    if locked(held):
        return held
    os.close(held)
    return -1


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process after the other look for what was left, and make its own draft."""
    held = os.open(folder, os.O_RDONLY)
    try:
        locked(held, wait=True)
        yield
    finally:
        os.close(held)


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201  (no command has begun to print)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
