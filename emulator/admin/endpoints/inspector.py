"""Endpoints of the inspector: its page, snapshots of a world, requests in detail, and news of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from emulator.admin.inspector.page import page_file
from emulator.admin.request import AdminError, in_slices, in_world, json_response, key_of, refusal, worlds_of
from emulator.admin.snapshot.detail import detail
from emulator.admin.snapshot.snapshot import pieces
from emulator.apis.http.errors import ApiError
from emulator.world.world import World
from emulator.world.worlds import Worlds, WorldsMode

#: Real seconds between two events; what changes meanwhile is in the later one.
_PAUSE: Final = 0.1
#: Real seconds without a change after which a comment shows that the connection is alive.
_SILENCE: Final = 15.0


async def page(request: Request) -> Response:
    """The page and its files. They hold no data, so they need no API key."""
    return page_file(request.path_params.get("name", ""))


@in_world
async def snapshot(request: Request, world: World) -> Response:
    """What has changed after ``?after=SEQ`` in the world of that ``?epoch=``; everything if it is 0 or absent."""
    after = _number(request.query_params.get("after", "0"), "?after=")
    body = await in_slices(pieces(world, after, request.query_params.get("epoch", "")))
    return Response(body, media_type="application/json")


@in_world
async def request_detail(request: Request, world: World) -> Response:
    """One request of the journal with headers and bodies, by its number."""
    seq = _number(request.path_params["seq"], "a number in the path")
    entry = world.journal.entry(seq)
    if entry is None:
        raise AdminError(404, f"the journal has no request {seq}; its requests are at /_emulator/requests")
    return json_response(detail(entry, world))


def _number(text: str, where: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise AdminError(400, f"expected {where} from 0, got {text!r}")
    return int(text)


@in_world
async def events(request: Request, world: World) -> Response:
    """Server-sent events: something has changed, up to ``seq``. At most ten a second; a reset has a new ``epoch``."""
    return StreamingResponse(
        _news(worlds_of(request), key_of(request)),
        media_type="text/event-stream",
        headers={"cache-control": "no-cache"},
    )


async def _news(worlds: Worlds, key: str) -> AsyncIterator[bytes]:
    """An event at once, and one after each change, until the client leaves or the server stops."""
    told: tuple[str, int] | None = None
    while not (world := worlds.of(key)).ended:
        changes, changed = world.changes, asyncio.Event()
        changes.listeners.append(changed.set)
        world.on_end.append(changed.set)
        try:
            if told != (changes.epoch, changes.seq):
                told = changes.epoch, changes.seq
                yield b'data: {"seq":%d,"epoch":"%b"}\n\n' % (changes.seq, changes.epoch.encode())
                await asyncio.sleep(_PAUSE)
            elif not await _happened(changed):
                yield b": nothing new\n\n"
        finally:
            changes.listeners.remove(changed.set)
            world.on_end.remove(changed.set)


async def _happened(event: asyncio.Event) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), _SILENCE)
    return event.is_set()


async def list_worlds(request: Request) -> Response:
    """All worlds of the server. Where each key has its own, only the holder of the admin key sees them."""
    worlds = worlds_of(request)
    try:
        key = key_of(request)
    except ApiError as error:
        return Response(error.body(), error.status, media_type="application/json")
    if worlds.mode == "key" and not worlds.is_admin(key):
        return refusal(403, "each key has a world of its own here, and only the key of `serve --admin-key` lists them")
    # in a thread, since there may be thousands of them
    return await asyncio.to_thread(_listed, worlds.mode, worlds.by_key())


def _listed(mode: WorldsMode, worlds: list[tuple[str, World]]) -> Response:
    rows = [
        {
            "key": f"…{name[-4:]}" if name else "",  # the end tells keys apart, and lets nobody in
            "requests": len(world.journal) + world.journal.dropped,
            "turns": len(world.turns),
            "problems": len(world.problems) + world.more_problems,
            "seq": world.changes.seq,
            "epoch": world.changes.epoch,
        }
        for name, world in worlds
    ]
    return json_response({"mode": mode, "worlds": rows})
