"""One client of the soak: raw connections and both SDK clients, all of whose requests are in the books of its world."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import httpx2
import openai

from tests.load.wire import Answer, BrokenOff, Event, Malformed, Wire, request_bytes
from tests.soak.ledger import SERIAL, Books, Sent

#: ``calm``: all has to go well. ``faulty``: there are faults of every kind. ``stormy``: it is reset under its clients.
Kind = Literal["calm", "faulty", "stormy"]

#: How the streams of runs end.
_DONE: Final = frozenset({"done"})


class Unexpected(Exception):
    """An answer that is fine by itself, and not what the client was after."""


class SdkFailed(Exception):
    """A call of an SDK raised something."""


@dataclass(slots=True)
class Scene:
    """A world and what all of its clients share."""

    port: int
    key: str
    kind: Kind
    books: Books = field(default_factory=Books)
    acts: Counter[str] = field(default_factory=Counter)
    interrupted: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    #: Keys that have visited, with what is in the books of their worlds; and how many have ended theirs.
    crowd: list[Scene] = field(default_factory=list)
    ended: int = 0
    violations: list[str] = field(default_factory=list)

    @property
    def patience(self) -> float:
        """Seconds: where a fault stalls answers its clients leave soon."""
        return 2.0 if self.kind == "faulty" else 60.0


class Client:
    """What acts are done with. ``random`` decides, so that a seed repeats its choices."""

    def __init__(self, scene: Scene, random: random.Random) -> None:
        self.scene, self.random = scene, random
        self._wire: Wire | None = None
        self._last: Sent | None = None
        self._common: dict[str, Any] = {
            "base_url": f"http://127.0.0.1:{scene.port}/v1",
            "api_key": scene.key,
            "max_retries": 1,
            "timeout": scene.patience,
        }

    @cached_property
    def sdk(self) -> openai.OpenAI:
        hooks: Any = {"request": [self._on_request], "response": [self._on_response]}
        return openai.OpenAI(**self._common, http_client=httpx2.Client(event_hooks=hooks, verify=False))

    @cached_property
    def async_sdk(self) -> openai.AsyncOpenAI:
        hooks: Any = {"request": [self._on_request_soon], "response": [self._on_response_soon]}
        return openai.AsyncOpenAI(**self._common, http_client=httpx2.AsyncClient(event_hooks=hooks, verify=False))

    # ---- The SDK's requests ----

    def _on_request(self, request: httpx2.Request) -> None:
        serial, self._last = self.scene.books.open(request.method, request.url.raw_path.decode())
        request.headers[SERIAL] = serial

    def _on_response(self, response: httpx2.Response) -> None:
        assert self._last is not None
        self._last.saw, self._last.sure, self._last.whole = response.status_code, True, True

    async def _on_request_soon(self, request: httpx2.Request) -> None:
        self._on_request(request)

    async def _on_response_soon(self, response: httpx2.Response) -> None:
        self._on_response(response)

    def sdk_failed(self, error: Exception) -> SdkFailed:
        """A request by an SDK came to nothing: how, goes to the books."""
        if self._last is not None and not isinstance(error, openai.APIStatusError):
            self._last.whole, self._last.broken = False, f"broken ({type(error).__name__})"
        return SdkFailed(f"{type(error).__name__}: {error}")

    # ---- Raw requests ----

    async def wire(self) -> Wire:
        """The connection that is kept alive."""
        if self._wire is None:
            self._wire = await self.new_wire()
        return self._wire

    async def new_wire(self, window: int | None = None) -> Wire:
        wire = await Wire.open(self.scene.port, self.scene.key, window=window)
        wire.patience = self.scene.patience
        return wire

    async def send(
        self, wire: Wire, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Sent:
        """Sends a whole request."""
        serial, sent = self.scene.books.open(method, path)
        await wire.send_bytes(request_bytes(method, path, wire.key, body, {**(headers or {}), SERIAL: serial}))
        return sent

    async def begin(
        self, wire: Wire, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[Sent, Answer]:
        """Sends a request, and reads the head of its answer."""
        sent = await self.send(wire, method, path, body, headers)
        return sent, await self.head(wire, sent)

    async def head(self, wire: Wire, sent: Sent) -> Answer:
        try:
            head = await wire.head()
        except (BrokenOff, Malformed) as error:
            sent.broken = str(error)
            raise
        sent.saw, sent.sure = head.status, True
        return head

    async def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, *, status: int = 200
    ) -> Any:
        """The JSON of a whole answer on the connection that is kept alive. Raises Unexpected for another status."""
        wire = await self.wire()
        try:
            sent, head = await self.begin(wire, method, path, body, headers)
            answer = await self._whole(wire, sent, head)
        except BaseException:
            await self.drop()
            raise
        if answer.headers.get("connection") == "close":
            await self.drop()
        if answer.status != status:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.body[:300]!r}")
        return self._read(answer, sent)

    def _read(self, answer: Answer, sent: Sent) -> Any:
        try:
            return answer.json
        except Malformed as error:
            sent.broken = str(error)
            raise

    async def _whole(self, wire: Wire, sent: Sent, head: Answer) -> Answer:
        try:
            body = b"".join([piece async for piece in wire.pieces(head)])
        except (BrokenOff, Malformed) as error:
            sent.broken = str(error)
            raise
        sent.whole = True
        return Answer(head.status, head.headers, body)

    async def stream(
        self, wire: Wire, sent: Sent, head: Answer, most: int | None = None, ends: frozenset[str] = _DONE
    ) -> list[Event]:
        """Events of a stream to its end, which has to be one of ``ends``, or the first ones."""
        if not head.streams:
            body = await self._whole(wire, sent, head)
            raise Unexpected(f"no stream: {body.status} {body.body[:300]!r}")
        events: list[Event] = []
        try:
            async for event in wire.frames(head):
                events.append(event)
                if most is not None and len(events) >= most:
                    return events
            if not events or events[-1].name not in ends:
                raise Malformed(f"it ends after {[event.name for event in events[-1:]]}")
        except (BrokenOff, Malformed) as error:
            sent.broken = str(error)
            raise
        sent.whole = True
        return events

    async def admin(self, method: str, path: str, body: Any = None) -> Any:
        """The admin API, whose requests are in no journal."""
        wire = await self.wire()
        try:
            await wire.send(method, f"/_emulator{path}", body)
            answer = await wire.answer()
        except BaseException:
            await self.drop()
            raise
        if answer.status >= 400:
            raise Unexpected(f"{method} /_emulator{path}: {answer.status} {answer.body[:300]!r}")
        return answer.json

    async def drop(self) -> None:
        if self._wire is not None:
            wire, self._wire = self._wire, None
            await wire.close()

    async def close(self) -> None:
        await self.drop()
        if "sdk" in vars(self):
            await asyncio.to_thread(self.sdk.close)
        if "async_sdk" in vars(self):
            await self.async_sdk.close()
