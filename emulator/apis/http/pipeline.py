"""The road of a request to its answer: a straight pipe from bytes to bytes.

    body -> key -> world -> address -> route -> fault -> beta header -> query and body -> handler -> answer -> journal

Errors are raised anywhere on the way and rendered here; anything that is not an ``ApiError`` is a bug of ours: a 500 in
OpenAI's words, and a problem with its traceback.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.types import Receive, Scope, Send

from emulator.apis.assistants.fault_target import situation
from emulator.apis.http import errors, headers
from emulator.apis.http.errors import ApiError
from emulator.apis.http.fault_injector import BrokenOff, FaultInjector, RequestInterceptor
from emulator.apis.http.forms import Form, is_form, read_form
from emulator.apis.http.headers import Flavour, Headers
from emulator.apis.http.request import (
    MAX_BODY,
    TOO_LARGE,
    Answer,
    Call,
    Download,
    Handler,
    Result,
    Stream,
    lingering,
    read_body,
    read_json,
    read_numbers,
)
from emulator.apis.http.response import (
    Ready,
    head_of,
    headers_of,
    send_answer,
    send_download,
    send_stream,
    stream_headers,
)
from emulator.apis.http.router import Router
from emulator.apis.http.validation import query_error
from emulator.base.operations import OPERATIONS, REMOVED
from emulator.base.problems import Problem
from emulator.scenarios.tape import Taped, body_of
from emulator.world.faults import ActiveFault
from emulator.world.journal import Entry
from emulator.world.world import World
from emulator.world.worlds import Worlds

#: Headings of the API reference that were removed with the Assistants API.
_REMOVED_HEADINGS: Final = frozenset({"assistants", "threads"})
#: What a stub written for OpenAI's paths stands for too.
_AZURE_BASE: Final = re.compile(r"^/openai/(v1/)?(deployments/[^/]+/)?")
#: Answers that HTTP gives no body.
_BODILESS: Final = frozenset({204, 304})

#: Bytes of a stream that may wait for a client who does not read.
SHORT_STREAM: Final = 256 * 1024

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


@dataclass(slots=True)
class Begun:
    """A request on its way. ``result`` is None until a fault that acts before the handler has done so."""

    world: World
    entry: Entry
    flavour: Flavour
    key: str = ""
    asked: Asked | None = None
    active_fault: ActiveFault | None = None
    result: Result | Exception | None = None

    @property
    def is_intercepted(self) -> bool:
        return self.result is None and self.active_fault is not None and self.active_fault.fault.acts_before


#: Where a scope carries a request that was begun already.
BEGUN: Final = "assistants_emulator.begun"


def _member(raw: bytes, name: str) -> Any:
    values = _json(raw)
    return values.get(name) if isinstance(values, dict) else None


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


class Api:
    """The Assistants API as an ASGI application."""

    def __init__(self, worlds: Worlds, handlers: Mapping[str, Handler]) -> None:
        self.worlds = worlds
        self._handlers = handlers
        self._router = Router(OPERATIONS)
        self._roots = self._router.roots
        #: Where requests without a key are answered: nobody ever sees this world.
        self._nowhere = World(worlds.options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun: Begun | None = scope.get(BEGUN)
        if begun is None:
            body: bytes | Form | None = b""
            if scope["method"] == "POST":
                body = await (
                    read_form(scope, receive) if is_form(scope) else read_body(receive, MAX_BODY, scope["headers"])
                )
            if body is None:
                return  # the client left before its request was complete
            begun = self.begin(scope, body)
            if body is TOO_LARGE or (isinstance(body, Form) and body.is_cut):
                send = lingering(receive, send)
        if begun.is_intercepted:
            await self._intercept(begun)
        await self._send(begun, receive, send)

    def begin(self, scope: Scope, body: bytes | Form) -> Begun:
        """From a request to its result, without a pause; a request that a fault intercepts is not handled yet."""
        path = scope["raw_path"].decode("latin-1")
        azure = path.startswith("/openai/") or b"api-version=" in scope["query_string"]
        flavour: Flavour = "azure" if azure else "openai"
        entry = Entry(scope["method"], path, scope["query_string"], scope["headers"], 0)
        begun = Begun(self._nowhere, entry, flavour)
        try:
            begun.key = headers.read_key(scope["headers"])
            begun.world = world = self.worlds.of(begun.key)
            begun.asked, begun.flavour = self._address(entry, body, after_sunset=world.options.after_sunset)
            if world.is_strict:
                self._check_tape(world, begun.asked, entry)
            if world.faults.any:
                begun.active_fault = self._fault(world, begun.asked, entry)
        except Exception as error:
            self._conclude(begun, error)
        else:
            if not begun.is_intercepted:
                self._handle_it(begun, begun.asked)
        return begun

    def _handle_it(self, begun: Begun, asked: Asked) -> None:
        try:
            begun.result = self._handle(begun.world, asked, begun.entry, begun.flavour)
            begun.entry.time = begun.world.clock.now()
        except Exception as error:
            self._conclude(begun, error)

    def _conclude(self, begun: Begun, error: Exception) -> None:
        """A request that was refused: a stub may know an answer."""
        begun.result = error
        if isinstance(error, ApiError):
            # their frames refer to what was begun, and that to the error
            error.__traceback__ = error.__context__ = None
            begun.result = self._stub(begun.world, begun.entry, error)
        begun.entry.time = begun.world.clock.now()

    async def _intercept(self, begun: Begun) -> None:
        """Lets a fault act before the handler; the request is handled in the world that is there then."""
        asked, active = begun.asked, begun.active_fault
        assert asked is not None
        assert active is not None
        interceptor = RequestInterceptor(asked.operation, begun.flavour, begun.world.on_end)
        try:
            await active.fault.kind.before(interceptor)
        except Exception as error:
            self._conclude(begun, error)
            return
        begun.world = self.worlds.of(begun.key)
        if interceptor.answer is None:
            self._handle_it(begun, asked)
        else:
            begun.result, begun.entry.time = interceptor.answer, begun.world.clock.now()

    def answer_now(self, begun: Begun) -> Ready | None:
        """The answer of a request that needs no more waiting; None for one that does."""
        result = begun.result
        if begun.active_fault or isinstance(result, Download):
            return None
        if isinstance(result, Stream):
            return self._stream_now(begun, result) if result.leg.ended else None
        assert result is not None
        world, entry = begun.world, begun.entry
        request_id = world.ids.request_id()
        answer = result if isinstance(result, Answer) else self._error_answer(world, result, begun.flavour, request_id)
        entry.status, entry.answer = answer.status, answer.body
        world.journal.add(entry)
        now = world.clock.now()
        if answer.headers or answer.status in _BODILESS:
            shared = headers.answer_headers(begun.flavour, request_id, now)
            return answer.status, headers.lines_of(headers_of(answer, shared)), answer.body
        return answer.status, head_of(answer, headers.answer_head(begun.flavour, request_id, now)), answer.body

    def _stream_now(self, begun: Begun, stream: Stream) -> Ready | None:
        """A stream that has come to its end and is short: a long one is sent as fast as it is read."""
        frames, entry = stream.leg.frames, begun.entry
        whole = b"".join(frames)
        if len(whole) > SHORT_STREAM:
            return None
        world = begun.world
        shared = headers.answer_headers(begun.flavour, world.ids.request_id(), world.clock.now())
        entry.status, entry.answer = 200, whole
        world.journal.add(entry)
        return 200, headers.lines_of(stream_headers(shared)), frames

    def _address(self, entry: Entry, body: bytes | Form, *, after_sunset: bool) -> tuple[Asked, Flavour]:
        """The operation that a URL names. Raises ApiError for one that names none, or a removed one."""
        address = headers.read_address(entry.path, entry.query, self._roots, entry.method)
        removed = after_sunset and not _REMOVED_HEADINGS.isdisjoint(address.segments[:1])
        try:
            found, path = self._router.find(address.segments, entry.method, entry.path)
        except ApiError:
            if removed:
                raise errors.removed(entry.method, entry.path) from None
            raise
        operation, form = found.name, body if isinstance(body, Form) else None
        raw = b"" if isinstance(body, Form) else body
        entry.operation, entry.body = operation, orjson.dumps(form.as_json()) if form else raw
        entry.thread_id, entry.run_id = path.get("thread_id"), path.get("run_id")
        if removed:
            raise errors.removed(entry.method, entry.path)
        needs_beta = operation in REMOVED and not address.waives_beta
        return Asked(operation, self._handlers[operation], path, address.query, raw, form, needs_beta), address.flavour

    def _check_tape(self, world: World, asked: Asked, entry: Entry) -> None:
        """Raises ApiError, and reports a problem, for a request that a strict replay has not recorded."""
        body = asked.form.as_json() if asked.form else _json(asked.raw)
        taped = Taped(asked.operation, asked.path, asked.query, body_of(body), "")
        if why := world.not_recorded(entry.method, taped):
            world.report(Problem("not_recorded", f"{entry.method} {entry.path} was not recorded: {why}"))
            raise errors.not_recorded(entry.method, entry.path, why)

    def _fault(self, world: World, asked: Asked, entry: Entry) -> ActiveFault | None:
        """The fault that applies to a request, noted in its entry."""
        active = world.faults.choose(
            asked.operation,
            lambda: situation(world, asked.operation, asked.path, asked.raw),
            streams=asked.streams,
        )
        if active:
            entry.fault = active.fault.kind.name
        return active

    def _handle(self, world: World, asked: Asked, entry: Entry, flavour: Flavour) -> Result:
        """From a request to its result. Raises ApiError for what the service refuses."""
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

    def _with_headers(self, begun: Begun, result: Result | Exception) -> tuple[Result, Headers]:
        """A result that is no exception any more, and the headers that all answers share."""
        request_id = begun.world.ids.request_id()
        shared = headers.answer_headers(begun.flavour, request_id, begun.world.clock.now())
        if isinstance(result, Exception):
            result = self._error_answer(begun.world, result, begun.flavour, request_id)
        return result, shared

    async def _send(self, begun: Begun, receive: Receive, send: Send) -> None:
        """Sends the result to the client, through a fault if one acts on the response."""
        world, entry, active = begun.world, begun.entry, begun.active_fault
        result = begun.result
        assert result is not None
        result, shared = self._with_headers(begun, result)
        injector = None
        if active and not active.fault.acts_before:
            injector = FaultInjector(active.fault, send, receive, world.on_end, is_stream=isinstance(result, Stream))
            send = injector
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
            return  # the response stays incomplete, and the server closes the connection
        except Exception as error:
            world.report_exception(error)
        finally:
            if active and injector and not injector.reached:  # a fault that the response never came to does not count
                active.applied -= 1
                entry.fault = None

    def _error_answer(self, world: World, error: Exception, flavour: Flavour, request_id: str) -> Answer:
        if not isinstance(error, ApiError):
            world.report_exception(error)
            error = errors.server_error(request_id)
        body = headers.error_body(error, flavour)
        return Answer(body + b"\n" if error.has_detail else body, error.status, headers=error.headers)


class WatchedApi(Api):
    """Tells of each request once its answer is over, and of a stream, whose status is 0 then, when it begins.

    A class of its own: where nobody looks, it costs nothing.
    """

    def __init__(
        self, worlds: Worlds, handlers: Mapping[str, Handler], watch: Callable[[World, Entry], object]
    ) -> None:
        super().__init__(worlds, handlers)
        self._watch = watch

    async def _send(self, begun: Begun, receive: Receive, send: Send) -> None:
        if isinstance(begun.result, Stream):
            self._watch(begun.world, begun.entry)
        try:
            await super()._send(begun, receive, send)
        finally:
            self._watch(begun.world, begun.entry)

    def answer_now(self, begun: Begun) -> None:
        """None: whoever looks on sees answers on their long way."""
