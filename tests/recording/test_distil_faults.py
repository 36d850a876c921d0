"""What the server did wrong, as faults; what the client did wrong makes none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.base.json_types import Object
from emulator.recordings.distil.distil import Distilled
from emulator.recordings.exchange import Ended
from tests.recording.handmade import (
    JSON,
    QUESTION,
    SSE,
    Book,
    Played,
    assistant,
    frames,
    listed,
    message,
    proven,
    refusal,
    run,
    steps_of,
    streamed,
    turn_of,
)

RUNS = "/v1/threads/thread_1/runs"
CREATE = {"assistant_id": "asst_1"}
SORRY = {"error": {"message": "Sorry.", "type": "server_error", "param": None, "code": None}}


def _faults(distilled: Distilled) -> list[Object]:
    found: list[Object] = distilled.document.get("faults", [])
    return found


def _begun() -> Book:
    return Book().assistant().thread(QUESTION)


# ---- Errors ----


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 502, 503, 504, 529])
def test_errors_of_the_server_are_faults(status: int) -> None:
    book = _begun().ask(f"POST {RUNS}", CREATE, SORRY, status).run("completed").says("Sunny.")

    assert _faults(proven(book)) == [
        {
            "operation": "create_run",
            "kind": "error",
            "status": status,
            "body": SORRY,
            "when": {"message": QUESTION},
            "times": 1,
        }
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (None, {}),
        (b"", {"body": ""}),
        (b"<html>Bad Gateway</html>", {"body": "<html>Bad Gateway</html>"}),
        (b"[1, 2]", {"body": "[1, 2]"}),
        (b"null", {"body": "null"}),
        (b"\xff\xfe", {"body": "\ufffd\ufffd"}),
        (b"x" * 30_000, {"body": "x" * 20_000}),
        (b'{"a":' * 100 + b"1" + b"}" * 100, {"body": '{"a":' * 100 + "1" + "}" * 100}),
        (b'{"error":{"code":"429"}}', {"body": {"error": {"code": "429"}}}),
    ],
    ids=["none", "empty", "page", "list", "null", "bytes", "long", "deep", "azure"],
)  # fmt: skip
def test_an_error_has_the_body_that_it_had(body: bytes | None, said: Object) -> None:
    distilled = Book().ask("GET /v1/assistants/asst_1", None, body, 502).distilled()

    assert _faults(distilled) == [{"operation": "get_assistant", "kind": "error", "status": 502, **said, "times": 1}]
    if "body" in said and isinstance(said["body"], str):
        assert Played(distilled).get("/v1/assistants/asst_1").body == said["body"].encode()


def test_an_error_in_the_emulators_own_words_needs_no_body() -> None:
    usual = Played(Book().distilled())
    usual.post("/_emulator/faults", {"operation": "get_run", "kind": "error", "status": 429})
    body = usual.get("/v1/threads/x/runs/y").json
    distilled = Book().ask("GET /v1/threads/thread_1/runs/run_1", None, body, 429).distilled()

    assert "body" not in _faults(distilled)[0]


@pytest.mark.parametrize("status", [0, 600, 999])
def test_what_is_no_status_of_http_is_no_fault(status: int) -> None:
    assert _faults(Book().ask("GET /v1/assistants/asst_1", None, SORRY, status).distilled()) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "Invalid 'limit'."), (404, "No thread found with id 'thread_9'."), (405, "Only POST."), (409, "Conflict.")],
)
def test_errors_of_the_client_are_none(status: int, words: str) -> None:
    distilled = Book().ask("GET /v1/threads/thread_9", None, refusal(words), status).distilled()

    assert "faults" not in distilled.document
    assert "given" not in distilled.document or status != 404


@pytest.mark.parametrize(("headers", "comment"), [((("retry-after", "11"),), "; retry-after was 11"), ((), "")])
def test_what_the_server_asked_to_wait_is_in_the_comment(headers: Any, comment: str) -> None:
    limited = {"response_headers": (*JSON, *headers)}
    distilled = _begun().ask(f"POST {RUNS}", CREATE, SORRY, 429, **limited).distilled()

    assert f"# hand.yaml #3{comment}\n" in distilled.text()
    assert "headers" not in _faults(distilled)[0]


# ---- Which requests ----


@pytest.mark.parametrize(
    ("statuses", "faults"),
    [
        ((429,), [(429, 0, 1)]),
        ((429, 429, 429), [(429, 0, 3)]),
        ((200, 200, 429), [(429, 2, 1)]),
        ((429, 200, 429), [(429, 0, 1), (429, 1, 1)]),
        ((429, 500, 429), [(429, 0, 1), (500, 0, 1), (429, 0, 1)]),
        ((200, 429, 429, 200, 503, 200, 429), [(429, 1, 2), (503, 2, 1), (429, 3, 1)]),
    ],
)
def test_faults_let_pass_what_was_answered_well(statuses: tuple[int, ...], faults: list[Any]) -> None:
    book = Book()
    for status in statuses:
        book.ask("GET /v1/assistants/asst_1", None, assistant() if status == 200 else SORRY, status)
    distilled = proven(book)

    assert [(one["status"], one.get("skip", 0), one["times"]) for one in _faults(distilled)] == faults


def test_a_fault_of_a_run_asks_for_its_turn() -> None:
    book = Book().assistant().talk("One", "1.", 1).thread("Two", id="thread_2")
    book.ask("POST /v1/threads/thread_2/runs", CREATE, SORRY, 429)
    book.run("completed", id="run_2", thread="thread_2").says("2.", "Two", run="run_2", thread="thread_2")
    book.ask("GET /v1/threads/thread_2/runs/run_2", None, SORRY, 500)

    assert [(one["operation"], one["when"], one.get("skip")) for one in _faults(proven(book))] == [
        ("create_run", {"message": "Two"}, None),
        ("get_run", {"message": "Two"}, 2),
    ]


@pytest.mark.parametrize(("before", "skip"), [((), None), (("in_progress",) * 7, 1), (("queued", "in_progress"), 1)])
@pytest.mark.parametrize("after", [(), ("in_progress", "in_progress")])
def test_a_fault_among_polls_comes_before_the_run_is_at_its_rest(before: Any, skip: Any, after: Any) -> None:
    book = _begun().run(*before).ask(f"GET {RUNS}/run_1", None, SORRY, 500)
    for status in (*after, "completed"):
        book.ask(f"GET {RUNS}/run_1", None, run(status))
    distilled = proven(book.says("Sunny."))

    assert _faults(distilled)[0].get("skip") == skip
    api = Played(distilled)
    thread_id = api.thread(QUESTION)
    path = f"/v1/threads/{thread_id}/runs/{api.run(thread_id, api.assistant()).json['id']}"
    seen = [api.get(path) for _ in range(3)]
    assert [reply.status for reply in seen] == ([200, 500, 200] if before else [500, 200, 200])
    assert seen[2].json["status"] == "completed"


def test_a_fault_of_messages_asks_for_no_run() -> None:
    book = _begun().run("completed").ask("GET /v1/threads/thread_1/messages", None, SORRY, 500)

    assert "when" not in _faults(proven(book))[0]


STATUSES = st.sampled_from([200, 200, 200, 429, 500, 503])
ASKED = st.lists(st.tuples(st.sampled_from(["One", "Two", "One more"]), STATUSES, STATUSES), min_size=1, max_size=9)


@settings(max_examples=60, deadline=None)
@given(ASKED)
def test_faults_and_good_answers_come_in_the_order_in_which_they_came(asked: list[tuple[str, int, int]]) -> None:
    book = Book().assistant()
    for number, (question, created, looked) in enumerate(asked, 1):
        made = {"id": f"run_{number}", "thread": f"thread_{number}"}
        book.thread(question, id=made["thread"])
        if created != 200:
            book.ask(f"POST /v1/threads/thread_{number}/runs", CREATE, SORRY, created)
            continue
        book.run(**made)
        path = f"GET /v1/threads/thread_{number}/runs/run_{number}"
        if looked != 200:
            book.ask(path, None, SORRY, looked)
        book.ask(path, None, run("completed", **made))
        book.says(f"Re {question}", question, run=made["id"], thread=made["thread"])

    api = Played(book.distilled())

    helper = api.assistant()
    for question, created, looked in asked:
        thread_id = api.thread(question)
        made_run = api.run(thread_id, helper)
        assert made_run.status == created
        if created == 200:
            path = f"/v1/threads/{thread_id}/runs/{made_run.json['id']}"
            assert api.get(path).status == looked
            while api.get(path).json["status"] != "completed":
                continue
            newest = api.get(f"/v1/threads/{thread_id}/messages").json["data"][0]
            assert newest["content"][0]["text"]["value"] == f"Re {question}"
    assert api.get("/_emulator/check").json["problems"] == []


# ---- Answers that broke off ----

EVENTS = streamed("Hel", "lo ", "you.")


def _cut(after: int, ended: Ended, *more: tuple[str, Any]) -> Book:
    """A stream of which so many events came; later looks show how it went on."""
    book = _begun().stream(f"POST {RUNS}", CREATE, *EVENTS[:after], *more, ended=ended)
    book.ask(f"GET {RUNS}/run_1", None, run("completed"))
    return book.says("Hello you.")


@pytest.mark.parametrize("after", [1, 3, 7, 8, 9, 12])
@pytest.mark.parametrize(("ended", "kind"), [("cut", "disconnect"), ("timeout", "stall"), ("complete", "truncate")])
def test_a_stream_ends_after_as_many_events_as_it_did(ended: Ended, kind: str, after: int) -> None:
    distilled = _cut(after, ended).distilled()

    (fault,) = _faults(distilled)
    assert (fault["kind"], fault["after"], fault["times"]) == (kind, after, 1)
    api = Played(distilled)
    thread_id, helper = api.thread(QUESTION), api.assistant()
    if kind == "truncate":
        reply = api.run(thread_id, helper, stream=True)
        assert [event.event for event in reply.events] == [name for name, _ in EVENTS[:after]]
        deltas = [json.loads(event.data)["delta"] for event in reply.events if event.event.endswith("message.delta")]
        assert [one["content"][0]["text"]["value"] for one in deltas] == ["Hel", "lo ", "you."][: max(after - 7, 0)]


@pytest.mark.parametrize("data", [SORRY, {"message": "Sorry."}, "no JSON"])
def test_an_error_in_a_stream_comes_where_it_came(data: Any) -> None:
    distilled = _cut(9, "complete", ("error", data)).distilled()

    (fault,) = _faults(distilled)
    assert (fault["kind"], fault["after"]) == ("error", 9)
    assert fault.get("body") == (data if isinstance(data, dict) else None)
    api = Played(distilled)
    reply = api.run(api.thread(QUESTION), api.assistant(), stream=True)
    assert [event.event for event in reply.events][8:] == ["thread.message.delta", "error"]
    assert api.get("/_emulator/check").json["ok"]


@pytest.mark.parametrize("ended", ["client_left", "stopped"])
def test_a_client_that_left_makes_no_fault(ended: Ended) -> None:
    assert _faults(_cut(9, ended).distilled()) == []


@pytest.mark.parametrize("last", ["thread.run.completed", "done", "[DONE]"])
def test_a_stream_that_told_all_was_whole(last: str) -> None:
    book = _begun()
    if last == "[DONE]":
        book.ask(
            f"POST {RUNS}",
            {**CREATE, "stream": True},
            frames([*EVENTS[:-1], ("message", "[DONE]")]),
            response_headers=SSE,
        )
    else:
        book.stream(f"POST {RUNS}", CREATE, *EVENTS[: None if last == "done" else -1])

    assert _faults(book.distilled()) == []


def test_what_was_streamed_before_the_end_is_all_there_is_of_words() -> None:
    distilled = _begun().stream(f"POST {RUNS}", CREATE, *EVENTS[:9], ended="cut").distilled()

    assert steps_of(distilled) == [{"say": {"text": "Hello ", "chunks": 3}}]
    assert "its end was not recorded" in distilled.left_out[0]


@pytest.mark.parametrize(
    ("ended", "status", "fault"),
    [
        ("unreachable", 0, {"kind": "disconnect"}),
        ("timeout", 0, {"kind": "stall"}),
        ("cut", 200, {"kind": "disconnect"}),
        ("cut", 0, {"kind": "disconnect"}),
        ("client_left", 0, None),
        ("stopped", 0, None),
    ],
)
def test_answers_that_never_came_are_faults(ended: Ended, status: int, fault: Any) -> None:
    book = Book().ask("GET /v1/assistants/asst_1", None, None, status, ended=ended)
    book.ask("GET /v1/assistants/asst_1", None, assistant())

    assert _faults(book.distilled()) == ([{"operation": "get_assistant", **fault, "times": 1}] if fault else [])


@pytest.mark.parametrize(
    ("ended", "body", "fault"),
    [
        ("unreachable", None, {"kind": "disconnect", "after": 0}),
        ("cut", b"", {"kind": "disconnect", "after": 0}),
        ("complete", b"", {"kind": "truncate", "after": 0}),
        ("complete", None, None),
    ],
)
def test_a_stream_that_never_began(ended: Ended, body: bytes | None, fault: Any) -> None:
    book = _begun().ask(f"POST {RUNS}", {**CREATE, "stream": True}, body, response_headers=SSE, ended=ended)

    assert [{key: one[key] for key in ("kind", "after")} for one in _faults(book.distilled())] == (
        [fault] if fault else []
    )


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_stream_that_broke_off_and_left_nothing_says_nothing(after: int) -> None:
    book = _begun().stream(f"POST {RUNS}", CREATE, *EVENTS[:after], ended="cut")
    book.ask("GET /v1/threads/thread_1/messages", None, listed(message(QUESTION, "msg_0", at=1)))
    book.ask(f"GET {RUNS}/run_1/steps", None, listed())

    assert steps_of(proven(book)) == []


# ---- Answers that were lost ----


def test_a_request_that_was_sent_again_was_not_done_before() -> None:
    book = _begun().ask(f"POST {RUNS}", CREATE, None, 0, ended="unreachable").run("completed").says("Sunny.")
    distilled = proven(book)

    (fault,) = _faults(distilled)
    assert (fault["kind"], fault["status"], fault["times"]) == ("error", 503, 1)
    assert distilled.left_out == [
        "hand.yaml #3 POST /v1/threads/thread_1/runs: no response, and the client sent it again; "
        "here it gets a 503, so that it takes effect once"
    ]


@pytest.mark.parametrize(("ended", "status"), [("unreachable", 0), ("timeout", 0), ("cut", 200)])
def test_a_run_that_no_answer_showed_does_nothing(ended: Ended, status: int) -> None:
    book = _begun().ask(f"POST {RUNS}", CREATE, None, status, ended=ended)
    book.ask("GET /v1/threads/thread_1/messages", None, listed(message(QUESTION, "msg_0", at=1)))
    distilled = proven(book)

    assert turn_of(distilled) == {"name": "How is the weather", "when": {"message": QUESTION}, "steps": []}
    assert distilled.left_out == ["lost run 3: its response was lost and no other shows the run; here it does nothing"]


def test_a_run_whose_answer_was_lost_is_known_by_what_shows_it_first() -> None:
    old = run("completed", "run_old")
    book = Book().ask("GET /v1/threads/thread_1/runs", None, listed(old))
    book.ask(f"POST {RUNS}", {**CREATE, "stream": True}, b"", ended="cut", response_headers=SSE)
    book.ask("GET /v1/threads/thread_1/runs", None, listed(run("completed", "run_1"), old)).says("Sunny.")
    distilled = book.distilled()

    assert (steps_of(distilled), distilled.left_out) == ([{"say": "Sunny."}], [])
    assert [one["id"] for one in distilled.document["given"]["threads"][0]["runs"]] == ["run_old"]


def test_a_run_whose_answer_was_lost_is_known_by_its_message() -> None:
    book = _begun().ask(f"POST {RUNS}", CREATE, None, 200, ended="cut").says("Sunny.")
    distilled = proven(book)

    assert steps_of(distilled) == [{"say": "Sunny."}]
    assert distilled.left_out == ["run_1: its response was lost; here it does what later responses show"]


def test_a_run_after_a_lost_one_is_the_second_of_its_thread() -> None:
    book = _begun().ask(f"POST {RUNS}", CREATE, None, 200, ended="cut").run("completed", id="run_2")
    book.ask("GET /v1/threads/thread_1/messages/msg_2", None, message("Sunny.", "msg_2", run="run_2"))

    assert [turn["when"].get("run") for turn in book.distilled().document["turns"]] == [1, None]


def test_a_stream_that_told_all_and_then_broke_has_no_fault() -> None:
    assert _faults(_begun().stream(f"POST {RUNS}", CREATE, *EVENTS, ended="cut").distilled()) == []


def test_a_fault_of_streams_passes_by_what_streams_not() -> None:
    book = Book().assistant().talk("One", "1.", 1)
    book.thread("Two", id="thread_2").ask(
        "POST /v1/threads/thread_2/runs", {**CREATE, "stream": True}, refusal("No."), 400
    )
    book.thread(QUESTION).stream(f"POST {RUNS}", CREATE, *EVENTS[:9], ended="cut")
    (fault,) = _faults(book.distilled())

    assert fault.get("skip", 0) == 0  # the refused one asked something else


# ---- Told, as nothing can be made of it ----


@pytest.mark.parametrize(
    ("body", "headers", "remark"),
    [
        (b"<html>", JSON, "hand.yaml #1 GET /v1/threads/thread_1: a response that is not JSON"),
        (b'{"id": "thr', JSON, "hand.yaml #1 GET /v1/threads/thread_1: a response that is not JSON"),
        (
            b'event: thread.created\ndata: {"id":\n\n',
            SSE,
            "hand.yaml #1 GET /v1/threads/thread_1: 1 event whose data is not JSON",
        ),
    ],
)
def test_what_cannot_be_read_is_told(body: bytes, headers: Any, remark: str) -> None:
    distilled = Book().ask("GET /v1/threads/thread_1", None, body, response_headers=headers).distilled()

    assert distilled.left_out[0] == remark
