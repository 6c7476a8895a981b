"""Faults as data: every reader collects what is wrong in its input, and the edge raises all of it once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self


@dataclass(frozen=True)
class Fault:
    """One thing wrong in the input.

    Parameters
    ----------
    file
        The file, or ``"scenario"`` where there is none.
    row
        Line of the file counted from 1 (the header is line 1), or None where no line applies.
    field
        Column or key.
    found
        What stands there.
    expected
        What should stand there.
    """

    file: str
    row: int | None
    field: str
    found: str
    expected: str

    def __str__(self) -> str:
        line = "" if self.row is None else f", line {self.row}"
        return f"{shortened(self.file)}{line}: {shortened(self.field)} is {shortened(self.found)}; expected {self.expected}"


def shortened(text: str, most: int = 200) -> str:
    """Return a text, or as much of its beginning as fits into a fault."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


class FaultyInputError(ValueError):
    """Raised once, at the edge, with every fault that was found.

    Parameters
    ----------
    faults
        At least one fault; kept file by file, in the order of rows.
    outcome
        What was written nevertheless, in words.
    """

    def __init__(self, faults: Iterable[Fault], outcome: str = "nothing was written") -> None:
        found = tuple(faults)
        self.outcome = outcome
        files = list(dict.fromkeys(fault.file for fault in found))
        self.faults = tuple(sorted(found, key=lambda fault: (files.index(fault.file), fault.row or 0)))
        super().__init__("\n".join(str(fault) for fault in self.faults))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Fault, ...], str]]:
        """Come out of a process as it went in: by its faults, not by their text."""
        return type(self), (self.faults, self.outcome)


def raise_if_any(faults: Sequence[Fault]) -> None:
    """Raise `FaultyInputError` if there is any fault."""
    if faults:
        raise FaultyInputError(faults)


def collecting[T](faults: list[Fault], build: Callable[[], T]) -> T | None:
    """Return what is built, or None and its faults added to those found so far."""
    try:
        return build()
    except FaultyInputError as error:
        faults += error.faults
        return None


MOST_LISTED = 60
"""Of more names than these only the first few are listed."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say what was probably meant: the nearest known name, or all of them if none is near."""
    names = list(known)
    by_lower = {known_name.lower(): known_name for known_name in reversed(names)}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"'{by_lower[near[0]]}', the nearest known name"
    if len(names) > MOST_LISTED:
        return f"one of {len(names)} names, such as {', '.join(names[:5])}"
    return f"one of {', '.join(names)}"
