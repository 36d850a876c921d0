"""Reads a request: the bytes of its body up to a limit, JSON that fits the operation's schema, and the query."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
from collections.abc import Sequence
from concurrent.futures import Future
from itertools import repeat
from typing import Any, Final

import orjson
from starlette.types import Message, Receive, Scope, Send

from emulator.apis.http import errors
from emulator.apis.http.form import Form, announced, is_form
from emulator.apis.http.headers import Header, by_name
from emulator.apis.http.validation import request_error, validator, whole_names, with_whole_numbers
from emulator.base.limits import MAX_BODY, MAX_BODY_DEPTH, MAX_BODY_VALUES
from emulator.base.request_schemas import schema
from emulator.world.journal import nested_beyond

#: Bytes of a body that is read beside other requests.
LARGE: Final = 256 * 1024

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
    is_too_many = await asyncio.to_thread(is_bloated, body) if len(body) > LARGE else is_bloated(body)
    return TOO_MANY if is_too_many else body


async def read_any(scope: Scope, receive: Receive) -> bytes | Form | None:
    """The body of a request, as a form if it is one; None if the client left."""
    if not is_form(by_name(scope["headers"])):
        return await read_body(receive, MAX_BODY, scope["headers"])
    from emulator.apis.http.form_reader import read_form  # imports a parser

    return await read_form(scope, receive)


def is_bloated(body: bytes) -> bool:
    """True for JSON of more values than are taken; quick for what is small."""
    return len(body) > MAX_BODY_VALUES and body.count(b",") + body.count(b"[") + body.count(b"{") > MAX_BODY_VALUES


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


_BOOLEANS: Final = {"true": True, "false": False}
_NUMBER = re.compile(r"-?[0-9]{1,18}")
#: A number that may be whole, and be read as a decimal.
_DECIMAL = re.compile(rb"[0-9](?:\.0|[eE])")

#: Bytes that JSON of one more level than is taken has at least: two brackets a level.
_LEAST_DEEP: Final = 2 * MAX_BODY_DEPTH

#: Stand for bodies that were not kept. No other object is the same.
TOO_LARGE: Final = bytes(1)
TOO_MANY: Final = bytes(2)


def read_json(operation: str, body: bytes, *, foundry: bool = False) -> dict[str, Any]:
    """The body of a POST; none at all is ``{}``, as the service has it for a new thread. Raises ApiError.

    ``foundry``: by what Foundry takes.
    """
    if body is TOO_LARGE:
        raise errors.body_too_large(MAX_BODY)
    if body is TOO_MANY:
        raise errors.too_many_values(MAX_BODY_VALUES)
    try:
        values = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise errors.bad_json() from None
    if len(body) > _LEAST_DEEP and nested_beyond(MAX_BODY_DEPTH, body, values):
        raise errors.nested_too_deeply(MAX_BODY_DEPTH)
    fits = validator("bodies", operation, foundry=foundry)
    if not fits(values) and (error := request_error(operation, values, foundry=foundry)):
        raise error
    read: dict[str, Any] = values
    if whole_names(operation) and _has_decimal(body):
        read = with_whole_numbers(operation, values)
    return read


def _has_decimal(body: bytes) -> bool:
    """True for a body with such a number. A large one is searched in pieces, so that other threads go on between."""
    starts, ends = range(0, len(body), LARGE), range(LARGE + 2, len(body) + LARGE + 2, LARGE)
    return any(map(_DECIMAL.search, repeat(body), starts, ends))


def outcome_of(operation: str, body: bytes, *, foundry: bool) -> Future[dict[str, Any]]:
    """What ``read_json`` returns or raises, for whoever asks for it later."""
    outcome: Future[dict[str, Any]] = Future()
    try:
        outcome.set_result(read_json(operation, body, foundry=foundry))
    except Exception as error:
        outcome.set_exception(error)
    return outcome


@functools.cache
def _typed_parameters(operation: str) -> dict[str, str]:
    """The parameters of an operation's query that are no texts: ``integer`` or ``boolean`` by name."""
    found = schema("queries", operation) or {}
    definitions = found.get("$defs", {})

    def own(part: dict[str, Any]) -> dict[str, Any]:
        return definitions[part["$ref"].rpartition("/")[2]] if "$ref" in part else part

    types = {name: own(one).get("type") for name, one in own(found).get("properties", {}).items()}
    return {name: type for name, type in types.items() if type in ("integer", "boolean")}


def typed_query(operation: str, query: dict[str, Any]) -> dict[str, Any]:
    """A query with its whole numbers and booleans as such, where they are some; other texts stay for the validator."""
    read = dict(query)
    for name, type in _typed_parameters(operation).items():
        value = query.get(name)
        if not isinstance(value, str):
            continue
        if type == "integer" and _NUMBER.fullmatch(value):
            read[name] = int(value)
        elif type == "boolean" and value in _BOOLEANS:
            read[name] = _BOOLEANS[value]
    return read
