"""Sends a request to an application that runs in another thread of this process, without a socket.

So nothing comes between a test and its emulator that replaces sockets or HTTP clients: recorders, blockers, mocks.
"""

from __future__ import annotations

import asyncio
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message, Scope


async def exchange(
    app: ASGIApp, url: str, method: str, target: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    """The status and the body of the response. ``url``: that of the server; ``target``: path and query."""
    status, pieces = 0, []
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()  # the client stays until the response is complete
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        status = message.get("status", status)
        pieces.append(message.get("body", b""))

    await app(_scope(url, method, target, headers, len(body)), receive, send)
    return status, b"".join(pieces)


def _scope(url: str, method: str, target: str, headers: dict[str, str], length: int) -> Scope:
    path, _, query = target.partition("?")
    sent = {"host": urlsplit(url).netloc, "content-length": str(length), **headers}
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }
