"""A load read from a CSV file: each row holds from its time to the next row's, energy is conserved on any slots."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from environment.csv_table import CsvTable
from environment.faults import Fault, FaultyInputError, raise_if_any
from environment.horizon import Horizon

TIME_COLUMNS = ("hour", "slot", "time")


def read_steps(path: Path, horizon: Horizon) -> NDArray[np.float64]:
    """Read a load file and bring it onto the horizon's slots.

    Parameters
    ----------
    path
        CSV with a column ``load_kw`` and one of ``hour`` (hours from the horizon's start), ``slot`` (slot number from
        0) or ``time`` (ISO 8601). A row holds until the next one; the last holds as long as the one before it.
    horizon
        The slots.

    Returns
    -------
    ndarray
        Mean load of each slot [kW], shape ``(n_slots,)``; its energy is that of the file over the horizon.

    Raises
    ------
    FaultyInputError
        With every fault: unreadable cells, negative loads, times out of order, a span short of the horizon.
    """
    table = CsvTable(path, ["load_kw"], TIME_COLUMNS)
    given = [name for name in TIME_COLUMNS if name in table]
    if len(given) != 1:
        found = ", ".join(given) or "none"
        raise FaultyInputError([Fault(table.file, 1, "time column", found, f"one of {', '.join(TIME_COLUMNS)}")])
    column = given[0]
    if column == "time":
        start_h = horizon.hours_from_start(table.times(["time"], horizon)[0])
    else:
        start_h = table.numbers(column) * (horizon.slot_h if column == "slot" else 1.0)
    load_kw = table.numbers("load_kw")
    table.require("load_kw", load_kw < 0, "a load of at least 0 kW")
    table.require(column, np.diff(start_h, prepend=-np.inf) <= 0, "a time after that of the row above")
    if len(table) < 2:
        table.faults.append(Fault(table.file, None, "file", f"{len(table)} row", "at least two rows"))
    raise_if_any(table.faults)
    edges_h = np.append(start_h, 2 * start_h[-1] - start_h[-2])
    if edges_h[0] > 1e-9 or edges_h[-1] < horizon.hours - 1e-9:
        span = f"a span from {edges_h[0]:g} h to {edges_h[-1]:g} h after the horizon's start ({horizon.start:%Y-%m-%d %H:%M})"
        raise FaultyInputError([Fault(table.file, None, column, span, f"a span of 0 h to {horizon.hours:g} h or more")])
    return on_slots(edges_h, load_kw, horizon)


def on_slots(edges_h: NDArray[np.float64], load_kw: NDArray[np.float64], horizon: Horizon) -> NDArray[np.float64]:
    """Average a piecewise constant load over the horizon's slots.

    Parameters
    ----------
    edges_h
        Boundaries of the pieces in hours from the start, ascending, shape ``(n + 1,)``; they span the horizon.
    load_kw
        Load of each piece [kW], shape ``(n,)``.

    Returns
    -------
    ndarray
        Mean load of each slot [kW], shape ``(n_slots,)``.
    """
    energy_kwh = np.concatenate([[0.0], np.cumsum(load_kw * np.diff(edges_h))])
    at_edges_kwh: NDArray[np.float64] = np.interp(horizon.edges_h, edges_h, energy_kwh)
    return np.diff(at_edges_kwh) / horizon.slot_h
