"""Lets in only who was told the page's address: each request is held against its Host, its Origin and a token.

Any web page that a browser shows may send requests to this machine, by its name or, once its own name has been made to point
here, by that. So a Host has to be the served address, an Origin (which browsers set, and pages cannot) the same, and the cookie the
token that stands in the printed address. A page's code runs on the server with its user's rights: without the guard whoever reaches
the port could read scenario files.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine for itself."""

COOKIE: Final = "evswarm"

WELCOME: Final = (
    b'<!doctype html><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="data:,"><title>evswarm</title>'
)
"""Goes on to the page without the token in its address. A redirect would lose the cookie where a link led here from another site."""

REFUSED: Final = b"Not from here: open the address that evswarm app has printed.\n"

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Application = Callable[[Message, Receive, Send], Awaitable[None]]


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    return host in LOOPBACK or f"[{host}]" in LOOPBACK


class Guard:
    """An ASGI application before another one.

    Parameters
    ----------
    inner
        What answers requests that may pass.
    token
        Has to stand in the address once, and in the cookie from then on.
    port
        That is served; part of the cookie's name, for cookies do not tell ports apart.
    host
        Address that is served. Where other machines reach it, they may ask for it by any name.
    """

    def __init__(self, inner: Application, token: str, port: int, host: str) -> None:
        self.inner = inner
        self.token = token.encode()
        self.cookie = f"{COOKIE}-{port}"
        self.hosts = {f"{name}:{port}" for name in LOOPBACK} if is_loopback(host) else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in {"http", "websocket"}:
            await self.inner(scope, receive, send)
        elif not self._comes_from_the_page(scope):
            await _refuse(scope, send)
        elif self._has(_cookies(scope).get(self.cookie, "")):
            await self.inner(scope, receive, send)
        elif scope["type"] == "http" and self._has(_asked(scope)):
            await self._welcome(send)
        else:
            await _refuse(scope, send)

    def _comes_from_the_page(self, scope: Message) -> bool:
        hosts, origins = _headers(scope, b"host"), _headers(scope, b"origin")
        if len(hosts) != 1 or len(origins) > 1:
            return False
        if self.hosts is not None and hosts[0].lower() not in self.hosts:
            return False
        return all(urlsplit(origin).netloc.lower() == hosts[0].lower() for origin in origins)

    def _has(self, token: str) -> bool:
        return compare_digest(token.encode(), self.token)

    async def _welcome(self, send: Send) -> None:
        cookie = f"{self.cookie}={self.token.decode()}; Path=/; HttpOnly; SameSite=Strict"
        headers = [(b"set-cookie", cookie.encode()), (b"referrer-policy", b"no-referrer")]
        await _answer(send, 200, WELCOME, b"text/html; charset=utf-8", headers)


def _headers(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


def _cookies(scope: Message) -> dict[str, str]:
    try:
        return {name: found.value for text in _headers(scope, b"cookie") for name, found in SimpleCookie(text).items()}
    except CookieError:
        return {}


def _asked(scope: Message) -> str:
    """Return the token of the address, empty where it has none."""
    asked: dict[str, list[str]] = parse_qs(scope["query_string"].decode("latin-1"))
    return asked.get("token", [""])[0]


async def _refuse(scope: Message, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # before it is accepted: the handshake fails with 403
    else:
        await _answer(send, 403, REFUSED, b"text/plain; charset=utf-8")


async def _answer(
    send: Send, status: int, body: bytes, content: bytes, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    shown = [(b"content-type", content), (b"cache-control", b"no-store"), *(headers or ())]
    await send({"type": "http.response.start", "status": status, "headers": shown})
    await send({"type": "http.response.body", "body": body})
