"""Plays turns on responses: what conditions, steps and templates see, and which response goes on with which turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from emulator.apis.responses.bounds import bounds_of
from emulator.apis.responses.carried import carried_assistant, carried_assistants, note_carried
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
from emulator.scenarios.steps.actions import SearchResult
from emulator.scenarios.steps.context import LateContext, StepContext
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
    carried = carried_assistants(world, instructions, response["tools"])
    in_force = {"model": stored.model, "instructions": instructions}
    origin = _origin(response, context.parent)
    return Situation(
        message=context.last_user_text(),
        instructions=instructions,
        model=stored.model,
        tools=[tool.name for tool in tools_of(response)],
        assistant={**carried_assistant(world, carried), **in_force},
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
        context=LateContext(_step_context, world, narrator, situation, turn),
        narrator=narrator,
        log=log,
        situation=situation,
        polls=polls_of(turn, world.settings),
        bounds=lambda: bounds_of(narrator.response),
    )
    narrator.turn = made
    return made


def _step_context(world: World, narrator: ResponseNarrator, situation: Situation, turn: Turn) -> StepContext:
    """What the steps of a turn see. Tools and stores are those of the response that is being written."""
    id, store = narrator.response["id"], world.store

    def objects() -> dict[str, Any]:
        assistant, thread = situation.assistant, situation.thread
        as_run = {"thread_id": thread["id"], "assistant_id": assistant["id"], "model": narrator.stored.model}
        return {"assistant": assistant, "thread": thread, "run": {**narrator.response, **as_run}}

    return StepContext(
        message=situation.message,
        tools=lambda: tools_of(narrator.response),
        tools_owner="the request",
        objects=objects,
        fake=Fake(partial(world.ids.stream, "fake", id), narrator.response["created_at"]),
        find_file=narrator.files.find,
        file_names=lambda: [file["filename"] for file in store.files],
        make_file=narrator.files.make,
        search=partial(_search, narrator, turn),
        store_ids=lambda: [store.id for store in narrator.stores],
        read_file=narrator.files.read,
        contents=turn.contents,
    )


def _search(narrator: ResponseNarrator, turn: Turn, query: str) -> list[SearchResult]:
    """Searches the stores of the response that is being written."""
    is_seen = "file_search_call.results" in narrator.include
    return search_stores(narrator.world, narrator.response["id"], turn, narrator.stores, query, is_seen=is_seen)
