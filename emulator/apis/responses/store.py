"""The objects of the Responses API in one world: responses, and the calls that wait for outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.apis.http.errors import ApiError
from emulator.apis.responses.objects import RESPONSE_LIFETIME, Item, Response
from emulator.apis.responses.response_stream import ResponseStream
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.world.state.contents import Content
from emulator.world.state.state import State


@dataclass(slots=True)
class StoredResponse:
    """A response with its context.

    ``object`` is complete; what ``include`` decides is left out when it is sent. ``input``: the whole context that the
    model has read, oldest first, this response's own input at its end. ``root``: the first response of its chain.
    """

    object: Response
    input: list[Item]
    family: str
    #: The model as the request names it.
    model: str
    root: StoredResponse | None = None
    #: Turns of the chain, this one's included.
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
    """All responses of one world."""

    responses: dict[str, StoredResponse] = field(default_factory=dict)
    #: By call id.
    waiting: dict[str, WaitingCall] = field(default_factory=dict)
    #: Files that code has made in containers, with their contents, by id.
    container_files: dict[str, tuple[Object, Content]] = field(default_factory=dict)

    def get(self, id: str, now: float) -> StoredResponse | None:
        """A response that is still stored at ``now`` (seconds since the epoch)."""
        found = self.responses.get(id)
        return None if found is None or found.is_over(now) else found

    def is_empty(self) -> bool:
        return not self.responses

    def copy(self) -> ResponsesStore:
        return ResponsesStore(self.responses.copy(), self.waiting.copy(), self.container_files.copy())

    def remove_vector_store(self, id: str) -> None:
        """A response names vector stores as they were: nothing changes."""


def responses_of(world: State) -> ResponsesStore:
    """The world's responses."""
    return world.store.of(ResponsesStore)
