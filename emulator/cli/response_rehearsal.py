"""Plays the turns of scenarios without a client on both APIs, to compare what a user would notice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.apis.responses import objects
from emulator.apis.responses.contexts import Context, Parent, context_of
from emulator.apis.responses.narrator import ResponseNarrator
from emulator.apis.responses.response_stream import SilentStream
from emulator.apis.responses.store import StoredResponse
from emulator.apis.responses.turns import turn_of
from emulator.base.json_types import Object
from emulator.cli.rehearsal import invented_output, needed_tools, played_on_assistants, question_of
from emulator.control.client import Transcript
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.parity.comparing import ComparedTurn, compare
from emulator.scenarios.model import Scenario, Turn
from emulator.scenarios.steps.context import Output
from emulator.world.options import Options
from emulator.world.state.vector_stores import VectorStore
from emulator.world.world import World


def rehearse_on_both(scenarios: Sequence[Scenario], options: Options) -> list[ComparedTurn]:
    """Each turn, played alone on each API, in worlds with all the scenarios and these options. Holds are released."""
    return [_rehearsed(scenarios, options, turn) for scenario in scenarios for turn in scenario.turns]


def _rehearsed(scenarios: Sequence[Scenario], options: Options, turn: Turn) -> ComparedTurn:
    _, old = played_on_assistants(_world(scenarios, options), turn)
    new = _played_on_responses(_world(scenarios, options), turn)
    (compared,) = compare([_transcript(old)], [_transcript(new)])
    return compared


def _world(scenarios: Sequence[Scenario], options: Options) -> World:
    world = World(options, tuple(scenarios))
    world.open_holds |= world.labels()
    return world


def _transcript(active_turn: ActiveTurn) -> Transcript:
    """The turn's transcript. There is no application, which could carry the configuration of an assistant."""
    return Transcript.from_json({**active_turn.transcript(), "carried": None})


def _played_on_responses(world: World, turn: Turn) -> ActiveTurn:
    """Plays the turn to its end with invented outputs, on a chain of its own."""
    stores = list(world.store.vector_stores)
    body: Object = {"model": "gpt-4o", "tools": [_tool(tool, stores) for tool in needed_tools(turn)]}
    stored, context = _begun(world, {**body, "input": question_of(turn)}, Parent())
    active_turn = turn_of(world, stored, context, frozenset(), stores, turn=turn)
    engine = TurnEngine(world)
    engine.start(active_turn, SilentStream())
    while active_turn.status == "requires_action":
        narrator: Any = active_turn.narrator
        _submit(world, engine, active_turn, narrator, body, stores)
    return active_turn


def _submit(
    world: World,
    engine: TurnEngine,
    active_turn: ActiveTurn,
    narrator: ResponseNarrator,
    body: Object,
    stores: list[VectorStore],
) -> None:
    """Goes on with the turn, in another response of the chain."""
    calls = [item for item in narrator.response["output"] if item["type"] == "function_call"]
    outputs = [Output(one["name"], one["arguments"], invented_output(active_turn, one["name"])) for one in calls]
    items = [
        {"type": "function_call_output", "call_id": call["call_id"], "output": output.output}
        for call, output in zip(calls, outputs, strict=True)
    ]
    stored, _ = _begun(world, {**body, "input": items}, Parent(narrator.stored))
    narrator.continue_with(stored, frozenset(), stores)
    stream = SilentStream()
    engine.resume(active_turn, outputs, stream)
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
