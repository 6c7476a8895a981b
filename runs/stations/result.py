"""Result of charging stations, from what their run came to."""

from typing import Any

import pandas as pd

from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark
from runs.stations.summary import summary_of
from runs.stations.tables import loads_of, nodes_table, tables_of


def result_of(park: StationPark, outcome: StationsOutcome) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return summary and tables of a run.

    Parameters
    ----------
    park
        What was there before anyone decided.
    outcome
        What the run came to.
    """
    return summary_of(park, outcome), tables_of(park, outcome)


def nodes_of(park: StationPark, outcome: StationsOutcome) -> pd.DataFrame:
    """Return the table of nodes alone; the parameters are those of `result_of`."""
    return nodes_table(park, outcome, loads_of(park, outcome))
