"""Fleets from files with dates: where their stays lie on the horizon, and stays folded onto its days."""

from abc import abstractmethod
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from environment.files import extent_of
from environment.fleets.fleet import Fleet
from environment.horizon import HOURS_PER_DAY, Horizon
from environment.input_faults import Fault, FaultyInputError
from environment.settings import Settings
from environment.stays import TOLERANCE_H

if TYPE_CHECKING:
    import pandas as pd

WEEK_H = 7 * HOURS_PER_DAY


class DatedFleet(Settings):
    """What sources of fleets whose files know dates have in common."""

    path: Path
    """The file; relative to the scenario that names it, in `--set` to the working folder."""

    fold: Literal["none", "weekday", "day"] = "none"
    """What becomes of dates. "none": stays are where their dates put them. "weekday": each keeps its weekday, its time of day
    and its length, and comes on a day of the horizon; weekdays that the horizon lacks are left out. "day": the file's days count
    modulo the horizon's."""

    share: float = Field(default=1.0, gt=0, le=1)
    """Part of the file's EVs that is taken: so many of them, rounded and at least one, are drawn, each with all its stays. With one
    seed the EVs of a smaller share are among those of a larger one."""

    @property
    def file(self) -> str:
        """Name of the file, for faults."""
        return self.path.name

    @abstractmethod
    def first_plug_in(self, horizon: Horizon) -> datetime:
        """Return when the first stay begins, on the wall clock of the horizon's zone.

        Raises
        ------
        FaultyInputError
            If the file has faults, or no dates.
        """

    def stays_at_most(self, horizon: Horizon) -> int:  # noqa: ARG002  (dates are not read yet)
        """Return how many stays the file has at most, whatever its share; it is counted and not read."""
        return extent_of(self.path).marks

    def transformers_named(self, *, beside_feeder: bool = False) -> int:  # noqa: ARG002  (this one names none)
        """Return how many transformers the file names at most; 0: the grid says how many there are.

        Parameters
        ----------
        beside_feeder
            Whether there is a feeder: a column `node` alone may then name its nodes, and does not count.
        """
        return 0

    def share_of(
        self, fleet: Fleet, rng: np.random.Generator, counts: NDArray[np.int64], moved: Fleet | None = None
    ) -> Fleet:
        """Return the share of a fleet's EVs; all of them, and nothing drawn, where it is 1.

        Parameters
        ----------
        fleet
            The file's stays, which say whose each is.
        rng
            Draws an order of all its EVs, of which the first are taken: neither the order of rows nor the horizon changes it.
        counts
            Rows that count, ascending; it is a share of their EVs.
        moved
            The same rows as they are to be returned, where that is not as they stand in the file.
        """
        moved = moved or fleet
        if self.share == 1:
            return moved if counts.size == len(fleet) else moved.take(counts)
        place = fleet.each_vehicle(rng.permutation)[counts]
        places = np.unique(place)
        n = round(self.share * places.size)
        whole = moved.take(counts)
        part = whole.take(np.flatnonzero(place <= places[max(n, 1) - 1]))
        if whole.node is not None and part.node is not None:
            part = replace(part, nodes_without_evs=tuple(np.setdiff1d(whole.node, part.node).tolist()))
        few = f"fleet.share = {self.share:g} of {places.size:,} EVs is none; one is taken"
        return part if n else replace(part, told=(*part.told, few))


class Stays(NamedTuple):
    """Stays as moments on the horizon's clock (`Horizon.parse_times`), shape ``(n_vehicles,)``, in the rows of a fleet."""

    plug_in: "pd.DatetimeIndex"
    plug_out: "pd.DatetimeIndex"


def folded(
    fleet: Fleet,
    stays: Stays,
    horizon: Horizon,
    fold: Literal["none", "weekday", "day"],
    file: str,
    days: tuple[date | None, date | None] = (None, None),
) -> tuple[Fleet, NDArray[np.int64]]:
    """Return a fleet with its stays on days of the horizon, and the rows that have one there, ascending.

    Every stay keeps its time of day and its true length.

    Stays of one EV, which folded may overlap, then count as EVs of their own. Where all dates are the horizon's own, the fleet
    stays as it is.

    Parameters
    ----------
    fleet
        Its stays where their dates put them.
    stays
        The same as moments.
    horizon
        Days are its own: each 24 h of the wall clock from its start on.
    fold
        See `DatedFleet.fold`.
    file
        Name for the fault.
    days
        First and last day that are folded; none: those of the first and the last plug-in.

    Raises
    ------
    FaultyInputError
        If the horizon has none of the stays' weekdays.
    """
    if fold == "none":
        return fleet, np.arange(len(fleet))
    import pandas as pd

    wall = stays.plug_in.tz_localize(None)
    first, last = days[0] or wall.min().date(), days[1] or wall.max().date()
    n_days = int(np.ceil(horizon.hours / HOURS_PER_DAY))
    if fold == "day":
        origin = pd.Timestamp(datetime.combine(first, time())) + pd.Timedelta(hours=horizon.start_clock_h)
        wall_h = _hours(wall - origin) % (HOURS_PER_DAY * n_days)
        rows = np.arange(len(fleet))
    else:
        since_h = _hours(wall - pd.Timestamp(horizon.begin))
        wall_h = since_h % WEEK_H
        weeks = np.ceil((horizon.wall_hours - wall_h) / WEEK_H)
        rows = np.flatnonzero(weeks > 0)
        wall_h += WEEK_H * (since_h // WEEK_H % np.maximum(weeks, 1))
    kept = "weekday and time of day" if fold == "weekday" else "time of day"
    told = f"{(last - first).days + 1} days folded onto {n_days}: stays of {first} .. {last} keep their {kept}, not their date"
    if rows.size < len(fleet):
        told += f"; {len(fleet) - rows.size} of {len(fleet)} are left out, on weekdays that the horizon lacks"
    if not rows.size:
        found = ", ".join(sorted({f"{day:%A}" for day in wall.normalize().unique()}))
        expected = f"those of the horizon, {horizon.span_text(0, horizon.hours)}, for fleet.fold = 'weekday'"
        raise FaultyInputError([Fault(file, None, "weekdays of the stays", found, expected)])
    plug_in_h = horizon.elapsed_h(wall_h)
    if rows.size == len(fleet) and (np.abs(plug_in_h - fleet.plug_in_h) < TOLERANCE_H).all():
        return fleet, rows  # all dates are the horizon's own
    plug_out_h = plug_in_h + _hours(stays.plug_out - stays.plug_in)
    if fleet.stay_number is not None:
        told += "; each stay counts as an EV of its own, for folded stays of one may overlap"
    own = replace(fleet, vehicle=fleet.name, stay_number=None, plug_in_h=plug_in_h, plug_out_h=plug_out_h)
    return replace(own, told=(*fleet.told, told)), rows


def _hours(lengths: "pd.TimedeltaIndex") -> NDArray[np.float64]:
    import pandas as pd

    return np.asarray(lengths / pd.Timedelta(hours=1), dtype=np.float64)


def outside(fleet: Fleet, horizon: Horizon) -> NDArray[np.bool_]:
    """Return which stays lie wholly before the horizon or after it, shape ``(n_vehicles,)``."""
    lie: NDArray[np.bool_] = (fleet.plug_out_h <= TOLERANCE_H) | (fleet.plug_in_h >= horizon.hours - TOLERANCE_H)
    return lie


def told_outside(fleet: Fleet, horizon: Horizon) -> tuple[str, ...]:
    """Say how many stays lie wholly outside the horizon, and where; nothing if none does."""
    away = outside(fleet, horizon)
    if not away.any():
        return ()
    span, own = _span(fleet.take(np.flatnonzero(away)), horizon), horizon.span_text(0, horizon.hours)
    text = f"{away.sum()} of {len(fleet)} stays lie wholly outside the horizon, {own}: they span {span}"
    return (f"{text}; their energy stays unserved",)


def require_dates(fleet: Fleet, horizon: Horizon, file: str) -> None:
    """See to it that some stay meets the horizon.

    Raises
    ------
    FaultyInputError
        If all lie outside; the fault names both spans of time.
    """
    if outside(fleet, horizon).all():
        expected = (
            f"stays within the horizon, {horizon.span_text(0, horizon.hours)}: another horizon.start "
            '(horizon.start = "fleet" begins with the first stay of a file with dates), or fleet.fold'
        )
        raise FaultyInputError([Fault(file, None, "span of all stays", _span(fleet, horizon), expected)])


def _span(fleet: Fleet, horizon: Horizon) -> str:
    return horizon.span_text(float(fleet.plug_in_h.min()), float(fleet.plug_out_h.max()))
