"""Result of charging stations, from what their run came to."""

import pandas as pd

from runs.result import Result
from runs.stations.engine import StationsOutcome
from runs.stations.part import StationPark
from runs.stations.summary import summary_of
from runs.stations.tables import loads_of, nodes_table, tables_of


def result_of(park: StationPark, outcome: StationsOutcome) -> Result:
    """Return the result of a run: its summary and its tables.

    Parameters
    ----------
    park
        What was there before anyone decided.
    outcome
        What the run came to.
    """
    return Result(park.scenario, summary_of(park, outcome), tables_of(park, outcome))


def nodes_of(park: StationPark, outcome: StationsOutcome) -> pd.DataFrame:
    """Return the table of nodes alone; the parameters are those of `result_of`."""
    return nodes_table(park, outcome, loads_of(park, outcome))
