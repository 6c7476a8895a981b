"""Tables that fit the terminal: where columns find no room beside each other they continue below, and no number is ever cut."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from rich import box
from rich.table import Table
from rich.text import Text

from runs.terminal import out

LABEL_WIDTH: Final = 18
"""Texts are not wrapped to less than this, nor within a word."""


class Column(NamedTuple):
    """One column of a table.

    Parameters
    ----------
    head
        What stands above it; may be wrapped between words.
    cells
        A cell for each row, in Rich's markup.
    is_text
        Whether the cells are texts, which may be wrapped, or numbers, which stay whole.
    """

    head: str
    cells: Sequence[str]
    is_text: bool = False

    @property
    def full(self) -> int:
        """Width at which nothing is wrapped [characters]."""
        return max(map(_width, (*self.head.splitlines(), *self.cells)), default=0)

    @property
    def least(self) -> int:
        """Least width [characters]."""
        if not self.is_text:
            return max(map(_width, (*self.head.split(), *self.cells)), default=0)
        words = (word for text in (self.head, *self.cells) for word in text.split())
        return max([min(LABEL_WIDTH, self.full), *map(_width, words)])


def print_table(
    title: str, lead: Sequence[Column], columns: Sequence[Column], *, ends: Collection[int] = (), tight: bool = False
) -> None:
    """Print a table, in as many parts below each other as the terminal's width asks for.

    Parameters
    ----------
    title
        What stands above the table, as plain text.
    lead
        Columns that name the rows: the first of every part.
    columns
        The others.
    ends
        Rows below which a line is drawn.
    tight
        Whether to save room: no lines between columns.
    """
    if title:
        out.print(Text(title), style="italic")
    for number, part in enumerate(_parts(lead, columns, tight=tight)):
        shown = [*lead, *part]
        taken = _taken(shown, tight=tight)
        spare = max(0, out.width - taken)
        table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False) if tight else Table()
        table.width = taken if taken > out.width else None
        for column in shown:
            width = min(column.full, column.least + spare)
            spare -= width - column.least
            table.add_column(column.head, justify="left" if column.is_text else "right", width=width)
        for row, cells in enumerate(zip(*(column.cells for column in shown), strict=True)):
            table.add_row(*cells, end_section=row in ends)
        if tight and number:
            out.print()
        out.print(table, crop=False)


def fit_together(lead: Sequence[Column], columns: Sequence[Column]) -> bool:
    """Whether there is room for a lead with each of some columns beside it."""
    return all(_taken([*lead, column], tight=False) <= out.width for column in columns)


def _parts(lead: Sequence[Column], columns: Sequence[Column], *, tight: bool) -> list[Sequence[Column]]:
    """Return the columns of each part: as many as there is room for beside the lead, but at least one; equally many if all fit."""
    parts: list[Sequence[Column]] = [columns[:1]]
    for column in columns[1:]:
        if _taken([*lead, *parts[-1], column], tight=tight) <= out.width:
            parts[-1] = [*parts[-1], column]
        else:
            parts.append([column])
    each = -(-len(columns) // len(parts))
    equal = [columns[k : k + each] for k in range(0, len(columns), each)]
    return equal if all(_taken([*lead, *part], tight=tight) <= out.width for part in equal) else parts


def _taken(columns: Sequence[Column], *, tight: bool) -> int:
    """Return how wide these columns are together at the least, lines between them included [characters]."""
    between = len(columns) - 1 if tight else 3 * len(columns) + 1
    return between + sum(column.least for column in columns)


def _width(text: str) -> int:
    return Text.from_markup(text).cell_len
