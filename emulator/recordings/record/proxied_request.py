"""One request on its way to the upstream, and the response on its way back, with copies for the recording."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import anyio
from starlette.types import Receive, Scope, Send

from emulator.apis.http.errors import ApiError
from emulator.apis.http.response import BrokenOff
from emulator.base.clock import RealClock, monotonic
from emulator.recordings.exchange import Ended, Exchange, Headers
from emulator.recordings.own_format import Details
from emulator.recordings.record.bodies import Body, request_body, response_body
from emulator.recordings.record.upstream import (
    Broken,
    RawHeaders,
    TimedOut,
    Unreachable,
    Upstream,
    UpstreamFailed,
    UpstreamResponse,
)

_CREATES_RUN: Final = re.compile(r"/threads/([^/]+/)?runs/?$")
#: Statuses that can be passed on.
_STATUSES: Final = range(200, 600)
_IS_STOPPED: Final = "the recorder is being stopped"


@dataclass(slots=True)
class Totals:
    """Counts of the traffic. ``failures``: error responses, and responses that the upstream did not finish.

    ``streaming``: streams that are open. ``bytes``: of all bodies. ``lost``: exchanges that could not be written.
    """

    requests: int = 0
    runs: int = 0
    streams: int = 0
    streaming: int = 0
    failures: int = 0
    bytes: int = 0
    lost: int = 0


class Keeper(Protocol):
    """The recorder, as a proxied request sees it."""

    upstream: Upstream
    totals: Totals
    keep_files: bool
    changed: Callable[[], object]

    async def keep(self, exchange: Exchange, details: Details) -> None: ...


class _BodyPiece(NamedTuple):
    data: bytes
    more: bool


class _Failure(NamedTuple):
    """How the client and the recording learn of a failure of the upstream."""

    ended: Ended
    status: int
    code: str
    words: str


_FAILURES: Final[dict[type[UpstreamFailed], _Failure]] = {
    Unreachable: _Failure("unreachable", 502, "upstream_unreachable", "cannot be reached"),
    TimedOut: _Failure("timeout", 504, "upstream_timeout", "did not answer in time"),
    Broken: _Failure("cut", 502, "upstream_broken", "broke off"),
}


class ProxiedRequest:
    """Passes one request and its response on, and gives the exchange to the keeper once."""

    def __init__(self, keeper: Keeper, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._keeper, self.number, self._scope, self._receive, self._send = keeper, number, scope, receive, send
        self._time, self._begun = RealClock().now(), monotonic()
        self._first_byte: float | None = None
        self._headers = keeper.upstream.headers(scope["headers"])
        self._request_body = request_body(_decoded(self._headers), keep_files=keeper.keep_files)
        self._response: UpstreamResponse | None = None
        self._response_body = Body()
        self._ended: Ended | None = None
        self._problem: str | None = None
        self._is_head_sent = False
        self._upload: asyncio.Queue[_BodyPiece] | None = asyncio.Queue(1)
        loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[None] = loop.create_future()
        self._over: asyncio.Future[None] = loop.create_future()
        #: Breaks off what is passed on. httpx2 shields its closing of connections from it, but not from a task's
        #: ``cancel``, which would leave connections of other requests open.
        self._passing_on = anyio.CancelScope()

    async def run(self) -> None:
        """Passes both on until the response ends, the client leaves or the recorder is stopped."""
        work = asyncio.ensure_future(self._pass_on())
        reading = asyncio.ensure_future(self._read_client())
        try:
            await asyncio.wait({work, reading, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            interrupted: Ended = "client_left" if reading.done() else "stopped"
            if not work.done():
                self._passing_on.cancel()
                await asyncio.wait({work})
            if not work.cancelled():
                work.result()
            await self._end(interrupted)
            if self._is_head_sent and self._ended != "complete":
                raise BrokenOff
            if self._ended == "stopped":
                await refuse(self._send, 503, "recorder_stopped", _IS_STOPPED)
        finally:
            work.cancel()
            reading.cancel()
            self._over.set_result(None)

    def stop(self) -> asyncio.Future[None]:
        """Breaks the request off. The returned future is done once the exchange is recorded."""
        if not self._stopped.done():
            self._stopped.set_result(None)
        return self._over

    # ---- From the client to the upstream ----

    async def _read_client(self) -> None:
        """Reads the request's body, and returns when the client leaves."""
        while (message := await self._receive())["type"] != "http.disconnect":
            data = message.get("body", b"")
            self._request_body.feed(data)
            self._keeper.totals.bytes += len(data)
            if self._upload:
                await self._upload.put(_BodyPiece(data, message.get("more_body", False)))

    async def _pieces(self, first: bytes, queue: asyncio.Queue[_BodyPiece]) -> AsyncGenerator[bytes, None]:
        """The request's body as it comes."""
        piece = _BodyPiece(first, more=True)
        while piece.more:
            if piece.data:
                yield piece.data
            piece = await queue.get()
        if piece.data:
            yield piece.data

    async def _forward(self) -> UpstreamResponse:
        """Sends the request. Drops the part of its body that the upstream has not read when it responds."""
        scope, upstream, queue = self._scope, self._keeper.upstream, self._upload
        assert queue is not None
        piece = await queue.get()
        content = self._pieces(piece.data, queue) if piece.more else piece.data or None
        try:
            target = upstream.target(scope["raw_path"], scope["query_string"])
            return await upstream.send(scope["method"], target, self._headers, content)
        finally:
            self._upload = None
            if not queue.empty():
                queue.get_nowait()

    # ---- From the upstream to the client ----

    async def _pass_on(self) -> None:
        with self._passing_on:
            try:
                response = await self._forward()
                try:
                    await self._deliver(response)
                finally:
                    await response.close()
            except UpstreamFailed as error:
                failure = _FAILURES[type(error)]
                self._problem = str(error)
                await self._end(failure.ended)
                if not self._is_head_sent:
                    message = f"the upstream {self._keeper.upstream.url} {failure.words}: {error}"
                    await refuse(self._send, failure.status, failure.code, message)

    async def _deliver(self, response: UpstreamResponse) -> None:
        if response.status not in _STATUSES:
            raise Broken(f"it answered with the status {response.status}")
        totals = self._keeper.totals
        self._response = response
        headers = _decoded(response.headers)
        is_stream = any(name == "content-type" and value.startswith("text/event-stream") for name, value in headers)
        totals.streams += is_stream
        totals.streaming += is_stream
        self._response_body = response_body(
            self._scope["path"], response.status, headers, keep_files=self._keeper.keep_files
        )
        try:
            await self._deliver_body(response, _length(self._scope["method"], response), is_stream=is_stream)
        finally:
            totals.streaming -= is_stream

    async def _deliver_body(self, response: UpstreamResponse, length: int | None, *, is_stream: bool) -> None:
        """Writes the exchange before it sends the bytes by which the client knows that the response is complete."""
        if length == 0:
            await self._end("complete")
        await self._send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        self._is_head_sent = True
        passed = 0
        async with aclosing(response.pieces()) as pieces:
            async for piece in pieces:
                self._first_byte = self._first_byte or monotonic()
                passed += len(piece)
                self._keeper.totals.bytes += len(piece)
                self._response_body.feed(piece)
                if passed == length or (is_stream and self._response_body.is_done):
                    await self._end("complete")
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                self._keeper.changed()
        await self._end("complete")
        await self._send({"type": "http.response.body", "body": b""})

    # ---- The exchange ----

    async def _end(self, ended: Ended) -> None:
        """Records the exchange, the first time that it is called."""
        if self._ended is not None:
            return
        self._ended = ended
        now, response = monotonic(), self._response_body.about()
        exchange = self._exchange(ended, response.get("bytes"))
        self._count(exchange)
        first = None if self._first_byte is None else (self._first_byte - self._begun) * 1000
        details = Details(
            first_ms=first,
            total_ms=(now - self._begun) * 1000,
            request=self._request_body.about(),
            response=response if self._problem is None else {**response, "problem": self._problem},
        )
        await self._keeper.keep(exchange, details)

    def _exchange(self, ended: Ended, response_size: int | None) -> Exchange:
        scope, response = self._scope, self._response
        content = self._response_body.content
        headers = () if response is None else _decoded(response.headers)
        if content is not None and any(name == "content-encoding" for name, _ in headers):
            headers = tuple(pair for pair in headers if pair[0] not in ("content-encoding", "content-length"))
        return Exchange(
            method=scope["method"],
            url=_url(scope["raw_path"], scope["query_string"]),
            status=0 if response is None else response.status,
            request_headers=_decoded(self._headers),
            request_body=self._request_body.content,
            form=self._request_body.form,
            response_headers=headers,
            response_body=None if response is None else content,
            response_size=response_size,
            ended=ended,
            number=self.number,
            time=round(self._time, 3),
        )

    def _count(self, exchange: Exchange) -> None:
        totals = self._keeper.totals
        succeeded = 200 <= exchange.status < 300
        is_new_run = exchange.method == "POST" and _CREATES_RUN.search(self._scope["path"]) is not None
        totals.runs += succeeded and is_new_run
        totals.failures += exchange.status >= 400 or exchange.ended in ("cut", "timeout", "unreachable")


async def refuse(send: Send, status: int, code: str, message: str) -> None:
    """Sends an error of the recorder itself, in OpenAI's envelope."""
    body = ApiError(status, f"assistants-emulator record: {message}", type="upstream_error", code=code).body()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _decoded(headers: RawHeaders) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _url(path: bytes, query: bytes) -> str:
    """The URL in the client's request. A path that begins with two slashes is escaped: it would be read as a host."""
    if path.startswith(b"//"):
        path = b"/%2F" + path[2:]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _length(method: str, response: UpstreamResponse) -> int | None:
    """Bytes of the response's body; None if only its end shows them."""
    if method == "HEAD" or response.status in (204, 304):
        return 0
    return next((int(value) for name, value in response.headers if name == b"content-length"), None)
