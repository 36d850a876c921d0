"""HTTP on a connection: uvicorn's own protocol, with a short way for answers that nobody has to wait for.

Most requests come in one packet and are answered without a pause. For them a task, an event and ASGI's messages would
be most of the cost, so they are answered where the parser tells of their end, with one write; a stream that is at its
end already too, with a chunk for each event. What comes in pieces, waits or is spoilt goes the long way, as with any
ASGI application.

Neither uvicorn nor its parser bounds the head of a request, so that is done here.
"""

from __future__ import annotations

from typing import Any, Final, Protocol
from urllib.parse import unquote

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from emulator.apis.http.response import Ready

#: Bytes of a request's head, and of what else is no body: chunk extensions, trailers.
MAX_HEAD: Final = 64 * 1024


class AnswersNow(Protocol):
    """An application that can answer at once; None for what goes the long way."""

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None: ...


class ShortWay(HttpToolsProtocol):
    """For uvicorn's ``http``; its application has ``answer_now``."""

    #: The body of a request that may be answered at once, as far as it has come; None for any other request.
    _body: bytes | None = None
    #: Bytes that have come since anything was heard of a request.
    _unheard = 0
    #: When the last answer was given, by the loop's clock; None while something is asked.
    _idle_since: float | None = None
    #: What came was no HTTP; what was asked before is answered still.
    _is_broken = False

    def on_headers_complete(self) -> None:
        self._unheard = 0
        is_busy = self.cycle is not None and not self.cycle.response_complete
        is_plain = self.url.startswith(b"/") and b"#" not in self.url
        if (
            is_busy
            or not is_plain
            or self.expect_100_continue
            or self.flow.write_paused
            or self.parser.should_upgrade()
        ):
            self._idle_since = None
            super().on_headers_complete()
        else:
            self._body = b""

    def on_body(self, body: bytes) -> None:
        self._unheard = 0
        if self._body is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        self._unheard = 0
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

    # ---- Idle connections: a timer for each connection, where uvicorn has one for each request ----

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _is_idle_now(self) -> None:
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_again_after(self.timeout_keep_alive)

    def _look_again_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return  # something is asked, and its answer begins anew
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_again_after(left)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """The timer would keep what was asked last."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_broken:
            return
        self._unheard += len(data)
        super().data_received(data)
        if self._unheard > MAX_HEAD and not self.transport.is_closing():
            self._refuse_head()
        elif self._body is not None:  # the rest is still to come
            body, self._body = self._body, None
            self._go_the_long_way(body)

    def _go_the_long_way(self, body: bytes) -> None:
        self._idle_since = None
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """For what is no HTTP. An answer that is under way comes to its end first, and no other is put into it."""
        self._body = None
        self._break_off(400, msg)

    def _refuse_head(self) -> None:
        self._break_off(431, f"Expected at most {MAX_HEAD} bytes in the head of a request.")

    def _break_off(self, status: int, words: str) -> None:
        self._is_broken = True
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete and cycle.more_body:  # its own request breaks off
            cycle.disconnected = True
            cycle.message_event.set()
            if self.pipeline and self.pipeline[0][0] is cycle:
                self.pipeline.popleft()
            elif cycle.response_started:
                self.transport.close()
                return
            cycle = None
        if self.pipeline or (cycle is not None and not cycle.response_complete):
            return  # ``on_response_complete`` closes
        body = words.encode("ascii")
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n" % len(body)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))
        self.transport.close()

    def on_response_complete(self) -> None:
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        super().on_response_complete()
        if timer is not None:  # uvicorn has made one of its own
            timer.cancel()
        is_asked = self.cycle is not None and not self.cycle.response_complete  # what was pipelined
        self._idle_since = None if is_asked else self.loop.time()
        if self._is_broken and not self.pipeline and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def _write(self, status: int, head: bytes, body: bytes | list[bytes]) -> None:
        keeps_open = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"  # as uvicorn has it
        if isinstance(body, list):
            framing, body = self._framed(body)
            head += framing
        closing = b"" if keeps_open else b"connection: close\r\n"
        self.transport.write(b"%b%b%b\r\n%b" % (STATUS_LINE[status], head, closing, body))
        self.cycle = None  # type: ignore[assignment]  # nothing is under way, as on a new connection
        self.server_state.total_requests += 1
        if keeps_open:
            self._is_idle_now()
        else:
            self.transport.close()

    def _framed(self, frames: list[bytes]) -> tuple[bytes, bytes]:
        """Header and body of a stream: a chunk for each frame; HTTP/1.0 has no chunks, and the length is known."""
        if self.parser.get_http_version() == "1.0":
            body = b"".join(frames)
            return b"content-length: %d\r\n" % len(body), body
        chunks = b"".join([b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames])
        return b"transfer-encoding: chunked\r\n", chunks + b"0\r\n\r\n"
