"""The last guard of the pipeline: what fails outside it is no bare 500, and never silent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.types import Message, Receive, Scope, Send

from emulator.apis.http import headers
from emulator.apis.http.gateway import error_response
from emulator.apis.http.response import send_json
from emulator.base.problems import Refusal
from emulator.world.world import World
from emulator.world.worlds import Worlds


class _Sender:
    """Sends, and knows whether a response has begun."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        self.has_begun = True
        await self._send(message)


async def guarded(
    respond: Callable[[Scope, Receive, Send], Awaitable[None]],
    worlds: Worlds,
    nowhere: World,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Responds. What is raised is a problem of the key's world, a line of the log, and a 500 in OpenAI's words.

    ``nowhere``: the world of requests without a key.
    """
    sender = _Sender(send)
    try:
        await respond(scope, receive, sender)
    except Exception as error:
        try:
            world = worlds.of(headers.read_key(headers.by_name(scope["headers"])))
        except Refusal:
            world = nowhere
        request_id = world.ids.request_id()
        response = error_response(world, error, "openai", request_id)
        if not sender.has_begun:
            shared = headers.openai_headers(request_id, world.clock.now())
            await send_json(response, [*shared, (b"connection", b"close")], sender)
