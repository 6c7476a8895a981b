"""Writes the page's pictures for README and guide: ``python -m runs.page.screenshot ANTS PEAK_SHAVING STATIONS``."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from runs.page.browser import CHROMIUM_FLAGS, chromium, served

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
        page.get_by_role("tab", name="Peak shaving").click()
        page.wait_for_timeout(1000)  # a tab that was just opened may still be drawn anew, and lose a click meanwhile
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_role("heading", name="23:45").wait_for()
        for slot in range(95, SLOT, -1):
            page.get_by_role("button", name="Back", exact=True).click()
            page.get_by_role("heading", name=f"{(slot - 1) // 4:02d}:{(slot - 1) % 4 * 15:02d}").wait_for()
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        page.locator(".v-tabs-items").screenshot(path=peak_shaving)
        page.set_viewport_size({"width": 1400, "height": 3000})
        page.get_by_role("tab", name="Stations").click()
        page.wait_for_timeout(1000)
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_role("heading", name="23:24").wait_for()
        for slot in range(39, STATIONS_SLOT, -1):
            page.get_by_role("button", name="Back", exact=True).click()
            page.get_by_role("heading", name=f"{(slot - 1) * 36 // 60:02d}:{(slot - 1) * 36 % 60:02d}").wait_for()
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
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


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
