"""Endpoints for holds, where scenarios stop a run until a test releases it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from emulator.admin.request import AdminError, in_world, json_response, key_of, let_others_in, worlds_of
from emulator.engine.turn_engine import TurnEngine
from emulator.world.world import World


@in_world
async def wait_held(request: Request, world: World) -> Response:
    """Waits until a run reaches the hold, at most ``?timeout=`` real seconds (5)."""
    label = _label(request, world)
    text = request.query_params.get("timeout", "5")
    try:
        timeout = float(text)
    except ValueError:
        timeout = -1
    if not 0 <= timeout <= 3600:
        raise AdminError(400, f"expected ?timeout= in seconds, from 0 to 3600, got {text!r}")
    engine, reached = TurnEngine(world), asyncio.Event()
    # on the real clock a polled run reaches its hold as time passes, and no event reports that
    pause = 0.02 if world.clock.name == "real" else None
    world.on_held.append(reached.set)
    world.on_end.append(reached.set)
    try:
        async with asyncio.timeout(timeout):
            while (active_turn := engine.held_at(label)) is None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(reached.wait(), pause)
                reached.clear()
                if pause is not None:
                    engine.catch_up()
                if world is not worlds_of(request).of(key_of(request)):
                    raise AdminError(409, f"the world was reset while waiting for {label!r}")
    except TimeoutError:
        raise AdminError(408, f"no run reached the hold {label!r} within {timeout:g} seconds") from None
    finally:
        world.on_held.remove(reached.set)
        world.on_end.remove(reached.set)
    return json_response({"run_id": active_turn.id, "thread_id": active_turn.thread_id})


@in_world
async def release(request: Request, world: World) -> Response:
    """Releases a hold, for the runs that wait at it and for those to come."""
    label = _label(request, world)
    await let_others_in(TurnEngine(world).releasing(label))
    return json_response({})


def _label(request: Request, world: World) -> str:
    """The label in the path. Raises AdminError if no scenario has such a hold."""
    label: str = request.path_params["label"]
    known = world.labels()
    if label not in known:
        holds = f"the holds are: {', '.join(sorted(known))}" if known else "no scenario has a hold"
        raise AdminError(404, f"there is no hold {label!r}; {holds}")
    return label
