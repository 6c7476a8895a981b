"""Figures that README and guide quote, each written from the run that it tells of, so that none is typed by hand.

A page marks what it quotes by comments that no reader sees. ``<!--CASE:FIGURE:FORMAT-->0.937<!---->`` is a figure of the summary of
a case, by its dotted name and Python's format; ``<!--TABLE-->`` and ``<!--/TABLE-->`` stand before and after a table. Cases and tables
stand in ``docs/quoted.toml``. ``python -m tests.support.quoted`` writes the pages anew.
"""

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from runs.scenario import Scenario
from runs.simulate import summarize

TREE: Final = Path(__file__).resolve().parents[2]
PAGES: Final = ("README.md", "docs/guide.md")
FIGURE: Final = re.compile(r"(<!--(?P<case>\w+):(?P<name>[\w.]+):(?P<format>[^>]*?)-->).*?(<!---->)", re.DOTALL)
TABLE: Final = re.compile(r"(<!--(?P<table>\w+)-->\n).*?(<!--/(?P=table)-->)", re.DOTALL)


@dataclass(frozen=True)
class Quotes:
    """What pages may quote; every run is carried out once, when it is first asked for.

    Parameters
    ----------
    cases
        Scenario file and overrides of each case, by name.
    tables
        Rows, columns and format of each table, by name.
    """

    cases: dict[str, dict[str, Any]]
    tables: dict[str, dict[str, Any]]
    _summaries: dict[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls) -> "Quotes":
        """Read the project's own."""
        content = tomllib.loads((TREE / "docs" / "quoted.toml").read_text(encoding="utf-8"))
        return cls(content["cases"], content["tables"])

    def written(self, page: str) -> str:
        """Return a page with all that it quotes written anew."""
        page = FIGURE.sub(lambda found: found[1] + self.figure(found) + found[5], page)
        return TABLE.sub(lambda found: found[1] + self.table(found["table"]) + found[3], page)

    def figure(self, mark: "re.Match[str]") -> str:
        """Return the text of one figure."""
        value: Any = self.summary(self.cases[mark["case"]])
        for name in mark["name"].split("."):
            value = value[name]
        return shown(value, mark["format"])

    def table(self, name: str) -> str:
        """Return a table as Markdown: the mean of a figure over seeds, and its range, for every row and column."""
        asked = self.tables[name]
        lines = ["| | " + " | ".join(asked["columns"]) + " |", "|---" * (1 + len(asked["columns"])) + "|"]
        for title, row in asked["rows"].items():
            cells = (self._cell(asked, row, column) for column in asked["columns"].values())
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    def _cell(self, asked: dict[str, Any], row: dict[str, Any], column: dict[str, Any]) -> str:
        case = {**row, "set": [*row.get("set", []), *column.get("set", [])]}
        if "batch_part" in column:
            vehicles = self.summary(case)["vehicles"]
            case["set"].append(f"coordination.batch_size={max(round(column['batch_part'] * vehicles), 1)}")
        seeds = range(1, 1 + row.get("seeds", asked["seeds"]))
        figures = [self.summary({**case, "set": [*case["set"], f"run.seed={seed}"]})[asked["figure"]] for seed in seeds]
        mean, low, high = (shown(value, asked["format"]) for value in (np.mean(figures), min(figures), max(figures)))
        return mean if len(seeds) == 1 else f"{mean} ({low} to {high})"

    def summary(self, case: dict[str, Any]) -> dict[str, Any]:
        """Return the summary of a case's run."""
        overrides = tuple(case.get("set", ()))
        key = (case.get("scenario", ""), *overrides)
        if key not in self._summaries:
            path = TREE / case["scenario"] if "scenario" in case else None
            scenario = Scenario.read(path, overrides)
            self._summaries[key] = summarize(scenario)
        return self._summaries[key]


def shown(value: Any, spec: str) -> str:
    """Return a value by a format of Python's, with a blank before a percent sign."""
    return format(value, spec).replace("%", " %")


def quoted(page: str) -> list[str]:
    """Return the names of all cases and tables that a page quotes."""
    return [found["case"] for found in FIGURE.finditer(page)] + [found["table"] for found in TABLE.finditer(page)]


def rewrite(pages: Iterable[str] = PAGES, tell: Callable[[str], object] = print) -> None:
    """Write pages anew, and tell which changed."""
    quotes = Quotes.read()
    for name in pages:
        path = TREE / name
        before = path.read_text(encoding="utf-8")
        after = quotes.written(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            tell(f"{name} is written anew")


if __name__ == "__main__":
    rewrite()
