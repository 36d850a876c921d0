"""Sends recorded requests to an application in memory, without a socket."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Scope

from emulator.recordings.exchange import Exchange, Part

_BOUNDARY: Final = "assistants-emulator-part"
_FILE_TYPE: Final = "application/octet-stream"
#: Bytes of a file that are made up at most.
_MAX_MADE_UP: Final = 16 * 1024 * 1024


class AppResponse(NamedTuple):
    """The response of an application. ``status`` 0: it broke off before its head."""

    status: int
    body: bytes


class _RequestBody(NamedTuple):
    content_type: str
    raw: bytes


async def send(app: ASGIApp, exchange: Exchange) -> AppResponse:
    """Sends the request of an exchange and reads the response to its end."""
    request = _request_body(exchange)
    scope = _scope(exchange, request.content_type)
    status, pieces = 0, []
    waiting: list[Message] = [{"type": "http.request", "body": request.raw, "more_body": False}]

    async def receive() -> Message:
        if waiting:
            return waiting.pop()
        await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def take(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        pieces.append(message.get("body", b""))

    await app(scope, receive, take)
    return AppResponse(status, b"".join(pieces))


def _scope(exchange: Exchange, content_type: str) -> Scope:
    headers = [(b"authorization", b"Bearer sk-proof"), (b"content-type", content_type.encode())]
    headers += [
        (b"openai-beta", value.encode("latin-1", "replace"))
        for name, value in exchange.request_headers
        if name == "openai-beta"
    ]
    if not exchange.request_headers:  # none were recorded
        headers.append((b"openai-beta", b"assistants=v2"))
    path, _, query = exchange.url.partition("?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": exchange.method,
        "scheme": "http",
        "path": path,
        "raw_path": quote(path, safe="/%{}~:@!$&'()*+,;=-._").encode(),
        "query_string": query.encode("latin-1", "replace"),
        "headers": headers,
    }


def _request_body(exchange: Exchange) -> _RequestBody:
    """The body as it was; a form is encoded anew, with made-up bytes for a file that was not recorded."""
    if exchange.form is None:
        return _RequestBody("application/json", exchange.request_body or b"")
    raw = b"".join(_encoded(part) for part in exchange.form) + f"--{_BOUNDARY}--\r\n".encode()
    return _RequestBody(f"multipart/form-data; boundary={_BOUNDARY}", raw)


def _encoded(part: Part) -> bytes:
    content = part.content if part.content is not None else b"x" * min(part.size or 1, _MAX_MADE_UP)
    file = "" if part.filename is None else f'; filename="{_quoted(part.filename)}"\r\nContent-Type: {_FILE_TYPE}'
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{_quoted(part.name)}"{file}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _quoted(name: str) -> str:
    """A name as browsers encode it in a form."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
