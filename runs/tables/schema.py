"""Schema of the tables of all runs: each table's columns, their types and units, and which runs have them.

It stands in ``tables.csv`` and ``columns.csv`` beside this file. Tables are made, written, read back and described by it alone.
"""

import csv
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final, NamedTuple

import pandas as pd

from runs.parts import parts_of
from runs.scenario import Scenario

DTYPES: Final = {"text": "str", "int": "int64", "float": "float64", "bool": "bool", "count": "Int64"}
"""Type in pandas by type of a column; a count may be missing. A `time` has the type of the horizon's slot starts."""
TIME: Final = "time"


class Column(NamedTuple):
    """A column of a table.

    Parameters
    ----------
    name, type, unit
        Name, type (a key of `DTYPES`, or `TIME`) and unit; "" where there is no unit.
    runs
        What a run must hold, one of these words, for the table to have the column; empty: nothing more than for the table.
    description
        Content of the column.
    """

    name: str
    type: str
    unit: str
    runs: tuple[str, ...]
    description: str


class Table(NamedTuple):
    """A table of a run.

    Parameters
    ----------
    name
        Name of the table, and of its file.
    runs
        What a run must hold, one of these words, to have the table.
    description
        Content of the table.
    columns
        Columns in their order.
    """

    name: str
    runs: tuple[str, ...]
    description: str
    columns: tuple[Column, ...]

    def columns_of(self, held: frozenset[str]) -> tuple[Column, ...]:
        """Return the columns that the table has in a run that holds `held`."""
        return tuple(column for column in self.columns if not column.runs or held & {*column.runs})


def _rows(file: str) -> list[dict[str, str]]:
    with resources.files("runs.tables").joinpath(file).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _tables() -> dict[str, Table]:
    columns: dict[str, list[Column]] = {}
    for row in _rows("columns.csv"):
        column = Column(row["column"], row["type"], row["unit"], tuple(row["runs"].split()), row["description"])
        columns.setdefault(row["table"], []).append(column)
    return {
        row["table"]: Table(row["table"], tuple(row["runs"].split()), row["description"], tuple(columns[row["table"]]))
        for row in _rows("tables.csv")
    }


TABLES: Final = _tables()
"""Tables by name; the first one that a run has is what it is looked at by."""


def held_by(scenario: Scenario) -> frozenset[str]:
    """Return what a scenario's run holds, by the words of the schema: its parts, a feeder of which it has tables, a log."""
    parts = {*parts_of(scenario)}
    if "stations" in parts or scenario.feeder is not None:
        parts.add("feeder")
    if scenario.channel.log:
        parts.add("log")
    return frozenset(parts)


def names_of(held: frozenset[str]) -> list[str]:
    """Return the names of the tables of a run that holds `held`."""
    return [name for name, table in TABLES.items() if held & {*table.runs}]


def table_of(name: str, columns: Mapping[str, Any] | pd.DataFrame, held: frozenset[str]) -> pd.DataFrame:
    """Return a table of the schema, its columns in order and of the schema's types.

    Parameters
    ----------
    name
        Name of the table.
    columns
        Content by name of the column; columns of times are left as they are.
    held
        What the run holds; see `held_by`.

    Raises
    ------
    ValueError
        If columns are missing, or are none of the table's.
    """
    known = TABLES[name].columns_of(held)
    if odd := {column.name for column in known} ^ {*columns}:
        raise ValueError(f"table {name}: columns {', '.join(sorted(odd))} are missing, or not in the schema")
    table = pd.DataFrame({column.name: columns[column.name] for column in known}, copy=False)
    types = {column.name: DTYPES[column.type] for column in known if column.type != TIME}
    return table.astype({column: type_ for column, type_ in types.items() if table[column].dtype != type_})
