"""Clients in a process with many event loops, as a test session is one.

A client that outlives its event loop, as one that a module creates at its import, would find connections of an ended
loop in its pool. So a connection ends with each response, except for the synchronous client of the SDK.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Message, Send

from emulator.apis.http.errors import ApiError
from emulator.apis.http.headers import Headers, by_name, read_key
from emulator.apis.http.response import CLOSE
from emulator.world.worlds import Worlds

#: The header by which the SDK's synchronous client tells that it is one.
_SYNCHRONOUS: Final = (b"x-stainless-async", b"false")


def may_outlive_its_loop(worlds: Worlds, headers: Headers) -> bool:
    """True for a client whose key says so, unless it is in no event loop."""
    if _SYNCHRONOUS in headers:
        return False
    try:
        return worlds.has_many_loops(read_key(by_name(headers)))
    except ApiError:
        return worlds.has_many_loops("")


def closing(send: Send) -> Send:
    """Says ``connection: close``, at which the server closes the connection."""

    async def close(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), CLOSE]}
        await send(message)

    return close
