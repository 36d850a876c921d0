"""Reads the body of a request: bytes up to a limit, then JSON that fits the operation's schema."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Sequence
from typing import Any, Final

import orjson
from starlette.types import Message, Receive, Send

from emulator.apis.http import errors
from emulator.apis.http.forms import announced
from emulator.apis.http.headers import Header
from emulator.apis.http.validation import request_error, with_whole_numbers
from emulator.world.journal import MAX_DEPTH, nested_beyond

#: Bytes of the largest body that is read into memory.
MAX_BODY = 64 * 1024 * 1024
#: Values in JSON, about.
MAX_VALUES: Final = 1_000_000
#: Seconds for a client to send what nobody reads any more.
LINGER: Final = 5.0


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


#: The parameters of queries that are numbers.
_NUMBERS: Final = ("limit", "starting_after")


def read_numbers(query: dict[str, Any]) -> dict[str, Any]:
    """A query with its numbers as numbers, where they are such."""
    numbers = {name: int(query[name]) for name in _NUMBERS if _is_number(query.get(name))}
    return {**query, **numbers} if numbers else query


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value) is not None
