"""Only who was told the address gets in: by ASGI, request by request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runs.page.guard import Guard, is_loopback

TOKEN = "s3cret-token"  # noqa: S105
PORT = 8765
HERE = "127.0.0.1:8765"
COOKIE = f"evswarm-8765={TOKEN}"


def asked(
    headers: list[tuple[str, str]], *, query: str = "", kind: str = "http", host: str = "127.0.0.1"
) -> tuple[bool, list[Any]]:
    """Return whether a request reached the page, and what was sent back."""
    reached = False
    sent: list[Any] = []

    async def inner(_scope: Any, _receive: Any, _send: Any) -> None:
        nonlocal reached
        reached = True

    async def receive() -> Any:
        raise AssertionError("nobody waits for what the client says")

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    scope = {"type": kind, "path": "/", "query_string": query.encode("latin-1"), "headers": raw}
    with pytest.raises(StopIteration):  # it waits for nobody, and so needs no event loop
        Guard(inner, TOKEN, PORT, host)(scope, receive, send).send(None)
    return reached, sent


@pytest.mark.parametrize("name", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST:8765", "[::1]:8765"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_page_itself_gets_in(name: str, kind: str) -> None:
    reached, _ = asked([("host", name), ("origin", f"http://{name}"), ("cookie", f"a=b; {COOKIE}")], kind=kind)
    assert reached


FOREIGN = [
    [("host", "evil.example"), ("cookie", COOKIE)],
    [("host", "evil.example:8765"), ("cookie", COOKIE)],
    [("host", "127.0.0.1:9999"), ("cookie", COOKIE)],
    [("host", HERE), ("host", "evil.example"), ("cookie", COOKIE)],
    [("cookie", COOKIE)],
    [("host", HERE), ("origin", "http://evil.example"), ("cookie", COOKIE)],
    [("host", HERE), ("origin", "http://127.0.0.1:9999"), ("cookie", COOKIE)],
    [("host", HERE), ("origin", "http://localhost:8765"), ("cookie", COOKIE)],
    [("host", HERE), ("origin", "null"), ("cookie", COOKIE)],
    [("host", HERE), ("origin", f"http://{HERE}"), ("origin", "http://evil.example"), ("cookie", COOKIE)],
    [("host", HERE)],
    [("host", HERE), ("cookie", "evswarm-8765=")],
    [("host", HERE), ("cookie", "evswarm-9999=s3cret-token")],
    [("host", HERE), ("cookie", "evswarm-8765=s3cret-tokem")],
    [("host", HERE), ("cookie", 'evswarm-8765="broken')],
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_nobody_else_gets_in(headers: list[tuple[str, str]], kind: str) -> None:
    reached, sent = asked(headers, kind=kind)
    assert not reached
    assert sent[0].get("status") == 403 if kind == "http" else sent == [{"type": "websocket.close", "code": 1008}]


def test_the_printed_address_gives_the_cookie_and_goes_on_without_the_token() -> None:
    reached, sent = asked([("host", HERE)], query=f"token={TOKEN}")
    assert not reached
    assert sent[0]["status"] == 200
    cookies = [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]
    assert cookies == [f"{COOKIE}; Path=/; HttpOnly; SameSite=Strict"]
    assert b"url=/" in sent[1]["body"]
    assert TOKEN.encode() not in sent[1]["body"]


@pytest.mark.parametrize("query", ["token=", "token=s3cret", "tokens=s3cret-token", f"other={TOKEN}"])
def test_a_wrong_address_gives_none(query: str) -> None:
    _, sent = asked([("host", HERE)], query=query)
    assert sent[0]["status"] == 403
    assert all(name != b"set-cookie" for name, _ in sent[0]["headers"])


def test_the_address_opens_no_websocket_and_none_from_elsewhere() -> None:
    assert asked([("host", HERE)], query=f"token={TOKEN}", kind="websocket")[1][0]["type"] == "websocket.close"
    _, sent = asked([("host", "evil.example")], query=f"token={TOKEN}")
    assert sent[0]["status"] == 403


TEXT = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)


@given(host=TEXT, origin=TEXT, cookie=TEXT, query=TEXT, kind=st.sampled_from(["http", "websocket"]))
def test_whatever_is_sent_without_the_token_is_refused(
    host: str, origin: str, cookie: str, query: str, kind: str
) -> None:
    reached, sent = asked([("host", host), ("origin", origin), ("cookie", cookie)], query=query, kind=kind)
    assert not reached
    assert sent[0].get("status", 403) == 403


def test_served_to_other_machines_any_name_will_do_and_the_token_is_asked_for_all_the_same() -> None:
    headers = [("host", "charging.example:8765"), ("origin", "http://charging.example:8765")]
    assert not asked(headers, host="0.0.0.0")[0]  # noqa: S104
    assert asked([*headers, ("cookie", COOKIE)], host="0.0.0.0")[0]  # noqa: S104
    foreign = [("host", "charging.example:8765"), ("origin", "http://evil.example"), ("cookie", COOKIE)]
    assert not asked(foreign, host="0.0.0.0")[0]  # noqa: S104


def test_only_this_machines_names_are_loopback() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "localhost", "::1", "[::1]")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.0.2", "evil.example")))  # noqa: S104
