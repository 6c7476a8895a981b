"""The files that every run leaves behind, and how they are read back."""

import json
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from environment.input_faults import Fault, collecting, raise_if_any
from runs.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

SCENARIO_FILE: Final = "scenario.toml"
SUMMARY_FILE: Final = "summary.json"
TIMELINE_FILE: Final = "timeline.txt"
COMPARISON_FILE: Final = "comparison.csv"
VERSION_KEY: Final = "evswarm_version"
"""Key of a written summary: the version of evswarm that wrote the folder."""

type TableFormat = Literal["parquet", "csv"]
type FigureFormat = Literal["png", "svg", "pdf", "none"]


class Saved(Protocol):
    """A result that can be written; see `runs.result.Result`."""

    @property
    def scenario(self) -> Scenario:
        """What was run."""

    @property
    def summary(self) -> dict[str, Any]:
        """Key figures by name."""

    @property
    def tables(self) -> "Mapping[str, pd.DataFrame]":
        """Tables by name."""


def own_version() -> str:
    """Return the version of evswarm that runs."""
    try:
        return version("evswarm")
    except PackageNotFoundError:  # run from its folder, without an installation
        return "not installed"


def write_run(result: Saved, folder: Path, table_format: TableFormat) -> None:
    """Write what every run leaves behind into a folder: scenario, summary, tables, and its messages as text if it has them.

    Parameters
    ----------
    result
        Result of the run.
    folder
        Takes the files; made if it is not there.
    table_format
        Format of the tables.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCENARIO_FILE).write_text(result.scenario.to_toml(), encoding="utf-8")
    summary = {VERSION_KEY: own_version(), **strict(result.summary)}
    (folder / SUMMARY_FILE).write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    if "log" in result.tables:
        from runs.timeline import timeline  # noqa: PLC0415  (pandas only where there are tables)

        told = timeline(result.tables["log"], result.scenario.horizon)
        (folder / TIMELINE_FILE).write_text(told, encoding="utf-8")
    for name, table in result.tables.items():
        if table_format == "csv":
            from runs.tables.spreadsheets import inert  # noqa: PLC0415  (pandas only where there are tables)

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


def read_run(folder: Path) -> tuple[Scenario, dict[str, Any], "dict[str, pd.DataFrame]"]:
    """Read back what `write_run` left of a run: its scenario, its summary and its tables.

    Parameters
    ----------
    folder
        Holds the files.

    Raises
    ------
    FaultyInputError
        If a file is missing, or a table is not as the schema says: with the version of evswarm that wrote the folder.
    """
    from runs.tables.reading import read_tables  # noqa: PLC0415  (pandas only where tables are read)

    within = next((each.parent for each in sorted(folder.glob(f"*/{SUMMARY_FILE}"))), None)
    expected = "a result folder" if within is None else f"a result folder, such as {within}"
    raise_if_any([
        Fault(str(folder), None, name, "missing", expected)
        for name in (SCENARIO_FILE, SUMMARY_FILE)
        if not (folder / name).is_file()
    ])  # fmt: skip
    summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    writer, own = summary.pop(VERSION_KEY, "an earlier one, which did not say so"), own_version()
    faults: list[Fault] = []
    scenario = collecting(faults, lambda: Scenario.read(folder / SCENARIO_FILE))
    tables = None if scenario is None else collecting(faults, lambda: read_tables(folder, scenario))
    if faults and writer != own:
        faults.append(Fault(str(folder), None, "version of evswarm that wrote it", writer, own))
    raise_if_any(faults)
    assert scenario is not None
    assert tables is not None
    return scenario, summary, tables
