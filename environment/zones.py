"""The one time zone of a scenario, where only its files state it."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from environment.csv_table import UNREADABLE, CsvTable
from environment.faults import Fault, FaultyInputError, raise_if_any
from environment.horizon import offset_of

TIME_COLUMNS: Final = ("time", "plug_in", "plug_out", "arrival", "departure")
"""Columns of times (ISO 8601) in the files that a scenario names."""


def shared_offset(paths: Iterable[Path]) -> str | None:
    """Return the offset from UTC that the times of all files share, or None where none states any.

    Files without times, with times of the wall clock, and with faults (their readers tell them) have no say. So has a file
    that mixes offsets.

    Raises
    ------
    FaultyInputError
        With a fault for each file, if two files state different offsets.
    """
    stated = {path: offsets.pop() for path in paths if len(offsets := _offsets(path)) == 1}
    if len(set(stated.values())) > 1:
        expected = "one zone in all files of a scenario, or horizon.timezone to be set, such as 'Europe/Berlin'"
        raise_if_any([Fault(path.name, None, "zone of its times", zone, expected) for path, zone in stated.items()])
    return next(iter(stated.values()), None)


def _offsets(path: Path) -> set[str]:
    """Return the offsets that a CSV file's times state; one that states none is empty."""
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8-sig") as stream:
            header = stream.readline()
            if not any(name in header for name in TIME_COLUMNS):
                return set()  # hours, or no CSV file
        table = CsvTable(path, [], TIME_COLUMNS, ignore_others=True)
    except (*UNREADABLE, FaultyInputError):
        return set()
    offsets = {offset_of(text) for name in TIME_COLUMNS if name in table for text in table.texts(name)}
    return offsets - {""}
