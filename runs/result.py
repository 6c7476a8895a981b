"""The result of a run, whatever lives in it: typed tables and a summary, written to a folder and read back."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, overload

import pandas as pd

from environment.input_faults import Fault, FaultyInputError, nearest
from environment.registry import OnDemand
from runs.plural import counted
from runs.result_folder import TableFormat, read_run, write_run
from runs.scenario import Scenario
from runs.tables.schema import TABLES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEY_FIGURES: Final = (
    "method",
    "optimizer",
    "vehicles",
    "transformers",
    "stations",
    "visits",
    "peak_kw",
    "valley_kw",
    "unserved_kwh",
    "optimality_gap",
    "signal_fitness",
    "gap_to_exact",
    "deviation_max_kw",
    "owner_profit_yuan",
    "voltage_min_pu",
    "feasible_slots",
    "wait_mean_min",
    "messages",
)
"""Figures of the summary by which a result is known, where it has them."""
CASES: Final = {"": "run", "free": "free charging", "no_evs": "no EVs"}
"""Cases of a run by their key in the summary, and what they are called."""
SHOWN_ROWS: Final = 5
"""Rows of the main table that a notebook shows."""
ROUNDING: Final = 1e-9
"""A figure below it is shown as 0: sums of floating-point numbers leave that much."""
DRAWINGS: Final = OnDemand("runs.figures:drawings")


@dataclass(frozen=True, eq=False, repr=False)
class Result:
    """A finished run; ``result.slots`` is its table of that name.

    Parameters
    ----------
    scenario
        What was run.
    summary
        Key figures by name, units in the names; those of free charging under ``free``, without EVs under ``no_evs``.
    tables
        Tables by name; `runs.tables.schema.TABLES` says which there are, and what their columns mean.
    """

    scenario: Scenario
    summary: dict[str, Any]
    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        """Bring the tables into the order of the schema."""
        object.__setattr__(self, "tables", {name: self.tables[name] for name in TABLES if name in self.tables})

    def __getattr__(self, name: str) -> pd.DataFrame:
        """Return the table of a name.

        Raises
        ------
        AttributeError
            If the run has no such table.
        """
        tables = self.__dict__.get("tables", {})
        if name in tables:
            table: pd.DataFrame = tables[name]
            return table
        raise AttributeError(f"this run has no table {name!r}; it has {', '.join(tables)}", name=name, obj=self)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.tables]

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Result)
            and self.scenario == other.scenario
            and self.summary == other.summary
            and self.tables.keys() == other.tables.keys()
            and all(table.equals(other.tables[name]) for name, table in self.tables.items())
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={_short(value)}" for name, value in self._key_figures().items())
        rows = ", ".join(f"{name} ({len(table):,})" for name, table in self.tables.items() if len(table))
        warnings = self.summary["warnings"]
        told = f"\n  {counted(len(warnings), 'warning')}" if warnings else ""
        return f"Result of {self.scenario!r}\n  summary: {said}, ...\n  tables (rows): {rows}{told}"

    def _repr_html_(self) -> str:
        """Return the result as a notebook shows it: warnings, key figures of its cases, tables, first rows of the main one."""
        warnings = "".join(f"<li>{escape(text)}</li>" for text in self.summary["warnings"])
        cases = {title: self.summary.get(key) if key else self.summary for key, title in CASES.items()}
        columns = [(title, figures) for title, figures in cases.items() if figures is not None]
        head = "".join(f"<th>{title}</th>" for title, _ in columns)
        rows = "".join(
            f"<tr><th>{escape(name)}</th>{''.join(f'<td>{_cell(figures.get(name))}</td>' for _, figures in columns)}</tr>"
            for name in self._key_figures()
        )
        lengths = ", ".join(f"{escape(name)} ({len(table):,})" for name, table in self.tables.items())
        main, table = next(iter(self.tables.items()))
        return (
            f"<div><p>Result of <code>{escape(repr(self.scenario))}</code></p>"
            f"{f'<ul><b>Warnings</b>{warnings}</ul>' if warnings else ''}"
            f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p>Tables (rows): {lengths}</p><p>{escape(main)}:</p>"
            f"{table.head(SHOWN_ROWS).to_html(index=False, border=0, na_rep='', float_format='{:,.6g}'.format)}</div>"
        )

    def _key_figures(self) -> dict[str, Any]:
        return {name: value for name in KEY_FIGURES if (value := self.summary.get(name)) is not None}

    @overload
    def plot(self) -> list[str]: ...

    @overload
    def plot(self, name: str) -> "Figure": ...

    def plot(self, name: str | None = None) -> "Figure | list[str]":
        """Draw a figure of the run, such as ``"load"``; without a name, return the names of those that there are.

        Raises
        ------
        FaultyInputError
            If there is no figure of that name, with the nearest one.
        """
        drawings = DRAWINGS(self)
        if name is None:
            return list(drawings)
        if name not in drawings:
            raise FaultyInputError([Fault("plot", None, "figure", repr(name), nearest(name, drawings))])
        figure: Figure = drawings[name](self)
        return figure

    def save(self, folder: str | Path, *, table_format: TableFormat = "parquet") -> None:
        """Write scenario, summary and tables into a folder; it is made if it is not there.

        Parameters
        ----------
        folder
            Takes the files.
        table_format
            Format of the tables.
        """
        write_run(self, Path(folder), table_format)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a result back, equal to the one that was written.

        Parameters
        ----------
        folder
            As `save` left it.

        Raises
        ------
        FaultyInputError
            If a file is missing, or a table is not as the schema says: with the version of evswarm that wrote the folder.
        """
        return cls(*read_run(Path(folder)))


def _short(value: Any, form: str = ".6g") -> str:
    if not isinstance(value, float):
        return f"{value}"
    return "0" if abs(value) < ROUNDING else f"{value:{form}}"


def _cell(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "" if value is None else escape(_short(value, ",.6g"))
