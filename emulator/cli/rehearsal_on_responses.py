"""Plays a turn on the Responses API without a client, to compare its texts with those on the Assistants API."""

from __future__ import annotations

from collections.abc import Callable

from emulator.apis.files.resources import use_stores
from emulator.apis.responses import objects
from emulator.apis.responses.contexts import Context, Parent, context_of
from emulator.apis.responses.narrator import ResponseNarrator
from emulator.apis.responses.response_stream import SilentStream
from emulator.apis.responses.store import StoredResponse, responses_of
from emulator.apis.responses.turns import turn_of
from emulator.base.json_types import Object
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.model import Turn
from emulator.scenarios.steps.context import Output
from emulator.world.world import World

#: Makes up the output of a function that the turn calls, by its name.
InventOutput = Callable[[ActiveTurn, str], str]


def texts_on_responses(
    world: World, turn: Turn, message: str, tools: list[Object], invent_output: InventOutput
) -> list[str]:
    """The texts of the turn's messages. ``tools``: in the form of the Assistants API."""
    body: Object = {"model": "gpt-4o", "input": message, "tools": [_tool(tool) for tool in tools]}
    stores = list(world.store.vector_stores)
    use_stores(world, stores)
    context = context_of(world, body, Parent(), "resp_rehearsal", "")
    played = [_response(world, body, context, 1)]
    active_turn = turn_of(world, played[0], context, frozenset(), stores, turn=turn)
    narrator = active_turn.narrator
    assert isinstance(narrator, ResponseNarrator)
    engine = TurnEngine(world)
    engine.start(active_turn, SilentStream())
    while active_turn.status == "requires_action":
        calls = list(responses_of(world).waiting.values())
        responses_of(world).waiting.clear()
        outputs = [Output(call.name, call.arguments, invent_output(active_turn, call.name)) for call in calls]
        played.append(_response(world, body, context, len(played) + 1))
        narrator.continue_with(played[-1], frozenset(), stores)
        engine.resume(active_turn, outputs, SilentStream())
        engine.go_on(active_turn)
    items = [item for stored in played for item in stored.object["output"] if item["type"] == "message"]
    return [objects.text_of(item) for item in items]


def _response(world: World, body: Object, context: Context, number: int) -> StoredResponse:
    return StoredResponse(objects.response(f"resp_rehearsal_{number}", world.now, body), context.items, "", "gpt-4o")


def _tool(tool: Object) -> Object:
    if tool["type"] == "function":
        return {"type": "function", "name": tool["function"]["name"], "parameters": {"additionalProperties": True}}
    more: Object = {"vector_store_ids": []} if tool["type"] == "file_search" else {"container": {"type": "auto"}}
    return {"type": tool["type"], **more}
