"""The road of a request to its answer: a straight pipe from bytes to bytes.

    body -> key -> world -> address -> route -> fault -> beta header -> query and body -> handler -> answer -> journal

Errors are raised anywhere on the way and rendered here; anything that is not an ``ApiError`` is a bug of ours: a 500 in
OpenAI's words, and a problem with its traceback.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from emulator import errors, headers
from emulator.errors import ApiError
from emulator.faults import Armed, Fault, error_body, error_headers
from emulator.forms import Form, is_form, read_form
from emulator.headers import Flavour
from emulator.journal import Entry
from emulator.problems import Problem
from emulator.prospects import situation
from emulator.router import RouteTree
from emulator.sending import send_answer, send_download, send_stream
from emulator.spoilers import BrokenOff, Spoiler, until_end
from emulator.validation import query_error
from emulator.web import Answer, Call, Download, Handler, Result, Stream, read_body, read_json, read_numbers
from emulator.world import World
from emulator.worlds import Worlds

#: Headings of the API reference that ask for ``OpenAI-Beta: assistants=v2``.
_BETA: Final = frozenset({"assistants", "threads"})
#: What a stub written for OpenAI's paths stands for too.
_AZURE_BASE: Final = re.compile(r"^/openai/(v1/)?(deployments/[^/]+/)?")
#: Answers that HTTP gives no body.
_BODILESS: Final = frozenset({204, 304})

#: The operations whose body is a form.
_FORMS: Final = frozenset({"create_file", "add_upload_part"})


@dataclass(slots=True)
class Asked:
    """A request for an operation; what it sent has not been looked at yet."""

    operation: str
    handler: Handler
    path: dict[str, str]
    query: dict[str, Any]
    raw: bytes
    form: Form | None
    needs_beta: bool

    @property
    def streams(self) -> bool:
        """The answer will be a stream, if it is no error."""
        return b'"stream"' in self.raw and _member(self.raw, "stream") is True


def _member(raw: bytes, name: str) -> Any:
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return values.get(name) if isinstance(values, dict) else None


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
        path = scope["raw_path"].decode("latin-1")
        azure = path.startswith("/openai/") or b"api-version=" in scope["query_string"]
        flavour: Flavour = "azure" if azure else "openai"
        world, asked, armed = self._nowhere, None, None
        entry = Entry(scope["method"], path, scope["query_string"], scope["headers"], 0)
        result: Result | Exception
        try:
            headers.check_same_site(scope["headers"])
            key = headers.read_key(scope["headers"])
            world = self.worlds.of(key)
            asked, flavour = self._address(entry, body)
            if world.faults.any:
                armed = self._fault(world, asked, entry)
            if armed and armed.fault.kind == "delay":
                await until_end(world.on_end, asyncio.ensure_future(asyncio.sleep(armed.fault.seconds)))
                world = self.worlds.of(key)
            result = self._handle(world, asked, entry, flavour, armed)
        except ApiError as error:
            result = self._stub(world, entry, error)
        except Exception as error:
            result = error
        entry.time = world.clock.now()
        await self._send(world, entry, result, flavour, armed, receive, send)

    def _address(self, entry: Entry, body: bytes | Form) -> tuple[Asked, Flavour]:
        """The operation that a URL names. Raises ApiError for one that names none."""
        address = headers.read_address(entry.path, entry.query, self._roots, entry.method)
        operation, handler, path = self.tree.find(address.segments, entry.method, entry.path)
        form = body if isinstance(body, Form) else None
        raw = b"" if isinstance(body, Form) else body
        entry.operation, entry.body = operation, orjson.dumps(form.as_json()) if form else raw
        entry.thread_id, entry.run_id = path.get("thread_id"), path.get("run_id")
        needs_beta = address.segments[0] in _BETA and not address.waives_beta
        return Asked(operation, handler, path, address.query, raw, form, needs_beta), address.flavour

    def _fault(self, world: World, asked: Asked, entry: Entry) -> Armed | None:
        """The fault that applies to a request, noted in its entry."""
        armed = world.faults.choose(
            asked.operation,
            lambda: situation(world, asked.operation, asked.path, asked.raw),
            streams=asked.streams,
        )
        if armed:
            entry.fault = armed.fault.kind
        return armed

    def _handle(self, world: World, asked: Asked, entry: Entry, flavour: Flavour, armed: Armed | None) -> Result:
        """From a request to its result. Raises ApiError for what the service refuses."""
        if armed and armed.fault.kind == "error" and armed.fault.acts_before:
            return _error_answer(armed.fault, asked.operation, flavour)
        if asked.needs_beta:
            headers.check_beta(entry.headers)
        query = asked.query and read_numbers(asked.query)
        if query and (error := query_error(asked.operation, query)):
            raise error
        if asked.form is not None and asked.operation not in _FORMS:
            raise errors.bad_json()
        values = read_json(asked.operation, asked.raw) if entry.method == "POST" and asked.form is None else {}
        if world.clock.name == "real":
            world.performer.catch_up()
        result = asked.handler(Call(world, entry, flavour, asked.path, query, values, asked.form))
        if entry.method == "POST":
            world.made()
        return result

    def _stub(self, world: World, entry: Entry, error: ApiError) -> Result | Exception:
        """What the app asks outside the API is answered by a stub; without one it is a problem."""
        if entry.operation is not None or error.status != 404 or world is self._nowhere:
            return error
        stub = world.stub(entry.method, entry.path) or world.stub(entry.method, _AZURE_BASE.sub("/v1/", entry.path))
        if stub is not None:
            body = b"" if stub.status in _BODILESS else stub.body
            return Answer(body, stub.status, headers=list(stub.headers))
        message = f"{entry.method} {entry.path} is no operation of the Assistants API, and no stub answers it"
        world.report(Problem("unknown_operation", message))
        return error

    async def _send(
        self,
        world: World,
        entry: Entry,
        result: Result | Exception,
        flavour: Flavour,
        armed: Armed | None,
        receive: Receive,
        send: Send,
    ) -> None:
        """The result on its way to the client, spoilt by a fault if one acts there."""
        request_id = world.ids.request_id()
        shared = headers.answer_headers(flavour, request_id, world.clock.now())
        if isinstance(result, Exception):
            result = self._error_answer(world, result, flavour, request_id)
        spoiler = None
        if armed and not armed.fault.acts_before:
            spoiler = Spoiler(armed.fault, send, receive, world.on_end, streams=isinstance(result, Stream))
            send = spoiler
        entry.status = 200
        try:
            if isinstance(result, Stream):
                await send_stream(result, shared, entry, receive, send)
            elif isinstance(result, Download):
                world.journal.add(entry)
                await send_download(result, shared, send)
            else:
                entry.status, entry.answer = result.status, result.body
                world.journal.add(entry)
                await send_answer(result, shared, send)
        except BrokenOff:
            return  # the answer stays incomplete, and the server closes the connection
        finally:
            if armed and spoiler and not spoiler.reached:  # a fault that the answer never came to does not count
                armed.applied -= 1
                entry.fault = None

    def _error_answer(self, world: World, error: Exception, flavour: Flavour, request_id: str) -> Answer:
        if not isinstance(error, ApiError):
            world.report_exception(error)
            error = errors.server_error(request_id)
        body = headers.error_body(error, flavour)
        return Answer(body + b"\n" if error.has_detail else body, error.status, headers=error.headers)


def _error_answer(fault: Fault, operation: str, flavour: Flavour) -> Answer:
    """What an ``error`` fault answers: as it says, or in the words of the service or of Azure's gateway before it."""
    gateway = headers.gateway_body(fault.status, operation) if flavour == "azure" and fault.body is None else None
    return Answer(gateway or error_body(fault), fault.status, headers=error_headers(fault))
