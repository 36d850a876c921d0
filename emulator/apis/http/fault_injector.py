"""Answers that are spoilt on their way: a fault as a wrapper of ASGI's ``send``.

A stream sends one body message per event, so ``after`` counts messages; it is never reached in an answer that came out
as no stream (an error of the client's). Whoever is to break the connection off raises ``BrokenOff``; the server then
closes the socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from starlette.types import Receive, Send

from emulator.base import sse
from emulator.scenarios.faults import Fault, error_event

Message = dict[str, Any]


class BrokenOff(Exception):
    """The answer goes no further."""


class Spoiler:
    """Lets ``after`` events pass, then does its own to the rest. ``reached``: the fault was applied."""

    def __init__(
        self, fault: Fault, send: Send, receive: Receive, on_end: list[Callable[[], None]], *, streams: bool
    ) -> None:
        self.fault = fault
        self._send, self._receive, self._on_end, self._streams = send, receive, on_end, streams
        self._left = (fault.after or 0) if streams or fault.after is None else _NEVER
        self._start: Message | None = None
        self._over = False
        self.reached = False

    async def __call__(self, message: Any) -> None:
        if self._over:
            return
        if message["type"] == "http.response.start":
            self._start = dict(message)
            if self.fault.after is not None:
                await self._begin(keep_length=True)
            return
        if self._left > 0:
            self._left -= 1
            await self._send(message)
            return
        if self.fault.kind != "truncate" or self._is_cut_here(message):
            self.reached = True
        await getattr(self, f"_{self.fault.kind}")(message)

    async def _begin(self, *, keep_length: bool) -> None:
        """Sends the head, unless it is out; without its length when the body will be another."""
        if self._start is not None:
            head = self._start
            if not keep_length:
                head["headers"] = [pair for pair in head["headers"] if pair[0] != b"content-length"]
            self._start = None
            await self._send(head)

    # ---- Kinds ----

    async def _stall(self, message: Message) -> None:
        """Waits until the client leaves or the world ends; then the connection is closed."""
        leaving = asyncio.ensure_future(self._until_left())
        await until_end(self._on_end, leaving)
        await self._disconnect(message)

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def _disconnect(self, message: Message) -> None:
        await self._begin(keep_length=True)  # a server that has sent nothing would answer 500 instead
        raise BrokenOff

    async def _error(self, message: Message) -> None:
        await self._finish(error_event(self.fault))

    async def _truncate(self, message: Message) -> None:
        """A stream ends without ``done``; any other body in its middle."""
        await self._begin(keep_length=False)
        body = message.get("body", b"")
        if not self._is_cut_here(message):
            await self._send(message)
        else:
            await self._finish(b"" if self._streams else body[: len(body) // 2])

    def _is_cut_here(self, message: Message) -> bool:
        return self.fault.after is not None or not self._streams or message.get("body") == sse.DONE

    async def _slice(self, message: Message) -> None:
        """Each piece is sent by itself; the pause lets it go out before the next."""
        await self._begin(keep_length=True)
        body, size = message.get("body", b""), self.fault.bytes
        pieces = [body[start : start + size] for start in range(0, len(body), size)] or [b""]
        for number, piece in enumerate(pieces):
            more = message.get("more_body", False) or number < len(pieces) - 1
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})
            await asyncio.sleep(0)

    async def _garble(self, message: Message) -> None:
        """One event's JSON, or the body's, lacks its last character."""
        await self._begin(keep_length=False)
        body: bytes = message.get("body", b"")
        spoilt = body[: -len(_END) - 1] + _END if self._streams else body.rstrip()[:-1]
        self._left = _NEVER  # what follows is as it should be
        await self._send({**message, "body": spoilt})

    async def _finish(self, body: bytes) -> None:
        self._over = True
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


_END: Final = b"\n\n"
#: More messages than an answer has.
_NEVER: Final = 2**63


async def until_end(on_end: list[Callable[[], None]], waiting: asyncio.Future[Any]) -> None:
    """Waits for something, but no longer than the world lasts."""
    ended = asyncio.Event()
    on_end.append(ended.set)
    ending = asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()
        ending.cancel()
        on_end.remove(ended.set)
