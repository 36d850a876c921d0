"""Plays turns on responses: what conditions, steps and templates see, and which response goes on with which turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from emulator.apis.responses.bounds import bounds_of
from emulator.apis.responses.carried import carried_assistants, note_carried
from emulator.apis.responses.contexts import Context, Parent
from emulator.apis.responses.narrator import ResponseNarrator
from emulator.apis.responses.objects import Response
from emulator.apis.responses.store import StoredResponse
from emulator.apis.responses.usage import UsageCounter
from emulator.apis.responses.views import Include
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn, polls_of
from emulator.engine.searching import search_stores
from emulator.engine.turn_log import TurnLog
from emulator.sandbox.fake import Fake
from emulator.scenarios.conditions import Situation
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.actions import FileRef, SearchResult
from emulator.scenarios.steps.context import StepContext
from emulator.scenarios.steps.tool import Tool
from emulator.world.state.state import State
from emulator.world.state.vector_stores import VectorStore
from emulator.world.world import World

#: Metadata by which a conversation tells which thread it was.
_FORMER: Final = ("thread_id", "legacy_thread_id")


def situation_of(world: State, stored: StoredResponse, context: Context) -> Situation:
    """What conditions are compared with: a response, its context, and the place of its turn in the chain."""
    response = stored.object
    stated = response["instructions"] if isinstance(response["instructions"], str) else None
    instructions = context.instructions(stated)
    carried, assistant = carried_assistants(world, instructions, response["tools"])
    origin = _origin(response, context.parent)
    return Situation(
        message=context.last_user_text(),
        instructions=instructions,
        model=stored.model,
        tools=[tool.name for tool in tools_of(response)],
        assistant={**assistant, "model": stored.model, "instructions": instructions},
        thread={"id": origin["id"], "metadata": origin["metadata"]},
        metadata=response["metadata"],
        run=context.parent.turns + 1,
        carried=carried,
        former_threads=[origin["metadata"][key] for key in _FORMER if key in origin["metadata"]],
    )


def _origin(response: Response, parent: Parent) -> Mapping[str, Any]:
    """What stands for the thread: the conversation, or else the chain's first response."""
    if parent.conversation:
        return parent.conversation.object
    return parent.root.object if parent.root else response


def tools_of(response: Response) -> list[Tool]:
    """The response's tools, free of the API's form."""
    return [_tool(tool) for tool in response["tools"]]


def _tool(tool: Object) -> Tool:
    kind = tool["type"]
    if kind == "function":
        return Tool(kind, tool["name"], tool.get("parameters"))
    if kind == "file_search":
        threshold = (tool.get("ranking_options") or {}).get("score_threshold") or 0.0
        return Tool(kind, kind, limit=tool.get("max_num_results") or 20, threshold=threshold)
    return Tool(kind, kind)


def turn_of(
    world: World,
    stored: StoredResponse,
    context: Context,
    include: Include,
    stores: Sequence[VectorStore],
    *,
    turn: Turn | None = None,
) -> ActiveTurn:
    """The turn that a response plays, which is chosen and counted now.

    ``stores``: what its file search looks into. ``turn``: the one to play, when none is to be chosen.
    """
    response = stored.object
    situation = situation_of(world, stored, context)
    turn = turn or world.choose(situation, response["id"])
    log = TurnLog(world.changes, "responses", turn, situation.message)
    note_carried(log.transcript, turn, situation.carried)
    narrator = ResponseNarrator(world, stored, log, include, UsageCounter(turn), stores)
    made = ActiveTurn(
        id=response["id"],
        thread_id=situation.thread["id"],
        turn=turn,
        context=ResponseContext(narrator, situation, turn),
        narrator=narrator,
        log=log,
        situation=situation,
        polls=polls_of(turn, world.settings),
        bounds=lambda: bounds_of(narrator.response),
    )
    narrator.turn = made
    return made


class ResponseContext(StepContext):
    """A turn as its steps see it: tools and stores are those of the response that is being written."""

    tools_owner = "the request"

    def __init__(self, narrator: ResponseNarrator, situation: Situation, turn: Turn) -> None:
        super().__init__(situation.message, turn.contents)
        self._narrator, self._situation, self._turn = narrator, situation, turn
        first = narrator.response
        self._id, self._created_at = first["id"], first["created_at"]

    def tools(self) -> list[Tool]:
        return tools_of(self._narrator.response)

    def objects(self) -> dict[str, Any]:
        assistant, thread = self._situation.assistant, self._situation.thread
        as_run = {"thread_id": thread["id"], "assistant_id": assistant["id"], "model": self._narrator.stored.model}
        return {"assistant": assistant, "thread": thread, "run": {**self._narrator.response, **as_run}}

    def new_fake(self) -> Fake:
        return Fake(partial(self._narrator.world.ids.stream, "fake", self._id), self._created_at)

    def find_file(self, name: str) -> FileRef | None:
        return self._narrator.files.find(name)

    def file_names(self) -> list[str]:
        return [file["filename"] for file in self._narrator.world.store.files]

    def store_file(self, filename: str, content: bytes) -> FileRef:
        return self._narrator.files.make(filename, content)

    def read_file(self, file_id: str) -> bytes:
        return self._narrator.files.read(file_id)

    def search(self, query: str) -> list[SearchResult]:
        narrator = self._narrator
        is_seen = "file_search_call.results" in narrator.include
        return search_stores(
            narrator.world, narrator.response["id"], self._turn, narrator.stores, query, is_seen=is_seen
        )

    def store_ids(self) -> list[str]:
        return [store.id for store in self._narrator.stores]
