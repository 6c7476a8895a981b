"""Result of a run of EVs as ants, from what an engine hands over."""

from typing import Any

import numpy as np
import pandas as pd

from runs.homes.feeder import network_of
from runs.homes.judging import EnergyBooks
from runs.homes.nodes import nodes_table
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.homes.summary import summary_of
from runs.homes.tables import tables_of


def result_of(homes: Homes, outcome: HomesOutcome) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return summary and tables of a run.

    Parameters
    ----------
    homes
        What was there before anyone decided.
    outcome
        What the engine handed over.

    Raises
    ------
    FaultyInputError
        If there is a feeder, and its power flow diverges.
    """
    network = network_of(homes, outcome.schedules)
    books = EnergyBooks.of(homes.fleet, homes.rows, outcome.schedules, homes.horizon.slot_h)
    summary = summary_of(homes, outcome, network, books)
    return summary, tables_of(homes, outcome, network, books)


def nodes_of(homes: Homes, outcome: HomesOutcome) -> pd.DataFrame:
    """Return the table of nodes alone; the parameters are those of `result_of`."""
    books = EnergyBooks.of(homes.fleet, homes.rows, outcome.schedules, homes.horizon.slot_h)
    ev_kw, free_kw = (
        np.stack([schedule.load_kw() for schedule in schedules])
        for schedules in (outcome.schedules, homes.free_charging.schedules)
    )
    return nodes_table(homes, outcome, books, ev_kw, free_kw)
