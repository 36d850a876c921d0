"""HTTP by hand, over asyncio: all that a client can do with a connection, and whether answers are whole.

An answer that is no proper HTTP, JSON or event stream raises ``Malformed``; one without its end ``BrokenOff``.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

#: Seconds after which a server is taken to hang.
PATIENCE = 60.0
_RESET = struct.pack("ii", 1, 0)


class Malformed(Exception):
    """What came is no answer that HTTP, JSON or the event stream's format allows."""


class BrokenOff(Exception):
    """The connection ended before the answer did. ``begun``: some of it had come."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__("in its middle" if begun else "before it began")
        self.begun = begun


@dataclass(frozen=True, slots=True)
class Event:
    """One frame of a stream; the data of ``done`` is the text ``[DONE]``."""

    name: str
    data: Any


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. ``headers`` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Malformed(f"{self.status}, no JSON: {error}") from None

    @property
    def streams(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def events(self) -> list[Event]:
        return events_of(self.body)


def events_of(body: bytes) -> list[Event]:
    """The frames of a stream. Raises Malformed for anything else."""
    *frames, rest = body.split(b"\n\n")
    if rest:
        raise Malformed(f"the last frame has no end: {rest[:200]!r}")
    return [event_of(frame) for frame in frames]


def event_of(frame: bytes) -> Event:
    first, newline, second = frame.partition(b"\n")
    if not first.startswith(b"event: ") or not newline or not second.startswith(b"data: ") or b"\n" in second:
        raise Malformed(f"no frame: {frame[:200]!r}")
    name, data = first[7:].decode(), second[6:]
    if data == b"[DONE]":
        return Event(name, "[DONE]")
    try:
        return Event(name, json.loads(data))
    except ValueError as error:
        raise Malformed(f"{name}: no JSON: {error}") from None


def request_bytes(
    method: str, path: str, key: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """A request: ``body`` is bytes, or anything that JSON has. ``headers`` replace those that are always sent."""
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    sent = {
        "Host": "127.0.0.1",
        "Authorization": f"Bearer {key}",
        "OpenAI-Beta": "assistants=v2",
        **({"Content-Type": "application/json", "Content-Length": str(len(raw))} if method == "POST" else {}),
        **(headers or {}),
    }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items() if value), "", ""]
    return "\r\n".join(lines).encode("latin-1") + raw


def form_bytes(fields: Mapping[str, str], name: str, filename: str, content: bytes) -> tuple[bytes, dict[str, str]]:
    """A multipart body with one file, and the header that says so."""
    mark = "----load"
    head = "".join(
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'
        for field, value in fields.items()
    )
    head += f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    return body, {"Content-Type": f"multipart/form-data; boundary={mark}", "Content-Length": str(len(body))}


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


class Wire:
    """A connection to 127.0.0.1, in the name of a key."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str) -> None:
        self.reader, self.writer, self.key = reader, writer, key
        #: Seconds after which it takes the server to hang.
        self.patience = PATIENCE

    @classmethod
    async def open(cls, port: int, key: str = "sk-load", *, window: int | None = None) -> Self:
        """``window``: bytes that the kernel takes for a client that does not read."""
        plain = socket.socket()
        if window is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        plain.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", port))
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return cls(*await asyncio.open_connection(sock=plain, limit=1 << 16), key)
        except BaseException:
            plain.close()
            raise

    # ---- Sending ----

    async def send(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        await self.send_bytes(request_bytes(method, path, self.key, body, headers))

    async def send_bytes(self, data: bytes) -> None:
        """Raises BrokenOff if the server has closed the connection."""
        try:
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), self.patience)
        except OSError:
            raise BrokenOff(begun=False) from None

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request and its whole answer."""
        await self.send(method, path, body, headers)
        return await self.answer()

    # ---- Receiving ----

    async def head(self) -> Answer:
        """An answer without its body."""
        try:
            raw = await self._within(self.reader.readuntil(b"\r\n\r\n"))
        except asyncio.IncompleteReadError as error:
            raise BrokenOff(begun=bool(error.partial)) from None
        except ConnectionError:
            raise BrokenOff(begun=False) from None
        first, *lines = raw[:-4].decode("latin-1").split("\r\n")
        if not first.startswith("HTTP/1.1 ") or not first[9:12].isdigit():
            raise Malformed(f"no status line: {first!r}")
        pairs = [line.partition(": ") for line in lines]
        if any(not name or not colon for name, colon, _ in pairs):
            raise Malformed(f"bad headers: {lines}")
        return Answer(int(first[9:12]), {name.lower(): value for name, _, value in pairs})

    async def pieces(self, head: Answer) -> AsyncIterator[bytes]:
        """The body as it comes: a chunk each, or at most 64 KiB."""
        try:
            if "content-length" in head.headers:
                missing = int(head.headers["content-length"])
                while missing:
                    piece = await self._within(self.reader.read(min(missing, 1 << 16)))
                    if not piece:
                        raise BrokenOff(begun=True)
                    missing -= len(piece)
                    yield piece
                return
            if head.headers.get("transfer-encoding") != "chunked":
                raise Malformed("neither a length nor chunks")
            while size := int(await self._within(self.reader.readuntil(b"\r\n")), 16):
                yield (await self._within(self.reader.readexactly(size + 2)))[:-2]
            await self._within(self.reader.readexactly(2))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise BrokenOff(begun=True) from None

    async def answer(self) -> Answer:
        head = await self.head()
        body = b"".join([piece async for piece in self.pieces(head)])
        return Answer(head.status, head.headers, body)

    async def frames(self, head: Answer) -> AsyncIterator[Event]:
        """The events of a stream as they come."""
        text = b""
        async for piece in self.pieces(head):
            text += piece
            while b"\n\n" in text:
                frame, _, text = text.partition(b"\n\n")
                yield event_of(frame)
        if text:
            raise Malformed(f"the last frame has no end: {text[:200]!r}")

    async def _within(self, coming: Any) -> bytes:
        found: bytes = await asyncio.wait_for(coming, self.patience)
        return found

    def widen(self, window: int) -> None:
        """A client that did not read begins to, and the kernel takes more for it."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)

    # ---- Leaving ----

    def half_close(self) -> None:
        """Says that nothing more will be sent."""
        self.writer.write_eof()

    def reset(self) -> None:
        """Leaves with an RST, whatever is under way."""
        plain = self.writer.get_extra_info("socket")
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            return  # the other side was first
