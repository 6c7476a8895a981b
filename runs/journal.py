"""Files of JSON lines that outlive a kill: the journal of a sweep, a line a finished run, and the table made of it.

Neither the journal nor the table is ever whole in memory.
"""

import json
import os
from array import array
from collections.abc import Callable, Iterator, Mapping
from itertools import batched
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from environment.faults import Fault, FaultyInputError
from runs.workers import Record

ROW_GROUP = 10_000
TEXTS = ("status", "error")
NOWHERE = -1


class Lines:
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
        try:
            self._lock(in_use)
        except BaseException:
            self._stream.close()
            raise

    def _lock(self, in_use: Fault) -> None:
        import fcntl  # noqa: PLC0415  (not on Windows, where the rest of the program still runs)

        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FaultyInputError([in_use]) from None

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


class Journal:
    """Finished runs on disk, as JSON lines in the order in which they finished; only their places are in memory.

    Lines that a kill left torn are passed over. Of two lines about one run the later counts.

    Parameters
    ----------
    path
        The file; made if it is not there.
    n_runs
        Runs of the sweep, numbered from 0.
    retry_failed
        Whether failed runs count as not recorded.

    Raises
    ------
    FaultyInputError
        If another process is writing it.
    """

    def __init__(self, path: Path, n_runs: int, *, retry_failed: bool = False) -> None:
        self._lines = Lines(path, Fault("--out", None, str(path.parent), "in use", "no other sweep running there"))
        try:
            self._places = array("q", [NOWHERE]) * n_runs
            self._done = 0
            self._failed: set[int] = set()
            self._scan(retry_failed)
        except BaseException:
            self._lines.close()
            raise

    def _scan(self, retry_failed: bool) -> None:
        for place, found in self._lines.scan():
            if found.get("run", len(self._places)) < len(self._places):
                self._enter(cast(Record, found), place)
        if retry_failed:
            for run in self._failed:
                self._places[run] = NOWHERE
            self._done -= len(self._failed)
            self._failed.clear()

    def _enter(self, record: Record, place: int) -> None:
        self._done += record["run"] not in self
        self._places[record["run"]] = place
        if record["status"] == "ok":
            self._failed.discard(record["run"])
        else:
            self._failed.add(record["run"])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lines.close()

    def __contains__(self, run: int) -> bool:
        return self._places[run] != NOWHERE

    def __len__(self) -> int:
        return self._done

    @property
    def failed(self) -> int:
        """Number of runs that failed."""
        return len(self._failed)

    def append(self, record: Record) -> None:
        """Write a run down; once this returns, a kill does not lose it."""
        self._enter(record, self._lines.append(record))

    def __iter__(self) -> Iterator[Record]:
        """Iterate over the records, in order of run."""
        for place in self._places:
            if place != NOWHERE:
                yield self._lines.at(place)


def write_table(rows: Callable[[], Iterator[dict[str, Any]]], path: Path) -> None:
    """Write rows to a Parquet file, group by group; the file appears when it is whole.

    Parameters
    ----------
    rows
        Gives the rows, values by column, as often as it is called: once for the types, once to write.
    path
        The file.
    """
    kinds: dict[str, set[type]] = {}
    for row in rows():
        for name, value in row.items():
            kinds.setdefault(name, set()).add(type(value))
    schema = pa.schema([(name, _arrow_type(name, found)) for name, found in kinds.items()])
    texts = [field.name for field in schema if field.type == pa.string()]
    part = path.with_name(path.name + ".part")
    with pq.ParquetWriter(part, schema) as writer:
        for group in batched(rows(), ROW_GROUP):
            for row in group:
                row.update({name: str(row[name]) for name in texts if row.get(name) is not None})
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
    part.replace(path)


def _arrow_type(name: str, kinds: set[type]) -> pa.DataType:
    if name in TEXTS:
        return pa.string()
    kinds = kinds - {type(None)}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    return pa.float64() if kinds <= {int, float} else pa.string()  # a figure that no run had is still a figure
