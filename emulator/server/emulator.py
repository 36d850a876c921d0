"""The emulator as a server: a uvicorn in a thread of its own, or in the foreground of a process.

``AppServer`` serves any application, ``Server`` worlds, and an ``Emulator`` is a server of one world in a thread.

The socket is bound before anything else, so a taken port is an error of the caller's and port 0 is known at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from emulator.base.clock import ClockName
from emulator.base.json_types import Object
from emulator.base.problems import EmulatorError
from emulator.control.client import Control
from emulator.recordings.sources import load_sources
from emulator.server.app import Application
from emulator.server.fast_protocol import ShortWay
from emulator.server.hosts import Hosts
from emulator.world.journal import Entry
from emulator.world.options import Options
from emulator.world.state.state import HOLD_LIMIT, Shape
from emulator.world.world import World
from emulator.world.worlds import Worlds, WorldsMode

#: Idle clients stay connected this long: test clients think longer than uvicorn's 5 seconds.
_KEEP_ALIVE = 75

#: Seconds after which an old world is let go of: whoever waits for the new one goes on first.
_LATER = 0.01
#: Seconds that another thread waits for the server's, whose work never pauses.
_PATIENCE = 30
#: Seconds for clients to read answers that are finished, when the server stops. One that does not gets half of it.
_GRACE = 0.75
#: Seconds for clients to answer the farewell of TLS. One that reads no further never does.
_FAREWELL = 0.1

#: The key of ``Emulator.environ``. Any other is as good.
API_KEY = "sk-assistants-emulator"


class AppServer(uvicorn.Server):
    """A uvicorn that starts and stops at once: it waits for an event instead of looking every 0.1 s.

    ``begin`` is called when it serves and heeds signals. ``end`` is awaited when it stops, after it has ceased to
    listen: it ends the answers that would wait on.
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
        config = uvicorn.Config(
            application,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level="critical",  # a connection that is cut on purpose is no news
            interface="asgi3",
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
            **{"http": "httptools", **more},
        )
        super().__init__(config)
        self.listening, self._begin, self._end = listening, begin, end
        self.ready = threading.Event()
        self._stopping = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        host, port = self.listening.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.config.ssl_certfile else 'http'}://{shown}:{port}"

    def serve_until_stopped(self) -> None:
        """Serves in this thread until ``stop``, or in the main thread until SIGINT or SIGTERM."""
        self.run(sockets=[self.listening])

    def stop(self) -> None:
        """From any thread: ends open answers, then the server."""
        self.call_soon(self._stopping.set)

    def act(self, work: Callable[[], object]) -> None:
        """From another thread: does something in the server's, where worlds may be touched, and waits for it.

        Raises what it raises, and EmulatorError when the server does not come to it.
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
            raise EmulatorError(f"the server does nothing more since {_PATIENCE} seconds; was it stopped?")
        if raised:
            raise raised[0]

    def call_soon(self, act: Callable[[], object]) -> None:
        """From any thread: does something in the server's, where worlds may be touched."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # it has ended by itself in between
                self._loop.call_soon_threadsafe(act)

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
        """Finished answers are delivered, waiting streams break off, all other connections close; within a second."""
        for server in self.servers:
            server.close()
        await self._end()
        state = self.server_state
        for connection in list(state.connections):
            _part_with(connection)
        await _until(lambda: not (state.tasks or any(map(_is_writing, state.connections))), _GRACE)
        await _until(lambda: not state.connections, _FAREWELL)
        for connection in list(state.connections):
            connection.transport.abort()
        for task in state.tasks:
            task.cancel()


def _part_with(connection: Any) -> None:
    """An answer under way may end; what is still asking, or idle, is closed."""
    if connection.cycle is not None and connection.cycle.more_body:
        connection.transport.close()
    else:
        connection.shutdown()


def _is_writing(connection: Any) -> bool:
    """There are bytes of its answer that the kernel has not taken yet."""
    return bool(connection.transport.get_write_buffer_size())


async def _until(is_so: Callable[[], bool], seconds: float) -> None:
    """Waits, but no longer than these seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.sleep(0)
            while not is_so():
                await asyncio.sleep(0.001)


class Server(AppServer):
    """Serves these worlds; ``hosts`` and ``watch`` as ``Application`` has them."""

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

        super().__init__(Application(worlds, hosts, watch), listening, end, http=ShortWay, **more)
        self.worlds = worlds

    def reset(self, key: str, options: Object) -> None:
        """From another thread: as ``POST /_emulator/reset``, and in a tenth of its time, as every test waits for it.

        Raises EmulatorError for options that cannot be.
        """

        def begin_anew() -> None:
            old = self.worlds.reset(key, options)
            if old is not None and self._loop is not None:
                self._loop.call_later(_LATER, old.forget)

        self.act(begin_anew)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Raises EmulatorError, with the reason, when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise EmulatorError(
            f"cannot listen on {host} port {port}: {reason}; another port, or 0 for a free one, may do"
        ) from None
    return listening


class Emulator(Control):
    """A local emulator on a real socket, in a thread of its own, with one world for whatever key a client sends.

    ``scenarios`` are files (YAML or JSON; recordings too), directories or dicts; ``seed``, ``clock`` (``skip`` or
    ``real``), ``start`` (ISO 8601 or ``now``), ``unmatched`` (``fail`` or ``improvise``) and ``shapes`` (``wire`` or
    ``spec``) beat their settings; ``after_sunset`` lets Assistants operations answer as the removed API does;
    ``allow_hosts`` are names by which it may be called, beside the machine's own (``hosts``). Raises ScenarioError for
    a bad scenario, EmulatorError for bad options and a port that cannot be had.

        with Emulator("weather.yaml") as emulator:
            client = OpenAI(base_url=emulator.base_url, api_key=emulator.api_key)
            ...
            emulator.check()
    """

    def __init__(
        self,
        *scenarios: str | Path | Object,
        seed: int | str | None = None,
        clock: ClockName | None = None,
        start: str | None = None,
        unmatched: Any = None,
        shapes: Shape | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        worlds: WorldsMode = "one",
        hold_limit: float = HOLD_LIMIT,
        after_sunset: bool = False,
        allow_hosts: Sequence[str] = (),
    ) -> None:
        options = Options(seed, clock, start, unmatched, shapes, hold_limit, after_sunset)
        options.check()
        self._worlds = Worlds(options, load_sources(*scenarios), worlds)
        self._worlds.of(API_KEY)  # scenarios that disagree are refused here, not with the first request
        self._address, self._hosts = (host, port), Hosts(host, allow_hosts)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        super().__init__("", API_KEY)

    def start(self) -> Self:
        """Listens; when this returns the first request can be sent."""
        if self._server is not None:
            raise EmulatorError("the emulator is running already")
        self._server = Server(self._worlds, bind(*self._address), hosts=self._hosts)
        self.url = self._server.url
        self._thread = threading.Thread(
            target=self._server.serve_until_stopped, name="assistants-emulator", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()
        return self

    def stop(self) -> None:
        """Ends open answers and the server; a stopped emulator stays stopped."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None

    def reset(self, **options: Any) -> None:
        """As ``Control.reset``, without a request."""
        if self._server is None or self._thread is None or not self._thread.is_alive():
            super().reset(**options)  # in a forked process the thread is the parent's; or nobody is there
        else:
            self._server.reset(self.api_key, options)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
