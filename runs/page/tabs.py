"""The page's tabs, in order. A new one is one file with a component that takes a `Day`, and one line here."""

from collections.abc import Callable
from typing import Any, Final

from runs.page.compare import Compare
from runs.page.day import Day
from runs.page.download import Download
from runs.page.watch import Watch

TABS: Final[dict[str, Callable[[Day], Any]]] = {
    "Watch": Watch,
    "Compare": Compare,
    "Download": Download,
}
