"""The APIs, with somebody who watches each request."""

from __future__ import annotations

from collections.abc import Callable

from starlette.types import Receive, Send

from emulator.apis.http.endpoints import Endpoints
from emulator.apis.http.pending import PendingRequest
from emulator.apis.http.pipeline import Api
from emulator.apis.http.request import StreamResponse
from emulator.world.journal import Entry
from emulator.world.world import World
from emulator.world.worlds import Worlds


class WatchedApi(Api):
    """Calls ``watch`` for each request once its response is over, and for a stream, with status 0, when it begins.

    A class of its own: without a watcher, it costs nothing.
    """

    def __init__(self, worlds: Worlds, endpoints: Endpoints, watch: Callable[[World, Entry], object]) -> None:
        super().__init__(worlds, endpoints)
        self._watch = watch

    async def _send(self, pending: PendingRequest, receive: Receive, send: Send) -> None:
        if isinstance(pending.result, StreamResponse):
            self._watch(pending.world, pending.entry)
        try:
            await super()._send(pending, receive, send)
        finally:
            self._watch(pending.world, pending.entry)

    def respond_now(self, pending: PendingRequest) -> None:
        """None: a watcher sees responses that go through the whole pipeline."""
