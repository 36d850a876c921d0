"""An emulator that targets talk to: by ASGI, and by bytes on a connection that is none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine, Iterable
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.server import ServerState

from emulator.apis.http.headers import Headers
from emulator.scenarios.loading import load_scenario
from emulator.server.app import Application
from emulator.server.fast_protocol import FastProtocol
from emulator.world.options import Options
from emulator.world.worlds import Worlds

#: Seconds that an answer may take: nothing here waits for time to pass.
PATIENCE: Final = 5
#: A world with something of everything, and a run in each state that a request may meet.
WORLD: Final[dict[str, Any]] = {
    "version": 1,
    "name": "past",
    "given": {
        "files": [
            {"id": "file-1", "filename": "menu.md", "purpose": "assistants", "content": "Soup of the day."},
            {"id": "file-2", "filename": "sales.csv", "purpose": "user_data", "content": "1,2"},
        ],
        "vector_stores": [{"id": "vs_1", "file_ids": ["file-1"]}],
        "assistants": [
            {"id": "asst_1", "model": "gpt-4o", "instructions": "Be kind.",
             "tools": [{"type": "function", "function": {"name": "f"}}]},
        ],
        "threads": [
            {"id": "thread_1", "messages": [{"id": "msg_1", "role": "user", "content": "say"}],
             "runs": [{"id": "run_1", "assistant_id": "asst_1"}]},
            {"id": "thread_2", "messages": [{"id": "msg_2", "role": "user", "content": "call"}]},
        ],
        "conversations": [{"id": "conv_1", "items": [{"id": "msg_3", "role": "user", "content": "say"}]}],
    },
    "turns": [
        {"name": "call", "when": {"message": "call"}, "steps": [{"call": {"f": {"a": 1}}}, {"say": "Dry."}]},
        {"name": "fail", "when": {"message": "fail"}, "steps": [{"fail": "server_error"}]},
        {"name": "say", "steps": [{"say": {"text": "Grüße, 世界", "chunks": "words"}}]},
    ],
}  # fmt: skip
_SCENARIO: Final = load_scenario(WORLD)
_SENT: Final[Headers] = [
    (b"host", b"127.0.0.1"),
    (b"authorization", b"Bearer sk-fuzz"),
    (b"openai-beta", b"assistants=v2"),
    (b"content-type", b"application/json"),
]
_LOOP: Final = asyncio.new_event_loop()
T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """To its end, in the one loop that all inputs share. Raises TimeoutError for what does not come to one."""
    return _LOOP.run_until_complete(asyncio.wait_for(coroutine, PATIENCE))


class Watched(Application):
    """Notes how it has answered."""

    def __init__(self, worlds: Worlds) -> None:
        super().__init__(worlds)
        self.worlds = worlds
        self.statuses: list[int] = []

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start":
                self.statuses.append(message["status"])
            await send(message)

        return super().__call__(scope, receive, noting)

    def answer_now(self, scope: Scope, body: bytes) -> Any:
        ready = super().answer_now(scope, body)
        if ready is not None:
            self.statuses.append(ready[0])
        return ready

    def check(self) -> None:
        """Nothing has failed, in whatever world."""
        failed = [status for status in self.statuses if status >= 500]
        problems = [str(one) for world in self.worlds.all() for one in world.check() if one.kind == "internal"]
        assert not failed, (failed, problems)
        assert not problems, problems


def _application() -> Watched:
    return Watched(Worlds(Options(), (_SCENARIO,)))


class Talk:
    """A client in memory: requests to an application of its own, or a body in pieces for whoever receives it."""

    def __init__(self, pieces: Iterable[bytes] = ()) -> None:
        self._pieces = list(pieces)
        self._application: Watched | None = None
        self.faulty = False

    async def receive(self) -> Any:
        """The next piece of a body."""
        if not self._pieces:
            return {"type": "http.disconnect"}
        piece = self._pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}

    async def ask(self, method: str, target: bytes, body: bytes) -> None:
        """One request; after one that may have set holds, faults or another clock there are no more."""
        path, _, query = target.partition(b"?")
        if self.faulty:
            return
        self.faulty = b"_emulator" in unquote_to_bytes(path) and method != "GET"
        application = self._application = self._application or _application()
        plain = unquote_to_bytes(path).decode("utf-8", "replace")
        if not plain.startswith("/"):
            return
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": plain,
            "raw_path": path,
            "query_string": query,
            "headers": list(_SENT),
        }
        ready = application.answer_now(scope, body) if method != "HEAD" else None
        if ready is None:
            self._pieces = [body]
            await application(scope, self.receive, _ignored)

    def check(self) -> None:
        if self._application is not None:
            self._application.check()


async def _ignored(message: Any) -> None:
    """What is sent to nobody."""


# ---- A connection ----


class _Transport(asyncio.Transport):
    """A connection whose other end is a list."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"sockname": ("127.0.0.1", 80), "peername": ("127.0.0.1", 5)}.get(name, default)

    def write(self, data: Any) -> None:
        """What is written to a closed connection is lost, as asyncio has it."""
        if not self.closed:
            self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        """Nothing more is sent than there is."""

    def resume_reading(self) -> None:
        """Nothing was held back."""


_CONFIG: dict[str, Any] = {
    "ws": "none",
    "lifespan": "off",
    "access_log": False,
    "log_config": None,
    "interface": "asgi3",
    "proxy_headers": False,
    "server_header": False,
    "date_header": False,
    "http": FastProtocol,
}
_STATUS: Final = re.compile(rb"HTTP/1\.1 [1-4]\d\d ")


async def wire(raw: bytes) -> None:
    """Feeds a connection piece by piece, then hangs up: what was begun comes to its end, and nothing fails."""
    application = _application()
    config = Config(application, log_level="critical", **_CONFIG)
    config.load()
    state, transport = ServerState(), _Transport()
    connection = FastProtocol(config, state, {}, asyncio.get_running_loop())
    connection.connection_made(transport)
    size = len(raw) if len(raw) % 3 else 1 + len(raw) % 97
    for at in range(0, len(raw), max(size, 1)):
        if transport.closed:
            break
        connection.data_received(raw[at : at + size])
        await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    connection.connection_lost(None)
    if state.tasks:
        _, left = await asyncio.wait(state.tasks, timeout=PATIENCE / 2)
        assert not left, "a request did not end with its connection"
    application.check()
    written = b"".join(transport.written)
    assert not written or _STATUS.match(written), written[:100]
