"""A page of another site can neither read nor drive the page; nor can a program that does not know the token."""

import http.client
import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

ATTACK = """
async ([base, ws]) => {
  const told = {};
  try { told.read = await (await fetch(base)).text(); } catch (error) { told.read = "refused"; }
  try { told.blind = (await fetch(base, {mode: "no-cors", credentials: "include"})).type; } catch (error) { told.blind = "refused"; }
  told.socket = await new Promise(done => {
    const socket = new WebSocket(ws);
    socket.onopen = () => done("open");
    socket.onerror = () => done("refused");
  });
  return told;
}
"""


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """Serve an empty page on another port: to a browser, another site's."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.RequestHandlerClass.do_GET = lambda self: (  # type: ignore[attr-defined]
        self.send_response(200), self.end_headers(), self.wfile.write(b"<!doctype html><title>evil</title>")
    )  # fmt: skip
    server.RequestHandlerClass.log_message = lambda *_: None  # type: ignore[method-assign,assignment]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def channel(url: str) -> str:
    parts = urlsplit(url)
    return f"ws://{parts.netloc}/jupyter/api/kernels/11111111-2222-3333-4444-555555555555/channels?session_id=a"


@pytest.mark.slow
@pytest.mark.parametrize("invited", [False, True], ids=["a stranger", "while the page is open beside it"])
def test_another_sites_page_neither_reads_nor_drives(browser: Browser, url: str, elsewhere: str, invited: bool) -> None:
    context = browser.new_context()
    try:
        if invited:
            own = context.new_page()
            own.goto(url)
            expect(own.get_by_text("Step plays one frame")).to_be_visible(timeout=30_000)
            opened = own.evaluate("([, ws]) => new Promise(done => { const s = new WebSocket(ws); s.onopen = () => done(true); "
                                  "s.onerror = () => done(false); })", ["", channel(url)])  # fmt: skip
            assert opened, "the page's own socket opens, so that the other's refusal says something"
        page = context.new_page()
        page.goto(elsewhere)
        parts = urlsplit(url)
        told = page.evaluate(ATTACK, [f"{parts.scheme}://{parts.netloc}/", channel(url)])
        assert told["read"] == "refused"
        assert told["blind"] in {"opaque", "refused"}, "what comes back is told to nobody"
        assert told["socket"] == "refused"
    finally:
        context.close()


def answer(url: str, host: str, path: str = "/", **headers: str) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    connection.putrequest("GET", path, skip_host=True)
    connection.putheader("Host", host)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.slow
def test_a_name_that_was_made_to_point_here_is_refused_and_so_is_who_has_no_token(url: str) -> None:
    parts = urlsplit(url)
    cookie = f"evswarm-{parts.port}={parts.query.removeprefix('token=')}"
    assert answer(url, parts.netloc, Cookie=cookie) == 200
    assert answer(url, "evil.example", Cookie=cookie) == 403
    assert answer(url, f"evil.example:{parts.port}", f"/?{parts.query}") == 403
    for path in ("/", "/readyz", "/resourcez", "/static/main.js", "/jupyter/api/kernels"):
        assert answer(url, parts.netloc, path) == 403


@pytest.mark.slow
@pytest.mark.parametrize("origin", ["http://evil.example", None])
def test_a_program_opens_no_socket_without_the_token(url: str, origin: str | None) -> None:
    parts = urlsplit(url)
    lines = [
        f"GET {urlsplit(channel(url)).path} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        *([f"Origin: {origin}"] if origin else []),
    ]  # fmt: skip
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=20) as raw:
        raw.sendall("\r\n".join([*lines, "", ""]).encode())
        assert b" 403 " in raw.recv(200).split(b"\r\n")[0]


@pytest.mark.slow
def test_what_a_closed_tab_held_is_given_back(browser: Browser, url: str) -> None:
    parts = urlsplit(url)
    cookie = f"evswarm-{parts.port}={parts.query.removeprefix('token=')}"

    def kernels() -> int:
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        connection.request("GET", "/resourcez", headers={"Cookie": cookie})
        counted: int = json.loads(connection.getresponse().read())["kernels"]["total"]
        connection.close()
        return counted

    contexts = [browser.new_context() for _ in range(2)]
    for context in contexts:
        page = context.new_page()
        page.goto(url)
        expect(page.get_by_text("Step plays one frame")).to_be_visible(timeout=30_000)
    opened = kernels()
    for context in contexts:
        context.close()
    until = time.monotonic() + 120
    while kernels() > opened - 2 and time.monotonic() < until:
        time.sleep(2)
    assert kernels() <= opened - 2
