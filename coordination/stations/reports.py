"""What stations report, are ordered, and come to, as columns: a row is what a message between agents says of one station."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from environment.station_messages import Order, StationReport


class Reports(NamedTuple):
    """What stations report at a slot's beginning, columns of shape ``(k,)``; each is that of `StationReport`."""

    plugged: NDArray[np.int64]
    queued: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    queued_kwh: NDArray[np.float64]
    lent_kw: NDArray[np.float64]
    charge_kw: NDArray[np.float64]
    discharge_kw: NDArray[np.float64]

    @classmethod
    def of(cls, messages: Sequence[StationReport]) -> Self:
        """Return the columns of stations' messages."""
        return cls(*(np.array([getattr(message, name) for message in messages]) for name in cls._fields))

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the rows."""
        columns: Iterator[NDArray[Any]] = (column[rows] for column in self)
        return type(self)(*columns)

    def messages(self) -> list[StationReport]:
        """Return what each station reports as the message that says it."""
        return [StationReport(*row) for row in zip(*(column.tolist() for column in self), strict=True)]


class Orders(NamedTuple):
    """What stations are ordered to do in a slot, columns of shape ``(k,)``; each is that of `Order`."""

    voltage_v: NDArray[np.float64]
    time_h: NDArray[np.float64]
    capacity_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]

    @classmethod
    def of(cls, messages: Sequence[Order]) -> Self:
        """Return the columns of stations' messages."""
        return cls(*(np.array([getattr(message, name) for message in messages]) for name in cls._fields))

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some of the rows."""
        return type(self)(*(column[rows] for column in self))

    def messages(self) -> list[Order]:
        """Return what each station is ordered to do as the message that says it."""
        return [Order(*row) for row in zip(*(column.tolist() for column in self), strict=True)]


class Standing(NamedTuple):
    """How stations stand, columns of shape ``(k,)``; they are those of `Yard`, and the state of charge of their storage."""

    plugged: NDArray[np.int64]
    wanted_kwh: NDArray[np.float64]
    granted_kw: NDArray[np.float64]
    power_kw: NDArray[np.float64]
    storage_kw: NDArray[np.float64]
    cut_kw: NDArray[np.float64]
    storage_soc: NDArray[np.float64]
