"""Writes the page's pictures for README and guide: ``python -m runs.page.screenshot ANTS PEAK_SHAVING STATIONS``."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, sync_playwright

from runs.page.browser import CHROMIUM_FLAGS, chromium, served
from runs.stations.paper_c import SLOT_MIN

FRAMES: Final = 105
"""Until the evening, when many EVs have come and the night is not filled yet."""

SLOT: Final = 75
"""Of paper B's case: a quarter to seven in the evening, when the fleet has given back all that it can."""

STATIONS_SLOT: Final = 31
"""Of paper C's case: 18:36, when users wait at a station and two regions pass power on."""


def main(ants: Path, peak_shaving: Path, stations: Path) -> None:
    """Play the default day until the evening, and the cases of papers B and C; write what is seen."""
    if chromium() is None:
        sys.exit("The page's picture needs Chromium (Debian: apt-get install chromium).")
    with served() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 1460})
        page.goto(url)
        page.locator(".solara-echarts canvas").nth(3).wait_for()
        for frame in range(1, FRAMES + 1):
            page.get_by_role("button", name="Step", exact=True).click()
            page.get_by_text(f"Frame {frame} of").wait_for()
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        page.screenshot(path=ants)
        page.set_viewport_size({"width": 1400, "height": 2000})
        run(page, "Peak shaving", "23:45")
        back(page, 95, SLOT, 15)
        page.locator(".v-tabs-items").screenshot(path=peak_shaving)
        page.set_viewport_size({"width": 1400, "height": 3000})
        run(page, "Stations", "23:24")
        back(page, 39, STATIONS_SLOT, SLOT_MIN)
        place, top = page.locator(".v-tabs-items").bounding_box(), page.locator("h3").bounding_box()
        end = page.locator(".solara-echarts").last.bounding_box()
        assert place
        assert top
        assert end
        page.screenshot(
            path=stations,
            clip={
                "x": place["x"], "y": top["y"], "width": place["width"], "height": end["y"] + end["height"] - top["y"]
            },
        )  # fmt: skip
        browser.close()


def run(page: Page, tab: str, last: str) -> None:
    """Open a tab, run what it has, and wait for the last slot, by its time."""
    page.get_by_role("tab", name=tab).click()
    page.wait_for_timeout(1000)  # a tab that was just opened may still be drawn anew, and lose a click meanwhile
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("heading", name=last).wait_for()


def back(page: Page, last: int, slot: int, slot_min: int) -> None:
    """Go back from the last slot to another one, and let the page come to rest."""
    for before in range(last - 1, slot - 1, -1):
        page.get_by_role("button", name="Back", exact=True).click()
        page.get_by_role("heading", name=f"{before * slot_min // 60:02d}:{before * slot_min % 60:02d}").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
