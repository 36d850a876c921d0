"""Endpoints for scenarios and faults."""

from __future__ import annotations

from asyncio import to_thread
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from emulator.admin.posted import posted_scenario
from emulator.admin.request import AdminError, in_world, json_body, json_response, key_of, raw_body, worlds_of
from emulator.scenarios.checks import fault_problems
from emulator.scenarios.document import path_in_words
from emulator.scenarios.faults import fault_of
from emulator.world.drafts import Draft, gives_much
from emulator.world.world import World

#: How often a scenario with many given objects is made aside, where requests of the same key change the world.
_DRAFTS: Final = 3


async def schema(request: Request) -> Response:
    """The JSON Schema of scenario files, for editors. Needs no API key."""
    from emulator.scenarios.published_schema import published_schema

    return json_response(published_schema())


@in_world
async def list_scenarios(request: Request, world: World) -> Response:
    """All scenarios in order of precedence, with the number of times that each turn was played."""
    return json_response(
        {
            "scenarios": [
                {
                    "name": one.name,
                    "file": one.file,
                    "turns": [
                        {"name": turn.name, "times": turn.times, "played": world.played[one.name, turn.name]}
                        for turn in one.turns
                    ],
                }
                for one in world.scenarios
            ]
        }
    )


@in_world
async def add_scenario(request: Request, world: World) -> Response:
    """Adds a scenario, JSON or YAML. ``?file=``: its origin, for messages. ``?name=``: its name if it has none.

    A scenario that refers to local files is posted as ``{"document": text, "contents": {path: base64}}``, because the
    server opens no files. A recording is converted to a scenario.
    """
    query = request.query_params
    file, name = query.get("file", "<posted>"), query.get("name", "")
    # in a thread, since a large one takes seconds to read
    scenario = await to_thread(posted_scenario, raw_body(request), file, name)
    world = _present(world, request)
    for _ in range(_DRAFTS if gives_much((scenario, *world.scenarios)) else 0):  # all are given anew, or the one
        draft = Draft(world, scenario)
        await to_thread(draft.make)
        if draft.take_over():
            break
        world = _present(world, request)
    else:
        world.load(scenario)
    return json_response({"name": world.scenarios[0].name})


def _present(world: World, request: Request) -> World:
    """The world; the one that came after it, if it was reset meanwhile."""
    if world.ended:
        world = worlds_of(request).of(key_of(request), changes=True)
        world.is_used = True
    return world


@in_world
async def list_faults(request: Request, world: World) -> Response:
    """All faults in order of precedence, with the number of times that each was applied."""
    return json_response({"faults": [{**one.fault.as_json(), "applied": one.applied} for one in world.faults]})


@in_world
async def inject_fault(request: Request, world: World) -> Response:
    """Adds a fault. It takes precedence over those of scenarios and those injected earlier."""
    data = json_body(request)
    if problems := [f"{path_in_words(path) or 'fault'}: {why}" for path, why in fault_problems(data)]:
        raise AdminError(400, "; ".join(problems))
    world.faults.inject(fault_of(data))
    world.changes.mark()
    return json_response({})


@in_world
async def clear_faults(request: Request, world: World) -> Response:
    """Removes the injected faults; scenarios keep theirs."""
    world.faults.clear()
    world.changes.mark()
    return json_response({})
