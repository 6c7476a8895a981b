"""Horizons in time zones of odd rules, for the laws of the clock."""

from datetime import date, datetime
from typing import Final

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import ValidationError

from environment.horizon import Horizon

ZONES: Final = (
    "America/Los_Angeles", "Europe/Berlin", "Europe/Dublin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu",
    "America/Havana", "America/Sao_Paulo", "UTC", "+05:45",
)  # fmt: skip
"""Changes of an hour and of half an hour, at midnight, in Ramadan, with winter as the exception, and none."""


@st.composite
def horizons(draw: st.DrawFn) -> Horizon:
    """Three days somewhere in eight years, or around a day of a clock change."""
    dates = ("2018-02-17", "2018-11-03", "2019-03-30", "2019-04-06", "2019-05-04", "2019-10-05")
    day = st.one_of(st.dates(date(2018, 1, 1), date(2025, 12, 31)), st.sampled_from([*map(date.fromisoformat, dates)]))
    clock = st.times().map(lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0))
    start = datetime.combine(draw(day), draw(clock))
    try:
        return Horizon(start=start, slot_min=15, slots=3 * 96, timezone=draw(st.sampled_from(ZONES)))
    except ValidationError:  # no time of that zone, or one that is twice
        assume(False)
        raise
