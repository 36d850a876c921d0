"""What a response has read: the context that a request continues, and the request's own input, in stored form.

A request continues a chain (``previous_response_id``), a conversation, or the history that it brings itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final, cast

from emulator.apis.responses import errors
from emulator.apis.responses.objects import Item, text_of
from emulator.apis.responses.store import StoredResponse, WaitingCall, responses_of
from emulator.apis.responses.wire import item_in_order
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.world.state.state import State

#: Statuses of a response that another can continue.
_CONTINUED: Final = frozenset({"completed", "incomplete"})


@dataclass(slots=True)
class Context:
    """``before``: what was there, oldest first. ``input``: what this request brings, in stored form."""

    before: list[Item]
    input: list[Item]
    family: str
    previous: StoredResponse | None = None

    @property
    def root(self) -> StoredResponse | None:
        """The first response of the chain that is continued."""
        return (self.previous.root or self.previous) if self.previous else None

    @property
    def turns(self) -> int:
        """Turns that the chain has played so far."""
        return self.previous.turns if self.previous else 0

    @property
    def items(self) -> list[Item]:
        return [*self.before, *self.input]

    def last_user_text(self) -> str:
        """All text of the last message of a user; parts are joined by line breaks."""
        return next((text_of(item) for item in reversed(self.items) if _is_from(item, "user")), "")

    def instructions(self, stated: str | None) -> str:
        """The instructions of the request, then the developer and system messages of the context."""
        said = [text_of(item) for item in self.items if _is_from(item, "developer", "system")]
        return "\n".join([*([stated] if stated else []), *said])

    def ends_with_user_text(self) -> bool:
        """True if the last thing that the request brings is a text of the user."""
        return bool(self.input) and _is_from(self.input[-1], "user") and bool(text_of(self.input[-1]))


def _is_from(item: Item, *roles: str) -> bool:
    return item.get("type") == "message" and item.get("role") in roles


# ---- From a request ----


def context_of(world: State, body: Object, previous: StoredResponse | None, response_id: str, family: str) -> Context:
    """The context of a request. Raises ApiError for input that does not go with it."""
    before = previous.context if previous else []
    reader = _InputReader(world, family, response_id)
    sent = body.get("input")
    items = [{"role": "user", "content": sent}] if isinstance(sent, str) else sent or []
    context = Context(before, [reader.stored(item) for item in items], family, previous)
    _check(context)
    return context


def previous_of(world: State, id: str) -> StoredResponse:
    """The response that a request continues. Raises ApiError for one that is not there, or that nothing continues."""
    found = responses_of(world).get(id, world.clock.now())
    if found is None or found.object["status"] not in _CONTINUED:
        raise errors.previous_response_not_found(id)
    return found


class _InputReader:
    """Puts input items into stored form: with an id, a status, and content in parts."""

    def __init__(self, world: State, family: str, response_id: str) -> None:
        self._world, self._family, self._response_id = world, family, response_id

    def stored(self, item: Object) -> Item:
        kind = item.get("type", "message")
        if kind == "item_reference":
            return self._referred(item["id"])
        made = {**item, "type": kind}
        if made.get("id") is None:
            made["id"] = self._make_id(kind)
        if kind == "message":
            made = self._message(made)
        elif kind in ("function_call", "function_call_output", "file_search_call", "code_interpreter_call"):
            made["status"] = item.get("status") or "completed"
        if kind == "file_search_call":
            made.setdefault("results", None)
        if kind == "code_interpreter_call":
            made.setdefault("outputs", None)
        return cast("Item", item_in_order(made))

    def _make_id(self, kind: str) -> str:
        ids = self._world.ids
        known = kind if kind in ("function_call", "function_call_output", "reasoning") else "message"
        return ids.make_kin(known, self._family, self._world.now, self._response_id)

    def _message(self, item: Object) -> Object:
        content, role = item["content"], item["role"]
        if isinstance(content, str):
            kind = "output_text" if role == "assistant" else "input_text"
            content = [{"type": kind, "text": content}]
        made = {**item, "status": item.get("status") or "completed", "content": list(map(_stored_part, content))}
        return {key: value for key, value in made.items() if value is not None}

    def _referred(self, id: str) -> Item:
        now = self._world.clock.now()
        for stored in responses_of(self._world).responses.values():
            if not stored.is_over(now):
                for item in stored.context:
                    if item.get("id") == id:
                        return item
        raise errors.item_not_stored(id)


def _stored_part(part: Object) -> Object:
    """A part of an input as it is stored, its keys in order: ``views`` leaves out the data of files and images."""
    kind = part["type"]
    if kind == "output_text":
        annotations, logprobs = part.get("annotations") or [], part.get("logprobs") or []
        return {"type": kind, "annotations": annotations, "logprobs": logprobs, "text": part["text"]}
    if kind == "input_image":
        detail, image = part.get("detail") or "auto", part.get("image_url")
        return {"type": kind, "detail": detail, "file_id": part.get("file_id"), "image_url": image}
    if kind == "input_file":
        shown = {"type": kind, "file_id": part.get("file_id"), "filename": part.get("filename")}
        return {**shown, **({"file_data": part["file_data"]} if part.get("file_data") else {})}
    return {key: part[key] for key in ("type", *sorted(part.keys() - {"type"}))}


# ---- What does not go together ----


def _check(context: Context) -> None:
    """Raises ApiError for items twice, outputs without a call, calls without an output, and reasoning left alone."""
    _check_ids(context.items)
    calls = {item["call_id"] for item in context.items if item["type"] == "function_call"}
    outputs = {item["call_id"] for item in context.items if item["type"] == "function_call_output"}
    for item in context.input:
        if item["type"] == "function_call_output" and item["call_id"] not in calls:
            raise errors.no_tool_call(item["call_id"])
    for item in context.items:
        if item["type"] == "function_call" and item["call_id"] not in outputs:
            raise errors.no_tool_output(item["call_id"])
    _check_reasoning(context.input)


def _check_ids(items: Iterable[Item]) -> None:
    seen: set[str] = set()
    for item in items:
        if item["id"] in seen:
            raise errors.duplicate_item(item["id"])
        seen.add(item["id"])


def _check_reasoning(items: list[Item]) -> None:
    """A reasoning item is followed by the item that it led to."""
    for item, following in zip_longest(items, items[1:]):
        if item["type"] != "reasoning":
            continue
        if following is None or not _is_of_the_model(following):
            raise errors.following_item_missing(item["id"])


def _is_of_the_model(item: Item) -> bool:
    return item["type"] not in ("message", "function_call_output") or item.get("role") == "assistant"


# ---- The turn that waits ----


def waiting_turn(world: State, context: Context) -> tuple[ActiveTurn, list[tuple[WaitingCall, Any]]] | None:
    """The turn that the outputs of a request go on with, and its calls with their outputs, in the turn's order.

    None if no call waits for them: they were answered before.
    """
    waiting = responses_of(world).waiting
    outputs = {item["call_id"]: item["output"] for item in context.input if item["type"] == "function_call_output"}
    turn = next((waiting[id].turn for id in reversed(outputs) if id in waiting), None)
    if turn is None:
        return None
    calls = [(id, call) for id, call in waiting.items() if call.turn is turn]
    return turn, [(call, outputs.get(id, "")) for id, call in calls]
