"""The journal of a sweep, a line a finished run, and the table made of it.

Neither the journal nor the table is ever whole in memory.
"""

from array import array
from collections.abc import Callable, Iterator
from itertools import batched
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import pyarrow as pa
import pyarrow.parquet as pq

from environment.input_faults import Fault
from runs.jobs import Record
from runs.json_lines import JsonLines

ROW_GROUP = 10_000
TEXTS = ("status", "error")
NOWHERE = -1


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
        self._lines = JsonLines(path, Fault("--out", None, str(path.parent), "in use", "no other sweep running there"))
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
