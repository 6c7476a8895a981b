"""Texts of tables as CSV, made harmless for spreadsheets that run formulas, and read back."""

from typing import Final

import pandas as pd

RUN_BY_SPREADSHEETS: Final = "=+-@\t\r"
"""How a cell begins that a spreadsheet may take for a formula."""


def inert(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with an apostrophe before each text that a spreadsheet would run, or that begins with one; see `as_written`."""
    texts = {str(name): column for name, column in table.items() if pd.api.types.is_string_dtype(column)}
    risky = {name: column.str.match(f"[{RUN_BY_SPREADSHEETS}']", na=False) for name, column in texts.items()}
    return table.assign(**{name: column.mask(risky[name], "'" + column) for name, column in texts.items()})


def as_written(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return a column of texts without what `inert` put before them."""
    return column.str.removeprefix("'")
