"""Golden tables: what every scenario and every reduced study gives, column by column, pinned under tests/reference/golden.

A case is a file ``NAME.json``: for each run the figures of its summary, and a digest of each column of its tables. The
columns themselves lie beside it in ``NAME.npz``, by digest, so that a column that moved can be told by how much. Times are
left out. ``python -m tests.support.golden`` rewrites the cases and prints what moved.
"""

import argparse
import hashlib
import io
import json
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy._core._multiarray_umath import __cpu_features__ as features
from numpy.typing import NDArray

from runs.scenario import Scenario
from runs.simulate import simulate
from runs.studies.command import carry_out
from runs.studies.registry import STUDIES
from runs.studies.study import StudyOptions

TREE: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = TREE / "tests" / "reference" / "golden"
SEEDS: Final = (1, 2)
NOT_PINNED: Final = frozenset({"wall_s", "cpu_s", "evidence"})
"""Columns and figures that no seed fixes: times, and sentences that name some."""
ROUNDING: Final = {"rtol": 1e-6, "atol": 1e-9}
"""How far a number may be from its old value on another machine: a part of itself, and a little where it is next to nothing."""

type Column = NDArray[Any]
type Columns = dict[str, Column]


@dataclass(frozen=True, eq=False)
class Golden:
    """What one run gives.

    Parameters
    ----------
    figures
        Numbers and texts of the summary by dotted name.
    columns
        Columns of all tables, by ``table.column``.
    """

    figures: dict[str, Any]
    columns: Columns


@dataclass(frozen=True)
class Move:
    """A figure or a column that is not what it was.

    Parameters
    ----------
    run
        Run of the case: seed and engine.
    name
        Dotted name of the figure, or ``table.column``.
    how
        What changed, in words; for numbers the largest difference.
    is_rounding
        Whether another processor may make this difference: every number is near its old value, and none is a whole number.
    """

    run: str
    name: str
    how: str
    is_rounding: bool = False

    def __str__(self) -> str:
        return f"{self.run}: {self.name}: {self.how}"


def scenario_runs(path: Path) -> dict[str, Callable[[], Golden]]:
    """Return the runs of a scenario by name: each seed, with both engines."""
    case = Scenario.read(path)
    return {
        f"seed {seed}, {engine}": lambda seed=seed, engine=engine: _run(  # type: ignore[misc]
            case.update(run={"seed": seed, "engine": engine})
        )
        for seed in SEEDS
        for engine in ("agents", "compiled")
    }


def _run(case: Scenario) -> Golden:
    result = simulate(case)
    with tempfile.TemporaryDirectory() as folder:
        result.save(Path(folder), table_format="parquet")
        tables = {path.stem: pd.read_parquet(path) for path in sorted(Path(folder).glob("*.parquet"))}
    return Golden(dict(_figures(result.summary)), dict(_columns(tables)))


def study_run(name: str) -> Golden:
    """Return the tables of a study as it is with ``--quick``, in the digits that its files have."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "study"
        carry_out(name, StudyOptions(quick=True), folder, lambda _: None)
        tables = {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}
    return Golden({}, dict(_columns(tables)))


@cache
def cases() -> dict[str, dict[str, Callable[[], Golden]]]:
    """Return all cases by name, and the runs of each."""
    found = {path.stem: scenario_runs(path) for path in sorted((TREE / "scenarios").glob("*.toml"))}
    studies = {f"study-{name}": {"quick": lambda name=name: study_run(name)} for name in sorted(STUDIES)}  # type: ignore[misc]
    return found | studies


def _figures(summary: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in summary.items():
        if isinstance(value, dict):
            yield from _figures(value, f"{prefix}{name}.")
        elif name not in NOT_PINNED:
            yield prefix + name, value


def _columns(tables: dict[str, pd.DataFrame]) -> Iterator[tuple[str, Column]]:
    for name, table in tables.items():
        pinned = table[~table["figure"].isin(NOT_PINNED)] if "figure" in table else table
        for column in table.columns:
            if column not in NOT_PINNED:
                yield f"{name}.{column}", _plain(pinned[column])


def _plain(column: "pd.Series[Any]") -> Column:
    """Return a column as an array of numbers or of texts, in one byte order and with one kind of NaN."""
    if column.dtype.kind in "biuf":
        values = column.to_numpy()
        if values.dtype.kind == "f":
            values = np.where(np.isnan(values), np.nan, values)
        return values.astype(values.dtype.newbyteorder("<"))
    return np.array(column.astype(str), dtype=np.str_)


def digest(column: Column) -> str:
    """Return what names a column's content: its type, its length and every bit of it."""
    texts = column.dtype.kind == "U"
    content = "\0".join(column.tolist()).encode() if texts else column.tobytes()
    kind = "text" if texts else column.dtype.str
    return hashlib.sha256(f"{kind} {column.size} ".encode() + content).hexdigest()[:16]


def read(name: str) -> tuple[dict[str, Any], Columns]:
    """Return a case as it is pinned: its runs by name, and its columns by digest; nothing where its files are spoilt."""
    try:
        runs = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["runs"]
        with (FOLDER / f"{name}.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            columns = dict(kept)
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return {}, {}  # not there, or not whole: everything is new
    spoilt = [key for key, column in columns.items() if key != digest(column)]
    return ({}, {}) if spoilt else (runs, columns)


def moved(run: str, pinned: dict[str, Any] | None, kept: Columns, now: Golden) -> list[Move]:
    """Return what differs between a run as it is pinned and as it is now.

    Parameters
    ----------
    run
        Name of the run.
    pinned
        Entry of the run in the case's file; None where there is none yet.
    kept
        Pinned columns by digest.
    now
        What the run gives now.
    """
    if pinned is None:
        return [Move(run, "all", "new")]
    moves = []
    for name in sorted({*pinned["figures"], *now.figures}):
        old, new = pinned["figures"].get(name, "absent"), now.figures.get(name, "absent")
        if json.dumps(old) != json.dumps(new):
            moves.append(_figure_moved(run, name, old, new))
    for name in sorted({*pinned["columns"], *now.columns}):
        if name not in now.columns or name not in pinned["columns"]:
            moves.append(Move(run, name, "new column" if name in now.columns else "column is gone"))
        elif pinned["columns"][name] != digest(now.columns[name]):
            moves.append(_column_moved(run, name, kept[pinned["columns"][name]], now.columns[name]))
    return moves


def _figure_moved(run: str, name: str, old: Any, new: Any) -> Move:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (old, new))
    if not numbers:
        return Move(run, name, f"was {old!r}, is {new!r}")
    near = isinstance(old, float) and isinstance(new, float) and bool(np.isclose(old, new, **ROUNDING))
    return Move(run, name, f"was {old!r}, is {new!r}, by {abs(new - old):.3g}", near)


def _column_moved(run: str, name: str, old: Column, new: Column) -> Move:
    if old.size != new.size:
        return Move(run, name, f"had {old.size} rows, has {new.size}")
    if "U" in (old.dtype.kind, new.dtype.kind):
        return Move(run, name, f"{int((old.astype(str) != new.astype(str)).sum())} of {new.size} texts differ")
    was, now = old.astype(np.float64), new.astype(np.float64)
    same = (was == now) | (np.isnan(was) & np.isnan(now))
    largest = float(np.abs(np.subtract(now, was, where=~same, out=np.zeros(now.size))).max(initial=0.0))
    kinds = "" if old.dtype == new.dtype else f"; type was {old.dtype}, is {new.dtype}"
    how = f"{int((~same).sum())} of {new.size} numbers differ, by {largest:.3g} at most{kinds}"
    near = old.dtype == new.dtype and old.dtype.kind == "f" and np.allclose(was, now, **ROUNDING, equal_nan=True)
    return Move(run, name, how, bool(near))


@cache
def machine() -> dict[str, Any]:
    """Return what bits can depend on beside our code: the processor's instructions, and the libraries."""
    libraries = ("numpy", "numba", "llvmlite", "scipy", "pandas", "power-grid-model", "Mesa")
    return {
        "instructions": sorted(name for name, there in features.items() if there),
        "libraries": {name: version(name) for name in libraries},
    }


def made_here(name: str) -> bool:
    """Whether a case was pinned on a machine like this one, so that its bits must be equal and not only its figures."""
    return bool(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["machine"] == machine())


def write(name: str, now: dict[str, Golden]) -> None:
    """Pin a case."""
    entries = {
        run: {"figures": each.figures, "columns": {key: digest(column) for key, column in each.columns.items()}}
        for run, each in now.items()
    }
    text = json.dumps({"machine": machine(), "runs": entries}, indent=1) + "\n"
    (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")
    kept = {digest(column): column for each in now.values() for column in each.columns.values()}
    with zipfile.ZipFile(FOLDER / f"{name}.npz", "w", zipfile.ZIP_LZMA) as archive:  # one date for all: same bytes
        for key in sorted(kept):
            content = io.BytesIO()
            np.save(content, kept[key], allow_pickle=False)
            entry = zipfile.ZipInfo(f"{key}.npy")
            entry.compress_type = zipfile.ZIP_LZMA
            archive.writestr(entry, content.getvalue())


def main() -> int:
    """Run the cases, print what moved, and pin them anew; with ``--keep``, exit with 1 if anything moved."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.golden", description=main.__doc__)
    parser.add_argument("case", nargs="*", help=f"cases to run, all if left out: {', '.join(cases())}")
    parser.add_argument("--keep", action="store_true", help="print only; the pinned files stay as they are")
    asked = parser.parse_args()
    if unknown := [name for name in asked.case if name not in cases()]:
        parser.error(f"no case {', '.join(unknown)}; there are {', '.join(cases())}")
    any_moved = False
    for name in asked.case or cases():
        pinned, kept = read(name)
        now = {run: give() for run, give in cases()[name].items()}
        moves = [each for run, golden in now.items() for each in moved(run, pinned.get(run), kept, golden)]
        moves += [Move(run, "all", "is gone") for run in pinned if run not in now]
        print(f"{name}: {len(moves)} moved" if moves else f"{name}: bits equal", flush=True)  # noqa: T201  (what the command is for)
        for move in moves:
            print(f"  {move}")  # noqa: T201  (what the command is for)
        any_moved |= bool(moves)
        if not asked.keep and (moves or not made_here(name)):
            write(name, now)
    return int(any_moved and asked.keep)


if __name__ == "__main__":
    sys.exit(main())
