"""Recordings of the Responses API: the same turns as those of the Assistants API, which answer both."""

from __future__ import annotations

import pytest

from emulator.base.json_types import Object
from emulator.recordings.transcripts import transcripts_of
from tests.recording.handmade import QUESTION, Book, Played, listed, proof_of, proven, steps_of, turn_of
from tests.recording.handmade_responses import (
    CREATE,
    WEATHER,
    ask,
    calls,
    events,
    output,
    reasons,
    response,
    says,
    talk,
)

# ---- The items of a response ----


@pytest.mark.parametrize(
    ("items", "steps"),
    [
        ([says("Sunny.")], [{"say": "Sunny."}]),
        ([says("Sunny.", phase="final_answer")], [{"say": {"text": "Sunny.", "phase": "final_answer"}}]),
        ([says("{{ a }}")], [{"say": "{{ '{{' }} a }}"}]),
        ([reasons("Think."), says("Sunny.")], [{"reason": "Think."}, {"say": "Sunny."}]),
        ([reasons(), says("Sunny.")], [{"reason": {"summary": []}}, {"say": "Sunny."}]),
        ([reasons("A", "B")], [{"reason": {"summary": ["A", "B"]}}]),
        (
            [{**says(""), "content": [{"type": "refusal", "refusal": "No."}]}],
            [{"refuse": "No."}],
        ),
        ([calls('{"city":"Paris"}')], [{"call": {"get_weather": {"city": "Paris"}}}]),
        ([calls('{"city": "Paris"}')], [{"call": {"get_weather": '{"city": "Paris"}'}}]),
        (
            [calls('{"city":"Paris"}'), calls('{"city":"Rome"}', "call_2")],
            [{"call": [{"get_weather": {"city": "Paris"}}, {"get_weather": {"city": "Rome"}}]}],
        ),
    ],
)
def test_items_are_steps(items: list[Object], steps: list[Object]) -> None:
    assert steps_of(proven(ask(Book(), response(*items), tools=[WEATHER]))) == steps


def test_code_and_its_outputs() -> None:
    code = {
        "id": "ci_1",
        "type": "code_interpreter_call",
        "status": "completed",
        "code": "print(1)",
        "container_id": "cntr_1",
        "outputs": [{"type": "logs", "logs": "1"}],
    }
    tools = [{"type": "code_interpreter", "container": {"type": "auto"}}]
    book = ask(Book(), response(code, says("One.")), tools=tools, include=["code_interpreter_call.outputs"])

    assert steps_of(proven(book)) == [{"code": {"input": "print(1)", "logs": "1"}}, {"say": "One."}]


def test_a_search_with_its_results_and_the_citation_of_a_file_from_before() -> None:
    found = {"attributes": {}, "file_id": "file-menu", "filename": "menu.md", "score": 0.5, "text": "Pizza."}
    search = {
        "id": "fs_1",
        "type": "file_search_call",
        "status": "completed",
        "queries": ["food"],
        "results": [found],
    }
    cited = {"type": "file_citation", "file_id": "file-menu", "filename": "menu.md", "index": 5}
    tools = [{"type": "file_search", "vector_store_ids": ["vs_food"]}]
    distilled = proven(ask(Book(), response(search, says("Pizza.", cited)), tools=tools), "results")

    assert steps_of(distilled) == [
        {"search": {"queries": ["food"], "results": [{"file": "file-menu", "text": "Pizza.", "score": 0.5}]}},
        {"say": {"text": "Pizza.", "cite": [{"file": "file-menu", "index": 5}]}},
    ]
    given = distilled.document["given"]
    assert [one["filename"] for one in given["files"]] == ["menu.md"]
    assert [one["id"] for one in given["vector_stores"]] == ["vs_food"]


def test_an_item_that_no_step_makes_is_named_and_so_is_the_difference() -> None:
    search = {"id": "ws_1", "type": "web_search_call", "status": "completed"}
    distilled = ask(Book(), response(search, says("Sunny."))).distilled()

    assert steps_of(distilled) == [{"say": "Sunny."}]
    assert distilled.left_out == ["resp_1: an item web_search_call, which no step makes"]
    (difference,) = proof_of(distilled).differences
    assert "output[0].type: recorded 'web_search_call', the emulator sends 'message'" in difference


# ---- Turns ----


def test_a_response_that_brings_the_outputs_of_calls_goes_on_with_their_turn() -> None:
    used = {"input_tokens": 31, "output_tokens": 12, "total_tokens": 43}
    book = ask(Book(), response(calls('{"city":"Paris"}'), usage=used), tools=[WEATHER])
    second = response(says("21 degrees."), id="resp_2", usage=used)
    ask(book, second, [output('{"celsius": 21}')], previous_response_id="resp_1", tools=[WEATHER])
    distilled = proven(book)

    (turn,) = distilled.document["turns"]
    assert turn["when"] == {"message": QUESTION}
    expected = {
        "get_weather": {"type": "object", "required": ["celsius"], "properties": {"celsius": {"type": "integer"}}}
    }
    counts = {"prompt_tokens": 31, "completion_tokens": 12}
    assert [{key: one[key] for key in one if key != "expect"} for one in turn["steps"]] == [
        {"call": {"get_weather": {"city": "Paris"}}, "usage": counts},
        {"say": "21 degrees.", "usage": counts},
    ]
    assert set(turn["steps"][0]["expect"]) == set(expected)


def test_a_history_that_the_client_keeps_itself() -> None:
    call = calls('{"city":"Paris"}')
    book = ask(Book(), response(call), tools=[WEATHER])
    asked = {"role": "user", "content": [{"type": "input_text", "text": QUESTION}]}
    ask(book, response(says("21."), id="resp_2"), [asked, call, output("21")], tools=[WEATHER])

    assert [next(iter(one)) for one in steps_of(proven(book))] == ["call", "say"]


def test_chains_and_conversations_know_what_was_asked_before() -> None:
    book = ask(Book(), response(says("Sunny.")))
    ask(book, response(says("Rain."), id="resp_2"), "And tomorrow?", previous_response_id="resp_1")
    book.ask("POST /v1/conversations", {}, {"id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {}})
    ask(book, response(says("Hello."), id="resp_3"), "Hi", conversation="conv_1")
    book.ask("GET /v1/conversations/conv_1", None, {"id": "conv_1", "object": "conversation", "metadata": {}})
    distilled = proven(book, "id")

    assert [one["when"]["message"] for one in distilled.document["turns"]] == [QUESTION, "And tomorrow?", "Hi"]


def test_a_conversation_from_before_is_given_with_its_items() -> None:
    item = {
        "id": "msg_old",
        "type": "message",
        "status": "completed",
        "role": "user",
        "content": [{"type": "input_text", "text": "Hi"}],
    }
    listed = {"object": "list", "data": [item], "first_id": "msg_old", "last_id": "msg_old", "has_more": False}
    book = Book().ask("GET /v1/conversations/conv_old/items", None, listed)
    distilled = proven(book)

    (conversation,) = distilled.document["given"]["conversations"]
    assert conversation["id"] == "conv_old"
    assert [one["content"] for one in conversation["items"]] == [item["content"]]


@pytest.mark.parametrize(
    ("more", "end"),
    [
        ({"status": "failed", "error": {"code": "server_error", "message": "x"}},
         {"fail": {"code": "server_error", "message": "x"}}),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
         {"incomplete": "max_completion_tokens"}),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
         {"incomplete": "content_filter"}),
    ],
    ids=["failed", "cut", "filtered"],
)  # fmt: skip
def test_how_a_response_ended(more: Object, end: Object) -> None:
    items = [] if more["status"] == "failed" else [says("Sun", status="incomplete")]
    assert steps_of(proven(ask(Book(), response(*items, **more)))) == [*([{"say": "Sun"}] if items else []), end]


def test_a_response_in_the_background_is_polled() -> None:
    book = ask(Book(), response(status="queued"), background=True)
    for status in ("queued", "in_progress", "in_progress"):
        book.ask("GET /v1/responses/resp_1", None, response(status=status))
    book.ask("GET /v1/responses/resp_1", None, response(says("Sunny.")))

    assert steps_of(proven(book)) == [{"say": "Sunny."}]


def test_a_model_that_is_not_known_and_a_text_that_is_too_long() -> None:
    error = {"type": "invalid_request_error", "param": "model"}
    missing = {"error": {"message": "The requested model 'gpt-x' does not exist.", **error, "code": "model_not_found"}}
    long = {"error": {"message": "Too long.", **error, "code": "context_length_exceeded"}}
    book = Book().ask(CREATE, {"model": "gpt-x", "input": "Hi"}, missing, status=400)
    distilled = proven(book.ask(CREATE, {"model": "gpt-4o", "input": "Long"}, long, status=400))

    assert distilled.document["given"] == {"unknown_models": ["gpt-x"]}
    (fault,) = distilled.document["faults"]
    assert (fault["operation"], fault["status"], fault["body"]) == ("create_response", 400, long)


# ---- Streams ----


def test_a_stream_keeps_its_pieces() -> None:
    sent = {"model": "gpt-4o", "input": QUESTION}
    book = Book().stream(CREATE, sent, *events(says("It is sunny."), "It ", "is sun", "ny."))

    assert steps_of(proven(book)) == [{"say": {"text": "It is sunny.", "chunks": ["It ", "is sun", "ny."]}}]


def test_a_stream_that_breaks_off_is_a_fault_and_what_it_said() -> None:
    sent = {"model": "gpt-4o", "input": QUESTION}
    book = Book().stream(CREATE, sent, *events(says("It is sunny."), "It", " is", end=False), ended="cut")
    distilled = book.distilled()

    assert steps_of(distilled) == [{"say": "It is"}]
    (fault,) = distilled.document["faults"]
    assert (fault["operation"], fault["kind"], fault["after"]) == ("create_response", "disconnect", 6)


# ---- Either API's recording answers both ----


def test_a_recording_of_responses_answers_the_assistants_api() -> None:
    played = Played(proven(ask(Book(), response(says("Sunny.")))))
    assistant = played.post("/v1/assistants", {"model": "gpt-4o"}).json["id"]

    assert played.ask_for(assistant, QUESTION) == ("completed", "Sunny.")


def test_a_recording_of_assistants_answers_the_responses_api() -> None:
    played = Played(proven(Book().assistant().talk(QUESTION, "Sunny.")))
    made = played.post("/v1/responses", {"model": "gpt-4o", "input": QUESTION}).json

    assert made["output"][0]["content"][0]["text"] == "Sunny."


def test_one_turn_for_the_same_question_on_both() -> None:
    book = ask(Book().assistant().talk(QUESTION, "Sunny."), response(says("Sunny.")))

    assert turn_of(proven(book))["when"] == {"message": QUESTION}


def test_the_transcripts_of_a_recording_have_each_turn_once() -> None:
    book = talk()
    recording = Book("other.yaml").assistant().talk(QUESTION, "Sunny.").recording()

    assert [(one["api"], one["turn"]) for one in transcripts_of([recording, book.recording()])] == [
        ("assistants", QUESTION),
        ("responses", QUESTION),
        ("responses", "And now?"),
        ("responses", "Hi"),
    ]


# ---- What was there before ----


def _container(id: str, **more: object) -> Object:
    made = {"id": id, "object": "container", "created_at": 1, "status": "running", "name": "work", **more}
    return {**made, "expires_after": {"anchor": "last_active_at", "minutes": 20}, "memory_limit": "1g"}


def _held(id: str, container: str, name: str, **more: object) -> Object:
    made = {"id": id, "object": "container.file", "created_at": 1, "container_id": container, "source": "user"}
    return {**made, "path": f"/mnt/data/{name}", **more}


def test_containers_from_before_are_given_with_their_files() -> None:
    book = Book()
    book.ask("GET /v1/containers/cntr_1", None, _container("cntr_1"))
    book.ask("GET /v1/containers", None, listed(_container("cntr_2", status="expired"), _container("cntr_1")))
    files = listed(_held("cfile_1", "cntr_1", "a.txt", bytes=5), _held("cfile_2", "cntr_1", "b.txt", bytes=3))
    book.ask("GET /v1/containers/cntr_1/files", None, files)
    book.ask("GET /v1/containers/cntr_1/files/cfile_1/content", None, b"hello")

    first, other = proven(book, "object").document["given"]["containers"]

    assert first == {
        "id": "cntr_1",
        "name": "work",
        "files": [
            {"id": "cfile_2", "filename": "b.txt", "bytes": 3},
            {"id": "cfile_1", "filename": "a.txt", "content": "hello"},
        ],
    }
    assert other == {"id": "cntr_2", "name": "work", "status": "expired"}


def test_a_file_that_is_taken_out_of_a_container_was_in_it() -> None:
    gone = {"id": "cfile_3", "object": "container.file.deleted", "deleted": True}
    book = Book().ask("DELETE /v1/containers/cntr_3/files/cfile_3", None, gone)

    (given,) = proven(book).document["given"]["containers"]

    assert given["files"] == [{"id": "cfile_3", "filename": "cfile_3", "bytes": 28}]


def test_a_container_that_a_request_makes_is_not_given() -> None:
    book = Book().ask("POST /v1/containers", {"name": "work"}, _container("cntr_1"))
    book.ask("GET /v1/containers/cntr_1", None, _container("cntr_1"))

    assert "given" not in proven(book).document


def test_a_response_from_before_is_given() -> None:
    before = response(says("It is sunny.", id="msg_00"), id="resp_0", metadata={"a": "1"})
    asked = {"id": "msg_0", "type": "message", "role": "user", "status": "completed",
             "content": [{"type": "input_text", "text": QUESTION}]}  # fmt: skip
    book = Book().ask("GET /v1/responses/resp_0", None, before)
    book.ask("GET /v1/responses/resp_0/input_items", None, listed(asked))
    ask(book, response(says("Warm."), id="resp_1", previous_response_id="resp_0"), "And tomorrow?",
        previous_response_id="resp_0")  # fmt: skip
    book.ask("DELETE /v1/responses/resp_0", None, {"id": "resp_0", "object": "response.deleted", "deleted": True})

    (given,) = proven(book).document["given"]["responses"]

    assert (given["id"], given["metadata"], given["input"]) == ("resp_0", {"a": "1"}, [asked])
    assert [item["content"][0]["text"] for item in given["output"]] == ["It is sunny."]


def test_a_response_that_is_only_named_has_the_calls_whose_outputs_come() -> None:
    answer = response(says("21."), id="resp_1", previous_response_id="resp_0")
    book = ask(Book(), answer, [output("21")], previous_response_id="resp_0")

    distilled = proven(book)

    assert [item["call_id"] for item in distilled.document["given"]["responses"][0]["output"]] == ["call_1"]
    assert "its output is made up (to do)" in distilled.left_out[0]


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_response_that_stays_active_is_given_so(status: str) -> None:
    shown = response(id="resp_0", status=status, background=True)
    book = Book().ask("GET /v1/responses/resp_0", None, shown)
    book.ask("POST /v1/responses/resp_0/cancel", None, {**shown, "status": "cancelled"})

    assert proven(book).document["given"]["responses"][0]["id"] == "resp_0"
    lone = Book().ask("GET /v1/responses/resp_0", None, shown)
    assert proven(lone).document["given"]["responses"][0]["status"] == status


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_lone_item_was_in_its_conversation(method: str) -> None:
    item = {"id": "msg_1", "type": "message", "role": "user", "status": "completed",
            "content": [{"type": "input_text", "text": "hi"}]}  # fmt: skip
    shown = item if method == "GET" else {"id": "conv_1", "object": "conversation", "created_at": 1, "metadata": {}}
    book = Book().ask(f"{method} /v1/conversations/conv_1/items/msg_1", None, shown)

    (given,) = proven(book).document["given"]["conversations"]

    assert [one["id"] for one in given["items"]] == ["msg_1"]
