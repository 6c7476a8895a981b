"""Result of a fleet that gives back, from what its run came to."""

from typing import Any

import pandas as pd

from runs.v2g.feeder import network_of
from runs.v2g.outcome import V2GOutcome
from runs.v2g.part import V2G
from runs.v2g.summary import summary_of
from runs.v2g.tables import loads_of, nodes_table, tables_of


def result_of(v2g: V2G, outcome: V2GOutcome) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return summary and tables of a run.

    Parameters
    ----------
    v2g
        What was there before anyone decided.
    outcome
        What the run came to.

    Raises
    ------
    FaultyInputError
        If there is a feeder, and its power flow diverges.
    """
    network = network_of(v2g, outcome)
    return summary_of(v2g, outcome, network), tables_of(v2g, outcome, network)


def nodes_of(v2g: V2G, outcome: V2GOutcome) -> pd.DataFrame:
    """Return the table of nodes alone; the parameters are those of `result_of`."""
    return nodes_table(v2g, outcome, loads_of(v2g, outcome))
