"""Result of a run of EVs as ants, from what an engine hands over."""

from typing import Any

import numpy as np
import pandas as pd

from runs.homes.feeder_flows import solve_network
from runs.homes.judging import EnergyBooks
from runs.homes.nodes import nodes_table
from runs.homes.outcome import HomesOutcome
from runs.homes.part import Homes
from runs.homes.summary import summary_of
from runs.homes.tables import tables_of


def result_of(world: Homes, outcome: HomesOutcome) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Return summary and tables of a run.

    Parameters
    ----------
    world
        What was there before anyone decided.
    outcome
        What the engine handed over.

    Raises
    ------
    FaultyInputError
        If there is a feeder, and its power flow diverges.
    """
    network = solve_network(world, outcome.schedules)
    books = EnergyBooks.of(world.fleet, world.rows, outcome.schedules, world.horizon.slot_h)
    summary = summary_of(world, outcome, network, books)
    return summary, tables_of(world, outcome, network, books)


def nodes_of(world: Homes, outcome: HomesOutcome) -> pd.DataFrame:
    """Return the table of nodes alone; the parameters are those of `result_of`."""
    books = EnergyBooks.of(world.fleet, world.rows, outcome.schedules, world.horizon.slot_h)
    ev_kw, free_kw = (
        np.stack([schedule.load_kw() for schedule in schedules])
        for schedules in (outcome.schedules, world.free_charging.schedules)
    )
    return nodes_table(world, outcome, books, ev_kw, free_kw)
