"""The files that every run leaves behind, and how they are read back."""

import json
from collections.abc import Iterable
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from environment.input_faults import Fault, FaultyInputError
from runs.plural import counted
from runs.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

SCENARIO_FILE: Final = "scenario.toml"
SUMMARY_FILE: Final = "summary.json"
TIMELINE_FILE: Final = "timeline.txt"
COMPARISON_FILE: Final = "comparison.csv"

type TableFormat = Literal["parquet", "csv"]
type FigureFormat = Literal["png", "svg", "pdf", "none"]


class Saved(Protocol):
    """What results of all kinds of run have in common; their tables are attributes by name."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""

    @property
    def summary(self) -> dict[str, Any]:
        """Key figures by name."""

    @property
    def log(self) -> "pd.DataFrame":
        """Every message, with ``channel.log``."""


def in_short(result: Saved, figures: Iterable[str], tables: Iterable[str]) -> str:
    """Return a result in a few lines: what was run, key figures by their names in the summary, and how long its tables are.

    Parameters
    ----------
    result
        Result of the run.
    figures
        Names in the summary; what is missing or none there is left out.
    tables
        Names of the run's tables; empty ones are left out.
    """
    known = {name: result.summary.get(name) for name in figures}
    said = ", ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in known.items()
        if value is not None
    )
    lengths = {name: len(getattr(result, name)) for name in tables}
    rows = ", ".join(f"{name} ({length:,})" for name, length in lengths.items() if length)
    warnings = f"\n  {counted(len(result.summary['warnings']), 'warning')}" if result.summary["warnings"] else ""
    return f"{type(result).__name__} of {result.scenario!r}\n  summary: {said}, ...\n  tables (rows): {rows}{warnings}"


def write_run(result: Saved, names: Iterable[str], folder: Path, table_format: TableFormat) -> None:
    """Write what every run leaves behind into a folder: scenario, summary, tables, and its messages as text if it has them.

    Parameters
    ----------
    result
        Result of the run.
    names
        Names of the run's tables.
    folder
        Takes the files; made if it is not there.
    table_format
        Format of the tables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCENARIO_FILE).write_text(result.scenario.to_toml(), encoding="utf-8")
    (folder / SUMMARY_FILE).write_text(
        json.dumps(strict(result.summary), indent=2, allow_nan=False) + "\n", encoding="utf-8"
    )
    if result.scenario.channel.log:
        from runs.timeline import timeline  # noqa: PLC0415  (pandas only where there are tables)

        told = timeline(result.log, result.scenario.horizon)
        (folder / TIMELINE_FILE).write_text(told, encoding="utf-8")
    for name in names:
        table = getattr(result, name)
        if table_format == "csv":
            inert(table).to_csv(folder / f"{name}.csv", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet", index=False)


def strict(summary: dict[str, Any]) -> dict[str, Any]:
    """Return a summary as JSON can hold it: null for a figure that is no number, and why under ``null_because``.

    Parameters
    ----------
    summary
        Key figures by name, also one below the other.
    """
    reasons: dict[str, str] = {}

    def plain(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {key: plain(entry, f"{name}.{key}" if name else key) for key, entry in value.items()}
        if isinstance(value, float) and not isfinite(value):
            reasons[name] = "not a number: there is nothing to take it of" if isnan(value) else "infinite"
            return None
        return value

    found = plain(summary, "")
    return {**found, "null_because": reasons} if reasons else dict(found)


RUN_BY_SPREADSHEETS: Final = "=+-@\t\r"
"""How a cell begins that a spreadsheet may take for a formula."""


def inert(table: "pd.DataFrame") -> "pd.DataFrame":
    """Return a table with an apostrophe before each text that a spreadsheet would run, or that begins with one; see `as_written`."""
    import pandas as pd  # noqa: PLC0415  (only where tables are written)

    texts = {str(name): column for name, column in table.items() if pd.api.types.is_string_dtype(column)}
    risky = {name: column.str.match(f"[{RUN_BY_SPREADSHEETS}']", na=False) for name, column in texts.items()}
    return table.assign(**{name: column.mask(risky[name], "'" + column) for name, column in texts.items()})


def as_written(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return a column of texts without what `inert` put before them."""
    return column.str.removeprefix("'")


def read_run(folder: Path, names: Iterable[str], what: str) -> tuple[dict[str, Any], "dict[str, pd.DataFrame]"]:
    """Read back what `write_run` left of a run in Parquet: its summary and tables.

    Parameters
    ----------
    folder
        Holds the files.
    names
        Names of the tables.
    what
        To call the folder, for the faults.

    Raises
    ------
    FaultyInputError
        If a file is missing.
    """
    import pandas as pd  # noqa: PLC0415  (only where tables are read)

    files = {name: folder / f"{name}.parquet" for name in names}
    missing = [name for name, path in {SUMMARY_FILE: folder / SUMMARY_FILE, **files}.items() if not path.is_file()]
    if missing:
        raise FaultyInputError([Fault(str(folder), None, name, "missing", what) for name in missing])
    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    return summary, {name: pd.read_parquet(path) for name, path in files.items()}
