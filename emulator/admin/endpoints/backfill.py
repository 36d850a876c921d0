"""The endpoint that rehearses the move of threads to conversations."""

from __future__ import annotations

from asyncio import to_thread

from starlette.requests import Request
from starlette.responses import Response

from emulator.admin.request import in_world, json_response
from emulator.world.world import World


@in_world
async def backfill(request: Request, world: World) -> Response:
    """How the conversations of the world differ from its threads."""
    # in a thread, since it takes long for chats of thousands of messages; of a world that does not change meanwhile
    return await to_thread(_report, world.frozen())


def _report(world: World) -> Response:
    from emulator.apis.backfill.records import conversation_records, thread_records
    from emulator.apis.backfill.report import backfill_report

    return json_response(backfill_report(thread_records(world), conversation_records(world)))
