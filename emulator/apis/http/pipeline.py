"""From a request to its response: a straight pipe from bytes to bytes.

    body -> key -> world -> address -> operation -> fault -> headers -> query and body -> handler -> response -> journal

Errors are raised anywhere in the pipe and rendered here. Anything that is no ``Refusal`` is a bug of ours: a 500 in
OpenAI's words, and a problem with its traceback.
"""

from __future__ import annotations

from asyncio import sleep, to_thread  # a test may put another ``sleep`` in its place
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from emulator.apis.http import errors, headers
from emulator.apis.http.api_versions import warn_of_version
from emulator.apis.http.bodies import LARGE, TOO_LARGE, lingering, outcome_of, read_any, read_json, typed_query
from emulator.apis.http.chosen_fault import chosen_fault
from emulator.apis.http.endpoints import Endpoints
from emulator.apis.http.errors import ApiError, Busy
from emulator.apis.http.flavours import FOUNDRY, Base, Flavour, base_of
from emulator.apis.http.form import Form
from emulator.apis.http.gateway import error_response
from emulator.apis.http.guard import guarded
from emulator.apis.http.headers import Headers, ReadHeaders, read_headers
from emulator.apis.http.id_forms import judge_values, not_found, path_error
from emulator.apis.http.idle_polls import count_idle_poll
from emulator.apis.http.pending import PENDING, PendingRequest, ResolvedRequest, journal_body
from emulator.apis.http.recorded import check_recorded
from emulator.apis.http.request import (
    AwaitedResponse,
    FileResponse,
    JsonResponse,
    Request,
    Response,
    SentResponse,
    StreamResponse,
)
from emulator.apis.http.response import (
    SSE_LINE,
    BrokenOff,
    Ready,
    break_off,
    head_of,
    headers_of,
    send_file,
    send_json,
    send_stream,
    until_ready,
)
from emulator.apis.http.router import Router
from emulator.apis.http.stubs import BODILESS, stub_or
from emulator.apis.http.validation import query_error
from emulator.base.operations import OPERATIONS
from emulator.base.request_schemas import schema
from emulator.world.journal import Entry
from emulator.world.kept_worlds import NoWorld
from emulator.world.state.missing import Missing
from emulator.world.world import World
from emulator.world.worlds import Worlds

#: First segments of the paths of the API that was removed.
_REMOVED_ROOTS: Final = frozenset(
    operation.path.split("/")[1] for operation in OPERATIONS if operation.api == "assistants"
)

#: Methods of requests whose body nobody reads.
_BODYLESS_METHODS: Final = ("GET", "HEAD")

#: Turns of the event loop from a connection's end to its being noticed, with some to spare.
_TURNS_TO_NOTICE: Final = 10

#: Bytes of a stream that may wait for a client who does not read.
SHORT_STREAM: Final = 256 * 1024


class Api:
    """The APIs as an ASGI application."""

    def __init__(self, worlds: Worlds, endpoints: Endpoints) -> None:
        self.worlds = worlds
        self._endpoints = endpoints
        self._router = Router(OPERATIONS, endpoints.unknown_url)
        self._roots = self._router.roots
        #: The world of requests without a key: nobody ever sees it.
        self._nowhere = World(worlds.options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await guarded(self._respond, self.worlds, self._nowhere, scope, receive, send)

    async def _respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        pending: PendingRequest | None = scope.pop(PENDING, None)  # the connection keeps the scope
        if pending is None:
            body: bytes | Form | None = b""
            if scope["method"] not in _BODYLESS_METHODS:
                body = await read_any(scope, receive)
            if body is None:
                return  # the client left before its request was complete
            pending = self.begin(scope, read_headers(tuple(scope["headers"])), body)
            if body is TOO_LARGE or (isinstance(body, Form) and body.is_cut):
                send = lingering(receive, send)
        with pending.world.responding():
            if pending.result is None:
                await self._handle_late(pending)
            if isinstance(pending.result, Busy):
                await self._try_again(pending)
            await self._send(pending, receive, send)

    def begin(self, scope: Scope, read: ReadHeaders, body: bytes | Form) -> PendingRequest:
        """From a request to its result, without a pause. ``read``: its headers.

        A request that a fault intercepts, or whose body is large, is not handled yet.
        """
        path = scope["raw_path"].decode("latin-1")
        base = base_of(path, scope["query_string"])
        entry = Entry(scope["method"], path, scope["query_string"], read.sent, 0)
        pending = PendingRequest(self._nowhere, entry, base.flavour)
        try:
            pending.key = headers.read_key(read.by_name)
            pending.world = world = self.worlds.of(pending.key, changes=entry.method not in _BODYLESS_METHODS)
            pending.resolved = self._address(entry, body, base, after_sunset=world.options.after_sunset)
            if pending.resolved.version:
                warn_of_version(world, pending.resolved.version, base.flavour, pending.resolved.operation)
            if world.is_strict:
                check_recorded(world, pending.resolved, entry)
            if world.faults.in_force:
                pending.active_fault = chosen_fault(self._endpoints, world, pending.resolved, entry)
            if len(pending.resolved.raw) <= LARGE and not pending.is_intercepted:
                pending.result = self._handle(world, pending.resolved, entry, base.flavour)
                entry.time = world.clock.now()
        except Exception as error:
            if entry.operation is None:  # a stub may respond to it, and the journal tells what it was
                entry.body = journal_body(body)
            self._conclude(pending, error)
        return pending

    async def _handle_late(self, pending: PendingRequest) -> None:
        """Handles a request that has to wait: for its large body, which others do not wait for, or for a fault."""
        resolved = pending.resolved
        assert resolved is not None
        if len(resolved.raw) > LARGE:
            name, is_foundry = resolved.operation.name, pending.flavour in FOUNDRY
            resolved.read = await to_thread(outcome_of, name, resolved.raw, foundry=is_foundry)
        if pending.is_intercepted:
            await self._intercept(pending)
        else:
            self._handle_again(pending, resolved)

    def _handle_again(self, pending: PendingRequest, resolved: ResolvedRequest) -> None:
        """Handles a request in the world that is there by now."""
        try:
            pending.world = self.worlds.of(pending.key, changes=pending.entry.method not in _BODYLESS_METHODS)
            pending.result = self._handle(pending.world, resolved, pending.entry, pending.flavour)
            pending.entry.time = pending.world.clock.now()
        except Exception as error:
            self._conclude(pending, error)

    def _conclude(self, pending: PendingRequest, error: Exception) -> None:
        """A request is refused, unless a stub responds to it."""
        pending.result = error
        if isinstance(error, Missing):
            error = not_found(error)
        elif isinstance(error, NoWorld):
            error = errors.no_world(error)
        resolved = pending.resolved
        if resolved is not None and resolved.is_admitted and isinstance(error, ApiError):
            error = path_error(resolved.operation.name, resolved.path, pending.world.store.given_ids) or error
        if isinstance(error, ApiError):
            # its frames refer to the pending request, and that to the error
            error.__traceback__ = error.__context__ = None
            self._explain(pending, error)
            pending.result = error if pending.world is self._nowhere else stub_or(error, pending)
        pending.entry.time = pending.world.clock.now()

    def _explain(self, pending: PendingRequest, error: ApiError) -> None:
        """An API may know more of why a body was refused than its error says: a problem tells the test author."""
        resolved = pending.resolved
        if resolved is not None and error.status == 400:
            explain = self._endpoints.explain.get(resolved.operation.api)
            if explain and resolved.raw:
                explain(pending.world, resolved.operation.name, resolved.raw)

    async def _intercept(self, pending: PendingRequest) -> None:
        """Lets a fault act before the handler; the request is handled in the world that is there then."""
        resolved, active = pending.resolved, pending.active_fault
        assert resolved is not None
        assert active is not None
        from emulator.apis.http.fault_injector import RequestInterceptor

        interceptor = RequestInterceptor(
            resolved.operation.name, pending.flavour, resolved.version, pending.world.on_end
        )
        try:
            await active.fault.kind.before(interceptor)
        except Exception as error:
            self._conclude(pending, error)
            return
        if interceptor.response is None:
            self._handle_again(pending, resolved)
        else:
            pending.world = self.worlds.of(pending.key)
            pending.result, pending.entry.time = interceptor.response, pending.world.clock.now()

    async def _try_again(self, pending: PendingRequest) -> None:
        """Handles a request again once it has been noticed who has left: clients do so without a word."""
        resolved = pending.resolved
        assert resolved is not None
        for _ in range(_TURNS_TO_NOTICE):
            await sleep(0)
        self._handle_again(pending, resolved)

    def respond_now(self, pending: PendingRequest) -> Ready | None:
        """The response to a request that waits for nothing; None for one that has to wait."""
        result = pending.result
        if result is None or pending.active_fault or isinstance(result, (FileResponse, Busy)):
            return None
        if isinstance(result, AwaitedResponse):
            if not result.stream.ended:
                return None
            result = result.ready()
        if isinstance(result, StreamResponse):
            return self._stream_now(pending, result) if result.stream.ended else None
        world, entry = pending.world, pending.entry
        request_id = world.ids.request_id()
        response = result
        if not isinstance(response, JsonResponse):
            response = error_response(world, response, pending.flavour, request_id)
        entry.status, entry.answer = response.status, response.body
        world.journal.add(entry)
        if response.headers or response.status in BODILESS:
            shared = pending.shared_headers(request_id)
            return response.status, headers.lines_of(headers_of(response, shared)), response.body
        return response.status, head_of(response, pending.shared_head(request_id)), response.body

    def _stream_now(self, pending: PendingRequest, stream: StreamResponse) -> Ready | None:
        """A stream that has come to its end and is short: a long one is sent as fast as it is read."""
        frames, entry = stream.stream.frames[stream.first :], pending.entry
        whole = b"".join(frames)
        if len(whole) > SHORT_STREAM:
            return None
        world = pending.world
        head = pending.shared_head(world.ids.request_id()) + SSE_LINE
        entry.status, entry.answer = 200, whole
        world.journal.add(entry)
        return 200, head, frames

    def _address(self, entry: Entry, body: bytes | Form, base: Base, *, after_sunset: bool) -> ResolvedRequest:
        """The operation that a URL names. Raises ApiError for one that names none, or a removed one."""
        address = headers.read_address(entry.path, entry.query, self._roots, entry.method, base)
        removed = after_sunset and not _REMOVED_ROOTS.isdisjoint(address.segments[:1])
        try:
            operation, path = self._router.find(address.segments, entry.method, entry.path)
        except ApiError:
            if removed:
                raise errors.removed(entry.method, entry.path) from None
            raise
        form, raw = (body, b"") if isinstance(body, Form) else (None, body)
        entry.operation, entry.body = operation.name, raw if form is None else journal_body(form)
        entry.thread_id, entry.run_id = path.get("thread_id") or path.get("conversation_id"), path.get("run_id")
        if removed:
            raise errors.removed(entry.method, entry.path)
        handler = self._endpoints.handler(operation.name)
        waives_headers = base.flavour != "openai"
        return ResolvedRequest(operation, handler, path, address.query, raw, form, waives_headers, address.version)

    def _handle(self, world: World, resolved: ResolvedRequest, entry: Entry, flavour: Flavour) -> Response:
        """From a request to its result. Raises Refusal for what the service refuses."""
        name = resolved.operation.name
        check = self._endpoints.check_headers.get(resolved.operation.api)
        if check and not resolved.waives_headers:
            check(entry.headers)
        resolved.is_admitted = True
        given = world.store.given_ids
        if len(resolved.path) > 1 and (error := path_error(name, resolved.path, given)):
            raise error  # before the first of them brings anything about
        query = resolved.query
        if query:
            query = typed_query(name, query)
            if error := query_error(name, query):
                raise error
            judge_values("queries", name, query, given)
        if resolved.form is not None and schema("forms", name) is None:
            raise errors.bad_json()
        values: dict[str, Any] = {}
        if entry.method == "POST" and resolved.form is None:
            read = resolved.read
            values = read_json(name, resolved.raw, foundry=flavour in FOUNDRY) if read is None else read.result()
            judge_values("bodies", name, values, given)
        request = Request(world, entry, flavour, resolved.path, query, values, resolved.form)
        if world.clock.name == "real" and world.active:
            request.engine.catch_up()
        result = resolved.handler(request)
        if entry.method == "POST":
            world.made_by_requests = True
        elif entry.method == "DELETE" or entry.moved:
            world.is_used = True
        if request.at_rest is not None and not entry.moved:
            count_idle_poll(world, entry, request.at_rest)
        elif request.is_poll or entry.method not in _BODYLESS_METHODS:
            world.idle_polls.interrupt()
        return result

    def _with_headers(self, pending: PendingRequest, result: SentResponse | Exception) -> tuple[SentResponse, Headers]:
        """A result that is no exception any more, and the headers that all responses share."""
        request_id = pending.world.ids.request_id()
        shared = pending.shared_headers(request_id)
        if isinstance(result, Exception):
            result = error_response(pending.world, result, pending.flavour, request_id)
        return result, shared

    async def _send(self, pending: PendingRequest, receive: Receive, send: Send) -> None:
        """Sends the result to the client, through a fault if one acts on the response."""
        world, entry, active = pending.world, pending.entry, pending.active_fault
        result = pending.result
        if isinstance(result, AwaitedResponse):
            if not await until_ready(result, receive):
                await break_off(send)
                return
            result = result.ready()
        assert result is not None
        result, shared = self._with_headers(pending, result)
        injector = None
        if active and not active.fault.acts_before:
            from emulator.apis.http.fault_injector import injector_for

            is_stream = isinstance(result, StreamResponse)
            send = injector = injector_for(active, world, entry, send, receive, is_stream=is_stream)
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
            return  # the response stays incomplete, and the server closes the connection
        except Exception as error:
            world.report_exception(error)
        finally:
            if active and injector and not injector.reached:  # a fault that the response never came to does not count
                active.applied -= 1
                entry.fault = None
