"""HTTP on a connection: uvicorn's own protocol, with a short way for answers that nobody has to wait for.

Most requests come in one packet and are answered without a pause. For them a task, an event and ASGI's messages would
be most of the cost, so they are answered where the parser tells of their end, with one write; a stream that is at its
end already too, with a chunk for each event. What comes in pieces, waits or is spoilt goes the long way, as with any
ASGI application.
"""

from __future__ import annotations

from typing import Any, Protocol
from urllib.parse import unquote

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from emulator.sending import Ready


class AnswersNow(Protocol):
    """An application that can answer at once; None for what goes the long way."""

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None: ...


class ShortWay(HttpToolsProtocol):
    """For uvicorn's ``http``; its application has ``answer_now``."""

    #: The body of a request that may be answered at once, as far as it has come; None for any other request.
    _body: bytes | None = None

    def on_headers_complete(self) -> None:
        is_busy = self.cycle is not None and not self.cycle.response_complete
        is_plain = self.url.startswith(b"/") and b"#" not in self.url
        if (
            is_busy
            or not is_plain
            or self.expect_100_continue
            or self.flow.write_paused
            or self.parser.should_upgrade()
        ):
            super().on_headers_complete()
        else:
            self._body = b""

    def on_body(self, body: bytes) -> None:
        if self._body is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        body = self._body
        if body is None:
            super().on_message_complete()
            return
        self._body = None
        scope: Any = self.scope
        method, (path, _, query) = self.parser.get_method().decode("ascii"), self.url.partition(b"?")
        scope |= {"method": method, "path": unquote(path.decode("latin-1")), "raw_path": path, "query_string": query}
        application: AnswersNow = self.config.loaded_app
        ready = application.answer_now(scope, body) if method != "HEAD" else None
        if ready is None:
            self._go_the_long_way(body)
            super().on_message_complete()
        else:
            self._write(*ready)

    def connection_lost(self, exc: Exception | None) -> None:
        """Also lets go of what was asked last when the client has reset the connection: a timer would keep it."""
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._body is not None:  # the rest is still to come
            body, self._body = self._body, None
            self._go_the_long_way(body)

    def _go_the_long_way(self, body: bytes) -> None:
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _write(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes | list[bytes]) -> None:
        keeps_open = self.parser.should_keep_alive()
        head = b"".join([b"%b: %b\r\n" % header for header in headers])
        if isinstance(body, list):
            framing, body = self._framed(body)
            head += framing
        closing = b"" if keeps_open else b"connection: close\r\n"
        self.transport.write(b"%b%b%b\r\n%b" % (STATUS_LINE[status], head, closing, body))
        self.cycle = None  # type: ignore[assignment]  # nothing is under way, as on a new connection
        if not keeps_open:
            self.transport.close()
        self.on_response_complete()

    def _framed(self, frames: list[bytes]) -> tuple[bytes, bytes]:
        """Header and body of a stream: a chunk for each frame; HTTP/1.0 has no chunks, and the length is known."""
        if self.parser.get_http_version() == "1.0":
            body = b"".join(frames)
            return b"content-length: %d\r\n" % len(body), body
        chunks = b"".join([b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames])
        return b"transfer-encoding: chunked\r\n", chunks + b"0\r\n\r\n"
