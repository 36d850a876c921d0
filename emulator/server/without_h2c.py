"""uvicorn's HTTP protocol for clients that offer to go on in HTTP/2, such as Java's ``HttpClient``.

A server may ignore the offer (RFC 9110 §7.8). httptools does not: it takes what follows the head for another protocol,
so the request would lose its body. The offer is removed before the parser sees it.
"""

from __future__ import annotations

import re
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER: Final = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n)", re.IGNORECASE)


class WithoutH2c(HttpToolsProtocol):
    """A value for uvicorn's ``http``."""

    def data_received(self, data: bytes) -> None:
        is_head = self.cycle is None or not self.cycle.more_body  # large bodies are not searched
        if is_head and b"h2c" in data:
            head, end, body = data.partition(b"\r\n\r\n")
            data = _OFFER.sub(b"", head + end[:2]) + end[2:] + body
        super().data_received(data)
