"""What exchanges are to the API: the operation that each asked for, and the objects that its answer showed."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.apis.http.errors import ApiError
from emulator.apis.http.forms import nest
from emulator.apis.http.headers import read_address
from emulator.apis.http.router import Router
from emulator.base.json_types import Object
from emulator.base.operations import OPERATIONS
from emulator.recordings.exchange import Exchange, parsed

#: Name and data of a server-sent event.
Event = tuple[str, Any]

#: Operations that make the object which they answer, and its kind.
MAKES: Final = {
    "create_assistant": "assistant",
    "create_thread": "thread",
    "create_message": "message",
    "create_run": "run",
    "create_thread_and_run": "run",
    "create_file": "file",
    "create_vector_store": "vector_store",
}
#: Statuses of a run that goes on by itself, and requests after which it does.
LIVE: Final = frozenset({"queued", "in_progress", "cancelling"})
BEGINS_LEG: Final = frozenset({"submit_tool_outputs_to_run", "cancel_run"})
#: Looks at what goes on by itself: asked again and again until it is over.
POLLS: Final = frozenset(
    {"get_run", "get_vector_store", "get_vector_store_file", "get_vector_store_file_batch", "list_runs"}
)


#: What the service, its gateway or its guards answer, whatever the request: the emulator never would by itself.
_SERVERS: Final = frozenset({401, 403, 408, 429})
#: How an answer ends that the server broke off, and the fault that does so.
FAILURES: Final = {"cut": "disconnect", "timeout": "stall", "unreachable": "disconnect"}


@dataclass(slots=True)
class Seen:
    """An exchange, understood. ``operation`` is None outside the API; ``order`` counts all exchanges from 0.

    ``body`` is the JSON or the fields of the form that was sent; ``answer`` the JSON that came, ``events`` the stream.
    """

    exchange: Exchange
    order: int
    operation: str | None
    path: dict[str, str]
    body: Object
    answer: Any = None
    events: list[Event] = field(default_factory=list)
    #: The request was not recorded: the operation is one that gives such an answer.
    inferred: bool = False
    #: It was never answered, and sent again with success: the server did not do what it asked for.
    sent_again: bool = False

    @property
    def status(self) -> int:
        return self.exchange.status

    @property
    def fine(self) -> bool:
        """The request did what it asked for."""
        return 200 <= self.status < 300

    @property
    def failed(self) -> bool:
        """The answer was the server's failure, not the client's mistake."""
        return self.status in _SERVERS or self.status >= 500 or self.exchange.ended in FAILURES

    @property
    def done(self) -> bool:
        """The server did what it asked for, as far as anybody knows; the answer may be lost."""
        return self.fine or (self.status == 0 and self.failed and not self.sent_again)

    @property
    def streamed(self) -> bool:
        return bool(self.events) or (self.fine and self.body.get("stream") is True)

    def objects(self) -> Iterator[Object]:
        """Every object that the answer showed, in its order; those of a list oldest first."""
        if self.events:
            found = [data for name, data in self.events if not name.endswith(".delta")]
        elif isinstance(self.answer, dict) and self.answer.get("object") == "list":
            rows = self.answer.get("data")
            found = rows if isinstance(rows, list) else []
            found = found if "order=asc" in self.exchange.query else found[::-1]
        else:
            found = [self.answer]
        yield from (one for one in found if isinstance(one, dict) and isinstance(one.get("object"), str))

    def error(self) -> Object:
        """The error that was answered, in OpenAI's or Azure's envelope; empty if there was none."""
        error = self.answer.get("error") if isinstance(self.answer, dict) else None
        return error if isinstance(error, dict) else {}


@functools.cache
def _tree() -> Router:
    return Router(OPERATIONS)


def see(exchanges: Iterable[Exchange]) -> list[Seen]:
    """Exchanges, understood, in their order."""
    seens = [_seen(exchange, order) for order, exchange in enumerate(exchanges)]
    answered: set[Any] = set()
    for seen in reversed(seens):
        exchange = seen.exchange
        request = exchange.method, exchange.url, exchange.request_body, exchange.form
        if seen.fine:
            answered.add(request)
        seen.sent_again = exchange.method == "POST" and seen.status == 0 and request in answered
    return seens


def _seen(exchange: Exchange, order: int) -> Seen:
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
    seen = Seen(exchange, order, operation, path, body)
    if exchange.streamed:
        seen.events = read_events(exchange.answer_body or b"")
    else:
        seen.answer = parsed(exchange.answer_body)
    if not has_address(exchange) and seen.fine:
        seen.operation, seen.path = _operation_by_answer(seen)
        seen.inferred = True
    return seen


def has_address(exchange: Exchange) -> bool:
    """False for a word in place of a URL, or a template of one: the request was not recorded."""
    return exchange.path.startswith("/") and "{" not in exchange.path


#: By the first event of a stream, and by the kind of an object: what gives such an answer, and what it is about.
_BY_EVENT: Final = {"thread.created": "create_thread_and_run", "thread.run.created": "create_run"}
_BY_OBJECT: Final = {
    "assistant": ("get_assistant", "assistant_id"),
    "thread": ("get_thread", "thread_id"),
    "thread.message": ("get_message", "message_id"),
    "thread.run": ("get_run", "run_id"),
    "thread.run.step": ("get_run_step", "step_id"),
    "file": ("retrieve_file", "file_id"),
    "vector_store": ("get_vector_store", "vector_store_id"),
    "vector_store.file": ("get_vector_store_file", "file_id"),
}


def _operation_by_answer(seen: Seen) -> tuple[str | None, dict[str, str]]:
    """What must have been asked, as far as the answer tells."""
    if seen.events:
        name, data = seen.events[0]
        about = data if isinstance(data, dict) else {}
        ids = {key: about[key] for key in ("thread_id", "run_id") if isinstance(about.get(key), str)}
        return _BY_EVENT.get(name, "submit_tool_outputs_to_run" if "run_id" in ids else None), ids
    thing = next(iter(seen.objects()), None)
    operation, parameter = _BY_OBJECT.get(thing["object"], (None, "")) if thing else (None, "")
    if thing is None or operation is None or not isinstance(thing.get("id"), str):
        return None, {}
    ids = {key: thing[key] for key in ("thread_id", "run_id", "vector_store_id") if isinstance(thing.get(key), str)}
    return operation, {**ids, parameter: thing["id"]}


def operation_of(exchange: Exchange) -> tuple[str | None, dict[str, str]]:
    """The operation that a request asks for, with the parameters of its path; None for what is not the API's."""
    tree = _tree()
    if not has_address(exchange):
        return None, {}
    try:
        address = read_address(exchange.path, exchange.query.encode("latin-1", "replace"), tree.roots, exchange.method)
        operation, path = tree.find(address.segments, exchange.method, exchange.path)
    except ApiError:
        return None, {}
    return operation.name, path


def read_events(raw: bytes) -> list[Event]:
    """The events of a stream that came whole; data that is not JSON stays text, what follows a cut is left out."""
    events: list[Event] = []
    text = raw.decode("utf-8", "replace").replace("\r\n", "\n")
    blocks = text.split("\n\n")
    for block in blocks if text.endswith("\n\n") else blocks[:-1]:
        lines = [line.partition(":") for line in block.split("\n")]
        values = {
            wanted: "\n".join(rest.removeprefix(" ") for name, _, rest in lines if name == wanted)
            for wanted in ("event", "data")
        }
        if values["event"] or values["data"]:
            data = parsed(values["data"].encode())
            events.append((values["event"] or "message", values["data"] if data is None else data))
    return events


def named(value: Any, *keys: str) -> Iterator[str]:
    """Every text, or text of a list, that stands under one of these keys anywhere in a JSON value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in keys:
                yield from (
                    one for one in (inner if isinstance(inner, list) else [inner]) if one and isinstance(one, str)
                )
            yield from named(inner, *keys)
    elif isinstance(value, list):
        for inner in value:
            yield from named(inner, *keys)
