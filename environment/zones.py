"""The one time zone of a scenario, where only its files state it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from environment.csv_table import CsvTable
from environment.horizon import offset_of
from environment.input_faults import Fault, FaultyInputError, raise_if_any

TIME_COLUMNS: Final = ("time", "plug_in", "plug_out", "arrival", "departure")
"""Columns of times (ISO 8601) in the files that a scenario names."""


FIRST_ROWS: Final = 8
"""So many rows say which zone a file has: a file that mixes offsets is a fault of `Horizon.parse_times`."""


def shared_offset(paths: Iterable[Path]) -> str | None:
    """Return the offset from UTC that the times of all files share, or None where none states any.

    Files without times, with times of the wall clock, and with faults (their readers tell them) have no say.

    Raises
    ------
    FaultyInputError
        With a fault for each file, if two files state different offsets.
    """
    stated = {path: offset for path in paths if (offset := _first_offset(path))}
    if len(set(stated.values())) > 1:
        expected = "one zone in all files of a scenario, or horizon.timezone to be set, such as 'Europe/Berlin'"
        raise_if_any([Fault(path.name, None, "zone of its times", zone, expected) for path, zone in stated.items()])
    return next(iter(stated.values()), None)


def _first_offset(path: Path) -> str:
    """Return the offset that the first time of a CSV file states; empty where there is none."""
    if ".json" in path.suffixes:
        return ""  # the export's times are those of no site's clock
    try:
        table = CsvTable(path, [], TIME_COLUMNS, ignore_others=True, most_rows=FIRST_ROWS)
    except FaultyInputError:
        return ""
    return next((offset_of(text) for name in TIME_COLUMNS if name in table for text in table.texts(name) if text), "")
