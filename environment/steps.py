"""A quantity over time read from a CSV file: each row holds from its time to the next row's, means are kept on any slots."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from environment.csv_table import CsvTable
from environment.faults import Fault, FaultyInputError, raise_if_any
from environment.horizon import Horizon

TIME_COLUMNS = ("hour", "slot", "time")


def read_steps(
    path: Path, horizon: Horizon, quantity: str = "load_kw", least: float = 0.0, unit: str = "kW"
) -> NDArray[np.float64]:
    """Read a file of loads, prices or numbers and bring it onto the horizon's slots.

    Parameters
    ----------
    path
        CSV with a column for the quantity and one of ``hour`` (hours that pass from the horizon's start on, whatever its
        clock does), ``slot`` (slot number from 0) or ``time`` (ISO 8601). A row holds until the next one; the last holds as long as the one before it.
    horizon
        The slots.
    quantity
        Name of its column.
    least
        Least value that it may have.
    unit
        Of that value, for the faults.

    Returns
    -------
    ndarray
        Mean of each slot, shape ``(n_slots,)``; its sum over time is that of the file over the horizon.

    Raises
    ------
    FaultyInputError
        With every fault: unreadable cells, values below the least, times out of order, a span short of the horizon.
    """
    table = CsvTable(path, [quantity], either=[(name,) for name in TIME_COLUMNS])
    (column,) = table.given
    if column == "time":
        start_h = horizon.hours_from_start(table.times(["time"], horizon)[0])
    else:
        start_h = table.numbers(column) * (horizon.slot_h if column == "slot" else 1.0)
    values = table.numbers(quantity)
    table.require(quantity, values < least, f"at least {least:g} {unit}")
    table.require(column, np.diff(start_h, prepend=-np.inf) <= 0, "a time after that of the row above")
    if len(table) < 2:
        table.faults.append(Fault(table.file, None, "file", f"{len(table)} row", "at least two rows"))
    raise_if_any(table.faults)
    edges_h = np.append(start_h, 2 * start_h[-1] - start_h[-2])
    if edges_h[0] > 1e-9 or edges_h[-1] < horizon.hours - 1e-9:
        dates = horizon.span_text(float(edges_h[0]), float(edges_h[-1]))
        span = f"a span from {edges_h[0]:g} h to {edges_h[-1]:g} h after the horizon's start, {dates}"
        wanted = f"a span of 0 h to {horizon.hours:g} h or more, {horizon.span_text(0, horizon.hours)} (horizon.start)"
        raise FaultyInputError([Fault(table.file, None, column, span, wanted)])
    return on_slots(edges_h, values, horizon)


def on_slots(edges_h: NDArray[np.float64], values: NDArray[np.float64], horizon: Horizon) -> NDArray[np.float64]:
    """Average a piecewise constant quantity over the horizon's slots.

    Parameters
    ----------
    edges_h
        Boundaries of the pieces in hours from the start, ascending, shape ``(n + 1,)``; they span the horizon.
    values
        Value of each piece, shape ``(n,)``.

    Returns
    -------
    ndarray
        Mean of each slot, shape ``(n_slots,)``.
    """
    area = np.concatenate([[0.0], np.cumsum(values * np.diff(edges_h))])
    at_edges: NDArray[np.float64] = np.interp(horizon.edges_h, edges_h, area)
    return np.diff(at_edges) / horizon.slot_h
