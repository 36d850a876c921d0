"""What a recording does not show is marked, implied or named; nothing is invented, and nothing vanishes."""

from __future__ import annotations

import json

import pytest

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import distil
from emulator.recordings.exchange import RecordingError
from emulator.recordings.readers import parse_recording
from emulator.scenarios.unrecorded import UNKNOWN_QUESTION, UNKNOWN_WORDS
from emulator.scenarios.warnings import warnings
from tests.recording.handmade import (
    SSE,
    Book,
    assistant,
    file,
    listed,
    proof_of,
    proven,
    refusal,
    requires,
    run,
    step,
    store,
    streamed,
    thread,
)

CREATE = "POST /v1/threads/thread_1/runs"
SENT = {"assistant_id": "asst_1", "stream": True}


# ---- Streams whose text or end is not there ----


@pytest.mark.parametrize(
    ("status", "answer", "ended"),
    [(0, None, "client_left"), (0, None, "stopped"), (200, None, "unknown"), (200, b"", "unknown")],
)
def test_a_stream_that_was_not_recorded_is_a_run_with_something_to_do(
    status: int, answer: bytes | None, ended: str
) -> None:
    book = Book().assistant().thread("Tell me a story")
    book.ask(CREATE, SENT, answer, status, ended=ended, response_headers=SSE if status else ())
    distilled = proven(book)

    (turn,) = distilled.document["turns"]
    assert (turn["when"], turn["steps"]) == ({"message": "Tell me a story"}, [{"say": UNKNOWN_WORDS}])
    assert "faults" not in distilled.document
    assert [words for _, words in warnings(distilled.document)] == [
        "to do: write what the assistant says: the recording does not show it"
    ]


@pytest.mark.parametrize("length", [3, 7, 9])
def test_a_stream_whose_end_was_not_recorded_has_no_fault(length: int) -> None:
    book = Book().assistant().thread("Tell me a story")
    distilled = proven(book.stream(CREATE, SENT, *streamed("Once", ".")[:length], ended="unknown"))

    assert len(distilled.document["turns"]) == 1
    assert "faults" not in distilled.document


# ---- Objects that a request implies ----


def test_a_message_that_is_deleted_was_there() -> None:
    gone = {"id": "msg_1", "object": "thread.message.deleted", "deleted": True}
    distilled = proven(Book().ask("DELETE /v1/threads/thread_1/messages/msg_1", None, gone))

    (given,) = distilled.document["given"]["threads"]
    assert given["messages"] == [{"id": "msg_1", "role": "user", "content": UNKNOWN_QUESTION}]
    assert "message msg_1: a request names it" in distilled.left_out[0]


def test_a_run_whose_steps_are_listed_was_there() -> None:
    book = Book().ask("GET /v1/threads/thread_1/runs/run_1/steps", None, listed(step("step_1", message_id="msg_1")))
    distilled = book.distilled()

    (given,) = distilled.document["given"]["threads"]
    assert [(one["id"], one["status"]) for one in given["runs"]] == [("run_1", "completed")]


def test_a_file_that_is_taken_out_of_a_store_was_in_it() -> None:
    gone = {"id": "file-1", "object": "vector_store.file.deleted", "deleted": True}
    distilled = proven(Book().ask("DELETE /v1/vector_stores/vs_1/files/file-1", None, gone))

    assert distilled.document["given"]["vector_stores"] == [{"id": "vs_1", "file_ids": ["file-1"]}]


# ---- Version 1 ----


def test_requests_of_version_1_are_played_as_version_2_and_that_is_said_once() -> None:
    headers = (("openai-beta", "assistants=v1"), ("content-type", "application/json"))
    book = Book().ask("POST /v1/threads", {}, {**thread(), "file_ids": []}, request_headers=headers)
    book.ask("GET /v1/threads/thread_1", None, thread(), request_headers=headers)
    book.ask(
        "GET /v1/threads/thread_9", None, refusal("No thread found with id 'thread_9'."), 404, request_headers=headers
    )
    distilled = proven(book)

    assert distilled.left_out == ["3 requests of version 1 of the API: they are played as version 2"]


# ---- Names and notes ----


def test_turns_with_one_question_are_named_after_their_files() -> None:
    books = [
        Book(name).assistant().talk("Hello", f"From {name}.")
        for name in ("tests/test_returns_policy.yaml", "b/refund.har")
    ]
    distilled = distil([book.recording() for book in books])

    assert [turn["name"] for turn in distilled.document["turns"]] == ["test returns policy", "refund"]


def test_a_note_on_many_files_is_one_note() -> None:
    files = [
        {"id": f"file-{n}", "object": "file", "filename": "a.txt", "bytes": 3, "purpose": "assistants"}
        for n in range(9)
    ]
    distilled = Book().ask("GET /v1/files", None, listed(*files)).distilled()

    assert distilled.left_out == [
        "the contents of file-8, file-7, file-6 and 6 more, which were not recorded; the scenario states their size"
    ]


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        (b"1234:9:websocket;0:~7:version;2:19#8:response;", "convert them with `mitmdump -nr FILE --set hardump"),
        (b"HTTP/2 200\r\ncontent-type: application/json\r\n\r\n{}", "write both as JSON"),
        (b"HTTP/1.1 404 Not Found\n\n{}", "write both as JSON"),
        (b"\xd4\xc3\xb2\xa1\x02\x00", "record with `assistants-emulator record`"),
        (b"SQLite format 3\x00...", "export the session as HAR"),
    ],
)  # fmt: skip
def test_a_format_that_is_not_read_has_a_way_out(raw: bytes, advice: str) -> None:
    with pytest.raises(RecordingError, match="not read") as refused:
        parse_recording(raw, "session.flow")

    assert advice in str(refused.value)


# ---- Lone exchanges ----


def test_a_file_that_is_downloaded_has_a_purpose_that_allows_it() -> None:
    book = Book().ask("GET /v1/files/file-1/content", None, b"a,b\n1,2\n")

    (given,) = proven(book).document["given"]["files"]

    assert given == {"id": "file-1", "filename": "file.txt", "purpose": "assistants_output", "content": "a,b\n1,2\n"}


def test_what_a_search_found_is_in_the_store() -> None:
    row = {"file_id": "file-1", "filename": "a.txt", "score": 0.9, "attributes": {"k": "v"},
           "content": [{"type": "text", "text": "Cats are nice."}]}  # fmt: skip
    page = {"object": "vector_store.search_results.page", "search_query": ["cats"], "data": [row], "has_more": False,
            "next_page": None}  # fmt: skip
    book = Book().ask("POST /v1/vector_stores/vs_1/search", {"query": "cats"}, page)

    given = proven(book).document["given"]

    assert given["files"] == [{"id": "file-1", "filename": "a.txt", "content": "Cats are nice."}]
    assert given["vector_stores"] == [{"id": "vs_1", "file_ids": ["file-1"], "attributes": {"file-1": {"k": "v"}}}]


@pytest.mark.parametrize(("path", "missed"), [("runs/run_1", "run"), ("messages/msg_1", "message")])
def test_what_is_missing_was_looked_for_in_a_thread_that_is_there(path: str, missed: str) -> None:
    id = path.partition("/")[2]
    book = Book().ask(f"GET /v1/threads/thread_1/{path}", None, refusal(f"No {missed} found with id '{id}'."), 404)

    assert proven(book).document["given"]["threads"] == [{"id": "thread_1"}]


def test_a_thread_that_is_missing_is_not_given() -> None:
    words = "No thread found with id 'thread_1'."
    book = Book().ask("GET /v1/threads/thread_1/runs/run_1", None, refusal(words), 404)

    assert "given" not in proven(book).document


ACTION = requires(("call_1", "get_weather", "{}"))["required_action"]


@pytest.mark.parametrize(
    ("status", "more"), [("queued", {}), ("in_progress", {}), ("requires_action", {"required_action": ACTION})]
)
def test_a_run_that_stays_active_is_given_so(status: str, more: Object) -> None:
    book = Book().ask("GET /v1/threads/thread_1/runs/run_1", None, run(status, **more))
    book.ask("GET /v1/threads/thread_1/runs", None, listed(run(status, **more)))

    (given,) = proven(book).document["given"]["threads"][0]["runs"]

    assert {key: given[key] for key in ("id", "status", *more)} == {"id": "run_1", "status": status, **more}


def test_a_run_that_a_request_cancels_was_active() -> None:
    path = "/v1/threads/thread_1/runs/run_1"
    book = Book().ask(f"POST {path}/cancel", None, run("cancelling"))
    book.ask(f"GET {path}", None, run("cancelled", cancelled_at=20, expires_at=None))

    assert proven(book).document["given"]["threads"][0]["runs"][0]["status"] == "in_progress"


def test_a_run_whose_thread_goes_on_came_to_its_end_unseen() -> None:
    book = Book().ask("GET /v1/threads/thread_1/runs/run_0", None, run("in_progress", "run_0"))
    book.assistant("asst_2").run("completed", id="run_1", assistant="asst_2").says("Sunny.")

    (note,) = [one for one in book.distilled().left_out if one.startswith("run run_0: ")]

    assert "was in_progress when last seen" in note


@pytest.mark.parametrize(
    "shown", [thread(), run("completed"), run("in_progress"), assistant(), file("file-1", "a.txt"), store("vs_1")]
)
def test_a_bare_object_is_what_a_request_would_get(shown: Object) -> None:
    recording = parse_recording(json.dumps(shown).encode(), "object.json")

    distilled = distil([recording])

    proof = proof_of(distilled)
    assert (proof.played, proof.unplayed, proof.differences) == (1, [], [])
