"""Tables in Markdown."""

import pandas as pd


def markdown(table: pd.DataFrame) -> str:
    """Return a table as Markdown, its cells as they print; the index is left out."""
    lines = [f"| {' | '.join(map(str, table.columns))} |", "|" + "---|" * len(table.columns)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in table.itertuples(index=False)]
    return "\n".join(lines)
