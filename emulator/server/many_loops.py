"""The application for a process with many event loops, as a test session is one.

A client that outlives its event loop, as one that a module creates at its import, would find connections of an ended
loop in its pool. So a connection ends with each response, except for the synchronous client of the SDK.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from emulator.apis.http.headers import Headers
from emulator.apis.http.response import CLOSE, CLOSE_LINE, Ready
from emulator.server.app import Application

#: The header by which the SDK's synchronous client tells that it is one.
_SYNCHRONOUS: Final = (b"x-stainless-async", b"false")


class ManyLoopsApplication(Application):
    """Says ``connection: close`` to every client that may belong to an event loop."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        return super().__call__(scope, receive, send if _stays(scope["headers"]) else _closing(send))

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None:
        ready = super().answer_now(scope, body)
        if ready is None or _stays(scope["headers"]):
            return ready
        status, head, content = ready
        return status, head + CLOSE_LINE, content


def _stays(headers: Headers) -> bool:
    return _SYNCHRONOUS in headers


def _closing(send: Send) -> Send:
    async def closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), CLOSE]}
        await send(message)

    return closing
