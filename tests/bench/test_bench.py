"""The bench itself works: all rows, in the table and as JSON. What it measures is not asserted here."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import httpx
import pytest

from tests.bench.__main__ import main
from tests.bench.bare import PATH, application
from tests.bench.endpoints import STREAM_EVENTS, bare_spec
from tests.bench.report import Aim, MeasurementFailed, Row, Spread, table

NAMES = [
    "GET thread",
    "POST message",
    "list of 20 messages",
    "stream, 12 events",
    "page of 20 at 200 messages",
    "memory per 200 short messages",
    "page of 20 at 200 files",
    "list of all 200 files",
    "upload of 1 MiB",
    "upload of 1 MiB, by the wall",
    "search in 20 documents",
    "first search in 20 documents after a change",
    "process start to first answer",
    "create_and_poll by the openai SDK",
    "first event of a stream through record",
    "the unused plugin, in a suite of 100 tests",
    "session fixture, start to first answer",
    "session fixture, stop",
    "per-test reset",
    "per-test reset at 20 messages",
]


def test_a_quick_run_has_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench.json"
    assert main(["--quick", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    rows = json.loads(out.read_text())["rows"]
    assert [row["name"] for row in rows] == NAMES
    assert all(name in printed for name in NAMES)
    assert all(math.isfinite(row["ratio"]["median"]) for row in rows if row["aim"])


def test_the_bare_endpoint_answers_as_many_bytes_as_the_emulator() -> None:
    answer = json.dumps({"id": "thread_1", "metadata": {"city": "Orléans"}}, indent=2, ensure_ascii=False).encode()
    assert len(_asked("get", answer)) == len(answer)
    assert len(_asked("post", answer)) == len(answer)


def test_the_bare_stream_sends_the_same_frames() -> None:
    answer = b"event: done\ndata: [DONE]\n\n" * STREAM_EVENTS
    assert _asked("stream", answer) == answer


def test_a_stream_of_other_length_is_no_measurement() -> None:
    with pytest.raises(MeasurementFailed, match="1 events instead of 12"):
        bare_spec("stream", b"event: done\ndata: [DONE]\n\n")


def _asked(kind: str, answer: bytes) -> bytes:
    async def ask() -> bytes:
        transport = httpx.ASGITransport(application(bare_spec(kind, answer)))
        async with httpx.AsyncClient(transport=transport, base_url="http://bare") as client:
            return (await client.request("GET" if kind == "get" else "POST", PATH, content=b"{}")).content

    return asyncio.run(ask())


def test_aims_are_at_least_or_at_most() -> None:
    fast = Row("fast", "", "us", 1, 2, Spread(2, 2, 2), None, Aim(">=", 1.0, 1.3))
    slow = Row("slow", "", "us", 2, 1, Spread(2, 2, 2), None, Aim("<=", 1.1))
    assert (fast.verdict, slow.verdict) == ("met", "MISSED")
    assert ">= 1, later 1.3  met" in table([fast, slow])


def test_a_spread_is_the_middle_half() -> None:
    assert Spread.of([5, 1, 2, 4, 3]) == Spread(3, 2, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)
