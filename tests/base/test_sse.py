"""Frames are written by ``sse`` and read by httpx-sse, an independent reader: one table, forwards and backwards."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from httpx_sse import EventSource, ServerSentEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base import sse

#: Event, data, and the bytes of the frame.
FRAMES: list[tuple[str, dict[str, Any], bytes]] = [
    ("thread.created", {}, b"event: thread.created\ndata: {}\n\n"),
    ("thread.run.queued", {"id": "run_1", "n": None}, b'event: thread.run.queued\ndata: {"id":"run_1","n":null}\n\n'),
    ("a", {"z": 1, "a": 1.0}, b'event: a\ndata: {"z":1,"a":1.0}\n\n'),
    ("a", {"text": "one\ntwo\r\nthree\r"}, b'event: a\ndata: {"text":"one\\ntwo\\r\\nthree\\r"}\n\n'),
    ("a", {"text": "caf\u00e9 \u3010\U0001f600"}, 'event: a\ndata: {"text":"caf\u00e9 \u3010\U0001f600"}\n\n'.encode()),
    ("a", {"text": "\u2028\u2029\x85\x0b\x0c"}, 'event: a\ndata: {"text":"\u2028\u2029\x85\\u000b\\f"}\n\n'.encode()),
    ("a", {"text": "\n\nevent: b\ndata: x\n\n"}, b'event: a\ndata: {"text":"\\n\\nevent: b\\ndata: x\\n\\n"}\n\n'),
    ("a", {"text": " : \x00\x1f"}, b'event: a\ndata: {"text":" : \\u0000\\u001f"}\n\n'),
    ("error", {"error": {"code": None}}, b'event: error\ndata: {"error":{"code":null}}\n\n'),
]
IDS = ["empty", "null", "order and floats", "line ends", "unicode", "separators", "a frame in text", "control", "error"]


def read(body: bytes) -> list[ServerSentEvent]:
    response = httpx.Response(200, headers={"content-type": "text/event-stream; charset=utf-8"}, content=body)
    return list(EventSource(response).iter_sse())


@pytest.mark.parametrize(("event", "data", "frame"), FRAMES, ids=IDS)
def test_a_frame_is_written_as_the_service_writes_it(event: str, data: dict[str, Any], frame: bytes) -> None:
    assert sse.encode(event, data) == frame


@pytest.mark.parametrize(("event", "data", "frame"), FRAMES, ids=IDS)
def test_a_frame_is_read_as_it_was_meant(event: str, data: dict[str, Any], frame: bytes) -> None:
    (found,) = read(frame)
    assert (found.event, orjson.loads(found.data), found.id, found.retry) == (event, data, "", None)


def test_a_whole_stream_is_read_frame_by_frame() -> None:
    stream = b"".join(frame for _, _, frame in FRAMES) + sse.DONE
    found = read(stream)
    assert [event.event for event in found] == [event for event, _, _ in FRAMES] + ["done"]
    assert found[-1].data == "[DONE]"


def test_nothing_is_read_of_a_frame_that_is_not_finished() -> None:
    frame = FRAMES[1][2]
    for length in range(len(frame)):
        assert read(FRAMES[0][2] + frame[:length])[1:] == []


def test_a_stream_ends_with_done() -> None:
    assert sse.DONE == b"event: done\ndata: [DONE]\n\n"


@given(st.text())
@settings(deadline=None)
def test_any_text_comes_through_in_one_line(text: str) -> None:
    frame = sse.encode("thread.message.delta", {"text": text})
    assert frame.count(b"\n") == 3
    assert b"\r" not in frame
    (found,) = read(frame)
    assert orjson.loads(found.data) == {"text": text}
