"""A reverse proxy that records: what passes is not altered and does not wait, and each exchange is kept as it ends.

    client --> Recorder (ASGI) --> upstream          what both said --Redactor--> a line of the recording

An exchange is written before its last byte goes to the client, so what a client has seen to its end is in the file,
whatever happens to the recorder then. Redacting and writing is done in a thread of its own, one exchange at a time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from emulator.apis.http.errors import ApiError
from emulator.apis.http.fault_injector import BrokenOff
from emulator.base.clock import RealClock, monotonic
from emulator.recordings.exchange import Ended, Exchange, Headers
from emulator.recordings.own_format import line
from emulator.recordings.record.bodies import Body, request_body, response_body
from emulator.recordings.record.redaction import Redactor
from emulator.recordings.record.upstream import (
    Answer,
    Broken,
    RawHeaders,
    TimedOut,
    Unreachable,
    Upstream,
    UpstreamFailed,
)
from emulator.recordings.recording_file import RecordingFile

_CREATES_RUN: Final = re.compile(r"/threads/([^/]+/)?runs/?$")
#: Statuses that can be passed on.
_STATUSES: Final = range(200, 600)
#: Seconds that answers under way have to be recorded when the recorder stops.
_PATIENCE: Final = 5.0
_ENDED: Final[dict[type[UpstreamFailed], Ended]] = {Unreachable: "unreachable", TimedOut: "timeout", Broken: "cut"}


@dataclass(slots=True)
class Totals:
    """What has passed. ``failures``: errors, and answers that did not come to their end by the upstream's doing.

    ``lost``: exchanges that could not be written.
    """

    requests: int = 0
    runs: int = 0
    streams: int = 0
    streaming: int = 0
    failures: int = 0
    bytes: int = 0
    lost: int = 0


class Recorder:
    """The application. ``changed`` is called whenever the totals are others, ``report`` with a line for the user."""

    def __init__(
        self,
        upstream: Upstream,
        file: RecordingFile,
        redactor: Redactor,
        *,
        keep_files: bool = False,
        changed: Callable[[], object] = lambda: None,
        report: Callable[[str], object] = lambda line: None,
    ) -> None:
        self.upstream, self.file, self.redactor, self.keep_files = upstream, file, redactor, keep_files
        self.changed, self._report = changed, report
        self.totals = Totals()
        self._open: dict[int, _Passing] = {}
        self._number = file.last_number
        self._is_ending = False
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._writing: set[asyncio.Future[str | None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._is_ending:
            await _refuse(send, 503, "recorder_stopped", "the recorder is being stopped")
            return
        self._number += 1
        self.totals.requests += 1
        passing = self._open[self._number] = _Passing(self, self._number, scope, receive, send)
        self.changed()
        try:
            await passing.run()
        finally:
            del self._open[passing.number]
            self.changed()

    @property
    def under_way(self) -> int:
        """Requests that have not ended."""
        return len(self._open)

    async def end(self) -> None:
        """Breaks off what is under way, once it is recorded; then the upstream's connections are closed."""
        self._is_ending = True
        ended = [passing.stop() for passing in self._open.values()]
        if ended:
            await asyncio.wait(ended, timeout=_PATIENCE)
        if self._writing:
            await asyncio.wait(self._writing, timeout=_PATIENCE)
        await self.upstream.close()

    def close(self) -> None:
        """Waits until all is written, and closes the file."""
        self._writer.shutdown()
        self.file.close()

    async def keep(self, exchange: Exchange, **about: Any) -> None:
        """Writes an exchange without its secrets, also when whoever waits for it does so no longer."""
        others = [number for number in self._open if number != exchange.number]
        writing = asyncio.get_running_loop().run_in_executor(self._writer, self._write, exchange, others, about)
        self._writing.add(writing)
        writing.add_done_callback(self._written)
        await asyncio.shield(writing)

    def _write(self, exchange: Exchange, others: list[int], about: dict[str, Any]) -> str | None:
        """In the writer's thread. Answers why it cannot be done."""
        try:
            self.file.write(line(self.redactor.exchange(exchange), open=others, **about))
        except OSError as error:
            return f"request {exchange.number} is not recorded: {self.file.path}: {error.strerror}"
        except Exception as error:  # a client's answer is worth more than its record, and its secrets than both
            return f"request {exchange.number} is not recorded: {type(error).__name__}: {error}"
        return None

    def _written(self, writing: asyncio.Future[str | None]) -> None:
        self._writing.discard(writing)
        if problem := writing.result():
            self.totals.lost += 1
            if self.totals.lost == 1:
                self._report(problem)


class _Passing:
    """One request on its way to the upstream, and the answer on its way back."""

    def __init__(self, recorder: Recorder, number: int, scope: Scope, receive: Receive, send: Send) -> None:
        self._recorder, self.number, self._scope, self._receive, self._send = recorder, number, scope, receive, send
        self._time, self._begun = RealClock().now(), monotonic()
        self._first: float | None = None
        self._headers = recorder.upstream.headers(scope["headers"])
        self._asked = request_body(_shown(self._headers), keep_files=recorder.keep_files)
        self._answer: Answer | None = None
        self._answered = Body()
        self._ended: Ended | None = None
        self._problem: str | None = None
        self._is_head_out = False
        self._upload: asyncio.Queue[tuple[bytes, bool]] | None = asyncio.Queue(1)
        loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[None] = loop.create_future()
        self._over: asyncio.Future[None] = loop.create_future()

    async def run(self) -> None:
        """Passes both on until they are through, the client has left or the recorder is stopped."""
        work = asyncio.ensure_future(self._pass_on())
        reading = asyncio.ensure_future(self._read_client())
        try:
            await asyncio.wait({work, reading, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            interrupted: Ended = "client_left" if reading.done() else "stopped"
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
            if not work.cancelled():
                work.result()
            await self._end(interrupted)
            if self._is_head_out and self._ended != "complete":
                raise BrokenOff
            if self._ended == "stopped":
                await _refuse(self._send, 503, "recorder_stopped", "the recorder is being stopped")
        finally:
            work.cancel()
            reading.cancel()
            self._over.set_result(None)

    def stop(self) -> asyncio.Future[None]:
        """Breaks it off; what is answered is done once it is recorded."""
        if not self._stopped.done():
            self._stopped.set_result(None)
        return self._over

    # ---- From the client to the upstream ----

    async def _read_client(self) -> None:
        """Reads what the client sends, until it leaves."""
        while (message := await self._receive())["type"] != "http.disconnect":
            piece = message.get("body", b"")
            self._asked.feed(piece)
            self._recorder.totals.bytes += len(piece)
            if self._upload:
                await self._upload.put((piece, message.get("more_body", False)))

    async def _rest(self, piece: bytes, queue: asyncio.Queue[tuple[bytes, bool]]) -> AsyncGenerator[bytes, None]:
        """The request's body as it comes."""
        more = True
        while more:
            if piece:
                yield piece
            piece, more = await queue.get()
        if piece:
            yield piece

    async def _ask(self) -> Answer:
        """Sends the request. What the upstream has left unread when it answers goes nowhere."""
        scope, upstream, queue = self._scope, self._recorder.upstream, self._upload
        assert queue is not None
        piece, more = await queue.get()
        content = self._rest(piece, queue) if more else piece or None
        try:
            target = upstream.target(scope["raw_path"], scope["query_string"])
            return await upstream.send(scope["method"], target, self._headers, content)
        finally:
            self._upload = None
            if not queue.empty():
                queue.get_nowait()

    # ---- From the upstream to the client ----

    async def _pass_on(self) -> None:
        try:
            answer = await self._ask()
            try:
                await self._deliver(answer)
            finally:
                await answer.close()
        except UpstreamFailed as failure:
            self._problem = str(failure)
            await self._end(_ENDED[type(failure)])
            if not self._is_head_out:
                status, code, words = _WORDS[type(failure)]
                url = self._recorder.upstream.url
                await _refuse(self._send, status, code, f"the upstream {url} {words}: {failure}")

    async def _deliver(self, answer: Answer) -> None:
        if answer.status not in _STATUSES:
            raise Broken(f"it answered with the status {answer.status}")
        totals = self._recorder.totals
        self._answer = answer
        shown = _shown(answer.headers)
        is_stream = any(name == "content-type" and value.startswith("text/event-stream") for name, value in shown)
        totals.streams += is_stream
        totals.streaming += is_stream
        self._answered = response_body(self._scope["path"], answer.status, shown, keep_files=self._recorder.keep_files)
        try:
            await self._deliver_body(answer, _length(self._scope["method"], answer), is_stream=is_stream)
        finally:
            totals.streaming -= is_stream

    async def _deliver_body(self, answer: Answer, length: int | None, *, is_stream: bool) -> None:
        """Whatever makes the client think that it has all goes out after the exchange is written."""
        if length == 0:
            await self._end("complete")
        await self._send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        self._is_head_out = True
        passed = 0
        async with aclosing(answer.pieces()) as pieces:
            async for piece in pieces:
                self._first = self._first or monotonic()
                passed += len(piece)
                self._recorder.totals.bytes += len(piece)
                self._answered.feed(piece)
                if passed == length or (is_stream and self._answered.is_done):
                    await self._end("complete")
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                self._recorder.changed()
        await self._end("complete")
        await self._send({"type": "http.response.body", "body": b""})

    # ---- What is kept of it ----

    async def _end(self, ended: Ended) -> None:
        """Records the exchange, once."""
        if self._ended is not None:
            return
        self._ended = ended
        now, asked, answer = monotonic(), self._asked.about(), self._answered.about()
        exchange = self._exchange(ended, answer.get("bytes"))
        self._count(exchange)
        await self._recorder.keep(
            exchange,
            first_ms=None if self._first is None else (self._first - self._begun) * 1000,
            total_ms=(now - self._begun) * 1000,
            request=asked,
            answer=answer if self._problem is None else {**answer, "problem": self._problem},
        )

    def _exchange(self, ended: Ended, response_size: int | None) -> Exchange:
        scope, answer = self._scope, self._answer
        content = self._answered.content
        headers = () if answer is None else _shown(answer.headers)
        if content is not None and any(name == "content-encoding" for name, _ in headers):
            headers = tuple(pair for pair in headers if pair[0] not in ("content-encoding", "content-length"))
        return Exchange(
            method=scope["method"],
            url=_url(scope["raw_path"], scope["query_string"]),
            status=0 if answer is None else answer.status,
            request_headers=_shown(self._headers),
            request_body=self._asked.content,
            form=self._asked.form,
            response_headers=headers,
            response_body=None if answer is None else content,
            response_size=response_size,
            ended=ended,
            number=self.number,
            time=round(self._time, 3),
        )

    def _count(self, exchange: Exchange) -> None:
        totals = self._recorder.totals
        is_fine = 200 <= exchange.status < 300
        totals.runs += is_fine and exchange.method == "POST" and _CREATES_RUN.search(self._scope["path"]) is not None
        totals.failures += exchange.status >= 400 or exchange.ended in ("cut", "timeout", "unreachable")


_WORDS: Final[dict[type[UpstreamFailed], tuple[int, str, str]]] = {
    Unreachable: (502, "upstream_unreachable", "cannot be reached"),
    TimedOut: (504, "upstream_timeout", "did not answer in time"),
    Broken: (502, "upstream_broken", "broke off"),
}


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    """An error of the recorder's own, in OpenAI's envelope."""
    body = ApiError(status, f"assistants-emulator record: {message}", type="upstream_error", code=code).body()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _shown(headers: RawHeaders) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _url(path: bytes, query: bytes) -> str:
    """As the client asked for it. Two slashes would begin the name of a host."""
    if path.startswith(b"//"):
        path = b"/%2F" + path[2:]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _length(method: str, answer: Answer) -> int | None:
    """Bytes of the body; None if only its end will tell."""
    if method == "HEAD" or answer.status in (204, 304):
        return 0
    return next((int(value) for name, value in answer.headers if name == b"content-length"), None)
