"""A quantity over time read from a CSV file: each row holds from its time to the next row's, means are kept on any slots."""

from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from environment.csv_table import CsvTable
from environment.horizon import Horizon
from environment.input_faults import Fault, FaultyInputError, raise_if_any

TIME_COLUMNS = ("hour", "slot", "time")

type Fill = Literal["hold", "interpolate"]
"""What stands in for steps that a file lacks: the row before them, or a straight line to the row after them."""

HOLE: Final = 1.5
"""A step longer than so many usual ones is a hole."""


def read_steps(
    path: Path,
    horizon: Horizon,
    quantity: str = "load_kw",
    least: float = -np.inf,
    unit: str = "kW",
    *,
    fill: Fill | None = None,
    told: list[str] | None = None,
) -> NDArray[np.float64]:
    """Read a file of loads, prices or numbers and bring it onto the horizon's slots.

    Parameters
    ----------
    path
        CSV with a column for the quantity and one of ``hour`` (hours that pass from the horizon's start on, whatever its
        clock does), ``slot`` (slot number from 0) or ``time`` (ISO 8601). A row holds until the next one; the last holds as long as the one before it. A row that
        holds longer than one and a half usual (median) steps has steps missing after it.
    horizon
        The slots.
    quantity
        Name of its column.
    least
        Least value that it may have; none: it may be negative, as a load of which the sun feeds in more than is drawn.
    unit
        Of that value, for the faults.
    fill
        What stands in for missing steps; none: they are faults.
    told
        Receives a sentence on what was filled; none: of a reader without the key.

    Returns
    -------
    ndarray
        Mean of each slot, shape ``(n_slots,)``; its sum over time is that of the file over the horizon.

    Raises
    ------
    FaultyInputError
        With every fault: unreadable cells, values below the least, times out of order, missing steps, a span short of the horizon.
    """
    table = CsvTable(path, [quantity], either=[(name,) for name in TIME_COLUMNS])
    return _on_slots_of(table, [quantity], horizon, least, unit, fill, told)[quantity]


def read_all_steps(
    path: Path, horizon: Horizon, *, fill: Fill | None = None, told: list[str] | None = None
) -> dict[str, NDArray[np.float64]]:
    """Read every column but that of the hour, slot or time, as `read_steps` reads one, and return them by their headers.

    Parameters
    ----------
    path, horizon, fill, told
        See `read_steps`; what is missing is filled, and told, for all columns alike.

    Returns
    -------
    dict
        Mean of each slot, shape ``(n_slots,)``, by column.

    Raises
    ------
    FaultyInputError
        With every fault of every column.
    """
    table = CsvTable(path, [], either=[(name,) for name in TIME_COLUMNS], ignore_others=True)
    names = [name for name in table.columns if name not in TIME_COLUMNS]
    if not names:
        expected = "a column for each quantity beside it"
        raise_if_any([*table.faults, Fault(table.file, 1, "header", ",".join(table.columns), expected)])
    return _on_slots_of(table, names, horizon, -np.inf, "kW", fill, told)


def _on_slots_of(
    table: CsvTable,
    names: list[str],
    horizon: Horizon,
    least: float,
    unit: str,
    fill: Fill | None,
    told: list[str] | None,
) -> dict[str, NDArray[np.float64]]:
    """Return columns of a table on the horizon's slots; see `read_steps`."""
    (column,) = table.given
    if column == "time":
        start_h = horizon.hours_from_start(table.times(["time"], horizon)[0])
    else:
        start_h = table.numbers(column) * (horizon.slot_h if column == "slot" else 1.0)
    values = {name: table.numbers(name) for name in names}
    for name in names:
        table.require(name, values[name] < least, f"at least {least:g} {unit}")
    table.require(column, np.diff(start_h, prepend=-np.inf) <= 0, "a time after that of the row above")
    if len(table) < 2:
        table.faults.append(Fault(table.file, None, "file", f"{len(table)} row", "at least two rows"))
    raise_if_any(table.faults)
    edges_h = np.append(start_h, 2 * start_h[-1] - start_h[-2])
    if edges_h[0] > 1e-9 or edges_h[-1] < horizon.hours - 1e-9:
        dates = horizon.span_text(float(edges_h[0]), float(edges_h[-1]))
        span = f"a span from {edges_h[0]:g} h to {edges_h[-1]:g} h after the horizon's start, {dates}"
        wanted = f"a span of 0 h to {horizon.hours:g} h or more, {horizon.span_text(0, horizon.hours)} (horizon.start)"
        row = table.lines[0 if edges_h[0] > 1e-9 else -1]
        raise FaultyInputError([Fault(table.file, row, column, span, wanted)])
    missing = _missing(edges_h, horizon)
    holes = np.flatnonzero(missing).tolist()
    after = [
        f"{missing[i]} {'step' if missing[i] == 1 else 'steps'} missing after {table.texts(column)[i]}" for i in holes
    ]
    if holes and fill is None:
        usual_h = f"{_usual_h(edges_h):g} h"
        key = "" if told is None else ', or a key fill = "hold" or "interpolate" beside the path'
        expected = f"a row every {usual_h}, as elsewhere{key}"
        raise FaultyInputError([
            Fault(table.file, table.lines[i], column, text, expected) for i, text in zip(holes, after, strict=True)
        ])  # fmt: skip
    if holes and told is not None:
        others = f" and {len(holes) - 1} more {'hole' if len(holes) == 2 else 'holes'}" if len(holes) > 1 else ""
        how = "held over from the row before" if fill == "hold" else "interpolated"
        told.append(f"{table.file}: {after[0]}{others}, {how}")
    if fill == "interpolate":
        between = [edges_h[i] + _usual_h(edges_h) * np.arange(1, missing[i] + 1) for i in holes]
        begin_h = np.sort(np.concatenate([edges_h[:-1], *between]))
        values = {name: np.interp(begin_h, edges_h[:-1], column_values) for name, column_values in values.items()}
        edges_h = np.append(begin_h, edges_h[-1])
    return {name: on_slots(edges_h, column_values, horizon) for name, column_values in values.items()}


def _usual_h(edges_h: NDArray[np.float64]) -> float:
    """Return the median step of a file, without the last row's own, which is a guess [h]."""
    return float(np.quantile(np.diff(edges_h[:-1]), 0.5, method="lower"))


def _missing(edges_h: NDArray[np.float64], horizon: Horizon) -> NDArray[np.int64]:
    """Return how many steps of the horizon are missing after each row, shape ``(n,)``."""
    start_h, usual_h = edges_h[:-1], _usual_h(edges_h)
    step_h = np.minimum(edges_h[1:], np.maximum(horizon.hours, start_h + usual_h)) - start_h
    holes = (edges_h[1:] > 0) & (start_h < horizon.hours) & (step_h > HOLE * usual_h)
    return np.where(holes, np.round(step_h / usual_h) - 1, 0).astype(np.int64)


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
