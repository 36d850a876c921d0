"""The road of a request to its answer: a straight pipe from bytes to bytes.

    body -> key -> world -> journal -> address -> route -> beta header -> query and body -> handler -> answer or stream

Handlers are plain functions from ``Call`` to ``Answer`` or ``Stream``: they run without a pause, so that no other
request sees the world in between. Errors are raised anywhere on the way and rendered here; anything that is not an
``ApiError`` is a bug of ours: a 500 in OpenAI's words, and a problem with its traceback.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, unquote

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from emulator import errors, headers
from emulator.contents import Content
from emulator.errors import ApiError
from emulator.forms import Form, is_form, read_form
from emulator.headers import Flavour, Headers
from emulator.journal import Entry
from emulator.performance import FOREVER, Leg, Performance
from emulator.validation import query_error, request_error
from emulator.views import pretty
from emulator.world import World, Worlds

#: The largest body that is read into memory.
MAX_BODY = 64 * 1024 * 1024

#: Headings of the API reference that ask for ``OpenAI-Beta: assistants=v2``.
_BETA: Final = frozenset({"assistants", "threads"})

_JSON: Final = (b"content-type", b"application/json")
_SSE: Final = (b"content-type", b"text/event-stream; charset=utf-8")


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
        patience = performer.watch_gate(self.performance)
        if clock.name != "real":
            return patience
        performer.catch_up()
        until = performer.next_instant(self.performance) - clock.now()
        return min(until, FOREVER if patience is None else patience)


Result = Answer | Stream | Download
Handler = Callable[[Call], Result]


def answer(thing: Any, *, poll_after: int | None = None) -> Answer:
    """A value as the service's Assistants endpoints write it."""
    return Answer(pretty(thing), poll_after=poll_after)


# ---- Which handler ----


class RouteTree:
    """Routes by path segment: finding one of many costs as much as finding one of few. Literal segments come first."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._root = _Node()
        for route in routes:
            node = self._root
            for segment in route.path.strip("/").split("/"):
                node = node.below(segment)
            for method in (route.methods or set()) - {"HEAD"}:
                node.operations[method] = (route.name, route.endpoint)

    @property
    def roots(self) -> frozenset[str]:
        """The first segments: the headings of the API reference."""
        return frozenset(self._root.literal)

    def find(self, segments: list[str], method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
        """The operation's name, its handler and the path's parameters. Raises ApiError: unknown URL, wrong method.

        An empty segment ends the path, as it does for the service: ``POST /threads//messages`` creates a thread.
        """
        node, values = self._root, {}
        for segment in segments:
            if not segment:
                break
            following = node.literal.get(segment)
            if following is None:
                if node.parameter is None:
                    raise errors.unknown_url(method, unquote(path))
                name, following = node.parameter
                values[name] = segment
            node = following
        if not node.operations:
            raise errors.unknown_url(method, unquote(path))
        operation = node.operations.get(method)
        if operation is None:
            raise errors.wrong_method(node.operations)
        return *operation, values


class _Node:
    __slots__ = ("literal", "operations", "parameter")

    def __init__(self) -> None:
        self.literal: dict[str, _Node] = {}
        self.parameter: tuple[str, _Node] | None = None
        self.operations: dict[str, tuple[str, Handler]] = {}

    def below(self, segment: str) -> _Node:
        if not segment.startswith("{"):
            return self.literal.setdefault(segment, _Node())
        name = segment.strip("{}")
        if self.parameter is None:
            self.parameter = (name, _Node())
        assert self.parameter[0] == name, f"one place, two names: {name} and {self.parameter[0]}"
        return self.parameter[1]


# ---- The pipe ----


class Api:
    """The Assistants API as an ASGI application."""

    def __init__(self, worlds: Worlds, routes: Sequence[Route]) -> None:
        self.worlds = worlds
        self.tree = RouteTree(routes)
        self._roots = self.tree.roots
        #: Where requests without a key are answered: nobody ever sees this world.
        self._nowhere = World(worlds.options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body: bytes | Form | None = b""
        if scope["method"] == "POST":
            body = await (read_form(scope, receive) if is_form(scope) else read_body(receive))
        if body is None:
            return  # the client left before its request was complete
        world, problem = self._nowhere, None
        try:
            headers.check_same_site(scope["headers"])
            world = self.worlds.of(headers.read_key(scope["headers"]))
        except ApiError as error:
            problem = error
        entry = Entry(
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            scope["query_string"],
            scope["headers"],
            world.clock.now(),
        )
        azure = not entry.path.startswith("/v1/")
        result, flavour = self._respond(world, entry, body, problem, "azure" if azure else "openai")
        request_id = world.ids.request_id()
        shared = headers.answer_headers(flavour, request_id, world.clock.now())
        if isinstance(result, Exception):
            result = self._error_answer(world, result, flavour, request_id)
        entry.status = 200
        if isinstance(result, Stream):
            await self._send_stream(result, shared, entry, receive, send)
            return
        if isinstance(result, Download):
            world.journal.add(entry)
            await _send_download(result, shared, send)
            return
        entry.status, entry.answer = result.status, result.body
        world.journal.add(entry)
        await _send_answer(result, shared, send)

    def _respond(
        self, world: World, entry: Entry, body: bytes | Form, problem: ApiError | None, flavour: Flavour
    ) -> tuple[Result | Exception, Flavour]:
        """From bytes to a result, or the exception that is to be answered."""
        try:
            if problem is not None:
                return problem, flavour
            address = headers.read_address(entry.path, entry.query, self._roots, entry.method)
            flavour = address.flavour
            operation, handler, path = self.tree.find(address.segments, entry.method, entry.path)
            form = body if isinstance(body, Form) else None
            raw = b"" if isinstance(body, Form) else body
            entry.operation, entry.body = operation, orjson.dumps(form.as_json()) if form else raw
            entry.thread_id, entry.run_id = path.get("thread_id"), path.get("run_id")
            if address.segments[0] in _BETA and not address.waives_beta:
                headers.check_beta(entry.headers)
            query = address.query and read_numbers(address.query)
            if query and (error := query_error(operation, query)):
                return error, flavour
            values = read_json(operation, raw) if entry.method == "POST" and form is None else {}
            if world.clock.name == "real":
                world.performer.catch_up()
            result = handler(Call(world, entry, flavour, path, query, values, form))
            if entry.method == "POST":
                world.made()
            return result, flavour
        except Exception as error:
            return error, flavour

    def _error_answer(self, world: World, error: Exception, flavour: Flavour, request_id: str) -> Answer:
        if not isinstance(error, ApiError):
            world.report_exception(error)
            error = errors.server_error(request_id)
        body = headers.error_body(error, flavour)
        return Answer(body + b"\n" if error.has_detail else body, error.status, headers=error.headers)

    async def _send_stream(self, stream: Stream, shared: Headers, entry: Entry, receive: Receive, send: Send) -> None:
        """Frame by frame. A client that leaves changes nothing: the frames are made without it."""
        leg, journal = stream.leg, stream.world.journal
        journal.add(entry)
        woken = asyncio.Event()
        leg.listeners.append(woken.set)
        gone = _Departure(receive)
        await send({"type": "http.response.start", "status": 200, "headers": [*shared, _SSE]})
        sent = 0
        try:
            while not leg.cut:
                patience = None if leg.ended else stream.pull()
                while sent < len(leg.frames):
                    frame = leg.frames[sent]
                    sent += 1
                    is_last = leg.ended and sent == len(leg.frames)
                    await send({"type": "http.response.body", "body": frame, "more_body": not is_last})
                    if is_last:
                        return
                if not leg.cut and not leg.ended and not await gone.before(woken, patience):
                    return
                woken.clear()
        except Exception as error:  # the head is out: all that can be done is to break off, and to tell
            stream.world.report_exception(error)
        finally:
            leg.listeners.remove(woken.set)
            journal.answered(entry, b"".join(leg.frames))
            gone.forget()


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


async def _send_answer(result: Answer, shared: Headers, send: Send) -> None:
    sent = [*shared, *result.headers, _JSON, (b"content-length", str(len(result.body)).encode())]
    if result.poll_after is not None:
        sent.append((b"openai-poll-after-ms", str(result.poll_after).encode()))
    await send({"type": "http.response.start", "status": result.status, "headers": sent})
    await send({"type": "http.response.body", "body": result.body})


async def _send_download(result: Download, shared: Headers, send: Send) -> None:
    """The bytes in pieces, so that a large file is never in memory as a whole."""
    name = quote(result.filename, safe="")
    quoted = result.filename.replace("\\", "").replace('"', "")
    plain = quoted.isascii() and quoted.isprintable()
    disposition = f'attachment; filename="{quoted}"' if plain else f"attachment; filename*=UTF-8''{name}"
    sent = [
        *shared,
        (b"content-type", b"application/octet-stream"),
        (b"content-disposition", disposition.encode()),
        (b"content-length", str(result.content.size).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": sent})
    for piece in result.content.pieces():
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


# ---- Reading ----


async def read_body(receive: Receive, limit: int = MAX_BODY) -> bytes | None:
    """The whole body; None if the client left. What is over the limit is not kept: the marker ``TOO_LARGE`` is."""
    message = await receive()
    if message["type"] == "http.disconnect":
        return None
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    pieces, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        size += len(message.get("body", b""))
        if size <= limit:
            pieces.append(message.get("body", b""))
        else:
            pieces.clear()
    return b"".join(pieces) if size <= limit else TOO_LARGE


#: Stands for a body that was not kept.
TOO_LARGE: Final = bytes(1)


def read_json(operation: str, body: bytes) -> dict[str, Any]:
    """The body of a POST; none at all is ``{}``, as the service has it for a new thread. Raises ApiError."""
    if body is TOO_LARGE:
        raise errors.body_too_large(MAX_BODY)
    try:
        values = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        raise errors.bad_json() from None
    if error := request_error(operation, values):
        raise error
    read: dict[str, Any] = values
    return read


def read_numbers(query: dict[str, Any]) -> dict[str, Any]:
    """A query with its ``limit`` as a number, where it is one."""
    limit = query.get("limit")
    if isinstance(limit, str) and limit.lstrip("-").isascii() and limit.lstrip("-").isdigit() and len(limit) < 20:
        return {**query, "limit": int(limit)}
    return query
