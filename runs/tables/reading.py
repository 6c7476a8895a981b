"""Reading tables of a run back, from Parquet and from CSV, as the schema says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, nearest, raise_if_any
from runs.scenario import Scenario
from runs.tables.schema import DTYPES, TABLES, TIME, Column, held_by, names_of
from runs.tables.spreadsheets import as_written

ENDS: Final = ("parquet", "csv")
"""Endings of the files of tables; the first one that is there is read."""


def read_tables(folder: Path, scenario: Scenario) -> dict[str, pd.DataFrame]:
    """Return the tables of a scenario's run by name.

    Parameters
    ----------
    folder
        Holds the files.
    scenario
        Run of which the tables are.

    Raises
    ------
    FaultyInputError
        With every table and column that is missing, that the schema does not know, or that is of another type.
    """
    held = held_by(scenario)
    tables, faults = {}, list[Fault]()
    for name in names_of(held):
        path = next((path for end in ENDS if (path := folder / f"{name}.{end}").is_file()), None)
        if path is None:
            faults.append(Fault(str(folder), None, f"table {name}", "missing", "a result folder"))
            continue
        try:
            tables[name] = _read(path, TABLES[name].columns_of(held), scenario.horizon)
        except FaultyInputError as error:
            faults += error.faults
    raise_if_any(faults)
    return tables


def _read(path: Path, columns: Sequence[Column], horizon: Horizon) -> pd.DataFrame:
    parquet = path.suffix == ".parquet"
    table = pd.read_parquet(path) if parquet else pd.read_csv(path, nrows=0)
    _require_columns(path, columns, [str(name) for name in table.columns])
    return _typed(path, table, columns, horizon) if parquet else _read_csv(path, columns, horizon)


def _require_columns(path: Path, columns: Sequence[Column], found: Sequence[str]) -> None:
    names = [column.name for column in columns]
    missing = [Fault(str(path), None, f"column {name}", "missing", "there") for name in names if name not in found]
    odd = [
        Fault(str(path), None, f"column {name}", "there", nearest(name, names)) for name in found if name not in names
    ]
    raise_if_any([*missing, *odd])


def _typed(path: Path, table: pd.DataFrame, columns: Sequence[Column], horizon: Horizon) -> pd.DataFrame:
    """Return a table of Parquet with the schema's columns in order, and times on the horizon's clock."""
    table = table[[column.name for column in columns]]
    raise_if_any([
        Fault(str(path), None, f"type of column {column.name}", str(table[column.name].dtype), DTYPES[column.type])
        for column in columns
        if column.type != TIME and table[column.name].dtype != DTYPES[column.type]
    ])  # fmt: skip
    starts = horizon.slot_starts.dtype
    return table.astype({column.name: starts for column in columns if column.type == TIME})


def _read_csv(path: Path, columns: Sequence[Column], horizon: Horizon) -> pd.DataFrame:
    texts = {column.name for column in columns if column.type == "text"}
    types = {column.name: DTYPES.get(column.type, "str") for column in columns}
    blank = {column.name: [""] for column in columns if column.name not in texts}
    try:
        table = pd.read_csv(path, dtype=types, keep_default_na=False, na_values=blank)
    except ValueError as error:
        raise FaultyInputError([Fault(str(path), None, "table", str(error), "values of the schema's types")]) from error
    starts, zoned = horizon.slot_starts.dtype, horizon.timezone is not None
    told = {name: as_written(table[name]) for name in texts}
    for column in columns:
        if column.type == TIME:
            told[column.name] = pd.to_datetime(table[column.name], format="ISO8601", utc=zoned).astype(starts)
    return table.assign(**told)[[column.name for column in columns]]
