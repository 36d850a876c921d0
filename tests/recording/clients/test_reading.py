"""What other people's recorders wrote is read as what the emulator answered: every status, body and event."""

from __future__ import annotations

import pytest

from emulator.recordings.exchange import Exchange, Part, Recording
from emulator.recordings.readers import read_recording, recognises
from tests.recording.clients.recorders import Tape
from tests.support import Reply

pytestmark = pytest.mark.clients

FORMATS = {"vcrpy": "vcr", "Chromium": "har", "nock": "nock", "Polly.JS": "polly"}
#: What every client asks for, in this order.
OPERATIONS = [
    "create_file",
    "create_assistant",
    "create_thread",
    "create_run",
    "get_run",
    "get_run",
    "create_thread",
    "create_run",
    "submit_tool_outputs_to_run",
    "list_messages",
    "get_thread",
]
STATUSES = [*[200] * 10, 404]
UPLOAD = {Part("file", "menü.md", "Süppe\n".encode()), Part("purpose", None, b"assistants")}
ANSWER = "It is 18 degrees."


@pytest.fixture
def recording(tape: Tape) -> Recording:
    return read_recording(tape.path)


@pytest.fixture
def exchanges(tape: Tape, recording: Recording) -> list[Exchange]:
    """Those with the API: a browser loads its page too, and SDKs try out what ``fetch`` can do."""
    return [one for one in recording.exchanges if one.path.startswith("/v1/")]


def expected(tape: Tape) -> list[str]:
    return OPERATIONS[1:] if tape.recorder == "Polly.JS" else OPERATIONS


def test_the_format_is_told_from_the_contents(tape: Tape, recording: Recording) -> None:
    assert recognises(tape.path.read_bytes())
    assert recording.format == FORMATS[tape.recorder.split(",")[0]]
    assert recording.notes == ()


def test_every_request_is_there_once_and_in_order(tape: Tape, exchanges: list[Exchange]) -> None:
    journal = tape.requests

    assert [request.operation for request in journal] == expected(tape)
    assert [one.status for one in exchanges] == STATUSES[-len(journal) :]
    assert [(one.method, one.path, one.status) for one in exchanges] == [
        (request.method, request.path, request.status) for request in journal
    ]
    assert [one.query for one in exchanges if one.query] == ["order=asc"]
    assert {f"http://{one.host}" for one in exchanges} == {tape.url}


def test_bodies_are_what_was_sent_and_what_came(tape: Tape, exchanges: list[Exchange]) -> None:
    for one, request in zip(exchanges, tape.requests, strict=True):
        if one.form is None:
            assert one.request_json() == request.json
        if not one.streamed:
            assert one.response_json() == request.answer


def test_streams_are_there_event_by_event(tape: Tape, exchanges: list[Exchange]) -> None:
    streamed = [(one, request) for one, request in zip(exchanges, tape.requests, strict=True) if one.streamed]
    texts = []
    for one, request in streamed:
        events = Reply(one.status, dict(one.response_headers), one.response_body or b"").events
        assert [event.event for event in events] == [event["event"] for event in request.answer]
        assert [event.json() for event in events[:-1]] == [event["data"] for event in request.answer[:-1]]
        assert events[-1].data == "[DONE]"
        deltas = [event.json()["delta"] for event in events if event.event == "thread.message.delta"]
        texts.append("".join(delta["content"][0]["text"]["value"] for delta in deltas))
    assert [request.operation for _, request in streamed] == ["create_run", "submit_tool_outputs_to_run"]
    assert texts == ["", ANSWER]


def test_an_upload_has_its_parts(tape: Tape, exchanges: list[Exchange]) -> None:
    forms = [one.form for one in exchanges if one.form is not None]

    assert [set(form) for form in forms] == ([] if tape.recorder == "Polly.JS" else [UPLOAD])


def test_texts_keep_every_character(exchanges: list[Exchange]) -> None:
    asked = [one.request_json() for one in exchanges if one.path == "/v1/threads"]
    (listed,) = [one.response_json() for one in exchanges if one.path.endswith("/messages")]

    assert [body["messages"][0]["content"] for body in asked] == ["Hi!", "How is the weather in Köln?"]
    assert [message["content"][0]["text"]["value"] for message in listed["data"]] == [
        asked[1]["messages"][0]["content"],
        ANSWER,
    ]


def test_what_the_recorder_was_told_to_leave_out_is_absent(tape: Tape, exchanges: list[Exchange]) -> None:
    """vcrpy filters a header, nock keeps none unless it is asked to; times come from the answers where it has none."""
    headers = {name for one in exchanges for name, _ in one.request_headers}

    assert ("authorization" in headers) == (tape.recorder in ("Chromium", "nock", "Polly.JS"))
    assert (headers == set()) == (tape.recorder == "nock, without headers")
    assert all(one.time is not None for one in exchanges)
