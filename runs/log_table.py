"""The log of a channel as a table: a row a message."""

from typing import Any

import pandas as pd

from environment.channel import LOG_COLUMNS

LOG_DTYPES = {
    **dict.fromkeys(LOG_COLUMNS, "str"),
    **dict.fromkeys(("sent_h", "arrives_h"), "float64"),
    **dict.fromkeys(("receivers", "bytes", "lost", "late"), "int64"),
}


def log_table(rows: list[tuple[Any, ...]] | None) -> pd.DataFrame:
    """Return a channel's log as a table; None: an empty one."""
    return pd.DataFrame(rows or [], columns=list(LOG_COLUMNS)).astype(LOG_DTYPES)
