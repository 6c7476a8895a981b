"""Writes the page's picture for the README: ``python -m runs.page.screenshot FILE``."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

from runs.page.browser import CHROMIUM_FLAGS, chromium, served

FRAMES: Final = 105
"""Until the evening, when many EVs have come and the night is not filled yet."""


def main(file: Path) -> None:
    """Play the default day until the evening and write what is seen."""
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
        page.screenshot(path=file)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
