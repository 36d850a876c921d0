"""What the tests share: a plain HTTP client that sees bytes, an ASGI driver without a socket, and paths."""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from httpx_sse import EventSource, ServerSentEvent

from emulator.apis.assistants.objects import Run
from emulator.apis.assistants.store import objects_of
from emulator.base.operations import OPERATIONS
from emulator.control.client import Control
from emulator.engine.active_turn import ActiveTurn
from emulator.engine.turn_engine import TurnEngine
from emulator.scenarios.loading import load_scenarios
from emulator.server.app import Application
from emulator.world.options import Options
from emulator.world.world import World
from emulator.world.worlds import Worlds

ROOT = Path(__file__).parent.parent
SCENARIOS = ROOT / "fixtures" / "scenarios"
GOLDEN = ROOT / "fixtures" / "golden"

#: The recordings, the published schema and the scorer. They are no part of the project.
SHARED = Path(os.environ.get("ASSISTANTS_EMULATOR_SHARED", ROOT.parent / "shared"))
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"reads {SHARED}, which is not there")

#: Those of the Assistants API, with files, uploads, vector stores and models.
ASSISTANTS_OPERATIONS = tuple(operation for operation in OPERATIONS if operation.api != "responses")

BETA = {"OpenAI-Beta": "assistants=v2"}


@dataclass(slots=True)
class Reply:
    """An answer: exact bytes, and what they mean."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def error(self) -> tuple[int, str, str, str | None, str | None]:
        """Status, message, type, param and code."""
        error = self.json["error"]
        return self.status, error["message"], error["type"], error["param"], error["code"]

    @property
    def events(self) -> list[ServerSentEvent]:
        """The frames of a stream, read by an independent reader."""
        response = httpx.Response(self.status, headers=dict(self.headers), content=self.body)
        return list(EventSource(response).iter_sse())

    @property
    def event_names(self) -> list[str]:
        """The names of a stream's events; pieces of the same thing in a row count once."""
        names: list[str] = []
        for event in self.events:
            if not (names and names[-1] == event.event and event.event.endswith(".delta")):
                names.append(event.event)
        return names


class Api:
    """The API over a real socket, request by request."""

    def __init__(self, url: str, key: str = "sk-test") -> None:
        self.key = key
        self.client = httpx.Client(base_url=url, timeout=10, verify=False)  # plain HTTP: no need for certificates

    def request(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """``headers`` replace those that are always sent (key and beta header); an empty value leaves one out."""
        body = (content or b"") if json is None else orjson.dumps(json)
        sent = {"Authorization": f"Bearer {self.key}", **BETA, **(headers or {})}
        return self._send(method, path, body, {name: value for name, value in sent.items() if value})

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        response = self.client.request(method, path, content=body or None, headers=headers)
        return Reply(response.status_code, response.headers, response.content)

    def get(self, path: str, **more: Any) -> Reply:
        return self.request("GET", path, **more)

    def post(self, path: str, json: Any = None, **more: Any) -> Reply:
        return self.request("POST", path, json, **more)

    def delete(self, path: str, **more: Any) -> Reply:
        return self.request("DELETE", path, **more)

    def assistant(self, **body: Any) -> str:
        """The id of a new assistant."""
        id: str = self.post("/v1/assistants", {"model": "gpt-4o", **body}).json["id"]
        return id

    def thread(self, *messages: str) -> str:
        """The id of a new thread with these user messages."""
        body = {"messages": [{"role": "user", "content": text} for text in messages]}
        id: str = self.post("/v1/threads", body).json["id"]
        return id

    def run(self, thread: str, assistant: str, **body: Any) -> Reply:
        """Creates a run; with ``stream=True`` reads its stream to the end."""
        return self.post(f"/v1/threads/{thread}/runs", {"assistant_id": assistant, **body})

    def poll(self, thread: str, run: str, times: int = 10) -> list[str]:
        """The statuses that polls see, until the run is at rest."""
        statuses: list[str] = []
        for _ in range(times):
            statuses.append(self.get(f"/v1/threads/{thread}/runs/{run}").json["status"])
            if statuses[-1] not in ("queued", "in_progress", "cancelling"):
                break
        return statuses

    def close(self) -> None:
        self.client.close()


def hide_from_collector() -> None:
    """Hides what is alive from the garbage collector, so that a collection looks only at what the next tests make.

    For good: ``gc.unfreeze`` would show it all twelve thousand tests again.
    """
    gc.collect()
    gc.freeze()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of all requests in process: a loop of its own costs more than most requests."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


class InProcess(Api):
    """The same without a socket or thread, for tests that send thousands of requests. Streams are read whole."""

    def __init__(self, *scenarios: Any, key: str = "sk-test", **options: Any) -> None:
        self.key = key
        self.worlds = Worlds(Options(**options), load_scenarios(*scenarios))
        self.app = Application(self.worlds)

    @property
    def world(self) -> World:
        return self.worlds.of(self.key)

    @property
    def turns(self) -> dict[str, ActiveTurn]:
        """All turns that the world has played, by the id of their run."""
        return TurnEngine(self.world).turns

    def stored_run(self, id: str) -> Run:
        """A run as it is stored now, which moves nothing."""
        return objects_of(self.world).threads[self.turns[id].thread_id].runs.find(id, "run_id")

    def required_calls(self, run: str) -> list[Any]:
        """The tool calls for whose outputs a run waits."""
        if self.turns[run].thread_id not in objects_of(self.world).threads:
            return []
        action = self.stored_run(run)["required_action"]
        return action["submit_tool_outputs"]["tool_calls"] if action else []

    def _send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Reply:
        if threading.current_thread() is not threading.main_thread():
            return asyncio.run(self._exchange(method, path, body, headers))
        return _loop().run_until_complete(self._exchange(method, path, body, headers))

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        plain, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": httpx.URL(f"http://emulator{plain}").path,
            "raw_path": plain.encode("latin-1", "replace"),
            "query_string": query.encode("latin-1", "replace"),
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in headers.items()],
        }
        messages: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.app(scope, receive, send)
        start = messages[0]
        return Reply(
            start["status"],
            {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in messages[1:]),
        )

    def close(self) -> None:
        """Nothing is open."""


def admin(control: Control) -> Api:
    """Plain HTTP to an emulator's admin API, with its key."""
    return Api(control.url, control.api_key)
