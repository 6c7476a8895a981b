"""The time slots of a run: from noon to noon in paper A (section 5.1), any other span that whole slots divide."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, field_validator, model_validator

from environment.input_faults import Fault
from environment.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

HOURS_PER_DAY: Final = 24.0
MINUTES_PER_DAY: Final = 24 * 60
FIRST_YEAR, LAST_YEAR = 1700, 2250
"""What moments counted in nanoseconds can say, with room before and after."""
HOUR_US: Final = 3_600_000_000
"""Microseconds of an hour."""

_ZONE = r"[Tt ]\d{2}(?::?\d{2}){0,2}(?:[.,]\d+)?\s*([Zz]|[+-]\d{2}(?::?\d{2})?)$"
_OFFSET = re.compile(r"([+-])(\d{2}):([0-5]\d)")


def offset_of(text: str) -> str:
    """Return the offset that a time (ISO 8601) states, such as ``+02:00`` (``Z`` is ``+00:00``); empty where it has none."""
    found = re.search(_ZONE, text.strip())
    return _offset(found[1]) if found else ""


def _offset(zone: str) -> str:
    """Return one spelling for all of a zone's: Z, +00, +0000 and -00:00 are ``+00:00``."""
    digits = zone[1:].replace(":", "").ljust(4, "0")
    text = f"{zone[:1]}{digits[:2]}:{digits[2:]}"
    return "+00:00" if zone in {"Z", "z"} or text == "-00:00" else text


class Horizon(Settings):
    """Equal time slots from a start on."""

    start: datetime | Literal["fleet"] = datetime(2010, 7, 12, 12)  # noqa: DTZ001  (a wall clock, unless a zone is given)
    """First moment of the first slot, as a wall-clock time in `timezone`; "fleet": the last noon that is not after the
    first stay in a fleet's file with dates."""

    slot_min: int = Field(default=60, gt=0, le=525_600)
    """Length of a slot in minutes; where `slots` is left out it must divide a day."""

    slots: int = Field(default=0, ge=0, le=1_000_000)
    """Number of slots; 0 means one day."""

    timezone: str | None = None
    """IANA name such as "Europe/Berlin", or an offset such as "+02:00"; none: the one offset that times in the scenario's files
    state, else wall-clock time. Times without a zone are wall-clock times of it; columns of hours count elapsed hours."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                _zone(name)
            except (KeyError, ValueError, OSError) as error:
                expected = "an IANA time zone such as 'Europe/Berlin', or an offset such as '+02:00'"
                raise ValueError(f"{name!r}; expected {expected}") from error
        return name

    @field_validator("start", mode="wrap")
    @classmethod
    def _wall_clock(cls, value: Any, handler: ValidatorFunctionWrapHandler) -> datetime | Literal["fleet"]:
        try:
            start: datetime | Literal["fleet"] = handler(value)
        except ValidationError as error:
            raise ValueError(f"{value!r}; expected a time such as 2019-05-06T12:00:00, or 'fleet'") from error
        if start != "fleet" and start.tzinfo is not None:
            raise ValueError(f"{start}; expected a wall-clock time without a zone (the zone goes to horizon.timezone)")
        return start

    @model_validator(mode="after")
    def _whole_slots(self) -> Self:
        if not self.slots and MINUTES_PER_DAY % self.slot_min:
            raise ValueError(
                f"slot_min = {self.slot_min}; expected minutes that divide a day of {MINUTES_PER_DAY} min, such as 5, 15, "
                "30, 60, or the number of slots as well"
            )
        return self

    @model_validator(mode="after")
    def _within_the_calendar(self) -> Self:
        if self.start != "fleet":
            years = self.hours / (24 * 365.25)
            if self.start.year < FIRST_YEAR or self.start.year + years > LAST_YEAR:
                raise ValueError(
                    f"start = {self.start}, and {years:,.1f} years long; expected a horizon between the years {FIRST_YEAR} and {LAST_YEAR}"
                )
        return self

    @model_validator(mode="after")
    def _start_exists(self) -> Self:
        if self.timezone is None or self.start == "fleet":
            return self
        import pandas as pd

        try:
            pd.Timestamp(self.start, tz=self.timezone)
            pd.Timestamp(self.start).tz_localize(self.timezone)
        except ValueError as error:
            raise ValueError(f"start = {self.start}; expected a time that exists once in {self.timezone}") from error
        return self

    @property
    def begin(self) -> datetime:
        """First moment of the first slot on the wall clock.

        Raises
        ------
        ValueError
            If the horizon waits for its fleet's first stay (`Scenario.settled` finds it).
        """
        if self.start == "fleet":
            raise ValueError("horizon.start = 'fleet' is not settled yet")
        return self.start

    @property
    def begin_text(self) -> str:
        """First moment of the first slot (ISO 8601), with its offset where there is a time zone."""
        return self.begin.replace(tzinfo=None if self.timezone is None else _zone(self.timezone)).isoformat()

    @cached_property
    def n_slots(self) -> int:
        """Number of slots."""
        return self.slots or MINUTES_PER_DAY // self.slot_min

    @property
    def slot_h(self) -> float:
        """Length of a slot [h]."""
        return self.slot_min / 60

    @property
    def hours(self) -> float:
        """Length of the horizon [h]."""
        return self.n_slots * self.slot_min / 60

    @property
    def wall_hours(self) -> float:
        """What the wall clock gains over the horizon [h]: its length, but for changes of the clock, once its start is known."""
        return self.hours if self.start == "fleet" else float(self.wall_h(np.array([self.hours]))[0])

    @property
    def edges_h(self) -> NDArray[np.float64]:
        """Slot boundaries in hours from the start, shape ``(n_slots + 1,)``."""
        return np.arange(self.n_slots + 1) * self.slot_min / 60

    @property
    def start_clock_h(self) -> float:
        """Hour of the day at which the horizon starts."""
        return self.begin.hour + self.begin.minute / 60 + self.begin.second / 3600

    @property
    def slot_starts(self) -> "pd.DatetimeIndex":
        """Start of every slot, in the horizon's zone if it has one."""
        import pandas as pd

        return pd.date_range(
            pd.Timestamp(self.begin, tz=self.timezone), periods=self.n_slots, freq=timedelta(minutes=self.slot_min)
        )

    def clock(self, step: str) -> "pd.DatetimeIndex":
        """Return wall-clock moments from the midnight before the horizon on, in steps ("15min"), beyond its end."""
        import pandas as pd

        midnight = pd.Timestamp(self.begin).normalize()
        midnight = midnight.tz_localize(self.timezone, ambiguous=True, nonexistent="shift_forward")
        count = int((self.hours + 48) / (pd.Timedelta(step) / pd.Timedelta(hours=1)))
        return pd.date_range(midnight, periods=count, freq=step)

    def clock_hours(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return clock hours from the midnight before the horizon on, beyond its end.

        Returns
        -------
        hour_of_day
            0 to 23, shape ``(n,)``.
        edges_h
            Their boundaries in hours from the horizon's start, shape ``(n + 1,)``.
        """
        hour = np.arange(int(self.hours + 48) + 1)
        since_midnight = self.begin - self.begin.replace(hour=0, minute=0, second=0, microsecond=0)
        wall_h = (hour * HOUR_US - since_midnight // timedelta(microseconds=1)) / HOUR_US
        return hour[:-1] % 24, self.elapsed_h(wall_h)

    def elapsed_h(self, wall_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the hours that pass between the horizon's start and readings of its wall clock.

        The one place where wall-clock time becomes elapsed time: every source that knows hours of the day counts them from
        the start as if no clock were ever changed, and asks here.

        Parameters
        ----------
        wall_h
            Wall-clock hours after the reading at the horizon's start (negative before it): 24 is the same time on the next
            day, however long that day is.

        Returns
        -------
        ndarray
            Elapsed hours, same shape, in the same order. A reading that a clock change skips counts as the moment of the
            change; one that occurs twice as the first. Without a time zone: `wall_h` itself.
        """
        if self.timezone is None or not wall_h.size:
            return wall_h
        import pandas as pd

        start = pd.Timestamp(self.begin)
        wall = (start + pd.to_timedelta(wall_h.ravel(), unit="h")).as_unit("us")
        # Backward, to the last tick before the change: forward, pandas errs where the clock skips half an hour.
        moments = wall.tz_localize(
            self.timezone, nonexistent="shift_backward", ambiguous=np.ones(wall.size, dtype=bool)
        )
        reading, hour = moments.tz_localize(None), pd.Timedelta(hours=1)
        offset_h = np.asarray((reading - moments.tz_convert("UTC").tz_localize(None)) / hour, dtype=np.float64)
        back_h = np.asarray((reading - wall) / hour, dtype=np.float64)
        back_h[back_h < 0] += 1 / HOUR_US
        began = start.tz_localize(self.timezone).utcoffset()
        assert began is not None
        elapsed: NDArray[np.float64] = wall_h + (back_h - (offset_h - began / hour)).reshape(wall_h.shape)
        return elapsed

    def wall_h(self, elapsed_h: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the wall clock has gained since the horizon's start when so many hours have passed, same shape.

        The inverse of `elapsed_h`, where a reading occurs once. Without a time zone: `elapsed_h` itself.
        """
        if self.timezone is None or not elapsed_h.size:
            return elapsed_h
        import pandas as pd

        start = pd.Timestamp(self.begin, tz=self.timezone)
        moments = start + pd.to_timedelta(elapsed_h.ravel(), unit="h")
        offset = moments.tz_localize(None) - moments.tz_convert("UTC").tz_localize(None)
        began = start.utcoffset()
        assert began is not None
        gained_h = np.asarray((offset - began) / pd.Timedelta(hours=1), dtype=np.float64)
        wall: NDArray[np.float64] = elapsed_h + gained_h.reshape(elapsed_h.shape)
        return wall

    def span_text(self, begin_h: float, end_h: float) -> str:
        """Return the dates and times of day of a span in hours from the start, for people."""
        import pandas as pd

        def moment(at_h: float) -> str:
            try:
                return f"{pd.Timestamp(self.begin, tz=self.timezone) + pd.Timedelta(hours=at_h):%Y-%m-%d %H:%M}"
            except (ValueError, OverflowError):  # no calendar reaches so far
                return f"{at_h:g} h after the start"

        return f"{moment(begin_h)} .. {moment(end_h)}"

    def edges_of(self, clock: "pd.DatetimeIndex") -> NDArray[np.float64]:
        """Return the boundaries of the steps of a `clock` in hours from the horizon's start, one more than steps."""
        return _edges(self.hours_from_start(clock))

    def parse_times(
        self, texts: Sequence[str], *, file: str, rows: Sequence[int], fields: Sequence[str]
    ) -> "tuple[pd.DatetimeIndex, list[Fault]]":
        """Read ISO 8601 texts as moments on the horizon's clock.

        Parameters
        ----------
        texts
            Times of a file, all with a zone or all without.
        file, rows, fields
            Where each stands, for the faults.

        Returns
        -------
        times
            Zoned if the horizon has a time zone, else naive wall-clock times; NaT where a fault was found.
        faults
            Unparsable times, mixed zones, times that the zone's clock skips or repeats.
        """
        import pandas as pd

        column = pd.Series(list(texts), dtype=str).str.strip()
        faults: list[Fault] = []

        def note(bad: NDArray[np.bool_], expected: str) -> None:
            faults.extend(
                Fault(file, rows[i], fields[i], repr(column[i]), expected)
                for i in np.flatnonzero(bad & ~broken).tolist()
            )

        moments = pd.DatetimeIndex(pd.to_datetime(column, format="ISO8601", utc=True, errors="coerce"))
        unreadable = np.asarray(moments.isna())
        broken = np.zeros_like(unreadable)
        note(unreadable, "a time such as 2019-05-06T18:30 (ISO 8601)")
        broken = unreadable
        stated = column.str.extract(_ZONE, expand=False).fillna("")
        zone = stated.map({text: _offset(text) if text else "" for text in stated.unique()})
        zoned = (zone != "").to_numpy(dtype=bool)
        if not zoned[~broken].any():
            wall = moments.tz_localize(None)
            if self.timezone is None:
                return wall, faults
            local = wall.tz_localize(self.timezone, ambiguous="NaT", nonexistent="NaT")
            note(np.asarray(local.isna()), f"a time that exists once in {self.timezone}, or one with a zone")
            return local, faults
        if not zoned[~broken].all():
            note(~zoned if zoned.mean() >= 0.5 else zoned, "a zone on every time of the file, or on none")
        elif self.timezone is None or _OFFSET.fullmatch(self.timezone):  # what changes its offset needs a zone's name
            common = str(zone[~broken].mode().iloc[0])
            expected = f"zone {common} as elsewhere, or horizon.timezone to be set, such as 'Europe/Berlin'"
            note((zone != common).to_numpy(dtype=bool), expected)
        if len(faults) > unreadable.sum() or (faults and self.timezone is None):
            return pd.DatetimeIndex([pd.NaT] * column.size, tz=self.timezone), faults
        if self.timezone is not None:
            return moments.tz_convert(self.timezone), faults
        wall_texts = [text.removesuffix(end).strip() for text, end in zip(column, stated, strict=True)]
        return pd.DatetimeIndex(pd.to_datetime(wall_texts, format="ISO8601")), faults

    def hours_from_start(self, times: "pd.DatetimeIndex") -> NDArray[np.float64]:
        """Hours elapsed from the start to each time (as `parse_times` gives them); NaN for NaT."""
        import pandas as pd

        elapsed = times - pd.Timestamp(self.begin, tz=self.timezone)
        return np.asarray(elapsed / pd.Timedelta(hours=1), dtype=np.float64)


def _zone(name: str) -> tzinfo:
    """Return a zone by its IANA name or its offset."""
    offset = _OFFSET.fullmatch(name)
    if offset is None:
        return ZoneInfo(name)
    length = timedelta(hours=int(offset[2]), minutes=int(offset[3]))
    return timezone(-length if offset[1] == "-" else length)


def _edges(start_h: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the boundaries of steps from their starts: the last is as long as the one before."""
    return np.append(start_h, 2 * start_h[-1] - start_h[-2])
