"""What handlers get and give: a request that is known to be well-formed, and its answer, download or stream.

Handlers are plain functions from ``Call`` to ``Answer``, ``Download`` or ``Stream``: they run without a pause, so that
no other request sees the world in between. ``api`` is the pipe that calls them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from starlette.types import Message, Receive, Send

from emulator.apis.assistants.views import pretty
from emulator.apis.http import errors
from emulator.apis.http.forms import Form, announced
from emulator.apis.http.headers import Flavour, Headers
from emulator.apis.http.validation import request_error, with_whole_numbers
from emulator.engine.active_turn import FOREVER, Leg, Performance
from emulator.world.journal import MAX_DEPTH, Entry, nested_beyond
from emulator.world.state.contents import Content
from emulator.world.world import World

#: The largest body that is read into memory.
MAX_BODY = 64 * 1024 * 1024
#: Values in JSON, about.
MAX_VALUES: Final = 1_000_000
#: Seconds for a client to send what nobody reads any more.
LINGER: Final = 5.0

Header = tuple[bytes, bytes]
JSON: Final = (b"content-type", b"application/json")


@dataclass(slots=True)
class Call:
    """A request that is known to be well-formed, in its world."""

    world: World
    entry: Entry
    flavour: Flavour
    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    form: Form | None = None


@dataclass(slots=True)
class Answer:
    """A JSON answer. ``poll_after``: milliseconds for the header that the SDKs' polling helpers obey."""

    body: bytes
    status: int = 200
    poll_after: int | None = None
    headers: Headers = field(default_factory=list)


@dataclass(slots=True)
class Download:
    """An answer that is a file's bytes."""

    content: Content
    filename: str


@dataclass(slots=True)
class Stream:
    """An answer that is a stream of events."""

    world: World
    performance: Performance
    leg: Leg

    def pull(self) -> float | None:
        """Plays what is due for the stream; how long it may wait for more, in real seconds (None: until woken)."""
        performer, clock = self.world.performer, self.world.clock
        if clock.name == "real":
            performer.catch_up()
        patience = performer.watch_gate(self.performance)
        if clock.name != "real":
            return patience
        until = performer.next_instant(self.performance) - clock.now()
        return min(until, FOREVER if patience is None else patience)


Result = Answer | Stream | Download
Handler = Callable[[Call], Result]


def answer(thing: Any, *, poll_after: int | None = None) -> Answer:
    """A value as the service's Assistants endpoints write it."""
    return Answer(pretty(thing), poll_after=poll_after)


# ---- Reading ----


async def read_body(receive: Receive, limit: int = MAX_BODY, said: Sequence[Header] = ()) -> bytes | None:
    """The whole body; None if the client left.

    As soon as it is known to be over the limit, by what its headers ``said`` or by what has come, nothing more is read:
    the marker ``TOO_LARGE`` stands for it. ``TOO_MANY`` does for JSON of more values than are taken, which would be
    many times as large in memory.
    """
    if announced(said) > limit:
        return TOO_LARGE
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if message.get("more_body") and len(body) <= limit:
        pieces, size = [body], len(body)
        while message.get("more_body") and size <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
        body = b"".join(pieces)
    if len(body) > limit:
        return TOO_LARGE
    return TOO_MANY if is_bloated(body) else body


def is_bloated(body: bytes) -> bool:
    """True for JSON of more values than are taken; quick for what is small."""
    return len(body) > MAX_VALUES and body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_VALUES


def lingering(receive: Receive, send: Send) -> Send:
    """Sends the answer to a request whose body is not read to its end, and closes the connection.

    The answer is out at once. Most clients read it only when they have sent everything, so for a while what they still
    send is read, and forgotten.
    """

    async def send_and_linger(message: Message) -> None:
        if message["type"] == "http.response.start":
            await send({**message, "headers": [*message["headers"], (b"connection", b"close")]})
        elif message.get("more_body"):
            await send(message)
        else:
            await send({**message, "more_body": True})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    while (await receive()).get("more_body"):
                        continue
            await send({"type": "http.response.body", "body": b""})

    return send_and_linger


_NUMBER = re.compile(r"-?[0-9]{1,18}")
#: A number that may be whole, and be read as a decimal.
_DECIMAL = re.compile(rb"[0-9](?:\.0|[eE])")

#: Stand for bodies that were not kept. No other object is the same.
TOO_LARGE: Final = bytes(1)
TOO_MANY: Final = bytes(2)


def read_json(operation: str, body: bytes) -> dict[str, Any]:
    """The body of a POST; none at all is ``{}``, as the service has it for a new thread. Raises ApiError."""
    if body is TOO_LARGE:
        raise errors.body_too_large(MAX_BODY)
    if body is TOO_MANY:
        raise errors.too_many_values(MAX_VALUES)
    try:
        values = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise errors.bad_json() from None
    if nested_beyond(MAX_DEPTH, body, values):
        raise errors.nested_too_deeply(MAX_DEPTH)
    if error := request_error(operation, values):
        raise error
    read: dict[str, Any] = with_whole_numbers(values) if _DECIMAL.search(body) else values
    return read


def read_numbers(query: dict[str, Any]) -> dict[str, Any]:
    """A query with its ``limit`` as a number, where it is one."""
    limit = query.get("limit")
    return {**query, "limit": int(limit)} if isinstance(limit, str) and _NUMBER.fullmatch(limit) else query
