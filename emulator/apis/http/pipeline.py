"""From a request to its response: a straight pipe from bytes to bytes.

    body -> key -> world -> address -> operation -> fault -> headers -> query and body -> handler -> response -> journal

Errors are raised anywhere in the pipe and rendered here. Anything that is no ``Refusal`` is a bug of ours: a 500 in
OpenAI's words, and a problem with its traceback.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope, Send

from emulator.apis.http import errors, headers
from emulator.apis.http.bodies import MAX_BODY, TOO_LARGE, lingering, read_body, read_json, read_numbers
from emulator.apis.http.endpoints import Endpoints
from emulator.apis.http.errors import ApiError
from emulator.apis.http.fault_injector import BrokenOff, Spoiler, until_end
from emulator.apis.http.forms import Form, is_form, read_form
from emulator.apis.http.headers import Flavour, Headers
from emulator.apis.http.request import FileResponse, Handler, JsonResponse, Request, Response, StreamResponse
from emulator.apis.http.response import (
    Ready,
    head_of,
    headers_of,
    send_file,
    send_json,
    send_stream,
    stream_headers,
)
from emulator.apis.http.router import Router
from emulator.apis.http.validation import query_error
from emulator.base.operations import OPERATIONS, Operation
from emulator.base.problems import Problem
from emulator.base.request_schemas import schema
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.faults import Armed, Fault, error_body, error_headers
from emulator.scenarios.tape import Taped, body_of
from emulator.world.journal import Entry
from emulator.world.state.missing import Missing
from emulator.world.world import World
from emulator.world.worlds import Worlds

#: First segments of the paths of the API that was removed.
_REMOVED_ROOTS: Final = frozenset(
    operation.path.split("/")[1] for operation in OPERATIONS if operation.api == "assistants"
)
#: The bases of Azure's paths: a stub for a path of OpenAI's stands for the same path below them too.
_AZURE_BASE: Final = re.compile(r"^/openai/(v1/)?(deployments/[^/]+/)?")
#: Responses that HTTP gives no body.
_BODILESS: Final = frozenset({204, 304})

#: Bytes of a stream that may wait for a client who does not read.
SHORT_STREAM: Final = 256 * 1024


@dataclass(slots=True)
class ResolvedRequest:
    """A request whose operation is known; its query and body are not validated yet."""

    operation: Operation
    handler: Handler
    path: dict[str, str]
    query: dict[str, Any]
    raw: bytes
    form: Form | None
    #: The request comes by a base that asks for no header of the API's.
    waives_headers: bool

    @property
    def streams(self) -> bool:
        """The response will be a stream, if it is no error."""
        return b'"stream"' in self.raw and _member(self.raw, "stream") is True


@dataclass(slots=True)
class PendingRequest:
    """A request that has no response yet. ``result`` is None as long as a fault delays it."""

    world: World
    entry: Entry
    flavour: Flavour
    key: str = ""
    resolved: ResolvedRequest | None = None
    armed: Armed | None = None
    result: Response | Exception | None = None

    @property
    def is_delayed(self) -> bool:
        return self.result is None and self.armed is not None and self.armed.fault.kind == "delay"


#: Where a scope carries a request that the short way has begun.
PENDING: Final = "assistants_emulator.pending"


def _member(raw: bytes, name: str) -> Any:
    values = _json(raw)
    return values.get(name) if isinstance(values, dict) else None


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


class Api:
    """The APIs as an ASGI application."""

    def __init__(self, worlds: Worlds, endpoints: Endpoints) -> None:
        self.worlds = worlds
        self._endpoints = endpoints
        self._router = Router(OPERATIONS, endpoints.unknown_url)
        self._roots = self._router.roots
        #: Where requests without a key are answered: nobody ever sees this world.
        self._nowhere = World(worlds.options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pending: PendingRequest | None = scope.get(PENDING)
        if pending is None:
            body: bytes | Form | None = b""
            if scope["method"] == "POST":
                body = await (
                    read_form(scope, receive) if is_form(scope) else read_body(receive, MAX_BODY, scope["headers"])
                )
            if body is None:
                return  # the client left before its request was complete
            pending = self.begin(scope, body)
            if body is TOO_LARGE or (isinstance(body, Form) and body.is_cut):
                send = lingering(receive, send)
        if pending.is_delayed:
            await self._delay(pending)
        await self._send(pending, receive, send)

    def begin(self, scope: Scope, body: bytes | Form) -> PendingRequest:
        """From a request to its result, without a pause; what a fault delays is not handled yet."""
        path = scope["raw_path"].decode("latin-1")
        azure = path.startswith("/openai/") or b"api-version=" in scope["query_string"]
        flavour: Flavour = "azure" if azure else "openai"
        entry = Entry(scope["method"], path, scope["query_string"], scope["headers"], 0)
        pending = PendingRequest(self._nowhere, entry, flavour)
        try:
            pending.key = headers.read_key(scope["headers"])
            pending.world = world = self.worlds.of(pending.key)
            pending.resolved, pending.flavour = self._address(entry, body, after_sunset=world.options.after_sunset)
            if world.is_strict:
                self._check_tape(world, pending.resolved, entry)
            if world.faults.any:
                pending.armed = self._fault(world, pending.resolved, entry)
        except Exception as error:
            self._conclude(pending, error)
        else:
            if not pending.is_delayed:
                self._handle_it(pending, pending.resolved)
        return pending

    def _handle_it(self, pending: PendingRequest, resolved: ResolvedRequest) -> None:
        try:
            pending.result = self._handle(pending.world, resolved, pending.entry, pending.flavour, pending.armed)
            pending.entry.time = pending.world.clock.now()
        except Exception as error:
            self._conclude(pending, error)

    def _conclude(self, pending: PendingRequest, error: Exception) -> None:
        """A request that was refused: a stub may know an answer."""
        pending.result = error
        if isinstance(error, Missing):
            error = errors.not_found(error)
        if isinstance(error, ApiError):
            # its frames refer to the pending request, and that to the error
            error.__traceback__ = error.__context__ = None
            pending.result = self._stub(pending.world, pending.entry, error)
        pending.entry.time = pending.world.clock.now()

    async def _delay(self, pending: PendingRequest) -> None:
        """Lets the time of a ``delay`` pass; the request is handled in the world that is there then."""
        resolved, armed = pending.resolved, pending.armed
        assert resolved is not None
        assert armed is not None
        await until_end(pending.world.on_end, asyncio.ensure_future(asyncio.sleep(armed.fault.seconds)))
        pending.world = self.worlds.of(pending.key)
        self._handle_it(pending, resolved)

    def respond_now(self, pending: PendingRequest) -> Ready | None:
        """The answer of a request that needs no more waiting; None for one that does."""
        result = pending.result
        if pending.armed or isinstance(result, FileResponse):
            return None
        if isinstance(result, StreamResponse):
            return self._stream_now(pending, result) if result.stream.ended else None
        assert result is not None
        world, entry = pending.world, pending.entry
        request_id = world.ids.request_id()
        answer = (
            result
            if isinstance(result, JsonResponse)
            else self._error_response(world, result, pending.flavour, request_id)
        )
        entry.status, entry.answer = answer.status, answer.body
        world.journal.add(entry)
        now = world.clock.now()
        if answer.headers or answer.status in _BODILESS:
            shared = headers.shared_headers(pending.flavour, request_id, now)
            return answer.status, headers.lines_of(headers_of(answer, shared)), answer.body
        return answer.status, head_of(answer, headers.shared_head(pending.flavour, request_id, now)), answer.body

    def _stream_now(self, pending: PendingRequest, stream: StreamResponse) -> Ready | None:
        """A stream that has come to its end and is short: a long one is sent as fast as it is read."""
        frames, entry = stream.stream.frames, pending.entry
        whole = b"".join(frames)
        if len(whole) > SHORT_STREAM:
            return None
        world = pending.world
        shared = headers.shared_headers(pending.flavour, world.ids.request_id(), world.clock.now())
        entry.status, entry.answer = 200, whole
        world.journal.add(entry)
        return 200, headers.lines_of(stream_headers(shared)), frames

    def _address(self, entry: Entry, body: bytes | Form, *, after_sunset: bool) -> tuple[ResolvedRequest, Flavour]:
        """The operation that a URL names. Raises ApiError for one that names none, or a removed one."""
        address = headers.read_address(entry.path, entry.query, self._roots, entry.method)
        removed = after_sunset and not _REMOVED_ROOTS.isdisjoint(address.segments[:1])
        try:
            operation, path = self._router.find(address.segments, entry.method, entry.path)
        except ApiError:
            if removed:
                raise errors.removed(entry.method, entry.path) from None
            raise
        form = body if isinstance(body, Form) else None
        raw = b"" if isinstance(body, Form) else body
        entry.operation, entry.body = operation.name, orjson.dumps(form.as_json()) if form else raw
        entry.thread_id, entry.run_id = path.get("thread_id"), path.get("run_id")
        if removed:
            raise errors.removed(entry.method, entry.path)
        handler = self._endpoints.handlers[operation.name]
        resolved = ResolvedRequest(operation, handler, path, address.query, raw, form, address.waives_beta)
        return resolved, address.flavour

    def _check_tape(self, world: World, resolved: ResolvedRequest, entry: Entry) -> None:
        """Raises ApiError, and reports a problem, for a request that a strict replay has not recorded."""
        body = resolved.form.as_json() if resolved.form else _json(resolved.raw)
        taped = Taped(resolved.operation.name, resolved.path, resolved.query, body_of(body), "")
        if why := world.not_recorded(entry.method, taped):
            world.report(Problem("not_recorded", f"{entry.method} {entry.path} was not recorded: {why}"))
            raise errors.not_recorded(entry.method, entry.path, why)

    def _fault(self, world: World, resolved: ResolvedRequest, entry: Entry) -> Armed | None:
        """The fault that applies to a request, noted in its entry."""
        name = resolved.operation.name
        armed = world.faults.choose(
            name,
            lambda: self._endpoints.fault_target(world, name, resolved.path, resolved.raw),
            streams=resolved.streams,
        )
        if armed:
            entry.fault = armed.fault.kind
        return armed

    def _handle(
        self, world: World, resolved: ResolvedRequest, entry: Entry, flavour: Flavour, armed: Armed | None
    ) -> Response:
        """From a request to its result. Raises Refusal for what the service refuses."""
        name = resolved.operation.name
        if armed and armed.fault.kind == "error" and armed.fault.acts_before:
            return _fault_response(armed.fault, name, flavour)
        check = self._endpoints.check_headers.get(resolved.operation.api)
        if check and not resolved.waives_headers:
            check(entry.headers)
        query = resolved.query and read_numbers(resolved.query)
        if query and (error := query_error(name, query)):
            raise error
        if resolved.form is not None and schema("forms", name) is None:
            raise errors.bad_json()
        values = read_json(name, resolved.raw) if entry.method == "POST" and resolved.form is None else {}
        engine = TurnEngine(world)
        if world.clock.name == "real":
            engine.catch_up()
        result = resolved.handler(Request(world, engine, entry, flavour, resolved.path, query, values, resolved.form))
        if entry.method == "POST":
            world.made()
        return result

    def _stub(self, world: World, entry: Entry, error: ApiError) -> Response | Exception:
        """What the app asks outside the API is answered by a stub; without one it is a problem."""
        if entry.operation is not None or error.status != 404 or world is self._nowhere:
            return error
        stub = world.stub(entry.method, entry.path) or world.stub(entry.method, _AZURE_BASE.sub("/v1/", entry.path))
        if stub is not None:
            body = b"" if stub.status in _BODILESS else stub.body
            return JsonResponse(body, stub.status, headers=list(stub.headers))
        message = f"{entry.method} {entry.path} is no operation of the Assistants API, and no stub answers it"
        world.report(Problem("unknown_operation", message))
        return error

    def _with_headers(self, pending: PendingRequest, result: Response | Exception) -> tuple[Response, Headers]:
        """A result that is no exception any more, and the headers that all answers share."""
        request_id = pending.world.ids.request_id()
        shared = headers.shared_headers(pending.flavour, request_id, pending.world.clock.now())
        if isinstance(result, Exception):
            result = self._error_response(pending.world, result, pending.flavour, request_id)
        return result, shared

    async def _send(self, pending: PendingRequest, receive: Receive, send: Send) -> None:
        """The result on its way to the client, spoilt by a fault if one acts there."""
        world, entry, armed = pending.world, pending.entry, pending.armed
        result = pending.result
        assert result is not None
        result, shared = self._with_headers(pending, result)
        spoiler = None
        if armed and not armed.fault.acts_before:
            spoiler = Spoiler(armed.fault, send, receive, world.on_end, streams=isinstance(result, StreamResponse))
            send = spoiler
        entry.status = 200
        try:
            if isinstance(result, StreamResponse):
                await send_stream(result, world, shared, entry, receive, send)
            elif isinstance(result, FileResponse):
                world.journal.add(entry)
                await send_file(result, shared, send)
            else:
                entry.status, entry.answer = result.status, result.body
                world.journal.add(entry)
                await send_json(result, shared, send)
        except BrokenOff:
            return  # the answer stays incomplete, and the server closes the connection
        finally:
            if armed and spoiler and not spoiler.reached:  # a fault that the answer never came to does not count
                armed.applied -= 1
                entry.fault = None

    def _error_response(self, world: World, error: Exception, flavour: Flavour, request_id: str) -> JsonResponse:
        if not isinstance(error, ApiError):
            world.report_exception(error)
            error = errors.server_error(request_id)
        body = headers.error_body(error, flavour)
        return JsonResponse(body + b"\n" if error.has_detail else body, error.status, headers=error.headers)


class WatchedApi(Api):
    """Tells of each request once its answer is over, and of a stream, whose status is 0 then, when it begins.

    A class of its own: where nobody looks, it costs nothing.
    """

    def __init__(self, worlds: Worlds, endpoints: Endpoints, watch: Callable[[World, Entry], object]) -> None:
        super().__init__(worlds, endpoints)
        self._watch = watch

    async def _send(self, pending: PendingRequest, receive: Receive, send: Send) -> None:
        if isinstance(pending.result, StreamResponse):
            self._watch(pending.world, pending.entry)
        try:
            await super()._send(pending, receive, send)
        finally:
            self._watch(pending.world, pending.entry)

    def respond_now(self, pending: PendingRequest) -> None:
        """None: whoever looks on sees answers on their long way."""


def _fault_response(fault: Fault, operation: str, flavour: Flavour) -> JsonResponse:
    """The response of an ``error`` fault: as it says, or in the words of the service or of Azure's gateway."""
    gateway = headers.gateway_body(fault.status, operation) if flavour == "azure" and fault.body is None else None
    return JsonResponse(gateway or error_body(fault), fault.status, headers=error_headers(fault))
