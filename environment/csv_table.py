"""Reading a CSV file as columns, with every fault collected: which line, which column, what was expected."""

import codecs
import csv
import gzip
import re
import zlib
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
from numpy.typing import NDArray

from environment.files import is_file, must_be_file
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any, shortened

if TYPE_CHECKING:
    import pandas as pd

UNREADABLE = (OSError, EOFError, UnicodeDecodeError, zlib.error, csv.Error)
"""What reading a damaged file can raise."""

MOST = 1e9
"""No quantity of any file is further from zero, in the units that files have."""

FLAGS = {"": 0, "0": 0, "0.0": 0, "0,0": 0, "false": 0, "no": 0, "1": 1, "1.0": 1, "1,0": 1, "true": 1, "yes": 1}
"""What a cell of yes and no may say, in small letters."""
MARKS = {",": "commas", ";": "semicolons", "\t": "tabs"}
"""What may stand between cells, in words."""

_COMMA = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_POINT = re.compile(r"[+-]?\d+\.\d+(?:[eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}\.\d{3}")


class CsvTable:
    """The cells of a CSV file as text, the line of each row, and the faults found so far.

    A spreadsheet's file is read as it comes: UTF-8 or UTF-16 with a byte order mark, gzipped or not, commas, semicolons or
    tabs between cells, and beside the last two decimal points or decimal commas, one of them in the whole file.

    Parameters
    ----------
    path
        A CSV file with a header.
    required
        Columns that must be there.
    optional
        Columns that may be there.
    either
        Groups of columns of which just one must be there, and all of it; `given` is that one.
    ignore_others
        Whether further columns are passed over (files of other programs) or are faults (our own formats).
    delimiter
        What stands between the cells of a format that never has decimal commas; none: what the header shows.
    null
        A cell that stands for an empty one.
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
        either: Sequence[tuple[str, ...]] = (),
        ignore_others: bool = False,
        delimiter: str | None = None,
        null: str = "",
        most_rows: int | None = None,
    ) -> None:
        self.file = path.name
        self._delimiter, self._null, self._may_have_commas = delimiter, null, False
        self._most_rows = most_rows
        self.faults: list[Fault] = []
        header, self.lines, rows = self._read(path)
        found = ",".join(header)
        if delimiter is not None and len(header) == 1 and any(mark in found for mark in MARKS):
            expected = f"{MARKS[delimiter]} between columns: {delimiter.join(required)}"
            raise FaultyInputError([Fault(self.file, 1, "header", repr(found), expected)])
        given = [group for group in either if any(name in header for name in group)]
        known = [*required, *(name for group in either for name in group), *optional]
        wanted = ",".join(required)
        if either:
            wanted += f", with {' or '.join(map(','.join, either))}"
        if optional:
            wanted += f"; {','.join(optional)} may be left out"
        faults = [
            Fault(self.file, 1, f"column {name}", "missing", f"header {wanted}; found {shortened(found)}")
            for name in required
            if name not in header
        ]
        if either and (len(given) != 1 or not all(name in header for name in given[0])):
            faults.append(Fault(self.file, 1, "header", found, f"one of {' or '.join(map(','.join, either))}"))
        twice = {name for name in header if header.count(name) > 1}
        faults += [Fault(self.file, 1, f"column {name}", "there twice", "each column once") for name in sorted(twice)]
        if not ignore_others:
            faults += [
                Fault(self.file, 1, f"column {name}", "unknown", nearest(name, known))
                for name in header
                if name not in known
            ]
        raise_if_any(faults)
        self.given = given[0] if given else ()
        if not rows:
            raise_if_any([*self.faults, Fault(self.file, None, "file", "empty", "at least one row below the header")])
        self._columns = dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))

    def _read(self, path: Path) -> tuple[list[str], list[int], list[list[str]]]:
        """Return header, line numbers, and rows of stripped cells as long as the header; other rows become faults."""
        must_be_file(path, "a CSV file")
        try:
            with _opened(path) as stream:
                if self._delimiter is None:
                    self._delimiter = _delimiter_of(stream)
                    self._may_have_commas = self._delimiter != ","
                    stream.seek(0)
                reader = csv.reader(stream, delimiter=self._delimiter, skipinitialspace=True)
                rows = islice(reader, self._most_rows)
                content = [(reader.line_num, self._texts(row)) for row in rows]
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

    @cached_property
    def _decimal(self) -> str:
        """The decimal mark of the file's numbers; empty where no cell tells it from a mark of thousands."""
        if not self._may_have_commas:
            return "."
        cells = [cell for column in self._columns.values() for cell in column]
        if any(map(_COMMA.fullmatch, cells)):
            return ","
        return "." if any(_POINT.fullmatch(cell) and not _THOUSANDS.fullmatch(cell) for cell in cells) else ""

    def _texts(self, row: list[str]) -> list[str]:
        texts = list(map(str.strip, row))
        return ["" if text == self._null else text for text in texts] if self._null else texts

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

    def numbers(
        self, name: str, default: float | None = None, *, but: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return a column as numbers, none further from zero than `MOST`, shape ``(n_rows,)``.

        An empty cell, or a column that is not there, takes `default`; without one it is a fault. What cannot be read
        is NaN in the result and a fault in `faults`, but for rows that hold something else: those are NaN.
        """
        if name not in self:
            return np.full(len(self), np.nan if default is None else default)
        plain = self._plain_numbers(name)
        if plain is not None:
            return plain
        import pandas as pd

        column = pd.Series(self.texts(name), dtype="str")
        if but is not None:
            column = column.mask(but, "0")
        doubtful = np.zeros(len(self), dtype=bool)
        if self._decimal != ".":
            marked = column.str.contains(".", regex=False) if self._decimal else column.str.fullmatch(_THOUSANDS)
            doubtful = marked.to_numpy(dtype=bool)
            column = column.mask(doubtful, "?").str.replace(",", ".", regex=False)
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, copy=True)
        empty = (column == "").to_numpy(dtype=bool)
        bad = ~np.isfinite(values)
        if default is not None:
            values[empty] = default
            bad &= ~empty
        self.require(name, doubtful, "no mark between thousands, and one decimal mark in the whole file")
        self.require(name, bad & ~doubtful, f"a number such as {'7,4' if self._decimal == ',' else '7.4'}")
        huge = np.isfinite(values) & (np.abs(values) > MOST)
        self.require(name, huge, f"between {-MOST:g} and {MOST:g}")
        return np.where(huge | bad if but is None else huge | bad | but, np.nan, values)

    def flags(self, name: str) -> NDArray[np.bool_]:
        """Return a column of yes and no as booleans, shape ``(n_rows,)``; an empty cell, or a column that is not there, is no.

        What is neither is a fault in `faults`.
        """
        if name not in self:
            return np.zeros(len(self), dtype=bool)
        values = np.array([FLAGS.get(text.lower(), -1) for text in self.texts(name)], dtype=np.int64)
        self.require(name, values < 0, "0 or 1, false or true")
        says_yes: NDArray[np.bool_] = values == 1
        return says_yes

    def _plain_numbers(self, name: str) -> NDArray[np.float64] | None:
        """Return a column that has nothing but sound numbers, in a third of the time; None for any other."""
        text = "\n".join(self.texts(name))
        if not self._decimal or not text.isascii() or "_" in text or (self._decimal == "," and "." in text):
            return None
        try:
            values = np.array(list(map(float, text.replace(self._decimal, ".").split("\n"))))
        except ValueError:
            return None
        return values if values.size == len(self) and (np.abs(values) <= MOST).all() else None

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


def distinct_texts(path: Path, name: str) -> int:
    """Return how many different texts stand in a column of a CSV file, empty cells apart, without keeping the file.

    Parameters
    ----------
    path
        The file; what cannot be read counts as empty, for its reader tells that.
    name
        The column; one that is not there holds nothing.
    """
    if not is_file(path):
        return 0
    state = path.stat()
    return _distinct(path, name, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=16)
def _distinct(path: Path, name: str, _state: tuple[int, int]) -> int:
    """Count the texts of a column, once for each state of its file."""
    try:
        with _opened(path) as stream:
            delimiter = _delimiter_of(stream)
            stream.seek(0)
            rows = csv.reader(stream, delimiter=delimiter, skipinitialspace=True)
            header = [cell.strip() for cell in next((row for row in rows if any(row)), [])]
            if name not in header:
                return 0
            place = header.index(name)
            return len({row[place].strip() for row in rows if len(row) > place} - {""})
    except UNREADABLE:
        return 0


def _opened(path: Path) -> TextIO:
    """Open a file of text, gzipped or not, UTF-8 or, with its mark, UTF-16."""
    opener: Callable[..., Any] = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as raw:
        wide = raw.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    stream: TextIO = opener(path, "rt", encoding="utf-16" if wide else "utf-8-sig", newline="")
    return stream


def _delimiter_of(stream: TextIO) -> str:
    """Return what stands between the cells of a file, as its header shows."""
    header_line = next((line for line in stream if line.strip()), "")
    return max(MARKS, key=header_line.count)
