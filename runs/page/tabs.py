"""The page's tabs, in order. A new one is one file with a component that takes a `Day`, and one line here."""

from collections.abc import Callable
from typing import Any, Final

from runs.page.ants_tab import Watch
from runs.page.compare_tab import Compare
from runs.page.day import Day
from runs.page.download_tab import Download
from runs.page.stations_tab import ChargingStations
from runs.page.v2g_tab import PeakShaving

PEAK_SHAVING: Final = "Peak shaving"
STATIONS: Final = "Stations"

TABS: Final[dict[str, Callable[[Day], Any]]] = {
    "Watch": Watch,
    "Compare": Compare,
    PEAK_SHAVING: PeakShaving,
    STATIONS: ChargingStations,
    "Download": Download,
}


def first_tab(day: Day) -> int:
    """Return the tab that the page opens on, as a place in `TABS`: that of a section that the scenario has, else the first."""
    if day.case.stations is not None:
        return list(TABS).index(STATIONS)
    return 0 if day.case.peak_shaving is None else list(TABS).index(PEAK_SHAVING)
