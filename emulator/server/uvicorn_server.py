"""A uvicorn server that starts and stops at once, for any ASGI application.

``emulator.server.fast_protocol`` and this module are the only ones that know uvicorn's internals.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import socket
import sys
import threading
from asyncio import sleep  # a test may put another in its place
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

import uvicorn
from starlette.types import ASGIApp

from emulator.base.problems import EmulatorError

T = TypeVar("T")

#: Arguments of ``uvicorn.Config`` of all servers.
CONFIG: Final[dict[str, Any]] = {
    "ws": "none",
    "lifespan": "off",
    "access_log": False,
    "log_config": None,
    "log_level": "critical",  # the emulator cuts connections on purpose
    "interface": "asgi3",
    "proxy_headers": False,
    "server_header": False,
    "date_header": False,
}

#: Seconds that an idle client stays connected: a test client pauses for longer than uvicorn's 5 seconds.
_KEEP_ALIVE = 75
#: Seconds that another thread waits for the server's thread, which never pauses for long.
_PATIENCE = 30
#: Seconds for clients to read complete responses when the server stops.
_GRACE = 0.75
#: Seconds for clients to answer the closing message of TLS. A client that reads no further never does.
_FAREWELL = 0.1


class AppServer(uvicorn.Server):
    """A uvicorn server that starts and stops at once: it waits for an event instead of polling every 0.1 s.

    ``begin`` is called when the server accepts requests and handles signals. ``end`` is awaited when the server stops,
    after it has closed its sockets: it ends the responses that would wait. ``more``: arguments of ``uvicorn.Config``.
    """

    def __init__(
        self,
        application: ASGIApp,
        listening: socket.socket,
        end: Callable[[], Awaitable[None]],
        *,
        begin: Callable[[], object] = lambda: None,
        **more: Any,
    ) -> None:
        if "http" not in more:
            from emulator.server.without_h2c import WithoutH2c

            more["http"] = WithoutH2c
        config = uvicorn.Config(application, timeout_keep_alive=_KEEP_ALIVE, **CONFIG, **more)
        super().__init__(config)
        self.listening, self._begin, self._end = listening, begin, end
        self.ready = threading.Event()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """The URL of the server, without a path."""
        host, port = self.listening.getsockname()[:2]
        name = f"[{host}]" if ":" in host else host
        return f"{'https' if self.config.ssl_certfile else 'http'}://{name}:{port}"

    def serve_until_stopped(self) -> None:
        """Serves in this thread until ``stop``, or in the main thread until SIGINT or SIGTERM."""
        self.run(sockets=[self.listening])

    def stop(self) -> None:
        """Ends open responses, then the server. May be called from any thread."""
        self.call_soon(self._stopping.set)

    def run_in_server(self, work: Callable[[], object]) -> None:
        """Calls ``work`` in the server's thread, which owns the worlds, and waits. For other threads.

        Raises what ``work`` raises, and EmulatorError if the server does not respond.
        """
        done, raised = threading.Lock(), []
        done.acquire()

        def do() -> None:
            try:
                work()
            except Exception as error:
                raised.append(error)
            done.release()

        self.call_soon(do)
        if not done.acquire(timeout=_PATIENCE):
            raise EmulatorError(f"The server has not responded for {_PATIENCE} seconds. Was it stopped?")
        if raised:
            raise raised[0]

    def await_in_server(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        """Awaits ``work`` in the server's thread, at most so many seconds. For other threads.

        Raises what ``work`` raises, and EmulatorError if the server has stopped or does not respond.
        """
        try:
            if self._loop is None:
                raise RuntimeError("the server has no loop yet")
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise EmulatorError(f"no emulator responds at {self.url}: it was stopped") from None
        try:
            return future.result(timeout)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise EmulatorError(f"the server has not responded for {timeout:g} seconds; was it stopped?") from None
        except concurrent.futures.CancelledError:
            raise EmulatorError(f"no emulator responds at {self.url}: it was stopped") from None

    def call_soon(self, work: Callable[[], object]) -> None:
        """Calls ``work`` in the server's thread, which owns the worlds, without waiting. For any thread."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # the loop has ended in between
                self._loop.call_soon_threadsafe(work)

    def call_later(self, seconds: float, work: Callable[[], object]) -> None:
        """Calls ``work`` after so many seconds. For the server's thread only."""
        if self._loop is not None:
            self._loop.call_later(seconds, work)

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.should_exit = True
        self.stop()

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self.on_tick(0)
        self.ready.set()
        self._begin()
        await self._stopping.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Delivers complete responses, breaks off streams and closes all other connections, within a second."""
        for server in self.servers:
            server.close()
        await self._end()
        state = self.server_state
        for connection in list(state.connections):
            _close(connection)
        await _wait_until(lambda: not (state.tasks or any(map(_is_writing, state.connections))), _GRACE)
        await _wait_until(lambda: not state.connections, _FAREWELL)
        for connection in list(state.connections):
            connection.transport.abort()
        for task in state.tasks:
            task.cancel()


def _close(connection: Any) -> None:
    """Closes a connection after the response that is being sent; at once if it is idle or still sends a request."""
    cycle = connection.cycle
    if cycle is not None and cycle.more_body:
        connection.transport.close()
    else:
        connection.shutdown()


def _is_writing(connection: Any) -> bool:
    """True while the kernel has not taken all bytes of the response."""
    return bool(connection.transport.get_write_buffer_size())


async def _wait_until(is_true: Callable[[], bool], seconds: float) -> None:
    """Waits until a condition holds, at most so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await sleep(0)
            while not is_true():
                await sleep(0.001)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises EmulatorError, with the reason, if the address is not available."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform == "win32":  # there, SO_REUSEADDR lets a second server take the port of the first
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise EmulatorError(
            f"cannot listen on {host} port {port}: {reason}; try another port, or 0 for a free one"
        ) from None
    return listening
