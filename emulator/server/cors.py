"""CORS: what a browser asks before it lets a page read the emulator's responses.

Only pages of this machine get these headers (``emulator.server.hosts``), and they get them with every response: errors,
streams, faults and the admin API too. A preflight needs no API key, because browsers send none with it.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import Message, Send

from emulator.apis.http.headers import Headers

_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
#: Seconds for which a browser remembers a preflight: as long as Chromium ever does.
_REMEMBERED: Final = b"7200"
#: Headers of a response that every page may read.
_ALWAYS_READABLE: Final = frozenset({b"content-type", b"content-length", b"date", b"vary"})


def is_preflight(scope: Any) -> bool:
    """True for the question of a browser whether a page may send a request."""
    return scope["method"] == "OPTIONS" and any(
        name == b"access-control-request-method" for name, _ in scope["headers"]
    )


def headers_for(origin: bytes, readable: list[bytes]) -> Headers:
    """The headers with which a page of this origin may read a response that has these ``readable`` headers."""
    names = b", ".join(dict.fromkeys(name for name in readable if name not in _ALWAYS_READABLE))
    return [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        *([(b"access-control-expose-headers", names)] if names else []),
        (b"vary", b"Origin"),
    ]


def allowing(origin: bytes, send: Send) -> Send:
    """Sends responses that a page of this origin may read. Headers of CORS that a fault or stub states are replaced."""

    async def send_allowed(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [pair for pair in message["headers"] if not pair[0].startswith(b"access-control-")]
            message = {**message, "headers": [*own, *headers_for(origin, [name for name, _ in own])]}
        await send(message)

    return send_allowed


async def answer_preflight(origin: bytes, request: Headers, send: Send) -> None:
    """Allows what the browser asks for: all methods, the headers that it names, and access to a private network."""
    asked = dict(request)
    headers = [
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", asked.get(b"access-control-request-headers", b"")),
        (b"access-control-max-age", _REMEMBERED),
        (b"vary", b"Origin, Access-Control-Request-Headers"),
        *([(b"access-control-allow-private-network", b"true")] if _PRIVATE in asked else []),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": [pair for pair in headers if pair[1]]})
    await send({"type": "http.response.body", "body": b""})


_PRIVATE: Final = b"access-control-request-private-network"
