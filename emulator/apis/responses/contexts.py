"""What a response has read: the context that a request continues, and the request's own input, in stored form.

A request continues a chain (``previous_response_id``), a conversation, or the history that it brings itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from emulator.apis.http.errors import ApiError
from emulator.apis.responses import errors
from emulator.apis.responses.input_items import ItemReader, check_items
from emulator.apis.responses.objects import Item, text_of
from emulator.apis.responses.store import Conversation, StoredResponse, WaitingCall, responses_of
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.world.state.state import State

#: Statuses of a response that another can continue.
_CONTINUED: Final = frozenset({"completed", "incomplete"})


class Parent(NamedTuple):
    """What a request continues: a response, a conversation, or neither."""

    previous: StoredResponse | None = None
    conversation: Conversation | None = None

    @property
    def id(self) -> str:
        """The id of the parent; empty if there is none."""
        parent = self.previous or self.conversation
        return parent.id if parent else ""

    def family(self, world: State) -> str:
        """The key of the parent's ids; a new one if there is none."""
        parent = self.previous or self.conversation
        return parent.family if parent else world.ids.family()

    @property
    def root(self) -> StoredResponse | None:
        """The first response of the chain that is continued."""
        return (self.previous.root or self.previous) if self.previous else None

    @property
    def turns(self) -> int:
        """Turns that the chain or the conversation has played so far."""
        parent = self.previous or self.conversation
        return parent.turns if parent else 0

    @property
    def items(self) -> list[Item]:
        """What was there before the request, oldest first."""
        if self.conversation:
            return list(self.conversation.items)
        return self.previous.context if self.previous else []


_NO_PARENT: Final = Parent()


class Context:
    """``before``: what was there, oldest first. ``input``: what the request brings, in stored form. ``items``: both."""

    __slots__ = ("before", "input", "items", "parent")

    def __init__(self, before: list[Item], input: list[Item], parent: Parent) -> None:
        self.before, self.input, self.parent = before, input, parent
        self.items = [*before, *input]

    def last_user_text(self) -> str:
        """All text of the last message of a user; parts are joined by line breaks."""
        for item in reversed(self.items):
            if _is_from(item, "user"):
                return text_of(item)
        return ""

    def instructions(self, stated: str | None) -> str:
        """The instructions of the request, then the developer and system messages of the context."""
        said = [text_of(item) for item in self.items if _is_from(item, "developer", "system")]
        return "\n".join([stated, *said] if stated else said)

    def ends_with_user_text(self) -> bool:
        """True if the last thing that the request brings is a text of the user."""
        return bool(self.input) and _is_from(self.input[-1], "user") and bool(text_of(self.input[-1]))


def _is_from(item: Item, *roles: str) -> bool:
    return item.get("type") == "message" and item.get("role") in roles


# ---- From a request ----


def context_of(world: State, body: Object, parent: Parent, response_id: str, family: str) -> Context:
    """The context of a request. Raises ApiError for input that does not go with it."""
    reader = ItemReader(world, lambda kind: world.ids.make_kin(kind, family, world.now, response_id))
    sent = body.get("input")
    if isinstance(sent, list):
        check_items(sent)
    context = Context(parent.items, reader.input(sent), parent)
    _check(context)
    _check_thoughts(world, context)
    return context


def parent_of(world: State, body: Object) -> Parent:
    """What a request continues. Raises ApiError for what is not there, or what nothing continues."""
    previous, conversation = body.get("previous_response_id"), body.get("conversation")
    if previous and conversation:
        raise errors.two_parents()
    if previous:
        return Parent(_previous(world, previous))
    if conversation is not None:
        return Parent(conversation=_conversation(world, conversation))
    return _NO_PARENT


def _previous(world: State, id: str) -> StoredResponse:
    found = responses_of(world).get(id, world.clock.now())
    if found is None or found.object["status"] not in _CONTINUED:
        raise errors.previous_response_not_found(id)
    return found


def _conversation(world: State, named: str | Object) -> Conversation:
    id = named if isinstance(named, str) else named["id"]
    found = responses_of(world).conversations.get(id)
    if found is None:
        raise errors.conversation_not_found(id)
    return found


# ---- What does not go together ----


def _check(context: Context) -> None:
    """Raises ApiError for items twice, outputs without a call, calls without an output, and reasoning left alone."""
    check_ids(context.items)
    kinds = {item["type"] for item in context.items}
    if not kinds.isdisjoint(("function_call", "function_call_output")):
        _check_calls(context)
    if "reasoning" in kinds:
        _check_reasoning(context.input)


def _check_calls(context: Context) -> None:
    items = context.items
    calls = {item["call_id"]: None for item in items if item["type"] == "function_call"}
    outputs = {item["call_id"] for item in items if item["type"] == "function_call_output"}
    for item in context.input:
        if item["type"] == "function_call_output" and item["call_id"] not in calls:
            raise errors.no_tool_call(item["call_id"])
    for call_id in calls:
        if call_id not in outputs:
            raise errors.no_tool_output(call_id)


def check_ids(items: Iterable[Item]) -> None:
    """Raises ApiError for an id that two items have."""
    seen: set[str] = set()
    for item in items:
        id = item["id"]
        if id in seen:
            raise errors.duplicate_item(id)
        seen.add(id)


def _check_reasoning(items: list[Item]) -> None:
    """A reasoning item is followed by the item that it led to."""
    for number, item in enumerate(items):
        if item["type"] == "reasoning" and not any(map(_is_of_the_model, items[number + 1 : number + 2])):
            raise errors.following_item_missing(item["id"])


def _check_thoughts(world: State, context: Context) -> None:
    """An item of the model that a reasoning item led to comes with that one."""
    thoughts = responses_of(world).thoughts
    if not thoughts:
        return
    there = {item["id"] for item in context.items}
    for item in context.input:
        if thoughts.get(item["id"], item["id"]) not in there:
            raise errors.preceding_reasoning_missing(item["id"], item["type"])


def _is_of_the_model(item: Item) -> bool:
    return item["type"] not in ("message", "function_call_output") or item.get("role") == "assistant"


# ---- The turn that waits ----


def note_refused(world: State, body: Object, error: ApiError) -> None:
    """A request is refused: the transcript of the turn whose calls it leaves waiting says so."""
    sent = body.get("input")
    items = [item for item in sent if isinstance(item, dict)] if isinstance(sent, list) else []
    named = {item.get("call_id") for item in items} - {None}
    conversation = body.get("conversation")
    held = conversation.get("id") if isinstance(conversation, dict) else conversation
    parent = body.get("previous_response_id") or held or ""
    store = responses_of(world)
    previous = store.responses.get(parent)
    for id, call in store.waiting.items():
        continues = bool(parent) and (call.turn.thread_id == parent or (previous and previous.turn is call.turn))
        if id in named or continues:
            call.turn.log.transcript.refuse(error.code or error.type)
            return


def waiting_turn(world: State, context: Context) -> tuple[ActiveTurn, list[tuple[WaitingCall, Any]]] | None:
    """The turn that the outputs of a request go on with, and its calls with their outputs, in the turn's order.

    None if no call waits for them: they were answered before.
    """
    waiting = responses_of(world).waiting
    if not waiting:
        return None
    outputs = {item["call_id"]: item["output"] for item in context.input if item["type"] == "function_call_output"}
    turn = next((waiting[id].turn for id in reversed(outputs) if id in waiting), None)
    if turn is None:
        return None
    calls = [(id, call) for id, call in waiting.items() if call.turn is turn]
    return turn, [(call, outputs.get(id, "")) for id, call in calls]
