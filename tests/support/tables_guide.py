"""The lists of tables in the guide, and the page of their columns, as the schema says them.

``python -m tests.support.tables_guide`` rewrites both.
"""

import re
from pathlib import Path
from typing import Final

from runs.tables.schema import TABLES, TIME, Table, names_of

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
GUIDE, PAGE = DOCS / "guide.md", DOCS / "tables.md"
LIST: Final = re.compile(r"(<!--tables ([a-z0-9 ]+)-->\n).*?(<!--/tables-->)", flags=re.DOTALL)
"""A list of the tables of a run that holds these words of the schema."""
TYPES: Final = {"count": "int, may be missing", TIME: "clock time"}
WORDS: Final = {
    "homes": "EVs at home",
    "v2g": "a fleet that gives back",
    "stations": "charging stations",
    "feeder": "a feeder",
    "log": "`channel.log = true`",
}
HEAD: Final = """# Tables of a run

Each table that a run writes, with its columns in order; made from the schema (`runs/tables/schema.py`), which also holds what is written
and read back. `Result.load("DIR").slots` is a table, of Parquet or CSV. What does not exist is missing (NaN, an empty cell).
"""


def with_lists(text: str) -> str:
    """Return the guide with its lists as the schema says them."""
    return LIST.sub(lambda found: found[1] + _list(frozenset(found[2].split())) + found[3], text)


def _list(held: frozenset[str]) -> str:
    rows = [f"| `{name}` | {TABLES[name].description} |\n" for name in names_of(held)]
    return "| table | content |\n|---|---|\n" + "".join(rows)


def page() -> str:
    """Return the page of all columns."""
    return HEAD + "".join(map(_section, TABLES.values()))


def _section(table: Table) -> str:
    runs = ", ".join(WORDS[word] for word in table.runs)
    rows = "".join(
        f"| `{column.name}` | {TYPES.get(column.type, column.type)} | {column.unit} | {column.description}{_only(column.runs)} |\n"
        for column in table.columns
    )
    head = "| column | type | unit | content |\n|---|---|---|---|\n"
    return f"\n## {table.name}\n\n{table.description}. Of runs with {runs}.\n\n{head}{rows}"


def _only(runs: tuple[str, ...]) -> str:
    return f"; of runs with {', '.join(WORDS[word] for word in runs)} only" if runs else ""


def main() -> None:
    """Rewrite guide and page."""
    GUIDE.write_text(with_lists(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
