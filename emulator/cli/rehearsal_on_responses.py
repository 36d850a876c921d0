"""Plays a turn on the Responses API without a client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from emulator.apis.files.resources import use_stores
from emulator.apis.responses import objects
from emulator.apis.responses.contexts import Context, Parent, context_of
from emulator.apis.responses.narrator import ResponseNarrator
from emulator.apis.responses.response_stream import SilentStream
from emulator.apis.responses.store import StoredResponse
from emulator.apis.responses.turns import turn_of
from emulator.base.json_types import Object
from emulator.cli.invented import needed_tools, output_of, question_of
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.context import Output
from emulator.world.state.vector_stores import VectorStore
from emulator.world.world import World

#: All outputs are invented.
NO_OUTPUTS: Final[Mapping[str, str]] = {}


def played_on_responses(
    world: World, turn: Turn, outputs: Mapping[str, str] = NO_OUTPUTS
) -> tuple[list[StoredResponse], ActiveTurn]:
    """Plays the turn to its end on a chain of its own, and returns the responses of the chain.

    ``outputs`` of functions that are not given are invented.
    """
    stores = list(world.store.vector_stores)
    use_stores(world, stores)
    body: Object = {"model": "gpt-4o", "tools": [_tool(tool, stores) for tool in needed_tools(turn)]}
    stored, context = _begun(world, {**body, "input": question_of(turn)}, Parent())
    active_turn = turn_of(world, stored, context, frozenset(), stores, turn=turn)
    narrator: Any = active_turn.narrator
    engine = TurnEngine(world)
    engine.start(active_turn, SilentStream())
    played = [stored]
    while active_turn.status == "requires_action":
        _submit(world, engine, active_turn, narrator, body, outputs)
        played.append(narrator.stored)
    return played, active_turn


def texts_of(responses: Iterable[StoredResponse]) -> list[str]:
    """The texts of their messages."""
    items = (item for stored in responses for item in stored.object["output"])
    return [objects.text_of(item) for item in items if item["type"] == "message"]


def _submit(
    world: World,
    engine: TurnEngine,
    active_turn: ActiveTurn,
    narrator: ResponseNarrator,
    body: Object,
    outputs: Mapping[str, str],
) -> None:
    """Goes on with the turn, in another response of the chain."""
    calls = [item for item in narrator.response["output"] if item["type"] == "function_call"]
    submitted = [Output(one["name"], one["arguments"], output_of(active_turn, one["name"], outputs)) for one in calls]
    items = [
        {"type": "function_call_output", "call_id": call["call_id"], "output": output.output}
        for call, output in zip(calls, submitted, strict=True)
    ]
    stored, _ = _begun(world, {**body, "input": items}, Parent(narrator.stored))
    narrator.continue_with(stored, frozenset(), list(world.store.vector_stores))
    stream = SilentStream()
    engine.resume(active_turn, submitted, stream)
    engine.go_on(active_turn)


def _begun(world: World, body: Object, parent: Parent) -> tuple[StoredResponse, Context]:
    """A response to such a request, and what it has read."""
    family = parent.family(world)
    id = world.ids.make_kin("response", family, world.now, parent.id)
    context = context_of(world, body, parent, id, family)
    response = objects.response(id, world.now, body)
    stored = StoredResponse(response, context.items, family, body["model"], brought=context.input, root=parent.root)
    return stored, context


def _tool(tool: Object, stores: list[VectorStore]) -> Object:
    """A tool of Assistants as Responses has it."""
    kind = tool["type"]
    if kind == "function":
        return {"type": kind, "name": tool["function"]["name"], "parameters": {}, "strict": False}
    if kind == "file_search":
        return {"type": kind, "vector_store_ids": [store.id for store in stores]}
    return {"type": kind, "container": {"type": "auto"}}
