"""Threads, conversations and chains of responses as chats, in one form.

An entry of a chat is a message, a function call, code, a search, or reasoning. Long chats show their newest entries.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.admin.snapshot import conversations, threads
from emulator.base.json_types import Object
from emulator.world.world import World


class Chats:
    """The chats of a world as they are now; the responses of each are gathered once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._responses = conversations.responses_by_chat(world)

    def __iter__(self) -> Iterator[str]:
        """The ids of all chats: threads, then conversations and chains, each oldest first."""
        yield from threads.ids(self._world)
        yield from self._responses

    def chat(self, id: str) -> Object:
        """A chat; one that is no longer there says so."""
        found = threads.chat(id, self._world) or conversations.chat(id, self._world, self._responses.get(id, ()))
        return found or {"id": id, "deleted": True}
