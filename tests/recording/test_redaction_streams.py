"""Secrets in event streams: also those that no single event shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.recordings.exchange import Exchange, Headers
from tests.recording.test_redaction import KEY, R, assert_settled, body, patterns, texts

STREAM: Headers = (("content-type", "text/event-stream; charset=utf-8"),)


def event(name: str, data: Any) -> str:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n"


def message_delta(text: str, id: str = "msg_1", index: int = 0) -> str:
    content = [{"index": index, "type": "text", "text": {"value": text}}]
    return event("thread.message.delta", {"id": id, "object": "thread.message.delta", "delta": {"content": content}})


def arguments_delta(text: str, index: int = 0) -> str:
    calls = [{"index": index, "type": "function", "function": {"arguments": text}}]
    details = {"type": "tool_calls", "tool_calls": calls}
    return event("thread.run.step.delta", {"id": "step_1", "delta": {"step_details": details}})


def deltas(stream: str, *path: Any) -> list[str]:
    """The pieces of text that stand there in the events' data."""
    found = []
    for line in stream.split("\n"):
        if line.startswith("data: {"):
            value = json.loads(line[6:])
            for key in path:
                value = value[key] if isinstance(value, list) else value.get(key, {})
            found += [value] if isinstance(value, str) else []
    return found


TEXT = ("delta", "content", 0, "text", "value")
ARGUMENTS = ("delta", "step_details", "tool_calls", 0, "function", "arguments")
DONE = event("done", "[DONE]")


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_secret_in_pieces_cannot_be_joined_again(size: int) -> None:
    said = f"Use {KEY} or {KEY[::-1]}, password: hunter2 then"
    pieces = [said[start : start + size] for start in range(0, len(said), size)]
    final = event("thread.message.completed", {"id": "msg_1", "content": [{"text": {"value": said}}]})
    stream = "".join(map(message_delta, pieces)) + final + DONE

    after = body(stream, STREAM)

    whole = said.replace(KEY, R).replace("hunter2", R)
    assert "".join(deltas(after, *TEXT)) == whole
    assert deltas(after, "content", 0, "text", "value") == [whole]
    assert len(deltas(after, *TEXT)) == len(pieces)
    assert after.endswith(DONE)


def test_texts_that_interleave_are_joined_each_for_itself() -> None:
    stream = "".join(
        message_delta(left, "msg_1") + message_delta(right, "msg_2") + message_delta(third, "msg_1", 1)
        for left, right, third in zip(KEY, KEY, "a" * len(KEY), strict=True)
    )

    after = body(stream, STREAM)

    pieces = deltas(after, *TEXT)
    assert "".join(pieces[0::3]) == R
    assert "".join(pieces[1::3]) == R
    assert "".join(pieces[2::3]) == "a" * len(KEY)


def test_arguments_in_pieces_are_json_that_is_redacted_by_its_names() -> None:
    arguments = json.dumps({"city": "Paris", "api_key": "hunter", "n": [1]})
    stream = "".join(arguments_delta(one) for one in [*arguments[:20], arguments[20:35], *arguments[35:]])

    after = "".join(deltas(body(stream, STREAM), *ARGUMENTS))

    assert after == arguments.replace("hunter", R)


def test_streams_of_other_shapes() -> None:
    chat = [{"id": "c", "choices": [{"index": 1, "delta": {"content": one}}]} for one in KEY]
    responses = [{"type": "response.output_text.delta", "item_id": "m", "delta": one} for one in KEY]
    plain = "".join(f"data: {one}\n\n" for one in KEY)

    assert (
        "".join(deltas(body("".join(event("x", one) for one in chat), STREAM), "choices", 0, "delta", "content")) == R
    )
    assert "".join(deltas(body("".join(event("x", one) for one in responses), STREAM), "delta")) == R
    assert "".join(line[6:] for line in body(plain, STREAM).splitlines()) == R


def test_the_rest_of_a_stream_stays_to_the_byte() -> None:
    head = ': comment\r\nid: 7\r\nevent: x\r\ndata:{"id":"thread_1",\r\ndata: "a": 1.0}\r\n\r\nretry: 5\r\n\r\n'
    after = body(f"{head}data: {KEY}\r\n\r\n: {KEY}\rdata\n\n" + DONE, STREAM)

    assert after == f"{head}data: {R}\r\n\r\n: {R}\rdata\n\n" + DONE


def test_a_secret_over_several_lines_of_data() -> None:
    stream = "data: -----BEGIN PRIVATE KEY-----\ndata: MIIE\ndata: -----END PRIVATE KEY-----\ndata: x\n\n" + DONE

    assert body(stream, STREAM) == f"data: {R}\ndata: x\n\n" + DONE


@pytest.mark.parametrize("left_of_the_last", range(1, len(message_delta("x")), 9))
def test_a_stream_that_breaks_off(left_of_the_last: int) -> None:
    """The last event is cut anywhere; what it still shows of the text belongs to it."""
    stream = "".join(map(message_delta, KEY[:-1])) + message_delta(KEY[-1])[:left_of_the_last]

    after = body(stream, STREAM)

    assert "".join(deltas(after.rpartition("event:")[0], *TEXT)) == R
    assert KEY[-1] not in after.rpartition("event:")[2].rpartition('value":"')[2] or 'value":"' not in after[-40:]


def test_a_stream_that_breaks_off_in_the_last_piece_of_a_secret() -> None:
    stream = message_delta("sk-abc") + message_delta("def ghi")[: -len(' ghi"}}]}}\n\n')]

    after = body(stream, STREAM)

    assert "def" not in after.rpartition("value")[2]
    assert deltas(after.rpartition("event:")[0], *TEXT) == [R]


@settings(deadline=None)
@given(st.lists(texts, max_size=6), st.integers(0, 200), patterns)
def test_streams_settle_and_join_to_the_redacted_text(pieces: list[str], cut: int, own: list[str]) -> None:
    whole = "".join(pieces)
    stream = "".join(map(message_delta, pieces)) + event("end", {"id": "m", "text": whole})
    exchange = Exchange("POST", "/", 200, response_headers=STREAM, response_body=stream.encode())

    after = assert_settled(exchange, own).response_body

    assert after is not None
    *_, final = json.loads(after.decode().split("\n")[-3][6:]).values()
    if not own:  # else the names of keys are perhaps others
        assert "".join(deltas(after.decode(), *TEXT)) == final
    broken = stream[: max(len(stream) - cut, 0)].encode()
    assert_settled(Exchange("POST", "/", 200, response_headers=STREAM, response_body=broken), own)
