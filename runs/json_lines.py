"""Files of JSON lines that outlive a kill."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from environment.input_faults import Fault, FaultyInputError
from runs.disk import locked


class JsonLines:
    """JSON objects on disk, a line each, in a file that is this process's alone while it is open.

    Parameters
    ----------
    path
        The file; made if it is not there.
    in_use
        The fault if another process has it open.

    Raises
    ------
    FaultyInputError
        If so.
    """

    def __init__(self, path: Path, in_use: Fault) -> None:
        self._stream = path.open("a+b")
        if not locked(self._stream.fileno()):
            self._stream.close()
            raise FaultyInputError([in_use])

    def scan(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the place of each object, and the object; pass over torn lines, and cut off a torn end at last."""
        self._stream.seek(0)
        end = 0
        for line in self._stream:
            if line.endswith(b"\n"):
                if (found := _read(line)) is not None:
                    yield end, found
                end += len(line)
        self._stream.truncate(end)

    def append(self, found: Mapping[str, Any]) -> int:
        """Write an object down and return its place; once this returns, a kill does not lose it."""
        place = self._stream.seek(0, os.SEEK_END)
        self._stream.write(json.dumps(found).encode() + b"\n")
        self._stream.flush()
        return place

    def at(self, place: int) -> Any:
        """Return the object at a place."""
        self._stream.seek(place)
        return json.loads(self._stream.readline())

    def close(self) -> None:
        """Close the file, and let others have it."""
        self._stream.close()


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
