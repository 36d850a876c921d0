"""The objects of the Responses API in one world: responses, calls that wait for outputs, conversations, containers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from emulator.apis.http.errors import ApiError
from emulator.apis.responses.containers import CONTAINER, Container
from emulator.apis.responses.objects import RESPONSE_LIFETIME, Item, Response
from emulator.apis.responses.response_stream import ResponseStream
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.world.state.collection import Collection
from emulator.world.state.missing import Kind
from emulator.world.state.state import State

ITEM: Final = Kind("item", "item", "")


class Conversation:
    """A conversation: its items, oldest first. ``turns``: how many were played on it."""

    __slots__ = ("family", "items", "object", "response", "turns")

    def __init__(self, object: Object, family: str) -> None:
        self.object = object
        #: The key that the ids of all items and responses on it share.
        self.family = family
        self.items: Collection[Item] = Collection(ITEM)
        self.turns = 0
        #: The response on it that is under way: at most one.
        self.response: StoredResponse | None = None

    @property
    def id(self) -> str:
        return str(self.object["id"])

    def put(self, items: Iterable[Item]) -> None:
        """Adds items, or replaces those that are there."""
        for item in items:
            self.items.put(item["id"], item)

    def copy(self) -> Conversation:
        """A conversation that changes independently."""
        other = Conversation(self.object, self.family)
        other.items, other.turns, other.response = self.items.copy(), self.turns, self.response
        return other


@dataclass(slots=True)
class StoredResponse:
    """A response with its context.

    ``object`` is complete; what ``include`` decides is left out when it is sent. ``input``: the whole context that the
    model has read, oldest first; ``brought``: what the request itself brought, at its end. ``root``: the first response
    of its chain.
    """

    object: Response
    input: list[Item]
    family: str
    #: The model as the request names it.
    model: str
    brought: list[Item] = field(default_factory=list)
    root: StoredResponse | None = None
    conversation: Conversation | None = None
    #: Turns of the chain or conversation, this one's included.
    turns: int = 1
    #: The turn that the response plays in.
    turn: ActiveTurn | None = None
    #: The events of a background response that was made as a stream.
    stream: ResponseStream | None = None
    #: Why the service refuses what it could not see before: the request's answer instead of the response.
    refusal: ApiError | None = None

    @property
    def id(self) -> str:
        return self.object["id"]

    @property
    def context(self) -> list[Item]:
        """What a response that continues this one has read before its own input."""
        return [*self.input, *self.object["output"]]

    def occupy_conversation(self) -> None:
        """No other response can be made on its conversation until this one is over."""
        if self.conversation and self.object["store"]:
            self.conversation.response = self

    def leave_conversation(self, *, adds: bool) -> None:
        """The response is over: its conversation is free, and takes the items of the response if it ``adds`` them."""
        held = self.conversation
        if held is None or held.response is not self:
            return
        held.response = None
        if adds:
            held.put([*self.brought, *self.object["output"]])

    def is_over(self, now: float) -> bool:
        """True when it was stored too long ago (``now`` in seconds since the epoch)."""
        return now >= self.object["created_at"] + RESPONSE_LIFETIME


class WaitingCall(NamedTuple):
    """A function call without an output, and the turn that waits for it."""

    turn: ActiveTurn
    name: str
    arguments: str


@dataclass(slots=True)
class ResponsesStore:
    """All objects of the Responses API in one world."""

    responses: dict[str, StoredResponse] = field(default_factory=dict)
    #: By call id.
    waiting: dict[str, WaitingCall] = field(default_factory=dict)
    #: The reasoning item that led to an item: its id by that of the item.
    thoughts: dict[str, str] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    containers: Collection[Container] = field(default_factory=lambda: Collection(CONTAINER))

    def get(self, id: str, now: float) -> StoredResponse | None:
        """A response that is still stored at ``now`` (seconds since the epoch)."""
        found = self.responses.get(id)
        return None if found is None or found.is_over(now) else found

    def find_item(self, id: str, now: float) -> Item | None:
        """An item of any conversation or of any response that is still stored at ``now``."""
        for conversation in self.conversations.values():
            if (item := conversation.items.get(id)) is not None:
                return item
        contexts = (stored.context for stored in self.responses.values() if not stored.is_over(now))
        return next((item for context in contexts for item in context if item.get("id") == id), None)

    def is_empty(self) -> bool:
        return not (self.responses or self.conversations or self.containers)

    def copy(self) -> ResponsesStore:
        other = ResponsesStore(self.responses.copy(), self.waiting.copy(), self.thoughts.copy())
        other.conversations = {id: one.copy() for id, one in self.conversations.items()}
        for container in self.containers:
            other.containers.put(container.id, container.copy())
        return other

    def let_go(self) -> Iterator[None]:
        """Frees the objects piece by piece; nobody asks for them any more."""
        self.waiting.clear()
        for held in (self.responses, self.conversations):
            while held:
                held.popitem()
                yield
        yield from self.containers.let_go()

    def remove_vector_store(self, id: str) -> None:
        """A response names vector stores as they were: nothing changes."""


def responses_of(world: State) -> ResponsesStore:
    """The world's objects of the Responses API."""
    found: ResponsesStore = world.store.parts[ResponsesStore]
    return found
