"""A server of the page and a real browser. Without Chromium these tests skip; in CI (CI set) they must run."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from runs.page.browser import CHROMIUM_FLAGS, chromium, served

SCREENSHOTS = Path("results/screenshots")


@dataclass
class Tabs:
    """Opens pages, and holds what went wrong in them."""

    browser: Browser
    url: str
    foreign: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def open(self, width: int = 1400, height: int = 1500, scheme: str = "light") -> Page:
        context = self.browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)
        page.goto(self.url)
        expect(page.get_by_text("Step plays one frame")).to_be_visible(timeout=30_000)
        page.locator(".solara-echarts canvas").nth(3).wait_for(timeout=30_000)
        return page

    def _note(self, request: object) -> None:
        url: str = request.url  # type: ignore[attr-defined]
        origin = self.url.partition("/?")[0]
        if not url.startswith((origin, origin.replace("http", "ws"), "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture(scope="session")
def url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001  (nothing is served without one)
    with served(tmp_path_factory.getbasetemp()) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: .ci/run installs it")
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)


@pytest.fixture
def tabs(browser: Browser, url: str) -> Iterator[Tabs]:
    opened = Tabs(browser, url)
    yield opened
    for context in opened.contexts:
        context.close()
    assert opened.foreign == [], "the page asks nobody but this machine"
    assert opened.errors == [], "no errors in the browser's console"


@pytest.fixture(scope="session", autouse=True)
def _screenshots() -> None:
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
