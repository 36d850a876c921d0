"""Exchanges as API calls: the operation of each request, and the objects in its response."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from emulator.apis.http.errors import ApiError
from emulator.apis.http.form import nest
from emulator.apis.http.headers import read_address
from emulator.apis.http.router import Router
from emulator.base.json_types import Object
from emulator.base.operations import BY_NAME, OPERATIONS
from emulator.recordings.exchange import UNKNOWN_METHOD, Exchange, parsed


class Event(NamedTuple):
    """A server-sent event. ``data`` is a JSON value, or text where it is not JSON."""

    name: str
    data: Any


#: The kind of object that an operation creates and returns.
CREATES: Final = {
    "create_assistant": "assistant",
    "create_thread": "thread",
    "create_message": "message",
    "create_run": "run",
    "create_thread_and_run": "run",
    "create_file": "file",
    "create_vector_store": "vector_store",
    "create_conversation": "conversation",
    "create_container": "container",
}
#: Operations whose response is the contents of a file.
DOWNLOADS: Final = frozenset({"download_file", "get_container_file_content"})
#: Statuses of a run that advances by itself, and the requests after which it does so again.
ACTIVE: Final = frozenset({"queued", "in_progress", "cancelling"})
RESUMES_RUN: Final = frozenset({"submit_tool_outputs_to_run", "cancel_run", "cancel_response"})

#: Statuses below 500 that the service or its gateway sends whatever the request is. The emulator never does by itself.
_SERVER_ERRORS: Final = frozenset({401, 403, 408, 429})
#: Codes of refusals in which the service judges contents, which the emulator does not look at.
_JUDGED: Final = frozenset({"context_length_exceeded", "unsupported_file", "invalid_image", "image_parse_error"})
#: The fault that ends a response in the same way, by how the recorded response ended.
FAULT_BY_ENDING: Final = {"cut": "disconnect", "timeout": "stall", "unreachable": "disconnect"}


@dataclass(slots=True)
class ApiCall:
    """An exchange and its meaning. ``operation`` is None outside the API; ``order`` counts all exchanges from 0.

    ``parameters`` are those of the path. ``body`` is the JSON of the request, or the fields of its form. ``response``
    is the JSON of the response, ``events`` are those of an event stream.
    """

    exchange: Exchange
    order: int
    operation: str | None
    parameters: dict[str, str]
    body: Object
    response: Any = None
    events: list[Event] = field(default_factory=list)
    #: The request was not recorded; the operation is inferred from the response.
    inferred: bool = False
    #: No response came, and the client sent the request again with success: the first attempt had no effect.
    was_retried: bool = False

    @property
    def status(self) -> int:
        return self.exchange.status

    @property
    def is_of_responses(self) -> bool:
        """True for a request of the Responses API: none of its turns is distilled."""
        return self.operation is not None and BY_NAME[self.operation].api == "responses"

    @property
    def is_of_version_1(self) -> bool:
        """The request is of the first version of the API, and the service did not refuse it for that."""
        beta = self.exchange.request_header("openai-beta") or ""
        return "assistants=v1" in beta and self.status > 0 and "deprecated" not in str(self.error().get("message"))

    @property
    def succeeded(self) -> bool:
        """The response has a status of success."""
        return 200 <= self.status < 300

    @property
    def server_failed(self) -> bool:
        """The server failed, or refused the request for a reason that nothing but a fault can repeat."""
        failed = self.status in _SERVER_ERRORS or self.status >= 500 or self.exchange.ended in FAULT_BY_ENDING
        return failed or (self.status == 400 and str(self.error().get("code")) in _JUDGED)

    @property
    def took_effect(self) -> bool:
        """The server carried the request out, as far as the recording shows; the response may be lost."""
        was_sent = self.server_failed or self.exchange.ended in ("client_left", "stopped")
        return self.succeeded or (self.status == 0 and was_sent and not self.was_retried)

    @property
    def streamed(self) -> bool:
        return bool(self.events) or (self.succeeded and self.body.get("stream") is True)

    def objects(self) -> Iterator[Object]:
        """Every object in the response, in its order; those of a list from the oldest to the newest."""
        if self.events:
            found = [data for name, data in self.events if not name.endswith(".delta")]
        elif isinstance(self.response, dict) and self.response.get("object") == "list":
            rows = self.response.get("data")
            found = rows if isinstance(rows, list) else []
            found = found if "order=asc" in self.exchange.query else found[::-1]
        else:
            found = [self.response]
        yield from (one for one in found if isinstance(one, dict) and isinstance(one.get("object"), str))

    def error(self) -> Object:
        """The error in the response, in OpenAI's or Azure's envelope; empty if there is none."""
        error = self.response.get("error") if isinstance(self.response, dict) else None
        return error if isinstance(error, dict) else {}


@functools.cache
def _router() -> Router:
    return Router(OPERATIONS)


def read_api_calls(exchanges: Iterable[Exchange]) -> list[ApiCall]:
    """The API call of each exchange, in their order."""
    api_calls = [_read_api_call(exchange, order) for order, exchange in enumerate(exchanges)]
    succeeded: set[Any] = set()
    for api_call in reversed(api_calls):
        exchange = api_call.exchange
        request = exchange.method, exchange.url, exchange.request_body, exchange.form
        if api_call.succeeded:
            succeeded.add(request)
        api_call.was_retried = exchange.method == "POST" and api_call.status == 0 and request in succeeded
    return api_calls


def _read_api_call(exchange: Exchange, order: int) -> ApiCall:
    operation, path = operation_of(exchange)
    sent = exchange.request_json()
    body: Object = sent if isinstance(sent, dict) else {}
    if exchange.form:
        body = {}
        for part in exchange.form:
            if part.filename is None:
                nest(body, part.name, (part.content or b"").decode("utf-8", "replace"))
            else:
                body[part.name] = {"filename": part.filename}
    api_call = ApiCall(exchange, order, operation, path, body)
    if exchange.streamed:
        api_call.events = read_events(exchange.response_body or b"")
    else:
        api_call.response = parsed(exchange.response_body)
    if not has_address(exchange) and api_call.succeeded:
        api_call.operation, api_call.parameters = _infer_operation(api_call)
        api_call.inferred = not _restore_address(api_call)
    return api_call


def _restore_address(api_call: ApiCall) -> bool:
    """Gives a request that only has to be read off the response the method and the path of its operation.

    Those are a request whose URL alone was masked, and the one that shows a bare object. False for any other.
    """
    operation = BY_NAME.get(api_call.operation or "")
    exchange = api_call.exchange
    if operation is None:
        return False
    is_masked = operation.method == exchange.method and exchange.request_body is not None
    if not is_masked and (operation.method, exchange.method) != ("GET", UNKNOWN_METHOD):
        return False
    try:
        path = operation.path.format(**api_call.parameters)
    except KeyError:
        return False
    headers = exchange.request_headers or (("openai-beta", "assistants=v2"),)
    api_call.exchange = replace(exchange, method=operation.method, url=f"/v1{path}", request_headers=headers)
    return True


def has_address(exchange: Exchange) -> bool:
    """False if a word or a template stands in place of the URL: then the request was not recorded."""
    return exchange.path.startswith("/") and "{" not in exchange.path


@functools.cache
def _first_segments() -> frozenset[str]:
    return frozenset(operation.path.split("/")[1] for operation in OPERATIONS)


def is_for_the_api(api_call: ApiCall) -> bool:
    """False for a request to another API. One that no operation answers, as GET /v1/responses, may be for it too."""
    if api_call.operation is not None:
        return True
    if not has_address(api_call.exchange):
        return not _shows_another_api(api_call)
    return not _first_segments().isdisjoint(api_call.exchange.path.split("/"))


#: What objects of the API are, by the beginning of their ``object``.
OBJECTS: Final = ("thread", "assistant", "response", "conversation", "vector_store", "container", "file", "upload")


def _shows_another_api(api_call: ApiCall) -> bool:
    """True if all objects of a response are of other kinds, as a completion or an embedding is."""
    kinds = [str(one["object"]) for one in api_call.objects()]
    return bool(kinds) and not any(kind.startswith(OBJECTS) for kind in kinds)


#: The operation to infer from the first event of a stream, or from the kind of an object (with its id's parameter).
_BY_EVENT: Final = {
    "thread.created": "create_thread_and_run",
    "thread.run.created": "create_run",
    "response.created": "create_response",
    "response.queued": "create_response",
}
_BY_OBJECT: Final = {
    "assistant": ("get_assistant", "assistant_id"),
    "thread": ("get_thread", "thread_id"),
    "thread.message": ("get_message", "message_id"),
    "thread.run": ("get_run", "run_id"),
    "thread.run.step": ("get_run_step", "step_id"),
    "file": ("retrieve_file", "file_id"),
    "vector_store": ("get_vector_store", "vector_store_id"),
    "vector_store.file": ("get_vector_store_file", "file_id"),
    "response": ("create_response", ""),
    "conversation": ("get_conversation", "conversation_id"),
}


def _infer_operation(api_call: ApiCall) -> tuple[str | None, dict[str, str]]:
    """The operation and its path parameters, inferred from the response; None if it does not show them."""
    if api_call.events:
        name, data = api_call.events[0]
        about = data if isinstance(data, dict) else {}
        ids = {key: about[key] for key in ("thread_id", "run_id") if isinstance(about.get(key), str)}
        return _BY_EVENT.get(name, "submit_tool_outputs_to_run" if "run_id" in ids else None), ids
    thing = next(iter(api_call.objects()), None)
    if thing is not None and thing["object"] == "response" and api_call.exchange.method == "GET":
        return "get_response", {"response_id": str(thing.get("id"))}
    operation, parameter = _BY_OBJECT.get(thing["object"], (None, "")) if thing else (None, "")
    if thing is None or operation is None or not isinstance(thing.get("id"), str):
        return None, {}
    ids = {key: thing[key] for key in ("thread_id", "run_id", "vector_store_id") if isinstance(thing.get(key), str)}
    return operation, {**ids, **({parameter: thing["id"]} if parameter else {})}


def operation_of(exchange: Exchange) -> tuple[str | None, dict[str, str]]:
    """The operation of a request and the parameters of its path; None for a request outside the API."""
    router = _router()
    if not has_address(exchange):
        return None, {}
    try:
        address = read_address(
            exchange.path, exchange.query.encode("latin-1", "replace"), router.roots, exchange.method
        )
        operation, path = router.find(address.segments, exchange.method, exchange.path)
    except ApiError:
        return None, {}
    return operation.name, path


def read_events(raw: bytes) -> list[Event]:
    """The complete events of a stream. Data that is not JSON stays text; an event that breaks off is left out."""
    events: list[Event] = []
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    blocks = text.split("\n\n")
    for block in blocks if text.endswith("\n\n") else blocks[:-1]:
        lines = [line.partition(":") for line in block.split("\n")]
        values = {
            key: "\n".join(rest.removeprefix(" ") for name, _, rest in lines if name == key)
            for key in ("event", "data")
        }
        if values["event"] or values["data"]:
            data = parsed(values["data"].encode())
            events.append(Event(values["event"] or "message", values["data"] if data is None else data))
    return events


def texts_under(value: Any, *keys: str) -> Iterator[str]:
    """Yields each text under one of these keys, at any depth of a JSON value; of a list, each text in it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in keys:
                yield from (
                    one for one in (inner if isinstance(inner, list) else [inner]) if one and isinstance(one, str)
                )
            yield from texts_under(inner, *keys)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_under(inner, *keys)
