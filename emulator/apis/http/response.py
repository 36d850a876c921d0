"""Sends responses: whole, as a file in pieces, or as a stream that waits for what is still to come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from emulator.apis.http.headers import JSON, Headers
from emulator.apis.http.request import AwaitedResponse, FileResponse, JsonResponse, StreamResponse, pull
from emulator.base.clock import FOREVER
from emulator.world.journal import Entry
from emulator.world.world import World

if TYPE_CHECKING:
    from starlette.types import Receive, Send

    from emulator.engine.event_stream import EventStream

#: A response that nobody has to wait for: status, lines of headers, and a body whose length they tell, or the frames of
#: a stream.
Ready = tuple[int, bytes, bytes | list[bytes]]

#: Says that the connection ends with the response; the line is the last one of a head.
CLOSE: Final = (b"connection", b"close")
CLOSE_LINE: Final = b"connection: close\r\n"

#: The server alone says where a response ends.
FRAMING: Final = (b"content-length", b"transfer-encoding", b"connection", b"keep-alive")

_SSE: Final = (b"content-type", b"text/event-stream; charset=utf-8")


class BrokenOff(Exception):
    """The response goes no further."""


def headers_of(result: JsonResponse, shared: Headers) -> Headers:
    """The headers of a JSON response: those that all share, and its own."""
    sent = [*shared, JSON]
    if result.headers:  # a fault's or stub's own beat ours
        own = dict(result.headers)
        for name in FRAMING:
            own.pop(name, None)
        sent = [*(pair for pair in sent if pair[0] not in own), *own.items()]
    if result.status != 204:  # which has none (RFC 9110)
        sent.append((b"content-length", str(len(result.body)).encode()))
    if result.poll_after is not None:
        sent.append((b"openai-poll-after-ms", str(result.poll_after).encode()))
    return sent


def head_of(result: JsonResponse, shared: bytes) -> bytes:
    """As ``headers_of``, in lines, for a response without headers of its own."""
    poll = b"" if result.poll_after is None else b"openai-poll-after-ms: %d\r\n" % result.poll_after
    return b"%bcontent-type: application/json\r\ncontent-length: %d\r\n%b" % (shared, len(result.body), poll)


#: The same as a line, for a response that goes out at once.
SSE_LINE: Final = b"content-type: text/event-stream; charset=utf-8\r\n"


def stream_headers(shared: Headers) -> Headers:
    """The headers of a stream."""
    return [*shared, _SSE]


async def send_json(result: JsonResponse, shared: Headers, send: Send) -> None:
    """Sends a JSON response."""
    await send({"type": "http.response.start", "status": result.status, "headers": headers_of(result, shared)})
    await send({"type": "http.response.body", "body": result.body})


async def send_file(result: FileResponse, shared: Headers, send: Send) -> None:
    """The bytes in pieces, so that a large file is never in memory as a whole."""
    sent = [
        *shared,
        (b"content-type", result.media_type.encode()),
        (b"content-disposition", (result.disposition or _disposition(result.filename)).encode()),
        (b"content-length", str(result.content.size).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": sent})
    for piece in result.content.pieces():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _disposition(filename: str) -> str:
    """The header that says how a download is called."""
    quoted = filename.replace("\\", "").replace('"', "")
    plain = quoted.isascii() and quoted.isprintable()
    return f'attachment; filename="{quoted}"' if plain else f"attachment; filename*=UTF-8''{quote(filename, safe='')}"


async def send_stream(
    response: StreamResponse, world: World, shared: Headers, entry: Entry, receive: Receive, send: Send
) -> None:
    """Frame by frame. The frames are made without the client; one that leaves changes nothing but what it ``left``."""
    stream, journal = response.stream, world.journal
    journal.add(entry)
    sent, noted = response.first, False
    waiting = _Waiting(stream, receive)
    try:
        await send({"type": "http.response.start", "status": 200, "headers": stream_headers(shared)})
        while not stream.broken_off:
            patience = None if stream.ended else pull(response)
            if stream.ended:  # noted before it is sent: who has read it finds it in the journal
                journal.answered(entry, b"".join(stream.frames[response.first :]))
                noted = True
            while sent < len(stream.frames):
                frame = stream.frames[sent]
                sent += 1
                is_last = stream.ended and sent == len(stream.frames)
                await send({"type": "http.response.body", "body": frame, "more_body": not is_last})
                if is_last:
                    return
            if stream.ended:  # nothing is left behind the first frame
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            if not stream.broken_off and not await waiting.for_more(patience):
                if response.left:
                    response.left()
                return
    except BrokenOff:
        raise
    except Exception as error:  # the head is out: all that can be done is to break off, and to tell
        world.report_exception(error)
    finally:
        if not noted:
            journal.answered(entry, b"".join(stream.frames[response.first :]))
        waiting.end()


async def break_off(send: Send) -> None:
    """A response that never comes: the connection closes without one."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


async def until_ready(response: AwaitedResponse, receive: Receive) -> bool:
    """Waits until a turn has come to rest; False if the client left before that, or the world is gone."""
    stream, waiting = response.stream, _Waiting(response.stream, receive)
    try:
        while not stream.ended:
            patience = pull(response)
            if stream.broken_off:
                return False
            if not stream.ended and not await waiting.for_more(patience):
                if response.left:
                    response.left()
                return False
    finally:
        waiting.end()
    return True


class _Waiting:
    """Waits for more of a stream, and notices that the client has left."""

    def __init__(self, stream: EventStream, receive: Receive) -> None:
        self._stream, self._gone = stream, _Departure(receive)
        self._woken = asyncio.Event()
        stream.listeners.append(self._woken.set)

    async def for_more(self, patience: float | None) -> bool:
        """Waits until woken or out of ``patience`` (real seconds); False if the client left before that."""
        stays = await self._gone.before(self._woken, patience)
        self._woken.clear()
        return stays

    def end(self) -> None:
        self._stream.listeners.remove(self._woken.set)
        self._gone.forget()


class _Departure:
    """Notices that a client has left while a stream waits."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._left: asyncio.Task[None] | None = None

    async def _until_left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            continue

    async def before(self, woken: asyncio.Event, patience: float | None) -> bool:
        """Waits until woken or out of patience; False if the client left before that."""
        self._left = self._left or asyncio.ensure_future(self._until_left())
        waiting = asyncio.ensure_future(woken.wait())
        timeout = None if patience is None or patience == FOREVER else max(patience, 0)
        await asyncio.wait({waiting, self._left}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return not self._left.done()

    def forget(self) -> None:
        if self._left:
            self._left.cancel()
