"""Reading a CSV file as columns, with every fault collected: which line, which column, what was expected."""

import csv
import gzip
import zlib
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from environment.faults import Fault, FaultyInputError, nearest, raise_if_any
from environment.horizon import Horizon

if TYPE_CHECKING:
    import pandas as pd

UNREADABLE = (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error)
"""What reading a damaged file can raise."""

SEPARATORS = {",": "commas", ";": "semicolons"}


class CsvTable:
    """The cells of a CSV file as text, the line of each row, and the faults found so far.

    Parameters
    ----------
    path
        A CSV file with a header, plain or gzipped.
    required
        Columns that must be there.
    optional
        Columns that may be there.
    ignore_others
        Whether further columns are passed over (files of other programs) or are faults (our own formats).
    delimiter, null
        What stands between cells, and a cell that stands for an empty one.
    most_rows
        Read no more than so many rows of the file, the header among them; none: all.

    Raises
    ------
    FaultyInputError
        If the file is missing, unreadable or empty, or lacks a required column.
    """

    def __init__(
        self,
        path: Path,
        required: Sequence[str],
        optional: Sequence[str] = (),
        *,
        ignore_others: bool = False,
        delimiter: str = ",",
        null: str = "",
        most_rows: int | None = None,
    ) -> None:
        self.file = path.name
        self._delimiter, self._null, self._most_rows = delimiter, null, most_rows
        self.faults: list[Fault] = []
        header, self.lines, rows = self._read(path)
        missing = [name for name in required if name not in header]
        spare = [name for name in header if name not in required and name not in optional]
        twice = {name for name in header if header.count(name) > 1}
        found = delimiter.join(header)
        if missing and len(header) == 1 and any(mark in found for mark in {",", ";", "\t"} - {delimiter}):
            expected = f"{SEPARATORS[delimiter]} between columns: {delimiter.join(required)}"
            raise FaultyInputError([Fault(self.file, 1, "header", repr(found), expected)])
        faults = [
            Fault(self.file, 1, f"column {name}", "missing", f"header {delimiter.join(required)}; found {found}")
            for name in missing
        ]
        faults += [Fault(self.file, 1, f"column {name}", "there twice", "each column once") for name in sorted(twice)]
        if not ignore_others:
            faults += [
                Fault(self.file, 1, f"column {name}", "unknown", nearest(name, [*required, *optional]))
                for name in spare
            ]
        raise_if_any(faults)
        if not rows:
            raise_if_any([*self.faults, Fault(self.file, None, "file", "empty", "at least one row below the header")])
        self._columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))

    def _read(self, path: Path) -> tuple[list[str], list[int], list[list[str]]]:
        """Return header, line numbers, and rows of stripped cells as long as the header; other rows become faults."""
        try:
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rt", encoding="utf-8-sig", newline="") as stream:
                reader = csv.reader(stream, delimiter=self._delimiter)
                rows = islice(reader, self._most_rows)
                content = [(reader.line_num, [self._text(cell) for cell in row]) for row in rows]
        except FileNotFoundError:
            raise FaultyInputError([Fault(str(path), None, "file", "missing", "a CSV file")]) from None
        except UNREADABLE as error:
            found = f"unreadable ({error})"
            raise FaultyInputError([Fault(str(path), None, "file", found, "a CSV file (UTF-8)")]) from None
        content = [(line, row) for line, row in content if any(row)]
        if not content:
            raise FaultyInputError([Fault(self.file, None, "file", "empty", "a header and at least one row")])
        (_, header), *body = content
        self.faults += [
            Fault(self.file, line, "row", f"{len(row)} cells", f"{len(header)} cells, as in the header")
            for line, row in body
            if len(row) != len(header)
        ]
        sound = [(line, row) for line, row in body if len(row) == len(header)]
        return header, [line for line, _ in sound], [row for _, row in sound]

    def _text(self, cell: str) -> str:
        text = cell.strip()
        return "" if text == self._null else text

    def __contains__(self, name: str) -> bool:
        return name in self._columns

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def columns(self) -> list[str]:
        """Names of all columns, as the header has them."""
        return list(self._columns)

    def texts(self, name: str) -> list[str]:
        """Return a column as it stands."""
        return self._columns[name]

    def numbers(self, name: str, default: float | None = None) -> NDArray[np.float64]:
        """Return a column as finite numbers, shape ``(n_rows,)``.

        An empty cell, or a column that is not there, takes `default`; without one it is a fault. What cannot be read
        is NaN in the result and a fault in `faults`.
        """
        if name not in self:
            return np.full(len(self), np.nan if default is None else default)
        import pandas as pd

        column = pd.Series(self.texts(name), dtype="str")
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, copy=True)
        empty = (column == "").to_numpy(dtype=bool)
        bad = ~np.isfinite(values)
        if default is not None:
            values[empty] = default
            bad &= ~empty
        self.require(name, bad, "a number")
        return values

    def times(self, names: Sequence[str], horizon: Horizon) -> "list[pd.DatetimeIndex]":
        """Return columns as moments on the horizon's clock; faults, mixed zones among them, go to `faults`."""
        texts = [text for name in names for text in self.texts(name)]
        fields = [name for name in names for _ in range(len(self))]
        times, faults = horizon.parse_times(texts, file=self.file, rows=self.lines * len(names), fields=fields)
        self.faults += faults
        return [times[k * len(self) : (k + 1) * len(self)] for k in range(len(names))]

    def require(
        self, name: str, bad: NDArray[np.bool_], expected: str, found: Callable[[int], str] | None = None
    ) -> None:
        """Note a fault for every row where `bad` holds, shape ``(n_rows,)``; `found` words what stands there."""
        for i in np.flatnonzero(bad).tolist():
            text = found(i) if found else repr(self.texts(name)[i]) if name in self else "missing"
            self.faults.append(Fault(self.file, self.lines[i], name, "empty" if text == "''" else text, expected))
