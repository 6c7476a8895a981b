"""Texts of studies with places for figures: pages in Markdown and claims in TOML, each beside the code that computes the figures.

A place is written as in `str.format`: ``{name:.2f}``, ``{row[key]:,.0f}``. ``!p`` gives a figure in per cent and ``!k`` in
thousands, both without a sign: ``{share!p:.1f}``. A figure that is not a number is a dash. A line that begins with ``{each NAME}`` is
written once for each record of NAME, whose fields it may name too; a line that begins with ``{if NAME}`` only where NAME is true.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from string import Formatter
from typing import Any, Final, Self

import pandas as pd

MARKED: Final = re.compile(r"\{(each|if) (\w+)\}")
"""What may stand at the beginning of a line."""


@dataclass(frozen=True)
class Span:
    """A figure over several runs, which prints as its mean with the least and the most, or alone where all print the same.

    Parameters
    ----------
    mean, low, high
        Mean, least and most of the runs; without a mean only the least and the most are printed.
    total, runs
        Sum over the runs, and their number.
    """

    mean: float | None
    low: float
    high: float
    total: float = math.nan
    runs: int = 1

    @classmethod
    def of(cls, values: Iterable[float]) -> Self:
        """Return the span of some figures, of those that are numbers."""
        figures = pd.Series(list(values))
        return cls(figures.mean(), figures.min(), figures.max(), figures.sum(), figures.size)

    @property
    def ends(self) -> "Span":
        """The least and the most alone."""
        return replace(self, mean=None)

    def __mul__(self, factor: float) -> "Span":
        return Span(None if self.mean is None else factor * self.mean, factor * self.low, factor * self.high)

    def __truediv__(self, divisor: float) -> "Span":
        return self * (1 / divisor)

    def __format__(self, spec: str) -> str:
        low, high = _text(self.low, spec), _text(self.high, spec)
        if low == high:
            return low
        ends = f"{low} to {high}"
        return ends if self.mean is None else f"{_text(self.mean, spec)} ({ends})"


def spans(table: pd.DataFrame) -> dict[str, Span]:
    """Return the span over the rows of every figure of a table, by column."""
    figures = table.select_dtypes(["number", "bool"])
    return {str(name): Span.of(figures[name]) for name in figures}


def spans_by(table: pd.DataFrame, *keys: str) -> list[dict[str, Any]]:
    """Return a record for each group of rows that share the values of some columns: these, and the spans of the figures."""
    groups = table.groupby(list(keys), sort=False)
    return [{**dict(zip(keys, key, strict=True)), **spans(each.drop(columns=list(keys)))} for key, each in groups]


class _Places(Formatter):
    """Fills places as `str.format` does, with percentages, thousands and dashes."""

    def convert_field(self, value: Any, conversion: Any) -> Any:
        match conversion:
            case "p":
                return value * 100
            case "k":
                return value / 1000
        return super().convert_field(value, conversion)

    def format_field(self, value: Any, format_spec: str) -> str:
        return _text(value, format_spec)


def _text(value: Any, spec: str) -> str:
    return "-" if isinstance(value, float) and math.isnan(value) else format(value, spec)


def filled(module: str, file: str, **values: Any) -> str:
    """Return the text of a file beside a module, filled with figures: see `fill`."""
    return fill(files(module).joinpath(file).read_text(encoding="utf-8"), values)


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Return a text with its places filled.

    Parameters
    ----------
    text
        Text with places, as the head of this file says.
    values
        Figures, records (mappings, or a table's rows) and texts, by the name of their place.

    Raises
    ------
    KeyError
        If a place has no value.
    ValueError
        If a value has no place.
    """
    named, lines = set[str](), list[str]()
    for line in text.split("\n"):
        mark, name, content = "", "", line
        if found := MARKED.match(line):
            (mark, name), content = found.groups(), line[found.end() :]
        named |= {name} | {re.split(r"[.\[]", field)[0] for _, field, _, _ in Formatter().parse(content) if field}
        records: Iterable[Mapping[Any, Any]] = [{}]
        if mark == "each":
            records = _records(values[name])
        elif mark == "if" and not values[name]:
            records = []
        lines += [fill_line(content, {**values, **record}) for record in records]
    if left := values.keys() - named:
        raise ValueError(f"no place for {', '.join(sorted(left))} in the text that begins with {text[:60]!r}")
    return "\n".join(lines)


def fill_line(text: str, values: Mapping[str, Any]) -> str:
    """Return a line with its places filled; values may be left over."""
    return _Places().vformat(text, (), values)


def _records(given: Any) -> Iterable[Mapping[Any, Any]]:
    return list(given.to_dict("records")) if isinstance(given, pd.DataFrame) else list(given)


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown, its cells as they print; the index is left out."""
    lines = [f"| {' | '.join(map(str, table.columns))} |", "|" + "---|" * len(table.columns)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
