"""``Emulator``: a server of one world in a thread of its own.

The socket is bound before anything else: a taken port raises an error in the caller, and port 0 is known at once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from emulator.base.clock import ClockName
from emulator.base.json_types import Object
from emulator.base.limits import HOLD_LIMIT, MAX_WORLDS
from emulator.base.problems import EmulatorError
from emulator.control.client import Control
from emulator.recordings.sources import load_sources
from emulator.server.hosts import Hosts
from emulator.server.server import Server
from emulator.server.uvicorn_server import bind
from emulator.world.options import Options
from emulator.world.state.state import Shape
from emulator.world.worlds import Worlds, WorldsMode

#: The key of ``Emulator.environ``. Any other key works as well.
API_KEY = "sk-assistants-emulator"


class Emulator(Control):
    """A local emulator on a real socket, in a thread of its own, with one world for all API keys.

    ``scenarios`` are files (YAML, JSON or recordings), directories or dicts. ``seed``, ``clock`` (``skip`` or
    ``real``), ``start`` (ISO 8601 or ``now``), ``unmatched`` (``fail`` or ``improvise``), ``shapes`` (``wire`` or
    ``spec``) and ``sleepers`` override their settings. ``after_sunset``: Assistants operations answer 404, as after
    their removal.
    ``worlds``: one world for all keys, or with ``key`` one for each, at most ``max_worlds``.
    ``allow_hosts``: host names that requests may use besides the machine's own (``emulator.server.hosts``). Raises
    ScenarioError for an invalid scenario, EmulatorError for invalid options or a port that is not available.

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
        sleepers: bool | None = None,
        max_worlds: int = MAX_WORLDS,
    ) -> None:
        options = Options(seed, clock, start, unmatched, shapes, hold_limit, after_sunset, sleepers)
        options.check()
        self._worlds = Worlds(options, load_sources(*scenarios), worlds, max_worlds=max_worlds)
        self._worlds.of(API_KEY)  # refuses conflicting scenarios here, not at the first request
        self._address, self._hosts = (host, port), Hosts(host, allow_hosts)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        super().__init__("", API_KEY)

    def start(self) -> Self:
        """Starts the server. When this returns, the emulator accepts requests."""
        if self._server is not None:
            raise EmulatorError("the emulator is already running")
        self._server = Server(self._worlds, bind(*self._address), hosts=self._hosts)
        self.url = self._server.url
        self._thread = threading.Thread(
            target=self._server.serve_until_stopped, name="assistants-emulator", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()
        return self

    def stop(self) -> None:
        """Ends open responses and the server. A stopped emulator cannot be started again."""
        if self._server is not None and self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None

    def reset(self, **options: Any) -> None:
        """The same as ``Control.reset``, without a request."""
        if server := self._own_server():
            server.reset(self.api_key, options)
        else:
            super().reset(**options)

    def _own_server(self) -> Server | None:
        """The server, if it runs in this process. In a forked process the thread is the parent's."""
        return self._server if self._thread is not None and self._thread.is_alive() else None

    def _exchange(self, method: str, path: str, data: bytes | None, timeout: float) -> tuple[int, bytes]:
        """Without a socket, which other tools of the process may have replaced or blocked."""
        server = self._own_server()
        if server is None:
            return super()._exchange(method, path, data, timeout)
        return server.exchange(method, path, {"Authorization": f"Bearer {self.api_key}"}, data or b"", timeout)

    def controls(self) -> list[Control]:
        """A ``Control`` for each world that there is: that of this emulator's key, then those of other keys."""
        keys = self._worlds.keys() if self._worlds.mode == "key" else []
        return [Control(self.url, key) for key in dict.fromkeys([self.api_key, *keys])]

    def remember_loose_ends(self) -> None:
        """Makes ``report`` also tell the loose ends of worlds that were reset."""
        import emulator.engine.loose_ends  # noqa: F401  # registers the kinds of turns

        self._worlds.remembers = True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
