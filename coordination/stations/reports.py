"""What stations report, are ordered, plan and come to, as columns: a row is what a message between agents says of one station."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from environment.messages import Message
from environment.station_messages import Order, Plan, Served, StationReport


class Reports(NamedTuple):
    """What stations report at a slot's beginning, columns of shape ``(k,)``; each is that of `StationReport`."""

    plugged: NDArray[np.int64]
    queued: NDArray[np.int64]
    shifted: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    queued_kwh: NDArray[np.float64]
    lent_kw: NDArray[np.float64]
    charge_kw: NDArray[np.float64]
    discharge_kw: NDArray[np.float64]

    @classmethod
    def of(cls, messages: Sequence[StationReport | None]) -> Self:
        """Return the columns of stations' messages; who said nothing has nobody and nothing."""
        nothing = StationReport(0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
        return cls(*_columns(cls._fields, [message or nothing for message in messages]))

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the rows."""
        return type(self)(*_taken(self, rows))

    def messages(self) -> list[StationReport]:
        """Return what each station reports as the message that says it."""
        return [StationReport(*row) for row in _rows(self)]


class Orders(NamedTuple):
    """What stations are ordered to do in a slot, columns of shape ``(k,)``; each is that of `Order`."""

    voltage_v: NDArray[np.float64]
    time_h: NDArray[np.float64]
    capacity_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]

    @classmethod
    def of(cls, messages: Sequence[Order]) -> Self:
        """Return the columns of stations' messages."""
        return cls(*_columns(cls._fields, messages))

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the rows."""
        return type(self)(*_taken(self, rows))

    def messages(self) -> list[Order]:
        """Return what each station is ordered to do as the message that says it."""
        return [Order(*row) for row in _rows(self)]


class Plans(NamedTuple):
    """What stations plan to draw on their orders, columns of shape ``(k,)``; each is that of `Plan`."""

    power_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]

    @classmethod
    def of(cls, messages: Sequence[Plan | None]) -> Self:
        """Return the columns of stations' messages; who said nothing draws nothing before it hears a release."""
        return cls(*_columns(cls._fields, [message or Plan(0.0, 0.0) for message in messages]))

    def messages(self) -> list[Plan]:
        """Return what each station plans as the message that says it."""
        return [Plan(*row) for row in _rows(self)]


class Standing(NamedTuple):
    """How stations stand at a slot's end, columns of shape ``(k,)``; each is that of `Served`."""

    plugged: NDArray[np.int64]
    served_kwh: NDArray[np.float64]
    wanted_kwh: NDArray[np.float64]
    granted_kw: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]
    cut_kw: NDArray[np.float64]
    storage_soc: NDArray[np.float64]

    @classmethod
    def of(cls, messages: Sequence[Served | None]) -> Self:
        """Return the columns of stations' messages; NaN, or nobody, of those of whom nothing was heard."""
        nothing = Served(0, *[np.nan] * 7)
        return cls(*_columns(cls._fields, [message or nothing for message in messages]))

    def messages(self) -> list[Served]:
        """Return how each station stands as the message that says it."""
        return [Served(*row) for row in _rows(self)]


def _columns(names: Sequence[str], messages: Sequence[Message]) -> list[NDArray[Any]]:
    return [np.array([getattr(message, name) for message in messages]) for name in names]


def _rows(columns: Sequence[NDArray[Any]]) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.tolist() for column in columns), strict=True)


def _taken(columns: Sequence[NDArray[Any]], rows: NDArray[np.int64]) -> list[NDArray[Any]]:
    return [column[rows] for column in columns]


class Followed(NamedTuple):
    """What a region's stations plan on their orders.

    Parameters
    ----------
    passed_kw
        Power that they passed on among them.
    plans
        Powers that they plan, columns of shape ``(k,)``.
    are_heard
        Whether a plan came from each station, shape ``(k,)``.
    """

    passed_kw: float
    plans: Plans
    are_heard: NDArray[np.bool_]
