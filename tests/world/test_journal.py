"""The journal: what is kept, what is folded, what is told."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.world.journal import Entry, Journal
from tests.apis.endpoints.given import begin, given


def entry(path: str = "/x", *, method: str = "GET", status: int = 200, answer: bytes = b"{}", **more: Any) -> Entry:
    made = Entry(method, path, more.pop("query", b""), [], 0.0)
    made.status, made.answer = status, answer
    for key, value in more.items():
        setattr(made, key, value)
    return made


def paths(journal: Journal) -> list[str]:
    return [one.path for one in journal.requests()]


# ---- Bounds ----


def test_the_newest_are_kept() -> None:
    journal = Journal(limit=3)
    for number in range(5):
        journal.add(entry(str(number)))
    assert (paths(journal), len(journal), journal.dropped) == (["2", "3", "4"], 3, 2)


def test_bytes_are_bounded_too() -> None:
    journal = Journal(bytes_limit=10)
    for number in range(3):
        journal.add(entry(str(number), answer=b"12", body=b"345"))
    assert (paths(journal), journal.dropped) == (["1", "2"], 1)


def test_a_streams_answer_counts_when_it_has_ended() -> None:
    journal = Journal(bytes_limit=10)
    stream = entry("stream", method="POST", answer=b"")
    journal.add(stream)
    journal.answered(stream, b"123456789")
    journal.add(entry("next", answer=b"12"))
    assert (paths(journal), journal.dropped) == (["next"], 1)


def test_an_answer_that_ends_after_its_entry_was_dropped_counts_nothing() -> None:
    journal = Journal(limit=1, bytes_limit=10)
    stream = entry("stream", method="POST", answer=b"")
    journal.add(stream)
    journal.add(entry("next"))
    journal.answered(stream, b"123456789")
    journal.add(entry("last"))
    assert paths(journal) == ["last"]


# ---- Repetitions ----


@pytest.mark.parametrize(
    ("other", "folded"),
    [
        pytest.param(entry(), True, id="the same again"),
        pytest.param(entry("/y"), False, id="another path"),
        pytest.param(entry(query=b"limit=1"), False, id="another query"),
        pytest.param(entry(status=404), False, id="another status"),
        pytest.param(entry(answer=b"[]"), False, id="another answer"),
        pytest.param(entry(fault="fault 'slice' of *"), False, id="with a fault"),
        pytest.param(entry(moved=True), False, id="it moved the run"),
        pytest.param(entry(method="POST"), False, id="no look"),
        pytest.param(entry(thread_id="thread_2"), False, id="another thread"),
    ],
)
def test_polls_that_change_nothing_are_folded(other: Entry, folded: bool) -> None:
    journal = Journal()
    journal.add(entry())
    journal.add(other)
    assert [one.repeats for one in journal.requests()] == ([1] if folded else [0, 0])


def test_two_posts_alike_are_two_requests() -> None:
    journal = Journal()
    for _ in range(2):
        journal.add(entry(method="POST"))
    assert len(journal) == 2


def test_threads_are_folded_beside_each_other() -> None:
    journal = Journal()
    for _ in range(3):
        for thread in ("thread_1", "thread_2"):
            journal.add(entry(f"/{thread}", thread_id=thread))
    assert [(one.path, one.repeats) for one in journal.requests()] == [("/thread_1", 2), ("/thread_2", 2)]


def test_a_poll_after_another_request_is_shown_again() -> None:
    journal = Journal()
    for path in ("/a", "/a", "/b", "/a"):
        journal.add(entry(path))
    assert [(one.path, one.repeats) for one in journal.requests()] == [("/a", 1), ("/b", 0), ("/a", 0)]


def test_polling_a_held_run_is_one_entry() -> None:
    api = given()
    thread, run = begin(api, "hold")
    for _ in range(20):
        api.get(f"/v1/threads/{thread}/runs/{run}")
    looks = [(one.moved, one.repeats) for one in api.world.journal.requests("get_run")]
    assert looks == [(True, 21)]  # the first moved it to the gate; what followed saw the same


def test_a_poll_that_moves_a_run_says_so() -> None:
    api = given()
    thread = api.thread("say")
    run = api.run(thread, "asst_told").json["id"]
    for path in (f"/v1/threads/{thread}/runs", f"/v1/threads/{thread}/messages", f"/v1/threads/{thread}/runs/{run}"):
        api.get(path)
    moved = [(one.operation, one.moved) for one in api.world.journal.requests(thread_id=thread)]
    assert moved[-3:] == [("list_runs", True), ("list_messages", True), ("get_run", False)]


# ---- Queries and what is told ----


def test_requests_by_operation_thread_and_run() -> None:
    api = given()
    thread, run = begin(api, "call")
    begin(api, "say")
    journal = api.world.journal
    assert [one.operation for one in journal.requests()][:3] == ["create_thread", "create_run", "get_run"]
    assert {one.thread_id for one in journal.requests(thread_id=thread)} == {thread}
    assert [one.operation for one in journal.requests(run_id=run)][:2] == ["create_run", "get_run"]
    assert len(journal.requests("create_run", thread, run)) == 1
    assert journal.requests("create_run", thread, "run_none") == []


def test_what_is_told_of_a_request() -> None:
    api = given()
    api.post("/v1/threads/thread_old/runs?include[]=step_details.tool_calls[*].file_search.results[*].content",
             {"assistant_id": "asst_told", "metadata": {"k": "ü"}})  # fmt: skip
    (told,) = [one.as_json() for one in api.world.journal.requests()]
    assert told["operation"] == "create_run"
    assert (told["method"], told["path"], told["status"]) == ("POST", "/v1/threads/thread_old/runs", 200)
    assert told["query"] == {"include[]": ["step_details.tool_calls[*].file_search.results[*].content"]}
    assert told["json"] == {"assistant_id": "asst_told", "metadata": {"k": "ü"}}
    assert told["answer"]["status"] == "queued"
    assert (told["thread_id"], told["run_id"], told["turn"]) == ("thread_old", told["answer"]["id"], "say")
    assert (told["time"], told["moved"], told["repeats"], told["fault"]) == (1767225600, False, 0, None)
    assert told["headers"] == {"authorization": "…", "openai-beta": "assistants=v2"}


def test_a_stream_is_told_as_its_events() -> None:
    api = given()
    reply = api.run("thread_old", "asst_told", stream=True)
    (told,) = [one.as_json() for one in api.world.journal.requests("create_run")]
    assert [event["event"] for event in told["answer"]] == [event.event for event in reply.events]
    assert told["answer"][0]["data"] == reply.events[0].json()
    assert told["answer"][-1] == {"event": "done", "data": "[DONE]"}


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"", None), (b"{}", {}), (b"{", "{"), (b"\xff", "\ufffd"), ("世".encode(), "世"), (b"[1.5]", [1.5])],
)
def test_a_body_is_told_as_json_or_as_text(body: bytes, told: Any) -> None:
    assert entry(body=body).as_json()["json"] == told


def test_an_unknown_url_is_told_without_an_operation() -> None:
    api = given()
    api.get("/v1/nope")
    (told,) = [one.as_json() for one in api.world.journal.requests()]
    assert (told["operation"], told["path"], told["status"]) == (None, "/v1/nope", 404)


def test_a_refused_request_is_told_with_its_operation() -> None:
    api = given()
    api.post("/v1/assistants", {})
    assert [(one.operation, one.status) for one in api.world.journal.requests()] == [("create_assistant", 400)]
