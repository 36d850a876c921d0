"""A client leaves when it has its response: what the recorder still closes for the upstream, it closes to the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio

from emulator.recordings.record.recorder import Recorder
from emulator.recordings.recording_file import RecordingFile
from emulator.recordings.redaction.redactor import Redactor


class _Closing:
    """The response of an upstream. Closing it takes a while, as it does when idle connections are closed beside it."""

    status, headers = 200, [(b"content-type", b"application/json"), (b"content-length", b"2")]

    def __init__(self) -> None:
        self.begun, self.may_end, self.is_closed = asyncio.Event(), asyncio.Event(), False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        yield b"{}"

    async def close(self) -> None:
        with anyio.CancelScope(shield=True):  # as httpx2 has it
            self.begun.set()
            await self.may_end.wait()
            self.is_closed = True


class _Upstream:
    url = "http://upstream.test/v1"

    def __init__(self, response: _Closing) -> None:
        self.response = response

    def headers(self, sent: Any) -> Any:
        return sent

    def target(self, path: bytes, query: bytes) -> bytes:
        return path

    async def send(self, *request: Any) -> _Closing:
        return self.response


async def _end_later(response: _Closing) -> None:
    """Lets the closing end when the recorder has noticed for a while that its client has left."""
    for _ in range(20):
        await asyncio.sleep(0)
    response.may_end.set()


async def _ask(file: Path) -> bool:
    response = _Closing()
    upstream: Any = _Upstream(response)
    recorder = Recorder(upstream, RecordingFile(file, upstream.url), Redactor())
    sent: list[Any] = []
    endings: list[asyncio.Future[None]] = []
    messages = [{"type": "http.request", "body": b"{}", "more_body": False}]

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await response.begun.wait()
        endings.append(asyncio.ensure_future(_end_later(response)))
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"method": "POST", "path": "/v1/threads", "raw_path": b"/v1/threads", "query_string": b"", "headers": []}
    await recorder(scope, receive, send)
    recorder.close()
    assert sent[-1] == {"type": "http.response.body", "body": b""}
    return response.is_closed


def test_what_a_response_needs_for_its_end_is_not_broken_off(tmp_path: Path) -> None:
    assert asyncio.run(_ask(tmp_path / "tape.jsonl"))
