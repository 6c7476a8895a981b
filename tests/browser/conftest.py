"""A server of the page and a real browser. Without Chromium these tests skip; in CI (CI set) they must run."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from runs.page.browser import CHROMIUM_FLAGS, chromium

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
        if not url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
            self.foreign.append(url)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "runs", "app", "--port", str(port)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/readyz", timeout=1).close()  # noqa: S310
            break
        except OSError:
            assert server.poll() is None, server.communicate()[0].decode()
            time.sleep(0.2)
    yield address
    server.send_signal(2)
    said = server.communicate(timeout=20)[0].decode()
    assert "Traceback" not in said, said
    assert "Could not load URL" not in said, said


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
