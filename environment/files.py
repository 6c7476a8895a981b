"""Files as they come, before anyone reads them: whether they are files at all, and how much there is in them."""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from environment.input_faults import Fault, FaultyInputError

MOST_BYTES: Final = 2_000_000_000
"""Bytes of a file as read, unpacked, beyond which it is not read unless that is asked for."""

CHUNK_BYTES: Final = 1 << 20


class Extent(NamedTuple):
    """How much there is in a file, unpacked; of a larger one than was to be counted, no more than that it is larger.

    Parameters
    ----------
    n_bytes
        Number of bytes.
    marks
        How often a text stands in it, such as the ends of its lines.
    """

    n_bytes: int
    marks: int


def bytes_in_words(n_bytes: float) -> str:
    """Return a number of bytes in words: ``12 MB``, ``3.4 GB``."""
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:,.0f} MB"


def must_be_file(path: Path, expected: str) -> None:
    """Raise a fault unless a path leads to a file: a folder, a device, a pipe or a socket is none."""
    try:
        if path.is_file():
            return
        found = (
            "a folder" if path.is_dir() else "no file but a device, a pipe or a socket" if path.exists() else "missing"
        )
    except OSError as error:  # such as a name that no disk takes
        found = f"unreadable ({error.strerror})"
    raise FaultyInputError([Fault(str(path), None, "file", found, expected)])


def is_file(path: Path) -> bool:
    """Whether a path leads to a file; one that no disk takes does not."""
    try:
        return path.is_file()
    except OSError:
        return False


def extent_of(path: Path, mark: bytes = b"\n", most: int = MOST_BYTES) -> Extent:
    """Return how much there is in a file, gzipped or not, without keeping it.

    Parameters
    ----------
    path
        The file; what cannot be read counts as empty, for its reader tells that.
    mark
        Text to be counted.
    most
        Bytes beyond which nothing is counted.
    """
    if not is_file(path):
        return Extent(0, 0)
    state = path.stat()
    if path.suffix != ".gz" and state.st_size > most:
        return Extent(state.st_size, 0)
    return _counted(path, mark, most, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=64)
def _counted(path: Path, mark: bytes, most: int, _state: tuple[int, int]) -> Extent:
    """Count what there is in a file, once for each state of it."""
    n_bytes = marks = 0
    tail = b""
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rb") as stream:
            while n_bytes <= most and (chunk := stream.read(CHUNK_BYTES)):
                n_bytes += len(chunk)
                marks += (tail + chunk).count(mark)
                tail = chunk[len(chunk) - len(mark) + 1 :]
    except (OSError, EOFError, ValueError):  # a damaged archive among them
        pass
    return Extent(n_bytes, marks)
