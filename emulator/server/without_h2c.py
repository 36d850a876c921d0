"""uvicorn's HTTP protocol for clients that offer to go on in HTTP/2, such as Java's ``HttpClient``.

A server may ignore the offer (RFC 9110 §7.8). httptools does not: it takes what follows the head for another protocol,
so the request would lose its body. The offer is removed before the parser sees it.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from emulator.base.limits import MAX_SILENCE

_OFFER: Final = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n)", re.IGNORECASE)


class WithoutH2c(HttpToolsProtocol):
    """A value for uvicorn's ``http``. It also closes connections whose client does not send the rest of a request."""

    #: Since when the rest of a head is awaited, by the loop's clock; None while none is.
    _head_since: float | None = None
    #: When the client last sent something.
    _heard_at = 0.0
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._head_since = self._heard_at = self.loop.time()
        self._patience = self.loop.call_later(MAX_SILENCE, self._check_silence)

    def on_message_begin(self) -> None:
        self._head_since = self._heard_at
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_since = None
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self._patience is not None:
            self._patience.cancel()

    def _check_silence(self) -> None:
        """Closes the connection if the client owes the rest of a request for too long; else looks again later."""
        cycle: Any = self.cycle
        since = self._head_since
        if cycle is not None and not cycle.response_complete:
            since = self._heard_at if cycle.more_body else None  # else the client waits for us
        now = self.loop.time()
        if since is not None and now - since >= MAX_SILENCE:
            self.transport.close()
            return
        left = MAX_SILENCE if since is None else since + MAX_SILENCE - now
        self._patience = self.loop.call_later(left, self._check_silence)

    def data_received(self, data: bytes) -> None:
        self._heard_at = self.loop.time()
        is_head = self.cycle is None or not self.cycle.more_body  # large bodies are not searched
        if is_head and b"h2c" in data:
            head, end, body = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(b"", head + end[:2]) + end[2:] + body
        super().data_received(data)
