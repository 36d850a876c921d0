"""The emulator as a server: worlds behind uvicorn."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

from emulator.base.json_types import Object
from emulator.server.app import Application
from emulator.server.hosts import Hosts
from emulator.server.uvicorn_server import AppServer
from emulator.world.journal import Entry
from emulator.world.world import World
from emulator.world.worlds import Worlds

#: Seconds after which the memory of an old world is freed: the client that waits for the new one goes first.
_LATER = 0.01


def http_protocol() -> Any:
    """uvicorn's ``http``: ``FastProtocol``, or uvicorn's own where the installed uvicorn has other internals.

    The application gets the same requests from both. The second one is slower, does not bound the head of a request,
    and may send a stream in other chunks.
    """
    with contextlib.suppress(ImportError):
        from emulator.server.fast_protocol import FastProtocol, is_supported

        if is_supported():
            return FastProtocol
    from emulator.server.without_h2c import WithoutH2c

    return WithoutH2c


class Server(AppServer):
    """Serves these worlds. ``hosts`` and ``watch``: as for ``Application``."""

    def __init__(
        self,
        worlds: Worlds,
        listening: socket.socket,
        *,
        hosts: Hosts | None = None,
        watch: Callable[[World, Entry], object] | None = None,
        **more: Any,
    ) -> None:
        async def end() -> None:
            worlds.end()

        self.application = Application(worlds, hosts, watch)
        super().__init__(self.application, listening, end, http=http_protocol(), **more)
        self.worlds = worlds

    def reset(self, key: str, options: Object) -> None:
        """Does the same as ``POST /_emulator/reset`` in a tenth of the time, since every test waits for it.

        For threads other than the server's. Raises EmulatorError for invalid options.
        """

        def replace_world() -> None:
            old = self.worlds.reset(key, options)
            if old is not None:
                self.call_later(_LATER, partial(self.worlds.let_go, old))

        self.run_in_server(replace_world)

    def exchange(
        self, method: str, target: str, headers: dict[str, str], body: bytes, timeout: float
    ) -> tuple[int, bytes]:
        """The status and the body of a response, without a socket. For threads other than the server's."""
        from emulator.server.in_process import exchange

        return self.await_in_server(exchange(self.application, self.url, method, target, headers, body), timeout)
