"""A crowd of clients at work while the server stops or forgets: what each of them was doing, and how it ended.

Every ending is one of ``ENDINGS``; an answer that the server had finished and a client got half of must never be.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from tests.load.wire import Answer, BrokenOff, Wire, form_bytes, request_bytes

#: A whole answer; a stream that ended before ``done``, as its run does; the connection closed before any answer.
ENDINGS = ("whole", "cut", "closed")

SCENARIO: dict[str, Any] = {
    "given": {
        "assistants": [{"id": "asst_1", "model": "gpt-4o"}],
        "threads": [{"id": "thread_large"}],
    },
    "turns": [
        {"when": {"message": "hold"}, "steps": [{"say": "Before."}, {"hold": "approval"}, {"say": "After."}]},
        {"when": {"message": "much"}, "steps": [{"say": " ".join(["word"] * 2000)}]},
        {"polls": {"in_progress": 1_000_000}, "steps": [{"say": "Polled."}]},
    ],
}
#: How many there are of each.
CROWD = {"holding": 40, "polling": 20, "uploading": 10, "beginning": 10, "idle": 100, "large": 4, "stream": 4}


async def write_much(port: int) -> None:
    """Fills the large thread: more than the kernel takes for a client that does not read."""
    wire = await Wire.open(port)
    for _ in range(40):
        message = {"role": "user", "content": "x" * 200_000}
        assert (await wire.ask("POST", "/v1/threads/thread_large/messages", message)).status == 200
    await wire.close()


class Crowd:
    """Connects everybody, lets them come to where they are in the middle of something, then watches how it ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.endings: Counter[tuple[str, str]] = Counter()
        self._ending: list[asyncio.Task[None]] = []

    async def gather(self) -> None:
        """When this returns everybody is in the middle of what they do."""
        await write_much(self.port)
        makers: dict[str, Callable[[], Awaitable[Coroutine[Any, Any, str]]]] = {
            "holding": self._holding,
            "polling": self._polling,
            "uploading": self._uploading,
            "beginning": self._beginning,
            "idle": self._idle,
            "large": self._large,
            "stream": self._stream,
        }
        for kind, many in CROWD.items():
            for end in await asyncio.gather(*(makers[kind]() for _ in range(many))):
                self._ending.append(asyncio.create_task(self._note(kind, end)))

    async def disperse(self) -> None:
        """When this returns everybody has seen an end."""
        await asyncio.gather(*self._ending)

    async def _note(self, kind: str, end: Coroutine[Any, Any, str]) -> None:
        self.endings[kind, await end] += 1

    # ---- Who is there ----

    async def _run(self, text: str, *, stream: bool) -> tuple[Wire, dict[str, Any]]:
        wire = await Wire.open(self.port)
        thread = {"messages": [{"role": "user", "content": text}]}
        return wire, {"assistant_id": "asst_1", "thread": thread, "stream": stream}

    async def _holding(self) -> Coroutine[Any, Any, str]:
        """A stream whose run stands at a hold."""
        wire, body = await self._run("hold", stream=True)
        await wire.send("POST", "/v1/threads/runs", body)
        head = await wire.head()
        return _stream_end(wire, head)

    async def _polling(self) -> Coroutine[Any, Any, str]:
        """Polls a run again and again."""
        wire, body = await self._run("poll", stream=False)
        run = (await wire.ask("POST", "/v1/threads/runs", body)).json
        return _poll_on(wire, f"/v1/threads/{run['thread_id']}/runs/{run['id']}")

    async def _uploading(self) -> Coroutine[Any, Any, str]:
        """Has sent the half of a file."""
        wire = await Wire.open(self.port)
        body, headers = form_bytes({"purpose": "user_data"}, "file", "half.txt", bytes(3 << 20))
        await wire.send_bytes(request_bytes("POST", "/v1/files", wire.key, body, headers)[: len(body) // 2])
        return _answer_end(wire)

    async def _beginning(self) -> Coroutine[Any, Any, str]:
        """Has sent the half of a head."""
        wire = await Wire.open(self.port)
        await wire.send_bytes(b"POST /v1/threads HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthor")
        return _answer_end(wire)

    async def _idle(self) -> Coroutine[Any, Any, str]:
        """Thinks about what to ask next."""
        wire = await Wire.open(self.port)
        await wire.ask("GET", "/v1/models")
        return _answer_end(wire)

    async def _large(self) -> Coroutine[Any, Any, str]:
        """Has asked for megabytes, and begins to read when they have been answered."""
        wire = await Wire.open(self.port, window=4096)
        await wire.send("GET", "/v1/threads/thread_large/messages?limit=40")
        head = await wire.head()  # so the server has answered, and most of it waits to be read
        return _body_end(wire, head)

    async def _stream(self) -> Coroutine[Any, Any, str]:
        """Reads a stream whose run is over already."""
        wire, body = await self._run("much", stream=True)
        await wire.send("POST", "/v1/threads/runs", body)
        return _stream_end(wire, await wire.head())


async def _stream_end(wire: Wire, head: Answer) -> str:
    wire.widen(1 << 20)
    last = None
    try:
        async for event in wire.frames(head):
            last = event.name
    except BrokenOff:
        last = last if last == "done" else None
    await wire.close()
    return "whole" if last == "done" else "cut"


async def _body_end(wire: Wire, head: Answer) -> str:
    wire.widen(1 << 20)
    try:
        async for _ in wire.pieces(head):
            pass
    except BrokenOff:
        return "half"
    finally:
        await wire.close()
    return "whole"


async def _answer_end(wire: Wire) -> str:
    try:
        await wire.answer()
    except BrokenOff as broken:
        return "half" if broken.begun else "closed"
    finally:
        await wire.close()
    return "whole"


async def _poll_on(wire: Wire, path: str) -> str:
    """Until it is refused (another world knows no such run), or the connection ends."""
    try:
        while (await wire.ask("GET", path)).status == 200:
            await asyncio.sleep(0)
    except BrokenOff as broken:
        return "half" if broken.begun else "closed"
    finally:
        await wire.close()
    return "whole"
