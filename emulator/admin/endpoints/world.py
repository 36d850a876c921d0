"""Endpoints for a world as a whole: reset, baselines, clock, state, problems."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from emulator.admin.request import (
    AdminError,
    in_world,
    in_worlds,
    json_body,
    json_response,
    key_of,
    let_others_in,
    worlds_of,
)
from emulator.apis.assistants.store import objects_of
from emulator.apis.responses.store import responses_of
from emulator.base.clock import LAST_INSTANT
from emulator.base.text import shorten
from emulator.base.version import __version__
from emulator.engine.turn_engine import TurnEngine
from emulator.world.world import World
from emulator.world.worlds import Worlds


async def health(request: Request) -> Response:
    """Says that the server is running, and how many worlds there are. Needs no API key."""
    return json_response({"status": "ok", "version": __version__, "worlds": worlds_of(request).number})


async def openapi(request: Request) -> Response:
    """The OpenAPI document of the emulated APIs and of this one. Needs no API key."""
    return await asyncio.to_thread(_openapi, request.app.routes)


def _openapi(routes: Sequence[BaseRoute]) -> Response:
    from emulator.admin.openapi import document
    from emulator.admin.openapi_of_admin import with_admin

    return json_response(with_admin(document(), routes))


@in_worlds
async def reset(request: Request, worlds: Worlds, key: str) -> Response:
    """Begins a new world. The options in the body apply until the next reset."""
    options = json_body(request)
    if worlds.needs_preparing(options):
        await asyncio.to_thread(worlds.prepare, options)
    _let_go(worlds, worlds.reset(key, options))
    return json_response({})


@in_worlds
async def delete(request: Request, worlds: Worlds, key: str) -> Response:
    """Ends the world: its objects, options and baselines are gone, and it does not count any more."""
    _let_go(worlds, worlds.delete(key))
    return json_response({})


def _let_go(worlds: Worlds, old: World | None) -> None:
    if old is not None:  # after the response, since freeing a large world takes longer than making a new one
        worlds.let_go(old)


@in_world
async def keep_baseline(request: Request, world: World) -> Response:
    """Makes the present state the baseline that a reset returns to, until it is forgotten."""
    worlds_of(request).keep(key_of(request))
    return json_response({})


@in_world
async def forget_baseline(request: Request, world: World) -> Response:
    """Forgets the last baseline, so that a reset returns to the one before; with ``?all=true`` forgets all."""
    worlds_of(request).forget(key_of(request), all=request.query_params.get("all") == "true")
    return json_response({})


@in_world
async def end_connections(request: Request, world: World) -> Response:
    """From now on, a connection ends with its response, so that clients of this key may outlive their event loops.

    The connections of the SDK's synchronous client stay.
    """
    worlds_of(request).set_many_loops(key_of(request), True)
    return json_response({})


@in_world
async def keep_connections(request: Request, world: World) -> Response:
    """From now on, the connections of this key's clients stay open again."""
    worlds_of(request).set_many_loops(key_of(request), False)
    return json_response({})


@in_world
async def state(request: Request, world: World) -> Response:
    """Clock, settings, numbers of objects and requests, active runs."""
    objects = objects_of(world)
    threads = [state for _, state in objects.threads.states()]
    return json_response(
        {
            "clock": world.clock.name,
            "now": world.clock.now(),
            "settings": world.settings,
            "objects": {
                "assistants": len(objects.assistants),
                "threads": len(threads),
                "messages": sum(len(thread.messages) for thread in threads),
                "runs": sum(len(thread.runs) for thread in threads),
                "responses": len(responses_of(world).responses),
            },
            "asked": {operation or "unknown": times for operation, times in world.journal.counts.items()},
            "active_runs": [
                {"id": id, "thread_id": one.thread_id, "status": one.status, "held": one.held}
                for id, one in TurnEngine(world).active.items()
            ],
        }
    )


@in_world
async def advance(request: Request, world: World) -> Response:
    """Moves the skip clock; everything that becomes due is played in order of time."""
    body = json_body(request)
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < 1e10:
        raise AdminError(400, f'expected {{"seconds": a number from 0}}, got {shorten(repr(body), 200)}')
    if world.clock.name == "real":
        raise AdminError(400, "only the skip clock can be advanced; this world runs on the real clock")
    until = world.clock.now() + seconds
    if until > LAST_INSTANT:
        left = LAST_INSTANT - world.clock.now()
        raise AdminError(400, f"the clock can advance at most {left:.0f} more seconds, to the end of the calendar")
    await let_others_in(TurnEngine(world).playing_until(until))
    world.clock.move_to(until)
    world.changes.mark()
    return json_response({"now": world.clock.now()})


@in_world
async def check(request: Request, world: World) -> Response:
    """The problems of the world, and its warnings, if there are any; they do not count."""
    found = {"problems": world.check()} | ({"warnings": world.warnings} if world.warnings else {})
    listed = {name: [one.as_json() for one in several] for name, several in found.items()}
    return json_response({"ok": not listed["problems"], **listed})
