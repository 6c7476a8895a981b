"""Tables in Markdown."""

from collections.abc import Iterable

import pandas as pd

from runs.studies.claim import Claim


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown, its cells as they print; the index is left out."""
    lines = [f"| {' | '.join(map(str, table.columns))} |", "|" + "---|" * len(table.columns)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in table.itertuples(index=False)]
    return "\n".join(lines)


def claims_table(held: Iterable[Claim]) -> str:
    """Return claims as Markdown; what is not found stands out."""
    rows = [
        (each.number, each.text, each.outcome if each.outcome == "found" else f"**{each.outcome}**", each.evidence)
        for each in held
    ]
    return markdown(pd.DataFrame(rows, columns=["claim", "the paper says", "here", "numbers"]))
