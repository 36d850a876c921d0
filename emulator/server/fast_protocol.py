"""HTTP on a connection: uvicorn's own protocol, with a fast path for responses that need no waiting.

Most requests arrive in one packet and are answered without a pause. A task, an event and ASGI's messages would be most
of their cost, so the response is written when the parser reports the end of the request. A stream that is complete goes
out at once too, a chunk for each event. Requests that arrive in pieces, wait or are malformed take the slow path, as in
any ASGI application.

Neither uvicorn nor its parser bounds the head of a request, so this module does.

``FastProtocol`` depends on internals of uvicorn. ``is_supported`` probes them once in a process, and without them
``emulator.server.server`` serves with uvicorn's own protocol.
"""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import Any, Final, Protocol
from urllib.parse import unquote

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from emulator.apis.http.response import CLOSE_LINE, Ready
from emulator.base.limits import MAX_HEAD
from emulator.server.uvicorn_server import CONFIG
from emulator.server.without_h2c import WithoutH2c


class AnswersNow(Protocol):
    """An application that can return a response at once; None for a request that takes the slow path."""

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None: ...


class FastProtocol(WithoutH2c):
    """A value for uvicorn's ``http``. Its application has ``answer_now``."""

    #: The body received so far of a request that may take the fast path; None for any other request.
    _body: bytes | None = None
    #: Bytes received since the parser last reported a part of a request.
    _unreported = 0
    #: Bytes that were received last, in which several requests may be.
    _received = 0
    #: Since when the connection is idle, by the loop's clock; None while a request is open. A request that was answered
    #: at once counts from when it came.
    _idle_since: float | None = None
    #: The client sent something that is not HTTP; earlier requests still get their responses.
    _is_broken = False

    #: The head of a request is too long; the parser stops at it.
    _is_too_long = False

    def on_message_begin(self) -> None:
        """Leaves out the scope, which only the slow path needs."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._head_since = self._heard_at

    def on_headers_complete(self) -> None:
        if self._unreported > MAX_HEAD or self._received > MAX_HEAD:
            self._measure_head()
        self._unreported, self._head_since = 0, None
        is_busy = self.cycle is not None and not self.cycle.response_complete
        is_plain = self.url.startswith(b"/") and b"#" not in self.url
        if (
            is_busy
            or not is_plain
            or self.expect_100_continue
            or self.flow.write_paused
            or self.parser.should_upgrade()
        ):
            self._begin_slow_path()
        else:
            self._body = b""

    def on_body(self, body: bytes) -> None:
        self._unreported = 0
        if self._body is None:
            super().on_body(body)
        else:
            self._body += body

    def on_message_complete(self) -> None:
        self._unreported = 0
        body = self._body
        if body is None:
            super().on_message_complete()
            return
        self._body = None
        method, (path, _, query) = self.parser.get_method().decode("ascii"), self.url.partition(b"?")
        readable = path.decode("latin-1")
        scope = {
            "method": method,
            "path": unquote(readable) if "%" in readable else readable,
            "raw_path": path,
            "query_string": query,
            "headers": self.headers,
        }
        application: AnswersNow = self.config.loaded_app
        ready = application.answer_now(scope, body) if method != "HEAD" else None
        if ready is None:
            self._begin_slow_path(scope, body)
            super().on_message_complete()
        else:
            self._write(*ready)

    # ---- Idle connections: one timer for a connection, where uvicorn starts one for each request ----

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _check_idle_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return  # a request is open, and its response starts the timer again
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._check_idle_after(left)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancels the timer, which would keep the last request in memory."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_broken:
            return
        self._received = len(data)
        self._unreported += self._received
        super().data_received(data)
        if self._unreported > MAX_HEAD and not self.transport.is_closing():
            self._refuse_head()
        elif self._body is not None:  # the rest of the request is still to come
            body, self._body = self._body, None
            self._begin_slow_path({}, body)

    def _begin_slow_path(self, begun: Scope | None = None, body: bytes = b"") -> None:
        """Reports to uvicorn what has come of a request. ``begun``: its scope, if the fast path has begun it."""
        self._idle_since = None
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers += headers
        scope: Any = self.scope
        scope.update(begun or {})
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """For data that is not HTTP. A response that is being sent ends first, and no other is put into it."""
        self._body = None
        if self._is_too_long:
            self._refuse_head()
        else:
            self._break_off(400, msg)

    def _measure_head(self) -> None:
        """A head that came with other bytes is known by its parts. What is raised here ends the parser."""
        headers = sum(len(name) + len(value) + len(b": \r\n") for name, value in self.headers)
        if len(self.url) + len(b"GET  HTTP/1.1\r\n\r\n") + headers > MAX_HEAD:
            self._is_too_long = True
            raise ValueError("the head of the request is too long")

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
            return  # ``on_response_complete`` closes the connection
        body = words.encode("ascii")
        head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n" % len(body)
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[status], head, body))
        self.transport.close()

    def on_response_complete(self) -> None:
        timer, self.timeout_keep_alive_task = self.timeout_keep_alive_task, None
        super().on_response_complete()
        if timer is not None:  # uvicorn has started one of its own
            timer.cancel()
        is_open = self.cycle is not None and not self.cycle.response_complete  # a pipelined request
        self._idle_since = None if is_open else self.loop.time()
        if self._is_broken and not self.pipeline and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def _write(self, status: int, head: bytes, body: bytes | list[bytes]) -> None:
        keeps_open = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"  # as in uvicorn
        closing = b"" if keeps_open else CLOSE_LINE
        if head.endswith(CLOSE_LINE):
            keeps_open, closing = False, b""
        if isinstance(body, list):
            framing, body = self._framed(body)
            head += framing
        self.transport.write(b"".join((STATUS_LINE[status], head, closing, b"\r\n", body)))
        self.cycle = None  # type: ignore[assignment]  # no request is open, as on a new connection
        self.server_state.total_requests += 1
        if keeps_open:
            self._idle_since = self._heard_at
            if self.timeout_keep_alive_task is None:
                self._check_idle_after(self.timeout_keep_alive)
        else:
            self.transport.close()

    def _framed(self, frames: list[bytes]) -> tuple[bytes, bytes]:
        """Header and body of a stream: a chunk for each frame. HTTP/1.0 has no chunks, but the length is known."""
        if self.parser.get_http_version() == "1.0":
            body = b"".join(frames)
            return b"content-length: %d\r\n" % len(body), body
        chunks = b"".join([b"%x\r\n%b\r\n" % (len(frame), frame) for frame in frames])
        return b"transfer-encoding: chunked\r\n", chunks + b"0\r\n\r\n"


# ---- The probe ----

#: Names of ``HttpToolsProtocol`` that ``FastProtocol`` overrides, and that uvicorn has to call.
_OVERRIDDEN: Final = (
    "on_message_begin",
    "on_headers_complete",
    "on_body",
    "on_message_complete",
    "on_response_complete",
    "send_400_response",
    "timeout_keep_alive_handler",
    "_unset_keepalive_if_required",
)


@functools.cache
def is_supported() -> bool:
    """True if the installed uvicorn has the internals that ``FastProtocol`` relies on.

    Sends a request by each path through a protocol without a socket, and compares the bytes and the state.
    """
    try:
        return all(hasattr(HttpToolsProtocol, name) for name in _OVERRIDDEN) and _probe()
    except Exception:  # an internal that has another name, type or signature may raise anything
        return False


def _probe() -> bool:
    written: list[bytes] = []
    protocol = _without_socket(written)
    protocol.data_received(b"POST /fast?x=1 HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi")
    is_fast = written == [STATUS_LINE[200] + b"x: y\r\n\r\nhi"] and protocol.cycle is None
    is_idle = protocol._idle_since == 0 and protocol.timeout_keep_alive_task is not None
    protocol.data_received(b"POST /slow HTTP/1.1\r\ncontent-length: 2\r\n\r\nh")
    cycle: Any = protocol.cycle
    is_open = cycle.more_body and cycle.body == b"h" and protocol._idle_since is None
    protocol.data_received(b"i")
    is_slow = not (cycle.more_body or cycle.response_complete or cycle.response_started or cycle.disconnected)
    cycle.message_event.set()
    cycle.response_complete = True
    cycle.on_response()
    is_idle_again = protocol._idle_since == 0 and not protocol.pipeline and not protocol.flow.write_paused
    protocol.data_received(b"\0")
    refusal = b"".join(written[1:])
    return bool(is_fast and is_idle and is_open and is_slow and is_idle_again and refusal.startswith(STATUS_LINE[400]))


class _EchoFast:
    """Returns the body of a request to ``/fast`` at once."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The probe never runs it."""

    def answer_now(self, scope: Scope, body: bytes) -> Ready | None:
        return (200, b"x: y\r\n", body) if scope["path"] == "/fast" else None


class _Task:
    """Stands for the task of a request, which the probe does not run."""

    def add_done_callback(self, call: Any) -> None:
        """The task never ends."""


def _without_socket(written: list[bytes]) -> FastProtocol:
    """A protocol on stand-ins for its loop and its transport; appends what it writes."""
    config = uvicorn.Config(_EchoFast(), http=FastProtocol, **CONFIG)
    config.load()
    timer = SimpleNamespace(cancel=lambda: None)

    def create_task(coroutine: Any, **named: Any) -> Any:
        coroutine.close()
        return _Task()

    loop: Any = SimpleNamespace(time=lambda: 0, call_later=lambda seconds, call: timer, create_task=create_task)
    transport: Any = SimpleNamespace(
        write=written.append,
        close=lambda: None,
        is_closing=lambda: False,
        get_extra_info=lambda name, default=None: default,
        pause_reading=lambda: None,
        resume_reading=lambda: None,
    )
    protocol = FastProtocol(config, ServerState(), {}, loop)
    protocol.connection_made(transport)
    return protocol
