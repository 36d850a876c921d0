"""What the emulator is told and asked before it is measured: scenarios, threads, bodies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.bench.load import bodies, exchange, request
from tests.bench.servers import Process, emulator

TEXT = "What is the weather in Paris?"
SAID = "It is 21 degrees and sunny in Paris."
ASSISTANTS = [{"id": "asst_bench", "model": "gpt-4o", "name": "Weather"}]


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def saying(chunks: list[str], **more: Any) -> dict[str, Any]:
    """A scenario whose every run says these chunks, each in a delta of its own."""
    say = {"text": "".join(chunks), "chunks": chunks}
    return {"given": {"assistants": ASSISTANTS}, "turns": [{"name": "weather", "steps": [{"say": say}]}], **more}


#: A run that writes one message in one delta.
SCENARIO = saying([SAID])
MESSAGE = encoded({"role": "user", "content": TEXT})
RUN = encoded({"assistant_id": "asst_bench"})
STREAMED_RUN = encoded({"assistant_id": "asst_bench", "stream": True})
RESPONSE = encoded({"model": "gpt-4o", "input": TEXT})
STREAMED_RESPONSE = encoded({"model": "gpt-4o", "input": TEXT, "stream": True})


@contextmanager
def scenario_file(scenario: dict[str, Any]) -> Iterator[str]:
    """The path of a scenario as long as it is needed."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.json"
        path.write_text(json.dumps({"version": 1, "name": "bench", **scenario}))
        yield str(path)


@contextmanager
def serving(scenario: dict[str, Any]) -> Iterator[Process]:
    """An emulator of that scenario."""
    with scenario_file(scenario) as path, emulator(path) as server:
        yield server


def thread(port: int, messages: int = 0) -> str:
    """The id of a new thread."""
    (id,) = threads(port, 1, messages)
    return id


def threads(port: int, many: int, messages: int = 0, text: str = TEXT) -> list[str]:
    """The ids of so many new threads, each with messages of that text."""
    sent = encoded({"messages": [{"role": "user", "content": text}] * messages})
    return [json.loads(body)["id"] for body in bodies(port, [request("POST", "/v1/threads", sent)] * many)]


def reset(port: int) -> None:
    """A new world, as it is at the start."""
    exchange(port, request("POST", "/_emulator/reset", b"{}"))
