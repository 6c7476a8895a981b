"""Tables of what a run's channel carried: books of the messages, and each message where a log was asked for."""

import pandas as pd

from environment.channel import BOOK_COLUMNS, LOG_COLUMNS, Channel
from runs.tables.schema import table_of


def channel_tables(channel: Channel, held: frozenset[str]) -> dict[str, pd.DataFrame]:
    """Return the tables ``messages`` and, in a run with one, ``log``.

    Parameters
    ----------
    channel
        Channel that carried the run's messages.
    held
        What the run holds; see `runs.tables.schema.held_by`.
    """
    tables = {"messages": table_of("messages", pd.DataFrame(channel.books, columns=list(BOOK_COLUMNS)), held)}
    if "log" in held:
        tables["log"] = table_of("log", pd.DataFrame(channel.log or [], columns=list(LOG_COLUMNS)), held)
    return tables
