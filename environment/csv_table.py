"""Reading a CSV file as columns, with every fault collected: which line, which column, what was expected."""

import gzip
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from environment.faults import Fault, FaultyInputError, nearest
from environment.horizon import Horizon


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

    Raises
    ------
    FaultyInputError
        If the file is missing, unreadable or empty, or lacks a required column.
    """

    def __init__(
        self, path: Path, required: Sequence[str], optional: Sequence[str] = (), *, ignore_others: bool = False
    ) -> None:
        self.file = path.name
        self.faults: list[Fault] = []
        self.cells = self._read(path)
        self.lines: list[int] = (self.cells.index + 2).tolist()
        found = list(self.cells.columns)
        missing = [name for name in required if name not in found]
        spare = [name for name in found if name not in required and name not in optional]
        faults = [
            Fault(self.file, 1, f"column {name}", "missing", f"header {','.join(required)}; found {','.join(found)}")
            for name in missing
        ]
        if not ignore_others:
            faults += [
                Fault(self.file, 1, f"column {name}", "unknown", nearest(name, [*required, *optional]))
                for name in spare
            ]
        if faults:
            raise FaultyInputError(faults)

    def _read(self, path: Path) -> pd.DataFrame:
        try:
            cells = pd.read_csv(
                path, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig", index_col=False
            )
        except FileNotFoundError:
            raise FaultyInputError([Fault(str(path), None, "file", "missing", "a CSV file")]) from None
        except pd.errors.EmptyDataError:
            raise FaultyInputError([Fault(self.file, None, "file", "empty", "a header and at least one row")]) from None
        except (OSError, UnicodeDecodeError, pd.errors.ParserError, gzip.BadGzipFile) as error:
            reason = str(error).strip().splitlines()[0]
            raise FaultyInputError([Fault(self.file, None, "file", f"unreadable ({reason})", "a CSV file")]) from None
        cells.columns = cells.columns.str.strip()
        cells = cells.fillna("").map(str.strip)
        cells = cells[(cells != "").any(axis=1)]
        if cells.empty:
            raise FaultyInputError([Fault(self.file, None, "file", "empty", "at least one row below the header")])
        return cells

    def __contains__(self, name: str) -> bool:
        return name in self.cells.columns

    def __len__(self) -> int:
        return len(self.cells)

    def texts(self, name: str) -> list[str]:
        """Return a column as it stands."""
        return self.cells[name].tolist()

    def numbers(self, name: str, default: float | None = None) -> NDArray[np.float64]:
        """Return a column as finite numbers, shape ``(n_rows,)``.

        An empty cell, or a column that is not there, takes `default`; without one it is a fault. What cannot be read
        is NaN in the result and a fault in `faults`.
        """
        if name not in self:
            return np.full(len(self), np.nan if default is None else default)
        values = pd.to_numeric(self.cells[name], errors="coerce").to_numpy(dtype=np.float64, copy=True)
        empty = (self.cells[name] == "").to_numpy(dtype=bool)
        bad = ~np.isfinite(values)
        if default is not None:
            values[empty] = default
            bad &= ~empty
        self.require(name, bad, "a number")
        return values

    def times(self, name: str, horizon: Horizon) -> pd.DatetimeIndex:
        """Return a column as moments on the horizon's clock; faults go to `faults`."""
        times, faults = horizon.parse_times(self.texts(name), file=self.file, rows=self.lines, field=name)
        self.faults += faults
        return times

    def require(
        self, name: str, bad: NDArray[np.bool_], expected: str, found: Callable[[int], str] | None = None
    ) -> None:
        """Note a fault for every row where `bad` holds, shape ``(n_rows,)``; `found` words what stands there."""
        for i in np.flatnonzero(bad):
            cell = repr(self.cells[name].iloc[i]) if name in self else "missing"
            text = found(int(i)) if found else cell
            self.faults.append(Fault(self.file, self.lines[i], name, "empty" if text == "''" else text, expected))
